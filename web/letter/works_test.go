package letter

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/works"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

func receiptSample(t testing.TB, lang portal.Language, missing ...string) outbox.Letter {
	l := sample(t, lang, "Änne Schmitz")
	l.Kind, l.Mail = outbox.WorksReceipt, "aenne@example.org"
	var err error
	l.Data, err = json.Marshal(works.ReceiptLetter{Number: "4028176655", Code: "140952", Kind: works.Phases13, Energy: portal.Electricity,
		MadeAt: portal.Date(2026, 11, 23), Missing: missing, MissingBy: portal.Date(2026, 12, 23)})
	require.NoError(t, err)
	return l
}

// TestW11AReceiptInEveryLanguage by post and by mail: number, code, what for,
// where to, what is missing until when, whom to call; L20, S5.
func TestW11AReceiptInEveryLanguage(t *testing.T) {
	for _, lang := range portal.Languages {
		l := receiptSample(t, lang, "site-plan", "ean")
		pdf, html, err := Render(l, nil, house)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
		require.NoError(t, err)
		require.Equal(t, string(lang), doc.Find("html").AttrOr("lang", ""))
		require.NotEmpty(t, doc.Find("header .confidential").Text(), "L20: as text")
		require.Equal(t, 2, doc.Find("table td, table tbody th").Length())
		m, err := Mail(l, house)
		require.NoError(t, err)
		require.NoError(t, stamp(m, l, house, "no-reply@guichet.example", fixed))
		var sent bytes.Buffer
		_, err = m.WriteTo(&sent)
		require.NoError(t, err)
		plain, twin := readMail(t, sent.Bytes())
		require.Contains(t, plain, doc.Find("header .confidential").Text(), "L20")
		for _, text := range []string{doc.Find("main").Text(), plain, twin} {
			text = strings.ReplaceAll(text, "\u00a0", " ")
			for _, told := range []string{"40 2817 6655", "140952", "guichet.example/" + string(lang) + "/works/lookup", "2026", "EAN", house.CallCentre} {
				require.Contains(t, text, told, lang)
			}
		}
		require.NotContains(t, sent.String(), "Änne", "an envelope's name and address have no place in a mail")
		require.NotContains(t, m.GetGenHeader("Subject")[0], "4028")
		if folder := os.Getenv("SHOW_LETTERS"); folder != "" {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "works-receipt-"+string(lang)+".pdf"), pdf, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "works-receipt-"+string(lang)+".html"), html, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "works-receipt-"+string(lang)+".eml"), sent.Bytes(), 0o600))
		}
	}
	_, _, err := Render(outbox.Letter{Kind: outbox.WorksReceipt, Data: json.RawMessage("[]")}, nil, house)
	require.Error(t, err)
	l := sample(t, portal.French, "Anna")
	l.Mail = "a@example.org"
	_, err = Mail(l, house)
	require.Error(t, err, "G12: a reference never goes by mail")
}

// W5, W7, W8: each event that concerns a requester is told by letter and by
// mail in each language, with its date, what is missing, and the offer's amounts
// with what to pay where; a mail names no person, and no news holds the code.
func TestNewsInEveryLanguage(t *testing.T) {
	until := portal.Date(2027, 2, 24).Add(12 * time.Hour)
	offer := works.Offer{Version: 1, Said: true, Lines: [4]int64{0, 31_200, 18_400, 4_800}, VAT: 6, Percent: 50, Terms: "2026-1", SentAt: fixed, ValidTo: until}
	for _, lang := range portal.Languages {
		seen := map[string]works.Event{}
		for _, event := range works.Told {
			l := sample(t, lang, "Änne Schmitz")
			l.Kind, l.Mail = outbox.WorksNews, "aenne@example.org"
			var err error
			l.Data, err = json.Marshal(works.News{Number: "4028176655", Kind: works.Phases13, Energy: portal.Electricity, Event: event, Until: until,
				Missing: []string{"site-plan", "ean"}, Offer: offer})
			require.NoError(t, err)
			pdf, html, err := Render(l, nil, house)
			require.NoError(t, err)
			require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
			doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
			require.NoError(t, err)
			require.NotEmpty(t, doc.Find("header .confidential").Text(), "L20")
			m, err := Mail(l, house)
			require.NoError(t, err)
			require.NoError(t, stamp(m, l, house, "no-reply@guichet.example", fixed))
			var sent bytes.Buffer
			_, err = m.WriteTo(&sent)
			require.NoError(t, err)
			require.NotContains(t, sent.String(), "Änne")
			require.NotContains(t, m.GetGenHeader("Subject")[0], "4028")
			plain, twin := readMail(t, sent.Bytes())
			want := []string{"40 2817 6655", "guichet.example/" + string(lang) + "/works/lookup", house.CallCentre}
			switch event {
			case works.EventAskMissing:
				want = append(want, "2027", "EAN")
			case works.EventPlan:
				want = append(want, "2027")
			case works.EventOffer: // 544.00, 6 % of it 32.64, half of 576.64
				want = append(want, "2027", "312,00", "32,64", "576,64", "288,32", "402/8176/65")
			}
			for _, text := range []string{doc.Find("main").Text(), plain, twin} {
				text = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(text)
				if lang == portal.English {
					text = strings.ReplaceAll(text, ".", ",")
				}
				for _, told := range want {
					if lang == portal.English {
						told = strings.ReplaceAll(told, ".", ",")
					}
					require.Contains(t, text, told, "%s %s", lang, event)
				}
				require.NotRegexp(t, `\{\d|letter\.|works\.(kind|field)`, text, "%s %s", lang, event)
			}
			require.Empty(t, seen[plain], "%s: %s says what another does", lang, event)
			seen[plain] = event
			if folder := os.Getenv("SHOW_LETTERS"); folder != "" {
				require.NoError(t, os.WriteFile(filepath.Join(folder, "works-news-"+string(event)+"-"+string(lang)+".pdf"), pdf, 0o600))
			}
		}
	}
	for _, event := range works.Events {
		l := sample(t, portal.French, "Anna")
		l.Kind = outbox.WorksNews
		var err error
		l.Data, err = json.Marshal(works.News{Number: "4028176655", Kind: works.Phases13, Energy: portal.Electricity, Event: event})
		require.NoError(t, err)
		_, _, err = Render(l, nil, house)
		require.Equal(t, slices.Contains(works.Told, event), err == nil, event)
	}
}
