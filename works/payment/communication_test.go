package payment_test

import (
	"errors"
	"fmt"
	"testing"

	"guichet/portal"
	"guichet/works/payment"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The check digits are the remainder by 97, and 97 in the place of 0; the
// first is the example that banks print.
func TestCommunication(t *testing.T) {
	for number, want := range map[string]string{
		"0909337554": "+++090/9337/55493+++", // the banks' own example
		"0000000097": "+++000/0000/09797+++", // remainder 0
		"0000000000": "+++000/0000/00097+++",
		"0000000001": "+++000/0000/00101+++",
		"1234567890": "+++123/4567/89002+++",
	} {
		c, err := payment.CommunicationOf(number)
		require.NoError(t, err)
		require.Equal(t, want, c.String())
		require.Equal(t, number, c.Number())
		again, err := payment.ParseCommunication(c.String())
		require.NoError(t, err)
		require.Equal(t, c, again)
	}
	for _, bad := range []string{"", "123456789", "12345678901", "12345x7890", "１234567890"} {
		_, err := payment.CommunicationOf(bad)
		require.Error(t, err, bad)
	}
	require.Empty(t, payment.Communication("12").String()+payment.Communication("12").Number())
}

// The usual writings are one communication; what is none says why.
func TestParseCommunication(t *testing.T) {
	for _, typed := range []string{
		"+++090/9337/55493+++", "***090/9337/55493***", "090/9337/55493", "090933755493", " 090 9337 55493 ",
		"090-9337-55493", "090.9337.55493", "+++ 090 / 9337 / 55493 +++", "０９０/9337/55493", "090\u00a09337\u202f55493",
	} {
		c, err := payment.ParseCommunication(typed)
		require.NoError(t, err, typed)
		require.Equal(t, payment.Communication("090933755493"), c)
	}
	for typed, key := range map[string]string{
		"":                     "communication.empty",
		"+++ / / +++":          "communication.empty",
		"+++090/9337/5549+++":  "communication.length",
		"+++090/9337/55494+++": "communication.check",
		"+++000/0000/00000+++": "communication.check", // 0 is never printed: it is 97
		"facture 090933755493": "communication.characters",
	} {
		_, err := payment.ParseCommunication(typed)
		var wrong *portal.Error
		require.True(t, errors.As(err, &wrong), typed)
		require.Equal(t, [3]string{string(portal.Invalid), key, "communication"}, [3]string{string(wrong.Code), wrong.Key, wrong.Field})
	}
}

// One wrong digit or two neighbours swapped never make another communication.
func TestCheckDigitsCatchSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := payment.CommunicationOf(fmt.Sprintf("%010d", rapid.Int64Range(0, 9_999_999_999).Draw(t, "number")))
		require.NoError(t, err)
		i := rapid.IntRange(0, 10).Draw(t, "at")
		wrong := []byte(c)
		if wrong[i] != wrong[i+1] && rapid.Bool().Draw(t, "swap") {
			wrong[i], wrong[i+1] = wrong[i+1], wrong[i]
		} else {
			wrong[i] = '0' + (wrong[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		}
		_, err = payment.ParseCommunication(string(wrong))
		require.Error(t, err, "%s for %s", wrong, c)
	})
}
