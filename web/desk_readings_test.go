package web

import (
	"net/http"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/tx"
	page "guichet/web/ui/page/desk"

	"github.com/stretchr/testify/require"
)

// L4, L22: the validation service alone sees readings that wait, with the rule
// that holds each, and decides each once; L19: who read and who decided is in
// the household's trail; L16: nothing that a former occupant left is shown.
func TestL4ValidationServiceDecidesReadings(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	meters, err := b.store.Meters(t.Context(), b.known.EAN)
	require.NoError(t, err)
	_, stay, found, err := b.store.Holder(t.Context(), b.known.EAN, b.clock.Now())
	require.NoError(t, err)
	require.True(t, found)
	put := func(id string, from time.Time, lastOn time.Time, finding indexes.Finding) {
		w := indexes.Window{ID: id, EAN: b.known.EAN, MeterID: meters[0].ID, Period: portal.Period{From: from, To: from.AddDate(0, 0, 20)},
			Registers: []indexes.Register{{Register: metering.OfftakeTotal, Digits: 6, Last: 41_234, LastOn: lastOn}}}
		e := indexes.Entry{ID: "entry-" + id, WindowID: id, Round: 1, OccupancyID: b.known.OccupancyID, On: from, At: from, Who: portal.Household, Status: finding.Status(),
			Reading: indexes.Reading{Register: metering.OfftakeTotal, Value: 48_765, Finding: finding, Consumed: 7_531}}
		require.NoError(t, b.store.Do(t.Context(), func(u tx.Tx) error {
			if err := b.store.PutWindows(u, []indexes.Window{w}); err != nil {
				return err
			}
			return b.store.PutEntries(u, []indexes.Entry{e})
		}))
	}
	put("own", portal.Date(2026, 11, 1), stay.From.AddDate(0, 6, 0), indexes.Unusual)
	put("former", portal.Date(2026, 10, 1), stay.From.AddDate(0, -6, 0), indexes.Backwards)

	for _, stranger := range []string{"anna", "carla", "lena"} {
		b.signIn(stranger)
		require.Equal(t, http.StatusForbidden, b.get("/fr/desk/readings").StatusCode)
		require.Equal(t, http.StatusForbidden, b.post("/fr/desk/readings/own.1", "decision", "release").StatusCode)
		b.fresh()
	}
	b.signIn("nora")
	list := b.get("/fr/desk/readings")
	text := plainSpaces(list.text)
	require.Equal(t, 2, list.doc.Find("section.desk-wrong").Length())
	first, second := plainSpaces(list.doc.Find("section.desk-wrong").First().Text()), plainSpaces(list.doc.Find("section.desk-wrong").Last().Text())
	require.Contains(t, first, "octobre", "the oldest first")
	require.Contains(t, first, "inférieur au précédent")
	require.NotContains(t, first, "7\u202f531")
	require.Contains(t, first, "d’un occupant antérieur")
	require.Contains(t, second, "hors de la moitié au double")
	require.Contains(t, second, "7\u202f531")
	require.NotContains(t, text, "41\u202f234", "Md7: nobody needs the last index of anybody")
	require.NotContains(t, list.text, string(b.known.EAN), "G12")
	require.Contains(t, b.get("/de/desk/readings").text, "außerhalb der Hälfte")

	wrong := func(id string, fields map[string]string, field, says string) {
		t.Helper()
		var form []string
		for name, value := range fields {
			form = append(form, name, value)
		}
		answer := b.post("/fr/desk/readings/"+id, form...)
		require.Equal(t, refusedStatus, answer.StatusCode)
		require.Equal(t, says, plainSpaces(answer.doc.Find("[id='"+field+"-"+id+"-error']").Text()))
		require.Equal(t, "#"+field+"-"+id, answer.doc.Find("[role=alert] li a").AttrOr("href", ""))
		require.Equal(t, fields["index-offtake"], answer.doc.Find("[id='index-offtake-"+id+"']").AttrOr("value", ""), "nothing typed is lost")
	}
	wrong("own.1", map[string]string{"index-offtake": "5"}, "decision", "Choisissez une décision.")
	wrong("own.1", map[string]string{"decision": "refuse", "index-offtake": "5"}, "refusal", "Choisissez la raison du refus : le client la lira.")
	wrong("own.1", map[string]string{"decision": "correct", "index-offtake": "48,7"}, "index-offtake", "Notez seulement les chiffres avant la virgule.")

	require.Contains(t, b.post("/fr/desk/readings/own.1", "decision", "correct", "index-offtake", "45000").text, "Décidé.")
	require.Equal(t, http.StatusConflict, b.post("/fr/desk/readings/own.1", "decision", "release").StatusCode)
	require.Equal(t, http.StatusNotFound, b.post("/fr/desk/readings/own", "decision", "release").StatusCode)
	require.Equal(t, http.StatusNotFound, b.get("/fr/desk/readings?after=x").StatusCode)
	list = b.post("/fr/desk/readings/former.1", "decision", "refuse", "refusal", "other-meter")
	require.Contains(t, list.text, "Aucun relevé n’attend.")

	entries, err := b.store.Entries(t.Context(), "occupancy:"+b.known.OccupancyID, 50, time.Time{}, "")
	require.NoError(t, err)
	told := map[audit.Action]int{}
	for _, e := range entries {
		told[e.Action]++
	}
	require.Equal(t, 2, told[audit.ReadingJudged])
	require.Positive(t, told[audit.ReadingsRead])
	kept, err := b.store.IndexEntries(t.Context(), meters[0].ID, b.known.OccupancyID, 5)
	require.NoError(t, err)
	require.Equal(t, []indexes.Status{indexes.Corrected, indexes.Refused}, []indexes.Status{kept[0].Status, kept[1].Status})
	require.Equal(t, "nora", kept[0].DecidedBy)
	require.EqualValues(t, 45_000, kept[0].Shown())
}

// A long list goes on behind its last line.
func TestReadingsThatWaitHavePages(t *testing.T) {
	t.Parallel()
	r := indexes.Review{Window: indexes.Window{ID: "w.1"}, Round: 2, Point: registry.AccessPoint{Energy: portal.Gas}, Stay: registry.Occupancy{Language: portal.French},
		Entries: []indexes.Entry{{At: time.UnixMicro(17), Reading: indexes.Reading{Register: metering.GasVolume, Finding: indexes.Unknown}}}}
	c, err := heldCursor(heldAfter(r.Cursor()))
	require.NoError(t, err)
	x := exhibitDesk(testCommon(time.Now), portal.French)
	list := heldView(x, page.Frame{}, desk.Held{List: []indexes.Review{r}, More: true}, "", nil)
	require.Equal(t, "/fr/desk/readings?after=17.2.w.1", list.Next)
	require.True(t, c.At.Equal(time.UnixMicro(17)))
	require.Equal(t, []any{"w.1", 2}, []any{c.Window, c.Round})
}
