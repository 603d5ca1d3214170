package exchange

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
)

// orders are the elements of each type in the order in which the schema of
// ESPI 4.0 (espi-4.0.xsd, 13 December 2023) has them; ours may leave some out.
var orders = map[string][]string{
	"UsagePoint":          {"batchItemInfo", "roleFlags", "ServiceCategory", "status"},
	"ServiceCategory":     {"kind"},
	"LocalTimeParameters": {"batchItemInfo", "dstEndRule", "dstOffset", "dstStartRule", "tzOffset"},
	"MeterReading":        {"batchItemInfo"},
	"ReadingType": {"batchItemInfo", "accumulationBehaviour", "commodity", "consumptionTier", "currency", "dataQualifier", "defaultQuality",
		"flowDirection", "intervalLength", "kind", "phase", "powerOfTenMultiplier", "timeAttribute", "tou", "uom", "cpp", "interharmonic", "measuringPeriod", "argument"},
	"IntervalBlock":   {"batchItemInfo", "interval", "IntervalReading"},
	"IntervalReading": {"cost", "ReadingQuality", "timePeriod", "value", "consumptionTier", "tou", "cpp"},
	"ReadingQuality":  {"quality"},
	"interval":        {"duration", "start"},
	"timePeriod":      {"duration", "start"},
}

// resources gives what stands in the content elements, and checks that they
// follow the schema's order.
func resources(t *testing.T, text []byte) (list []*element) {
	t.Helper()
	r := newReader(bytes.NewReader(text))
	p := feed{parser: newParser(Options{}), xml: r}
	start, err := p.root()
	require.NoError(t, err)
	root, err := r.whole(start)
	require.NoError(t, err)
	require.Equal(t, xml.Name{Space: atomSpace, Local: "feed"}, root.name)
	var check func(e *element)
	check = func(e *element) {
		require.Equal(t, espiSpace, e.name.Space)
		order, branch := orders[e.name.Local]
		if !branch {
			require.Empty(t, e.children, e.name.Local)
			_, err := strconv.ParseInt(e.text, 10, 64)
			require.True(t, err == nil || strings.HasPrefix(e.name.Local, "dst"), "%s %q", e.name.Local, e.text)
			return
		}
		at := 0
		for _, c := range e.children {
			place := slices.Index(order, c.name.Local)
			require.GreaterOrEqual(t, place, at, "%s in %s", c.name.Local, e.name.Local)
			at = place
			check(c)
		}
	}
	for _, e := range root.children {
		require.Equal(t, atomSpace, e.name.Space)
		if e.name.Local != "entry" {
			continue
		}
		require.Len(t, e.child("content").children, 1)
		check(e.child("content").children[0])
		list = append(list, e.child("content").children[0])
	}
	return list
}

func series(grain metering.Grain, from time.Time, n int, next func(time.Time) time.Time, registers ...metering.Register) metering.Series {
	s := metering.Series{EAN: testEAN, Energy: registers[0].Energy(), Grain: grain, Registers: registers}
	for i := range n {
		p := metering.Point{Period: portal.Period{From: from, To: next(from)}, Days: 1}
		for j, r := range registers {
			p.Amounts[slices.Index(metering.Registers[:], r)] = int64(1000*i + 100 + j)
		}
		switch i % 7 {
		case 3:
			p.EstimatedDays = 1
		case 5:
			p.Gap, p.Amounts, p.MissingDays = metering.GapMissing, metering.Amounts{}, 1
		}
		s.Points = append(s.Points, p)
		from = p.Period.To
	}
	s.Period = portal.Period{From: s.Points[0].Period.From, To: from}
	return s
}

func nextDay(t time.Time) time.Time   { return t.AddDate(0, 0, 1) }
func nextMonth(t time.Time) time.Time { return t.AddDate(0, 1, 0) }
func nextHour(t time.Time) time.Time  { return t.Add(time.Hour) }

func everySeries() map[string]metering.Series {
	return map[string]metering.Series{
		"days":    series(metering.ByDay, portal.Date(2023, 10, 20), 40, nextDay, metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionTotal),
		"months":  series(metering.ByMonth, portal.Date(2023, 1, 1), 15, nextMonth, metering.OfftakeTotal),
		"gas":     series(metering.ByDay, portal.Date(2024, 3, 25), 20, nextDay, metering.GasVolume, metering.GasEnergy),
		"hours":   series(metering.ByHour, portal.Date(2023, 10, 28), 73, nextHour, metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionPeak, metering.InjectionOffPeak),
		"nothing": {EAN: testEAN, Energy: portal.Gas, Grain: metering.ByMonth},
		"short":   shortSeries(),
	}
}

func exported(t *testing.T, s metering.Series) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, WriteESPI(&b, s, FeedWords{Mark: "Confidentiel <&>", Title: "Électricité", Author: "Guichet", Made: portal.Date(2026, 11, 25)}))
	return b.Bytes()
}

// L20: the mark as text; G12: the masked EAN; must-show 2: the schema's order,
// and against the schema itself where it is given (e2e asks the real program).
func TestESPIExportFollowsTheSchema(t *testing.T) {
	for name, s := range everySeries() {
		t.Run(name, func(t *testing.T) {
			feed := exported(t, s)
			require.NotContains(t, string(feed), string(testEAN))
			require.Contains(t, string(feed), "<title>"+testEAN.Masked()+"</title>")
			require.Contains(t, string(feed), "<rights>Confidentiel &lt;&amp;&gt;</rights>")
			list := resources(t, feed)
			require.GreaterOrEqual(t, len(list), 2+2*len(s.Registers))
			validated(t, feed)
		})
	}
}

// validated asks xmllint about each resource, where the schema lies beside the project.
func validated(t *testing.T, feed []byte) {
	schema := filepath.Join("..", "..", "..", "..", "shared", "samples", "espi-4.0.xsd")
	if _, err := os.Stat(schema); err != nil {
		return
	}
	lint, err := exec.LookPath("xmllint")
	require.NoError(t, err, "the schema is here; xmllint (libxml2-utils) must be, too")
	args, folder := []string{"--nonet", "--noout", "--schema", schema}, t.TempDir()
	for i, part := range strings.Split(string(feed), `<content type="application/xml">`)[1:] {
		part, _, _ = strings.Cut(part, "</content>")
		file := filepath.Join(folder, fmt.Sprintf("%d.xml", i))
		require.NoError(t, os.WriteFile(file, []byte(part), 0o600))
		args = append(args, file)
	}
	out, err := exec.Command(lint, args...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// What is written reads back: the same sums, gaps left out, D4 kept.
func TestESPIExportReadsBack(t *testing.T) {
	for _, name := range []string{"days", "gas", "hours"} {
		s := everySeries()[name]
		f, err := espi(string(exported(t, s)))
		require.NoError(t, err, name)
		require.Empty(t, f.Summary.Notes)
		want := map[metering.Register]int64{}
		for _, p := range s.Points {
			for _, r := range s.Registers {
				want[r] += p.Amounts.Of(r)
			}
		}
		require.Len(t, f.Summary.Sums, len(want))
		for _, sum := range f.Summary.Sums {
			require.Equal(t, want[sum.Register], sum.Amount, sum.Register)
		}
		require.Positive(t, f.Summary.Statuses[metering.Estimated])
		_, err = ReadESPI(bytes.NewReader(exported(t, s)), Options{ForEAN: "541499000000123998"})
		require.ErrorContains(t, err, "another access point")
	}
}

// A point that changed from one register to two counts nothing twice.
func TestESPIExportLeavesIdleRegistersOut(t *testing.T) {
	s := series(metering.ByDay, portal.Date(2024, 1, 1), 2, nextDay, metering.OfftakePeak, metering.OfftakeOffPeak, metering.OfftakeTotal)
	s.Points[0].Amounts = metering.Amounts{0, 0, 5}
	s.Points[1].Amounts = metering.Amounts{0, 7, 0}
	s.Points = s.Points[:2]
	f, err := espi(string(exported(t, s)))
	require.NoError(t, err)
	require.Equal(t, 3, f.Summary.Rows, "one total, and two bands of the day after")
}
