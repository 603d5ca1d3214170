package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ desk.Store = (*Store)(nil)

// stillClosed joins a case with its counter as long as the case is the
// counter's and the number is closed.
const stillClosed = `c.key = g.key AND c.case_id = g.case_id AND c.blocked_us > 0`

// withReference finds what a closed number opens: an occupant's reference r, of
// the stay o, or one issued on the ground d (D7).
const withReference = `
  LEFT JOIN issued_references r ON r.key = c.key
  LEFT JOIN occupancies o ON o.id = r.occupancy_id
  LEFT JOIN ground_references i ON i.key = c.key
  LEFT JOIN grounds d ON d.id = i.ground_id `

// openCases puts the numbers that entries tell to be closed on the desk's list.
func openCases(u *unit, entries []audit.Recorded) error {
	for _, e := range entries {
		if e.Action != audit.LookupBlocked {
			continue
		}
		err := openCase(u, `c.key = (SELECT SUBSTR(subject, LENGTH(ground) + 2) FROM trail_entries WHERE id = $1)`, e.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

func openCase(u *unit, counter, arg string) error {
	_, err := u.exec(`INSERT INTO gate_cases (key, case_id, blocked_us)
  SELECT c.key, c.case_id, c.blocked_us FROM lookup_counters c WHERE c.blocked_us > 0 AND `+counter+`
  ON CONFLICT (key) DO UPDATE SET case_id = excluded.case_id, blocked_us = excluded.blocked_us`, arg)
	return err
}

// firstPage is later than every block.
const firstPage = int64(1) << 62

// DeskPlaces implements desk.Store.
func (s *Store) DeskPlaces(ctx context.Context, after desk.Cursor, asked time.Time, limit int) ([]desk.Place, error) {
	before := firstPage
	if !after.BlockedAt.IsZero() {
		before = portal.Micros(after.BlockedAt)
	}
	var places []desk.Place
	rows, err := s.query(ctx, `SELECT c.case_id, c.blocked_us, p.town, p.energy,
  (SELECT COUNT(*) FROM unblocks u WHERE u.reference_key = c.key AND u.kind = 'asked' AND u.at_us >= c.blocked_us AND u.at_us > $1)
  FROM gate_cases g
  JOIN lookup_counters c ON `+stillClosed+withReference+`JOIN access_points p ON p.ean = COALESCE(o.ean, d.ean)
  WHERE c.kind = 'reference' AND COALESCE(r.ended_us, i.ended_us) = 0 AND (g.blocked_us, g.case_id) < ($2, $3)
  ORDER BY g.blocked_us DESC, g.case_id DESC LIMIT $4`, portal.Micros(asked), before, after.CaseID, limit)
	err = each(rows, err, func(r scanner) error {
		var p desk.Place
		var blocked, requests int64
		if err := r.Scan(&p.CaseID, &blocked, &p.Town, &p.Energy, &requests); err != nil {
			return err
		}
		p.BlockedAt, p.Asked = portal.FromMicros(blocked), requests > 0
		places = append(places, p)
		return nil
	})
	return places, err
}

// CaseOfStay implements desk.PaperStore.
func (s *Store) CaseOfStay(ctx context.Context, occupancyID string) (caseID string, err error) {
	err = s.queryRow(ctx, `SELECT c.case_id FROM issued_references r
  JOIN lookup_counters c ON c.key = r.key JOIN gate_cases g ON `+stillClosed+`
  WHERE r.occupancy_id = $1 AND r.ended_us = 0 ORDER BY c.blocked_us DESC, c.case_id DESC LIMIT 1`, occupancyID).Scan(&caseID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return caseID, shut(err)
}

// DeskUnknown implements desk.Store.
func (s *Store) DeskUnknown(ctx context.Context) (count int, oldest time.Time, err error) {
	var us int64
	err = s.queryRow(ctx, `SELECT COUNT(*), COALESCE(MIN(g.blocked_us), 0) FROM gate_cases g
  JOIN lookup_counters c ON `+stillClosed+`
  LEFT JOIN issued_references r ON r.key = c.key
  LEFT JOIN ground_references i ON i.key = c.key
  WHERE c.kind = 'reference' AND r.key IS NULL AND i.key IS NULL`).Scan(&count, &us)
	return count, portal.FromMicros(us), shut(err)
}

// DeskGate implements desk.Store. Entries are found by their ids, which begin
// with the time they were made.
func (s *Store) DeskGate(ctx context.Context, midnight time.Time) (desk.Gate, error) {
	var g desk.Gate
	if err := s.queryRow(ctx, `SELECT COUNT(*) FROM gate_cases g
  JOIN lookup_counters c ON `+stillClosed+`
  LEFT JOIN issued_references r ON r.key = c.key LEFT JOIN ground_references i ON i.key = c.key
  WHERE COALESCE(r.ended_us, i.ended_us) = 0`).Scan(&g.Blocked); err != nil {
		return g, shut(err)
	}
	const timeOfID = 9 // characters: all but three bits of the milliseconds
	rows, err := s.query(ctx, `SELECT action, COUNT(*) FROM trail
  WHERE id >= $1 AND at_us >= $2 AND action IN ($3, $4) GROUP BY action`,
		portal.NewID(midnight)[:timeOfID], portal.Micros(midnight), string(audit.LookupRefused), string(audit.LookupBlocked))
	err = each(rows, err, func(r scanner) error {
		var action string
		var n int
		if err := r.Scan(&action, &n); err != nil {
			return err
		}
		if g.FailuresToday += n; action == string(audit.LookupBlocked) {
			g.BlocksToday = n
		}
		return nil
	})
	return g, err
}

// DeskCaseOf implements desk.Store. A case whose entry still waits for the
// sealer is put on the list at once: its number is on the telephone.
func (s *Store) DeskCaseOf(ctx context.Context, key string) (caseID string, found bool, err error) {
	err = s.queryRow(ctx, `SELECT c.case_id FROM lookup_counters c
  LEFT JOIN issued_references r ON r.key = c.key LEFT JOIN ground_references i ON i.key = c.key
  WHERE c.key = $1 AND c.blocked_us > 0 AND c.case_id <> '' AND COALESCE(r.ended_us, i.ended_us, 0) = 0`, key).Scan(&caseID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, shut(err)
	}
	err = s.Do(ctx, func(t tx.Tx) error { return openCase(inside(t), `c.key = $1`, key) })
	return caseID, err == nil, shut(err)
}

// DeskFile implements desk.Store.
func (s *Store) DeskFile(t tx.Tx, caseID string) (desk.File, bool, error) {
	u := inside(t)
	var f desk.File
	var blocked, issued, used, from, to int64
	o, p := &f.Occupancy, &f.Point
	err := u.queryRow(`SELECT c.key, c.blocked_us, COALESCE(r.meter_id, i.meter_id, ''), COALESCE(r.issued_us, i.issued_us, 0),
  COALESCE(r.first_used_us, i.first_used_us, 0), COALESCE(d.id, ''), COALESCE(d.kind, ''),
  COALESCE(o.id, ''), COALESCE(o.name, d.name, ''), COALESCE(o.language, d.language, ''),
  COALESCE(o.street, d.street, ''), COALESCE(o.postcode, d.postcode, ''), COALESCE(o.town, d.town, ''),
  COALESCE(o.from_us, 0), COALESCE(o.to_us, 0),
  COALESCE(p.ean, ''), COALESCE(p.energy, ''), COALESCE(p.street, ''), COALESCE(p.postcode, ''), COALESCE(p.town, '')
  FROM gate_cases g
  JOIN lookup_counters c ON `+stillClosed+withReference+`LEFT JOIN access_points p ON p.ean = COALESCE(o.ean, d.ean)
  WHERE g.case_id = $1 AND COALESCE(r.ended_us, i.ended_us, 0) = 0`, caseID).
		Scan(&f.Key, &blocked, &f.Reference.MeterID, &issued, &used, &f.Ground.ID, &f.Ground.Kind,
			&o.ID, &o.Name, &o.Language, &o.Street, &o.Postcode, &o.Town, &from, &to,
			&p.EAN, &p.Energy, &p.Street, &p.Postcode, &p.Town)
	if errors.Is(err, sql.ErrNoRows) {
		return desk.File{}, false, nil
	}
	if err != nil {
		return desk.File{}, false, shut(err)
	}
	f.BlockedAt, f.Known = portal.FromMicros(blocked), p.EAN != ""
	f.Reference.Key, f.Reference.OccupancyID = f.Key, o.ID
	f.Reference.IssuedAt, f.Reference.FirstUsedAt = portal.FromMicros(issued), portal.FromMicros(used)
	o.EAN, o.Period = p.EAN, portal.Period{From: portal.FromMicros(from), To: portal.FromMicros(to)}
	if !f.Known || f.Ground.ID != "" {
		return f, true, nil // of a stay, its holder alone knows what to answer
	}
	if f.Supplies, err = supplies(u, p.EAN); err != nil {
		return desk.File{}, false, err
	}
	f.Other, err = otherEnergy(u, *p)
	return f, err == nil, err
}

func supplies(u *unit, ean portal.EAN) ([]registry.Supply, error) {
	var all []registry.Supply
	rows, err := u.query(`SELECT supplier, from_us, to_us FROM supplies WHERE ean = $1 ORDER BY from_us`, string(ean))
	err = each(rows, err, func(r scanner) error {
		one := registry.Supply{EAN: ean}
		var from, to int64
		if err := r.Scan(&one.Supplier, &from, &to); err != nil {
			return err
		}
		one.Period = portal.Period{From: portal.FromMicros(from), To: portal.FromMicros(to)}
		all = append(all, one)
		return nil
	})
	return all, err
}

// otherEnergy is the energy of another access point at the same address.
func otherEnergy(u *unit, p registry.AccessPoint) (portal.Energy, error) {
	var energy portal.Energy
	err := u.queryRow(`SELECT energy FROM access_points
  WHERE postcode = $1 AND street = $2 AND town = $3 AND energy <> $4 ORDER BY ean LIMIT 1`,
		p.Postcode, p.Street, p.Town, string(p.Energy)).Scan(&energy)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return energy, shut(err)
}

// CallerChecks implements desk.Store.
func (s *Store) CallerChecks(t tx.Tx, key string, since time.Time) ([]desk.Check, error) {
	var all []desk.Check
	rows, err := inside(t).query(`SELECT id, login, question, passed, at_us FROM caller_checks
  WHERE reference_key = $1 AND at_us >= $2 ORDER BY at_us, id`, key, portal.Micros(since))
	err = each(rows, err, func(r scanner) error {
		c := desk.Check{Key: key}
		var at int64
		if err := r.Scan(&c.ID, &c.Login, &c.Question, &c.Right, &at); err != nil {
			return err
		}
		c.At = portal.FromMicros(at)
		all = append(all, c)
		return nil
	})
	return all, err
}

// AddCallerCheck implements desk.Store.
func (s *Store) AddCallerCheck(t tx.Tx, c desk.Check) error {
	_, err := inside(t).exec(`INSERT INTO caller_checks (id, reference_key, login, question, passed, at_us) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.ID, c.Key, c.Login, string(c.Question), c.Right, portal.Micros(c.At))
	return shut(err)
}

// Unblocks implements desk.Store.
func (s *Store) Unblocks(t tx.Tx, key string, since time.Time) ([]desk.Unblock, error) {
	var all []desk.Unblock
	rows, err := inside(t).query(`SELECT id, login, kind, reason, at_us FROM unblocks
  WHERE reference_key = $1 AND at_us > $2 ORDER BY at_us, id`, key, portal.Micros(since))
	err = each(rows, err, func(r scanner) error {
		u := desk.Unblock{Key: key}
		var at int64
		if err := r.Scan(&u.ID, &u.Login, &u.Kind, &u.Reason, &at); err != nil {
			return err
		}
		u.At = portal.FromMicros(at)
		all = append(all, u)
		return nil
	})
	return all, err
}

// AddUnblock implements desk.Store.
func (s *Store) AddUnblock(t tx.Tx, n desk.Unblock) error {
	_, err := inside(t).exec(`INSERT INTO unblocks (id, reference_key, login, kind, reason, at_us) VALUES ($1, $2, $3, $4, $5, $6)`,
		n.ID, n.Key, n.Login, string(n.Kind), storable(n.Reason), portal.Micros(n.At))
	if err != nil || n.Kind == desk.Asked {
		return shut(err)
	}
	_, err = inside(t).exec(`DELETE FROM gate_cases WHERE key = $1`, n.Key)
	return shut(err)
}

// UnblocksBy implements desk.Store.
func (s *Store) UnblocksBy(t tx.Tx, login string, since time.Time) (int, error) {
	var n int
	err := inside(t).queryRow(`SELECT COUNT(*) FROM unblocks WHERE login = $1 AND at_us >= $2 AND kind <> 'asked'`,
		login, portal.Micros(since)).Scan(&n)
	return n, shut(err)
}

// DeskEndReference implements desk.Store.
func (s *Store) DeskEndReference(t tx.Tx, key string, now time.Time) error {
	return dateReference(inside(t), "ended_us", portal.Micros(now), key)
}
