package web

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"
	"guichet/portal/registry"
	"guichet/web/i18n"

	"github.com/stretchr/testify/require"
)

// anotherOperators is an export in the shape of another operator's customer
// portal: byte-order mark, ";", local times without offset, so that the hour
// from 2 to 3 stands twice, row by row, and one interval reads 02:45 -> 02:00;
// decimal commas, an EAN that is none, a register of the two that counts.
func anotherOperators() string {
	var b strings.Builder
	b.WriteString("\ufeffFrom (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit;Validation status;Description\r\n")
	row := func(from, until, volume string) {
		for register, volume := range map[string]string{"Offtake Night": volume, "Injection Night": "0,000"} {
			fmt.Fprintf(&b, "29/10/2023;%s;%s;=\"123456879123456789\";1SAG1234567890;Digital meter;%s;%s;kWh;Read;\r\n", from, until, register, volume)
		}
	}
	for i := range 96 {
		at := fmt.Sprintf("%02d:%02d:00", i/4, i%4*15)
		until := fmt.Sprintf("29/10/2023;%02d:%02d:00", (i+1)/4, (i+1)%4*15)
		if i == 95 {
			until = "30/10/2023;00:00:00"
		}
		if i/4 == 2 { // in summer first
			row(at, strings.Replace(until, "03:00", "02:00", 1), fmt.Sprintf("0,%03d", 200+i))
		}
		row(at, until, fmt.Sprintf("0,%03d", 100+i))
	}
	return b.String()
}

// shelf reads the series of the archive's own household, whatever pass opened it.
type shelf struct{ *archive }

func (s shelf) Series(c context.Context, _ registry.AccessPoint, _ registry.Occupancy, q metering.Query) (metering.Series, error) {
	h := metering.History{Ledger: s.Store, Clock: func() time.Time { return s.now }}
	return h.Series(c, s.point, s.stay, q)
}

// TestD4AnotherOperatorsAutumnDayHas25Hours: with the clock in 2024 the day is
// read, and page and each download have its 25 hours and 100 quarter-hours,
// each of its own, with the day's sum. The real file, where the project lies
// beside it, passes the same way.
func TestD4AnotherOperatorsAutumnDayHas25Hours(t *testing.T) {
	t.Parallel()
	files := map[string]string{"drawn": anotherOperators()}
	if real, err := os.ReadFile(filepath.Join("..", "..", "shared", "samples", "fluvius_elec_en_15min.csv")); err == nil {
		files["real"] = string(real)
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) { autumn(t, file) })
	}
}

func autumn(t *testing.T, file string) {
	a := newArchive(t, portal.Electricity)
	a.now, a.stay.From = portal.Date(2024, time.February, 1), portal.Date(2023, time.January, 1)
	read, err := exchange.ReadFluvius(strings.NewReader(file), exchange.Options{ForEAN: filesEAN})
	require.NoError(t, err)
	_, err = a.importer().Import(context.Background(), read.Days, metering.ImportOptions{})
	require.NoError(t, err)
	sum, both := int64(0), int64(0) // with what was injected
	for _, d := range read.Days {
		if isoDay(d.Date) != "2023-10-29" {
			continue
		}
		for _, v := range d.Values {
			both += v.Amount
			if d.Register.Family() == metering.OfftakeTotal {
				sum += v.Amount
			}
		}
	}
	require.Positive(t, sum)
	h := newHouse(t)
	h.now = a.now
	b := open(t, h, func(d *PublicDeps) { d.History = shelf{a} })
	require.Equal(t, http.StatusSeeOther, b.try(knownReference, knownDigits).StatusCode)
	for grain, want := range map[string]int{"hour": 25, "quarter": 100} {
		query := "?grain=" + grain + "&from=2023-10-29&to=2023-10-30"
		amounts := b.autumnJSON(t, query, want)
		total := int64(0)
		for _, amount := range amounts {
			total += amount
		}
		require.Equal(t, sum, total, "JSON")
		require.Equal(t, sum, b.autumnCSV(t, query, want), "CSV")
		require.Equal(t, both, b.autumnESPI(t, query, want), "ESPI")
		for _, lang := range portal.Languages {
			c := i18n.For(lang)
			page := b.get("/" + string(lang) + "/consumption" + query)
			require.Equal(t, http.StatusOK, page.StatusCode)
			require.Equal(t, want, page.doc.Find("figure").First().Find("svg.wide g.c-bar").Length())
			require.Equal(t, want, page.doc.Find("figure").First().Find("svg.narrow g.c-bar").Length())
			require.Contains(t, plainSpaces(page.doc.Find(".kpis").Text()), c.Number(sum, 1)+" kWh", "the day's sum")
			require.Contains(t, page.doc.Find(".notes").Text(), "25", "why it has so many")
			twin := b.get("/" + string(lang) + "/consumption.html" + query)
			pdf := printed(t, b.get("/"+string(lang)+"/consumption.pdf"+query).body)
			heads := page.doc.Find("#values tbody th")
			named := map[string]bool{}
			for i, amount := range amounts {
				cells := page.doc.Find("#values tbody tr").Eq(i).Find("td")
				shown := cells.Eq(0).Text()
				require.Contains(t, []string{c.Number(amount, 2), c.Number(amount, 3)}, shown)
				require.Equal(t, shown, cells.Eq(2).Text(), "a Sunday, all of it off-peak")
				require.Equal(t, "–", cells.Eq(1).Text(), "peak did not count")
				row := twin.doc.Find("tbody tr").Eq(i)
				head := plainSpaces(heads.Eq(i).Text())
				require.Equal(t, head, plainSpaces(row.Find("th").Text()))
				require.Equal(t, shown, row.Find("td").Eq(0).Text())
				require.Contains(t, pdf, head+" "+shown)
				named[head] = true
			}
			require.Len(t, named, want, "each has a name of its own")
			require.Equal(t, want, heads.Length())
			require.Equal(t, want, twin.doc.Find("tbody tr").Length())
		}
	}
}

// autumnJSON gives the amounts of the periods, in order.
func (b *browser) autumnJSON(t *testing.T, query string, want int) (amounts []int64) {
	var d struct {
		Values []struct {
			From, Until string
			Amounts     map[metering.Register]int64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(b.get("/nl/consumption.json"+query).body), &d))
	require.Len(t, d.Values, want)
	last := "2023-10-29T00:00:00+02:00"
	for _, v := range d.Values {
		require.Equal(t, last, v.From, "each begins where the one before ends")
		last = v.Until
		amounts = append(amounts, v.Amounts[metering.OfftakePeak]+v.Amounts[metering.OfftakeOffPeak])
	}
	require.Equal(t, "2023-10-30T00:00:00+01:00", last)
	return amounts
}

var amountCSV = regexp.MustCompile(`(?m)^(2023-10-29T[^;]*);[^;]*;[^;]*;Afname (piekuren|daluren);(\d+),(\d{3});kWh;`)

// autumnCSV adds up what was taken, of every row.
func (b *browser) autumnCSV(t *testing.T, query string, want int) (sum int64) {
	starts := map[string]bool{}
	for _, row := range amountCSV.FindAllStringSubmatch(b.get("/nl/consumption.csv"+query).body, -1) {
		starts[row[1]] = true
		n, err := strconv.ParseInt(row[3]+row[4], 10, 64)
		require.NoError(t, err)
		sum += n
	}
	require.Len(t, starts, want)
	return sum
}

var readingESPI = regexp.MustCompile(`<espi:timePeriod><espi:duration>(\d+)</espi:duration><espi:start>(\d+)</espi:start></espi:timePeriod><espi:value>(\d+)</espi:value>`)

// autumnESPI adds up the readings of all registers.
func (b *browser) autumnESPI(t *testing.T, query string, want int) (sum int64) {
	starts := map[string]bool{}
	for _, r := range readingESPI.FindAllStringSubmatch(b.get("/nl/consumption.xml"+query).body, -1) {
		require.Equal(t, map[int]string{25: "3600", 100: "900"}[want], r[1])
		starts[r[2]] = true
		n, err := strconv.ParseInt(r[3], 10, 64)
		require.NoError(t, err)
		require.Less(t, n, int64(math.MaxInt32))
		sum += n
	}
	require.Len(t, starts, want)
	return sum
}

// printed is a PDF's text, its blanks made one.
func printed(t *testing.T, pdf string) string {
	file := filepath.Join(t.TempDir(), "letter.pdf")
	require.NoError(t, os.WriteFile(file, []byte(pdf), 0o600))
	text, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	require.NoError(t, err)
	return strings.Join(strings.Fields(plainSpaces(string(text))), " ")
}
