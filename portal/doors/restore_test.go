package doors_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// vault is a process with its sealer and its file of heads.
type vault struct {
	*machine
	t      *testing.T
	dsn    string
	file   string
	heads  audit.Heads
	sealer *audit.Sealer
}

func openVault(t *testing.T, dsn, file string, at time.Time) *vault {
	t.Helper()
	heads, err := audit.OpenHeads("file:" + file)
	require.NoError(t, err)
	v := &vault{t: t, dsn: dsn, file: file, heads: heads}
	v.machine = start(t, dsn, at, func(d *doors.Deps) { d.Alone, d.Kept = true, heads.Newest })
	v.sealer = audit.NewSealer(v.store, heads, storetest.Keys(t).TrailSigner(), v.Clock(), slog.New(slog.DiscardHandler))
	return v
}

func (v *vault) close() {
	require.NoError(v.t, v.store.Close())
	require.NoError(v.t, v.heads.Close())
}

// work writes entries and seals them.
func (v *vault) work(n int) error {
	v.t.Helper()
	for range n {
		require.NoError(v.t, v.store.Do(v.t.Context(), func(u tx.Tx) error {
			u.Record(audit.Entry{At: v.Clock()(), Actor: portal.Actor{Kind: portal.Visitor}, Action: audit.LookupRefused, Ground: "reference", Channel: "web"})
			return nil
		}))
	}
	_, err := v.sealer.SealNow(v.t.Context())
	return err
}

func (v *vault) outside() audit.Outside {
	verifier, err := note.NewVerifier(storetest.Keys(v.t).TrailVerifierKey())
	require.NoError(v.t, err)
	outside, err := audit.ReadHeads(v.file, verifier)
	require.NoError(v.t, err)
	return outside
}

func (v *vault) verify() (report audit.Report) {
	v.t.Helper()
	verifier, err := note.NewVerifier(storetest.Keys(v.t).TrailVerifierKey())
	require.NoError(v.t, err)
	require.NoError(v.t, v.store.Trail(v.t.Context(), func(r audit.Reader) (err error) {
		report, err = audit.Verify(v.t.Context(), r, verifier, v.outside())
		return err
	}))
	return report
}

func (v *vault) gap() (gap audit.Gap) {
	v.t.Helper()
	require.NoError(v.t, v.store.Trail(v.t.Context(), func(r audit.Reader) (err error) {
		gap, err = audit.FindGap(v.t.Context(), r, v.outside())
		return err
	}))
	return gap
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	require.NoError(t, err)
	defer in.Close()
	out, err := os.Create(to)
	require.NoError(t, err)
	_, err = io.Copy(out, in)
	require.NoError(t, err)
	require.NoError(t, out.Close())
}

// T17: a backup is put back. Every door is shut from the start and stays shut
// although the log grows beyond what it was; the forked heads stay inside;
// an officer accepts it in the trail; the log goes on, and verify names the
// gap. Put back once more, it is shut again.
func TestT17RestoredBackup(t *testing.T) {
	dir := t.TempDir()
	dsn, file := "sqlite:"+filepath.Join(dir, "guichet.db"), filepath.Join(dir, "heads.log")
	db := strings.TrimPrefix(dsn, "sqlite:")
	v := openVault(t, dsn, file, noon)
	people(t, v.store)
	v.beat(t)
	require.NoError(t, v.work(10))
	v.close()
	copyFile(t, db, db+".backup")

	v = openVault(t, dsn, file, noon.Add(time.Hour))
	v.beat(t)
	require.NoError(t, v.work(3))
	require.NoError(t, v.work(4))
	lost := v.heads.Newest()
	v.beat(t)
	require.Empty(t, v.why(t, doors.Gate))
	require.Zero(t, v.gap())
	v.close()
	copyFile(t, db+".backup", db)

	v = openVault(t, dsn, file, noon.Add(2*time.Hour))
	v.beat(t)
	shared := lost.Size - 7
	for range 3 {
		for _, d := range doors.All {
			require.Equal(t, doors.Restored, v.why(t, d), "nobody gets three guesses twice")
		}
		require.Equal(t, portal.Unavailable, portal.CodeOf(v.Guard(t.Context())))
		// Staff go on working, until the log is larger than the lost one.
		require.ErrorContains(t, v.work(4), "backup was put back")
		require.Equal(t, lost, v.heads.Newest(), "no other log goes outside")
		goOn(t, 5*time.Second, v.machine)
	}
	require.False(t, v.verify().OK(), "not accepted: a fault")
	gap := v.gap()
	require.Equal(t, audit.Gap{From: shared, To: lost.Size}, gap)

	for _, who := range []string{"anna", "gone"} {
		_, err := v.AcceptRestore(t.Context(), by(who), gap)
		require.Equal(t, "desk.door.role", key(err))
	}
	_, err := v.AcceptRestore(t.Context(), by("carla"), audit.Gap{From: 5, To: 5})
	require.Equal(t, "desk.restore.none", key(err))
	require.Equal(t, doors.Restored, v.why(t, doors.Gate))
	r, err := v.AcceptRestore(t.Context(), by("carla"), gap)
	require.NoError(t, err)
	goOn(t, 5*time.Second, v.machine)
	require.Empty(t, v.why(t, doors.Gate))
	require.NoError(t, v.work(4))
	require.Greater(t, v.heads.Newest().Size, lost.Size)
	goOn(t, 5*time.Second, v.machine)
	require.Empty(t, v.why(t, doors.Gate))

	report := v.verify()
	require.True(t, report.OK(), "%v", report.Faults)
	require.Equal(t, []audit.Restore{r}, report.Restores)
	require.Zero(t, v.gap(), "what was accepted is none")
	entries, err := v.store.Entries(t.Context(), "trail", 5, time.Time{}, "")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "carla", entries[0].Actor.ID)
	v.close()

	copyFile(t, db+".backup", db)
	v = openVault(t, dsn, file, noon.Add(3*time.Hour))
	v.beat(t)
	require.Equal(t, doors.Restored, v.why(t, doors.Gate), "accepted once is not accepted for ever")
	again := v.gap()
	_, err = v.AcceptRestore(t.Context(), by("dirk"), again)
	require.NoError(t, err)
	goOn(t, 5*time.Second, v.machine)
	require.NoError(t, v.work(1))
	report = v.verify()
	require.True(t, report.OK(), "%v", report.Faults)
	require.Equal(t, shared, report.Restores[0].From)
	v.close()
}

// T17: a restore that nobody accepted cannot be slipped into the table, and
// an accepted one hides nothing that is changed afterwards.
func TestT17AcceptedHidesNothing(t *testing.T) {
	dir := t.TempDir()
	dsn, file := "sqlite:"+filepath.Join(dir, "guichet.db"), filepath.Join(dir, "heads.log")
	db := strings.TrimPrefix(dsn, "sqlite:")
	v := openVault(t, dsn, file, noon)
	people(t, v.store)
	v.beat(t)
	require.NoError(t, v.work(5))
	v.close()
	copyFile(t, db, db+".backup")
	v = openVault(t, dsn, file, noon.Add(time.Hour))
	v.beat(t)
	require.NoError(t, v.work(5))
	v.close()
	copyFile(t, db+".backup", db)
	v = openVault(t, dsn, file, noon.Add(2*time.Hour))
	v.beat(t)
	gap := v.gap()
	storetest.Exec(t, dsn, `INSERT INTO trail_restores (id, from_size, to_size, at_us, login) VALUES ('x', $1, $2, $3, 'carla')`,
		gap.From, gap.To, portal.Micros(v.Wall()))
	report := v.verify()
	require.False(t, report.OK())
	require.Contains(t, report.First().What, "no entry tells it")
	require.Equal(t, gap, audit.Gap{From: report.First().Idx, To: report.First().To})
	storetest.Exec(t, dsn, `DELETE FROM trail_restores`)

	_, err := v.AcceptRestore(t.Context(), by("carla"), gap)
	require.NoError(t, err)
	for range 3 {
		v.pass(time.Second)
		require.NoError(t, v.work(5))
	}
	require.True(t, v.verify().OK())
	last := v.heads.Newest().Size
	storetest.Exec(t, dsn, `DELETE FROM trail_heads WHERE size = $1`, last)
	storetest.Exec(t, dsn, `DELETE FROM trail_entries WHERE idx >= $1`, last-5)
	report = v.verify()
	require.False(t, report.OK(), "the tail cut after an accepted restore")
	v.close()
}

// T17: an accepted restore covers what was lost before it was accepted, not
// what is lost later in the same places of the log.
func TestT17AcceptedOnce(t *testing.T) {
	dir := t.TempDir()
	dsn, file := "sqlite:"+filepath.Join(dir, "guichet.db"), filepath.Join(dir, "heads.log")
	db := strings.TrimPrefix(dsn, "sqlite:")
	v := openVault(t, dsn, file, noon)
	people(t, v.store)
	v.beat(t)
	require.NoError(t, v.work(5))
	v.close()
	copyFile(t, db, db+".backup")
	v = openVault(t, dsn, file, noon.Add(time.Hour))
	v.beat(t)
	require.NoError(t, v.work(50))
	v.close()
	copyFile(t, db+".backup", db)

	v = openVault(t, dsn, file, noon.Add(2*time.Hour))
	v.beat(t)
	first, err := v.AcceptRestore(t.Context(), by("carla"), v.gap())
	require.NoError(t, err)
	goOn(t, 5*time.Second, v.machine)
	require.NoError(t, v.work(3))
	shared := v.heads.Newest().Size
	v.close()
	copyFile(t, db, db+".second")
	v = openVault(t, dsn, file, noon.Add(3*time.Hour))
	v.beat(t)
	require.NoError(t, v.work(4))
	newest := v.heads.Newest().Size
	require.Less(t, newest, first.To, "within the first gap")
	v.close()
	copyFile(t, db+".second", db)

	v = openVault(t, dsn, file, noon.Add(4*time.Hour))
	v.beat(t)
	require.Equal(t, doors.Restored, v.why(t, doors.Gate))
	require.ErrorContains(t, v.work(9), "backup was put back")
	require.False(t, v.verify().OK())
	require.Equal(t, audit.Gap{From: shared, To: newest}, v.gap())
	second, err := v.AcceptRestore(t.Context(), by("dirk"), v.gap())
	require.NoError(t, err)
	require.NoError(t, v.work(1))
	report := v.verify()
	require.True(t, report.OK(), "%v", report.Faults)
	require.Equal(t, []audit.Restore{first, second}, report.Restores)
	v.close()
}
