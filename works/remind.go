package works

import (
	"context"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// What a requester is reminded of, as the event of a News: none of them moves
// anything. A new one needs: Reminders, dated, web/locales
// "letter.works.news."+name.
const (
	RemindMissing Event = "remind-missing" // what is missing, before its date (W5)
	RemindOffer   Event = "remind-offer"   // the offer, before it lapses (D11)
	RemindDay     Event = "remind-day"     // the appointment (W8)
)

// Reminders lists them all.
var Reminders = []Event{RemindMissing, RemindOffer, RemindDay}

// How long before its date something is reminded of; an appointment on the day
// before, or a week before where only a letter tells of it.
const (
	remindAhead = 7 * 24 * time.Hour
	// settled is how long a day must have stood: who was told of it yesterday
	// is not reminded today.
	settled = 24 * time.Hour
)

// Reminding keeps who was reminded of what.
type Reminding interface {
	// WorksToRemind lists the ids of requests with a date of their requester's
	// in (now, until], or an appointment in (now, until] told by post or in
	// (now, tomorrow] by mail, planned before settled, whose requester was not
	// reminded of that very date. A partner that has a daily mail is told there.
	WorksToRemind(ctx context.Context, now, until, tomorrow, settled time.Time, limit int) ([]string, error)
	// PutWorksReminder notes that a requester is reminded; false where they were.
	PutWorksReminder(t tx.Tx, requestID string, what Event, until, now time.Time) (bool, error)
}

// dated gives what a request's requester can be reminded of, and its date.
func (r Request) dated() (what Event, until time.Time) {
	switch r.Status {
	case Incomplete:
		return RemindMissing, r.MissingBy
	case Offered:
		return RemindOffer, r.Offer.ValidTo
	case Planned:
		return RemindDay, r.Day
	}
	return "", time.Time{}
}

// Remind writes to requesters whose date comes near, once for each date, most
// at once, and tells to how many. One that fails keeps no other waiting.
func (s *Service) Remind(ctx context.Context, most int) (int, error) {
	now := s.Clock()
	ids, err := s.Store.WorksToRemind(ctx, now, now.Add(remindAhead), midnight(now).AddDate(0, 0, 2), now.Add(-settled), most)
	if err != nil {
		return 0, err
	}
	by := audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "daily"}, Channel: "command"}
	written, failed := 0, []error(nil)
	for _, id := range ids {
		done := false
		err := s.Runner.Do(ctx, func(t tx.Tx) error {
			done = false
			r, err := s.lock(t, id)
			if err != nil {
				return err
			}
			what, until := r.dated()
			if !until.After(now) { // it went on meanwhile
				return nil
			}
			first, err := s.Store.PutWorksReminder(t, id, what, until, now)
			if err != nil || !first {
				return err
			}
			record(t, by, now, audit.WorksReminded, r, map[string]string{"of": string(what)})
			done = true
			return r.write(t, what, now)
		})
		if failed = append(failed, err); err == nil && done {
			written++
		}
	}
	return written, errors.Join(failed...)
}

// midnight is when the day of a moment began in Brussels.
func midnight(at time.Time) time.Time {
	y, m, d := at.In(portal.Brussels).Date()
	return portal.Date(y, m, d)
}
