package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// lastAutumn is the last day of 25 hours that is over.
func lastAutumn(now time.Time) time.Time {
	for day := now.AddDate(0, 0, -2); ; day = day.AddDate(0, 0, -1) {
		y, m, d := day.In(brussels).Date()
		if date := time.Date(y, m, d, 0, 0, 0, 0, brussels); date.AddDate(0, 0, 1).Sub(date) == 25*time.Hour {
			return date
		}
	}
}

// loadAutumn loads that day from a file in the shape of another operator's
// export: local times, so that the hour from 2 to 3 stands twice and one
// interval reads 02:45 -> 02:00. Each quarter-hour has 0.25 kWh.
func loadAutumn(t *testing.T, p *rig.Portal, ean string, day time.Time) {
	t.Helper()
	var rows []row
	for at := day; at.Before(day.AddDate(0, 0, 1)); at = at.Add(15 * time.Minute) {
		band := "Offtake Night"
		if h := at.Hour(); h >= 7 && h < 11 || h >= 17 && h < 22 {
			band = "Offtake Day"
		}
		rows = append(rows, row{from: at, until: at.Add(15 * time.Minute), register: band, unit: "kWh", status: "Read",
			volume: "0,250", kind: "Digital meter", ean: "123456879123456789"})
	}
	r := rig.Run(t, p.Dir, p.Settings, "import", "readings", "--format", "fluvius", "--for", ean, english.file(t, rows))
	require.Zero(t, r.Status, r.Out+r.Err)
}

// readAutumn reads that day back, as page, twin and each file: 25 hours or 100
// quarter-hours that add up to 25 kWh (D4).
func readAutumn(t *testing.T, p *rig.Portal, r rig.Reference, day time.Time) {
	t.Helper()
	v := visitor.Public(t, p)
	v.MustEnter(t, r)
	for grain, want := range map[string]int{"hour": 25, "quarter": 100} {
		get := func(form string) *visitor.Page {
			page := v.Get(t, v.Path("/consumption"+form+"?grain="+grain+"&from="+day.Format(time.DateOnly)+"&to="+day.AddDate(0, 0, 1).Format(time.DateOnly)))
			require.Equal(t, http.StatusOK, page.Status, form)
			return page
		}
		page := get("")
		require.Equal(t, want, page.Find("figure").First().Find("svg.wide g.c-bar").Length())
		require.Equal(t, want, page.Find("#values tbody tr").Length())
		require.Contains(t, strings.Join(strings.Fields(page.Find(".kpi b").First().Text()), " "), "25,0")
		require.Equal(t, want, get(".html").Find("tbody tr").Length())
		var d struct {
			Values []struct{ Amounts map[string]int64 }
		}
		require.NoError(t, json.Unmarshal(get(".json").Body, &d))
		require.Len(t, d.Values, want)
		sum := int64(0)
		for _, value := range d.Values {
			sum += value.Amounts["offtake-peak"] + value.Amounts["offtake-offpeak"]
		}
		require.EqualValues(t, 25_000, sum)
		rows, written := map[string]bool{}, int64(0)
		for _, line := range strings.Split(string(get(".csv").Body), "\r\n") {
			cells := strings.Split(line, ";")
			if len(cells) > 5 && strings.HasPrefix(cells[3], "Prélèvement") {
				rows[cells[0]] = true
				if cells[4] == "" { // the other band counted
					require.Equal(t, "sans valeur", cells[6])
					continue
				}
				n, err := fmt.Sscanf(strings.Replace(cells[4], ",", "", 1), "%d", &sum)
				require.NoError(t, err)
				require.Equal(t, 1, n)
				written += sum
			}
		}
		require.Len(t, rows, want)
		require.EqualValues(t, 25_000, written)
		require.Contains(t, string(get(".pdf").Body[:5]), "%PDF-")
		length := map[int]string{25: "3600", 100: "900"}[want]
		require.GreaterOrEqual(t, strings.Count(string(get(".xml").Body), "<espi:duration>"+length+"</espi:duration>"), want)
	}
}
