package api_test

import (
	"encoding/json"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
)

func opID(op *huma.Operation) string {
	if op == nil {
		return ""
	}
	return op.OperationID
}

// fits validates a written body against its schema in the document: no field
// more, none less.
func fits(t *testing.T, w *town, schema, body string) {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(body), &value))
	registry := w.spec.Components.Schemas
	s := registry.SchemaFromRef("#/components/schemas/" + schema)
	require.NotNil(t, s, schema)
	res := &huma.ValidateResult{}
	huma.Validate(registry, s, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, value, res)
	require.Empty(t, res.Errors)
}
