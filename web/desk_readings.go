package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/desk"
)

const heldPath = "/desk/readings"

// held lists the readings that are held or to check (L4).
func (c counter) held(x *ctx) error { return c.showHeld(x, http.StatusOK, "", nil) }

func (c counter) showHeld(x *ctx, status int, id string, wrong lookup.Problems) error {
	x.at = heldPath
	frame, err := c.frame(x, "desk.readings.title")
	if err != nil {
		return err
	}
	after, err := heldCursor(x.query("after"))
	if err != nil {
		return err
	}
	list, err := c.Desk.HeldReadings(x.context(), x.member(), after)
	if err != nil {
		return err
	}
	v := heldView(x, frame, list, id, wrong)
	if after := x.query("after"); after != "" {
		v.First = x.path(heldPath)
		for i := range v.List { // its page again, where a decision is refused
			v.List[i].Action += "?after=" + url.QueryEscape(after)
		}
	}
	if x.query("done") == "decided" {
		v.Done = x.T("desk.readings.done")
	}
	return x.show(status, page.ReadingsPage(v))
}

// judge writes a decision on one reading; after it the list begins anew.
func (c counter) judge(x *ctx) error {
	window, number, _ := strings.Cut(x.param("id"), ".")
	round, err := strconv.Atoi(number)
	if err != nil {
		return unspoken(http.StatusNotFound)
	}
	j := desk.Judged{Window: window, Round: round, Decision: desk.Judgement(x.field("decision")), Refusal: indexes.Refusal(x.field("refusal")),
		Values: map[metering.Register]string{}}
	for _, r := range metering.Registers {
		j.Values[r] = x.field(indexes.Field(r))
	}
	err = c.Desk.JudgeReading(x.context(), x.member(), j)
	var faults indexes.Faults
	switch wrong := forPerson(err); {
	case errors.As(err, &faults):
		return c.showHeld(x, refusedStatus, x.param("id"), lookup.Problems(faults))
	case wrong != nil:
		return c.showHeld(x, statusOf(err), x.param("id"), lookup.Problems{wrong})
	case err != nil:
		return err
	}
	return x.redirect(x.path(heldPath + "?done=decided"))
}

// heldCursor reads "after" as heldAfter wrote it; nothing is the first page.
func heldCursor(s string) (indexes.Cursor, error) {
	if s == "" {
		return indexes.Cursor{}, nil
	}
	parts := strings.SplitN(s, ".", 3)
	if len(parts) == 3 {
		us, wrong := strconv.ParseInt(parts[0], 10, 64)
		round, alsoWrong := strconv.Atoi(parts[1])
		if wrong == nil && alsoWrong == nil {
			return indexes.Cursor{At: time.UnixMicro(us), Round: round, Window: parts[2]}, nil
		}
	}
	return indexes.Cursor{}, unspoken(http.StatusNotFound)
}

func heldAfter(c indexes.Cursor) string {
	return strconv.FormatInt(portal.Micros(c.At), 10) + "." + strconv.Itoa(c.Round) + "." + c.Window
}

func heldView(x *ctx, f page.Frame, held desk.Held, id string, wrong lookup.Problems) page.Readings {
	v := page.Readings{Frame: f}
	for _, r := range held.List {
		one := readingView(x, r)
		one.Errors = map[string]string{}
		mine := id == one.ID && len(wrong) > 0
		if mine {
			v.Error, v.Summary = true, &component.Summary{Title: x.T("desk.wrong")}
		}
		for _, p := range wrong {
			if !mine {
				break
			}
			text := x.T("error."+p.Key, p.Args...)
			if p.Field == "" {
				v.Summary.Paragraphs = append(v.Summary.Paragraphs, text)
				continue
			}
			one.Errors[p.Field] = text
			v.Summary.Fields = append(v.Summary.Fields, component.FieldLink{Name: p.Field + "-" + one.ID, Text: text})
		}
		for _, d := range desk.Judgements {
			one.Decisions = append(one.Decisions, page.Option{Value: string(d), Text: x.T("desk.readings.decision." + string(d)),
				Selected: mine && string(d) == x.field("decision")})
		}
		for _, why := range indexes.Refusals {
			one.Refusals = append(one.Refusals, page.Option{Value: string(why), Text: x.T("desk.readings.refusal." + string(why)),
				Selected: mine && string(why) == x.field("refusal")})
		}
		for i := range one.Values {
			if mine {
				one.Values[i].Text = typed(x.field(one.Values[i].Name))
			}
		}
		v.List = append(v.List, one)
	}
	if len(wrong) > 0 && v.Summary == nil { // decided by somebody else meanwhile
		v.Error, v.Summary = true, x.wrong(wrong[0])
	}
	if held.More {
		v.Next = x.path(heldPath) + "?after=" + heldAfter(held.List[len(held.List)-1].Cursor())
	}
	return v
}

// readingView tells whose reading it is, what was typed and which rule holds
// each register. What was counted is told only where both readings are the
// household's own (L16, Md7).
func readingView(x *ctx, r indexes.Review) page.Reading {
	first := r.Entries[0]
	v := page.Reading{ID: r.Window.ID + "." + strconv.Itoa(r.Round), Title: x.T("desk.readings.of", x.Date(first.On), r.MeterNumber),
		Facts: []page.Fact{
			{Name: x.T("desk.readings.entered"), Value: x.moment(first.At)},
			{Name: x.T("desk.customer.name"), Value: r.Stay.Name},
			{Name: x.T("desk.customer.language"), Value: layout.LanguageName(r.Stay.Language)},
			{Name: x.T("desk.customer.supply"), Value: address(r.Point.Street, r.Point.Postcode, r.Point.Town)},
			{Name: x.T("desk.customer.point"), Value: x.T("energy."+string(r.Point.Energy)) + " · " + r.Point.EAN.Masked()},
		}}
	v.Action = x.path(heldPath + "/" + v.ID)
	if r.Round > 1 {
		v.Title += ", " + x.T("desk.readings.again", r.Round)
	}
	own := r.Own()
	if !own {
		v.Note = x.T("desk.readings.former")
	}
	caption := x.T("desk.readings.caption")
	v.Table = component.Table{ID: "registers-" + v.ID, Caption: caption, Region: caption + ", " + v.Title, Narrow: true,
		Columns: []component.Column{{Text: x.T("reading.table.register")}, {Text: x.T("desk.readings.typed")}, {Text: x.T("desk.readings.counted"), Numeric: true}}}
	for i, e := range r.Entries {
		counted := "–"
		if own && e.Consumed > 0 {
			counted = together(x.count(int(e.Consumed)) + " " + e.Register.Unit())
		}
		tag := map[indexes.Status]string{indexes.Held: "stop", indexes.ToCheck: "warn"}[e.Status]
		if tag == "" {
			tag = "plain"
		}
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: x.T("register." + string(e.Register)), Cells: []component.Cell{
			{Text: together(x.count(int(e.Value)) + " " + e.Register.Unit()), Note: x.T("desk.readings.finding." + string(e.Finding)), Tag: tag},
			{Text: counted}}})
		v.Values = append(v.Values, page.Value{Name: indexes.Field(e.Register), Label: x.T("register." + string(e.Register)),
			Unit: e.Register.Unit(), Text: strconv.FormatInt(r.Proposed(i), 10)})
	}
	return v
}
