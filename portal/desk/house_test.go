package desk_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/lookup/lookuptest"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/state"
	"guichet/portal/store"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

var (
	anna  = staff.Member{Login: "anna", Name: "Anna", Role: staff.Agent}
	bert  = staff.Member{Login: "bert", Name: "Bert", Role: staff.Agent}
	carla = staff.Member{Login: "carla", Name: "Carla", Role: staff.Security}

	mistyped = desk.Why{Key: "mistyped"}
)

// house is the desk and the gate over one real database.
type house struct {
	*desk.Service
	t       *testing.T
	store   *store.Store
	gate    *lookup.Gate
	permits *lookup.Permits
	bell    *desk.Bell
	measure measure
	dsn     string
	known   []storetest.Known
	log     bytes.Buffer
	alarms  []int
	mu      sync.Mutex
	now     time.Time
	posts   int
}

// measure is what the import found of the register's digits; nil: never asked.
type measure struct{ found *desk.Share }

func (m *measure) Share(context.Context) (desk.Share, bool, error) {
	if m.found == nil {
		return desk.Share{}, false, nil
	}
	return *m.found, true, nil
}

func (h *house) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// everywhere runs a test on each database, with n references.
func everywhere(t *testing.T, n int, test func(*testing.T, *house)) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			h := &house{t: t, dsn: b.DSN(t), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
			h.store = storetest.Reopen(t, h.dsn, h.clock)
			h.known = storetest.References(t, h.dsn, n)
			short := state.NewMemory(h.clock, 10_000)
			ring := storetest.Keys(t)
			deps := lookuptest.Deps(ring, h.clock, h.store, short, lookuptest.Solved{}, h.store)
			h.bell = desk.NewBell(h.store, h.store, h.clock, slog.New(slog.DiscardHandler), nil)
			h.permits = lookup.NewPermits(h.store, h.store, h.clock, deps.Limits, slog.New(slog.DiscardHandler), h.bell.Ring)
			deps.Permits, deps.Alarm = h.permits, h.bell.Ring
			h.gate = lookup.NewGate(deps)
			h.Service = desk.New(desk.Deps{Store: h.store, Runner: h.store, State: short, Ring: ring, Clock: h.clock,
				Log:    slog.New(slog.NewJSONHandler(&h.log, nil)),
				Issuer: registry.NewIssuer(ring, h.clock, h.store, h.store),
				Watch:  lookup.NewWatch(h.permits, h.store, h.clock, slog.New(slog.DiscardHandler), h.bell.Ring),
				Yard:   desk.Yard{Store: h.store},
				Shares: &h.measure, Grounds: &registry.Grounds{Ring: ring, Clock: h.clock, Runner: h.store, Store: h.store},
				Alarm: func(_ string, n int) { h.alarms = append(h.alarms, n) }})
			test(t, h)
		})
	}
}

// try submits digits at the gate.
func (h *house) try(number, digits keys.Secret) bool {
	h.mu.Lock()
	h.posts++
	form := fmt.Sprint("form", h.posts)
	h.mu.Unlock()
	outcome, err := h.gate.Open(context.Background(), lookup.Claim{Kind: lookup.ByReference, Number: number, Digits: digits, Form: form,
		Source: portal.Token(), Network: portal.Token()})
	require.NoError(h.t, err)
	return outcome.Opened
}

// block closes a number with three wrong tries and gives its case.
func (h *house) block(number keys.Secret) string {
	h.t.Helper()
	for _, wrong := range []keys.Secret{"9991", "9992", "9993"} {
		require.False(h.t, h.try(number, wrong))
	}
	id, err := h.Find(h.t.Context(), anna, number)
	require.NoError(h.t, err)
	return id
}

func (h *house) open(m staff.Member, id string) {
	h.t.Helper()
	require.NoError(h.t, h.Open(h.t.Context(), m, id, desk.Ground{Interaction: "I-1234"}))
}

// pass opens a case and gives two right answers.
func (h *house) pass(m staff.Member, id string) {
	h.t.Helper()
	h.open(m, id)
	for q, a := range map[desk.Question]keys.Secret{desk.MovedIn: "01/2024", desk.NameOnFile: "claes"} {
		right, err := h.Answer(h.t.Context(), m, id, q, a)
		require.NoError(h.t, err)
		require.True(h.t, right, q)
	}
}

// told gives the actions of the trail about a reference.
func (h *house) told(key string) map[audit.Action]int {
	all, err := h.store.Entries(h.t.Context(), "reference:"+key, 1000, time.Time{}, "")
	require.NoError(h.t, err)
	n := map[audit.Action]int{}
	for _, e := range all {
		n[e.Action]++
	}
	return n
}

func (h *house) refused(code portal.Code, key string, err error) {
	h.t.Helper()
	var e *portal.Error
	require.ErrorAs(h.t, err, &e)
	require.Equal(h.t, code, e.Code)
	require.Equal(h.t, key, e.Key)
}
