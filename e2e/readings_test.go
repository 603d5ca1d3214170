package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
)

var brussels = func() *time.Location {
	l, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		panic(err)
	}
	return l
}()

// row is one line of a file of the family, in the order of English files.
type row struct {
	from, until             time.Time
	register, unit, status  string
	volume                  string
	meter, kind, ean, notes string
}

// autumn makes the rows of the days around the clock's change in autumn 2023:
// quarter-hours of four registers, one of them without any value at times.
func autumn() (rows []row) {
	at := time.Date(2023, 10, 27, 0, 0, 0, 0, brussels)
	end := time.Date(2023, 10, 31, 0, 0, 0, 0, brussels)
	for n := 0; at.Before(end); n++ {
		band := "Night"
		if h := at.In(brussels).Hour(); h >= 7 && h < 22 && at.In(brussels).Weekday()%6 != 0 {
			band = "Day"
		}
		for i, direction := range []string{"Offtake", "Injection"} {
			r := row{from: at, until: at.Add(15 * time.Minute), register: direction + " " + band, unit: "kWh",
				status: "Read", meter: "1SAG1234567890", kind: "Digital meter", ean: "123456879123456789"}
			r.volume = fmt.Sprintf("%d,%03d", (n*7+i)%3, (n*131+i*17)%1000)
			switch {
			case n%50 == 9:
				r.status = "Estimated"
			case n%60 == 11:
				r.status = "Validated"
			case n%70 == 13:
				r.volume, r.status = "", "No consumption"
			}
			rows = append(rows, r)
		}
		at = at.Add(15 * time.Minute)
	}
	return rows
}

// style is how one operator writes such a file.
type style struct {
	header []string
	words  map[string]string
	date   string
	order  []int
	quote  func(string) string
}

var (
	english = style{
		header: []string{"From (date)", "From (time)", "Until (date)", "Until (time)", "EAN code", "Meter", "Meter type", "Register", "Volume", "Unit", "Validation status", "Description"},
		date:   "02/01/2006", order: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
	}
	dutch = style{
		header: []string{"Van (datum)", "Van (tijdstip)", "Tot (datum)", "Tot (tijdstip)", "EAN-code", "Meter", "Metertype", "Register", "Volume", "Eenheid", "Validatiestatus", "Omschrijving"},
		words: map[string]string{"Offtake Day": "Afname Dag", "Offtake Night": "Afname Nacht", "Injection Day": "Injectie Dag", "Injection Night": "Injectie Nacht",
			"Read": "Uitgelezen", "Validated": "Gevalideerd", "Estimated": "Geschat", "No consumption": "Geen verbruik", "Digital meter": "Digitale meter"},
		date: "02-01-2006", order: []int{8, 10, 4, 0, 1, 7, 2, 3, 9, 11, 5, 6},
	}
)

func (s style) file(t *testing.T, rows []row) string {
	t.Helper()
	say := func(word string) string {
		if other, ok := s.words[word]; ok {
			return other
		}
		return word
	}
	var b strings.Builder
	b.WriteString("\ufeff")
	write := func(fields []string) {
		for i, from := range s.order {
			if i > 0 {
				b.WriteByte(';')
			}
			b.WriteString(fields[from])
		}
		b.WriteString("\r\n")
	}
	write(s.header)
	for _, r := range rows {
		from, until := r.from.In(brussels), r.until.In(brussels)
		write([]string{from.Format(s.date), from.Format("15:04:05"), until.Format(s.date), until.Format("15:04:05"),
			`="` + r.ean + `"`, r.meter, say(r.kind), say(r.register), r.volume, r.unit, say(r.status), r.notes})
	}
	file := filepath.Join(t.TempDir(), "readings.csv")
	require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
	return file
}

// imported is what the command tells of a file with --json.
type imported struct {
	Rows int `json:"rows"`
	Sums []struct {
		Register string `json:"register"`
		Amount   string `json:"amount"`
		Unit     string `json:"unit"`
	} `json:"sums"`
	Unusual []struct {
		Date      string `json:"date"`
		Intervals int    `json:"intervals"`
	} `json:"unusual_days"`
	Days struct{ New, Changed, Unchanged, Months int } `json:"days"`
}

func (i imported) amounts() (all []string) {
	for _, s := range i.Sums {
		all = append(all, s.Amount+" "+s.Unit)
	}
	slices.Sort(all)
	return all
}

func (i imported) unusual() (days []string) {
	for _, d := range i.Unusual {
		days = append(days, fmt.Sprintf("%s %d", d.Date, d.Intervals))
	}
	return days
}

// sums adds the file's own rows, per register and unit, in thousandths.
func sums(t *testing.T, file string) (amounts []string, rows int) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
	r.Comma, r.LazyQuotes = ';', true
	lines, err := r.ReadAll()
	require.NoError(t, err)
	column := func(name string) int {
		i := slices.Index(lines[0], name)
		require.GreaterOrEqual(t, i, 0, name)
		return i
	}
	register, volume, unit := column("Register"), column("Volume"), column("Unit")
	total := map[string]int64{}
	for _, l := range lines[1:] {
		var n int64
		if l[volume] != "" {
			whole, part, _ := strings.Cut(l[volume], ",")
			n, err = strconv.ParseInt(whole+(part + "000")[:3], 10, 64)
			require.NoError(t, err)
			require.LessOrEqual(t, len(part), 3, "more than thousandths")
		}
		total[l[register]+"|"+l[unit]] += n
	}
	for name, n := range total {
		_, u, _ := strings.Cut(name, "|")
		amounts = append(amounts, fmt.Sprintf("%d.%03d %s", n/1000, n%1000, u))
	}
	slices.Sort(amounts)
	return amounts, len(lines) - 1
}

// Must-show 2: totals equal the file's own sums exactly, whatever the file's
// language and order; a second import changes nothing; a foreign file is
// refused by line.
func TestReadings(t *testing.T) {
	t.Parallel()
	p := rig.Demo(t)
	require.Zero(t, p.Stop(t), p.Tail())
	electricity := firstOf(t, p, "electricity")
	load := func(file, ean string, more ...string) (imported, rig.Result) {
		r := rig.Run(t, p.Dir, p.Settings, append([]string{"import", "readings", "--format", "fluvius", "--json", "--for", ean, file}, more...)...)
		var i imported
		if r.Status == 0 {
			require.NoError(t, json.Unmarshal([]byte(r.Out), &i), r.Out)
		}
		return i, r
	}
	file := english.file(t, autumn())
	want, rows := sums(t, file)

	t.Run("dry run writes nothing", func(t *testing.T) {
		i, r := load(file, electricity.EAN, "--dry-run")
		require.Zero(t, r.Status, r.Err)
		require.Equal(t, want, i.amounts())
		require.Equal(t, "0", rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = 'readings.loaded' AND details LIKE '%readings.csv%'`))
	})
	t.Run("totals equal the rows", func(t *testing.T) {
		i, r := load(file, electricity.EAN)
		require.Zero(t, r.Status, r.Err)
		require.Equal(t, rows, i.Rows)
		require.Equal(t, want, i.amounts())
		require.Equal(t, []string{"2023-10-29 100"}, i.unusual())
		require.Positive(t, i.Days.New+i.Days.Changed)
	})
	t.Run("a second import changes nothing", func(t *testing.T) {
		i, r := load(file, electricity.EAN)
		require.Zero(t, r.Status, r.Err)
		require.Zero(t, i.Days.New+i.Days.Changed)
		require.Equal(t, want, i.amounts())
	})
	t.Run("another operator's hand", func(t *testing.T) {
		i, r := load(dutch.file(t, autumn()), electricity.EAN)
		require.Zero(t, r.Status, r.Err)
		require.Equal(t, want, i.amounts())
		require.Equal(t, []string{"2023-10-29 100"}, i.unusual())
		require.Zero(t, i.Days.New+i.Days.Changed, "the same readings")
	})
	t.Run("refused by line", func(t *testing.T) {
		for name, c := range map[string]struct {
			change func([]row) []row
			says   string
		}{
			"a volume that is no number": {func(r []row) []row { r[3].volume = "12,x"; return r }, "line 5"},
			"an unknown register":        {func(r []row) []row { r[4].register = "Sideways"; return r }, "line 6"},
			"an unknown status":          {func(r []row) []row { r[5].status = "Guessed"; return r }, "line 7"},
			"an unknown unit":            {func(r []row) []row { r[6].unit = "kcal"; return r }, "line 8"},
			"a row twice":                {func(r []row) []row { return append(r[:10:10], r[9:]...) }, "line "},
		} {
			days := rig.SQL(t, p.File(), "SELECT count(*), sum(length(packed)) FROM reading_days")
			_, r := load(english.file(t, c.change(autumn())), electricity.EAN)
			require.Equal(t, 1, r.Status, name+r.Out)
			require.Contains(t, r.Err, c.says, name)
			require.Equal(t, days, rig.SQL(t, p.File(), "SELECT count(*), sum(length(packed)) FROM reading_days"), "all or nothing")
		}
		foreign := filepath.Join(t.TempDir(), "foreign.csv")
		require.NoError(t, os.WriteFile(foreign, []byte("Name;Colour\nA;red\n"), 0o600))
		_, r := load(foreign, electricity.EAN)
		require.Equal(t, 1, r.Status)
		require.Contains(t, r.Err, "line 1")
	})
	t.Run("an access point that is none", func(t *testing.T) {
		_, r := load(file, "541449000000000011")
		require.Equal(t, 2, r.Status, r.Out+r.Err)
	})
	// The real files of others, where the project lies beside them.
	for name, energy := range map[string]string{"fluvius_elec_en_15min.csv": "electricity", "fluvius_gas_en_hourly.csv": "gas"} {
		real := filepath.Join(rig.Root, "..", "shared", "samples", name)
		if _, err := os.Stat(real); err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			ean := firstOf(t, p, energy).EAN
			want, rows := sums(t, real)
			i, r := load(real, ean)
			require.Zero(t, r.Status, r.Err)
			require.Equal(t, rows, i.Rows)
			require.Equal(t, want, i.amounts())
			require.Contains(t, i.unusual(), map[string]string{"electricity": "2023-10-29 100", "gas": "2023-10-29 25"}[energy])
			i, r = load(real, ean)
			require.Zero(t, r.Status, r.Err)
			require.Zero(t, i.Days.New+i.Days.Changed)
		})
	}
	p.Restart(t) // what commands wrote gets its place when a sealer is up
	verified(t, p)
}

func firstOf(t *testing.T, p *rig.Portal, energy string) rig.Reference {
	t.Helper()
	for _, r := range p.References {
		if r.Energy == energy {
			return r
		}
	}
	require.FailNow(t, "no reference of that energy", energy)
	return rig.Reference{}
}
