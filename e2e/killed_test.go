package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// kills is how often TestKilled pulls the plug, guessers how many guess meanwhile.
const (
	kills    = 100
	guessers = 4
)

// guessed is what one client knows of its own guesses at its own reference.
type guessed struct{ sent, answered int }

// T3: killed at random moments while clients guess, every answered failure is
// in the trail, no guess is there that was never sent, and an answer was always
// the one failure. Each client guesses at a reference of its own, known and
// unknown ones in turn, so that the trail can be held against it.
func TestKilled(t *testing.T) {
	t.Parallel()
	p := rig.New(t).Quick(t)
	p.Settle(t)
	p.Start(t, "demo", "--json", "--dir", p.Dir)
	var known []rig.Reference // guessed at least three times with an answer
	before := perReference(t, p)
	for round := range kills {
		targets, results := make([]rig.Reference, guessers), make([]guessed, guessers)
		clients := make([]*visitor.Visitor, guessers)
		for i := range targets {
			targets[i], clients[i] = unknown(), visitor.Public(t, p)
			if i == 0 && round%25 == 0 {
				targets[i] = p.Take(t)
			}
		}
		var all sync.WaitGroup
		for i, v := range clients {
			all.Go(func() { results[i] = guessUntilGone(t, v, targets[i]) })
		}
		time.AfterFunc(time.Duration(rand.IntN(300))*time.Millisecond, func() { p.Signal(killed) })
		<-p.Ended()
		all.Wait()

		after := perReference(t, p)
		var sent, answered []int
		for i, r := range results {
			sent, answered = append(sent, r.sent), append(answered, r.answered)
			if targets[i].Digits != "0000" && r.answered >= 3 {
				known = append(known, targets[i])
			}
		}
		counted := appeared(before, after, guessers)
		slices.Sort(sent)
		slices.Sort(answered)
		for i := range counted {
			require.GreaterOrEqual(t, counted[i], answered[i], "round %d: answered %v, in the trail %v", round, answered, counted)
			require.LessOrEqual(t, counted[i], sent[i], "round %d: sent %v, in the trail %v", round, sent, counted)
		}
		before = after
		p.Restart(t)
	}
	for _, r := range known {
		closed(t, p, r)
	}
	verified(t, p)
}

// guessUntilGone guesses with ever new digits, from ever new addresses, until
// the portal is gone.
func guessUntilGone(t *testing.T, v *visitor.Visitor, r rig.Reference) (g guessed) {
	for n := 1; ; n++ {
		form, err := v.Elsewhere().TryFill(r.Reference, wrong(r, n))
		if err != nil {
			return g
		}
		g.sent++
		answer, err := v.Try(http.MethodPost, v.Path("/lookup"), "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
		if err != nil {
			return g
		}
		if answer.Status != http.StatusUnprocessableEntity {
			t.Errorf("a guess was answered with %d", answer.Status)
		}
		g.answered++
	}
}

// perReference counts the trail's failures by subject.
func perReference(t *testing.T, p *rig.Portal) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for line := range strings.Lines(rig.SQL(t, p.File(), `SELECT subject || '|' || count(*) FROM trail
		WHERE action IN ('lookup.refused', 'lookup.blocked') GROUP BY subject`)) {
		subject, count, _ := strings.Cut(strings.TrimSpace(line), "|")
		n, err := strconv.Atoi(count)
		require.NoError(t, err)
		counts[subject] = n
	}
	return counts
}

// appeared gives the failures of the references that are new in after, sorted,
// with a 0 for each of n that has none.
func appeared(before, after map[string]int, n int) []int {
	var counts []int
	for subject, count := range after {
		if before[subject] == 0 {
			counts = append(counts, count)
		}
	}
	for len(counts) < n {
		counts = append(counts, 0)
	}
	slices.Sort(counts)
	return counts
}

// T3, seen from a client: what is sent and cut in mid-request tells nothing and
// the program lives on.
func TestCutRequests(t *testing.T) {
	p := rig.Demo(t)
	r := p.Take(t)
	for cut := range 20 {
		v := visitor.Public(t, p)
		body := v.Fill(t, r.Reference, r.Digits).Encode()
		c := v.Dial(t)
		request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
			v.Path("/lookup"), len(body), body)
		_, err := c.Write([]byte(request[:(len(request)-1)*(cut+1)/21]))
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
	stillOpen(t, p, r)
}
