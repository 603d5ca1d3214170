package web

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/web/ui/chart"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// TestD4AnHourThatComesTwiceHasItsOffset: in the chart's names, on its axis and
// in the table, and nowhere else.
func TestD4AnHourThatComesTwiceHasItsOffset(t *testing.T) {
	t.Parallel()
	for _, lang := range portal.Languages {
		for name, want := range map[string]int{"consumption-hour": 25, "consumption-quarter": 100} {
			doc := render(t, fixtureNamed(t, name), lang)
			rows := doc.Find("#values tbody th")
			require.Equal(t, want, rows.Length())
			summer, winter, all := 0, 0, map[string]bool{}
			for i := range rows.Length() {
				text := rows.Eq(i).Text()
				require.False(t, all[text], "%s stands twice", text)
				all[text] = true
				if strings.Contains(text, "UTC+2") {
					summer++
				}
				if strings.Contains(text, "UTC+1") {
					winter++
				}
			}
			require.Equal(t, want/25, summer)
			require.Equal(t, want/25, winter)
			names := doc.Find("svg.narrow g[tabindex='0']")
			require.Equal(t, want, names.Length())
			require.Contains(t, names.Eq(2*want/25).Find("title").Text(), ", UTC+2)")
			require.Contains(t, names.Eq(3*want/25).Find("title").Text(), ", UTC+1)")
			require.NotContains(t, names.Find("text").Text(), "UTC", "at 320 px it would stand in the amount")
			require.NotEqual(t, names.Eq(2*want/25).Find("text").Text(), names.Eq(3*want/25).Find("text").Text())
		}
	}
	doc := render(t, fixtureNamed(t, "consumption-hour"), portal.English)
	require.Equal(t, "2:00 – 3:00 (summer, UTC+2)", plainSpaces(strings.TrimSpace(doc.Find("#values tbody th").Eq(2).Text())))
	require.Equal(t, "2:00 – 3:00 (winter, UTC+1)", plainSpaces(strings.TrimSpace(doc.Find("#values tbody th").Eq(3).Text())))
	quarters := render(t, fixtureNamed(t, "consumption-quarter"), portal.English).Find("#values tbody th")
	require.Equal(t, "2:45 – 3:00 (summer, UTC+2)", plainSpaces(strings.TrimSpace(quarters.Eq(11).Text())))
}

// TestD5WithoutTheChoiceThereIsAnExplanationAndALink, and no value.
func TestD5WithoutTheChoiceThereIsAnExplanationAndALink(t *testing.T) {
	t.Parallel()
	doc := render(t, fixtureNamed(t, "consumption-not-chosen"), portal.French)
	require.Zero(t, doc.Find("figure, table").Length())
	require.Contains(t, doc.Find(".note").Text(), "vous ne l’avez pas demandé")
	require.Equal(t, 1, doc.Find("a[href='/fr/consumption/detail?of=2']").Length())
}

// TestZoomByLinks: a year leads to its months, a month to its days, a day that
// has detail to its hours, and each back up.
func TestZoomByLinks(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	h.series = func() metering.Series {
		s := electricityDays()
		s.Detail = portal.Date(2026, time.October, 12)
		return s
	}
	page := b.get("/fr/consumption?grain=day&from=2026-10-01&to=2026-11-01")
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Zero(t, page.doc.Find("#values tbody tr").Eq(10).Find("a").Length(), "11 October has no detail")
	require.Equal(t, "/fr/consumption?from=2026-10-12&grain=hour&of=1",
		page.doc.Find("#values tbody tr").Eq(11).Find("a").AttrOr("href", ""))
	require.Equal(t, "/fr/consumption?from=2026-10-25&grain=hour&of=1",
		page.doc.Find("#values tbody tr").Eq(24).Find("a").AttrOr("href", ""))
	require.Equal(t, portal.Date(2026, 10, 26), complete(metering.Query{Grain: metering.ByHour, From: portal.Date(2026, 10, 25)}, h.now, time.Time{}).To, "a day of 25 hours is one day")
	up := page.doc.Find(".up a")
	require.Equal(t, 2, up.Length())
	require.Equal(t, "/fr/consumption?from=2026-01-01&grain=month&of=1&to=2027-01-01", up.Eq(1).AttrOr("href", ""))

	h.series = func() metering.Series { return autumnDay(metering.ByHour, time.Hour) }
	page = b.get("/fr/consumption?grain=hour&from=2026-10-25&to=2026-10-26")
	require.Equal(t, "/fr/consumption?from=2026-10-01&grain=day&of=1&to=2026-11-01", page.doc.Find(".up a").Eq(2).AttrOr("href", ""))
	require.Equal(t, "/fr/consumption?from=2026-10-24&grain=hour&of=1&to=2026-10-25", page.doc.Find("[rel=prev]").AttrOr("href", ""))
	require.Equal(t, "/fr/consumption?from=2026-10-26&grain=hour&of=1&to=2026-10-27", page.doc.Find("[rel=next]").AttrOr("href", ""))
	quarter := page.doc.Find(".seg a").Eq(4)
	require.Equal(t, "/fr/consumption?from=2026-10-25&grain=quarter&of=1&to=2026-10-26", quarter.AttrOr("href", ""))
	newest := b.get("/fr/consumption?grain=hour&from=2026-11-22&to=2026-11-23")
	require.Zero(t, newest.doc.Find("[rel=next]").Length(), "nothing has come of today")
	for grain, want := range map[string]string{
		"year":  "/fr/consumption?from=2025-01-01&grain=month&of=1",
		"month": "/fr/consumption?from=2026-01-01&grain=day&of=1",
	} {
		h.series = map[string]func() metering.Series{"year": gasYears, "month": electricityMonths}[grain]
		require.Equal(t, want, b.get("/fr/consumption?grain="+grain).doc.Find("#values tbody tr").Eq(1).Find("a").AttrOr("href", ""))
	}
	h.series = func() metering.Series { return autumnDay(metering.ByHour, time.Hour) }
	before := b.get("/fr/consumption?grain=hour&from=2026-09-01")
	require.Zero(t, before.doc.Find("[rel=prev]").Length(), "nothing finer before the choice")
}

// TestOneBarIsNoHighestAndLowest: what is read out of a chart of one value says
// it once, and a table of one period names that once.
func TestOneBarIsNoHighestAndLowest(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	for n, want := range map[int]string{1: "2026. Une seule valeur : 10\u202f950 kWh.", 2: "2025 – 2026. Le plus haut : 2025, 13\u202f480 kWh. Le plus bas : 2026, 10\u202f950 kWh."} {
		h.series = func() metering.Series {
			s := gasYears()
			s.Points = s.Points[3-n:]
			return s
		}
		page := b.get("/fr/consumption?grain=year")
		require.Equal(t, want, plainSpaces(page.doc.Find("svg.wide desc").Text()))
		require.Equal(t, n == 1, plainSpaces(page.doc.Find("caption").Text()) == "Les mêmes valeurs : 2026")
	}
}

// TestAMeterReadByTheMonth: its days are not missing, nobody reads them; the page
// says so, leads to the months and draws no row of holes, nor does the letter.
func TestAMeterReadByTheMonth(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	h.series = func() metering.Series {
		s := electricityDays()
		s.AsOne = true
		for i := range s.Points {
			s.Points[i] = metering.Point{Period: s.Points[i].Period, Gap: metering.GapMissing, Days: 1, MissingDays: 1}
		}
		s.Notes = []metering.Note{{Kind: metering.NoteMissing}}
		return s
	}
	page := b.get("/fr/consumption?grain=day")
	require.Zero(t, page.doc.Find("figure, table").Length())
	require.Contains(t, page.doc.Find(".note").Text(), "relevé par mois")
	require.NotContains(t, page.doc.Text(), "manque")
	require.Equal(t, 1, page.doc.Find("main a[href='/fr/consumption?grain=month&of=1']:contains('Voir par mois')").Length())
	require.Equal(t, 1, page.doc.Find("a[href*='/consumption.']").Length(), "all by month, and no file of holes")
	require.Equal(t, "/fr/consumption.csv?grain=month&of=1", page.doc.Find("a[href*='/consumption.']").AttrOr("href", ""))
	twin := b.get("/fr/consumption.html?grain=day")
	require.Contains(t, twin.doc.Text(), "relevé par mois")
	require.NotContains(t, twin.doc.Text(), "manque")
}

// TestAMeterThatIsOnlyRead: where no month has a value but years have what was
// counted between two readings, the page opens with the years, once disclosed;
// asked for months it says where they are and draws no row of holes (L4, L5).
func TestAMeterThatIsOnlyRead(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	months := electricityMonths()
	months.Indexed, months.Notes = true, []metering.Note{{Kind: metering.NoteMissing}}
	asked := 0
	h.series = func() metering.Series {
		if asked++; asked == 2 {
			return electricityIndexes()
		}
		return months
	}
	h.trail = nil
	page := b.get("/fr/consumption")
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Len(t, h.trail, 1)
	require.Equal(t, "year", h.trail[0].Details["grain"])
	require.Equal(t, "Année", page.doc.Find(".seg [aria-current]").Text())
	row := page.doc.Find("#values tbody tr").Eq(2)
	require.Equal(t, "25 novembre 2025 – 20 novembre 2026", plainSpaces(row.Find("th").Text()))
	require.Contains(t, row.Text(), "entre deux relevés")
	require.Zero(t, row.Find("a").Length(), "it has no months to lead to")
	require.Contains(t, page.doc.Find(".notes").Text(), "n’est réparti sur aucun mois")
	require.Contains(t, page.doc.Find("#values tbody tr").Eq(0).Text(), "non relevé", "no reading was taken before: nothing is missing")
	require.Contains(t, page.doc.Find(".notes").Text(), "aucun relevé n’a été fait")
	require.Equal(t, "non relevé", strings.TrimSpace(page.doc.Find(".key li").Last().Text()))
	require.NotContains(t, page.doc.Text(), "manque")
	require.Equal(t, 1, page.doc.Find("a[href='/fr/consumption.csv?grain=year&of=1']:contains('relevé')").Length())

	page = b.get("/fr/consumption?grain=month")
	require.Equal(t, "month", h.trail[1].Details["grain"])
	require.Zero(t, page.doc.Find("figure, table").Length())
	require.Contains(t, page.doc.Find(".note").Text(), "d’un relevé à l’autre")
	require.NotContains(t, page.doc.Find(".notes").Text(), "manque")
	require.Equal(t, 1, page.doc.Find("a[href='/fr/consumption?grain=year&of=1']:contains('Voir par année')").Length())
}

// TestSeveralReferencesOnOnePage: each with its own chart, table and entry in
// the trail; ids stay unique (TestEveryPageInEveryLanguage).
func TestSeveralReferencesOnOnePage(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	again := b.try(knownReference, knownDigits)
	require.Equal(t, http.StatusSeeOther, again.StatusCode)
	h.trail = nil
	page := b.get("/fr/consumption?of=1,2")
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Equal(t, 2, page.doc.Find("section.part").Length())
	require.Len(t, h.trail, 2)
	require.Equal(t, 12, page.doc.Find("#values-1 tbody tr").Length())
	require.Equal(t, 12, page.doc.Find("#values-2 tbody tr").Length())
	named := map[string]bool{}
	page.doc.Find(".scroll").Each(func(_ int, s *goquery.Selection) { named[s.AttrOr("aria-label", "")] = true })
	require.Len(t, named, 1, "the house has one meter, opened twice")
	require.Contains(t, page.doc.Find(".scroll").AttrOr("aria-label", ""), knownDigits)
	require.Equal(t, "page", page.doc.Find(".files a").Eq(2).AttrOr("aria-current", ""))
	require.Contains(t, page.doc.Find(".files a").Eq(2).AttrOr("href", ""), "of=1%2C2")
	one := page.doc.Find("main a[href*='consumption.csv'][href*='of=1%2C2']")
	require.Equal(t, 1, one.Length())
	before := len(h.trail)
	file := b.get(one.AttrOr("href", ""))
	require.Equal(t, http.StatusOK, file.StatusCode)
	single := b.get(strings.Replace(one.AttrOr("href", ""), "1%2C2", "1", 1))
	require.Equal(t, 2*strings.Count(single.body, "\r\n20"), strings.Count(file.body, "\r\n20"), "both, one below the other")
	require.Equal(t, 1, strings.Count(file.body, "Registre"), "one header")
	require.Len(t, h.trail, before+3, "L18: each disclosed on its own")
	require.Equal(t, 1, b.get("/fr/consumption?of=2,2").doc.Find("#values").Length(), "twice the same is once")
	for _, of := range []string{"1,3", "1,", ",", "1;2", "0,1"} {
		require.Equal(t, http.StatusNotFound, b.get("/fr/consumption?of="+url.QueryEscape(of)).StatusCode, of)
	}
}

// TestD4BandsAreExplainedByDate: a page across 1 January 2026 tells both, and
// that they are not compared; a page within one tells one.
func TestD4BandsAreExplainedByDate(t *testing.T) {
	t.Parallel()
	notes := render(t, fixtureNamed(t, "consumption-month"), portal.French).Find(".notes").Text()
	for _, want := range []string{
		"Jusqu’au 31 décembre 2025, les heures pleines allaient, du lundi au vendredi, environ de 7 h à 22 h",
		"Depuis le 1er janvier 2026, les heures pleines vont, tous les jours, de 7 h à 11 h et de 17 h à 22 h",
		"n’est pas recalculé",
	} {
		require.Contains(t, plainSpaces(notes), want)
	}
	notes = plainSpaces(render(t, fixtureNamed(t, "consumption-hour"), portal.French).Find(".notes").Text())
	require.NotContains(t, notes, "31 décembre 2025")
	require.NotContains(t, notes, "n’est pas recalculé")
	require.Contains(t, notes, "Depuis le 1er janvier 2026")
	require.NotContains(t, render(t, fixtureNamed(t, "consumption-day"), portal.French).Find(".notes").Text(), "heures pleines",
		"one register has no bands")
}

// TestNetAndFactor: where there is injection, what was taken less what was
// given, also below zero; for gas the factor of each period, with four
// decimals, and what it is (facts B.5).
func TestNetAndFactor(t *testing.T) {
	t.Parallel()
	doc := render(t, fixtureNamed(t, "consumption-month"), portal.French)
	cells := doc.Find("#values tbody tr").Eq(7).Find("td")
	var text []string
	cells.Each(func(_ int, c *goquery.Selection) { text = append(text, c.Text()) })
	require.Equal(t, []string{"173", "178", "96", "77", "115", "58", "relevé"}, text, "the total first, then what it was a year before")
	require.Contains(t, doc.Find(".kpis").Text(), "consommation moins injection")
	require.Equal(t, int64(-5), metering.Amounts{1, 0, 0, 6}.Net())

	doc = render(t, fixtureNamed(t, "consumption-year"), portal.French)
	require.Equal(t, "10,5263", doc.Find("#values tbody tr").Eq(1).Find("td").Eq(3).Text())
	require.Contains(t, plainSpaces(doc.Find(".notes").Text()), "ce coefficient est de 10,5263 kWh par m³")
	_, ok := factor(metering.Amounts{})
	require.False(t, ok, "no gas, no factor")
	for _, half := range []metering.Amounts{{6: 5}, {7: 5}} {
		_, ok = factor(half)
		require.False(t, ok, "one of the two is no factor")
	}
	_, ok = factor(metering.Amounts{6: 9, 7: 102})
	require.False(t, ok, "so little gas tells no factor")
	got, ok := factor(metering.Amounts{6: 3_000, 7: 20_000})
	require.True(t, ok)
	require.EqualValues(t, 66_667, got, "rounded, not cut off")
}

// TestGasByTheHour: asked for quarter-hours, it says hours (L7); its factor has
// no more decimals than an hour's rounding lets stand.
func TestGasByTheHour(t *testing.T) {
	t.Parallel()
	for lang, want := range map[portal.Language][4]string{
		portal.French: {"kWh par heure", "Heure", "est de 11,4 kWh", "0,110"}, portal.German: {"kWh pro Stunde", "Stunde", "beträgt er 11,4 kWh", "0,110"},
		portal.Dutch: {"kWh per uur", "Uur", "bedraagt die 11,4 kWh", "0,110"}, portal.English: {"kWh per hour", "Hour", "it is 11.4 kWh", "0.110"},
	} {
		data := metering.Series{Energy: portal.Gas, Grain: metering.ByQuarter, Registers: []metering.Register{metering.GasVolume, metering.GasEnergy}}
		for i, dm3 := range []int64{110, 83, 9} {
			from := portal.Date(2026, time.November, 25).Add(time.Duration(i) * time.Hour)
			data.Points = append(data.Points, metering.Point{Period: portal.Period{From: from, To: from.Add(time.Hour)}, Days: 1,
				Amounts: amounts(map[metering.Register]int64{metering.GasVolume: dm3, metering.GasEnergy: dm3 * 11_394 / 1000})})
		}
		data.Period = portal.Period{From: data.Points[0].Period.From, To: data.Points[2].Period.To}
		s := newSpeaker(exhibit(testCommon(time.Now), lang), shown{series: data})
		require.Contains(t, plainSpaces(s.charts()[0].Title), want[0])
		table := s.table(selection{})
		require.Equal(t, want[1], table.Columns[0].Text)
		require.Equal(t, want[3], table.Rows[0].Cells[1].Text, "a m³ has a decimal more than a kWh")
		require.Equal(t, dash, table.Rows[2].Cells[2].Text, "of next to no gas there is no factor")
		require.Contains(t, plainSpaces(strings.Join(s.notes(), " ")), want[2])
	}
}

// TestAnAxisHasOneNumberOfDecimals: not 0,050 below 0,1.
func TestAnAxisHasOneNumberOfDecimals(t *testing.T) {
	t.Parallel()
	s := newSpeaker(exhibit(testCommon(time.Now), portal.French), shown{series: electricityMonths()})
	for step, want := range map[int64][3]string{50: {"0", "0,05", "0,10"}, 500: {"0", "0,5", "1,0"}, 5: {"0", "0,005", "0,010"}, 2000: {"0", "2", "4"}} {
		require.Equal(t, want, [3]string{s.axis(0, step), s.axis(step, step), s.axis(2*step, step)})
	}
}

// TestEachStateHasItsPatternAndItsWord (WCAG 1.4.1): estimated, partial,
// missing, cut at a move, a total that nobody may have, an exchange.
func TestEachStateHasItsPatternAndItsWord(t *testing.T) {
	t.Parallel()
	for _, lang := range portal.Languages {
		x := exhibit(testCommon(time.Now), lang)
		data := electricityMonths()
		data.Points[0].Cut = true
		data.Points[1] = metering.Point{Period: data.Points[1].Period, Gap: metering.GapStraddle, Days: 31, MissingDays: 31, Cut: true}
		s := newSpeaker(x, shown{series: data})
		c := s.charts()[0]
		keys := map[string]string{}
		for _, k := range c.Legend {
			keys[k.Class] = k.Text
		}
		words := map[string]bool{}
		for _, class := range []string{"estimated", "partial", "missing", "cut", "crossed"} {
			require.NotEmpty(t, keys[class], class)
			require.False(t, words[keys[class]], "two states are called %s", keys[class])
			words[keys[class]] = true
		}
		require.True(t, c.Bars[0].Cut)
		require.Contains(t, c.Bars[0].Name, keys["cut"], "a bar is read out in the legend's words")
		require.True(t, c.Bars[1].Crossed)
		require.False(t, c.Bars[1].Cut, "one state, not two")
		require.False(t, c.Bars[11].Cut, "a running month is not cut")
		require.Len(t, c.Marks, 1)
		require.Contains(t, s.notes(), s.T("note.cut"))
		paper := historyLetter(x, selection{}, lookup.Pass{Point: registry.AccessPoint{Energy: portal.Electricity}}, data).Notes
		require.Contains(t, paper, s.T("note.cut.words"))
		require.NotContains(t, paper, s.T("note.cut"), "a letter has no bars")

		data.Points = data.Points[:2] // of which none is missing
		for _, k := range newSpeaker(x, shown{series: data}).charts()[0].Legend {
			require.NotEqual(t, chart.KeyMissing, k.Class, "a key for what is not there")
		}
	}
}

// TestABandThatDoesNotCountIsNotZero: an hour at peak has a dash under off-peak
// and its bar names the one band; a note says what the dash is.
func TestABandThatDoesNotCountIsNotZero(t *testing.T) {
	t.Parallel()
	doc := render(t, fixtureNamed(t, "consumption-hour"), portal.French)
	night, peak := doc.Find("#values tbody tr").Eq(0).Find("td"), doc.Find("#values tbody tr").Eq(9).Find("td")
	require.Equal(t, []string{"0,120", "–", "0,120"}, []string{night.Eq(0).Text(), night.Eq(1).Text(), night.Eq(2).Text()})
	require.Equal(t, []string{peak.Eq(0).Text(), "–"}, []string{peak.Eq(1).Text(), peak.Eq(2).Text()})
	bars := doc.Find("svg.wide g[tabindex='0']")
	require.Contains(t, bars.Eq(0).Find("title").Text(), "tout en heures creuses")
	require.Contains(t, bars.Eq(9).Find("title").Text(), "tout en heures pleines")
	require.Contains(t, doc.Find(".notes").Text(), "Un tiret")
	require.NotContains(t, render(t, fixtureNamed(t, "consumption-month"), portal.French).Find(".notes").Text(), "Un tiret")
}

// TestARunningPeriodSaysSoInTheDrawing, and is not told as the lowest.
func TestARunningPeriodSaysSoInTheDrawing(t *testing.T) {
	t.Parallel()
	for lang, word := range map[portal.Language]string{portal.French: "en cours", portal.German: "läuft noch", portal.Dutch: "loopt nog", portal.English: "not over yet"} {
		for _, fixture := range []string{"consumption-month", "consumption-year"} {
			doc := render(t, fixtureNamed(t, fixture), lang)
			require.Contains(t, doc.Find("svg.wide g.c-bar").Last().Find("text").Text(), word, fixture)
			require.Contains(t, doc.Find("svg.narrow g.c-bar").Last().Find("text").Text(), word, fixture)
		}
	}
	data := electricityMonths()
	data.Points[11].Amounts = amounts(map[metering.Register]int64{metering.OfftakePeak: 1000})
	s := newSpeaker(exhibit(testCommon(time.Now), portal.French), shown{series: data})
	require.Contains(t, plainSpaces(s.charts()[0].Desc), "Le plus bas : juillet 2026, 173 kWh")
}

// TestL20EverySheetOfPaperHasTheMark: the style sheet cannot ask for a text, so
// it has the mark of each language, and the same as each page of a visit.
func TestL20EverySheetOfPaperHasTheMark(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile(filepath.Join("static", "guichet.css"))
	require.NoError(t, err)
	for _, lang := range portal.Languages {
		require.Contains(t, string(css), `@page marked-`+string(lang)+` { @bottom-left { content: "`+exhibit(testCommon(time.Now), lang).T("confidential.mark")+`"`)
		require.Contains(t, string(css), `body:lang(`+string(lang)+`):has(.paper) { page: marked-`+string(lang)+`; }`)
		for _, f := range fixtures {
			if doc := render(t, f, lang); doc.Find("[data-ends-in]").Length() > 0 {
				require.Contains(t, doc.Find(".paper").Text(), exhibit(testCommon(time.Now), lang).T("confidential.mark"), f.name)
			}
		}
	}
}
