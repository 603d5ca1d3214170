package works

import (
	"context"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// Leftover is something of works that is of no more use after a while (D16).
type Leftover string

// The leftovers.
const (
	// Happened is what the works system could read of what happened: kept as
	// long as technical logs, for one that was away.
	Happened Leftover = "events"
	// Reminded is of which dates somebody was reminded: of a date that is past
	// nobody is reminded.
	Reminded Leftover = "reminders"
	// Calendars are the addresses of requests that are over; they open nothing
	// since, and go as ended references do.
	Calendars Leftover = "calendars"
	// EndedHolds is who followed a request: as long as it may be asked who saw
	// it, like the documents in it.
	EndedHolds Leftover = "holds"
)

// leftovers tells for how many months each is kept, after it happened, after its
// date, or after its request's end.
var leftovers = []struct {
	What   Leftover
	Months int
}{{Happened, 6}, {Reminded, 3}, {Calendars, 3}, {EndedHolds, 36}}

// Forgetting deletes leftovers.
type Forgetting interface {
	// ForgetWorks deletes what was over before a time, most at once, and tells how
	// many.
	ForgetWorks(t tx.Tx, what Leftover, before time.Time, most int) (int, error)
}

// Forget deletes what is of no more use, most of each sort at once, with a line in
// the trail for each sort, and tells how many in all.
func (s *Service) Forget(ctx context.Context, most int) (gone int, err error) {
	now := s.Clock()
	by := audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "daily"}, Ground: "retention", Channel: "command"}
	for _, l := range leftovers {
		n := 0
		err := s.Runner.Do(ctx, func(t tx.Tx) (err error) {
			n, err = s.Store.ForgetWorks(t, l.What, now.AddDate(0, -l.Months, 0), most)
			if err == nil && n > 0 {
				record(t, by, now, audit.WorksGone, Request{}, map[string]string{"what": string(l.What), "count": strconv.Itoa(n)})
			}
			return err
		})
		if err != nil {
			return gone, err
		}
		gone += n
	}
	return gone, nil
}
