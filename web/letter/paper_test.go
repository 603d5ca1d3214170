package letter

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/web/i18n"

	"github.com/PuerkitoBio/goquery"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/stretchr/testify/require"
)

// historySample is a household's days with bands and injection: the widest.
func historySample(lang portal.Language, rows int, wide bool) Paper {
	c := i18n.For(lang)
	h := Paper{Language: lang, Title: c.T("consumption.title.electricity"), Paragraphs: []string{c.T("consumption.since", c.Date(portal.Date(2024, 2, 15))),
		c.T("consumption.point", "54--\u00a0----\u00a0----\u00a0--34\u00a055")}, Made: c.T("csv.made", c.Date(portal.Date(2026, 11, 25))),
		Caption: c.T("history.caption", c.Date(portal.Date(2025, 1, 1)), c.Date(portal.Date(2025, 12, 31))), Empty: c.T("consumption.empty"),
		Notes: []string{c.T("note.meter-exchanged", c.Date(portal.Date(2025, 3, 4))), c.T("note.estimated"), c.T("note.missing")},
		Back:  Back{"Zurück", "/consumption?of=1&grain=day"}}
	h.Columns = []Column{{c.T("period.day"), false}}
	if wide {
		h.Columns = append(h.Columns, Column{c.T("table.peak"), true}, Column{c.T("table.offpeak"), true})
	}
	h.Columns = append(h.Columns, Column{c.T("table.total", "kWh"), true})
	if wide {
		h.Columns = append(h.Columns, Column{c.T("table.injection"), true})
	}
	h.Columns = append(h.Columns, Column{c.T("table.before", "kWh"), true}, Column{c.T("table.quality"), false})
	words := []string{"complete", "estimated", "partial", "missing", "straddle"}
	for i := range rows {
		row := []string{c.Date(portal.Date(2025, 1, 1).AddDate(0, 0, i))}
		for range len(h.Columns) - 2 {
			row = append(row, c.Number(int64(1_234_560+i*1000), 1))
		}
		word := c.T("quality." + words[i%7%5])
		if i == rows-1 {
			word += ", " + c.T("table.running")
		}
		h.Rows = append(h.Rows, append(row, word))
	}
	return h
}

// TestHistoriesAreWritten leaves them where SHOW_LETTERS says, to be looked at.
func TestHistoriesAreWritten(t *testing.T) {
	dir := t.TempDir()
	if to := os.Getenv("SHOW_LETTERS"); to != "" {
		dir = to
	}
	for _, lang := range portal.Languages {
		for name, h := range map[string]Paper{"wide": historySample(lang, 62, true), "small": historySample(lang, 12, false), "empty": historySample(lang, 0, false)} {
			pdf, err := h.PDF(house)
			require.NoError(t, err)
			require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
			rule, err := newRuler()
			require.NoError(t, err)
			require.Equal(t, len(h.view(house).printable().lay(rule).pages), bytes.Count(pdf, []byte("/Type /Page\n")))
			html, err := h.Page(house)
			require.NoError(t, err)
			name = fmt.Sprintf("history-%s-%s", lang, name)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name+".html"), html, 0o600))
		}
	}
}

// scribe is a press that remembers what it set.
type scribe struct {
	core.Provider
	texts []set
}

type set struct {
	text        string
	x, y, width float64
	size        float64
	toRight     bool
}

func (s *scribe) GetLinesQuantity(string, *props.Text, float64) int { return 1 }
func (s *scribe) AddLine(*entity.Cell, *props.Line)                 {}
func (s *scribe) AddText(text string, cell *entity.Cell, style *props.Text) {
	s.texts = append(s.texts, set{text, cell.X, cell.Y, cell.Width, style.Size, style.Align == align.Right})
}

// L20, D18, G12: each page carries the mark as text, in 14 points or more; the
// page number and the columns' titles; all rows are there, in order, inside the page.
func TestHistoryPagesAreWhole(t *testing.T) {
	marks := map[portal.Language]string{portal.French: "CONFIDENTIEL", portal.German: "VERTRAULICH",
		portal.Dutch: "VERTROUWELIJK", portal.English: "CONFIDENTIAL"}
	rule, err := newRuler()
	require.NoError(t, err)
	for _, lang := range portal.Languages {
		for _, wide := range []bool{true, false} {
			h := historySample(lang, 62, wide)
			v := h.view(house).printable()
			l := v.lay(rule)
			require.Greater(t, len(l.pages), 1)
			require.Equal(t, sum(l.widths(v)) > pageWidth-2*left, l.width > pageWidth, "it lies down where it must, and not for a hair")
			require.InDelta(t, l.room(), sum(l.columns), 1e-6)
			var heads []string
			for i, p := range l.pages {
				l.foot(p, v, i+1)
				s := &scribe{}
				p.Render(s, nil)
				var all []string
				for _, w := range s.texts {
					all = append(all, w.text)
					require.GreaterOrEqual(t, w.size, body, w.text)
					require.Less(t, w.y, l.height-6)
					measured := rule.width(w.text, false, w.size)
					if w.toRight {
						require.LessOrEqual(t, measured, w.width+0.1, w.text)
						continue
					}
					require.LessOrEqual(t, w.x+measured, l.width-left+1, w.text)
					if w.x == left && strings.Contains(w.text, "2025") && w.y > tableTop && w.y < l.height-footRoom {
						heads = append(heads, w.text)
					}
				}
				require.Contains(t, all, marks[lang], "L20, page %d", i+1)
				require.Contains(t, all, i18n.For(lang).T("history.page", fmt.Sprint(i+1), fmt.Sprint(len(l.pages))))
				require.NotContains(t, strings.Join(all, " "), "\u202f", "the fonts have no sign for it")
			}
			var want []string
			for _, r := range h.Rows {
				want = append(want, r[0])
			}
			rows := heads[:0]
			for _, head := range heads {
				if len(rows) < len(want) && head == want[len(rows)] {
					rows = append(rows, head)
				}
			}
			require.Equal(t, want, rows)
		}
	}
}

// TestALongTitleBreaksWhereItMay: a column is not as wide as its longest word
// where that has soft hyphens, so that the table stands; none of them is printed.
func TestALongTitleBreaksWhereItMay(t *testing.T) {
	rule, err := newRuler()
	require.NoError(t, err)
	for text, want := range map[string][]string{
		"Schwach\u00adlastzeit, kWh":         {"Schwach-", "lastzeit,", "kWh"},
		"Gesamt, kWh":                        {"Gesamt,", "kWh"},
		"Elektri\u00adzitäts\u00adverbrauch": {"Elektri-", "zitäts-", "verbrauch"},
		"Ver\u00adbrauch":                    {"Verbrauch"},
	} {
		require.Equal(t, want, rule.wrap(text, true, body, 27), text)
		require.LessOrEqual(t, rule.longestWord(text, true), 27.0, text)
	}
	require.Equal(t, []string{"Schwachlastzeit, kWh"}, rule.wrap("Schwach\u00adlastzeit, kWh", true, body, 90))
	h := historySample(portal.German, 3, false)
	h.Columns[len(h.Columns)-2].Text = "Schwach\u00adlastzeit, kWh"
	v := h.view(house).printable()
	s := &scribe{}
	for _, p := range v.lay(rule).pages {
		p.Render(s, nil)
	}
	for _, one := range s.texts {
		require.NotContains(t, one.text, softHyphen)
	}
}

// TestATableThatFitsStandsUpright: the room that is given away is not taken for
// too little, whatever it is divided by.
func TestATableThatFitsStandsUpright(t *testing.T) {
	rule, err := newRuler()
	require.NoError(t, err)
	for columns := 2; columns < 7; columns++ {
		for letters := range 20 {
			h := Paper{Language: portal.French, Title: "t", Rows: [][]string{make([]string, columns)}}
			for i := range columns {
				h.Columns = append(h.Columns, Column{Text: strings.Repeat("m", (letters+i)%6+1), Numeric: i > 0})
			}
			require.Equal(t, pageWidth, h.view(house).printable().lay(rule).width, "%d columns", columns)
		}
	}
}

// D18, S5: the twin is a page with the same words, a table with heads for both
// axes that scrolls by keyboard, help first, and the contact point.
func TestHistoryHasAnAccessibleTwin(t *testing.T) {
	for _, lang := range portal.Languages {
		h := historySample(lang, 5, true)
		html, err := h.Page(house)
		require.NoError(t, err)
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
		require.NoError(t, err)
		require.Equal(t, string(lang), doc.Find("html").AttrOr("lang", ""))
		require.Equal(t, i18n.For(lang).T("letter.confidential"), doc.Find("header .confidential").Text(), "L20: as text")
		require.Equal(t, 1, doc.Find("h1").Length())
		require.Zero(t, doc.Find("style, [style], script").Length(), "the policy allows none")
		require.True(t, strings.HasPrefix(doc.Find("link[rel=stylesheet]").AttrOr("href", ""), "/static/letter."))
		require.Equal(t, "0", doc.Find("section.scroll[aria-label]").AttrOr("tabindex", ""))
		require.Equal(t, h.Caption, doc.Find("caption").Text())
		require.Equal(t, len(h.Columns), doc.Find("thead th[scope=col]").Length())
		require.Equal(t, 5, doc.Find("tbody th[scope=row]").Length())
		require.Equal(t, h.Rows[3][2], doc.Find("tbody tr").Eq(3).Find("td").Eq(1).Text())
		require.Equal(t, len(h.Notes), doc.Find("main li").Length())
		require.Equal(t, "078 00 00 00", doc.Find(".help .phone").Text())
		require.Contains(t, doc.Find("footer").Text(), "privacy@guichet.example", "S5")
		require.Equal(t, "/consumption?of=1&grain=day", doc.Find("p.screen a").AttrOr("href", ""))
	}
}
