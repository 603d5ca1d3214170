package exchange

import (
	"bufio"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// FeedWords are the texts of an ESPI download, in its reader's language.
type FeedWords struct {
	Mark      string // the confidentiality mark, the feed's rights (L20)
	Title     string
	Subtitle  string // on what it left the house; "" for one's own
	Author    string // the operator
	Registers map[metering.Register]string
	Made      time.Time
}

// WriteESPI writes a Series as ESPI 4.0: an Atom feed whose resources are a
// UsagePoint named by its masked EAN (G12), the clock of Brussels, and for each
// register a MeterReading, its ReadingType and an IntervalBlock a month. A gap
// has no reading. Values are whole Wh and dm³; of bands (tou), 1 is peak and 2
// off-peak. Links are relative and tell nothing of the access point.
func WriteESPI(w io.Writer, s metering.Series, words FeedWords) error {
	buffered := bufio.NewWriter(w)
	buffered.WriteString(xml.Header)
	f := feedWriter{out: xml.NewEncoder(buffered), made: words.Made.UTC().Format(time.RFC3339)}
	start := xml.StartElement{Name: xml.Name{Space: atomSpace, Local: "feed"}}
	if err := f.out.EncodeToken(start); err != nil {
		return err
	}
	type person struct {
		Name string `xml:"name"`
	}
	f.put("id", "urn:uuid:"+uuid())
	f.put("title", words.Title)
	if words.Subtitle != "" {
		f.put("subtitle", words.Subtitle)
	}
	f.put("updated", f.made)
	f.put("author", person{words.Author})
	f.put("rights", words.Mark)
	f.put("link", link{Rel: "self", Href: "Subscription/1"})
	f.write(s, words)
	if f.err != nil {
		return f.err
	}
	if err := f.out.EncodeToken(start.End()); err != nil {
		return err
	}
	if err := f.out.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

// feedWriter keeps the first error, so that a feed reads as its parts.
type feedWriter struct {
	out  *xml.Encoder
	made string
	err  error
}

func (f *feedWriter) put(name string, value any) {
	if f.err == nil {
		f.err = f.out.EncodeElement(value, xml.StartElement{Name: xml.Name{Local: name}})
	}
}

type (
	link struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		ID        string `xml:"id"`
		Links     []link `xml:"link"`
		Title     string `xml:"title"`
		Content   any    `xml:"content"`
		Published string `xml:"published"`
		Updated   string `xml:"updated"`
	}
	atomContent struct {
		Type     string `xml:"type,attr"`
		Resource any
	}
	usagePoint struct {
		XMLName xml.Name `xml:"espi:UsagePoint"`
		Space   string   `xml:"xmlns:espi,attr"`
		Kind    int      `xml:"espi:ServiceCategory>espi:kind"`
	}
	localTime struct {
		XMLName xml.Name `xml:"espi:LocalTimeParameters"`
		Space   string   `xml:"xmlns:espi,attr"`
		End     string   `xml:"espi:dstEndRule"`
		Offset  int      `xml:"espi:dstOffset"`
		Start   string   `xml:"espi:dstStartRule"`
		Zone    int      `xml:"espi:tzOffset"`
	}
	meterReading struct {
		XMLName xml.Name `xml:"espi:MeterReading"`
		Space   string   `xml:"xmlns:espi,attr"`
	}
	readingType struct {
		XMLName      xml.Name `xml:"espi:ReadingType"`
		Space        string   `xml:"xmlns:espi,attr"`
		Accumulation int      `xml:"espi:accumulationBehaviour"`
		Commodity    int      `xml:"espi:commodity"`
		Qualifier    int      `xml:"espi:dataQualifier"`
		Direction    int      `xml:"espi:flowDirection"`
		Length       int      `xml:"espi:intervalLength,omitempty"`
		Kind         int      `xml:"espi:kind"`
		Multiplier   int      `xml:"espi:powerOfTenMultiplier"`
		Time         int      `xml:"espi:timeAttribute"`
		Band         int      `xml:"espi:tou"`
		Unit         int      `xml:"espi:uom"`
	}
	intervalBlock struct {
		XMLName  xml.Name          `xml:"espi:IntervalBlock"`
		Space    string            `xml:"xmlns:espi,attr"`
		Interval interval          `xml:"espi:interval"`
		Readings []intervalReading `xml:"espi:IntervalReading"`
	}
	interval struct {
		Duration int64 `xml:"espi:duration"`
		Start    int64 `xml:"espi:start"`
	}
	intervalReading struct {
		Quality *readingQuality `xml:"espi:ReadingQuality"`
		Period  interval        `xml:"espi:timePeriod"`
		Value   int64           `xml:"espi:value"`
	}
	readingQuality struct {
		Quality int `xml:"espi:quality"`
	}
)

// The rules of the European clock, as the schema's DstRuleType packs them: the
// last (7) Sunday (7) of March at 02:00 and of October at 03:00, local time.
const summerBegins, summerEnds = "3E0E2000", "AE0E3000"

func (f *feedWriter) entry(title, self, up string, related []string, resource any) {
	e := atomEntry{ID: "urn:uuid:" + uuid(), Title: title, Content: atomContent{"application/xml", resource},
		Links: []link{{"self", self}, {"up", up}}, Published: f.made, Updated: f.made}
	for _, r := range related {
		e.Links = append(e.Links, link{"related", r})
	}
	f.put("entry", e)
}

func (f *feedWriter) write(s metering.Series, words FeedWords) {
	const point, clock = "UsagePoint/1", "LocalTimeParameters/1"
	kind := 0
	if s.Energy == portal.Gas {
		kind = 1
	}
	f.entry(s.EAN.Masked(), point, "UsagePoint", []string{point + "/MeterReading", clock}, usagePoint{Space: espiSpace, Kind: kind})
	f.entry("Europe/Brussels", clock, "LocalTimeParameters", nil, localTime{Space: espiSpace, End: summerEnds, Offset: 3600, Start: summerBegins, Zone: 3600})
	for i, r := range heard(s) {
		number := strconv.Itoa(i + 1)
		self, kind := point+"/MeterReading/"+number, "ReadingType/"+number
		title := words.Registers[r]
		if title == "" {
			title = string(r)
		}
		f.entry(title, self, point+"/MeterReading", []string{self + "/IntervalBlock", kind}, meterReading{Space: espiSpace})
		f.entry(title, kind, "ReadingType", nil, typeOf(r, s))
		for n, b := range blocksOf(r, s) {
			f.entry(title, fmt.Sprintf("%s/IntervalBlock/%d", self, n+1), self+"/IntervalBlock", nil, b)
		}
	}
}

// typeOf says what a register counts, in ESPI's codes (facts E).
func typeOf(r metering.Register, s metering.Series) readingType {
	t := readingType{Space: espiSpace, Accumulation: deltaData, Commodity: 1, Qualifier: 12, Direction: forward, Kind: 12, Unit: wattHour}
	switch r {
	case metering.OfftakePeak, metering.InjectionPeak:
		t.Band = 1
	case metering.OfftakeOffPeak, metering.InjectionOffPeak:
		t.Band = 2
	}
	if r.Family() == metering.InjectionTotal {
		t.Direction = reverse
	}
	if r.Energy() == portal.Gas {
		t.Commodity = naturalGas
	}
	if r == metering.GasVolume {
		t.Kind, t.Unit, t.Multiplier = 58, cubicMetre, -3
	}
	switch s.Grain {
	case metering.ByDay:
		t.Time = 11
	case metering.ByMonth:
		t.Time = 13
	}
	for i, p := range s.Points {
		length := int(p.Period.To.Sub(p.Period.From).Seconds())
		if i > 0 && length != t.Length {
			t.Length = 0 // days of 23 hours, months: each reading tells its own
			break
		}
		t.Length = length
	}
	return t
}

// blocksOf are a register's readings, a block a local month.
func blocksOf(r metering.Register, s metering.Series) (blocks []intervalBlock) {
	last := int64(0)
	for _, p := range s.Points {
		if p.Gap != metering.NoGap || silent(&p, r) || idle(&p.Amounts, r, s.Registers) {
			continue
		}
		if month := metering.MonthNumber(p.Period.From); month != last {
			blocks = append(blocks, intervalBlock{Space: espiSpace, Interval: interval{Start: p.Period.From.Unix()}})
			last = month
		}
		b := &blocks[len(blocks)-1]
		v := intervalReading{Period: interval{p.Period.To.Unix() - p.Period.From.Unix(), p.Period.From.Unix()}, Value: p.Amounts.Of(r)}
		switch p.Quality() {
		case "estimated":
			v.Quality = &readingQuality{8}
		case "indexes":
			v.Quality = &readingQuality{17} // validated
		case "partial":
			v.Quality = &readingQuality{10} // questionable: a part is missing
		}
		b.Readings = append(b.Readings, v)
		b.Interval.Duration = p.Period.To.Unix() - b.Interval.Start
	}
	return blocks
}

// idle tells that a zero counts nothing: the period was counted by its total
// and this is a band, or the other way round.
func idle(a *metering.Amounts, r metering.Register, registers []metering.Register) bool {
	if a.Of(r) != 0 {
		return false
	}
	return slices.ContainsFunc(registers, func(other metering.Register) bool {
		return other.Family() == r.Family() && (other == other.Family()) != (r == r.Family()) && a.Of(other) != 0
	})
}

// uuid draws a name; it is of chance, so that nothing of an access point can
// be found again in it.
func uuid() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand stops the program instead
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
