package exchange

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
)

func shortSeries() metering.Series {
	before := metering.Amounts{900_001, 5}
	return metering.Series{EAN: testEAN, Energy: portal.Electricity, Grain: metering.ByMonth,
		Period:    portal.Period{From: portal.Date(2023, 9, 1), To: portal.Date(2023, 12, 1)},
		Registers: []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak},
		Points: []metering.Point{
			{Period: portal.Period{From: portal.Date(2023, 9, 1), To: portal.Date(2023, 10, 1)}, Gap: metering.GapMissing, Days: 30, MissingDays: 30},
			{Period: portal.Period{From: portal.Date(2023, 10, 1), To: portal.Date(2023, 11, 1)}, Amounts: metering.Amounts{1_234_567, 8}, Days: 31, YearBefore: &before},
			{Period: portal.Period{From: portal.Date(2023, 11, 1), To: portal.Date(2023, 12, 1)}, Days: 30, EstimatedDays: 2},
		}}
}

// L20: the mark; G12: the masked EAN; D4: the offset; facts E: no formula.
func TestCSVIsMarkedMaskedAndSafe(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, WriteCSV(&b, shortSeries(), Words{Mark: "Confidentiel", Lines: []string{"Vos consommations;\n\"x\""},
		From: "Du", Until: "Au", EAN: "EAN", Register: "Registre", Amount: "Volume", Unit: "Unité", Quality: "Qualité", YearBefore: "=1+1",
		Registers: map[metering.Register]string{metering.OfftakePeak: "-Heures pleines"}, Qualities: map[string]string{"complete": "complet"}}))
	require.True(t, strings.HasPrefix(b.String(), "\ufeff# Confidentiel\r\n# Vos consommations, 'x'\r\n"), b.String())
	require.NotContains(t, b.String(), string(testEAN))
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff")))
	in.Comma, in.Comment = ';', '#'
	rows, err := in.ReadAll()
	require.NoError(t, err)
	masked := testEAN.Masked()
	require.Equal(t, [][]string{
		{"Du", "Au", "EAN", "Registre", "Volume", "Unité", "Qualité", "'=1+1"},
		{"2023-09-01T00:00:00+02:00", "2023-10-01T00:00:00+02:00", masked, "'-Heures pleines", "", "kWh", "missing", ""},
		{"2023-09-01T00:00:00+02:00", "2023-10-01T00:00:00+02:00", masked, "offtake-offpeak", "", "kWh", "missing", ""},
		{"2023-10-01T00:00:00+02:00", "2023-11-01T00:00:00+01:00", masked, "'-Heures pleines", "1234,567", "kWh", "complet", "900,001"},
		{"2023-10-01T00:00:00+02:00", "2023-11-01T00:00:00+01:00", masked, "offtake-offpeak", "0,008", "kWh", "complet", "0,005"},
		{"2023-11-01T00:00:00+01:00", "2023-12-01T00:00:00+01:00", masked, "'-Heures pleines", "0,000", "kWh", "estimated", ""},
		{"2023-11-01T00:00:00+01:00", "2023-12-01T00:00:00+01:00", masked, "offtake-offpeak", "0,000", "kWh", "estimated", ""},
	}, rows)
	for _, row := range rows {
		for _, cell := range row {
			require.False(t, cell != "" && strings.ContainsRune("=+-@", rune(cell[0])), cell)
		}
	}
}

// A band that did not count has no amount, which is not zero: the page has a
// dash there (D4). What a total that nobody expects counts, is never dropped.
func TestABandThatDidNotCountHasNoAmount(t *testing.T) {
	s := shortSeries()
	s.Points[1].YearBefore = &metering.Amounts{900_001}
	s.Points[1].SilentBefore = metering.RegisterSet(0).With(metering.OfftakePeak).With(metering.OfftakeOffPeak)
	s.Points[1].Silent = metering.RegisterSet(0).With(metering.OfftakePeak).With(metering.OfftakeOffPeak)
	s.Points[2].Silent = metering.RegisterSet(0).With(metering.OfftakePeak)
	var b bytes.Buffer
	require.NoError(t, WriteCSV(&b, s, Words{Register: "Register", Qualities: map[string]string{"silent": "no value"}}))
	require.Contains(t, b.String(), ";offtake-peak;;kWh;no value;")
	require.Contains(t, b.String(), ";offtake-offpeak;0,000;kWh;estimated;")
	require.Contains(t, b.String(), ";offtake-peak;1234,567;kWh;complete;900,001")
	require.Contains(t, b.String(), ";offtake-offpeak;0,008;kWh;complete;\r\n", "nor a year earlier")
	b.Reset()
	require.NoError(t, WriteJSON(&b, s, ""))
	var d document
	require.NoError(t, json.Unmarshal(b.Bytes(), &d))
	require.Equal(t, map[metering.Register]int64{metering.OfftakeOffPeak: 0}, d.Values[2].Amounts)
	require.Equal(t, map[metering.Register]int64{metering.OfftakePeak: 900_001}, d.Values[1].YearBefore)
	b.Reset()
	require.NoError(t, WriteESPI(&b, s, FeedWords{}))
	require.Equal(t, 3, strings.Count(b.String(), "<espi:IntervalReading>"), "of four registers and periods")
}

func TestJSONHasNoAmountInAGap(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, WriteJSON(&b, shortSeries(), "Confidentiel"))
	require.NotContains(t, b.String(), string(testEAN))
	var d document
	require.NoError(t, json.Unmarshal(b.Bytes(), &d))
	require.Equal(t, "Confidentiel", d.Mark)
	require.Nil(t, d.Values[0].Amounts)
	require.Equal(t, "missing", d.Values[0].Quality)
	require.Equal(t, map[metering.Register]int64{metering.OfftakePeak: 1_234_567, metering.OfftakeOffPeak: 8}, d.Values[1].Amounts)
	require.EqualValues(t, 900_001, d.Values[1].YearBefore[metering.OfftakePeak])
	require.Equal(t, "2023-10-01T00:00:00+02:00", d.Values[1].From)
	require.Contains(t, b.String(), `"missing_days":30`)

	hours := shortSeries()
	hours.Grain = metering.ByHour
	b.Reset()
	require.NoError(t, WriteJSON(&b, hours, "Confidentiel"))
	require.NotContains(t, b.String(), `days"`, "an hour has no days")
}
