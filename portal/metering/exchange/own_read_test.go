package exchange

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
)

func ownCSV(t *testing.T, s metering.Series) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, WriteCSV(&b, s, Words{Mark: "Confidential", Lines: []string{"My consumption"}, From: "From", Until: "Until (excluded)", EAN: "EAN code",
		Register: "Register", Amount: "Amount", Unit: "Unit", Quality: "Origin", YearBefore: "a year earlier"}))
	return b.String()
}

func own(text string) (File, error) {
	return ReadOwn(strings.NewReader(text), Options{ForEAN: testEAN})
}

// Must-show 2: each interval comes back where it was, at every grain down to
// quarter-hours and over the changes of the clock (D4).
func TestOwnCSVReadsBack(t *testing.T) {
	quarter := func(t time.Time) time.Time { return t.Add(15 * time.Minute) }
	all := everySeries()
	all["quarter-hours"] = series(metering.ByQuarter, portal.Date(2023, 10, 28), 96+100+96, quarter, metering.OfftakePeak, metering.OfftakeOffPeak)
	all["spring"] = series(metering.ByQuarter, portal.Date(2024, 3, 30), 96+92+96, quarter, metering.OfftakeTotal)
	for _, name := range []string{"days", "gas", "hours", "quarter-hours", "spring"} {
		t.Run(name, func(t *testing.T) {
			s := all[name]
			f, err := own(ownCSV(t, s))
			require.NoError(t, err)
			require.Equal(t, len(s.Points)*len(s.Registers), f.Summary.Rows)
			type at struct {
				register metering.Register
				start    int64
			}
			got := map[at]metering.Slot{}
			for _, d := range f.Days {
				require.Equal(t, testEAN, d.EAN)
				length := d.Date.AddDate(0, 0, 1).Sub(d.Date) / time.Duration(len(d.Values))
				for i, v := range d.Values {
					got[at{d.Register, d.Date.Add(length * time.Duration(i)).Unix()}] = v
				}
			}
			for _, p := range s.Points {
				for _, r := range s.Registers {
					v, there := got[at{r, p.Period.From.Unix()}]
					require.Equal(t, p.Amounts.Of(r), v.Amount)
					require.Equal(t, p.Gap != metering.NoGap, !there || v.Quality == metering.Missing)
					require.Equal(t, p.Estimated(), v.Quality == metering.Estimated)
				}
			}
		})
	}
	f, err := own(ownCSV(t, all["months"]))
	require.NoError(t, err)
	require.Empty(t, f.Days)
	require.Len(t, f.Totals, 13, "15 months, 2 of them gaps")
	require.True(t, f.Totals[3].Estimated)
}

// A part is missing; a point that changed from its total to two bands.
func TestOwnCSVKeepsWhatIsIncompleteAndCountsNothingTwice(t *testing.T) {
	s := series(metering.ByDay, portal.Date(2024, 1, 1), 3, nextDay, metering.OfftakePeak, metering.OfftakeOffPeak, metering.OfftakeTotal)
	s.Points[0].Amounts = metering.Amounts{0, 0, 5}
	s.Points[1].Amounts, s.Points[1].MissingDays = metering.Amounts{0, 7, 0}, 1
	s.Points[2].Amounts, s.Points[2].Gap = metering.Amounts{}, metering.GapMissing
	f, err := own(ownCSV(t, s))
	require.NoError(t, err)
	var amount, lost int64
	for _, d := range f.Days {
		amount, lost = amount+d.Values[0].Amount, lost+int64(d.Lost)
	}
	require.EqualValues(t, 12, amount)
	require.EqualValues(t, 2, lost, "both bands of the second day")
}

// A register that did not count comes back as one that did not: neither zero
// nor owed, at every grain and in every language.
func TestOwnCSVReadsABandThatDidNotCount(t *testing.T) {
	bands := []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak}
	s := series(metering.ByHour, portal.Date(2024, 1, 1), 48, nextHour, bands...)
	for i := range s.Points {
		other := bands[i%2]
		s.Points[i].Silent, s.Points[i].Gap, s.Points[i].EstimatedDays, s.Points[i].MissingDays = metering.RegisterSet(0).With(other), metering.NoGap, 0, 0
		place := slices.Index(metering.Registers[:], other)
		s.Points[i].Amounts[place] = 0
		if i >= 24 { // all of the second day is off-peak
			s.Points[i].Silent = metering.RegisterSet(0).With(metering.OfftakePeak)
			s.Points[i].Amounts = metering.Amounts{0, 7}
		}
	}
	text := ownCSV(t, s)
	for _, word := range []string{"silent", "sans valeur", "ohne Wert", "geen waarde", "no value"} {
		f, err := own(strings.ReplaceAll(text, ";silent;", ";"+word+";"))
		require.NoError(t, err)
		require.Equal(t, 96, f.Summary.Rows)
		require.Len(t, f.Days, 3, "the peak of the second day is no day")
		for _, d := range f.Days {
			for i, v := range d.Values {
				p := s.Points[i]
				if d.Date.Day() == 2 {
					p = s.Points[24+i]
				}
				require.Equal(t, p.Silent.Has(d.Register), v.Absent)
				require.Equal(t, p.Amounts.Of(d.Register), v.Amount)
			}
		}
	}
	months := series(metering.ByMonth, portal.Date(2024, 2, 1), 2, nextMonth, bands...)
	months.Points[0].Silent, months.Points[0].Amounts = metering.RegisterSet(0).With(metering.OfftakePeak), metering.Amounts{0, 7}
	f, err := own(ownCSV(t, months))
	require.NoError(t, err)
	require.Len(t, f.Totals, 3)
	_, err = own(strings.Replace(ownCSV(t, months), ";;kWh;silent", ";1,000;kWh;silent", 1))
	require.ErrorContains(t, err, `"silent" is no status`)
}

func TestOwnCSVIsRefusedByLine(t *testing.T) {
	good := ownCSV(t, series(metering.ByDay, portal.Date(2024, 1, 1), 3, nextDay, metering.OfftakeTotal))
	months := ownCSV(t, series(metering.ByMonth, portal.Date(2024, 1, 1), 3, nextMonth, metering.OfftakeTotal))
	swap := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	for name, c := range map[string]struct{ text, says string }{
		"no offset":        {swap("2024-01-02T00:00:00+01:00;2024-01-03T00:00:00+01:00", "2024-01-02T00:00:00;2024-01-03T00:00:00+01:00"), `line 5, column "From": "2024-01-02T00:00:00" is not a time with its offset`},
		"another point":    {swap("--34 55", "--34 56"), `line 4, column "EAN code": is of another access point`},
		"another unit":     {swap("kWh", "m³"), `line 4, column "Unit"`},
		"a register":       {swap(";offtake;", ";sideways;"), `line 4, column "Register": "sideways" is no register`},
		"a quality":        {swap(";complete;", ";guessed;"), `line 4, column "Origin": "guessed" is no status`},
		"a number":         {swap("1,100", "1,1000001"), `line 5, column "Amount"`},
		"a negative":       {swap("1,100", "-1,100"), `line 5, column "Amount": "-1,100" is negative`},
		"a day twice":      {good + good[strings.LastIndex(strings.TrimSpace(good), "\n")+1:], `line 7: the same interval of the same register as line 6`},
		"back to front":    {swap("2024-01-02T00:00:00+01:00;2024-01-03", "2024-01-03T00:00:00+01:00;2024-01-02"), `line 5, column "Until (excluded)": the interval ends before`},
		"a column less":    {swap("\r\n2024-01-02", "\r\n;2024-01-02"), `line 5: has 9 columns, the header has 8`},
		"no header":        {good[:3] + good[strings.Index(good, "2024"):], "line 1: not a CSV of this portal: no column for start"},
		"only comments":    {good[:strings.Index(good, "From;")], "line 1: the file is empty"},
		"no rows":          {good[:strings.Index(good, "2024")], "line 2: the file has no rows"},
		"another century":  {swap("2024-01-02T00:00:00+01:00;2024-01-03", "1924-01-02T00:00:00+01:00;2024-01-03"), `is not in this century`},
		"months overlap":   {strings.Replace(months, "2024-02-01T00:00:00+01:00;2024-03", "2024-01-31T00:00:00+01:00;2024-03", 1), "line 5: counts again what line 4 counts"},
		"not at midnight":  {strings.Replace(months, "2024-01-01T00:00:00+01:00", "2024-01-01T01:00:00+01:00", 1), "line 4: a period longer than a day begins and ends at midnight"},
		"incomplete hours": {strings.ReplaceAll(ownCSV(t, series(metering.ByHour, portal.Date(2024, 1, 1), 1, nextHour, metering.OfftakeTotal)), "complete", "partial"), "line 4: an incomplete value shorter than a day"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := own(c.text)
			var refused *Refused
			require.True(t, errors.As(err, &refused), "%v", err)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, f.Days)
			require.Empty(t, f.Totals)
		})
	}
	_, err := ReadOwn(strings.NewReader(good), Options{})
	require.ErrorContains(t, err, "the EAN is masked; say with --for EAN")
	require.Equal(t, 1, strings.Count(err.Error(), "masked"), "said once, not by line")
	_, err = own(strings.ReplaceAll(good, testEAN.Masked(), string(testEAN)))
	require.NoError(t, err)
	_, err = own(strings.ReplaceAll(good, testEAN.Masked(), "541499000000123998"))
	require.Error(t, err)
}

func FuzzOwnCSV(f *testing.F) {
	var b bytes.Buffer
	_ = WriteCSV(&b, shortSeries(), Words{From: "From", Until: "Until", EAN: "EAN", Register: "Register", Amount: "Amount", Unit: "Unit", Quality: "Origin"})
	f.Add(b.String())
	f.Fuzz(func(t *testing.T, text string) {
		file, err := own(text)
		var refused *Refused
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if err != nil && (len(refused.Lines) == 0 || len(file.Days)+len(file.Totals) > 0) {
			t.Fatal("refused without a reason, or half read")
		}
	})
}

// Must-show 2: a file of several access points comes back whole, and what it
// gives is written as the same bytes; whose a row is, nobody guesses.
func TestOwnCSVOfSeveralPoints(t *testing.T) {
	first := series(metering.ByDay, portal.Date(2024, 1, 1), 3, nextDay, metering.OfftakeTotal)
	second := series(metering.ByDay, portal.Date(2024, 1, 1), 4, nextDay, metering.OfftakePeak, metering.OfftakeOffPeak)
	second.EAN = "541449000000000027"
	words := Words{Mark: "Confidential", From: "From", Until: "Until (excluded)", EAN: "EAN code",
		Register: "Register", Amount: "Amount", Unit: "Unit", Quality: "Origin", YearBefore: "a year earlier"}
	var b bytes.Buffer
	require.NoError(t, WriteCSVs(&b, []metering.Series{first, second}, words))
	f, err := ReadOwn(bytes.NewReader(b.Bytes()), Options{ForEAN: second.EAN, Also: []portal.EAN{testEAN}})
	require.NoError(t, err)
	require.Equal(t, 3+2*4, f.Summary.Rows)
	again := []metering.Series{first, second}
	for i, s := range again { // the series that the days make
		s.Points = append([]metering.Point(nil), s.Points...)
		for n := range s.Points {
			s.Points[n].Amounts = metering.Amounts{}
			for _, d := range f.Days {
				if at := slices.Index(metering.Registers[:], d.Register); d.EAN == s.EAN && d.Date.Equal(s.Points[n].Period.From) {
					s.Points[n].Amounts[at] += d.Values[0].Amount
				}
			}
		}
		again[i] = s
	}
	var c bytes.Buffer
	require.NoError(t, WriteCSVs(&c, again, words))
	require.Equal(t, b.String(), c.String())
	for name, o := range map[string]Options{"one of them is not named": {ForEAN: testEAN}, "two that look alike": {ForEAN: testEAN, Also: []portal.EAN{testEAN, second.EAN}}} {
		_, err := ReadOwn(bytes.NewReader(b.Bytes()), o)
		var refused *Refused
		require.True(t, errors.As(err, &refused), name)
	}
	months := series(metering.ByMonth, portal.Date(2024, 1, 1), 3, nextMonth, metering.OfftakeTotal)
	others := months
	others.EAN = second.EAN
	b.Reset()
	require.NoError(t, WriteCSVs(&b, []metering.Series{months, others}, words))
	f, err = ReadOwn(&b, Options{ForEAN: testEAN, Also: []portal.EAN{second.EAN}})
	require.NoError(t, err)
	require.Len(t, f.Totals, 6, "the same months of two points are no rivals")
}
