package lookup_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func hash(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func try(digits, device string) lookup.Try {
	return lookup.Try{Digits: hash(digits), Tried: fmt.Sprintf("tried-%s", digits), Device: device, CaseID: "B-1", Hears: lookup.Hears{Anyone: true}}
}

// naive is the law in the plainest words: a list of what happened.
type naive struct {
	target  lookup.Target
	blocked bool
	wrongs  []lookup.Failure
}

func (n *naive) try(now time.Time, digits, device string) (opened, blockedNow bool, spends lookup.Budget) {
	if n.blocked {
		return false, false, ""
	}
	var live []lookup.Failure
	for _, f := range n.wrongs {
		if f.At > now.Add(-180*24*time.Hour).UnixMicro() {
			live = append(live, f)
		}
	}
	n.wrongs = live
	ended := !n.target.EndsAt.IsZero() && !n.target.EndsAt.After(now)
	if n.target.Known && !ended && digits == "0042" {
		var others []lookup.Failure
		for _, f := range n.wrongs {
			if device == "" || device != f.Device {
				others = append(others, f)
			}
		}
		n.wrongs = others
		return true, false, ""
	}
	spends = lookup.Noise
	if n.target.Known && !ended {
		spends = lookup.Harm
	}
	for _, f := range n.wrongs {
		if f.Tried == "tried-"+digits {
			return false, false, spends
		}
	}
	n.wrongs = append(n.wrongs, lookup.Failure{Tried: "tried-" + digits, Device: device, At: now.UnixMicro()})
	n.blocked = len(n.wrongs) == 3
	return false, n.blocked, spends
}

// M4, M5, G5, G6, D2, T21: Judge obeys the plain law over whole histories.
func TestJudgeObeysTheLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		target := lookup.Target{}
		if rapid.Bool().Draw(t, "known") {
			target = lookup.Target{Known: true, OccupancyID: "o", Secret: hash("0042")}
			if rapid.Bool().Draw(t, "ends") {
				target.EndsAt = noon.Add(time.Duration(rapid.IntRange(-100, 1000).Draw(t, "hours")) * time.Hour)
			}
		}
		law := naive{target: target}
		var counter lookup.Counter
		for range rapid.IntRange(1, 25).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 24, 24 * 100, 24 * 180}).Draw(t, "hours")) * time.Hour)
			digits := rapid.SampledFrom([]string{"0042", "0001", "0002", "0003", "0004"}).Draw(t, "digits")
			device := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "device")
			before, wasBlocked := fmt.Sprint(counter), !counter.BlockedAt.IsZero()

			next, verdict := lookup.Judge(now, target, counter, try(digits, device))
			opened, blockedNow, spends := law.try(now, digits, device)

			require.Equal(t, before, fmt.Sprint(counter), "the counter given in is left alone")
			require.Equal(t, lookup.Verdict{Heard: lookup.AsAnyone, Opened: opened, Blocked: blockedNow, Spends: spends}, verdict)
			require.Equal(t, law.blocked, !next.BlockedAt.IsZero())
			require.Equal(t, len(law.wrongs), len(next.Failures))
			if wasBlocked {
				require.Equal(t, before, fmt.Sprint(next), "a block never moves")
			}
			counter = next
		}
	})
}

func TestJudge(t *testing.T) {
	target := lookup.Target{Known: true, OccupancyID: "o", Secret: hash("0042")}
	failed := func(device string, ago time.Duration, digits string) lookup.Failure {
		return lookup.Failure{Tried: "tried-" + digits, Device: device, At: noon.Add(-ago).UnixMicro()}
	}
	two := lookup.Counter{Failures: []lookup.Failure{failed("a", time.Hour, "0001"), failed("b", time.Hour, "0002")}}
	blocked := lookup.Counter{Failures: append(two.Failures[:2:2], failed("", time.Hour, "0003")), BlockedAt: noon.Add(-10 * 365 * 24 * time.Hour), CaseID: "B-0"}
	for name, c := range map[string]struct {
		target  lookup.Target
		counter lookup.Counter
		try     lookup.Try
		verdict lookup.Verdict
		left    int
	}{
		"right":                              {target, lookup.Counter{}, try("0042", ""), lookup.Verdict{Opened: true}, 0},
		"wrong":                              {target, lookup.Counter{}, try("0001", ""), lookup.Verdict{Spends: lookup.Harm}, 1},
		"third wrong":                        {target, two, try("0003", ""), lookup.Verdict{Blocked: true, Spends: lookup.Harm}, 3},
		"T21 the same again":                 {target, two, try("0001", "c"), lookup.Verdict{Spends: lookup.Harm}, 2},
		"G6 forgives its own":                {target, two, try("0042", "a"), lookup.Verdict{Opened: true}, 1},
		"G6 forgives nobody else's":          {target, two, try("0042", "c"), lookup.Verdict{Opened: true}, 2},
		"G6 no device forgives nothing":      {target, two, try("0042", ""), lookup.Verdict{Opened: true}, 2},
		"M5 right while blocked":             {target, blocked, try("0042", "a"), lookup.Verdict{}, 3},
		"a block of ten years":               {target, blocked, try("0005", ""), lookup.Verdict{}, 3},
		"full without a date":                {target, lookup.Counter{Failures: blocked.Failures}, try("0042", ""), lookup.Verdict{}, 3},
		"unknown":                            {lookup.Target{}, lookup.Counter{}, try("0042", ""), lookup.Verdict{Spends: lookup.Noise}, 1},
		"unknown, third":                     {lookup.Target{}, two, try("0003", ""), lookup.Verdict{Blocked: true, Spends: lookup.Noise}, 3},
		"unknown with the dummy":             {lookup.Target{}, lookup.Counter{}, lookup.Try{Digits: make([]byte, 32), Tried: "x", Hears: lookup.Hears{Anyone: true}}, lookup.Verdict{Spends: lookup.Noise}, 1},
		"known without a hash":               {lookup.Target{Known: true}, lookup.Counter{}, lookup.Try{Digits: make([]byte, 32), Tried: "x", Hears: lookup.Hears{Anyone: true}}, lookup.Verdict{Spends: lookup.Noise}, 1},
		"D2 ended":                           {lookup.Target{Known: true, Secret: hash("0042"), EndsAt: noon}, lookup.Counter{}, try("0042", ""), lookup.Verdict{Spends: lookup.Noise}, 1},
		"D2 not yet":                         {lookup.Target{Known: true, Secret: hash("0042"), EndsAt: noon.Add(1)}, lookup.Counter{}, try("0042", ""), lookup.Verdict{Opened: true}, 0},
		"failures lapse after 180 days":      {target, lookup.Counter{Failures: []lookup.Failure{failed("", lookup.Lapse, "0001"), failed("", time.Hour, "0002")}}, try("0003", ""), lookup.Verdict{Spends: lookup.Harm}, 2},
		"failures from a clock set back":     {target, lookup.Counter{Failures: []lookup.Failure{failed("", -lookup.Lapse, "0001"), failed("", 0, "0002")}}, try("0003", ""), lookup.Verdict{Blocked: true, Spends: lookup.Harm}, 3},
		"after the call centre (G10)":        {target, lookup.Unblock(blocked), try("0042", ""), lookup.Verdict{Opened: true}, 0},
		"after the call centre, wrong again": {target, lookup.Unblock(blocked), try("0001", ""), lookup.Verdict{Spends: lookup.Harm}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			next, verdict := lookup.Judge(noon, c.target, c.counter, c.try)
			c.verdict.Heard = lookup.AsAnyone
			require.Equal(t, c.verdict, verdict)
			require.Len(t, next.Failures, c.left)
			if verdict.Blocked {
				require.Equal(t, noon, next.BlockedAt)
				require.Equal(t, "B-1", next.CaseID)
			}
		})
	}
}

// G7: who is not heard is not compared, right or wrong, and the counter stays;
// who is heard is heard by one way, the first of several, and spends that.
func TestJudgeHears(t *testing.T) {
	target := lookup.Target{Known: true, OccupancyID: "o", Secret: hash("0042"), LetterCode: hash("code"), KnownSince: noon.Add(-time.Hour)}
	at := func(since time.Time) lookup.Target { t := target; t.KnownSince = since; return t }
	one := lookup.Counter{Failures: []lookup.Failure{{Tried: "tried-0009", At: noon.UnixMicro()}}}
	for name, c := range map[string]struct {
		target lookup.Target
		hears  lookup.Hears
		letter []byte
		heard  lookup.Way
	}{
		"nobody":                            {target, lookup.Hears{}, hash("code"), lookup.Nobody},
		"anyone":                            {target, lookup.Hears{Anyone: true}, nil, lookup.AsAnyone},
		"a known browser":                   {target, lookup.Hears{Known: true}, nil, lookup.AsKnown},
		"known for almost thirteen months":  {at(noon.Add(1 - lookup.DeviceLife)), lookup.Hears{Known: true}, nil, lookup.AsKnown},
		"known too long ago":                {at(noon.Add(-lookup.DeviceLife)), lookup.Hears{Known: true}, nil, lookup.Nobody},
		"never known":                       {at(time.Time{}), lookup.Hears{Known: true}, nil, lookup.Nobody},
		"known, where only letters are":     {target, lookup.Hears{Letter: true}, nil, lookup.Nobody},
		"the letter code":                   {at(time.Time{}), lookup.Hears{Letter: true}, hash("code"), lookup.ByItsLetter},
		"the letter code, not asked":        {at(time.Time{}), lookup.Hears{Known: true}, hash("code"), lookup.Nobody},
		"another letter code":               {at(time.Time{}), lookup.Hears{Letter: true}, hash("edoc"), lookup.Nobody},
		"no letter code":                    {at(time.Time{}), lookup.Hears{Letter: true}, nil, lookup.Nobody},
		"the letter code, where all are":    {target, lookup.Hears{Anyone: true, Known: true, Letter: true}, hash("code"), lookup.AsAnyone},
		"a known browser with the code":     {target, lookup.Hears{Known: true, Letter: true}, hash("code"), lookup.AsKnown},
		"the code, in a browser not known":  {at(time.Time{}), lookup.Hears{Known: true, Letter: true}, hash("code"), lookup.ByItsLetter},
		"the dummy at an unknown reference": {lookup.Target{}, lookup.Hears{Letter: true}, make([]byte, 32), lookup.Nobody},
		"the dummy at one without code":     {lookup.Target{Known: true, Secret: hash("0042")}, lookup.Hears{Letter: true}, make([]byte, 32), lookup.Nobody},
	} {
		for _, digits := range []string{"0042", "0001"} {
			x := try(digits, "")
			x.Hears, x.Letter = c.hears, c.letter
			next, verdict := lookup.Judge(noon, c.target, one, x)
			require.Equal(t, c.heard, verdict.Heard, name)
			if c.heard == lookup.Nobody {
				require.Equal(t, lookup.Verdict{}, verdict, name)
				require.Equal(t, one, next, name)
				continue
			}
			require.Equal(t, digits == "0042", verdict.Opened, name)
		}
	}
	blocked := lookup.Counter{BlockedAt: noon, CaseID: "B-0"}
	_, verdict := lookup.Judge(noon, target, blocked, try("0042", ""))
	require.Equal(t, lookup.Verdict{Heard: lookup.AsAnyone}, verdict, "blocked is heard, and refused")
}

// D2: sixty calendar days of Brussels after the move, or the end itself.
func TestD2EndsAt(t *testing.T) {
	moved := portal.Date(2026, time.March, 1)
	gone := portal.Date(2026, time.April, 30)
	require.True(t, lookup.EndsAt(time.Time{}, time.Time{}).IsZero())
	require.Equal(t, noon, lookup.EndsAt(noon, time.Time{}))
	require.True(t, gone.Equal(lookup.EndsAt(time.Time{}, moved)))
	require.Equal(t, noon, lookup.EndsAt(noon, moved))
	require.True(t, gone.Equal(lookup.EndsAt(gone.AddDate(1, 0, 0), moved)))
}
