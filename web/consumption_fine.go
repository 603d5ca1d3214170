package web

import (
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// twice tells whether the clock shows this time twice that day (D4).
func twice(t time.Time) bool {
	wall := func(t time.Time) string { return t.In(portal.Brussels).Format("2006-01-02 15:04") }
	return wall(t) == wall(t.Add(time.Hour)) || wall(t) == wall(t.Add(-time.Hour))
}

// offset is the local offset from UTC, in hours.
func offset(t time.Time) string {
	_, seconds := t.In(portal.Brussels).Zone()
	return "+" + strconv.Itoa(seconds/3600)
}

// season tells which of the two hours of one name it is, in a word.
func (s *speaker) season(t time.Time) string {
	if t.In(portal.Brussels).IsDST() {
		return s.T("period.summer")
	}
	return s.T("period.winter")
}

// clock writes in little room when an interval begins; which of two, by the
// season alone: the table has the offset.
func (s *speaker) clock(t time.Time) string {
	if twice(t) {
		return s.T("period.season", s.Time(t), s.season(t))
	}
	return s.Time(t)
}

// hours names an interval of a day: "2 h 00 – 3 h 00 (été, UTC+2)". The page
// says which day.
func (s *speaker) hours(p *metering.Point) string {
	if p.Gap == metering.GapDaily {
		return s.Date(p.Period.From)
	}
	from, to := p.Period.From.In(portal.Brussels), p.Period.To
	if !twice(from) {
		return s.span(from, to)
	}
	return s.T("period.offset", s.span(from, to), offset(from), s.season(from))
}

// span is from when to when, the end as the clock would have gone on: 2 h 00 to
// 2 h 00 is no hour.
func (s *speaker) span(from, to time.Time) string {
	if twice(from) {
		from := from.In(portal.Brussels)
		to = time.Date(from.Year(), from.Month(), from.Day(), from.Hour(), from.Minute(), int(to.Sub(from).Seconds()), 0, portal.Brussels)
	}
	return s.T("period.span", s.Time(from), s.Time(to))
}

// grain is the length of the periods that are shown: a day that was read by the
// hour has no quarter-hours, whatever was asked for (L7).
func (s *speaker) grain() metering.Grain {
	if points := s.series.Points; s.series.Grain == metering.ByQuarter && len(points) > 0 && points[0].Period.To.Sub(points[0].Period.From) == time.Hour {
		return metering.ByHour
	}
	return s.series.Grain
}

// hourLabels are the axis's words of an interval; quarter-hours have one every
// two hours, so that none stands in another.
func (s *speaker) hourLabels(p *metering.Point) (label, under string) {
	start := p.Period.From.In(portal.Brussels)
	if start.Minute() != 0 || (len(s.series.Points) > 25 && start.Hour()%2 != 0) {
		return "", ""
	}
	if twice(start) {
		under = offset(start)
	}
	return strconv.Itoa(start.Hour()), under
}

// dayKPIs are a page of hours' large numbers: its day, and the same date a
// year before.
func (s *speaker) dayKPIs() (list []public.KPI) {
	d := s.shown.day
	if d == nil || d.Gap != metering.NoGap {
		return nil
	}
	total := public.KPI{Label: s.T("kpi.this-day"), Value: s.day(s.amount(d.Amounts))}
	if d.Partial() || d.Estimated() {
		total.Remark = s.T("kpi.partly")
	}
	before := public.KPI{Label: s.T("kpi.day-before"), Value: "–", Remark: s.T("kpi.none")}
	if d.YearBefore != nil {
		before.Value, before.Remark = s.day(s.amount(*d.YearBefore)), s.T("kpi.day-before.remark")
	}
	list = append(list, total, before)
	if d.Amounts.Injection() > 0 {
		list = append(list, public.KPI{Label: s.T("kpi.day-injection"), Value: s.Amount(d.Amounts.Injection(), 1, "kWh")})
	}
	return list
}

func (s *speaker) day(thousandths int64) string { return s.Amount(thousandths, 1, s.unit) }

// empty says why there is nothing to draw: the choice of detail was not made,
// or begins later, or the day has only its total (D5).
func (s *speaker) empty() []string {
	points := s.series.Points
	fine := s.series.Grain.Fine()
	switch {
	case s.series.Indexed && !fine:
		return []string{s.T("consumption.indexed")}
	case s.series.AsOne:
		return []string{s.T("consumption.as-one")}
	case fine && s.series.Detail.IsZero() && s.over():
		return []string{s.T(voiced(s.shown.pass, "consumption.detail.over"))}
	case fine && s.series.Detail.IsZero() && s.shown.pass.ByGround():
		return []string{s.T("by-ground.consumption.detail.none")}
	case fine && s.series.Detail.IsZero():
		return []string{s.T("consumption.detail.none"), s.T("consumption.detail.why")}
	case fine && len(points) == 0 && s.shown.sel.query.From.Before(s.series.Detail):
		return []string{s.T("note.detail-from", s.Date(s.series.Detail))}
	case s.dailyOnly():
		return []string{s.T("note.daily-only")}
	case len(points) == 0:
		return []string{s.T("consumption.empty")}
	}
	return nil
}

// over tells whether the stay has ended, and with it the choice.
func (s *speaker) over() bool {
	end := s.shown.pass.Occupancy.To
	return !end.IsZero() && !s.now.Before(end)
}

// dailyOnly is a page of hours whose day has only its total.
func (s *speaker) dailyOnly() bool {
	return len(s.series.Points) == 1 && s.series.Points[0].Gap == metering.GapDaily
}

// upward leads from days to their month, from a month to its year, and so on.
func upward(x *ctx, q metering.Query, at func(metering.Query) string) (links []layout.Link) {
	if q.Grain == metering.ByYear {
		return nil
	}
	links = append(links, layout.Link{Text: x.T("consumption.up"), Href: at(metering.Query{Grain: metering.ByYear})})
	from := q.From.In(portal.Brussels)
	year := metering.Query{Grain: metering.ByMonth, From: portal.Date(from.Year(), time.January, 1), To: portal.Date(from.Year()+1, time.January, 1)}
	month := metering.Query{Grain: metering.ByDay, From: portal.Date(from.Year(), from.Month(), 1), To: portal.Date(from.Year(), from.Month()+1, 1)}
	if q.Grain == metering.ByMonth {
		return links
	}
	links = append(links, layout.Link{Text: strconv.Itoa(from.Year()), Href: at(year)})
	if q.Grain.Fine() {
		links = append(links, layout.Link{Text: x.Month(from), Href: at(month)})
	}
	return links
}
