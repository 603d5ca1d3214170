package doors

import (
	"context"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// By is who turns a switch, where ("desk" or "command") and why. Whoever may
// type commands on the server is believed to be the person named when a door
// is closed, never when one is opened: there the caller has seen a password
// and a one-time code.
type By struct {
	Login   string
	Channel string
	Reason  string
}

func (b By) actor() portal.Actor { return portal.Actor{Kind: portal.Staff, ID: b.Login} }

// Close shuts doors at once, for every process, and ends the visits and sessions
// behind them. Closing a closed door says a new reason and withdraws a request to
// open it. Denied "desk.door.role" for who is no security officer now (G11).
func (s *Service) Close(ctx context.Context, by By, wanted []Door) error {
	return s.turn(ctx, by, wanted, func(t tx.Tx, now time.Time, w Switch) (Switch, audit.Entry, error) {
		next := Switch{Door: w.Door, ClosedAt: now, By: by.Login, Reason: by.Reason}
		return s.withVisits(t, next, audit.DoorClosed, now)
	})
}

// Ask asks for a second person to open doors that are closed; of several,
// those that are not closed are left alone. Conflict "desk.door.open" where
// none is, "desk.door.asked-already" where a request stands.
func (s *Service) Ask(ctx context.Context, by By, wanted []Door) error {
	return s.some(ctx, by, wanted, func(_ tx.Tx, now time.Time, w Switch) (Switch, audit.Entry, error) {
		switch {
		case !w.Closed():
			return w, audit.Entry{}, refused("open", portal.Conflict)
		case w.Asked.live(now):
			return w, audit.Entry{}, refused("asked-already", portal.Conflict)
		}
		w.Asked = Request{At: now, By: by.Login, Reason: by.Reason}
		return w, audit.Entry{Action: audit.DoorAsked}, nil
	})
}

// Confirm is the second person's word: it opens closed doors that another
// officer asked to open less than 24 hours ago; of several, the others are
// left alone. Denied "desk.door.same-person" for the one who asked, Conflict
// "desk.door.not-asked" where nobody did (G11).
func (s *Service) Confirm(ctx context.Context, by By, wanted []Door) error {
	return s.some(ctx, by, wanted, func(t tx.Tx, now time.Time, w Switch) (Switch, audit.Entry, error) {
		switch {
		case !w.Closed():
			return w, audit.Entry{}, refused("open", portal.Conflict)
		case !w.Asked.live(now):
			return w, audit.Entry{}, refused("not-asked", portal.Conflict)
		case w.Asked.By == by.Login:
			return w, audit.Entry{}, refused("same-person", portal.Denied)
		}
		// An attempt that met the closing half-way may have left a visit.
		return s.withVisits(t, Switch{Door: w.Door}, audit.DoorOpened, now)
	})
}

// withVisits ends what is live behind the door.
func (s *Service) withVisits(t tx.Tx, w Switch, action audit.Action, now time.Time) (Switch, audit.Entry, error) {
	ended, err := s.Store.EndVisitsBehind(t, w.Door, now)
	return w, audit.Entry{Action: action, Details: map[string]string{"visits": strconv.FormatInt(ended, 10)}}, err
}

func refused(key string, code portal.Code) error {
	return &portal.Error{Code: code, Key: "desk.door." + key, Field: "door"}
}

// step decides on one locked switch: how it stands afterwards, and the entry
// that tells it, of which turn fills the rest.
type step func(t tx.Tx, now time.Time, w Switch) (Switch, audit.Entry, error)

// some takes the doors that a step allows; where it allows none, its first
// error is the answer.
func (s *Service) some(ctx context.Context, by By, wanted []Door, do step) error {
	var first error
	taken := false
	err := s.turnWith(ctx, by, wanted, func() { first, taken = nil, false },
		func(t tx.Tx, now time.Time, w Switch) (Switch, audit.Entry, error) {
			next, e, err := do(t, now, w)
			if code := portal.CodeOf(err); err != nil && (code == portal.Conflict || code == portal.Denied) {
				if first == nil || portal.CodeOf(first) == portal.Conflict && code == portal.Denied {
					first = err
				}
				return w, audit.Entry{}, nil
			}
			taken = taken || err == nil
			return next, e, err
		})
	if err == nil && !taken {
		return first
	}
	return err
}

func (s *Service) turn(ctx context.Context, by By, wanted []Door, do step) error {
	return s.turnWith(ctx, by, wanted, func() {}, do)
}

// turnWith runs a step on each wanted door, in the order of All, in one unit
// with its entries; again begins each run of the unit.
func (s *Service) turnWith(ctx context.Context, by By, wanted []Door, again func(), do step) error {
	if err := s.Words(by.Reason); err != nil {
		return err
	}
	now := s.Clock()()
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		again()
		if err := s.officer(t, by.Login); err != nil {
			return err
		}
		for _, d := range wanted {
			w, err := s.Store.LockSwitch(t, d)
			if err != nil {
				return err
			}
			next, e, err := do(t, now, w)
			if err != nil {
				return err
			}
			if e.Action == "" {
				continue
			}
			e.At, e.Actor, e.Channel, e.Ground, e.Subject = now, by.actor(), by.Channel, "switch", "door:"+string(d)
			if e.Details == nil {
				e.Details = map[string]string{}
			}
			e.Details["reason"] = by.Reason
			t.Record(e)
			if err := s.Store.SaveSwitch(t, next); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.refresh(ctx)
}

// officer refuses who may not turn switches now: only security officers may.
// An agent who is worried calls one; an agent whose account was stolen must
// not be able to shut the portal, nor to open it (L8).
func (s *Service) officer(t tx.Tx, login string) error {
	may, err := s.Store.SwitchOfficer(t, login)
	if err == nil && !may {
		err = refused("role", portal.Denied)
	}
	return err
}

// refresh tells the log how the doors stand now.
func (s *Service) refresh(ctx context.Context) error {
	s.forget()
	for _, d := range All {
		why, err := s.why(ctx, d)
		if err != nil {
			return err
		}
		s.note(ctx, d, why)
	}
	return nil
}
