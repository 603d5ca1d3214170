package letter

import (
	"bytes"
	"encoding/json"
	"testing"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/outbox"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// TestD8ACustomerIsTold in every language of the mandate's name, data, purpose
// and end, of when it begins, and how to say no; L20, S5.
func TestD8ACustomerIsTold(t *testing.T) {
	for _, lang := range portal.Languages {
		var texts []string
		for _, how := range []mandates.Letter{{}, {Proven: true}, {Confirmed: true}} {
			l := sample(t, lang, "Camille Lambert")
			l.Kind = outbox.Mandate
			var err error
			l.Data, err = json.Marshal(mandates.Letter{Mandate: "06h0h0m0c0vr", Mandatary: "Énergie Conseil SA", Contact: "a@conseil.example",
				Kinds: mandates.Kinds, Purpose: "Comparer les offres", DataFrom: portal.Date(2025, 1, 1), Until: portal.Date(2027, 3, 1),
				At: []string{"Rue des Tilleuls 12, 4700 Eupen", "Haasstraße 3, 4700 Eupen"}, Proven: how.Proven, Confirmed: how.Confirmed})
			require.NoError(t, err)
			pdf, html, err := Render(l, nil, house)
			require.NoError(t, err)
			require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
			doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
			require.NoError(t, err)
			require.NotEmpty(t, doc.Find("header .confidential").Text(), "L20: as text")
			text := doc.Find("main").Text()
			for _, told := range []string{"Énergie Conseil SA", "a@conseil.example", "Comparer les offres", "2025", "2027", "06h0h0m0c0vr",
				"Haasstraße 3", "guichet.example/" + string(lang) + "/lookup", house.CallCentre} {
				require.Contains(t, text, told)
			}
			require.NotContains(t, texts, text, "D8: what is proven or confirmed begins at once, and says so")
			texts = append(texts, text)
		}
	}
	_, _, err := Render(outbox.Letter{Kind: outbox.Mandate, Data: json.RawMessage("[]")}, nil, house)
	require.Error(t, err)
}

// TestT26AnInvitationTellsHow in every language: login, code and where.
func TestT26AnInvitationTellsHow(t *testing.T) {
	for _, lang := range portal.Languages {
		l := sample(t, lang, "Énergie Conseil SA")
		l.Kind = outbox.Invitation
		var err error
		l.Data, err = json.Marshal(partner.Letter{Organisation: "Énergie Conseil SA", Person: "Zoé Noël", Login: "z.noel-k3m9qx",
			Code: "7K3M 9QXA 0000 ZZZZ", Until: portal.Date(2027, 3, 1)})
		require.NoError(t, err)
		pdf, html, err := Render(l, nil, house)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
		require.NoError(t, err)
		require.NotEmpty(t, doc.Find("header .confidential").Text(), "L20: as text")
		for _, told := range []string{"Zoé Noël", "z.noel-k3m9qx", "7K3M 9QXA 0000 ZZZZ", "/" + string(lang) + "/partner/set-up", "2027", house.CallCentre} {
			require.Contains(t, doc.Find("main").Text(), told)
		}
	}
	_, _, err := Render(outbox.Letter{Kind: outbox.Invitation, Data: json.RawMessage("[]")}, nil, house)
	require.Error(t, err)
}

// TestD8OneSheetToSign: a mandate of one access point is one page with its
// code, number and fingerprint, in every language.
func TestD8OneSheetToSign(t *testing.T) {
	m := mandates.Mandate{ID: "06h1b4wx0zzkz09crw3w4c6dp0", Version: 1, Text: make([]byte, 32), Lines: []mandates.Line{{EAN: "541449999000000014"}},
		Mandator: mandates.Mandator{Name: "Liselotte Moosglocke", Street: "Laternenhasenstraße 65", Postcode: "4700", Town: "Eupen", Capacity: mandates.Occupant},
		Scope: mandates.Scope{Kinds: mandates.Kinds, Purpose: "Comparer des offres de fourniture et suivre la consommation.",
			Data: portal.Period{From: portal.Date(2025, 1, 1)}, Validity: portal.Period{From: portal.Date(2026, 11, 26), To: portal.Date(2027, 11, 26)}}}
	to := mandates.Mandatary{Name: "Conseil Énergie Ourthe SRL", CompanyNumber: "0403170701", Contact: "dpo@ourthe.example"}
	for _, lang := range portal.Languages {
		m.Language = lang
		paper := Mandate(m, to, portal.Date(2026, 11, 26), house)
		rule, err := newRuler()
		require.NoError(t, err)
		require.Len(t, paper.view(house).printable().lay(rule).pages, 1, lang)
		html, err := paper.Page(house)
		require.NoError(t, err)
		require.NotContains(t, string(html), "consommation..", "a sentence ends once")
	}
}
