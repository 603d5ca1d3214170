package web

import (
	"strings"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/web/ui/component"
	page "guichet/web/ui/page/desk"
)

func unblocksOf(c desk.Case) int {
	n := 0
	for _, u := range c.Unblocks {
		if u.Kind == desk.Cleared || u.Kind == desk.Granted {
			n++
		}
	}
	return n
}

func customerView(x *ctx, c desk.Customer) []page.Fact {
	facts := []page.Fact{
		{Name: x.T("desk.customer.name"), Value: c.Name},
		{Name: x.T("desk.customer.language"), Value: x.T("desk.language." + string(c.Language))},
		{Name: x.T("desk.customer.point"), Value: c.EAN},
		{Name: x.T("desk.customer.supply"), Value: c.Supply.Street + ", " + c.Supply.Postcode + " " + c.Supply.Town},
		{Name: x.T("desk.customer.mail"), Value: c.Street + ", " + c.Postcode + " " + c.Town},
	}
	for _, w := range c.Works { // the call goes to its team (C8)
		team := x.T("desk.works.no-team")
		if w.Team != "" {
			team = x.T("desk.works.of-team", w.Team)
		}
		facts = append(facts, page.Fact{Name: x.T("desk.works.open-case"), Value: x.T("works.kind."+string(w.Kind)) + ", " + x.T("works.status."+string(w.Status)) + " · " + team})
	}
	if c.Ground != "" {
		facts = append(facts, page.Fact{Name: x.T("desk.customer.ground"), Value: x.T("ground." + string(c.Ground))})
	}
	return facts
}

// checkView asks the caller what they may still be asked. What was typed beside
// an answer that cannot be read stands there again.
func checkView(x *ctx, c desk.Case, wrong *portal.Error, summary *component.Summary) page.Check {
	again := wrong != nil && x.form != nil && strings.HasSuffix(x.gin.FullPath(), "/check")
	st := c.Standing
	v := page.Check{Action: x.casePath(c.ID) + "/check"}
	for _, q := range desk.Questions {
		right, told := st.Told[q]
		if !told {
			continue
		}
		tag := page.Tag{Text: x.T("desk.check.wrong"), Kind: "stop"}
		if right {
			tag = page.Tag{Text: x.T("desk.check.right")}
		}
		v.Told = append(v.Told, page.Answer{Question: x.T("desk.question." + string(q)), Tag: tag})
	}
	switch {
	case st.Passed:
		v.Text = x.T("desk.check.passed", x.Time(st.Until))
		return v
	case len(st.Ask) == 0:
		v.Text = x.T("desk.check.used")
		if !st.Tried { // this agent may not send a new reference, either
			v.Text = x.T("desk.check.spent")
		}
		return v
	}
	v.Text = x.T("desk.check.lead", st.Left)
	if st.Lost {
		v.Text = x.T("desk.check.lost")
	}
	for _, q := range st.Ask {
		f := component.Field{Name: "answer-" + string(q),
			Label: x.T("desk.question." + string(q)), Hint: x.T("desk.question." + string(q) + ".hint")}
		if again {
			f.Value = x.field(f.Name)
		}
		if again && wrong.Field == string(q) {
			f.Error = x.T("error."+wrong.Key, wrong.Args...)
			summary.Fields, summary.Paragraphs = []component.FieldLink{{Name: f.Name, Text: f.Error}}, nil
		}
		v.Ask = append(v.Ask, f)
	}
	return v
}

// actsView offers what the case's standing allows this agent.
func actsView(x *ctx, c desk.Case, wrong *portal.Error, v *page.Case) {
	act := func(name, key string, quiet bool, args ...any) *page.Act {
		a := &page.Act{Name: name, Title: x.T("desk." + name + ".title"), Text: x.T("desk."+name+".text", args...),
			Action: x.casePath(c.ID) + "/" + name, Submit: x.T("desk." + name + ".submit"), Key: key, Quiet: quiet}
		sent := x.form != nil && strings.HasSuffix(x.gin.FullPath(), "/"+name)
		for _, r := range desk.Reasons {
			a.Why = append(a.Why, page.Option{Value: r, Text: x.T("desk.why." + r), Selected: sent && r == x.field("why")})
		}
		if sent && wrong != nil {
			a.Reason = x.field("reason")
		}
		if sent && wrong != nil && wrong.Field == "reason" {
			a.Error = x.T("error."+wrong.Key, wrong.Args...)
			v.Summary.Fields, v.Summary.Paragraphs = []component.FieldLink{{Name: name + "-reason", Text: a.Error}}, nil
		}
		return a
	}
	if c.Request != nil {
		v.Tag = page.Tag{Text: x.T("desk.state.asked"), Kind: "warn"}
		if c.Request.Login == x.member().Login {
			v.Note = x.T("desk.case.asked-by-you")
		} else {
			v.Grant = act("grant", "o", false, c.Request.Login, x.moment(c.Request.At))
		}
	} else if c.Standing.Passed {
		v.Unblock = act("unblock", "u", false)
		if c.Second {
			v.Note = x.T("desk.case.second")
		}
	}
	if c.Standing.Tried {
		v.Replace = act("replace", "n", true)
	}
}

// historyView tells what happened to the reference.
func historyView(x *ctx, events []desk.Event) component.Table {
	t := component.Table{ID: "history", Caption: x.T("desk.history.caption"), Region: x.T("desk.history.title"),
		Columns: []component.Column{{Text: x.T("desk.history.when")}, {Text: x.T("desk.history.what")}, {Text: x.T("desk.history.who")}}}
	for _, e := range events {
		what := string(e.Action)
		if key := "desk.action." + what; x.Has(key) {
			what = x.T(key)
		}
		if e.Question != "" {
			what = x.T("desk.history.answer", what, x.T("desk.question."+string(e.Question)), x.T("desk.check."+e.Outcome))
		}
		who := e.Actor.ID
		if who == "" {
			who = x.T("desk.actor." + string(e.Actor.Kind))
		}
		t.Rows = append(t.Rows, component.Row{Head: x.shortMoment(e.At), Cells: []component.Cell{{Text: what}, {Text: who}}})
	}
	return t
}
