package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

var letterDay = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// letters is a database of a few households, and requests over it that tell
// their statements.
type letters struct {
	*registry.Requests
	t     testing.TB
	dsn   string
	s     *store.Store
	now   time.Time
	known []storetest.Known
	told  []string
}

func openLetters(t testing.TB, b storetest.Backend, households int) *letters {
	l := &letters{t: t, dsn: b.DSN(t), now: letterDay}
	clock := func() time.Time { return l.now }
	l.s = storetest.Reopen(t, l.dsn, clock)
	l.known = storetest.References(t, l.dsn, households)
	l.Requests = &registry.Requests{Ring: storetest.Keys(t), Clock: clock, Store: l.s, ADay: 1000, Log: slog.New(slog.DiscardHandler),
		Runner: store.Traced(l.s, func(text string) { l.told = append(l.told, text) }),
		Issuer: registry.NewIssuer(storetest.Keys(t), clock, l.s, l.s)}
	return l
}

func (l *letters) exec(text string, args ...any) { storetest.Exec(l.t, l.dsn, text, args...) }

func (l *letters) count(text string, args ...any) int64 {
	return storetest.Number(l.t, l.dsn, text, args...)
}

// handled asks for a letter, has the request handled, and gives the trail's
// word on it: whom it is about, what became of it.
func (l *letters) handled(ean portal.EAN) (subject, details string) {
	ctx := context.Background()
	require.NoError(l.t, l.Ask(ctx, ean))
	var id string
	require.NoError(l.t, l.s.QueryOne(`SELECT id FROM letter_requests`, &id))
	n, err := l.Handle(ctx)
	require.NoError(l.t, err)
	require.Equal(l.t, 1, n)
	const entry = ` FROM trail WHERE action = 'letter.answered' AND details LIKE $1`
	require.NoError(l.t, l.s.QueryOne(`SELECT subject`+entry, &subject, "%request="+id+"%"))
	require.NoError(l.t, l.s.QueryOne(`SELECT details`+entry, &details, "%request="+id+"%"))
	return subject, details
}

// each walks the standings that an EAN can have.
func (l *letters) each(f func(name string, ean portal.EAN, stay string, want registry.Answer)) {
	k := l.known
	l.exec(`UPDATE occupancies SET to_us = $1 WHERE id = $2`, portal.Micros(letterDay.Add(-time.Hour)), k[1].OccupancyID)
	l.exec(`UPDATE occupancies SET from_us = $1 WHERE id = $2`, portal.Micros(letterDay.Add(time.Hour)), k[2].OccupancyID)
	l.exec(`UPDATE issued_references SET issued_us = $1 WHERE key = $2`, portal.Micros(letterDay.Add(time.Second-registry.LetterPause)), k[3].Key)
	l.exec(`INSERT INTO lookup_counters (key, kind, failures, blocked_us, case_id, changed_us) VALUES ($1, 'reference', '[]', 1, 'B-1', 1)`, k[4].Key)
	l.exec(`UPDATE meters SET to_us = $1 WHERE id = $2`, portal.Micros(letterDay.Add(-time.Hour)), k[5].MeterID)
	l.exec(`UPDATE issued_references SET issued_us = $1, legacy = $2 WHERE key = $3`, portal.Micros(letterDay.Add(-time.Hour)), true, k[6].Key)
	l.exec(`UPDATE issued_references SET issued_us = $1 WHERE key = $2`, portal.Micros(letterDay.Add(-registry.LetterPause)), k[7].Key)
	f("occupied", k[0].EAN, k[0].OccupancyID, registry.AnswerSent)
	f("just sent", k[0].EAN, k[0].OccupancyID, registry.AnswerRecently)
	f("unknown", "549999000000000016", "", registry.AnswerUnknown)
	f("vacant since an hour", k[1].EAN, "", registry.AnswerVacant)
	f("not yet occupied", k[2].EAN, "", registry.AnswerVacant)
	f("sent a second short of 30 days ago", k[3].EAN, k[3].OccupancyID, registry.AnswerRecently)
	f("T5: blocked", k[4].EAN, k[4].OccupancyID, registry.AnswerBlocked)
	f("no meter", k[5].EAN, k[5].OccupancyID, registry.AnswerNoMeter)
	f("a legacy reference was no letter of ours", k[6].EAN, k[6].OccupancyID, registry.AnswerSent)
	f("sent 30 days ago", k[7].EAN, k[7].OccupancyID, registry.AnswerSent)
}

// G13: asking takes the same statements and writes whatever the register says
// of the EAN, and none of them names the register.
func TestG13AskingReadsNothingOfTheRegister(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			l := openLetters(t, b, 8)
			const want = "INSERT INTO letter_requests (id, asked_us, sealed) VALUES ($1, $2, $3)\nentries: 1, letters: 0"
			l.each(func(name string, ean portal.EAN, _ string, _ registry.Answer) {
				l.told = nil
				require.NoError(t, l.Ask(context.Background(), ean))
				require.Equal(t, want, strings.Join(l.told, "\n"), name)
			})
			require.EqualValues(t, 1, l.count(`SELECT COUNT(DISTINCT LENGTH(sealed)) FROM letter_requests`))
			var sealed []byte
			require.NoError(t, l.s.QueryOne(`SELECT sealed FROM letter_requests ORDER BY id LIMIT 1`, &sealed))
			require.NotContains(t, string(sealed), string(l.known[0].EAN), "sealed at rest")
			require.Zero(t, l.count(`SELECT COUNT(*) FROM trail WHERE action = 'letter.asked' AND subject NOT LIKE 'letter-request:%'`))
		})
	}
}

// What becomes of a request is decided later: a letter goes to the address on
// record, once in 30 days (L28), never around a block (M6, T5); the trail
// tells the outcome under the occupancy, and the EAN typed is gone.
func TestRequestsAreAnswered(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			ctx := context.Background()
			l := openLetters(t, b, 8)
			sent := int64(0)
			l.each(func(name string, ean portal.EAN, stay string, want registry.Answer) {
				subject, details := l.handled(ean)
				require.Contains(t, details, "answer="+string(want), name)
				if stay == "" {
					require.Contains(t, subject, "letter-request:", name)
				} else {
					require.Equal(t, "occupancy:"+stay, subject, name)
				}
				if want == registry.AnswerSent {
					sent++
				}
				require.Equal(t, sent, l.count(`SELECT COUNT(*) FROM outbox`), name)
				require.Zero(t, l.count(`SELECT COUNT(*) FROM letter_requests`), name)
				require.Zero(t, l.count(`SELECT COUNT(*) FROM trail WHERE subject LIKE $1 OR details LIKE $1`, "%"+string(ean)+"%"), name)
			})
			waiting, err := l.s.WaitingLetters(ctx, "", 10)
			require.NoError(t, err)
			require.Equal(t, "Claes", waiting[0].To.Name)
			require.Equal(t, "Rue Haute 1", waiting[0].To.Street)
			// G2: the former reference lives until the new one is first used.
			require.EqualValues(t, 2, l.count(`SELECT COUNT(*) FROM issued_references WHERE occupancy_id = $1 AND ended_us = 0`, l.known[0].OccupancyID))

			l.now = letterDay.Add(registry.LetterPause)
			_, details := l.handled(l.known[0].EAN)
			require.Contains(t, details, "answer=sent", "30 days later")
		})
	}
}

// Requests for one household that many replicas handle at once send one
// letter, and each is answered once.
func TestOneLetterWhoeverHandles(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			ctx := context.Background()
			l := openLetters(t, b, 1)
			l.Runner = l.s
			const asked, replicas = 60, 4 // more than one round reads
			for range asked {
				require.NoError(t, l.Ask(ctx, l.known[0].EAN))
			}
			var all sync.WaitGroup
			counts := make([]int, replicas)
			errs := make([]error, replicas)
			for i := range replicas {
				all.Go(func() { counts[i], errs[i] = l.Handle(ctx) })
			}
			all.Wait()
			total := 0
			for i := range replicas {
				require.NoError(t, errs[i])
				total += counts[i]
			}
			require.Equal(t, asked, total)
			require.EqualValues(t, asked, l.count(`SELECT COUNT(*) FROM trail WHERE action = 'letter.answered'`))
			require.EqualValues(t, 1, l.count(`SELECT COUNT(*) FROM outbox`))
		})
	}
}

// While one unit of work decides on an occupancy's letter, another waits and
// then sees it: two requests never both find that none was sent.
func TestStandingWaitsForWhoDecides(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			ctx := context.Background()
			l := openLetters(t, b, 1)
			begun, end := make(chan struct{}), make(chan struct{})
			first, second := make(chan error, 1), make(chan error, 1)
			go func() {
				first <- l.s.Do(ctx, func(u tx.Tx) error {
					st, err := l.s.Standing(u, l.known[0].EAN, letterDay)
					if err != nil {
						return err
					}
					close(begun)
					<-end
					_, err = l.Issuer.IssueIn(u, registry.Cause{}, []registry.Holding{st.Holding})
					return err
				})
			}()
			<-begun
			var seen registry.Standing
			go func() {
				second <- l.s.Do(ctx, func(u tx.Tx) (err error) {
					seen, err = l.s.Standing(u, l.known[0].EAN, letterDay)
					return err
				})
			}()
			waits := func() bool { return l.s.Queued() > 0 }
			if b.Name == "postgres" {
				waits = func() bool {
					return l.count(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
				}
			}
			for !waits() {
				select {
				case err := <-second:
					close(end)
					require.NoError(t, err)
					t.Fatal("the second did not wait")
				default:
					runtime.Gosched()
				}
			}
			close(end)
			require.NoError(t, <-first)
			require.NoError(t, <-second)
			require.True(t, seen.LastLetter.Equal(letterDay), "it sees the letter that the first one sent")
		})
	}
}

// Of the letters of a day, portal-wide, no more leave than there are, whoever
// handles the requests: the others wait in their order, and get theirs the next
// day of Brussels. Staff are told once a day. A clock set back, and a request
// that gets no letter, count nothing.
func TestLettersADayForAll(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			ctx := context.Background()
			l := openLetters(t, b, 9)
			var rang []string
			l.Runner, l.ADay, l.Alarm = l.s, 4, func(name string) { rang = append(rang, name) }
			other := &registry.Requests{Ring: l.Ring, Clock: l.Clock, Runner: l.s, Store: l.s, Issuer: l.Issuer, ADay: 4, Log: l.Log}
			handle := func() (n int) {
				t.Helper()
				n, err := l.Handle(ctx)
				require.NoError(t, err)
				return n
			}
			sent := func() int64 { return l.count(`SELECT COUNT(*) FROM outbox`) }
			require.NoError(t, l.Ask(ctx, "549999000000000016")) // unknown: no letter
			for _, k := range l.known {
				l.now = l.now.Add(time.Second)
				require.NoError(t, l.Ask(ctx, k.EAN))
			}
			var all sync.WaitGroup
			for _, r := range []*registry.Requests{l.Requests, other} {
				all.Go(func() {
					_, err := r.Handle(ctx)
					require.NoError(t, err)
				})
			}
			all.Wait()
			require.EqualValues(t, 4, sent())
			require.EqualValues(t, 5, l.count(`SELECT COUNT(*) FROM letter_requests`), "the others wait")
			require.EqualValues(t, 5, l.count(`SELECT COUNT(*) FROM trail WHERE action = 'letter.answered'`), "and nothing is said of them")
			l.now = portal.Date(2026, time.March, 3).Add(-time.Microsecond)
			for range 3 {
				require.Zero(t, handle())
			}
			require.Equal(t, []string{registry.AlarmLetters}, rang)
			l.now = portal.Date(2026, time.March, 3)
			require.Equal(t, 4, handle())
			require.EqualValues(t, 8, sent())
			require.Equal(t, []string{registry.AlarmLetters, registry.AlarmLetters}, rang, "a new day, and one still waits")
			last := l.known[8].OccupancyID
			require.EqualValues(t, 1, storetest.Number(t, l.dsn, `SELECT COUNT(*) FROM issued_references WHERE occupancy_id = $1`, last), "first come, first served")
			l.now = l.now.Add(-time.Hour) // a clock set back
			require.Zero(t, handle())
			l.now = portal.Date(2026, time.March, 4)
			require.Equal(t, 1, handle())
			require.Zero(t, l.count(`SELECT COUNT(*) FROM letter_requests`))
			require.EqualValues(t, 9, sent())
			require.EqualValues(t, 1, l.count(`SELECT COUNT(*) FROM letter_days`))
		})
	}
}

// One request that cannot be opened holds up no other.
func TestASpoiltRequestHoldsUpNoOther(t *testing.T) {
	ctx := context.Background()
	l := openLetters(t, storetest.Backends(t)[0], 1)
	l.exec(`INSERT INTO letter_requests (id, asked_us, sealed) VALUES ($1, $2, $3)`, "0", 1, []byte("not ours"))
	require.NoError(t, l.Ask(ctx, l.known[0].EAN))
	n, err := l.Handle(ctx)
	require.ErrorContains(t, err, "request 0: does not open")
	require.Equal(t, 1, n)
	require.EqualValues(t, 1, l.count(`SELECT COUNT(*) FROM outbox`))
}

// The digits' shares are read back as they were measured, from the meters
// that are live, postcode by postcode.
func TestSharesAreKept(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			ctx := context.Background()
			l := openLetters(t, b, 4)
			_, err := l.s.Share(ctx)
			require.Equal(t, portal.NotFound, portal.CodeOf(err))
			for i, k := range l.known {
				l.exec(`UPDATE access_points SET postcode = $1 WHERE ean = $2`, fmt.Sprint(5000+i%2), string(k.EAN))
				l.exec(`UPDATE meters SET number = $1 WHERE id = $2`, []string{"1SAG0000000042", "00010042-2009", "1SAG0000000042", "1SAG0000007777"}[i], k.MeterID)
			}
			l.exec(`UPDATE meters SET to_us = $1 WHERE id = $2`, portal.Micros(letterDay), l.known[3].MeterID)
			var order []string
			require.NoError(t, l.s.EachPlate(ctx, letterDay, func(p registry.Plate) error {
				order = append(order, p.Postcode)
				return nil
			}))
			require.Equal(t, []string{"5000", "5000", "5001"}, order)
			gauge := &registry.Gauge{Store: l.s, Runner: l.s, Clock: l.Clock}
			for range 2 { // measured again, it replaces
				measured, err := gauge.Measure(ctx)
				require.NoError(t, err)
				require.EqualValues(t, 3, measured.Meters)
				require.EqualValues(t, 1, measured.Overall)
				kept, err := l.s.Share(ctx)
				require.NoError(t, err)
				require.Equal(t, measured, kept)
			}
			require.EqualValues(t, 1, l.count(`SELECT COUNT(*) FROM digit_shares`))
			require.EqualValues(t, 2, l.count(`SELECT COUNT(*) FROM trail WHERE action = 'digits.measured'`))
		})
	}
}
