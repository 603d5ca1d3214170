package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ registry.OldReferences = (*Store)(nil)

// lastErasures reads the newest erasures of a term and those that wait for
// their place. Each names more places than the one before; a few that wait
// together may be sealed in another order.
const lastErasures = `SELECT ` + entryColumns + ` FROM (SELECT ` + entryColumns + ` FROM trail_entries
    WHERE action = 'trail.erased' AND ground = $1 ORDER BY idx DESC LIMIT 64) placed
  UNION ALL SELECT ` + recordedColumns + `, NULL FROM trail_waiting WHERE action = 'trail.erased' AND ground = $1`

// EraseTerm empties the openings of a term's entries whose time is over (D16),
// at so many places of the log at most behind those of the last time, and
// records up to where; more tells whether something may be left. The time is
// never later than the high-water mark: a clock that runs ahead of all that was
// ever served erases nothing. Two that erase at once wait for each other.
func (s *Store) EraseTerm(t tx.Tx, term audit.Term, now time.Time, most int) (gone int, more bool, err error) {
	mark, err := s.LockClock(t)
	if err != nil {
		return 0, false, err
	}
	if mark.At.Before(now) {
		now = mark.At
	}
	u := inside(t)
	told, err := entries(u.query(lastErasures, string(term)))
	if err != nil {
		return 0, false, err
	}
	from := audit.ErasedBefore(told)
	upTo, more, err := overBefore(u, from, now.AddDate(-term.Kept(), 0, 0), most)
	if err != nil || upTo == from {
		return 0, false, err
	}
	actions, but := term.Of()
	args := []any{from, upTo}
	var marks []string
	for i, a := range actions {
		args, marks = append(args, string(a)), append(marks, "$"+strconv.Itoa(i+3))
	}
	not := ""
	if but {
		not = "NOT "
	}
	n, err := u.exec(`UPDATE trail_entries SET salt = NULL, subject = NULL, details = NULL
  WHERE idx >= $1 AND idx < $2 AND salt IS NOT NULL AND action `+not+`IN (`+strings.Join(marks, ", ")+`)`, args...)
	if err != nil {
		return 0, false, err
	}
	t.Record(audit.Erasure{Term: term, Before: upTo, Count: int(n)}.Entry(now))
	return int(n), more, nil
}

// overBefore gives the place up to which all entries from a place on are as old
// as that, looking at so many at most; more tells whether it stopped for that.
// What stands behind a younger one waits: an entry is made before it gets its
// place.
func overBefore(u *unit, from int64, before time.Time, most int) (upTo int64, more bool, err error) {
	upTo, more = from, true
	seen := 0
	rows, err := u.query(`SELECT idx, at_us FROM trail_entries WHERE idx >= $1 ORDER BY idx LIMIT $2`, from, most)
	err = each(rows, err, func(r scanner) error {
		var idx, at int64
		err := r.Scan(&idx, &at)
		seen++
		if more = more && at < portal.Micros(before); more {
			upTo = idx + 1
		}
		return err
	})
	return upTo, more && seen == most, err
}

// What is over of the numbers: of lapsedTries $1 is the time before which, of
// the others $1 and $2. Each looks at many rows to find few and is therefore read
// beside the writer, which asks once more.
const (
	lapsedTries = `blocked_us = 0 AND changed_us <= $1`
	overIssued  = `LENGTH(digits) > 0 AND (ended_us > 0 AND ended_us <= $1
  OR EXISTS (SELECT 1 FROM occupancies o WHERE o.id = issued_references.occupancy_id AND o.to_us > 0 AND o.to_us <= $2))`
	overOnGround = `(ended_us > 0 AND ended_us <= $1
  OR EXISTS (SELECT 1 FROM grounds g WHERE g.id = ground_references.ground_id AND g.until_us > 0 AND g.until_us <= $1))`
)

// keysOf reads keys of a table in their order, from behind one on.
func (s *Store) keysOf(ctx context.Context, table, where, after string, most int, args ...any) ([]string, error) {
	n := len(args)
	rows, err := s.query(ctx, `SELECT key FROM `+table+` WHERE `+where+` AND key > $`+strconv.Itoa(n+1)+
		` ORDER BY key LIMIT $`+strconv.Itoa(n+2), append(args, after, most)...)
	return all(rows, err, func(r scanner) (key string, err error) {
		err = r.Scan(&key)
		return key, err
	})
}

// forKeys does something to the rows with these keys that are still over, and
// counts them.
func forKeys(u *unit, what string, keys []string, args ...any) (int, error) {
	var gone int64
	err := inParts(len(keys), func(from, to int) error {
		marks, all := make([]string, 0, to-from), args
		for _, key := range keys[from:to] {
			all = append(all[:len(all):len(all)], key)
			marks = append(marks, "$"+strconv.Itoa(len(all)))
		}
		n, err := u.exec(what+` AND key IN (`+strings.Join(marks, ", ")+`)`, all...)
		gone += n
		return err
	})
	return int(gone), err
}

// LapsedTries implements lookup.OldStore.
func (s *Store) LapsedTries(ctx context.Context, after string, until time.Time, most int) ([]string, error) {
	return s.keysOf(ctx, "lookup_counters", lapsedTries, after, most, portal.Micros(until))
}

// ForgetTries implements lookup.OldStore.
func (s *Store) ForgetTries(t tx.Tx, until time.Time, keys []string) (int, error) {
	return forKeys(inside(t), `DELETE FROM lookup_counters WHERE `+lapsedTries, keys, portal.Micros(until))
}

// OverReferences implements registry.OldReferences.
func (s *Store) OverReferences(ctx context.Context, to registry.Holders, o registry.Over, after string, most int) ([]string, error) {
	if to == registry.OnGrounds {
		return s.keysOf(ctx, "ground_references", overOnGround, after, most, portal.Micros(o.Ended))
	}
	return s.keysOf(ctx, "issued_references", overIssued, after, most, portal.Micros(o.Ended), portal.Micros(o.Moved))
}

// ForgetReferences implements registry.OldReferences.
func (s *Store) ForgetReferences(t tx.Tx, to registry.Holders, o registry.Over, keys []string) (gone int, err error) {
	u := inside(t)
	ended, moved := portal.Micros(o.Ended), portal.Micros(o.Moved)
	if to == registry.OnGrounds {
		gone, err = forKeys(u, `DELETE FROM ground_references WHERE `+overOnGround, keys, ended)
	} else {
		var blanked int
		if blanked, err = forKeys(u, `UPDATE issued_references SET digits = $3, letter_code = $3 WHERE legacy AND `+overIssued, keys, ended, moved, []byte{}); err != nil {
			return 0, err
		}
		gone, err = forKeys(u, `DELETE FROM issued_references WHERE NOT legacy AND `+overIssued, keys, ended, moved)
		gone += blanked
	}
	if err != nil {
		return gone, err
	}
	// One that was closed is not from now on a closed number that never was issued.
	_, err = forKeys(u, `DELETE FROM gate_cases WHERE NOT EXISTS (SELECT 1 FROM issued_references r WHERE r.key = gate_cases.key)
  AND NOT EXISTS (SELECT 1 FROM ground_references i WHERE i.key = gate_cases.key)`, keys)
	return gone, err
}
