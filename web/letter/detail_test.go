package letter

import (
	"bytes"
	"encoding/json"
	"testing"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/outbox"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

func detailSamples(t testing.TB, lang portal.Language) map[string]outbox.Letter {
	all := map[string]outbox.Letter{}
	for name, data := range map[string]metering.DetailLetter{
		"detail-chosen": {Chosen: true, Energy: portal.Electricity, From: 20260302}, "detail-withdrawn": {Energy: portal.Gas},
	} {
		l := sample(t, lang, "Camille Lambert")
		data.EAN, data.Supply = "54-- ---- ---- --34 55", "Rue des Tilleuls 12, 4700 Eupen"
		var err error
		l.Kind = outbox.Detail
		l.Data, err = json.Marshal(data)
		require.NoError(t, err)
		all[name] = l
	}
	return all
}

// TestDetailIsConfirmedInEveryLanguage: D5, L20, S5; from when, how to take it
// back, whom to call where it was somebody else.
func TestDetailIsConfirmedInEveryLanguage(t *testing.T) {
	for _, lang := range portal.Languages {
		for name, l := range detailSamples(t, lang) {
			_, html, err := Render(l, nil, house)
			require.NoError(t, err)
			doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
			require.NoError(t, err)
			require.Equal(t, string(lang), doc.Find("html").AttrOr("lang", ""))
			require.NotEmpty(t, doc.Find("header .confidential").Text(), "L20: as text")
			text := doc.Find("main").Text()
			require.Contains(t, text, "54--\u00a0----\u00a0----\u00a0--34\u00a055", "one number, on one line")
			require.Contains(t, text, "Rue des Tilleuls 12, 4700 Eupen")
			require.Contains(t, text, house.CallCentre)
			require.Contains(t, doc.Find("footer").Text(), house.Contact)
			if name == "detail-chosen" {
				require.Contains(t, text, "guichet.example/"+string(lang)+"/lookup")
			}
		}
	}
	_, _, err := Render(outbox.Letter{Kind: outbox.Detail, Data: json.RawMessage("[]")}, nil, house)
	require.Error(t, err)
}
