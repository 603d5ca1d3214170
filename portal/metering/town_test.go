package metering_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// place is a database with what the tests put into the register by hand.
type place struct {
	*store.Store
	raw *sql.DB
	now time.Time
}

// ReadingMonths reads months that are committed.
func (p *place) ReadingMonths(ctx context.Context, ean portal.EAN, from, to int64) (months []metering.Month, err error) {
	err = p.Do(ctx, func(t tx.Tx) error {
		months, err = p.ReadingMonthsIn(t, ean, from, to)
		return err
	})
	return months, err
}

func newPlace(t testing.TB, now time.Time) *place {
	p := &place{now: now}
	dsn := storetest.Backends(t)[0].DSN(t)
	p.Store = storetest.Reopen(t, dsn, p.clock)
	raw, err := sql.Open("sqlite", strings.TrimPrefix(dsn, "sqlite:")+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, raw.Close()) })
	p.raw = raw
	return p
}

func (p *place) clock() time.Time { return p.now }

func (p *place) importer() *metering.Importer {
	return &metering.Importer{Archive: p.Store, Runner: p.Store, Clock: p.clock}
}

func (p *place) history() *metering.History {
	return &metering.History{Ledger: p.Store, Clock: p.clock}
}

func (p *place) exec(t require.TestingT, text string, args ...any) {
	_, err := p.raw.Exec(text, args...)
	require.NoError(t, err)
}

func (p *place) count(t require.TestingT, text string, args ...any) (n int64) {
	require.NoError(t, p.raw.QueryRow(text, args...).Scan(&n))
	return n
}

func (p *place) point(t require.TestingT, ean portal.EAN, energy portal.Energy, powerVA int64) registry.AccessPoint {
	p.exec(t, `INSERT INTO access_points (ean, energy, street, postcode, town, power_va) VALUES ($1, $2, 'a', 'b', 'c', $3)`,
		string(ean), string(energy), powerVA)
	return registry.AccessPoint{EAN: ean, Energy: energy, PowerVA: powerVA}
}

func (p *place) stay(t require.TestingT, id string, ean portal.EAN, from, to, detail time.Time) registry.Occupancy {
	p.exec(t, `INSERT INTO occupancies (id, ean, name, language, street, postcode, town, detail_us, from_us, to_us)
  VALUES ($1, $2, 'n', 'fr', 's', 'p', 't', $3, $4, $5)`, id, string(ean), portal.Micros(detail), portal.Micros(from), portal.Micros(to))
	return registry.Occupancy{ID: id, EAN: ean, DetailFrom: detail, Period: portal.Period{From: from, To: to}}
}

func (p *place) meter(t require.TestingT, ean portal.EAN, number string, from time.Time) {
	p.exec(t, `INSERT INTO meters (id, ean, number, from_us, to_us) VALUES ($1, $2, $3, $4, 0)`,
		"m-"+number, string(ean), number, portal.Micros(from))
}

// eanOf makes the nth access point's EAN.
func eanOf(n int) portal.EAN {
	digits := []byte("54149900000000000")
	for i := len(digits) - 1; n > 0; i, n = i-1, n/10 {
		digits[i] = byte('0' + n%10)
	}
	return portal.EAN(string(digits) + string(portal.EANCheckDigit(string(digits))))
}

// hourly is a day of hours, each of an amount.
func hourly(ean portal.EAN, r metering.Register, date time.Time, amount int64) metering.Day {
	d := metering.Day{EAN: ean, Register: r, Date: date, Meter: "1SAG1100076616"}
	for range metering.SlotsIn(date, time.Hour) {
		d.Values = append(d.Values, metering.Slot{Value: metering.Value{Amount: amount}})
	}
	return d
}

// daily is a day's total.
func daily(ean portal.EAN, r metering.Register, date time.Time, amount int64, q metering.Quality) metering.Day {
	return metering.Day{EAN: ean, Register: r, Date: date, Meter: "1SAG1100076616",
		Values: []metering.Slot{{Value: metering.Value{Amount: amount, Quality: q}}}}
}
