package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ registry.GroundStore = (*Store)(nil)

const groundColumns = `g.id, g.ean, g.occupancy_id, g.kind, g.name, g.language, g.street, g.postcode, g.town, g.from_us, g.to_us, g.until_us,
  g.asked_us, g.asked_by, g.decided_us, g.decided_by, g.decision, g.ended_us, g.ended_by, g.ended_why`

// scanGround reads groundColumns, and into more what stands behind them.
func scanGround(r scanner, more ...any) (g registry.Ground, err error) {
	var from, to, until, asked, decided, ended int64
	var decision string
	err = r.Scan(append([]any{&g.ID, &g.EAN, &g.OccupancyID, &g.Kind, &g.Name, &g.Language, &g.Street, &g.Postcode, &g.Town, &from, &to, &until,
		&asked, &g.AskedBy, &decided, &g.DecidedBy, &decision, &ended, &g.EndedBy, &g.EndedWhy}, more...)...)
	g.Period, g.Until = span(from, to), portal.FromMicros(until)
	g.AskedAt, g.DecidedAt, g.EndedAt = portal.FromMicros(asked), portal.FromMicros(decided), portal.FromMicros(ended)
	g.Granted = decision == "granted"
	return g, err
}

// PutGround implements registry.GroundStore.
func (s *Store) PutGround(t tx.Tx, g registry.Ground, sealed []byte) error {
	_, err := inside(t).exec(`INSERT INTO grounds (id, ean, occupancy_id, kind, name, language, street, postcode, town, from_us, to_us, until_us,
  evidence, asked_us, asked_by, decided_us, decided_by, decision, ended_us, ended_by, ended_why)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, '', '', 0, '', '')`,
		g.ID, string(g.EAN), g.OccupancyID, string(g.Kind), g.Name, string(g.Language), g.Street, g.Postcode, g.Town,
		portal.Micros(g.From), portal.Micros(g.To), portal.Micros(g.Until), sealed, portal.Micros(g.AskedAt), g.AskedBy)
	return err
}

// GroundIn implements registry.GroundStore.
func (s *Store) GroundIn(t tx.Tx, id string) (registry.Ground, error) {
	g, err := scanGround(inside(t).queryRow(`SELECT `+groundColumns+` FROM grounds g WHERE g.id = $1`+s.lock, id))
	return g, nothing(err)
}

// SaveGround implements registry.GroundStore.
func (s *Store) SaveGround(t tx.Tx, g registry.Ground) error {
	decision := ""
	switch {
	case g.DecidedAt.IsZero():
	case g.Granted:
		decision = "granted"
	default:
		decision = "refused"
	}
	_, err := inside(t).exec(`UPDATE grounds SET decided_us = $1, decided_by = $2, decision = $3, ended_us = $4, ended_by = $5, ended_why = $6 WHERE id = $7`,
		portal.Micros(g.DecidedAt), g.DecidedBy, decision, portal.Micros(g.EndedAt), g.EndedBy, string(g.EndedWhy), g.ID)
	return err
}

// PutGroundReference implements registry.GroundStore.
func (s *Store) PutGroundReference(t tx.Tx, r registry.GroundReference) error {
	_, err := inside(t).exec(`INSERT INTO ground_references (key, ground_id, meter_id, digits, letter_code, issued_us, first_used_us, ended_us)
  VALUES ($1, $2, $3, $4, $5, $6, 0, 0)`, r.Key, r.GroundID, r.MeterID, r.Digits, r.LetterCode, portal.Micros(r.IssuedAt))
	return err
}

// EndGroundReferences implements registry.GroundStore.
func (s *Store) EndGroundReferences(t tx.Tx, groundID string, now time.Time) ([]string, error) {
	rows, err := inside(t).query(`UPDATE ground_references SET ended_us = $1 WHERE ground_id = $2 AND ended_us = 0 RETURNING key`, portal.Micros(now), groundID)
	return all(rows, err, func(r scanner) (key string, err error) {
		err = r.Scan(&key)
		return key, err
	})
}

// EachGround implements registry.GroundStore.
func (s *Store) EachGround(ctx context.Context, after registry.GroundCursor, limit int, f func(registry.Ground, []byte) error) error {
	before := int64(math.MaxInt64)
	if !after.AskedAt.IsZero() {
		before = portal.Micros(after.AskedAt)
	}
	rows, err := s.query(ctx, `SELECT `+groundColumns+`, g.evidence FROM grounds g
  WHERE (g.asked_us, g.id) < ($1, $2) ORDER BY g.asked_us DESC, g.id DESC LIMIT $3`, before, after.ID, limit)
	return each(rows, err, func(r scanner) error {
		var sealed []byte
		g, err := scanGround(r, &sealed)
		if err != nil {
			return err
		}
		return f(g, sealed)
	})
}

// groundPasses are LivePasses of visits opened on a ground: what each shows is
// cut to its period and to the stays as they are known now (D7, D3).
func (s *Store) groundPasses(ctx context.Context, visitIDs []any, now time.Time) (passes []lookup.Pass, err error) {
	rows, err := s.query(ctx, `SELECT `+groundColumns+`, v.id, v.reference_key, v.opened_us, v.ends_us, r.ended_us,
  p.energy, p.street, p.postcode, p.town, p.power_va, m.id, m.number, m.from_us, m.to_us
  FROM visits v
  JOIN ground_references r ON r.key = v.reference_key
  JOIN grounds g ON g.id = r.ground_id
  JOIN access_points p ON p.ean = g.ean
  JOIN meters m ON m.id = r.meter_id
  WHERE v.ended_us = 0 AND v.id IN `+values(1, len(visitIDs)), visitIDs...)
	if err := each(rows, err, func(r scanner) error {
		var p lookup.Pass
		var opened, ends, ended, from, to int64
		a, m := &p.Point, &p.Meter
		if p.Ground, err = scanGround(r, &p.Visit.ID, &p.Visit.ReferenceKey, &opened, &ends, &ended,
			&a.Energy, &a.Street, &a.Postcode, &a.Town, &a.PowerVA, &m.ID, &m.Number, &from, &to); err != nil {
			return err
		}
		a.EAN, m.EAN, m.Period = p.Ground.EAN, p.Ground.EAN, span(from, to)
		p.Visit.OccupancyID, p.Visit.OpenedAt, p.Visit.EndsAt = p.Ground.ID, portal.FromMicros(opened), portal.FromMicros(ends)
		if p.Ground.State(now) == registry.GroundLives && ended == 0 && now.Before(p.Visit.EndsAt) {
			passes = append(passes, p)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for i := range passes {
		stays, err := s.Occupancies(ctx, passes[i].Ground.EAN)
		if err != nil {
			return nil, err
		}
		passes[i].Occupancy = passes[i].Ground.Shows(stays)
	}
	return passes, nil
}

// BereavedIn implements mandates.Store: what tells of a death goes on doing so
// when the right itself is over.
func (s *Store) BereavedIn(t tx.Tx, occupancyID string) (dead bool, err error) {
	err = inside(t).queryRow(`SELECT EXISTS (SELECT 1 FROM grounds
  WHERE occupancy_id = $1 AND occupancy_id <> '' AND kind = 'heir' AND decision = 'granted' AND ended_why <> 'mistake')`, occupancyID).Scan(&dead)
	return dead, shut(err)
}

// heirOf changes an addressee where the holder of a stay has died, as an heir's
// live right tells: to the heir, at their own address (D7).
func heirOf(ask func(text string, args ...any) row, now time.Time, occupancyID string, to *outbox.Address, language *portal.Language) error {
	err := ask(`SELECT name, language, street, postcode, town FROM grounds
  WHERE occupancy_id = $1 AND occupancy_id <> '' AND kind = 'heir' AND decision = 'granted' AND ended_us = 0 AND until_us > $2
  ORDER BY decided_us DESC, id DESC LIMIT 1`, occupancyID, portal.Micros(now)).
		Scan(&to.Name, language, &to.Street, &to.Postcode, &to.Town)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return shut(err)
}
