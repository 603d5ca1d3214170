package web

import (
	"context"
	"net/http"
	"strings"

	"guichet/portal"
	"guichet/portal/doors"
	"guichet/portal/staff"
	"guichet/web/ui/component"
	page "guichet/web/ui/page/desk"
)

// Switchboard is the public doors as staff see and turn them; doors.Service.
type Switchboard interface {
	Doors
	Board(ctx context.Context) ([]doors.Status, error)
	Close(ctx context.Context, by doors.By, wanted []doors.Door) error
	Ask(ctx context.Context, by doors.By, wanted []doors.Door) error
	Confirm(ctx context.Context, by doors.By, wanted []doors.Door) error
}

// doors shows how the public doors stand; security officers may turn them.
func (c counter) doors(x *ctx) error { return c.showDoors(x, http.StatusOK, "", nil) }

func (c counter) showDoors(x *ctx, status int, act string, wrong *portal.Error) error {
	x.at = "/desk/doors"
	frame, err := c.frame(x, "desk.doors.title")
	if err != nil {
		return err
	}
	board, err := c.Doors.Board(x.context())
	if err != nil {
		return err
	}
	v := doorsView(x, frame, board, act, wrong)
	if done := x.query("done"); doorDones[done] {
		v.Done = x.T("desk.done." + done)
	}
	return x.show(status, page.DoorsPage(v))
}

// doorDones are what a change may say on the page, as dones for cases.
var doorDones = map[string]bool{"closed": true, "door-asked": true, "opened": true}

func (c counter) closeDoor(x *ctx) error {
	return c.turn(x, "close", "closed", c.Doors.Close)
}

func (c counter) askDoor(x *ctx) error {
	return c.turn(x, "ask", "door-asked", c.Doors.Ask)
}

func (c counter) confirmDoor(x *ctx) error {
	return c.turn(x, "confirm", "opened", c.Doors.Confirm)
}

func (c counter) turn(x *ctx, act, done string, do func(context.Context, doors.By, []doors.Door) error) error {
	err := error(&portal.Error{Code: portal.Invalid, Key: "desk.door.unknown", Field: "door"})
	if wanted, ok := doors.Parse(x.field("door")); ok {
		by := doors.By{Login: x.member().Login, Channel: "desk", Reason: strings.TrimSpace(x.field("reason"))}
		err = do(x.context(), by, wanted)
	}
	if wrong := forPerson(err); wrong != nil {
		return c.showDoors(x, statusOf(err), act, wrong)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path("/desk/doors?done=" + done))
}

func doorsView(x *ctx, f page.Frame, board []doors.Status, act string, wrong *portal.Error) page.Doors {
	v := page.Doors{Frame: f}
	var all, toAsk, toConfirm []doors.Door
	for _, d := range board {
		v.Doors = append(v.Doors, doorView(x, d))
		all = append(all, d.Door)
		switch {
		case d.Pending && d.Asked.By != x.member().Login:
			toConfirm = append(toConfirm, d.Door)
		case d.Pending:
			v.Own = x.T("desk.doors.own")
		case d.Closed():
			toAsk = append(toAsk, d.Door)
		}
	}
	if x.member().Role != staff.Security {
		v.Agent, v.Own = x.T("desk.doors.agent"), ""
	} else {
		v.Acts = []page.Turn{turnView(x, "close", "x", all, false)}
		if len(toConfirm) > 0 {
			v.Acts = append(v.Acts, turnView(x, "confirm", "b", toConfirm, true))
		}
		if len(toAsk) > 0 {
			v.Acts = append(v.Acts, turnView(x, "ask", "a", toAsk, true))
		}
	}
	if wrong != nil {
		v.Error, v.Summary = true, x.wrong(wrong)
		wrongTurn(x, &v, act, wrong)
	}
	return v
}

// wrongTurn keeps what was typed and ties the error to its field, where the
// form is still there.
func wrongTurn(x *ctx, v *page.Doors, act string, wrong *portal.Error) {
	for i := range v.Acts {
		t := &v.Acts[i]
		if t.Name != act {
			continue
		}
		t.Reason.Value = x.field("reason")
		for j := range t.Doors {
			t.Doors[j].Selected = t.Doors[j].Value == x.field("door")
		}
		if wrong.Field == "reason" {
			t.Reason.Error = x.T("error."+wrong.Key, wrong.Args...)
			v.Summary.Fields = []component.FieldLink{{Name: t.Name + "-reason", Text: t.Reason.Error}}
			v.Summary.Paragraphs = nil
		}
	}
}

// doorView says how a door stands and why: guards first, then the switch.
func doorView(x *ctx, d doors.Status) page.Door {
	v := page.Door{Name: x.T("desk.door." + string(d.Door)), Tag: page.Tag{Text: x.T("desk.door.open")}}
	if d.Why != "" {
		v.Tag = page.Tag{Text: x.T("desk.door.shut"), Kind: "stop"}
	}
	if d.Why != "" && d.Why != doors.BySwitch {
		v.Facts = append(v.Facts, page.Fact{Name: x.T("desk.doors.guard"), Value: x.T("desk.door.why." + string(d.Why))})
	}
	switch {
	case d.Closed():
		v.Facts = append(v.Facts, page.Fact{Name: x.T("desk.doors.switch"),
			Value: x.T("desk.door.why.switch", d.By, x.shortMoment(d.ClosedAt), d.Reason)})
	case d.Why == doors.BySwitch:
		v.Facts = append(v.Facts, page.Fact{Name: x.T("desk.doors.switch"), Value: x.T("desk.door.why.missing")})
	}
	if d.Pending {
		v.Facts = append(v.Facts, page.Fact{Name: x.T("desk.doors.request"),
			Value: x.T("desk.door.asked", d.Asked.By, x.shortMoment(d.Asked.At), d.Asked.Reason)})
	}
	return v
}

func turnView(x *ctx, name, key string, choice []doors.Door, quiet bool) page.Turn {
	t := page.Turn{Name: name, Title: x.T("desk.doors." + name + ".title"), Text: x.T("desk.doors." + name + ".text"),
		Action: x.path("/desk/doors/" + name), Submit: x.T("desk.doors." + name + ".submit"), Key: key, Quiet: quiet,
		Reason: component.Field{Name: "reason", Label: x.T("desk.doors.reason")}}
	for _, d := range choice {
		t.Doors = append(t.Doors, page.Option{Value: string(d), Text: x.T("desk.door." + string(d))})
	}
	if len(choice) > 1 {
		t.Doors = append(t.Doors, page.Option{Value: "all", Text: x.T("desk.door.all")})
	}
	return t
}
