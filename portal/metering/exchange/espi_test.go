package exchange

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
)

// readings writes IntervalReadings of one length.
func readings(start time.Time, length time.Duration, values ...int) string {
	var b strings.Builder
	for i, v := range values {
		fmt.Fprintf(&b, "<IntervalReading><timePeriod><duration>%d</duration><start>%d</start></timePeriod><value>%d</value></IntervalReading>\n",
			int(length.Seconds()), start.Add(length*time.Duration(i)).Unix(), v)
	}
	return b.String()
}

// feedOf writes a feed of one register; line 8 is the first inside the block.
func feedOf(readingType, block string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<entry><link rel="self" href="/U/1"/><content><UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint></content></entry>
<entry><link rel="self" href="/U/1/MeterReading/1"/><link rel="related" href="/ReadingType/1"/><content><MeterReading xmlns="http://naesb.org/espi"/></content></entry>
<entry><link rel="self" href="/ReadingType/1"/><content><ReadingType xmlns="http://naesb.org/espi">` + readingType + `</ReadingType></content></entry>
<entry><link rel="self" href="/U/1/MeterReading/1/IntervalBlock/1"/><link rel="up" href="/U/1/MeterReading/1/IntervalBlock"/>
<content><IntervalBlock xmlns="http://naesb.org/espi">
` + block + `</IntervalBlock></content></entry>
</feed>
`
}

const hourly = "<accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity><flowDirection>1</flowDirection>" +
	"<powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom>"

func espi(text string) (File, error) {
	return ReadESPI(strings.NewReader(text), Options{ForEAN: testEAN})
}

func TestESPIReadsExactly(t *testing.T) {
	start := portal.Date(2023, 10, 28)
	day := make([]int, 49) // the day before and the day of 25 hours (D4)
	for i := range day {
		day[i] = 100 + i
	}
	gas := strings.NewReplacer("<commodity>1", "<commodity>7", "<uom>72", "<uom>42").Replace(hourly)
	for name, c := range map[string]struct {
		text     string
		register metering.Register
		sum      int64
		quality  metering.Quality
	}{
		"watt-hours":          {feedOf(hourly, readings(start, time.Hour, day...)), metering.OfftakeTotal, 49*100 + 49*48/2, metering.Read},
		"thousands":           {feedOf(strings.Replace(hourly, "Multiplier>0", "Multiplier>3", 1), readings(start, time.Hour, 1, 2)), metering.OfftakeTotal, 3000, metering.Read},
		"thousandths":         {feedOf(strings.Replace(hourly, "Multiplier>0", "Multiplier>-3", 1), readings(start, time.Hour, 1000, 2000)), metering.OfftakeTotal, 3, metering.Read},
		"injection":           {feedOf(strings.Replace(hourly, "Direction>1<", "Direction>19<", 1), readings(start, time.Hour, 7)), metering.InjectionTotal, 7, metering.Read},
		"peak":                {feedOf(hourly+"<tou>1</tou>", readings(start, time.Hour, 7)), metering.OfftakePeak, 7, metering.Read},
		"off-peak, injection": {feedOf(strings.Replace(hourly, "Direction>1<", "Direction>19<", 1)+"<tou>2</tou>", readings(start, time.Hour, 7)), metering.InjectionOffPeak, 7, metering.Read},
		"gas":                 {strings.Replace(feedOf(gas, readings(start, time.Hour, 7)), "<kind>0", "<kind>1", 1), metering.GasVolume, 7000, metering.Read},
		"estimated": {feedOf(hourly, strings.Replace(readings(start, time.Hour, 7), "<timePeriod>",
			"<ReadingQuality><quality>17</quality></ReadingQuality><ReadingQuality><quality>8</quality></ReadingQuality><timePeriod>", 1)), metering.OfftakeTotal, 7, metering.Estimated},
		"quality of the type": {feedOf(hourly+"<defaultQuality>17</defaultQuality>", readings(start, time.Hour, 7)), metering.OfftakeTotal, 7, metering.Validated},
		"a prefix":            {strings.NewReplacer("xmlns=\"http://naesb.org/espi\"", "xmlns:espi=\"http://naesb.org/espi\"", "<IntervalBlock", "<espi:IntervalBlock", "</IntervalBlock", "</espi:IntervalBlock", "<UsagePoint", "<espi:UsagePoint", "</UsagePoint", "</espi:UsagePoint", "<MeterReading", "<espi:MeterReading", "<ReadingType", "<espi:ReadingType", "</ReadingType", "</espi:ReadingType").Replace(feedOf(hourly, readings(start, time.Hour, 7))), metering.OfftakeTotal, 7, metering.Read},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := espi(c.text)
			require.NoError(t, err)
			require.Len(t, f.Summary.Sums, 1)
			require.Equal(t, c.register, f.Summary.Sums[0].Register)
			require.Equal(t, c.sum, f.Summary.Sums[0].Amount)
			require.Positive(t, f.Summary.Statuses[c.quality])
			var days int64
			for _, d := range f.Days {
				require.Equal(t, testEAN, d.EAN)
				for _, v := range d.Values {
					days += v.Amount
				}
			}
			require.Equal(t, c.sum, days)
		})
	}
	f, err := espi(feedOf(hourly, readings(start, time.Hour, day...)))
	require.NoError(t, err)
	require.Equal(t, []DaySlots{{portal.Date(2023, 10, 29), 25, 24}}, f.Summary.Unusual)
}

// Two registers of one point: each block goes to the type that its links name.
func TestESPIFollowsLinks(t *testing.T) {
	start := portal.Date(2024, 1, 1)
	text := feedOf(hourly, readings(start, time.Hour, 7))
	second := strings.NewReplacer("MeterReading/1", "MeterReading/2", "ReadingType/1", "ReadingType/2", "Direction>1<", "Direction>19<", "<value>7", "<value>9").
		Replace(text[strings.Index(text, "<entry><link rel=\"self\" href=\"/U/1/Meter"):])
	both := strings.TrimSuffix(text, "</feed>\n") + second
	f, err := espi(both)
	require.NoError(t, err)
	require.Len(t, f.Summary.Sums, 2)
	require.EqualValues(t, 7, f.Summary.Sums[1].Amount+f.Summary.Sums[0].Amount-9)
	_, err = espi(strings.Replace(both, `rel="up" href="/U/1/MeterReading/2/`, `rel="up" href="/U/1/MeterReading/3/`, 1))
	require.ErrorContains(t, err, "its links lead to no ReadingType")
}

// Must-show 2, and hostile files: each refused with line and element.
func TestESPIIsRefusedByLineAndElement(t *testing.T) {
	start := portal.Date(2024, 1, 1)
	one := readings(start, time.Hour, 7)
	swap := func(old, new string) string { return strings.Replace(feedOf(hourly, one), old, new, 1) }
	require.Contains(t, feedOf(hourly, one), hourly)
	for name, c := range map[string]struct{ text, says string }{
		"text for a resource":  {swap(one, "INVALID\n"), `line 8, element "IntervalBlock": has the text "INVALID"`},
		"text in content":      {swap("<UsagePoint", "x<UsagePoint"), `line 3, element "content": has the text "x"`},
		"no value":             {swap("<value>7</value>", ""), `line 8, element "IntervalReading": has no value`},
		"a word for a value":   {swap("<value>7", "<value>seven"), `line 8, element "value": "seven" is not a whole number`},
		"a fraction":           {swap("<value>7", "<value>7.5"), `line 8, element "value": "7.5" is not a whole number`},
		"negative":             {swap("<value>7", "<value>-7"), `line 8, element "value": -7 is negative`},
		"huge":                 {swap("<value>7", "<value>7000000000000"), `line 8, element "IntervalReading": 7000000000000 is too large`},
		"no period":            {swap(one, "<IntervalReading><value>7</value></IntervalReading>\n"), `line 8, element "IntervalReading": has no timePeriod`},
		"no start":             {swap(fmt.Sprintf("<start>%d</start>", start.Unix()), ""), `line 8, element "timePeriod": has no start`},
		"milliseconds":         {swap(fmt.Sprint(start.Unix()), fmt.Sprint(start.UnixMilli())), `line 8, element "start"`},
		"before 2000":          {swap(fmt.Sprint(start.Unix()), "9"), `line 8, element "start": 9 is no second of this century`},
		"no length":            {swap("<duration>3600", "<duration>0"), `line 8, element "duration": 0 is no length`},
		"twice":                {swap(one, one+one), `line 9, element "IntervalReading": the same interval of the same register as line 8`},
		"two lengths in a day": {swap(one, one+readings(start.Add(time.Hour), 15*time.Minute, 1)), `line 9, element "IntervalReading": an interval of 15m0s in a day of intervals of 1h0m0s`},
		"half past":            {swap(fmt.Sprint(start.Unix()), fmt.Sprint(start.Unix()+1800)), `line 8, element "IntervalReading": the interval does not begin where`},
		"minutes":              {feedOf(hourly, readings(start, time.Minute, 1)), `line 8, element "IntervalReading": an interval of 1m0s`},
		"a year between":       {swap(one, one+readings(start.AddDate(2, 0, 0), time.Hour, 1)), `line 9, element "IntervalReading": 730 days without`},
		"outside its block":    {swap(one, "<interval><duration>60</duration><start>1704063600</start></interval>\n"+one), `line 9, element "IntervalReading": lies outside`},
		"a forecast":           {swap("<timePeriod>", "<ReadingQuality><quality>12</quality></ReadingQuality><timePeriod>"), `line 8, element "quality": 12 is no quality`},
		"an index":             {swap("Behaviour>4", "Behaviour>3"), `line 5, element "accumulationBehaviour": 3 is not interval volumes`},
		"no behaviour":         {swap("<accumulationBehaviour>4</accumulationBehaviour>", ""), `line 5, element "ReadingType": has no accumulationBehaviour`},
		"power":                {swap("uom>72", "uom>38"), `line 5, element "uom": 38 is power`},
		"cubic feet":           {swap("uom>72", "uom>119"), `line 5, element "uom": 119 is cubic feet`},
		"electricity in m³":    {swap("uom>72", "uom>42"), `line 5, element "ReadingType": counts electricity in another unit`},
		"no direction":         {swap("<flowDirection>1</flowDirection>", ""), `line 5, element "ReadingType": has no flowDirection`},
		"another energy":       {swap("commodity>1", "commodity>7"), `line 5, element "commodity": is another energy`},
		"an unknown band":      {swap("<uom>", "<tou>5</tou><uom>"), `line 5, element "tou": 5 is no band`},
		"rounded":              {swap("Multiplier>0", "Multiplier>-3"), `line 8, element "IntervalReading": 7 is finer`},
		"two points":           {swap("<entry><link rel=\"self\" href=\"/U/1/Meter", "<entry><content><UsagePoint xmlns=\"http://naesb.org/espi\"/></content></entry>\n<entry><link rel=\"self\" href=\"/U/1/Meter"), `line 4, element "UsagePoint": a second access point`},
		"another point's mask": {swap("<content><UsagePoint", "<title>54-- ---- ---- --99 99</title><content><UsagePoint"), `line 3, element "UsagePoint": is of another access point`},
		"no readings":          {swap(one, ""), `line 1, element "feed": has no IntervalReading`},
		"another namespace":    {swap("http://naesb.org/espi", "http://example.org/"), `line 3, element "UsagePoint": is not of ESPI's namespace`},
		"a page":               {"<html><body/></html>", `line 1, element "html": is not an Atom feed of ESPI`},
		"a table":              {"a;b\n1;2\n", "line 1"},
		"nothing":              {"", "line 1: the file is empty"},
		"cut off":              {swap("</entry>\n</feed>\n", ""), "line 9: is not well-formed XML"},
		"a document type":      {swap("<feed", "<!DOCTYPE feed [<!ENTITY x \"y\">]>\n<feed"), "line 2: has a document type"},
		"an entity":            {swap("<value>7", "<value>&x;"), "line 8: has an entity"},
		"nested without end":   {swap(one, strings.Repeat("<a>", 200)), "more than 32 deep"},
		"another encoding":     {swap("UTF-8", "UTF-32"), `is written in "UTF-32"`},
		"a text without end":   {swap("<value>7", "<value>"+strings.Repeat("7", 9000)), `line 8, element "value": has more than 4096 bytes`},
		"billion laughs":       {swap("<feed", "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]>\n<feed"), "document type"},
		"something after":      {feedOf(hourly, one) + "<feed", "line 11: is not well-formed XML"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := espi(c.text)
			var refused *Refused
			require.True(t, errors.As(err, &refused), "%v %v", err, f.Summary)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, f.Days)
		})
	}
	_, err := ReadESPI(strings.NewReader(feedOf(hourly, one)), Options{})
	require.ErrorContains(t, err, "--for EAN")
}

// What is only odd is noted by line, and read.
func TestESPINotesWhatIsOdd(t *testing.T) {
	start := portal.Date(2024, 1, 1)
	for name, c := range map[string]struct{ block, says string }{
		"resolution":    {readings(start, time.Hour, make([]int, 24)...) + readings(start.AddDate(0, 0, 1), 15*time.Minute, 1), `line 32, element "IntervalReading": intervals of 15m0s from here on; of 1h0m0s before`},
		"back in time":  {readings(start.Add(time.Hour), time.Hour, 1) + readings(start, time.Hour, 1), `line 9, element "IntervalReading": goes back in time, behind line 8`},
		"a wide block":  {fmt.Sprintf("<interval><duration>7200</duration><start>%d</start></interval>\n", start.Unix()) + readings(start, time.Hour, 1), `line 7, element "IntervalBlock": its interval is 2024-01-01T00:00:00+01:00 to 2024-01-01T02:00:00+01:00; its readings are`},
		"nothing to it": {readings(start, time.Hour, 1, 2, 3), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := espi(feedOf(hourly, c.block))
			require.NoError(t, err)
			if c.says == "" {
				require.Empty(t, f.Summary.Notes)
				return
			}
			require.Len(t, f.Summary.Notes, 1)
			require.Contains(t, f.Summary.Notes[0].Error(), c.says)
		})
	}
}

// A file that would never end is read to its bound, not into memory.
func TestESPIIsBounded(t *testing.T) {
	r := &reader{}
	*r = *newReader(&bounded{in: strings.NewReader(feedOf(hourly, "")), left: 40})
	var err error
	for err == nil {
		_, err = r.next()
	}
	require.ErrorIs(t, err, errTooLarge)
}

// Must-show 2: the samples of others, where the project lies beside them.
func TestSamplesOfESPI(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "..", "shared", "samples")
	for name, sum := range map[string]int64{"espi_usage_data.xml": 1_391_666, "greenbutton_cew821_sample.xml": 291_018} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			continue
		}
		f, err := espi(string(text))
		require.NoError(t, err, name)
		require.Equal(t, sum, f.Summary.Sums[0].Amount, name)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "greenbutton_invalid_intervalblock.xml")); err == nil {
		_, err = espi(string(text))
		require.EqualError(t, err, `line 122, element "content of IntervalBlock": has the text "INVALID" where only elements stand`)
	}
}

func FuzzESPI(f *testing.F) {
	f.Add(feedOf(hourly, readings(portal.Date(2024, 1, 1), time.Hour, 1, 2)))
	f.Add(feedOf("<uom>42</uom>", "INVALID"))
	f.Fuzz(func(t *testing.T, text string) {
		file, err := espi(text)
		var refused *Refused
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if err != nil && (len(refused.Lines) == 0 || len(file.Days) > 0) {
			t.Fatal("refused without a reason, or half read")
		}
	})
}
