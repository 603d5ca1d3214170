package web

import (
	"errors"
	"net/http"
	"slices"

	"guichet/portal"
	page "guichet/web/ui/page/partner"
	"guichet/works"
)

// theirs is the room for what is done with one request: it asks again inside
// each unit whether it is theirs still.
func (i installers) theirs(x *ctx) *works.Service { return i.Follow.Room.As(x.installer()) }

// one reads the request that an address is about.
func (i installers) one(x *ctx) (o openedRequest, err error) {
	r, steps, err := i.Follow.Room.Of(x.context(), x.installer(), x.named("id"))
	if err != nil {
		return o, err
	}
	v, lets := r.ForInstaller(steps, x.now), i.Follow.Room.Master.Moves(r, works.Requester, x.now)
	v.May = slices.DeleteFunc(v.May, func(e works.Event) bool { return !slices.Contains(lets, e) }) // D13
	papers, err := i.Follow.filed(x, r.ID)
	return openedRequest{View: v, papers: papers, installer: true}, err
}

func (i installers) request(x *ctx) error {
	o, err := i.one(x)
	if err != nil {
		return err
	}
	return i.show(x, o, nil)
}

func (i installers) show(x *ctx, o openedRequest, wrong error) error {
	holders, err := i.Follow.Room.Store.WorksHolders(x.context(), o.ID)
	if err != nil {
		return err
	}
	if err := i.theirs(x).Shown(x.context(), x.by(), "request", o.ID); err != nil {
		return err
	}
	if !o.Status.Over() {
		i.Follow.Evidence.Expect()
	}
	at := slices.IndexFunc(holders, func(h works.Holder) bool { return h.Company == x.installer().Company && !h.Ended() })
	var held *works.Holder
	if at >= 0 {
		held = &holders[at]
	}
	x.at = installerPath + "/" + o.ID
	return x.show(statusFor(wrong), page.WorksOnePage(installerOneView(x, o, held, wrong)))
}

// moved leads back to the page: with what was done, or with why it was not.
func (i installers) moved(x *ctx, o openedRequest, err error, done string) error {
	if problemsOf(err) != nil {
		if o, again := i.one(x); again == nil {
			return i.show(x, o, err)
		}
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path(installerPath + "/" + o.ID + "?done=" + done))
}

// move lets an event happen that is an installer's to bring about, and no other.
func (i installers) move(x *ctx, e works.Event, done, reason string, wrong error, change func(*works.Request) error) error {
	o, err := i.one(x)
	if err != nil {
		return err
	}
	if wrong == nil {
		_, wrong = i.theirs(x).Move(x.context(), x.by(), o.ID, works.Requester, e, reason, change)
	}
	return i.moved(x, o, wrong, done)
}

func (i installers) complete(x *ctx) error {
	return i.move(x, works.EventComplete, "completed", "", nil, x.supplied)
}

func (i installers) postpone(x *ctx) error {
	reason, wrong := x.reason("postpone_reason", true)
	return i.move(x, works.EventPostpone, "postponed", reason, wrong, x.sameDay)
}

func (i installers) addPaper(x *ctx) error {
	o, err := i.one(x)
	if err != nil {
		return err
	}
	d := i.Follow
	d.Room = i.theirs(x)
	return i.moved(x, o, d.takePaper(x, x.by(), o), "added")
}

// letGo takes a request out of the list; what the partner made stays in it.
func (i installers) letGo(x *ctx) error {
	o, err := i.one(x)
	if err != nil {
		return err
	}
	return errors.Join(i.theirs(x).LetGo(x.context(), x.by(), o.ID, x.installer().Company), x.redirect(x.path(installerPath+"?done=let-go")))
}

// appointment is the planned day for a calendar.
func (i installers) appointment(x *ctx) error {
	o, err := i.one(x)
	if err != nil {
		return err
	}
	if o.Status != works.Planned || o.Day.IsZero() {
		return &portal.Error{Code: portal.NotFound, Key: "works.request"}
	}
	if err := i.theirs(x).Shown(x.context(), x.by(), "appointment", o.ID); err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-appointment.ics"`)
	x.send(http.StatusOK, "text/calendar; charset=utf-8", []byte(appointmentFile(x, o.View)))
	return nil
}
