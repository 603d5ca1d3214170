package visitor

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

// T28: the solver finds what there is and nothing else.
func TestSolve(t *testing.T) {
	// sha256("salt?x=1&" + "4711")
	const challenge = `{"algorithm":"SHA-256","challenge":"4949fa0dd3e9c66832a417dff361f8748e2263a41455327dfc72e3a88a336b17","maxNumber":5000,"salt":"salt?x=1&","signature":"s"}`
	payload, err := Solve(challenge)
	require.NoError(t, err)
	text, err := base64.StdEncoding.DecodeString(payload)
	require.NoError(t, err)
	require.JSONEq(t, `{"algorithm":"SHA-256","challenge":"4949fa0dd3e9c66832a417dff361f8748e2263a41455327dfc72e3a88a336b17","salt":"salt?x=1&","signature":"s","number":4711}`, string(text))

	_, err = Solve(`{"algorithm":"SHA-256","challenge":"00","maxNumber":100,"salt":"x","signature":"s"}`)
	require.ErrorContains(t, err, "no number up to 100")
	_, err = Solve(`{"algorithm":"SHA-1","challenge":"00","maxNumber":100,"salt":"x","signature":"s"}`)
	require.Error(t, err)
	_, err = Solve("")
	require.Error(t, err)
}
