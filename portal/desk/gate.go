package desk

import (
	"context"
	"strconv"
	"time"

	"guichet/lookup"
	"guichet/portal/audit"
	"guichet/portal/staff"
)

// The page of the gate.
const (
	NewestMoves  = 10 // moves of the step
	NewestAlarms = 10
	// openingsTimes and openingsLeast are those by which lookup.Watch rings (G9);
	// a test holds the two together.
	openingsTimes, openingsLeast = 3, 20
)

// Watch gives the gate's step, budgets and openings now. *lookup.Watch is one.
type Watch interface {
	View(ctx context.Context) (lookup.View, error)
}

// Share is how often the likeliest guess of four digits is right on the real
// register, as it was last measured (G8). All shares lie in [0, 1].
type Share struct {
	MeasuredAt    time.Time
	Meters        int64
	Overall       float64
	WorstPostcode float64
	Postcode      string // the worst one; "" where none has meters enough
	Address       Near   // meters of one address
	Batch         Near   // meters placed on one day in one postcode
}

// Near is about meters whose digits lie close to those of a neighbour, for a
// guesser who can read the neighbour's.
type Near struct {
	Meters int64
	Chance float64
}

// Shares reads the last measure; false where the register was never measured.
type Shares interface {
	Share(ctx context.Context) (Share, bool, error)
}

// Among says which meters a bound is about. A new one needs Share.Bounds, the
// desk's words "desk.bound."+name, and the test that walks them.
type Among string

// The kinds of meters.
const (
	AmongAll      Among = "all"
	AmongPostcode Among = "postcode" // the worst
	AmongAddress  Among = "address"  // near a neighbour's digits
	AmongBatch    Among = "batch"    // likewise, of one batch
)

// Bound is the most wrongful disclosures that are expected in a day, if all
// failures allowed were guesses at such meters (G8).
type Bound struct {
	Among  Among
	Place  string  // the postcode, or ""
	Meters int64   // 0: not told
	Chance float64 // of one guess
	ADay   float64
}

// Bounds computes them for the failures allowed in a day.
func (s Share) Bounds(failures int) []Bound {
	bound := func(among Among, place string, meters int64, chance float64) Bound {
		return Bound{among, place, meters, chance, float64(failures) * chance}
	}
	all := []Bound{bound(AmongAll, "", s.Meters, s.Overall)}
	if s.Postcode != "" {
		all = append(all, bound(AmongPostcode, s.Postcode, 0, s.WorstPostcode))
	}
	if s.Address.Meters > 0 {
		all = append(all, bound(AmongAddress, "", s.Address.Meters, s.Address.Chance))
	}
	if s.Batch.Meters > 0 {
		all = append(all, bound(AmongBatch, "", s.Batch.Meters, s.Batch.Chance))
	}
	return all
}

// FailuresADay is how many failures at live references a day allows.
func FailuresADay(v lookup.View) int { return use(v, lookup.Harm, 24*time.Hour).Most }

// use finds a window of a budget; zero where there is none.
func use(v lookup.View, b lookup.Budget, lasting time.Duration) lookup.BudgetUse {
	for _, u := range v.Uses {
		if u.Budget == b && u.Lasting == lasting {
			return u
		}
	}
	return lookup.BudgetUse{}
}

// LeftAnHour and LeftADay are what the harm budget still lends.
func (g Gate) LeftAnHour() int { return use(g.View, lookup.Harm, time.Hour).Left }

// LeftADay is the day's.
func (g Gate) LeftADay() int { return use(g.View, lookup.Harm, 24*time.Hour).Left }

// Unusual tells whether so many references were opened in the last hour that
// lookup.Watch rings (G9).
func (g Gate) Unusual() bool {
	return g.View.Openings > max(openingsLeast, openingsTimes*g.View.Usual)
}

// Move is one move of the gate's step.
type Move struct {
	At       time.Time
	From, To lookup.Step
}

// Alarm is one alarm that was written down.
type Alarm struct {
	At   time.Time
	Name string // one of Alarms
}

// Overview is all that the page of the gate tells.
type Overview struct {
	Gate
	Measured bool // the register's digits were; else Share and Bounds are empty
	Share    Share
	Bounds   []Bound
	Moves    []Move // newest first
	Alarms   []Alarm
}

// Overview tells agents and security how the gate stands. It holds numbers and
// nothing about a customer, so looking at it leaves no entry in the trail,
// unlike Blocked (L19).
func (s *Service) Overview(ctx context.Context, m staff.Member) (Overview, error) {
	g, err := s.Gate(ctx, m)
	if err != nil {
		return Overview{}, err
	}
	o := Overview{Gate: g}
	if o.Share, o.Measured, err = s.Shares.Share(ctx); err != nil {
		return Overview{}, err
	}
	if o.Measured {
		o.Bounds = o.Share.Bounds(FailuresADay(g.View))
	}
	moves, err := s.Store.GateMoves(ctx, NewestMoves)
	if err != nil {
		return Overview{}, err
	}
	for _, e := range moves {
		d := audit.ParseDetails(e.Text)
		o.Moves = append(o.Moves, Move{At: e.At, From: stepOf(d["from"]), To: stepOf(d["to"])})
	}
	alarms, err := s.Store.GateAlarms(ctx, NewestAlarms)
	if err != nil {
		return Overview{}, err
	}
	for _, e := range alarms {
		o.Alarms = append(o.Alarms, Alarm{At: e.At, Name: alarmOf(e)})
	}
	return o, nil
}

// stepOf reads a step of the trail; 0 where somebody has been at the row.
func stepOf(s string) lookup.Step {
	n, err := strconv.Atoi(s)
	if err != nil || lookup.Step(n) < lookup.Captcha || lookup.Step(n) > lookup.Letter {
		return 0
	}
	return lookup.Step(n)
}
