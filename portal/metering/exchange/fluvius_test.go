package exchange

import (
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func mustRead(t *testing.T, text string, o Options) File {
	t.Helper()
	f, err := ReadFluvius(strings.NewReader(text), o)
	require.NoError(t, err)
	return f
}

// sumOf adds the generated readings up by themselves.
func sumOf(readings []reading) map[string]int64 {
	sums := map[string]int64{}
	for _, r := range readings {
		if r.volume == "" {
			continue
		}
		n := int64(0)
		for _, c := range strings.Replace(r.volume, ".", "", 1) {
			n = n*10 + int64(c-'0')
		}
		sums[r.register+" "+r.unit] += n
	}
	return sums
}

var registerOf = map[string]metering.Register{"Offtake Day kWh": metering.OfftakePeak, "Offtake Night kWh": metering.OfftakeOffPeak,
	"Injection Day kWh": metering.InjectionPeak, "Injection Night kWh": metering.InjectionOffPeak,
	"Offtake m³": metering.GasVolume, "Offtake kWh": metering.GasEnergy}

func TestSumsAreThoseOfTheRows(t *testing.T) {
	for name, readings := range map[string][]reading{
		"electricity in autumn": electricity(portal.Date(2023, 10, 27), portal.Date(2023, 10, 31)),
		"electricity in spring": electricity(portal.Date(2024, 3, 30), portal.Date(2024, 4, 2)),
		"gas in autumn":         gas(portal.Date(2023, 10, 27), portal.Date(2023, 10, 31)),
	} {
		t.Run(name, func(t *testing.T) {
			f := mustRead(t, english().write(readings), Options{})
			want := sumOf(readings)
			require.Len(t, f.Summary.Sums, len(want))
			days := map[metering.Register]int64{}
			for _, d := range f.Days {
				for _, v := range d.Values {
					days[d.Register] += v.Amount
				}
			}
			for row, amount := range want {
				r := registerOf[row]
				require.Equal(t, amount, days[r], row)
				for _, s := range f.Summary.Sums {
					if s.Register == r {
						require.Equal(t, amount, s.Amount, row)
					}
				}
			}
			require.Equal(t, len(readings), f.Summary.Rows)
			require.True(t, readings[0].from.Equal(f.Summary.From))
			require.True(t, readings[len(readings)-1].to.Equal(f.Summary.To))
		})
	}
}

// D4: 92, 96 and 100 quarter-hours, each where it belongs.
func TestDaysOfTheChangingClock(t *testing.T) {
	for name, c := range map[string]struct {
		readings []reading
		date     time.Time
		unusual  DaySlots
	}{
		"autumn":     {electricity(portal.Date(2023, 10, 28), portal.Date(2023, 10, 31)), portal.Date(2023, 10, 29), DaySlots{Slots: 100, Ordinary: 96}},
		"spring":     {electricity(portal.Date(2024, 3, 30), portal.Date(2024, 4, 2)), portal.Date(2024, 3, 31), DaySlots{Slots: 92, Ordinary: 96}},
		"gas autumn": {gas(portal.Date(2023, 10, 28), portal.Date(2023, 10, 31)), portal.Date(2023, 10, 29), DaySlots{Slots: 25, Ordinary: 24}},
	} {
		for _, backward := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				form := english()
				form.backward = backward
				f := mustRead(t, form.write(c.readings), Options{})
				c.unusual.Date = c.date
				require.Equal(t, []DaySlots{c.unusual}, f.Summary.Unusual)
				at := map[metering.Register]map[int64]metering.Slot{}
				for _, d := range f.Days {
					length := d.Date.AddDate(0, 0, 1).Sub(d.Date) / time.Duration(len(d.Values))
					for i, v := range d.Values {
						if at[d.Register] == nil {
							at[d.Register] = map[int64]metering.Slot{}
						}
						at[d.Register][d.Date.Add(length*time.Duration(i)).Unix()] = v
					}
				}
				for _, r := range c.readings {
					slot, ok := at[registerOf[r.register+" "+r.unit]][r.from.Unix()]
					require.True(t, ok)
					require.False(t, slot.Absent)
					want := sumOf([]reading{r})[r.register+" "+r.unit]
					require.Equal(t, want, slot.Amount, "%s %s", r.register, r.from.In(portal.Brussels))
				}
			})
		}
	}
}

// Must-show 2: other languages, separators, orders and encodings give the same.
func TestEveryFormOfTheFamilyReadsTheSame(t *testing.T) {
	windows := func(s string) string {
		b, err := charmap.Windows1252.NewEncoder().String(strings.TrimPrefix(s, "\ufeff"))
		require.NoError(t, err)
		return b
	}
	wide := func(s string) string {
		b, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.TrimPrefix(s, "\ufeff"))
		require.NoError(t, err)
		return b
	}
	same := func(s string) string { return s }
	for _, readings := range [][]reading{electricity(portal.Date(2023, 10, 28), portal.Date(2023, 11, 1)), gas(portal.Date(2024, 3, 29), portal.Date(2024, 4, 2))} {
		want := mustRead(t, english().write(readings), Options{})
		for name, c := range map[string]struct {
			form   form
			encode func(string) string
		}{
			"dutch": {dutch(), same}, "french": {french(), same}, "german": {german(), same},
			"french windows": {french(), windows}, "german wide": {german(), wide}, "dutch wide": {dutch(), wide},
		} {
			t.Run(name, func(t *testing.T) {
				require.Equal(t, want, mustRead(t, c.encode(c.form.write(readings)), Options{}))
			})
		}
	}
}

func TestASlotOfNoBandIsMissing(t *testing.T) {
	readings := electricity(portal.Date(2024, 1, 8), portal.Date(2024, 1, 11))
	hole := readings[96*2+10 : 96*2+12] // both directions of 01:15 on the second day
	at := hole[0].from
	readings = append(readings[:96*2+10:96*2+10], readings[96*2+12:]...)
	f := mustRead(t, english().write(readings), Options{})
	require.Len(t, f.Days, 3*4)
	missing := 0
	for _, d := range f.Days {
		for i, v := range d.Values {
			if !v.Absent && v.Quality == metering.Missing {
				require.Equal(t, at, d.Date.Add(time.Duration(i)*15*time.Minute))
				missing++
			}
		}
	}
	require.Equal(t, 4, missing)
}

func TestGasDayBeginsAtSix(t *testing.T) {
	f := mustRead(t, english().write(gas(portal.Date(2024, 1, 8), portal.Date(2024, 1, 10))), Options{})
	require.Equal(t, []time.Time{portal.Date(2024, 1, 8)}, f.Summary.Partial)
	require.Equal(t, metering.GasEnergy, f.Days[0].Register)
	for i, v := range f.Days[0].Values {
		require.Equal(t, i < 6, v.Quality == metering.Missing, i)
	}
}

func TestDailyTotalsOfBothBandsStandSideBySide(t *testing.T) {
	day := portal.Date(2023, 10, 29)
	f := mustRead(t, english().write([]reading{
		{day, day.AddDate(0, 0, 1), "Offtake Day", "kWh", "5.100", "Read"},
		{day, day.AddDate(0, 0, 1), "Offtake Night", "kWh", "7", "Estimated"}}), Options{})
	require.Len(t, f.Days, 2)
	require.EqualValues(t, 7000, f.Days[0].Values[0].Amount)
	require.Empty(t, f.Summary.Unusual)
}

// A wrong line is refused with its number, its column and a reason.
func TestRefusedByLine(t *testing.T) {
	header := "From (date);From (time);Until (date);Until (time);EAN code;Meter;Register;Volume;Unit;Validation status\n"
	row := "08/01/2024;01:00:00;08/01/2024;02:00:00;541499000000123455;1SAG1234567890;Offtake;1,5;kWh;Read\n"
	change := func(old, new string) string {
		return header + row + strings.Replace(strings.Replace(row, "01:00:00;08/01/2024;02", "02:00:00;08/01/2024;03", 1), old, new, 1)
	}
	for name, c := range map[string]struct {
		text   string
		line   int
		column string
		reason string
	}{
		"empty":               {"", 1, "", "empty"},
		"only a header":       {header, 2, "", "no rows"},
		"foreign":             {"name;town\na;b\n", 1, "", "no column for start date"},
		"two meanings":        {strings.Replace(header, "Meter", "EAN", 1) + row, 1, "EAN", "so does"},
		"check digit":         {change("123455", "123456"), 3, "EAN code", "check digit"},
		"short EAN":           {change("541499000000123455", "54149900"), 3, "EAN code", "8 digits"},
		"date":                {change("08/01/2024;02", "31/02/2024;02"), 3, "From (date)", "not a date"},
		"time":                {change("02:00:00", "25:00:00"), 3, "From (time)", "not a time"},
		"backwards":           {change("03:00:00", "01:00:00"), 3, "", "ends before"},
		"no number":           {change("1,5", "abc"), 3, "Volume", "not a number"},
		"negative":            {change("1,5", "-1,5"), 3, "Volume", "negative"},
		"four decimals":       {change("1,5", "1,5001"), 3, "Volume", "more than three decimals"},
		"register":            {change("Offtake", "Reactive"), 3, "Register", "no register"},
		"reactive offtake":    {change("Offtake", "Offtake Reactive"), 3, "Register", "no register"},
		"unit":                {change("kWh", "MWh"), 3, "Unit", "not kWh"},
		"status":              {change("Read", "Guessed"), 3, "Validation status", "no status"},
		"value of nothing":    {change("Read", "No consumption"), 3, "Volume", "contradicts"},
		"too few columns":     {header + row + "08/01/2024;02:00\n", 3, "", "has 2 columns"},
		"twice":               {header + row + row, 3, "", "same interval of the same register as line 2"},
		"band and total":      {header + row + strings.Replace(row, "Offtake", "Offtake Day", 1), 3, "", "a band beside its total"},
		"half hours":          {header + strings.Replace(row, "02:00:00", "01:30:00", 1), 2, "", "interval of 30m"},
		"mixed lengths":       {change("03:00:00", "02:15:00"), 3, "", "in a day of intervals"},
		"off the grid":        {header + strings.Replace(strings.Replace(row, "01:00", "01:05", 1), "02:00", "02:05", 1), 2, "", "does not begin"},
		"no such hour":        {header + strings.NewReplacer("08/01", "31/03", "01:00:00", "02:00:00", "02:00:00", "03:00:00").Replace(row), 2, "", "does not exist"},
		"which of the two":    {header + strings.NewReplacer("08/01/2024", "29/10/2023", "01:00:00", "02:00:00", "02:00:00", "03:00:00").Replace(row), 2, "", "stands twice"},
		"gas with bands":      {header + strings.NewReplacer("kWh", "m³", "Offtake", "Offtake Day").Replace(row), 2, "Register", "gas has no bands"},
		"a mistyped year":     {header + row + strings.ReplaceAll(row, "2024", "2042"), 3, "", "is its date right"},
		"a month in one line": {header + strings.NewReplacer("01:00:00;08/01/2024;02:00:00", "00:00;08/02/2024;00:00").Replace(row), 2, "", "an interval of"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadFluvius(strings.NewReader(c.text), Options{})
			var refused *Refused
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.line, refused.Lines[0].Line, err.Error())
			require.Equal(t, c.column, refused.Lines[0].Column)
			require.Contains(t, refused.Lines[0].Reason, c.reason)
			require.NotContains(t, err.Error(), "541499", "G12")
		})
	}
}

func TestForEANTakesAFileOfExactlyOne(t *testing.T) {
	text := french().write(electricity(portal.Date(2024, 1, 8), portal.Date(2024, 1, 9)))
	dummy := strings.ReplaceAll(text, string(testEAN), "123456879123456789")
	f := mustRead(t, dummy, Options{ForEAN: testEAN})
	require.Equal(t, mustRead(t, text, Options{}), f)
	_, err := ReadFluvius(strings.NewReader(strings.Replace(dummy, "123456879123456789", "999", 1)), Options{ForEAN: testEAN})
	require.ErrorContains(t, err, "line 3")
	_, err = ReadFluvius(strings.NewReader(dummy), Options{})
	require.ErrorContains(t, err, "line 2")
	require.ErrorContains(t, err, "check digit is wrong")
	require.ErrorContains(t, err, "--for")
}

// L16: a file that names somebody else's access point enters only where the
// operator confirms it.
func TestForEANTellsARealOtherPoint(t *testing.T) {
	text := french().write(electricity(portal.Date(2024, 1, 8), portal.Date(2024, 1, 9)))
	other := Options{ForEAN: "549999000000000016"}
	f := mustRead(t, text, other)
	require.Equal(t, other.ForEAN, f.Days[0].EAN)
	require.EqualValues(t, "541499", f.Summary.Named[:6])
	require.Empty(t, mustRead(t, text, Options{ForEAN: f.Summary.Named}).Summary.Named, "it is the same")
	dummy := strings.ReplaceAll(text, string(f.Summary.Named), "123456879123456789")
	require.Empty(t, mustRead(t, dummy, other).Summary.Named)
}

func TestARefusalListsAHundredReasons(t *testing.T) {
	text := strings.ReplaceAll(english().write(electricity(portal.Date(2024, 1, 8), portal.Date(2024, 1, 9))), "kWh", "MWh")
	_, err := ReadFluvius(strings.NewReader(text), Options{})
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Lines, 100)
	require.Equal(t, 92, refused.More)
}

// TestAReasonIsShortHoweverLongTheCell: a terminal or a log gets a line, not
// the file.
func TestAReasonIsShortHoweverLongTheCell(t *testing.T) {
	text := strings.ReplaceAll(english().write(electricity(portal.Date(2024, 1, 8), portal.Date(2024, 1, 9))), "kWh", strings.Repeat("é", 20_000))
	_, err := ReadFluvius(strings.NewReader(text), Options{})
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	require.Less(t, len(refused.Lines[0].Reason), 1000)
	require.Contains(t, refused.Lines[0].Reason, "is not kWh or m³")
}

// A file whose line has no end is refused by that line before its cells are split.
func TestALineHasAnEnd(t *testing.T) {
	text := english().write(electricity(portal.Date(2024, 1, 8), portal.Date(2024, 1, 9)))
	for at, text := range map[int]string{1: strings.Repeat("Volume;", 100_000), 4: strings.Join(append(strings.SplitAfter(text, "\n")[:3], strings.Repeat(";", 70_000)), "")} {
		_, err := ReadFluvius(strings.NewReader(text), Options{})
		var refused *Refused
		require.ErrorAs(t, err, &refused)
		require.Len(t, refused.Lines, 1)
		require.Equal(t, at, refused.Lines[0].Line)
		require.Contains(t, refused.Lines[0].Reason, "longer than")
	}
}

// D4: a day that lacks some of its intervals is named, also in the middle of a
// file and in the hour that comes twice: what is not in it is not said to be.
func TestADayWithAHoleIsNamed(t *testing.T) {
	all := electricity(portal.Date(2023, 10, 27), portal.Date(2023, 11, 1))
	for name, hole := range map[string]portal.Period{
		"an hour":                       {From: portal.Date(2023, 10, 28).Add(3 * time.Hour), To: portal.Date(2023, 10, 28).Add(4 * time.Hour)},
		"both passes":                   {From: portal.Date(2023, 10, 29).Add(2 * time.Hour), To: portal.Date(2023, 10, 29).Add(4 * time.Hour)},
		"the end of a day":              {From: portal.Date(2023, 10, 30).Add(23 * time.Hour), To: portal.Date(2023, 10, 31)},
		"the last quarter of the whole": {From: portal.Date(2023, 11, 1).Add(-15 * time.Minute), To: portal.Date(2023, 11, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			var kept []reading
			for _, r := range all {
				if !hole.Contains(r.from) {
					kept = append(kept, r)
				}
			}
			f := mustRead(t, english().write(kept), Options{})
			y, m, d := hole.From.In(portal.Brussels).Date()
			require.Equal(t, []time.Time{portal.Date(y, m, d)}, f.Summary.Partial)
		})
	}
	require.Empty(t, mustRead(t, english().write(all), Options{}).Summary.Partial)
}

func FuzzReadFluvius(f *testing.F) {
	for _, form := range []form{english(), dutch(), french(), german()} {
		f.Add(form.write(electricity(portal.Date(2023, 10, 29), portal.Date(2023, 10, 29).Add(5*time.Hour))))
		f.Add(form.write(gas(portal.Date(2024, 3, 30), portal.Date(2024, 3, 31).Add(5*time.Hour))))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := ReadFluvius(strings.NewReader(text), Options{})
		if err != nil {
			return
		}
		rows, days := int64(0), int64(0)
		for _, s := range file.Summary.Sums {
			rows += s.Amount
		}
		for _, d := range file.Days {
			_, err := metering.AppendPacked(nil, d.Values, d.Lost)
			require.NoError(t, err)
			for _, v := range d.Values {
				days += v.Amount
			}
		}
		require.Equal(t, rows, days)
	})
}
