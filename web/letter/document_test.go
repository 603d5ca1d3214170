package letter

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"guichet/mandates"
	"guichet/portal"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

func documentSample(t testing.TB, lang portal.Language, points int) (mandates.Mandate, mandates.Mandatary) {
	m := mandates.Mandate{ID: "06h0h0m0c0vrf3h170bmgztrpc", Version: 2, Language: lang,
		Mandator: mandates.Mandator{Name: "Brasserie du Coin SRL", CompanyNumber: "0403170701", Capacity: mandates.Representative,
			SignedBy: "Camille Lambert", Street: "Rue des Tilleuls 12", Postcode: "4700", Town: "Eupen"},
		Scope: mandates.Scope{Kinds: mandates.Kinds, Data: portal.Period{From: portal.Date(2025, 1, 1)}, Purpose: "Comparer les offres",
			Validity: portal.Period{From: portal.Date(2026, 12, 1), To: portal.Date(2027, 12, 1)}}}
	for i := range points {
		body := fmt.Sprintf("5414490000%07d", i)
		m.Lines = append(m.Lines, mandates.Line{EAN: portal.EAN(body + string(portal.EANCheckDigit(body)))})
	}
	to := mandates.Mandatary{ID: "p", Name: "Énergie Conseil SA", CompanyNumber: "0403170701", Contact: "a@conseil.example"}
	_, m.Text = m.Bind(to.Name, to.CompanyNumber)
	return m, to
}

// TestLd4TheDocumentNamesEverything in each language: mandator, mandatary by
// name, points, data, period, how long, what for, how to revoke, place, date
// and signature, and the hash of the very text (D9).
func TestLd4TheDocumentNamesEverything(t *testing.T) {
	for _, lang := range portal.Languages {
		m, to := documentSample(t, lang, 2)
		p := Mandate(m, to, portal.Date(2026, 11, 25), house)
		html, err := p.Page(house)
		require.NoError(t, err)
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
		require.NoError(t, err)
		require.Equal(t, string(lang), doc.Find("html").AttrOr("lang", ""))
		text := doc.Find("main").Text()
		for _, named := range []string{"Brasserie du Coin SRL", "0403.170.701", "Camille Lambert", "Énergie Conseil SA", "a@conseil.example",
			"54\u00a01449\u00a00000\u00a00000\u00a0", "2025", "2026", "2027", "Comparer les offres", "guichet.example/" + string(lang), house.CallCentre, m.ID,
			hex.EncodeToString(m.Text)[:8] + " " + hex.EncodeToString(m.Text)[8:16], "____"} {
			require.Contains(t, text, named)
		}
		require.Equal(t, 1, doc.Find("figure.code svg[aria-label] path").Length())
		pdf, err := p.PDF(house)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
		if folder := os.Getenv("SHOW_LETTERS"); folder != "" {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "mandate-"+string(lang)+".pdf"), pdf, 0o600))
		}
	}
	m, to := documentSample(t, portal.French, 120)
	pdf, err := Mandate(m, to, portal.Date(2026, 11, 25), house).PDF(house)
	require.NoError(t, err, "many points take more pages")
	require.Greater(t, bytes.Count(pdf, []byte("/Type /Page\n")), 4)
}
