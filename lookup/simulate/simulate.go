package simulate

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"guichet/lookup"
	"guichet/portal/keys"
	"guichet/portal/state"
)

// Scene is what is simulated.
type Scene struct {
	References int
	Days       int
	Sources    int     // addresses of the attacker, each in a network of its own; 0: no attack
	Knows      float64 // share of the digits the attacker knows
	Limits     lookup.Limits
	Off        bool // without any limit but the three tries
	Legacy     bool // all references were printed by another system, without letter codes
	// Honest is how many people come in a day; Mistyped is the share of them
	// who mistype once; Shared is the share that sits behind few addresses, as
	// telephone networks have them.
	Honest           int
	Mistyped, Shared float64
	Progress         func(share float64) // called now and then; may be nil
}

// Report is what came of it.
type Report struct {
	Compared   int // the attacker's failures that were compared
	Refused    int // that were not
	Guessed    int // files the attacker opened by guessing
	Known      int // and by knowing the digits
	FirstAlarm time.Duration
	Alarms     map[string]int
	Blocks     int // references closed
	Bound      float64
	Steps      map[lookup.Step]time.Duration
	People     People
}

// People is how honest people fared.
type People struct {
	Came    int
	Plain   int // in at once with a captcha
	Worked  int // after proof of work, which their browser did by itself
	Code    int // with the letter code, asked in the last step
	Blocked int // their reference had been closed by the attacker
	Refused int // not in, and none of these
}

// carriers is how many addresses the people share who share any.
const carriers = 50

// patience is how many refusals in a minute make the attacker wait for the next.
const patience = 3

// scene is one simulation under way.
type scene struct {
	Scene
	town   *town
	gate   *lookup.Gate
	watch  *lookup.Permits
	report Report
	next   int // the attacker's next try
	person int
}

// Run plays a scene. ring may be any: its keys live for the simulation only.
func Run(ctx context.Context, ring *keys.Ring, s Scene) (Report, error) {
	at := &clock{start}
	w := &town{ring: ring, clock: at, legacy: s.Legacy, counters: map[int]lookup.Counter{}, known: map[string]time.Time{}}
	x := &scene{Scene: s, town: w, report: Report{Alarms: map[string]int{}, Steps: map[lookup.Step]time.Duration{}}}
	alarm := func(name string) {
		if x.report.Alarms[name]++; len(x.report.Alarms) == 1 && x.report.Alarms[name] == 1 {
			x.report.FirstAlarm = at.now.Sub(start)
		}
	}
	x.watch = lookup.NewPermits(w, w, at.Now, s.Limits, slog.New(slog.DiscardHandler), alarm)
	x.gate = lookup.NewGate(lookup.Deps{Ring: ring, Clock: at.Now, Runner: w, State: state.NewMemory(at.Now, 4_000_000),
		Challenge: solves{}, Worker: solves{}, Ledger: w, Legacy: w, Permits: x.watch, Limits: s.Limits, Doors: solves{}, Alarm: alarm})
	if s.Off {
		return x.sweepUnbounded(ctx)
	}
	x.report.Bound = float64(s.Limits.HarmADay*s.Days) / 10_000
	if s.Legacy {
		x.report.Bound = float64(s.Limits.LegacyADay*s.Days) / 10_000
	}
	for minute := range s.Days * 24 * 60 {
		at.now = start.Add(time.Duration(minute) * time.Minute)
		if err := x.minute(ctx, minute); err != nil {
			return x.report, err
		}
		if s.Progress != nil && minute%60 == 0 {
			s.Progress(float64(minute) / float64(s.Days*24*60))
		}
	}
	x.report.Blocks = w.blocks
	return x.report, ctx.Err()
}

// minute lets the attacker go first, then the people.
func (x *scene) minute(ctx context.Context, minute int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	step, err := x.watch.Step(ctx)
	if err != nil {
		return err
	}
	x.report.Steps[step] += time.Minute
	for refused := 0; x.Sources > 0 && refused < patience; {
		counted, err := x.attack(ctx)
		if err != nil {
			return err
		}
		if !counted {
			refused++
		}
	}
	for range come(x.Honest, minute) {
		if err := x.visit(ctx); err != nil {
			return err
		}
	}
	return nil
}

// come spreads a day's people over its minutes: few at night, many in the evening.
func come(aDay, minute int) int {
	weights := [24]int{1, 0, 0, 0, 0, 1, 2, 4, 6, 7, 7, 6, 6, 6, 6, 6, 6, 7, 9, 9, 6, 3, 1, 1} // a hundred
	hour, within := minute/60%24, minute%60
	share := func(m int) int { return aDay * weights[hour] * m / 6000 }
	return share(within+1) - share(within)
}

// chance is an even draw in [0, 1) that is the same in each run.
func chance(what string, n int) float64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", what, n))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}

// attack is one try: the references in turn, two tries each before the third
// closes them, each from the next address. counted is false where the gate
// would not compare.
func (x *scene) attack(ctx context.Context) (counted bool, err error) {
	n, round := x.next%x.References, x.next/x.References
	source := fmt.Sprint("a", x.next%x.Sources)
	x.next++
	guess := int(chance("guess", n+round*x.References) * 10_000)
	known := chance("known", n) < x.Knows
	if known {
		guess = digits(n)
	}
	outcome, err := x.try(ctx, n, lookup.Claim{Digits: typed(guess), Source: source, Network: source})
	switch {
	case err != nil:
		return false, err
	case outcome.NotCounted:
		x.report.Refused++
		return false, nil
	case outcome.Opened && known:
		x.report.Known++
	case outcome.Opened:
		x.report.Guessed++
	default:
		x.report.Compared++
	}
	return true, nil
}

func (x *scene) try(ctx context.Context, n int, c lookup.Claim) (lookup.Outcome, error) {
	x.town.trying = n
	c.Kind, c.Number, c.Work, c.CaptchaID = lookup.ByReference, x.town.reference(n), "done", "solved"
	return x.gate.Open(ctx, c)
}

// visit is one honest person with a letter that has just come.
func (x *scene) visit(ctx context.Context) error {
	x.person++
	p := x.person
	n := int(chance("letter", p) * float64(x.References))
	c := lookup.Claim{Device: fmt.Sprint("d", p), Source: fmt.Sprint("h", p), Network: fmt.Sprint("h", p)}
	if chance("shared", p) < x.Shared {
		c.Source = fmt.Sprint("carrier", p%carriers)
		c.Network = c.Source
	}
	x.report.People.Came++
	mistypes := chance("mistyped", p) < x.Mistyped
	for try := range 3 {
		ask, err := x.gate.Ask(ctx, c)
		if err != nil {
			return err
		}
		c.LetterCode = ""
		if ask.LetterCode {
			c.LetterCode = x.town.letterCode(n)
		}
		c.Digits = typed(digits(n))
		if try == 0 && mistypes {
			c.Digits = typed((digits(n) + 1) % 10_000)
		}
		outcome, err := x.try(ctx, n, c)
		if err != nil {
			return err
		}
		if !outcome.Opened {
			continue
		}
		switch {
		case ask.LetterCode:
			x.report.People.Code++
		case ask.Work:
			x.report.People.Worked++
		default:
			x.report.People.Plain++
		}
		return nil
	}
	if len(x.town.counters[n].Failures) >= lookup.Tries {
		x.report.People.Blocked++
	} else {
		x.report.People.Refused++
	}
	return nil
}

// sweepUnbounded is what three tries for each reference come to by themselves.
func (x *scene) sweepUnbounded(ctx context.Context) (Report, error) {
	counter := func(n, try int) (opened bool) {
		guess := typed((int(chance("guess", n)*10_000) + try*3_333) % 10_000)
		target := lookup.Target{Known: true, OccupancyID: "o", Secret: []byte(fmt.Sprintf("%032d", digits(n)))}
		c, verdict := lookup.Judge(x.town.clock.now, target, x.town.counters[n], lookup.Try{
			Digits: []byte(fmt.Sprintf("%032s", guess.Reveal())), Tried: guess.Reveal(), Hears: lookup.Hears{Anyone: true}})
		x.town.counters[n] = c
		return verdict.Opened
	}
	x.report.Bound = float64(x.References) * lookup.Tries / 10_000
	for n := range x.References {
		for try := range lookup.Tries {
			if counter(n, try) {
				x.report.Guessed++
				break
			}
			x.report.Compared++
		}
		if !x.town.counters[n].BlockedAt.IsZero() {
			x.report.Blocks++
		}
		delete(x.town.counters, n) // nobody comes back to it
		if n%50_000 == 0 {
			if err := ctx.Err(); err != nil {
				return x.report, err
			}
			if x.Progress != nil {
				x.Progress(float64(n) / float64(x.References))
			}
		}
	}
	return x.report, nil
}
