package store

import (
	"context"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/tx"
	"guichet/works"
)

var (
	_ lookup.Ledger     = (*Store)(nil)
	_ lookup.VisitStore = (*Store)(nil)
)

// LoadAttempt implements lookup.Ledger in one SELECT that begins from the key
// itself, so that it returns a row for every number there could be (T7). An
// unknown number reads what its next neighbour among the known ones would, which
// nobody can choose, keys being hashes: the same rows, as far from each other,
// and as many bytes. Nothing of that is given to anybody.
//
// A drawn reference ends at its first use whatever was issued to its occupancy
// before it, also for a meter that was exchanged since: an access point has one
// meter at a time (G1, G2). A legacy one ends none of another meter.
func (s *Store) LoadAttempt(t tx.Tx, kind lookup.Kind, key, device string) (target lookup.Target, counter lookup.Counter, err error) {
	u := inside(t)
	if s.holdCounter != "" {
		if _, err := u.exec(s.holdCounter, key, string(kind)); err != nil {
			return target, counter, shut(err)
		}
	}
	text := attemptByReference
	if kind == lookup.ByWorks {
		text = attemptByWorks
	}
	rows, err := u.query(text, key, device)
	var failures, found, former string
	var blocked, ended, moved, until, over, known int64
	var superseded []string
	err = each(rows, err, func(r scanner) error {
		if err := r.Scan(&failures, &blocked, &counter.CaseID, &found,
			&target.OccupancyID, &target.Secret, &target.LetterCode, &ended, &moved, &until, &over, &known, &former); err != nil {
			return err
		}
		if former != "" {
			superseded = append(superseded, former)
		}
		return nil
	})
	if err != nil {
		return lookup.Target{}, counter, err
	}
	if counter.Failures, err = parseFailures(failures); err != nil {
		return lookup.Target{}, counter, shut(err)
	}
	counter.BlockedAt = portal.FromMicros(blocked)
	target.Known = true
	target.EndsAt = earliest(lookup.EndsAt(portal.FromMicros(ended), brusselsTime(moved)), portal.FromMicros(until), worksEnd(over))
	target.Superseded, target.KnownSince = superseded, portal.FromMicros(known)
	if found != key {
		target = lookup.Target{} // a neighbour's
	}
	return target, counter, nil
}

// What LoadAttempt reads: one row for each superseded reference, or one in all.
const (
	attemptByReference = attemptColumns + nearReference + attemptTables
	attemptByWorks     = attemptColumns + nearWorks + attemptTables

	attemptColumns = `SELECT COALESCE(c.failures, ''), COALESCE(c.blocked_us, 0), COALESCE(c.case_id, ''), COALESCE(k.near, ''),
  COALESCE(r.occupancy_id, g.id, w.id, ''), COALESCE(r.digits, gr.digits, w.code), COALESCE(r.letter_code, gr.letter_code),
  COALESCE(r.ended_us, gr.ended_us, 0), COALESCE(o.to_us, 0), COALESCE(g.until_us, 0),
  CASE WHEN w.turn = 'nobody' THEN w.since_us ELSE 0 END,
  COALESCE(b.opened_us, 0), COALESCE(f.key, gf.key, '')
  FROM (SELECT CAST($1 AS TEXT) AS key, `

	// The known number that is next to one, or the number itself where it is known.
	nearReference = `(SELECT MIN(n.key) FROM (SELECT (SELECT i.key FROM issued_references i WHERE i.key >= $1 ORDER BY i.key LIMIT 1) AS key
  UNION ALL SELECT (SELECT i.key FROM ground_references i WHERE i.key >= $1 ORDER BY i.key LIMIT 1)) n)`
	nearWorks = `(SELECT i.key FROM works i WHERE i.key >= $1 ORDER BY i.key LIMIT 1)`

	attemptTables = ` AS near) k
  LEFT JOIN lookup_counters c ON c.key = k.key
  LEFT JOIN issued_references r ON r.key = k.near
  LEFT JOIN occupancies o ON o.id = COALESCE(r.occupancy_id, '')
  LEFT JOIN known_browsers b ON b.reference_key = k.key AND b.device = $2
  LEFT JOIN issued_references f ON f.occupancy_id = COALESCE(r.occupancy_id, '') AND (f.meter_id = r.meter_id OR NOT r.legacy)
    AND f.key <> r.key AND f.ended_us = 0 AND f.issued_us <= r.issued_us
  LEFT JOIN ground_references gr ON gr.key = k.near
  LEFT JOIN grounds g ON g.id = COALESCE(gr.ground_id, '')
  LEFT JOIN ground_references gf ON gf.ground_id = COALESCE(gr.ground_id, '') AND gf.key <> gr.key AND gf.ended_us = 0 AND gf.issued_us <= gr.issued_us
  LEFT JOIN works w ON w.key = k.near`
)

// worksEnd is when the number of a request opens no more that was over at a time.
func worksEnd(overUS int64) time.Time {
	if overUS == 0 {
		return time.Time{}
	}
	return portal.FromMicros(overUS).AddDate(0, 0, works.OpensFor)
}

// brusselsTime reads a stored time back where calendar days are going to be
// added to it.
func brusselsTime(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return portal.FromMicros(us).In(portal.Brussels)
}

// SaveAttempt implements lookup.Ledger.
func (s *Store) SaveAttempt(t tx.Tx, kind lookup.Kind, key string, now time.Time, c lookup.Counter) error {
	failures, err := failuresText(c.Failures)
	if err != nil {
		return shut(err)
	}
	_, err = inside(t).exec(`INSERT INTO lookup_counters (key, kind, failures, blocked_us, case_id, changed_us)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, blocked_us = excluded.blocked_us,
    case_id = excluded.case_id, changed_us = excluded.changed_us`,
		key, string(kind), failures, portal.Micros(c.BlockedAt), c.CaseID, portal.Micros(now))
	return shut(err)
}

// OpenVisit implements lookup.Ledger.
func (s *Store) OpenVisit(t tx.Tx, v lookup.Visit, superseded []string) error {
	u := inside(t)
	opened := portal.Micros(v.OpenedAt)
	if _, err := u.exec(`INSERT INTO visits (id, reference_key, occupancy_id, opened_us, ends_us, ended_us)
  VALUES ($1, $2, $3, $4, $5, 0)`, v.ID, v.ReferenceKey, v.OccupancyID, opened, portal.Micros(v.EndsAt)); err != nil {
		return shut(err)
	}
	if err := dateReference(u, "first_used_us", opened, v.ReferenceKey); err != nil {
		return err
	}
	if v.Device != "" {
		if _, err := u.exec(`INSERT INTO known_browsers (reference_key, device, opened_us) VALUES ($1, $2, $3)
  ON CONFLICT (reference_key, device) DO UPDATE SET opened_us = excluded.opened_us`, v.ReferenceKey, v.Device, opened); err != nil {
			return shut(err)
		}
	}
	for _, key := range superseded {
		if err := dateReference(u, "ended_us", opened, key); err != nil {
			return err
		}
	}
	return nil
}

// dateReference dates a reference, an occupant's or one issued on a ground, once.
func dateReference(u *unit, column string, us int64, key string) error {
	for _, table := range []string{"issued_references", "ground_references"} {
		n, err := u.exec(`UPDATE `+table+` SET `+column+` = $1 WHERE key = $2 AND `+column+` = 0`, us, key)
		if err != nil || n > 0 {
			return shut(err)
		}
	}
	return nil
}

// earliest is the first of some times; zero ones are none.
func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// LivePasses implements lookup.VisitStore.
func (s *Store) LivePasses(ctx context.Context, visitIDs []string, now time.Time) ([]lookup.Pass, error) {
	if len(visitIDs) == 0 {
		return nil, nil
	}
	args := make([]any, 0, len(visitIDs))
	for _, id := range visitIDs {
		args = append(args, id)
	}
	rows, err := s.query(ctx, `SELECT v.id, v.reference_key, v.opened_us, v.ends_us, r.ended_us,
  o.id, o.name, o.language, o.street, o.postcode, o.town, o.detail_us, o.detail_ended_us, o.from_us, o.to_us,
  p.ean, p.energy, p.street, p.postcode, p.town, p.power_va, m.id, m.number, m.from_us, m.to_us
  FROM visits v
  JOIN issued_references r ON r.key = v.reference_key
  JOIN occupancies o ON o.id = v.occupancy_id
  JOIN access_points p ON p.ean = o.ean
  JOIN meters m ON m.id = r.meter_id
  WHERE v.ended_us = 0 AND v.id IN `+values(1, len(args)), args...)
	var passes []lookup.Pass
	err = each(rows, err, func(r scanner) error {
		var p lookup.Pass
		var opened, ends, ended, detail, detailEnded, from, to, meterFrom, meterTo int64
		o, a, m := &p.Occupancy, &p.Point, &p.Meter
		if err := r.Scan(&p.Visit.ID, &p.Visit.ReferenceKey, &opened, &ends, &ended,
			&o.ID, &o.Name, &o.Language, &o.Street, &o.Postcode, &o.Town, &detail, &detailEnded, &from, &to,
			&a.EAN, &a.Energy, &a.Street, &a.Postcode, &a.Town, &a.PowerVA, &m.ID, &m.Number, &meterFrom, &meterTo); err != nil {
			return err
		}
		p.Visit.OccupancyID = o.ID
		p.Visit.OpenedAt, p.Visit.EndsAt = portal.FromMicros(opened), portal.FromMicros(ends)
		o.EAN, m.EAN = a.EAN, a.EAN
		o.DetailFrom, o.DetailEnded = portal.FromMicros(detail), portal.FromMicros(detailEnded)
		o.Period = portal.Period{From: portal.FromMicros(from), To: portal.FromMicros(to)}
		m.Period = portal.Period{From: portal.FromMicros(meterFrom), To: portal.FromMicros(meterTo)}
		closes := lookup.EndsAt(portal.FromMicros(ended), brusselsTime(to))
		if now.Before(p.Visit.EndsAt) && (closes.IsZero() || now.Before(closes)) {
			passes = append(passes, p)
		}
		return nil
	})
	if err != nil || len(passes) == len(visitIDs) {
		return passes, err
	}
	byGround, err := s.groundPasses(ctx, args, now) // hardly anybody comes on a ground
	if passes = append(passes, byGround...); err != nil || len(passes) == len(visitIDs) {
		return passes, err
	}
	byWorks, err := s.worksPasses(ctx, args, now)
	return append(passes, byWorks...), err
}

// EndReference implements lookup.VisitStore.
func (s *Store) EndReference(t tx.Tx, key string, now time.Time) error {
	return dateReference(inside(t), "ended_us", portal.Micros(now), key)
}

// EndVisits implements lookup.VisitStore.
func (s *Store) EndVisits(t tx.Tx, visitIDs []string, now time.Time) error {
	for _, id := range visitIDs {
		if _, err := inside(t).exec(`UPDATE visits SET ended_us = $1 WHERE id = $2 AND ended_us = 0`, portal.Micros(now), id); err != nil {
			return shut(err)
		}
	}
	return nil
}
