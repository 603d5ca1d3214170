package store

import (
	"fmt"
	"time"

	"guichet/portal"
	"guichet/portal/tx"
	"guichet/works"
)

// worksLeftovers deletes each: $1 is the time before which it was over, $2 how
// many at most. Events are in the order of their places, so that only the first
// are looked at.
var worksLeftovers = map[works.Leftover]string{
	works.Happened: `DELETE FROM works_events WHERE place IN (SELECT place FROM (SELECT place, at_us FROM works_events ORDER BY place LIMIT $2) f WHERE at_us < $1)`,
	works.Reminded: `DELETE FROM works_reminders WHERE (request_id, what, until_us) IN (SELECT request_id, what, until_us FROM works_reminders WHERE until_us < $1 ORDER BY until_us LIMIT $2)`,
	works.Calendars: `DELETE FROM works_feeds WHERE hash IN (SELECT f.hash FROM works_feeds f JOIN works w ON w.id = f.request_id
  WHERE f.request_id <> '' AND w.turn = 'nobody' AND w.since_us < $1 ORDER BY f.hash LIMIT $2)`,
	works.EndedHolds: `DELETE FROM works_holds WHERE (request_id, place) IN (SELECT h.request_id, h.place FROM works_holds h JOIN works w ON w.id = h.request_id
  WHERE h.ended_us > 0 AND h.ended_us < $1 AND w.turn = 'nobody' AND w.since_us < $1 ORDER BY h.request_id, h.place LIMIT $2)`,
}

// ForgetWorks implements works.Forgetting.
func (s *Store) ForgetWorks(t tx.Tx, what works.Leftover, before time.Time, most int) (int, error) {
	text, ok := worksLeftovers[what]
	if !ok {
		return 0, fmt.Errorf("nothing deletes the leftover %q", what)
	}
	n, err := inside(t).exec(text, portal.Micros(before), most)
	return int(n), err
}
