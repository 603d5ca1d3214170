package store

import (
	"context"
	"math"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

var _ registry.DossierStore = (*Store)(nil)

// Dossier implements registry.DossierStore.
func (s *Store) Dossier(ctx context.Context, occupancyID string) (d registry.Dossier, err error) {
	if d.Occupancy, err = s.Occupancy(ctx, occupancyID); err != nil {
		return d, err
	}
	ean := d.Occupancy.EAN
	if d.Point, err = s.Point(ctx, ean); err != nil {
		return d, err
	}
	meters, err := s.Meters(ctx, ean)
	if err != nil {
		return d, err
	}
	rows, err := s.query(ctx, selectSupplies+`WHERE ean = $1 ORDER BY from_us`, string(ean))
	supplies, err := all(rows, err, scanSupply)
	if err != nil {
		return d, err
	}
	d.Meters, d.Supplies = registry.CutTo(d.Occupancy.Period, meters, supplies)
	rows, err = s.query(ctx, selectHeld+`WHERE r.ean = $1 ORDER BY r.from_us`, string(ean))
	held, err := all(rows, err, scanHeld)
	if err != nil {
		return d, err
	}
	d.Registrations = registry.EndedIn(d.Occupancy.Period, held)
	if d.References, err = s.heldReferences(ctx, occupancyID); err != nil {
		return d, err
	}
	rows, err = s.query(ctx, `SELECT opened_us, ends_us, ended_us FROM visits WHERE occupancy_id = $1 ORDER BY opened_us DESC`, occupancyID)
	if d.Visits, err = all(rows, err, func(r scanner) (o registry.Opening, err error) {
		var opened, ends, ended int64
		err = r.Scan(&opened, &ends, &ended)
		return registry.Opening{OpenedAt: portal.FromMicros(opened), EndsAt: portal.FromMicros(ends), EndedAt: portal.FromMicros(ended)}, err
	}); err != nil {
		return d, err
	}
	if d.Readings, err = s.readingExtents(ctx, d.Occupancy); err != nil {
		return d, err
	}
	d.Letters, err = s.LettersAbout(ctx, occupancyID)
	return d, err
}

func (s *Store) heldReferences(ctx context.Context, occupancyID string) ([]registry.HeldReference, error) {
	rows, err := s.query(ctx, `SELECT m.number, r.issued_us, r.first_used_us, r.ended_us, r.legacy, COALESCE(c.blocked_us, 0)
  FROM issued_references r JOIN meters m ON m.id = r.meter_id LEFT JOIN lookup_counters c ON c.key = r.key
  WHERE r.occupancy_id = $1 ORDER BY r.issued_us, r.key`, occupancyID)
	return all(rows, err, func(r scanner) (h registry.HeldReference, err error) {
		var issued, used, ended, blocked int64
		err = r.Scan(&h.MeterNumber, &issued, &used, &ended, &h.Legacy, &blocked)
		h.IssuedAt, h.FirstUsedAt, h.EndedAt = portal.FromMicros(issued), portal.FromMicros(used), portal.FromMicros(ended)
		h.Blocked = blocked > 0
		return h, err
	})
}

// readingExtents counts the whole days inside an occupancy: the day of a move
// out belongs to the next one.
func (s *Store) readingExtents(ctx context.Context, o registry.Occupancy) ([]registry.Extent, error) {
	from, to := metering.DayNumber(o.From), int64(math.MaxInt32)
	if !o.To.IsZero() {
		to = metering.DayNumber(o.To.In(portal.Brussels).Add(-time.Nanosecond))
	}
	rows, err := s.query(ctx, `SELECT register, MIN(day), MAX(day), COUNT(*) FROM reading_days
  WHERE ean = $1 AND day BETWEEN $2 AND $3 GROUP BY register ORDER BY register`, string(o.EAN), from, to)
	return all(rows, err, func(r scanner) (e registry.Extent, err error) {
		var first, last int64
		err = r.Scan(&e.Register, &first, &last, &e.Days)
		e.First, e.Last = metering.DateOf(first), metering.DateOf(last)
		return e, err
	})
}
