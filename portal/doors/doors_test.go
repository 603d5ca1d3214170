package doors_test

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/doors"
	"guichet/portal/login"
	"guichet/portal/staff"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// machine is one process with clocks to turn.
type machine struct {
	*doors.Service
	mu    sync.Mutex
	wall  time.Time
	ran   time.Duration
	log   *bytes.Buffer
	store *store.Store
}

func (m *machine) Wall() time.Time    { m.mu.Lock(); defer m.mu.Unlock(); return m.wall }
func (m *machine) Ran() time.Duration { m.mu.Lock(); defer m.mu.Unlock(); return m.ran }

// pass lets time go by; shift turns the machine's clock alone.
func (m *machine) pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wall, m.ran = m.wall.Add(d), m.ran+d
}

func (m *machine) shift(d time.Duration) { m.mu.Lock(); defer m.mu.Unlock(); m.wall = m.wall.Add(d) }

// start starts a process over a database.
func start(t *testing.T, dsn string, at time.Time, change ...func(*doors.Deps)) *machine {
	t.Helper()
	m := &machine{wall: at, ran: time.Hour, log: &bytes.Buffer{}}
	m.store = storetest.Reopen(t, dsn, m.Wall)
	deps := doors.Deps{Store: m.store, Runner: m.store, Log: slog.New(slog.NewTextHandler(m.log, nil)),
		Wall: m.Wall, Ran: m.Ran, Words: desk.Words}
	for _, c := range change {
		c(&deps)
	}
	m.Service = doors.New(deps)
	return m
}

func (m *machine) beat(t *testing.T) {
	t.Helper()
	require.NoError(t, m.Beat(t.Context()))
}

// goOn lets seconds go by for several processes, each beating every five.
func goOn(t *testing.T, d time.Duration, all ...*machine) {
	t.Helper()
	for ; d > 0; d -= doors.BeatEvery {
		for _, m := range all {
			m.pass(doors.BeatEvery)
			m.beat(t)
		}
	}
}

// why tells why a door is shut, "" where it is open.
func (m *machine) why(t *testing.T, d doors.Door) doors.Why {
	t.Helper()
	err := m.Open(t.Context(), string(d))
	if err == nil {
		return ""
	}
	var e *portal.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, portal.Unavailable, e.Code)
	require.Equal(t, "closed", e.Key)
	return e.Args[0].(doors.Why)
}

// people puts officers and others into the database.
func people(t *testing.T, s *store.Store) {
	t.Helper()
	require.NoError(t, s.Do(t.Context(), func(u tx.Tx) error {
		for login, role := range map[string]staff.Role{"carla": staff.Security, "dirk": staff.Security, "gone": staff.Security, "anna": staff.Agent} {
			m := staff.Member{Login: login, Name: login, Role: role, AddedAt: noon}
			if err := s.AddStaff(u, staff.Account{Member: m, Seed: []byte("x")}); err != nil {
				return err
			}
		}
		return s.EndStaff(u, "gone", noon)
	}))
}

// lookLife is how long a process goes by what it read of a switch.
const lookLife = 200 * time.Millisecond

func by(login string) doors.By {
	return doors.By{Login: login, Channel: "desk", Reason: "somebody sweeps the gate"}
}

func everywhere(t *testing.T, test func(t *testing.T, dsn string)) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) { test(t, b.DSN(t)) })
	}
}

func key(err error) string {
	if e, ok := err.(*portal.Error); ok {
		return e.Key
	}
	return ""
}

func TestDoorsAndReasonsAreCounted(t *testing.T) {
	require.Len(t, doors.All, 3, "a new door needs the places its declaration lists")
	require.Len(t, doors.Whys, 6, "a new reason needs the places its declaration lists")
	for _, d := range doors.All {
		got, ok := doors.Parse(string(d))
		require.True(t, ok)
		require.Equal(t, []doors.Door{d}, got)
	}
	all, ok := doors.Parse("all")
	require.True(t, ok)
	require.Equal(t, doors.All, all)
	_, ok = doors.Parse("window")
	require.False(t, ok)
}

// G11: one officer closes, at once and for every process; two different ones
// open; the trail tells each step with its reason.
func TestG11OneClosesTwoOpen(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a, b := start(t, dsn, noon), start(t, dsn, noon)
		people(t, a.store)
		a.beat(t)
		b.beat(t)
		ctx := t.Context()
		require.Empty(t, b.why(t, doors.Gate))

		require.NoError(t, a.Close(ctx, by("carla"), []doors.Door{doors.Gate}))
		b.pass(lookLife)
		require.Equal(t, doors.BySwitch, b.why(t, doors.Gate), "no restart, no beat between")
		require.Empty(t, b.why(t, doors.Works))
		require.Equal(t, "desk.door.not-asked", key(b.Confirm(ctx, by("dirk"), []doors.Door{doors.Gate})))
		require.NoError(t, b.Ask(ctx, by("carla"), []doors.Door{doors.Gate}))
		require.Equal(t, doors.BySwitch, b.why(t, doors.Gate), "asking opens nothing")
		require.Equal(t, "desk.door.asked-already", key(a.Ask(ctx, by("dirk"), []doors.Door{doors.Gate})))
		require.Equal(t, "desk.door.same-person", key(a.Confirm(ctx, by("carla"), []doors.Door{doors.Gate})))
		require.Equal(t, doors.BySwitch, a.why(t, doors.Gate))
		require.NoError(t, a.Confirm(ctx, by("dirk"), []doors.Door{doors.Gate}))
		b.pass(lookLife)
		require.Empty(t, b.why(t, doors.Gate))
		require.Equal(t, "desk.door.open", key(a.Confirm(ctx, by("dirk"), []doors.Door{doors.Gate})))

		var told []string
		entries, err := a.store.Entries(ctx, "door:gate", 10, time.Time{}, "")
		require.NoError(t, err)
		for _, e := range entries {
			details := audit.ParseDetails(e.Text)
			require.Equal(t, "somebody sweeps the gate", details["reason"])
			told = append(told, string(e.Action)+" "+e.Actor.ID)
		}
		require.ElementsMatch(t, []string{"door.closed carla", "door.asked carla", "door.opened dirk"}, told)
	})
}

// G11: only an officer who works here now turns a switch, with a reason fit
// for the trail.
func TestG11WhoMay(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		people(t, a.store)
		a.beat(t)
		all := doors.All
		for _, who := range []string{"anna", "gone", "nobody", ""} {
			require.Equal(t, "desk.door.role", key(a.Close(t.Context(), by(who), all)), who)
		}
		for _, reason := range []string{"", "x", strings.Repeat("long ", 100), "reference 48210937556086"} {
			require.Equal(t, portal.Invalid, portal.CodeOf(a.Close(t.Context(), doors.By{Login: "carla", Channel: "desk", Reason: reason}, all)), reason)
		}
		for _, d := range all {
			require.Empty(t, a.why(t, d))
		}
		require.NoError(t, a.Close(t.Context(), by("carla"), all))
		require.NoError(t, a.Ask(t.Context(), by("carla"), all))
		for _, who := range []string{"anna", "gone"} {
			require.Equal(t, "desk.door.role", key(a.Confirm(t.Context(), by(who), all)), who)
		}
		for _, d := range all {
			require.Equal(t, doors.BySwitch, a.why(t, d))
		}
	})
}

// G11: a request stands for 24 hours, and closing again withdraws it.
func TestG11RequestsLapse(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon, func(d *doors.Deps) { d.Alone = true })
		people(t, a.store)
		a.beat(t)
		ctx, gate := t.Context(), []doors.Door{doors.Gate}
		require.NoError(t, a.Close(ctx, by("carla"), gate))
		require.NoError(t, a.Ask(ctx, by("carla"), gate))
		a.pass(doors.RequestLife)
		require.Equal(t, "desk.door.not-asked", key(a.Confirm(ctx, by("dirk"), gate)))
		require.NoError(t, a.Ask(ctx, by("dirk"), gate))
		require.NoError(t, a.Close(ctx, by("dirk"), gate))
		require.Equal(t, "desk.door.not-asked", key(a.Confirm(ctx, by("carla"), gate)))
		board, err := a.Board(ctx)
		require.NoError(t, err)
		require.Equal(t, "dirk", board[0].By)
		require.False(t, board[0].Pending)
	})
}

// G11: of all doors, each goes its own way; what does not fit is left alone.
func TestG11All(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		people(t, a.store)
		a.beat(t)
		ctx := t.Context()
		require.NoError(t, a.Close(ctx, by("carla"), []doors.Door{doors.Gate, doors.Works}))
		require.NoError(t, a.Ask(ctx, by("carla"), []doors.Door{doors.Gate}))
		require.NoError(t, a.Ask(ctx, by("dirk"), doors.All), "works")
		require.NoError(t, a.Confirm(ctx, by("dirk"), doors.All), "gate")
		require.Empty(t, a.why(t, doors.Gate))
		require.Equal(t, doors.BySwitch, a.why(t, doors.Works))
		require.Equal(t, "desk.door.same-person", key(a.Confirm(ctx, by("dirk"), doors.All)))
		require.NoError(t, a.Confirm(ctx, by("carla"), doors.All))
		require.Equal(t, "desk.door.open", key(a.Ask(ctx, by("carla"), doors.All)))
	})
}

// G11: two officers at once close, ask and confirm in any order; nobody ever
// opens alone.
func TestG11AtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		people(t, a.store)
		a.beat(t)
		gate := []doors.Door{doors.Gate}
		require.NoError(t, a.Close(t.Context(), by("carla"), gate))
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { _ = a.Ask(context.Background(), by("carla"), gate) })
			wg.Go(func() { _ = a.Confirm(context.Background(), by("carla"), gate) })
		}
		wg.Wait()
		require.Equal(t, doors.BySwitch, a.why(t, doors.Gate))
		entries, err := a.store.Entries(t.Context(), "door:gate", 50, time.Time{}, "")
		require.NoError(t, err)
		require.Len(t, entries, 2, "closed, asked once")
	})
}

// G11: closing a door ends what is live behind it in the same transaction, and
// so does opening it: of the gate all visits, of works those of their numbers,
// of partners the sessions; none of another door's.
func TestG11VisitsEnd(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		people(t, a.store)
		a.beat(t)
		visit := func(id string, ends time.Time) {
			storetest.Exec(t, dsn, `INSERT INTO visits (id, reference_key, occupancy_id, opened_us, ends_us, ended_us) VALUES ($1, 'r', 'o', $2, $3, 0)`,
				id, portal.Micros(noon), portal.Micros(ends))
		}
		ended := func(id string) int64 {
			return storetest.Number(t, dsn, `SELECT ended_us FROM visits WHERE id = $1`, id)
		}
		visit("live", noon.Add(time.Minute))
		visit("over", noon.Add(-time.Minute))
		visit("works", noon.Add(time.Minute))
		storetest.Exec(t, dsn, `UPDATE visits SET reference_key = 'number' WHERE id = 'works'`)
		require.NoError(t, a.store.Do(t.Context(), func(u tx.Tx) error {
			if err := a.store.PutWorks(u, works.Request{ID: "w", Key: "number", Code: []byte("x"), MadeAt: noon, Since: noon, Status: works.Received}); err != nil {
				return err
			}
			if err := a.store.PutPartner(u, partner.Organisation{ID: "p", Name: "P", CompanyNumber: "0403170701", Status: partner.Approved, Language: portal.French, AskedAt: noon}); err != nil {
				return err
			}
			if err := a.store.AddPerson(u, partner.Account{Person: partner.Person{Login: "petra", PartnerID: "p", Name: "Petra", AddedAt: noon}, Seed: []byte("x"), Invitation: []byte("x")}); err != nil {
				return err
			}
			return a.store.OpenPartnerSession(u, login.Session{ID: "s", Login: "petra", StartedAt: noon, EndsAt: noon.Add(login.SessionLife)})
		}))
		session := func() int64 { return storetest.Number(t, dsn, `SELECT ended_us FROM partner_sessions WHERE id = 's'`) }
		require.NoError(t, a.Close(t.Context(), by("carla"), []doors.Door{doors.Works}))
		require.Equal(t, portal.Micros(noon), ended("works"))
		require.Zero(t, session())
		require.NoError(t, a.Close(t.Context(), by("carla"), []doors.Door{doors.Partners}))
		require.Equal(t, portal.Micros(noon), session())
		require.Zero(t, ended("live"))
		require.NoError(t, a.Close(t.Context(), by("carla"), []doors.Door{doors.Gate}))
		require.Equal(t, portal.Micros(noon), ended("live"))
		require.Zero(t, ended("over"))
		visit("slipped in", noon.Add(time.Minute))
		require.NoError(t, a.Ask(t.Context(), by("carla"), doors.All))
		require.Zero(t, ended("slipped in"))
		require.NoError(t, a.Confirm(t.Context(), by("dirk"), doors.All))
		require.Equal(t, portal.Micros(noon), ended("slipped in"))
	})
}

// In doubt shut: no such door, no row, no beat yet, no database.
func TestDoorsFailShut(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		people(t, a.store)
		require.Equal(t, doors.ClockUnsure, a.why(t, doors.Gate), "before the first beat")
		require.Error(t, a.Guard(t.Context()))
		a.beat(t)
		require.NoError(t, a.Guard(t.Context()))
		require.Equal(t, doors.BySwitch, a.why(t, "window"))
		require.True(t, a.Known(doors.Partners))
		storetest.Exec(t, dsn, `DELETE FROM doors WHERE name = 'partners'`)
		a.pass(lookLife)
		require.Equal(t, doors.BySwitch, a.why(t, doors.Partners))
		require.False(t, a.Known(doors.Partners))
		board, err := a.Board(t.Context())
		require.NoError(t, err)
		require.Equal(t, []doors.Why{"", "", doors.BySwitch}, []doors.Why{board[0].Why, board[1].Why, board[2].Why})
		require.NoError(t, a.store.Close())
		err = a.Open(t.Context(), "gate")
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
		require.NotEqual(t, "closed", key(err), "nobody can tell")
	})
}

// logged is what the log told of doors: message, door and why.
var logged = regexp.MustCompile(`msg="([^"]+)" door=(\S+)(?: why=(\S+))?`)

// The log tells a change once, not at each request: which door, and why.
func TestTheLogTellsEachChangeOnce(t *testing.T) {
	a := start(t, storetest.Backends(t)[0].DSN(t), noon)
	people(t, a.store)
	a.beat(t)
	require.Empty(t, a.log.String())
	require.NoError(t, a.Close(t.Context(), by("carla"), []doors.Door{doors.Gate}))
	for range 5 {
		require.Equal(t, doors.BySwitch, a.why(t, doors.Gate))
		require.Empty(t, a.why(t, doors.Works))
		goOn(t, doors.BeatEvery, a)
	}
	for range 2 { // another reason is a change
		a.shift(time.Hour)
		require.Equal(t, doors.ClockJumped, a.why(t, doors.Gate))
		require.Equal(t, doors.ClockJumped, a.why(t, doors.Gate))
		a.shift(-time.Hour)
		require.Equal(t, doors.BySwitch, a.why(t, doors.Gate))
	}
	require.NoError(t, a.Ask(t.Context(), by("carla"), doors.All))
	require.NoError(t, a.Confirm(t.Context(), by("dirk"), doors.All))
	require.Empty(t, a.why(t, doors.Gate))
	require.Empty(t, a.why(t, doors.Gate))
	var told []string
	for _, m := range logged.FindAllStringSubmatch(a.log.String(), -1) {
		told = append(told, strings.TrimSpace(strings.Join(m[1:], " ")))
	}
	shut, jumped := "a door is shut gate switch", "a door is shut gate clock-jumped"
	require.Equal(t, []string{shut, jumped, shut, jumped, shut, "a door is open again gate"}, told, a.log)
}

// hung is a database that does not answer.
type hung struct {
	doors.Store
	now  bool
	left time.Duration // until the one who asks gives up
}

func (h *hung) DoorClosed(ctx context.Context, d doors.Door) (bool, error) {
	if !h.now {
		return h.Store.DoorClosed(ctx, d)
	}
	if until, bounded := ctx.Deadline(); bounded {
		h.left = time.Until(until)
	}
	return false, portal.Shut("store", context.DeadlineExceeded)
}

// G4, G11: nobody waits for long at a door whose switch cannot be read, not even
// a form, which goes on when its sender has left.
func TestAHungDatabaseShutsDoorsSoon(t *testing.T) {
	dsn := storetest.Backends(t)[0].DSN(t)
	db := &hung{}
	m := start(t, dsn, noon, func(d *doors.Deps) { db.Store = d.Store; d.Store = db })
	m.beat(t)
	m.pass(time.Second)
	db.now = true
	err := m.Open(context.WithoutCancel(t.Context()), string(doors.Gate))
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))
	require.Greater(t, db.left, time.Duration(0), "the reading has no end")
	require.LessOrEqual(t, db.left, 2*time.Second)
	require.False(t, m.Known(doors.Gate), "the metric says that it is shut")
	db.now = false
	require.NoError(t, m.Open(t.Context(), string(doors.Gate)))
	require.True(t, m.Known(doors.Gate))
}
