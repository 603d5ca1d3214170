package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/tx"
	"guichet/web/ui/component"
	"guichet/web/ui/page/public"
)

// Readings takes the readings that customers type; indexes.Book.
type Readings interface {
	Look(ctx context.Context, s indexes.Stay) (indexes.Page, error)
	Enter(ctx context.Context, s indexes.Stay, typed indexes.Typed) (indexes.Outcome, error)
}

// readingsBack begins the VisitBar's Back of this page.
const readingsBack = "?at=readings&"

// stayOf is what a pass lets somebody read.
func stayOf(p lookup.Pass) indexes.Stay {
	return indexes.Stay{Point: p.Point, Occupancy: p.Occupancy, Meter: p.Meter, Visit: p.Visit.ID}
}

// readings shows the form where a reading is due, and the readings so far.
func (s *site) readings(x *ctx) error {
	pass, of, err := x.holding()
	if err != nil {
		return err
	}
	page, err := s.lookAtReadings(x, pass)
	if err != nil {
		return err
	}
	v := readingsView(x, of, pass, page, typedBefore(page), nil)
	if x.query("saved") == "1" && len(page.Entries) > 0 {
		v.Saved = x.T("reading.saved")
	}
	return x.show(http.StatusOK, public.ReadingsPage(v))
}

// lookAtReadings reads the page and records that readings are about to be
// shown; only then may it be answered (L18).
func (s *site) lookAtReadings(x *ctx, pass lookup.Pass) (indexes.Page, error) {
	page, err := s.Readings.Look(x.context(), stayOf(pass))
	if err != nil || len(page.Entries) == 0 {
		return page, err
	}
	return page, s.Runner.Do(x.context(), func(t tx.Tx) error {
		t.Record(audit.Entry{At: x.now, Actor: portal.Actor{Kind: portal.Household}, Action: audit.ReadingsShown,
			Ground: "reference", Channel: "web", Subject: "occupancy:" + pass.Occupancy.ID, Details: map[string]string{"visit": pass.Visit.ID}})
		return nil
	})
}

// enterReading takes the form: refused at its fields, asked about, or kept.
func (s *site) enterReading(x *ctx) error {
	pass, of, err := x.holding()
	if err != nil {
		return err
	}
	sent := indexes.Typed{Window: x.field("window"), Date: x.field(indexes.DateField), Sure: x.field("sure"), Values: map[metering.Register]string{}}
	for _, r := range metering.Registers {
		sent.Values[r] = x.field(indexes.Field(r))
	}
	out, err := s.Readings.Enter(x.context(), stayOf(pass), sent)
	var faults indexes.Faults
	switch {
	case err == nil && out.Saved:
		return x.redirect(x.path("/readings/new?of=" + strconv.Itoa(of) + "&saved=1"))
	case err == nil:
		return s.askAgain(x, http.StatusOK, of, pass, sent, unusualView(x, out))
	case errors.As(err, &faults):
		return s.askAgain(x, refusedStatus, of, pass, sent, problemsView(x, lookup.Problems(faults)))
	case portal.CodeOf(err) == portal.Conflict:
		return s.askAgain(x, http.StatusConflict, of, pass, sent, changedView(x))
	}
	return err
}

// askAgain shows the form with what was typed.
func (s *site) askAgain(x *ctx, status, of int, pass lookup.Pass, sent indexes.Typed, f *fault) error {
	page, err := s.lookAtReadings(x, pass)
	if err != nil {
		return err
	}
	return x.show(status, public.ReadingsPage(readingsView(x, of, pass, page, sent, f)))
}

// typedBefore fills the form with what it would replace.
func typedBefore(p indexes.Page) indexes.Typed {
	t := indexes.Typed{Values: map[metering.Register]string{}}
	for _, e := range p.Typed {
		t.Date, t.Values[e.Register] = isoDay(e.On), strconv.FormatInt(e.Value, 10)
	}
	return t
}

// unusualView asks about values. It says the same of every cause (Md7).
func unusualView(x *ctx, out indexes.Outcome) *fault {
	f := &fault{fields: map[string]string{}, sure: out.Sure, summary: component.Summary{
		Title: x.N("reading.unusual", len(out.Ask)), Paragraphs: []string{x.T("reading.unusual.what")}}}
	for _, r := range out.Ask {
		name := indexes.Field(r)
		f.fields[name] = x.T("reading.unusual.field")
		f.summary.Fields = append(f.summary.Fields, component.FieldLink{Name: name, Text: x.T("register." + string(r))})
	}
	return f
}

func changedView(x *ctx) *fault {
	return &fault{summary: component.Summary{Title: x.T("error.index.window.closed"),
		Paragraphs: []string{x.T("reading.closed.call", x.s.Contact.Phone, x.T("site.hours"))}}}
}
