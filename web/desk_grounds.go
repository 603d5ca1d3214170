package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/registry"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/desk"
)

// grounds lists the rights of heirs, guardians and owners (D7).
func (c counter) grounds(x *ctx) error { return c.showGrounds(x, http.StatusOK, "", nil) }

func (c counter) showGrounds(x *ctx, status int, id string, wrong *portal.Error) error {
	x.at = "/desk/grounds"
	after, err := place(x.query("after"))
	if err != nil {
		return err
	}
	frame, err := c.frame(x, "desk.grounds.title")
	if err != nil {
		return err
	}
	list, more, err := c.Desk.ListGrounds(x.context(), x.member(), registry.GroundCursor{AskedAt: after.At, ID: after.ID})
	if err != nil {
		return err
	}
	v := groundsView(x, frame, list, more, id, wrong)
	if x.query("after") != "" {
		v.First = x.path("/desk/grounds")
	}
	if done := x.query("done"); slices.Contains([]string{"asked", "granted", "refused", "sent", "ended"}, done) {
		v.Done = x.T("desk.grounds.done." + done)
	}
	return x.show(status, page.GroundsPage(v))
}

func groundsView(x *ctx, f page.Frame, list []registry.Ground, more bool, id string, wrong *portal.Error) page.Grounds {
	v := page.Grounds{Frame: f, New: x.path("/desk/grounds/new")}
	for _, g := range list {
		v.List = append(v.List, groundItem(x, g))
	}
	if more {
		last := list[len(list)-1]
		v.Next = x.path("/desk/grounds?after=" + strconv.FormatInt(portal.Micros(last.AskedAt), 10) + "." + last.ID)
	}
	if wrong != nil {
		v.Error, v.Summary = true, x.wrong(wrong)
		for i := range v.List {
			if wrong.Field == "why" && v.List[i].ID == id {
				v.List[i].WhyError = x.T("error." + wrong.Key)
				v.Summary = &component.Summary{Title: x.T("desk.wrong"), Fields: []component.FieldLink{{Name: "why-" + id, Text: v.List[i].WhyError}}}
			}
		}
	}
	return v
}

func groundItem(x *ctx, g registry.Ground) page.OneGround {
	state := g.State(x.now)
	one := page.OneGround{ID: g.ID, Title: x.T("ground." + string(g.Kind)), Evidence: g.Evidence,
		Tag: page.Tag{Text: x.T("desk.grounds.state." + string(state))},
		Facts: []page.Fact{
			{Name: x.T("desk.customer.name"), Value: g.Name},
			{Name: x.T("desk.customer.mail"), Value: address(g.Street, g.Postcode, g.Town)},
			{Name: x.T("desk.customer.language"), Value: layout.LanguageName(g.Language)},
			{Name: x.T("desk.customer.point"), Value: g.EAN.Masked()},
			{Name: x.T("desk.grounds.period"), Value: x.stretch(g.Period)},
			{Name: x.T("desk.grounds.until"), Value: x.Date(g.Until.Add(-time.Second))},
			{Name: x.T("desk.grounds.asked"), Value: x.moment(g.AskedAt) + " · " + g.AskedBy},
		}}
	if !g.DecidedAt.IsZero() {
		key := "desk.grounds.granted"
		if !g.Granted {
			key = "desk.grounds.refused"
		}
		one.Facts = append(one.Facts, page.Fact{Name: x.T(key), Value: x.moment(g.DecidedAt) + " · " + g.DecidedBy})
	}
	if !g.EndedAt.IsZero() {
		one.Facts = append(one.Facts, page.Fact{Name: x.T("desk.grounds.ended"),
			Value: x.moment(g.EndedAt) + " · " + g.EndedBy + " · " + x.T("desk.grounds.why."+string(g.EndedWhy))})
	}
	at := x.path("/desk/grounds/" + g.ID)
	switch state {
	case registry.GroundWaits:
		one.Tag.Kind = "warn"
		if g.AskedBy == x.member().Login {
			one.Note, one.End = x.T("desk.grounds.other"), at+"/end"
		} else {
			one.Decide = at + "/decide"
		}
	case registry.GroundLives:
		one.Letter, one.End = at+"/letter", at+"/end"
	case registry.GroundRefused, registry.GroundEnded:
		one.Tag.Kind = "stop"
	}
	if one.End != "" {
		for _, w := range registry.EndedWhys {
			one.Whys = append(one.Whys, page.Option{Value: string(w), Text: x.T("desk.grounds.why." + string(w))})
		}
	}
	return one
}

// changed shows the list again with what went wrong, or what was done.
func (c counter) changedGround(x *ctx, done string, err error) error {
	if wrong := forPerson(err); wrong != nil {
		return c.showGrounds(x, statusOf(err), x.param("id"), wrong)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path("/desk/grounds?done=" + done))
}

func (c counter) decideGround(x *ctx) error {
	done := x.field("decision")
	if done != "granted" && done != "refused" {
		return c.changedGround(x, "", &portal.Error{Code: portal.Invalid, Key: "desk.grounds.decision"})
	}
	return c.changedGround(x, done, c.Desk.DecideGround(x.context(), x.member(), x.param("id"), done == "granted"))
}

func (c counter) sendGround(x *ctx) error {
	return c.changedGround(x, "sent", c.Desk.SendGround(x.context(), x.member(), x.param("id")))
}

func (c counter) endGround(x *ctx) error {
	return c.changedGround(x, "ended", c.Desk.EndGround(x.context(), x.member(), x.param("id"), registry.EndedWhy(x.field("why"))))
}

// newGround is the empty form.
func (c counter) newGround(x *ctx) error { return c.showNewGround(x, http.StatusOK, nil) }

func (c counter) showNewGround(x *ctx, status int, faults registry.GroundFaults) error {
	x.at = "/desk/grounds/new"
	if err := c.Desk.MayGround(x.member()); err != nil {
		return err
	}
	frame, err := c.frame(x, "desk.grounds.new")
	if err != nil {
		return err
	}
	return x.show(status, page.NewGroundPage(newGroundView(x, frame, faults)))
}

// askGround keeps what was typed for a second officer; what is wrong is said at
// each field, and nothing typed is lost.
func (c counter) askGround(x *ctx) error {
	g, typos := typedGround(x)
	err := c.Desk.AskGround(x.context(), x.member(), g)
	var faults registry.GroundFaults
	if errors.As(err, &faults) {
		for i, fault := range faults { // what cannot be read is not missing
			if t := slices.IndexFunc(typos, func(t *portal.Error) bool { return t.Field == fault.Field }); t >= 0 {
				faults[i] = typos[t]
			}
		}
		for _, t := range typos { // a last day that may be left out, but not misspelt
			if !slices.ContainsFunc(faults, func(f *portal.Error) bool { return f.Field == t.Field }) {
				faults = append(faults, t)
			}
		}
		return c.showNewGround(x, statusOf(err), faults)
	}
	return c.changedGround(x, "asked", err)
}

// typedGround reads the form. A date that cannot be read leaves its time zero;
// a misspelt last day, which may be left out, makes one that Validate refuses.
func typedGround(x *ctx) (g registry.Ground, typos registry.GroundFaults) {
	g = registry.Ground{Kind: registry.GroundKind(x.field("kind")), Name: x.field("name"), Language: portal.Language(x.field("language")),
		Street: x.field("street"), Postcode: x.field("postcode"), Town: x.field("town"), Evidence: x.field("evidence")}
	if text := strings.TrimSpace(x.field("ean")); text != "" {
		var err error
		var e *portal.Error
		if g.EAN, err = portal.ParseEAN(text); errors.As(err, &e) {
			typos = append(typos, e)
		}
	}
	day := func(name string, last bool) time.Time {
		text := strings.TrimSpace(x.field(name))
		if text == "" {
			return time.Time{}
		}
		t, err := portal.ParseDate(text)
		if err != nil {
			typos = append(typos, &portal.Error{Code: portal.Invalid, Key: "desk.grounds.date", Field: name})
			return time.Time{}
		}
		if last { // the day is still part of it
			t = t.AddDate(0, 0, 1)
		}
		return t
	}
	g.From, g.To, g.Until = day("from", false), day("to", true), day("until", true)
	if g.To.IsZero() && strings.TrimSpace(x.field("to")) != "" {
		g.To = g.From
		if g.From.IsZero() {
			g.To = time.Unix(0, 0)
		}
	}
	return g, typos
}

func newGroundView(x *ctx, f page.Frame, faults registry.GroundFaults) page.NewGround {
	wrong := map[string]string{}
	for _, e := range faults {
		wrong[e.Field] = x.T("error."+e.Key, e.Args...)
	}
	field := func(name string) component.Field {
		return component.Field{Name: name, Label: x.T("desk.grounds.field." + name), Value: x.field(name), Error: wrong[name]}
	}
	date := func(name string) component.Field {
		d := field(name)
		d.Date, d.Hint = true, x.T("desk.grounds.field."+name+".hint")
		return d
	}
	v := page.NewGround{Frame: f, Action: x.path("/desk/grounds/new"), Back: layout.Link{Text: x.T("desk.grounds.back"), Href: x.path("/desk/grounds")},
		Point: field("ean"), Person: []component.Field{field("name"), field("street"), field("postcode"), field("town")},
		Dates: []component.Field{date("from"), date("to"), date("until")}, Evidence: field("evidence"),
		KindError: wrong["kind"], LanguageError: wrong["language"]}
	v.Point.Class, v.Point.Hint, v.Evidence.Hint = "ean", x.T("desk.grounds.field.ean.hint"), x.T("desk.grounds.field.evidence.hint")
	for _, k := range registry.GroundKinds {
		v.Kinds = append(v.Kinds, page.Option{Value: string(k), Text: x.T("ground." + string(k)), Selected: string(k) == x.field("kind")})
	}
	for _, l := range portal.Languages {
		v.Languages = append(v.Languages, page.Option{Value: string(l), Text: layout.LanguageName(l), Selected: string(l) == x.field("language")})
	}
	if len(faults) > 0 {
		v.Error, v.Summary = true, &component.Summary{Title: x.T("desk.wrong")}
		order := []string{"kind", "ean", "name", "street", "postcode", "town", "language", "from", "to", "until", "evidence"}
		slices.SortStableFunc(faults, func(a, b *portal.Error) int {
			return cmp.Compare(slices.Index(order, a.Field), slices.Index(order, b.Field))
		})
		for _, e := range faults {
			v.Summary.Fields = append(v.Summary.Fields, component.FieldLink{Name: e.Field, Text: wrong[e.Field]})
		}
	}
	return v
}

var _ desk.Grounds = (*registry.Grounds)(nil)
