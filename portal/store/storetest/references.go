package storetest

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
)

// Known is an issued reference with its plain secrets.
type Known struct {
	Reference, Digits         keys.Secret
	Key, OccupancyID, MeterID string
	EAN                       portal.EAN
}

// References puts n households into a migrated database, each with an access
// point, a meter, an occupancy since 2024 and one live reference.
func References(t testing.TB, dsn string, n int) []Known {
	t.Helper()
	ring := Keys(t)
	since := portal.Micros(portal.Date(2024, time.January, 1))
	known := make([]Known, n)
	rows, err := raw(t, dsn).Begin()
	require.NoError(t, err)
	put := func(text string, args ...any) {
		_, err := rows.Exec(text, args...)
		require.NoError(t, err)
	}
	for i := range known {
		first17 := fmt.Sprintf("541449%011d", i)
		meter := fmt.Sprintf("1SAG%010d", 1_100_000_000+i*37)
		k := Known{Reference: registry.DrawReference(), EAN: portal.EAN(first17 + string(portal.EANCheckDigit(first17))),
			OccupancyID: fmt.Sprint("o", i), MeterID: fmt.Sprint("m", i)}
		k.Digits, _, _ = registry.LastFour(meter)
		k.Key = ring.CounterKey("reference", k.Reference)
		known[i] = k
		put(`INSERT INTO access_points (ean, energy, street, postcode, town, power_va) VALUES ($1, $2, $3, $4, $5, $6)`,
			string(k.EAN), "electricity", "Rue Haute 1", "5000", "Namur", 9200)
		put(`INSERT INTO meters (id, ean, number, from_us, to_us) VALUES ($1, $2, $3, $4, $5)`,
			k.MeterID, string(k.EAN), meter, since, 0)
		put(`INSERT INTO occupancies (id, ean, name, language, street, postcode, town, detail_us, from_us, to_us)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			k.OccupancyID, string(k.EAN), "Claes", "fr", "Rue Haute 1", "5000", "Namur", 0, since, 0)
		put(`INSERT INTO issued_references (key, occupancy_id, meter_id, digits, letter_code, legacy, issued_us, first_used_us, ended_us)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			k.Key, k.OccupancyID, k.MeterID, registry.DigitsHash(ring, k.Key, k.Digits),
			registry.LetterCodeHash(ring, k.Key, registry.DrawLetterCode()), false, since, 0, 0)
	}
	require.NoError(t, rows.Commit())
	return known
}

// OnGround gives an heir of a household a live reference of their own until a
// time (D7); its digits are the household's.
func OnGround(t testing.TB, dsn string, k Known, until time.Time) Known {
	t.Helper()
	ring, since := Keys(t), portal.Micros(portal.Date(2024, time.January, 1))
	g := k
	g.Reference = registry.DrawReference()
	g.Key = ring.CounterKey("reference", g.Reference)
	id := "g" + k.OccupancyID
	Exec(t, dsn, `INSERT INTO grounds (id, ean, occupancy_id, kind, name, language, street, postcode, town, from_us, to_us, until_us,
  evidence, asked_us, asked_by, decided_us, decided_by, decision, ended_us, ended_by, ended_why)
  VALUES ($1, $2, $3, 'heir', 'Otto', 'de', 'Rue B 2', '4700', 'Eupen', $4, 0, $5, $6, $4, 'lena', $4, 'marc', 'granted', 0, '', '')`,
		id, string(k.EAN), k.OccupancyID, since, portal.Micros(until), []byte{})
	Exec(t, dsn, `INSERT INTO ground_references (key, ground_id, meter_id, digits, letter_code, issued_us, first_used_us, ended_us)
  VALUES ($1, $2, $3, $4, $5, $6, 0, 0)`, g.Key, id, k.MeterID, registry.DigitsHash(ring, g.Key, k.Digits),
		registry.LetterCodeHash(ring, g.Key, registry.DrawLetterCode()), since)
	return g
}

// Exec changes rows behind the store's back.
func Exec(t testing.TB, dsn, text string, args ...any) {
	t.Helper()
	_, err := raw(t, dsn).Exec(text, args...)
	require.NoError(t, err)
}

// Number reads one number behind the store's back.
func Number(t testing.TB, dsn, text string, args ...any) (n int64) {
	t.Helper()
	require.NoError(t, raw(t, dsn).QueryRow(text, args...).Scan(&n))
	return n
}

var (
	rawsMu sync.Mutex             // tests of several databases run side by side
	raws   = map[string]*sql.DB{} // those that share one, one after another
)

func raw(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	rawsMu.Lock()
	defer rawsMu.Unlock()
	if db := raws[dsn]; db != nil {
		return db
	}
	driver, name := "pgx", dsn
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, name = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)"
	}
	db, err := sql.Open(driver, name)
	require.NoError(t, err)
	raws[dsn] = db
	t.Cleanup(func() {
		rawsMu.Lock()
		delete(raws, dsn)
		rawsMu.Unlock()
		require.NoError(t, db.Close())
	})
	return db
}

// Columns lists the columns of a table of SQLite, behind the store's back.
func Columns(t testing.TB, dsn, table string) (names []string) {
	t.Helper()
	rows, err := raw(t, dsn).Query(`SELECT name FROM pragma_table_info($1)`, table)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, names)
	return names
}
