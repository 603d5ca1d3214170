package letter

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/web/i18n"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// threeYears is a history with bands, injection, an estimate, a hole and a
// total that nobody sees.
func threeYears(energy portal.Energy) metering.Series {
	s := metering.Series{EAN: "541449000000000010", Energy: energy, Grain: metering.ByMonth, Unit: "kWh",
		Registers: []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionTotal}}
	if energy == portal.Gas {
		s.Registers = []metering.Register{metering.GasVolume, metering.GasEnergy}
	}
	for i := range 36 {
		from := portal.Date(2023, time.March+time.Month(i), 1)
		p := metering.Point{Period: portal.Period{From: from, To: from.AddDate(0, 1, 0)}, Days: 30}
		switch i {
		case 4:
			p.Gap = metering.GapMissing
		case 0:
			p.Gap = metering.GapStraddle
		case 9:
			p.EstimatedDays = 3
		}
		if p.Gap == metering.NoGap {
			p.Amounts = metering.Amounts{212_400, 180_300, 0, 0, 0, int64(i) * 9_000}
			if energy == portal.Gas {
				p.Amounts = metering.Amounts{0, 0, 0, 0, 0, 0, 96_000, 1_012_000}
			}
		}
		s.Points = append(s.Points, p)
	}
	s.Period = portal.Period{From: s.Points[0].Period.From, To: s.Points[35].Period.To}
	return s
}

// betweenReadings is a history of a meter that sends nothing.
func betweenReadings() metering.Series {
	s := metering.Series{EAN: "541449000000000010", Energy: portal.Electricity, Grain: metering.ByYear, Unit: "kWh",
		Registers: []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionTotal}}
	for i, day := range []int{1, 18, 25, 20} {
		at := portal.Date(2022+i, time.November, day)
		if n := len(s.Points); n > 0 {
			s.Points[n-1].Period.To, s.Period.To = at, at
		}
		if s.Points = append(s.Points, metering.Point{Period: portal.Period{From: at}, Own: true, Days: 365, Amounts: metering.Amounts{1_612_000, 1_951_000, 0, 0, 0, 9_000}}); i == 0 {
			s.Points[0].Gap, s.Points[0].Amounts, s.Period.From = metering.GapUnread, metering.Amounts{}, at
		}
	}
	s.Points = s.Points[:3]
	return s
}

func postedSample(lang portal.Language) (outbox.Letter, registry.AccessPoint) {
	return outbox.Letter{ID: "01", Kind: outbox.History, Language: lang, QueuedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
			To: outbox.Address{Name: "Camille Lambert", Street: "Rue des Tilleuls 12", Postcode: "4700", Town: "Eupen"}},
		registry.AccessPoint{EAN: "541449000000000010", Energy: portal.Electricity, Street: "Rue des Tilleuls 12", Postcode: "4700", Town: "Eupen"}
}

// TestHistoryLetterInFourLanguages: both forms say the same, with the mark as
// text (L20), the EAN masked (G12), every month a row; SHOW_LETTERS keeps them
// to be looked at.
func TestHistoryLetterInFourLanguages(t *testing.T) {
	dir := t.TempDir()
	if to := os.Getenv("SHOW_LETTERS"); to != "" {
		dir = to
	}
	marks := map[portal.Language]string{portal.French: "CONFIDENTIEL", portal.German: "VERTRAULICH",
		portal.Dutch: "VERTROUWELIJK", portal.English: "CONFIDENTIAL"}
	for _, lang := range portal.Languages {
		for _, energy := range []portal.Energy{portal.Electricity, portal.Gas} {
			l, point := postedSample(lang)
			point.Energy = energy
			pdf, html, err := Render(l, &Late{Point: point, Series: threeYears(energy)}, house)
			require.NoError(t, err)
			pages := bytes.Count(pdf, []byte("/Type /Page\n"))
			require.True(t, pages >= 2 && pages <= 4, "%d pages", pages)
			doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
			require.NoError(t, err)
			require.Equal(t, string(lang), doc.Find("html").AttrOr("lang", ""))
			require.Equal(t, marks[lang], doc.Find("header .confidential").Text(), "L20")
			require.Equal(t, 36, doc.Find("tbody tr").Length())
			require.Equal(t, "078 00 00 00", doc.Find("main > :first-child .phone").Text(), "help comes first")
			require.NotContains(t, string(html), string(point.EAN), "G12")
			require.Contains(t, doc.Find("footer").Text(), "privacy@guichet.example", "S5")
			require.Equal(t, doc.Find("thead th").Length(), doc.Find("tbody tr").First().Children().Length())
			name := filepath.Join(dir, "history-"+string(lang)+"-"+string(energy))
			require.NoError(t, os.WriteFile(name+".pdf", pdf, 0o600))
			require.NoError(t, os.WriteFile(name+".html", html, 0o600))
		}
		// Where no month is known, from reading to reading (L4, L5).
		l, point := postedSample(lang)
		pdf, html, err := Render(l, &Late{Point: point, Series: betweenReadings()}, house)
		require.NoError(t, err)
		require.Equal(t, 2, strings.Count(string(html), i18n.For(lang).T("quality.indexes")))
		require.Contains(t, string(html), i18n.For(lang).T("quality.unread")+"</td>", "of the time before the first reading nothing is missing")
		require.Contains(t, string(html), i18n.For(lang).T("note.unread"))
		require.Contains(t, string(html), strings.ReplaceAll(i18n.For(lang).Date(portal.Date(2025, 11, 20)), "\u00a0", " ")+"</th>")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "indexes-"+string(lang)+".pdf"), pdf, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "indexes-"+string(lang)+".html"), html, 0o600))

		answer, _ := postedSample(lang)
		answer.Kind = outbox.Answer
		answer.Data, err = json.Marshal(registry.AnswerLetter{AskedAt: answer.QueuedAt, Field: "mail", Decision: "passed-on", Words: "Réf. 12"})
		require.NoError(t, err)
		pdf, html, err = Render(answer, nil, house)
		require.NoError(t, err)
		require.Equal(t, 1, bytes.Count(pdf, []byte("/Type /Page\n")))
		require.Contains(t, string(html), "Réf. 12")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "answer-"+string(lang)+".pdf"), pdf, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "answer-"+string(lang)+".html"), html, 0o600))
	}
}

// A letter that is sent stands upright, so that the envelope's window shows the
// address, and its table fits, also that of a factory; what is kept may lie.
func TestWhatIsSentStandsUpright(t *testing.T) {
	rule, err := newRuler()
	require.NoError(t, err)
	for _, lang := range portal.Languages {
		l, point := postedSample(lang)
		for _, series := range []metering.Series{threeYears(point.Energy), betweenReadings()} {
			for i := range series.Points {
				for r := range series.Points[i].Amounts {
					series.Points[i].Amounts[r] = 888_888_888
				}
			}
			v := newHistory(l, point, series).view(house).printable()
			laid := v.lay(rule)
			require.Equal(t, pageHeight, laid.height)
			require.LessOrEqual(t, sum(laid.columns), laid.room()+0.01)
			first := &scribe{}
			laid.pages[0].Render(first, nil)
			shown := map[string]set{}
			for _, one := range first.texts {
				shown[one.text] = one
			}
			for i, row := range v.To {
				require.Equal(t, windowLeft, shown[row].x, row)
				require.InDelta(t, windowTop+float64(i)*line, shown[row].y, 0.01)
			}
		}
		require.Equal(t, pageWidth, historySample(lang, 3, true).view(house).printable().lay(rule).height, "what is kept lies")
	}
}

// post is a household whose history was asked by post, and the clerk.
type post struct {
	*store.Store
	dsn    string
	clerk  *Clerk
	folder string
	stay   string
	now    time.Time
}

func newPost(t *testing.T) *post {
	p := &post{now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), folder: filepath.Join(t.TempDir(), "outbox"),
		dsn: "sqlite:" + filepath.Join(t.TempDir(), "a.db")}
	clock := func() time.Time { return p.now }
	p.Store = storetest.Reopen(t, p.dsn, clock)
	p.stay = storetest.References(t, p.dsn, 1)[0].OccupancyID
	p.clerk = &Clerk{Folder: p.folder, Scribe: Scribe{Outbox: p.Store, Runner: p.Store, Clock: clock, House: house,
		Archive: &metering.History{Ledger: p.Store, Clock: clock}}}
	state, err := (&registry.Posts{Clock: clock, Runner: p.Store, Store: p.Store}).Ask(context.Background(), p.stay, audit.Entry{})
	require.NoError(t, err)
	require.Equal(t, registry.PostFree, state)
	return p
}

func (p *post) letters(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.folder, "*.html"))
	require.NoError(t, err)
	var texts []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		texts = append(texts, string(text))
	}
	return texts
}

// L28, L18: the letter goes to the address and in the language on record when
// it leaves, whatever they were when it was asked; its leaving is a disclosure.
func TestL28HistoryGoesToTheAddressOnRecordWhenItLeaves(t *testing.T) {
	p := newPost(t)
	storetest.Exec(t, p.dsn, `UPDATE occupancies SET street = 'Neustraße 9', town = 'Eupen', postcode = '4700', language = 'de' WHERE id = $1`, p.stay)
	n, err := p.clerk.HandOver(context.Background())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	texts := p.letters(t)
	require.Len(t, texts, 1)
	require.Contains(t, texts[0], "Neustraße 9")
	require.Contains(t, texts[0], "Ihr Stromverbrauch")
	require.NotContains(t, strings.Split(texts[0], "<h1>")[0], "Rue Haute", "not where it went before")
	for action, want := range map[string]int64{"history.posted": 1, "letter.handed": 1, "letter.dropped": 0} {
		require.Equal(t, want, storetest.Number(t, p.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, action), action)
	}
	sent, err := p.LettersAbout(context.Background(), p.stay)
	require.NoError(t, err)
	require.Len(t, sent, 1)
	require.Equal(t, p.now, sent[0].HandedAt)
}

// onlyYears is what a meter that sends nothing has.
type onlyYears struct{}

func (onlyYears) Series(_ context.Context, _ registry.AccessPoint, _ registry.Occupancy, q metering.Query) (metering.Series, error) {
	if q.Grain == metering.ByYear {
		return betweenReadings(), nil
	}
	return metering.Series{Grain: q.Grain, Indexed: true}, nil
}

// L4, L5, L28: the history of a meter that is only read is posted from reading
// to reading, and the trail has its grain.
func TestHistoryOfAMeterThatIsOnlyRead(t *testing.T) {
	p := newPost(t)
	p.clerk.Archive = onlyYears{}
	_, err := p.clerk.HandOver(context.Background())
	require.NoError(t, err)
	require.Contains(t, p.letters(t)[0], i18n.For(portal.French).T("quality.indexes"))
	require.Equal(t, int64(1), storetest.Number(t, p.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'history.posted' AND details LIKE '%year%'`))
}

// D2: who moved out between asking and leaving gets nothing at the dwelling;
// the letter is dropped, and the trail says so.
func TestD2NothingIsPostedToADwellingSomebodyLeft(t *testing.T) {
	p := newPost(t)
	storetest.Exec(t, p.dsn, `UPDATE occupancies SET to_us = $1 WHERE id = $2`, portal.Micros(p.now), p.stay)
	n, err := p.clerk.HandOver(context.Background())
	require.NoError(t, err)
	require.Zero(t, n)
	require.Empty(t, p.letters(t))
	require.EqualValues(t, 1, storetest.Number(t, p.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'letter.dropped' AND ground = 'address-moved' AND subject = $1`, "occupancy:"+p.stay))
	require.Zero(t, storetest.Number(t, p.dsn, `SELECT COUNT(*) FROM trail WHERE action IN ('history.posted', 'letter.handed')`))
	sent, err := p.LettersAbout(context.Background(), p.stay)
	require.NoError(t, err)
	require.Equal(t, "moved", sent[0].DroppedWhy)
	left, err := p.WaitingLetters(context.Background(), "", 5)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestEveryKindIsWritten counts the kinds.
func TestEveryKindIsWritten(t *testing.T) {
	require.Len(t, outbox.Kinds, 9)
}
