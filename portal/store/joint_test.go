package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A member of a joined commit, drawn at random: it tries numbers, runs
// statements of its own, and ends well, badly or in a panic.
type member struct {
	expects string // which number it says it will load, "" none
	steps   []step
	ends    string
}

type step struct {
	do  string
	key string
}

func drawMember(t *rapid.T) member {
	key := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	m := member{ends: rapid.SampledFrom([]string{"well", "well", "well", "badly", "panics"}).Draw(t, "ends")}
	if rapid.IntRange(0, 3).Draw(t, "says") > 0 {
		m.expects = key.Draw(t, "expects")
		m.steps = append(m.steps, step{"load", m.expects}, step{"save", m.expects})
	}
	for range rapid.IntRange(0, 3).Draw(t, "steps") {
		m.steps = append(m.steps, step{rapid.SampledFrom([]string{"load", "save", "set", "unblock"}).Draw(t, "step"), key.Draw(t, "key")})
	}
	return m
}

// G4: units that are joined into one commit see, do and leave behind what they
// would one by one in the order they came: whoever fails leaves nothing, whoever
// comes later sees what the others wrote, whether it was put off or not.
func TestJoinedUnitsAreAsOneByOne(t *testing.T) {
	s := storetest.Backends(t)[0].Open(t, time.Now)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		name := func(key string) string { return fmt.Sprintf("%d-%s", round, key) }
		members := make([]member, rapid.IntRange(1, 8).Draw(rt, "members"))
		tried, want := map[string]int{}, map[string]string{} // what the numbers' counters hold, and what was set
		var seen, expected [][]int
		for i := range members {
			members[i] = drawMember(rt)
		}
		release := hold(t, s)
		results := make([]chan error, len(members))
		recorded := 0
		for i, m := range members {
			seen, expected = append(seen, nil), append(expected, nil)

			mine, sets := map[string]int{}, map[string]string{}
			held := func(key string) int {
				if n, ok := mine[key]; ok {
					return n
				}
				return tried[key]
			}
			for _, st := range m.steps {
				switch st.do {
				case "load":
					expected[i] = append(expected[i], held(st.key))
				case "save":
					mine[st.key] = min(held(st.key)+1, lookup.Tries)
				case "unblock":
					mine[st.key] = 0
				case "set":
					sets[st.key] = fmt.Sprint(i)
				}
			}
			if m.ends == "well" {
				for key, n := range mine {
					tried[key] = n
				}
				for key, v := range sets {
					if want[key] == "" { // it is set once
						want[key] = v
					}
				}
				recorded++
			}

			ctx := context.Background()
			if m.expects != "" {
				ctx = s.Expect(ctx, name(m.expects), "")
			}
			results[i] = make(chan error, 1)
			go func() {
				results[i] <- s.Do(ctx, func(u tx.Tx) error {
					seen[i] = nil
					for _, st := range m.steps {
						if st.do == "set" {
							if err := s.SetInstallation(u, name(st.key), fmt.Sprint(i)); err != nil {
								return err
							}
							continue
						}
						_, c, err := s.LoadAttempt(u, lookup.ByReference, name(st.key), "")
						switch n := len(c.Failures); {
						case st.do == "load":
							seen[i] = append(seen[i], n)
							continue
						case st.do == "unblock":
							c = lookup.Unblock(c)
						case n < lookup.Tries:
							c.Failures = append(c.Failures, lookup.Failure{Tried: fmt.Sprint(n), At: 1})
						}
						if err = errors.Join(err, s.SaveAttempt(u, lookup.ByReference, name(st.key), time.UnixMicro(1), c)); err != nil {
							return err
						}
					}
					u.Record(audit.Entry{Action: audit.LookupRefused, Actor: portal.Actor{Kind: portal.Visitor}, Channel: "web", Subject: name("all")})
					switch m.ends {
					case "badly":
						return errors.New("badly")
					case "panics":
						panic("lost")
					}
					return nil
				})
			}()
			for s.Queued() != i+1 {
				runtime.Gosched()
			}
		}
		before := s.Commits()
		release()
		for i, m := range members {
			err := <-results[i]
			require.Equal(rt, m.ends != "well", err != nil, "member %d: %v", i, err)
		}
		require.Equal(rt, expected, seen)
		require.LessOrEqual(rt, s.Commits()-before, int64(2), "the holder's and theirs")
		for _, key := range []string{"a", "b", "c", "d"} {
			require.NoError(rt, s.Do(context.Background(), func(u tx.Tx) error {
				_, c, err := s.LoadAttempt(u, lookup.ByReference, name(key), "")
				require.Len(rt, c.Failures, tried[key], key)
				return err
			}))
			held, err := s.Installation(context.Background(), name(key))
			require.NoError(rt, err)
			require.Equal(rt, want[key], held)
		}
		var entries int
		require.NoError(rt, s.QueryOne(`SELECT COUNT(*) FROM trail WHERE subject = '`+name("all")+`'`, &entries))
		require.Equal(rt, recorded, entries)
	})
}
