package audit_test

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// full is the sealed trail that these tests start from, each with a copy of
// its own: heads of 1 (the migration's entry), 301, 701 and 1,001 entries, two
// of them over more than one tile.
type full struct {
	sync.Mutex
	database func(testing.TB) string
	heads    []byte
}

var fullTrails = map[string]*full{"sqlite": {}, "postgres": {}}

func fullTrail(t *testing.T, b storetest.Backend) *trail {
	t.Helper()
	f := fullTrails[b.Name]
	f.Lock()
	defer f.Unlock()
	if f.database == nil {
		f.fill(t, b)
	}
	tr := &trail{t: t, dsn: f.database(t), path: filepath.Join(t.TempDir(), "heads.log"), clock: ticking()}
	require.NoError(t, os.WriteFile(tr.path, f.heads, 0o600))
	tr.open()
	return tr
}

func (f *full) fill(t *testing.T, b storetest.Backend) {
	tr := newTrail(t, b)
	tr.seal()
	for _, n := range []int{300, 400, 300} {
		tr.add(n)
		tr.seal()
	}
	clean := tr.verify(true)
	require.True(t, clean.OK(), clean.Faults)
	require.EqualValues(t, 1001, clean.Entries)
	require.EqualValues(t, 4, clean.Outside)
	require.NoError(t, tr.heads.Close())
	require.NoError(t, tr.store.Close())
	var err error
	f.heads, err = os.ReadFile(tr.path)
	require.NoError(t, err)
	f.database = b.Keep(t, tr.dsn)
}

// recompute empties log and heads and seals everything anew, with the heads of
// the sizes given.
func recompute(tr *trail, db *sql.DB, signer note.Signer) {
	tr.run(db, `UPDATE trail_entries SET idx = NULL`, `DELETE FROM trail_tiles`, `DELETE FROM trail_heads`)
	kept := tr.heads
	elsewhere, err := audit.OpenHeads("file:" + filepath.Join(tr.t.TempDir(), "own.log"))
	require.NoError(tr.t, err)
	tr.heads = elsewhere
	_, err = tr.sealer(signer).SealNow(tr.t.Context())
	require.NoError(tr.t, err)
	require.NoError(tr.t, elsewhere.Close())
	tr.heads = kept
}

// T8: whatever is done to the tables by somebody who can write them is found
// and the first bad entry named.
func TestT8Tampering(t *testing.T) {
	columns := map[string]string{
		"id": `'00000000000000000000000000'`, "at_us": `at_us + 1`, "actor_kind": `'staff'`, "actor_id": `'x'`, "action": `'visit.left'`,
		"ground": `'other'`, "channel": `'desk'`, "subject": `'reference:other'`, "details": `details || ' '`,
	}
	type tampering struct {
		name    string
		sql     []string
		do      func(tr *trail, db *sql.DB)
		idx     int64
		to      int64 // 0: one entry
		noID    bool
		what    string
		outside bool // needs the heads kept outside
	}
	cases := []tampering{
		{name: "field boundary moved", sql: []string{`UPDATE trail_entries SET ground = ground || channel, channel = '' WHERE idx = 350`}, idx: 350, what: "changed"},
		{name: "commitment of another", sql: []string{`UPDATE trail_entries SET commitment = (SELECT commitment FROM trail_entries WHERE idx = 3) WHERE idx = 350`}, idx: 350},
		{name: "salt of another", sql: []string{`UPDATE trail_entries SET salt = (SELECT salt FROM trail_entries WHERE idx = 3) WHERE idx = 350`}, idx: 350, what: "commitment"},
		{name: "opening missing", sql: []string{`UPDATE trail_entries SET salt = NULL, subject = NULL, details = NULL WHERE idx = 350`}, idx: 350, what: "no erasure names it"},
		{name: "half an opening missing", sql: []string{`UPDATE trail_entries SET subject = NULL WHERE idx = 350`}, idx: 350, what: "half"},
		{name: "removed", sql: []string{`DELETE FROM trail_entries WHERE idx = 350`}, idx: 350, noID: true, what: "removed"},
		{name: "removed in many places", sql: []string{`DELETE FROM trail_entries WHERE idx % 3 = 2 AND idx > 349`}, idx: 350, noID: true, what: "removed"},
		{name: "a run removed", sql: []string{`DELETE FROM trail_entries WHERE idx BETWEEN 350 AND 620`}, idx: 350, to: 621, noID: true, what: "removed"},
		{name: "removed and renumbered", sql: []string{`DELETE FROM trail_entries WHERE idx = 350`,
			`UPDATE trail_entries SET idx = -idx WHERE idx > 350`, `UPDATE trail_entries SET idx = -idx - 1 WHERE idx < 0`}, idx: 350, what: "place 351"},
		{name: "inserted and renumbered", sql: []string{
			`UPDATE trail_entries SET idx = -idx WHERE idx >= 350`, `UPDATE trail_entries SET idx = 1 - idx WHERE idx < 0`,
			`INSERT INTO trail_entries SELECT '0', at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details, 350 FROM trail_entries WHERE idx = 5`}, idx: 350, what: "changed"},
		{name: "inserted at the end", sql: []string{
			`INSERT INTO trail_entries SELECT '0', at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details, 1001 FROM trail_entries WHERE idx = 5`}, idx: 1001, what: "no head covers"},
		{name: "two at one place", sql: []string{`DROP INDEX trail_order`,
			`INSERT INTO trail_entries SELECT 'zz', at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details, idx FROM trail_entries WHERE idx = 350`}, idx: 350, what: "second entry"},
		{name: "places swapped", sql: []string{`UPDATE trail_entries SET idx = -1 - idx WHERE idx IN (350, 351)`,
			`UPDATE trail_entries SET idx = 702 + idx WHERE idx < 0`}, idx: 350, what: "place 351"},
		{name: "tail cut", sql: []string{`DELETE FROM trail_entries WHERE idx >= 900`}, idx: 900, to: 1001, noID: true, what: "removed"},
		{name: "tail and head cut", sql: []string{`DELETE FROM trail_entries WHERE idx >= 701`, `DELETE FROM trail_heads WHERE size > 701`,
			`DELETE FROM trail_tiles WHERE level = 0 AND n = 3`, `UPDATE trail_tiles SET width = 189, data = substr(data, 1, 189*32) WHERE level = 0 AND n = 2`,
			`UPDATE trail_tiles SET width = 2, data = substr(data, 1, 2*32) WHERE level = 1`}, idx: 701, to: 1001, noID: true, what: "cut off", outside: true},
		{name: "everything cut", sql: []string{`DELETE FROM trail_entries`, `DELETE FROM trail_heads`, `DELETE FROM trail_tiles`}, idx: 0, to: 1001, noID: true, what: "cut off", outside: true},
		{name: "newest head removed", sql: []string{`DELETE FROM trail_heads WHERE size = 1001`}, idx: 701, to: 1001, what: "no head covers"},
		{name: "head in the middle removed", sql: []string{`DELETE FROM trail_heads WHERE size = 701`}, idx: 301, to: 1001, noID: true, what: "head was removed"},
		{name: "first head removed", sql: []string{`DELETE FROM trail_heads WHERE size = 1`}, idx: 0, to: 301, noID: true, what: "head was removed"},
		{name: "head's root changed", sql: []string{`UPDATE trail_heads SET root = (SELECT o.root FROM trail_heads o WHERE o.size = 1) WHERE size = 701`}, idx: 301, to: 701, noID: true, what: "trail key signed"},
		{name: "head's time changed", sql: []string{`UPDATE trail_heads SET at_us = at_us + 1 WHERE size = 701`}, idx: 301, to: 701, noID: true, what: "trail key signed"},
		{name: "head's signature broken", sql: []string{`UPDATE trail_heads SET signed = replace(signed, ' guichet-trail ', ' guichet-trial ') WHERE size = 701`}, idx: 301, to: 701, noID: true, what: "trail key signed"},
		{name: "tile changed", do: func(tr *trail, db *sql.DB) { flipTile(tr, db, 0, 1, 94) }, idx: 256, to: 512, noID: true, what: "tile 0/1"},
		{name: "upper tile changed", do: func(tr *trail, db *sql.DB) { flipTile(tr, db, 1, 0, 1) }, idx: 0, to: 1001, noID: true, what: "tile 1/0"},
		{name: "tile removed", sql: []string{`DELETE FROM trail_tiles WHERE level = 0 AND n = 1`}, idx: 256, to: 512, noID: true, what: "tile 0/1"},
		{name: "upper tile removed", sql: []string{`DELETE FROM trail_tiles WHERE level = 1`}, idx: 0, to: 1001, noID: true, what: "tile 1/0"},
		{name: "tile added", sql: []string{`INSERT INTO trail_tiles SELECT level, 9, width, data FROM trail_tiles WHERE level = 1`}, idx: 1001, noID: true, what: "more than it needs"},
		{name: "tile's width changed", sql: []string{`UPDATE trail_tiles SET width = width - 1 WHERE level = 0 AND n = 1`}, idx: 256, to: 512, noID: true, what: "tile 0/1"},
		{name: "entry changed and its tile too", do: func(tr *trail, db *sql.DB) {
			tr.run(db, `UPDATE trail_entries SET ground = 'x' WHERE idx = 350`)
			flipTile(tr, db, 0, 1, 94)
		}, idx: 301, to: 701, noID: true, what: "recomputed"},
		{name: "all recomputed with another key", do: func(tr *trail, db *sql.DB) {
			tr.run(db, `UPDATE trail_entries SET ground = 'x' WHERE idx = 350`)
			other, _, err := note.GenerateKey(rand.Reader, keys.TrailName)
			require.NoError(tr.t, err)
			signer, err := note.NewSigner(other)
			require.NoError(tr.t, err)
			recompute(tr, db, signer)
		}, idx: 0, to: 512, noID: true, what: "trail key signed"},
		{name: "all recomputed with the trail key", do: func(tr *trail, db *sql.DB) {
			tr.run(db, `UPDATE trail_entries SET ground = 'x' WHERE idx = 350`)
			recompute(tr, db, storetest.Keys(tr.t).TrailSigner())
		}, idx: 301, to: 701, noID: true, what: "recomputed", outside: true},
		{name: "forked by a head signed with the trail key", do: func(tr *trail, db *sql.DB) {
			other := newTrail(tr.t, storetest.Backends(tr.t)[0])
			other.add(599)
			h := other.seal()
			tr.run(db, fmt.Sprintf(`INSERT INTO trail_heads VALUES (%d, 512, '%s', '%s', %d)`, h.Size, h.Root, h.Signed, h.At.UnixMicro()))
		}, idx: 301, to: 600, noID: true},
	}
	for column, value := range columns {
		cases = append(cases, tampering{name: "changed " + column, idx: 350,
			sql: []string{fmt.Sprintf(`UPDATE trail_entries SET %s = %s WHERE idx = 350`, column, value)}})
	}
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					tr := fullTrail(t, b)
					db := tr.raw()
					tr.run(db, c.sql...)
					if c.do != nil {
						c.do(tr, db)
					}
					if c.outside {
						inside := tr.verify(false)
						require.True(t, inside.OK(), "needs no head outside: %v", inside.Faults)
					}
					for _, outside := range []bool{true, c.outside} {
						report := tr.verify(outside)
						require.False(t, report.OK(), "not found")
						first := report.First()
						require.EqualValues(t, c.idx, first.Idx, "%v", report.Faults)
						require.EqualValues(t, max(c.to, c.idx+1), first.To, "%v", report.Faults)
						require.Contains(t, first.What, c.what)
						if !c.noID && c.name != "changed id" && c.name != "two at one place" {
							require.Equal(t, tr.idAt(db, c.idx), first.ID)
						}
					}
				})
			}
		})
	}
}

// flipTile changes one hash of a tile.
func flipTile(tr *trail, db *sql.DB, level, n, hash int) {
	var data []byte
	require.NoError(tr.t, db.QueryRow(`SELECT data FROM trail_tiles WHERE level = $1 AND n = $2`, level, n).Scan(&data))
	data[hash*32] ^= 1
	_, err := db.Exec(`UPDATE trail_tiles SET data = $1 WHERE level = $2 AND n = $3`, data, level, n)
	require.NoError(tr.t, err)
}

// T8: two rows that swap their contents are both named.
func TestT8SwappedContents(t *testing.T) {
	tr := fullTrail(t, storetest.Backends(t)[0])
	db := tr.raw()
	for _, c := range []string{"at_us", "commitment", "salt", "subject", "details"} {
		tr.run(db, `CREATE TEMP TABLE old AS SELECT idx, `+c+` AS v FROM trail_entries WHERE idx IN (340, 360)`,
			`UPDATE trail_entries SET `+c+` = (SELECT v FROM old WHERE old.idx = 700 - trail_entries.idx) WHERE idx IN (340, 360)`,
			`DROP TABLE old`)
	}
	report := tr.verify(true)
	require.EqualValues(t, 2, report.FaultCount, "%v", report.Faults)
	require.EqualValues(t, 340, report.Faults[0].Idx)
	require.EqualValues(t, 360, report.Faults[1].Idx)
}

// T8: SQLite keeps whatever a column is given; verify names such a row too.
func TestT8OddTypes(t *testing.T) {
	for name, set := range map[string]string{"text as time": `at_us = 'soon'`, "fraction as place": `idx = 350.5`, "text as place": `idx = 'x'`} {
		t.Run(name, func(t *testing.T) {
			tr := fullTrail(t, storetest.Backends(t)[0])
			db := tr.raw()
			tr.run(db, `UPDATE trail_entries SET `+set+` WHERE idx = 350`)
			report := tr.verify(true)
			require.False(t, report.OK())
			require.EqualValues(t, 350, report.First().Idx, "%v", report.Faults)
		})
	}
}

// T8: what is done to the heads outside is found as well.
func TestT8HeadsOutside(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func([]string) []string
		what string
	}{
		{"signature changed", func(l []string) []string { l[2] = strings.Replace(l[2], "trail ", "trail A", 1); return l }, "cannot be trusted"},
		{"not a head", func(l []string) []string { l[2] = "hello"; return l }, "cannot be trusted"},
		{"set back", func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }, "set back"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := fullTrail(t, storetest.Backends(t)[0])
			text, err := os.ReadFile(tr.path)
			require.NoError(t, err)
			lines := c.do(strings.Split(strings.TrimSpace(string(text)), "\n"))
			require.NoError(t, os.WriteFile(tr.path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
			report := tr.verify(true)
			require.EqualValues(t, 1, report.FaultCount, "%v", report.Faults)
			require.Contains(t, report.First().What, c.what)
		})
	}
}
