package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/tx"
)

var (
	_ lookup.BudgetStore   = (*Store)(nil)
	_ lookup.OpeningsStore = (*Store)(nil)
	_ lookup.OldStore      = (*Store)(nil)
)

// leasesKept is how long a lease is kept after its last window closed.
const leasesKept = 8 * 24 * time.Hour

// LeasePermits implements lookup.BudgetStore. The budget's row is locked first,
// so that two grants never read the same sum.
func (s *Store) LeasePermits(t tx.Tx, now time.Time, l lookup.Lease, windows []lookup.Window) (int, error) {
	u := inside(t)
	if _, err := u.exec(`INSERT INTO permit_budgets (budget, leased_us) VALUES ($1, $2)
  ON CONFLICT (budget) DO UPDATE SET leased_us = excluded.leased_us`, string(l.Budget), portal.Micros(now)); err != nil {
		return 0, err
	}
	granted := l.Permits
	for _, w := range windows {
		var used int64
		if err := u.queryRow(`SELECT CAST(COALESCE(SUM(permits), 0) AS BIGINT) FROM permit_leases WHERE budget = $1 AND at_us > $2`,
			string(l.Budget), portal.Micros(now.Add(-w.Lasting))).Scan(&used); err != nil {
			return 0, shut(err)
		}
		granted = min(granted, w.Most-int(used))
	}
	if granted <= 0 {
		return 0, nil
	}
	if err := forgetLeases(u, l.Budget, now); err != nil {
		return 0, err
	}
	_, err := u.exec(`INSERT INTO permit_leases (id, budget, permits, at_us, settled) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (id) DO UPDATE SET permits = permit_leases.permits + excluded.permits`,
		l.ID, string(l.Budget), granted, portal.Micros(l.Until), false)
	return granted, err
}

// forgetLeases removes what no window of a budget sees any more.
func forgetLeases(u *unit, b lookup.Budget, now time.Time) error {
	_, err := u.exec(`DELETE FROM permit_leases WHERE budget = $1 AND at_us < $2`, string(b), portal.Micros(now.Add(-leasesKept)))
	return err
}

// SettleLease implements lookup.BudgetStore.
func (s *Store) SettleLease(t tx.Tx, at time.Time, id string, spent int) error {
	if spent == 0 {
		_, err := inside(t).exec(`DELETE FROM permit_leases WHERE id = $1`, id)
		return err
	}
	_, err := inside(t).exec(`UPDATE permit_leases SET permits = $1, at_us = $2, settled = $3 WHERE id = $4`,
		spent, portal.Micros(at), true, id)
	return err
}

// OpenLease implements lookup.BudgetStore.
func (s *Store) OpenLease(t tx.Tx, l lookup.Lease) error {
	u := inside(t)
	if err := forgetLeases(u, l.Budget, l.Until); err != nil { // of the noise budget nothing is leased
		return err
	}
	_, err := u.exec(`INSERT INTO permit_leases (id, budget, permits, at_us, settled) VALUES ($1, $2, $3, $4, $5)`,
		l.ID, string(l.Budget), l.Permits, portal.Micros(l.Until), false)
	return err
}

// GateSums implements lookup.BudgetStore, in one reading.
func (s *Store) GateSums(ctx context.Context, now time.Time, windows map[lookup.Budget][]lookup.Window) (map[lookup.Budget]lookup.Sum, error) {
	sums := map[lookup.Budget]lookup.Sum{}
	var text strings.Builder
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	for _, b := range lookup.Budgets {
		sums[b] = lookup.Sum{Spent: make([]int, len(windows[b])), Leased: make([]int, len(windows[b]))}
		for i, w := range windows[b] {
			if text.Len() > 0 {
				text.WriteString(" UNION ALL ")
			}
			text.WriteString(`SELECT '` + string(b) + `', ` + strconv.Itoa(i) + `, CAST(COALESCE(SUM(CASE WHEN settled THEN permits ELSE 0 END), 0) AS BIGINT),
  CAST(COALESCE(SUM(permits), 0) AS BIGINT) FROM permit_leases WHERE budget = '` + string(b) + `' AND at_us > ` + arg(portal.Micros(now.Add(-w.Lasting))))
		}
	}
	rows, err := s.query(ctx, text.String(), args...)
	return sums, each(rows, err, func(r scanner) error {
		var b lookup.Budget
		var window, spent, leased int
		if err := r.Scan(&b, &window, &spent, &leased); err != nil {
			return err
		}
		sums[b].Spent[window], sums[b].Leased[window] = spent, leased
		return nil
	})
}

const gaugeQuery = `SELECT step, moved_us, half, whole FROM gate_gauge WHERE name = 'gate'`

func scanGauge(r row) (g lookup.Gauge, err error) {
	var moved, half, whole int64
	err = r.Scan(&g.Step, &moved, &half, &whole)
	if errors.Is(err, sql.ErrNoRows) {
		return lookup.Gauge{}, nil
	}
	g.MovedAt, g.Half, g.Whole = portal.FromMicros(moved), float64(half)/1e6, float64(whole)/1e6
	return g, shut(err)
}

// GateGauge implements lookup.BudgetStore.
func (s *Store) GateGauge(ctx context.Context) (lookup.Gauge, error) {
	return scanGauge(s.queryRow(ctx, gaugeQuery))
}

// LockGauge implements lookup.BudgetStore. The harm budget's row stands for the
// gauge's, which may not be there yet.
func (s *Store) LockGauge(t tx.Tx) (lookup.Gauge, error) {
	u := inside(t)
	if _, err := u.exec(`INSERT INTO permit_budgets (budget, leased_us) VALUES ($1, 0)
  ON CONFLICT (budget) DO UPDATE SET leased_us = permit_budgets.leased_us`, string(lookup.Harm)); err != nil {
		return lookup.Gauge{}, err
	}
	return scanGauge(u.queryRow(gaugeQuery))
}

// SaveGauge implements lookup.BudgetStore.
func (s *Store) SaveGauge(t tx.Tx, g lookup.Gauge) error {
	_, err := inside(t).exec(`INSERT INTO gate_gauge (name, step, moved_us, half, whole) VALUES ('gate', $1, $2, $3, $4)
  ON CONFLICT (name) DO UPDATE SET step = excluded.step, moved_us = excluded.moved_us, half = excluded.half, whole = excluded.whole`,
		int64(g.Step), portal.Micros(g.MovedAt), int64(g.Half*1e6), int64(g.Whole*1e6))
	return err
}

// Openings implements lookup.OpeningsStore.
func (s *Store) Openings(ctx context.Context, now time.Time, days int) (hour int, before []int, err error) {
	const aDay, anHour = int64(24 * time.Hour / time.Microsecond), int64(time.Hour / time.Microsecond)
	before = make([]int, days)
	us := portal.Micros(now)
	rows, err := s.query(ctx, `SELECT (CAST($1 AS BIGINT) - opened_us) / $2, COUNT(*) FROM visits
  WHERE opened_us > $3 AND opened_us <= $1 AND (CAST($1 AS BIGINT) - opened_us) % $2 < $4 GROUP BY 1`,
		us, aDay, us-int64(days+1)*aDay, anHour)
	return hour, before, each(rows, err, func(r scanner) error {
		var ago, n int
		if err := r.Scan(&ago, &n); err != nil {
			return err
		}
		if ago == 0 {
			hour = n
		} else if ago <= days {
			before[ago-1] = n
		}
		return nil
	})
}

// ForgetBrowsers implements lookup.OldStore. The time is asked twice: a
// browser may come back between the two readings.
func (s *Store) ForgetBrowsers(t tx.Tx, until time.Time, most int) (int, error) {
	n, err := inside(t).exec(`DELETE FROM known_browsers WHERE opened_us <= $1 AND (reference_key, device) IN
  (SELECT reference_key, device FROM known_browsers WHERE opened_us <= $1 ORDER BY opened_us LIMIT $2)`, portal.Micros(until), most)
	return int(n), err
}

// ForgetVisits implements lookup.OldStore.
func (s *Store) ForgetVisits(t tx.Tx, until time.Time, most int) (int, error) {
	n, err := inside(t).exec(`DELETE FROM visits WHERE id IN
  (SELECT id FROM visits WHERE opened_us <= $1 ORDER BY opened_us LIMIT $2)`, portal.Micros(until), most)
	return int(n), err
}
