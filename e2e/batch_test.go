package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
)

// batchLines are delivered and refused by halves.
const batchLines = 1000

// Must-show 6 of the mandates: the program is killed in the midst of a batch,
// twice; it goes on by itself, and in the end each line has one outcome, each
// delivery one entry of the trail, and nothing was done twice.
func TestBatchKilled(t *testing.T) {
	t.Parallel()
	p := rig.New(t, "REDIS=").Quick(t) // one process, which goes on at once
	p.Settle(t)
	p.Start(t, "demo", "--json", "--dir", p.Dir)
	count := func(statement string) string { return rig.SQL(t, p.File(), statement) }
	// The demo has delivered to a supplier of record; that is none of these.
	const delivered = `SELECT count(*) FROM trail WHERE action = 'delivery.made' AND ground LIKE 'mandate:%'`
	const refused = `SELECT count(*) FROM trail WHERE action = 'delivery.refused'`
	require.Equal(t, "0", count(delivered))
	mandate, ean, ok := strings.Cut(count(`SELECT mandate_id || '|' || ean FROM mandate_lines WHERE outcome = 'granted'`), "|")
	require.True(t, ok)
	var lines []string
	for range batchLines / 2 {
		lines = append(lines, fmt.Sprintf(`{"mandate":%q,"ean":%q}`, mandate, ean), fmt.Sprintf(`{"mandate":"nobody","ean":%q}`, ean))
	}
	var b struct {
		ID, Status               string
		Lines, Worked, Delivered int
	}
	program(t, p, "POST", "/batches", `{"grain":"month","lines":[`+strings.Join(lines, ",")+`]}`, &b)
	one := "/batches/" + b.ID
	for range 2 {
		from := b.Worked
		require.Eventually(t, func() bool {
			program(t, p, "GET", one, "", &b)
			return b.Worked > from
		}, patience, tick, "no progress")
		p.Kill()
		require.Less(t, b.Worked, batchLines, "killed too late to tell anything")
		p.Restart(t)
		program(t, p, "GET", one, "", &b)
		require.Equal(t, "working", b.Status)
	}
	require.Eventually(t, func() bool {
		program(t, p, "GET", one, "", &b)
		return b.Status == "done"
	}, patience, tick, "it does not end")
	require.Equal(t, []int{batchLines, batchLines, batchLines / 2}, []int{b.Lines, b.Worked, b.Delivered})
	half := fmt.Sprint(batchLines / 2)
	require.Equal(t, half, count(delivered), "an entry for each delivery")
	require.Equal(t, half, count(refused), "and for each refusal")
	require.Equal(t, half, count(`SELECT count(DISTINCT entry) FROM batch_lines JOIN trail ON id = entry WHERE outcome = 'delivered' AND action = 'delivery.made'`))
	require.Equal(t, half, count(`SELECT count(*) FROM batch_lines WHERE outcome = 'no-mandate' AND length(result) = 0`))
	require.Equal(t, "1", count(`SELECT count(*) FROM partner_events WHERE kind = 'batch.done'`))
	verified(t, p)
}

// program asks the API with the demo's key and reads what comes back.
func program(t *testing.T, p *rig.Portal, method, path, body string, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.URL+"/api/v1"+path, bytes.NewReader([]byte(body)))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+p.Access.Partner.APIKey)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Less(t, res.StatusCode, 300, "%s", text)
	require.NoError(t, json.Unmarshal(text, into))
}
