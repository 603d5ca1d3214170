package letter

import (
	"bytes"
	"encoding/json"
	unescape "html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/web/i18n"
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

// D10: another code comes with its number, when it was asked for, where to type
// it and whom to call; nothing of what the first receipt said.
func TestD10AnotherCodesLetter(t *testing.T) {
	for _, lang := range portal.Languages {
		l := receiptSample(t, lang)
		var err error
		l.Data, err = json.Marshal(works.ReceiptLetter{Number: "4028176655", Code: "140952", Kind: works.Phases13, Energy: portal.Electricity,
			MadeAt: portal.Date(2025, 11, 23), RenewedAt: portal.Date(2027, 1, 14)})
		require.NoError(t, err)
		_, html, err := Render(l, nil, house)
		require.NoError(t, err)
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
		require.NoError(t, err)
		text := strings.ReplaceAll(doc.Find("main").Text(), "\u00a0", " ")
		for _, told := range []string{"40 2817 6655", "140952", "guichet.example/" + string(lang) + "/works/lookup", "2027", house.CallCentre} {
			require.Contains(t, text, told, lang)
		}
		require.NotContains(t, text, "2025", lang)
	}
}

// Of several requests made at once there is one receipt with a line for each.
func TestW11OneReceiptForAFile(t *testing.T) {
	for _, lang := range portal.Languages {
		l := receiptSample(t, lang)
		var err error
		l.Data, err = json.Marshal(works.ReceiptLetter{MadeAt: portal.Date(2026, 11, 23), Together: []works.ReceiptLine{
			{Number: "4028176655", Code: "140952", Kind: works.Phases13, Town: "Eupen"}, {Number: "5512340987", Code: "000042", Kind: works.MeterMove, Town: "Liège"}}})
		require.NoError(t, err)
		m, err := Mail(l, house)
		require.NoError(t, err)
		require.NoError(t, stamp(m, l, house, "no-reply@guichet.example", fixed))
		var sent bytes.Buffer
		_, err = m.WriteTo(&sent)
		require.NoError(t, err)
		plain, twin := readMail(t, sent.Bytes())
		for _, text := range []string{plain, twin} {
			for _, told := range []string{"40 2817 6655", "140952", "55 1234 0987", "000042", "Liège"} {
				require.Contains(t, strings.ReplaceAll(text, "\u00a0", " "), told, lang)
			}
		}
	}
}

// Who is to pay reads where: the operator's account, or that an invoice names it.
func TestWhereADepositIsPaid(t *testing.T) {
	for _, lang := range portal.Languages {
		for account, told := range map[portal.Account]string{"BE68539007547034": "BE68 5390 0754 7034", "": i18n.For(lang).T("works.account.invoice")} {
			for _, n := range []works.News{{Event: works.EventAccept, Status: works.Agreed}, {Event: works.EventOffer, Status: works.Offered}} {
				h := house
				h.Account = account
				n.Number, n.Kind, n.Energy, n.Until = "4028176655", works.Phases13, portal.Electricity, portal.Date(2026, 12, 8)
				n.Offer = works.Offer{Version: 1, Lines: [4]int64{31200, 18400, 0, 4800}, VAT: 6, Percent: 50}
				l := receiptSample(t, lang)
				l.Kind = outbox.WorksNews
				var err error
				l.Data, err = json.Marshal(n)
				require.NoError(t, err)
				require.Contains(t, strings.ReplaceAll(string(newsPage(t, l, h)), "\u00a0", " "), told, "%s %s", lang, n.Event)
			}
		}
	}
}

// newsPage is the page of a letter: setting all of them as PDF is slow.
func newsPage(t *testing.T, l outbox.Letter, h House) []byte {
	t.Helper()
	p, err := worksNews(l, h)
	require.NoError(t, err)
	html, err := p.Page(h)
	require.NoError(t, err)
	return html
}

// Reminders and the daily mail of installers, in every language: what, which
// request, until when, and where the mail is ended.
func TestRemindersAndTheDailyMail(t *testing.T) {
	for _, lang := range portal.Languages {
		l := receiptSample(t, lang)
		l.Kind = outbox.WorksNews
		var err error
		for _, e := range works.Reminders {
			l.Data, err = json.Marshal(works.News{Number: "4028176655", Kind: works.Phases13, Energy: portal.Electricity, Event: e, Status: works.Planned,
				Until: portal.Date(2026, 12, 8), Missing: []string{"site-plan"}})
			require.NoError(t, err)
			text := strings.ReplaceAll(string(newsPage(t, l, house)), "\u00a0", " ")
			require.Contains(t, text, "40 2817 6655")
			require.Contains(t, text, "2026", e)
		}
		l.Data, err = json.Marshal(works.News{Number: "4028176655", Kind: works.Phases13, Energy: portal.Electricity, Event: works.Followed, Status: works.Agreed,
			Until: portal.Date(2026, 12, 8), Company: "0403170701"})
		require.NoError(t, err)
		_, html, err := Render(l, nil, house)
		require.NoError(t, err)
		require.Contains(t, string(html), "0403.170.701", "D10")
		require.NotContains(t, string(html), "+++", "nothing of what is to be paid")
		l.Kind = outbox.WorksDigest
		lines := []works.DigestLine{{Number: "4028176655", Kind: works.EndOfContract, Town: "Eupen", Status: works.Planned},
			{Number: "5512340987", Kind: works.MeterMove, Town: "Liège", Status: works.Offered, Due: portal.Date(2026, 12, 8)}}
		l.Data, err = json.Marshal(works.Digest{Since: portal.Date(2026, 11, 22), Changed: lines, Due: lines[1:], MoreDue: 3})
		require.NoError(t, err)
		m, err := Mail(l, house)
		require.NoError(t, err)
		require.NoError(t, stamp(m, l, house, "no-reply@guichet.example", fixed))
		var sent bytes.Buffer
		_, err = m.WriteTo(&sent)
		require.NoError(t, err)
		plain, twin := readMail(t, sent.Bytes())
		for _, text := range []string{plain, twin} {
			for _, told := range []string{"40 2817 6655", "Liège", "2026", "/" + string(lang) + "/partner/works/calendar", "3"} {
				require.Contains(t, strings.ReplaceAll(text, "\u00a0", " "), told, lang)
			}
		}
		l.Data = json.RawMessage("{}")
		_, err = Mail(l, house)
		require.Error(t, err)
	}
}

// TestNewsInEveryLanguage by mail and by post: which request, whose turn it is,
// what now and by when, the offer with what it costs; a mail names no person, and
// no news holds the code (W5, W7, W8, D10).
func TestNewsInEveryLanguage(t *testing.T) {
	day := portal.Date(2026, 12, 11)
	offer := works.Offer{Version: 1, Said: true, Lines: [4]int64{0, 31_200, 18_400, 4_800}, VAT: 6, Percent: 50, Terms: "2026-01", TermsAt: "https://grid.example/{language}/terms/{version}"}
	after := map[works.Event]works.Status{works.EventAskMissing: works.Incomplete, works.EventOffer: works.Offered, works.EventLapse: works.Expired,
		works.EventAccept: works.Agreed, works.EventAwait: works.Awaiting, works.EventPlan: works.Planned, works.EventPostpone: works.Postponed,
		works.EventBreakOff: works.Postponed, works.EventClose: works.Closed, works.EventRefuse: works.Refused,
		works.EventDecline: works.Cancelled, works.EventCancel: works.Cancelled}
	told := slices.Concat(works.Told, works.InTheirName)
	dated := []works.Event{works.EventAskMissing, works.EventOffer, works.EventAccept, works.EventPlan, works.EventClose, works.EventDecline, works.EventCancel}
	for _, lang := range portal.Languages {
		c, seen := i18n.For(lang), map[string]bool{}
		for _, e := range told {
			l := receiptSample(t, lang)
			l.Kind = outbox.WorksNews
			posted := l
			posted.Mail = ""
			until := day
			if e == works.EventPlan {
				until = works.Afternoon.On(day)
			}
			var err error
			l.Data, err = json.Marshal(works.News{Number: "4028176655", Kind: works.Phases13, Energy: portal.Electricity, Event: e, Status: after[e],
				Until: until, Missing: []string{"site-plan", "ean"}, Offer: offer})
			require.NoError(t, err)
			posted.Data = l.Data
			html := newsPage(t, posted, house)
			if e == works.EventOffer { // whose table is the longest
				pdf, _, err := Render(posted, nil, house)
				require.NoError(t, err)
				require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
			}
			m, err := Mail(l, house)
			require.NoError(t, err)
			require.NoError(t, stamp(m, l, house, "no-reply@guichet.example", fixed))
			var sent bytes.Buffer
			_, err = m.WriteTo(&sent)
			require.NoError(t, err)
			require.NotContains(t, sent.String(), "Änne")
			require.NotContains(t, m.GetGenHeader("Subject")[0], "4028")
			plain, twin := readMail(t, sent.Bytes())
			require.False(t, seen[plain], "%s: %s says what another does", lang, e)
			seen[plain] = true
			title := c.T("works.title."+string(after[e]), c.Date(until))
			doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
			require.NoError(t, err)
			require.NotEmpty(t, doc.Find("header .confidential").Text(), "L20")
			for _, text := range []string{doc.Find("main").Text(), plain, unescape.UnescapeString(twin)} {
				text = strings.ReplaceAll(text, "\u00a0", " ")
				words := []string{title, "40 2817 6655", "guichet.example/" + string(lang) + "/works/lookup", house.CallCentre}
				if slices.Contains(dated, e) {
					words = append(words, c.Date(day))
				}
				switch e {
				case works.EventOffer:
					link := "https://grid.example/" + string(lang) + "/terms/2026-01" // W21
					require.Equal(t, link, doc.Find("main a[href^='https://grid']").AttrOr("href", ""))
					words = append(words, link, c.Number(312_000, 2), c.Number(32_640, 2), c.Number(576_640, 2), c.Number(288_320, 2), "+++402/8176/65537+++")
				case works.EventAccept:
					words = append(words, c.Number(288_320, 2), "+++402/8176/65537+++")
				case works.EventPlan:
					words = append(words, c.Time(until), c.Time(until.Add(works.HalfDay)))
				}
				for _, one := range words {
					require.Contains(t, text, strings.ReplaceAll(one, "\u00a0", " "), "%s %s", lang, e)
				}
				require.NotRegexp(t, `\{\d|works\.|letter\.`, strings.ReplaceAll(text, "guichet.example", ""), "%s %s", lang, e)
			}
			require.Equal(t, e == works.EventOffer, strings.Contains(doc.Find("main").Text(), c.T("letter.offer.signature")), "who has no screen signs what came by post")
			if folder := os.Getenv("SHOW_LETTERS"); folder != "" {
				name := filepath.Join(folder, "works-"+string(e)+"-"+string(lang))
				pdf, _, err := Render(posted, nil, house)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(name+".pdf", pdf, 0o600))
				require.NoError(t, os.WriteFile(name+".eml", sent.Bytes(), 0o600))
			}
		}
	}
	for _, event := range works.Events {
		l := sample(t, portal.French, "Anna")
		l.Kind = outbox.WorksNews
		var err error
		l.Data, err = json.Marshal(works.News{Number: "4028176655", Kind: works.Phases13, Energy: portal.Electricity, Event: event, Status: works.Closed})
		require.NoError(t, err)
		_, _, err = Render(l, nil, house)
		require.Equal(t, slices.Contains(told, event), err == nil, event)
	}
}
