package staff_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/staff"
	"guichet/portal/state"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

const password = keys.Secret("correct horse battery")

var console = portal.Actor{Kind: portal.System, ID: "staff add"}

// house is the service over real stores, with a clock that tests set.
type house struct {
	*staff.Service
	store *store.Store
	state *state.Memory
	seed  keys.Secret
	mu    sync.Mutex
	now   time.Time
}

func (h *house) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// everywhere runs a test on each database, with one agent, anna.
func everywhere(t *testing.T, test func(t *testing.T, h *house)) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			h := &house{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
			h.store = b.Open(t, h.clock)
			h.state = state.NewMemory(h.clock, 1000)
			passwords, err := login.NewPasswords()
			require.NoError(t, err)
			h.Service = staff.New(staff.Deps{Store: h.store, Runner: h.store, State: h.state,
				Ring: storetest.Keys(t), Clock: h.clock, Passwords: passwords})
			h.seed, err = h.Add(t.Context(), console, "Anna", "Anna Klein", staff.Agent, password)
			require.NoError(t, err)
			test(t, h)
		})
	}
}

func (h *house) code(t *testing.T) keys.Secret {
	c, err := login.Code(h.seed, h.clock())
	require.NoError(t, err)
	return c
}

func (h *house) in(t *testing.T) keys.Secret {
	h.wait(time.Minute)
	token, err := h.SignIn(t.Context(), "anna", password, h.code(t), "peer")
	require.NoError(t, err)
	return token
}

// told gives the actions about anna; those of one instant in any order.
func (h *house) told(t *testing.T) (actions []string) {
	all, err := h.store.Entries(t.Context(), staff.Subject("anna"), 500, time.Time{}, "")
	require.NoError(t, err)
	for i := len(all) - 1; i >= 0; i-- {
		e := all[i]
		line := string(e.Action)
		if why := audit.ParseDetails(e.Text)["why"]; why != "" {
			line += " " + why
		}
		actions = append(actions, line)
	}
	return actions
}

func TestRolesAreCounted(t *testing.T) {
	require.Len(t, staff.Roles, 6, "a new role needs the places its declaration lists")
	for _, r := range staff.Roles {
		require.True(t, r.Valid())
	}
	require.False(t, staff.Role("").Valid())
}

// TestT26SignIn walks one account through everything that must be refused, all
// with the same answer, and the trail that tells them apart (L19).
func TestT26SignIn(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		refused := func(name string, login string, pw, code keys.Secret) {
			t.Helper()
			_, err := h.SignIn(t.Context(), login, pw, code, "peer")
			require.EqualError(t, err, "invalid: sign-in", name)
		}
		refused("unknown", "berta", password, h.code(t))
		refused("not a login", "correct horse battery", password, h.code(t))
		refused("wrong password", "anna", "wrong horse battery", h.code(t))
		refused("wrong code", "anna", password, "000000")
		refused("no code", "anna", password, "")

		token, err := h.SignIn(t.Context(), " ANNA ", password, h.code(t), "peer")
		require.NoError(t, err)
		m, err := h.Resume(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, "Anna Klein", m.Name)
		require.Equal(t, portal.Actor{Kind: portal.Staff, ID: "anna"}, m.Actor())
		refused("code again", "anna", password, h.code(t))
		require.ElementsMatch(t, []string{"staff.added", "staff.refused password", "staff.refused code", "staff.refused code",
			"staff.signed-in", "staff.refused code"}, h.told(t))
	})
}

// TestT26WaitsGrow: the sixth try waits although all is right, and the wait
// is neither shortened by trying nor forgotten by another process.
func TestT26WaitsGrow(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		h.wait(time.Minute)
		for range login.FreeFailures {
			_, err := h.SignIn(t.Context(), "anna", "wrong horse battery", h.code(t), "peer")
			require.Error(t, err)
		}
		_, err := h.SignIn(t.Context(), "anna", password, h.code(t), "peer")
		require.EqualError(t, err, "invalid: sign-in", "waiting")
		h.wait(time.Second)
		_, err = h.SignIn(t.Context(), "anna", "wrong horse battery", h.code(t), "peer")
		require.Error(t, err)
		h.wait(2*time.Second - time.Microsecond)
		_, err = h.SignIn(t.Context(), "anna", password, h.code(t), "peer")
		require.Error(t, err, "doubled")
		h.wait(time.Microsecond)
		_, err = h.SignIn(t.Context(), "anna", password, h.code(t), "peer")
		require.NoError(t, err)
		wrong := "staff.refused password"
		require.ElementsMatch(t, []string{"staff.added", wrong, wrong, wrong, wrong, wrong, "staff.refused waiting",
			wrong, "staff.refused waiting", "staff.signed-in"}, h.told(t))
	})
}

// TestT26ManyAtOnce: of 40 guesses in the same instant five are compared; the
// right password among the late ones learns nothing.
func TestT26ManyAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				_, _ = h.SignIn(context.Background(), "anna", keys.Secret(fmt.Sprint("wrong horse ", i)), "123456", "peer")
			})
		}
		wg.Wait()
		compared := 0
		for _, line := range h.told(t) {
			if line == "staff.refused password" {
				compared++
			}
		}
		require.Equal(t, login.FreeFailures, compared)
	})
}

// TestT26BusyIsNoFailure: whoever is refused because the queue is full, or
// leaves it, has compared nothing and failed at nothing.
func TestT26BusyIsNoFailure(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		h.wait(time.Minute)
		gone, leave := context.WithCancel(context.Background())
		leave()
		waiting, release := context.WithCancel(context.Background())
		first, err := h.Passwords.Turn(t.Context())
		require.NoError(t, err)
		second, err := h.Passwords.Turn(t.Context())
		require.NoError(t, err)
		for range 2 * login.FreeFailures {
			_, err := h.SignIn(gone, "anna", password, h.code(t), "peer")
			require.Equal(t, portal.Unavailable, portal.CodeOf(err), "left the queue")
		}
		var queue sync.WaitGroup
		for range 100 {
			queue.Go(func() {
				for waiting.Err() == nil {
					_, _ = h.Passwords.Turn(waiting) // again where the probe below had the last place
					runtime.Gosched()
				}
			})
		}
		for full := false; !full; runtime.Gosched() {
			_, err := h.Passwords.Turn(gone)
			full = portal.CodeOf(err) == portal.TooMany
		}
		for range 2 * login.FreeFailures {
			_, err := h.SignIn(t.Context(), "anna", password, h.code(t), "peer")
			require.Equal(t, portal.TooMany, portal.CodeOf(err), "the queue is full")
		}
		release()
		queue.Wait()
		first.End()
		second.End()
		_, err = h.SignIn(t.Context(), "anna", password, h.code(t), "peer")
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"staff.added", "staff.signed-in"}, h.told(t))
	})
}

// TestT26CodeOnceForManyAtOnce: one code, ten browsers, one session.
func TestT26CodeOnceForManyAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		code := h.code(t)
		var wg sync.WaitGroup
		var mu sync.Mutex
		in := 0
		for range 5 {
			wg.Go(func() {
				if _, err := h.SignIn(context.Background(), "anna", password, code, "peer"); err == nil {
					mu.Lock()
					in++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, in)
	})
}

// TestT24SessionsEnd in every way there is, and stay ended.
func TestT24SessionsEnd(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		for name, end := range map[string]func(keys.Secret){
			"left": func(token keys.Secret) {
				require.NoError(t, h.Leave(t.Context(), token))
				require.NoError(t, h.Leave(t.Context(), token), "twice")
			},
			"left, though the state forgets nobody": func(token keys.Secret) {
				forgetful := h.Service.State
				h.Service.State = clinging{forgetful}
				require.Error(t, h.Leave(t.Context(), token))
				h.Service.State = forgetful
			},
			"idle":       func(keys.Secret) { h.wait(login.IdleLife) },
			"state lost": func(keys.Secret) { h.state = emptied(h) },
			"over": func(token keys.Secret) {
				for at := time.Duration(0); at < login.SessionLife-10*time.Minute; at += 10 * time.Minute {
					h.wait(10 * time.Minute)
					_, err := h.Resume(t.Context(), token)
					require.NoError(t, err)
				}
				h.wait(10 * time.Minute)
			},
		} {
			token := h.in(t)
			_, err := h.Resume(t.Context(), token)
			require.NoError(t, err, name)
			end(token)
			_, err = h.Resume(t.Context(), token)
			require.Equal(t, portal.SignedOut, portal.CodeOf(err), name)
		}
		_, err := h.Resume(t.Context(), "")
		require.Equal(t, portal.SignedOut, portal.CodeOf(err))

		token := h.in(t)
		require.NoError(t, h.End(t.Context(), console, "anna"))
		_, err = h.Resume(t.Context(), token)
		require.Equal(t, portal.SignedOut, portal.CodeOf(err), "the account ended")
		h.wait(time.Minute)
		_, err = h.SignIn(t.Context(), "anna", password, h.code(t), "peer")
		require.EqualError(t, err, "invalid: sign-in")
		require.Equal(t, portal.NotFound, portal.CodeOf(h.End(t.Context(), console, "anna")))
		_, err = h.Add(t.Context(), console, "anna", "Another Anna", staff.Agent, password)
		require.Equal(t, portal.Conflict, portal.CodeOf(err), "a login names one person for ever")
		all, err := h.List(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.False(t, all[0].EndedAt.IsZero())
	})
}

func emptied(h *house) *state.Memory {
	h.Service.State = state.NewMemory(h.clock, 1000)
	return h.state
}

// sessions is a store that remembers which sessions were opened.
type sessions struct {
	staff.Store
	opened *[]string
}

func (s sessions) OpenStaffSession(t tx.Tx, session staff.Session) error {
	*s.opened = append(*s.opened, session.ID)
	return s.Store.OpenStaffSession(t, session)
}

// clinging is a state that forgets nobody.
type clinging struct{ login.Idle }

func (clinging) Delete(context.Context, string) error {
	return portal.Shut("state", errors.New("gone"))
}

// TestT26Prove: who proves themselves for one act leaves no session, and is
// counted and refused like anybody who signs in.
func TestT26Prove(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		var opened []string
		h.Deps.Store = sessions{h.store, &opened}
		h.wait(time.Minute)
		code := h.code(t)
		_, err := h.Prove(t.Context(), "anna", "wrong horse battery", code, "console")
		require.EqualError(t, err, "invalid: sign-in")
		m, err := h.Prove(t.Context(), " Anna", password, code, "console")
		require.NoError(t, err)
		require.Equal(t, "anna", m.Login)
		_, err = h.Prove(t.Context(), "anna", password, code, "console")
		require.EqualError(t, err, "invalid: sign-in", "a code works once")
		require.ElementsMatch(t, []string{"staff.added", "staff.refused password", "staff.signed-in", "staff.left", "staff.refused code"}, h.told(t))
		require.Len(t, opened, 1)
		left, _, found, err := h.store.StaffSession(t.Context(), opened[0])
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, h.clock(), left.EndedAt, "its session is over")
		awake, err := h.state.Count(t.Context(), "guichet:staff-idle:")
		require.NoError(t, err)
		require.Zero(t, awake)

		h.wait(time.Minute)
		h.Deps.State = clinging{h.state}
		_, err = h.Prove(t.Context(), "anna", password, h.code(t), "console")
		require.Equal(t, portal.Unavailable, portal.CodeOf(err), "a session that may still be open")
		h.Deps.State = h.state

		for range login.FreeFailures {
			h.wait(time.Minute)
			_, err = h.Prove(t.Context(), "anna", "wrong horse battery", h.code(t), "console")
			require.Error(t, err)
		}
		_, err = h.Prove(t.Context(), "anna", password, h.code(t), "console")
		require.EqualError(t, err, "invalid: sign-in", "as long as a failure is waited out")
		require.Contains(t, h.told(t), "staff.refused waiting")
	})
}

type brokenState struct{ login.Idle }

func (brokenState) Replace(context.Context, string, []byte, time.Duration) (bool, error) {
	return false, portal.Shut("state", errors.New("gone"))
}

type brokenStore struct{ staff.Store }

func (brokenStore) LockStaff(tx.Tx, string) (staff.Account, bool, error) {
	return staff.Account{}, false, portal.Shut("store", errors.New("gone"))
}

func TestStaffFailsShut(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		token := h.in(t)
		whole := h.Deps
		h.Deps.State = brokenState{whole.State}
		_, err := h.Resume(t.Context(), token)
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
		h.Deps = whole
		h.Deps.Store = brokenStore{whole.Store}
		h.wait(time.Minute)
		_, err = h.SignIn(t.Context(), "anna", password, h.code(t), "peer")
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
		h.Deps = whole
		h.Deps.Ring, err = keys.Create(filepath.Join(t.TempDir(), "others"))
		require.NoError(t, err)
		_, err = h.SignIn(t.Context(), "anna", password, h.code(t), "peer")
		require.Equal(t, portal.Unavailable, portal.CodeOf(err), "a seed that does not open")
	})
}

// TestG12NoStaffSecretInTheTrail searches all entries' texts.
func TestG12NoStaffSecretInTheTrail(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		code := h.code(t)
		token, err := h.SignIn(t.Context(), "anna", password, code, "peer")
		require.NoError(t, err)
		_, err = h.SignIn(t.Context(), password.Reveal(), password, code, "peer") // typed into the wrong field
		require.Error(t, err)
		all := slices.DeleteFunc(storetest.Waiting(t, h.store), func(e audit.Recorded) bool { return e.Action == audit.Migrated })
		require.Len(t, all, 3, "added, signed in, refused")
		var b bytes.Buffer
		for _, e := range all {
			fmt.Fprintln(&b, e.Entry, e.Text, e.Subject)
		}
		for _, secret := range []keys.Secret{password, code, h.seed, token} {
			require.NotContains(t, b.String(), secret.Reveal())
		}
	})
}

func TestAddRefusesWhatCannotBe(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		for key, c := range map[string]struct {
			login, name string
			role        staff.Role
			password    keys.Secret
		}{
			"staff.login":    {"a b", "A", staff.Agent, password},
			"staff.name":     {"ab", " ", staff.Agent, password},
			"staff.role":     {"ab", "A", "boss", password},
			"password.short": {"ab", "A", staff.Agent, "short"},
		} {
			_, err := h.Add(t.Context(), console, c.login, c.name, c.role, c.password)
			var e *portal.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, key, e.Key)
		}
	})
}
