package lookup

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Open judges one submission; a second post of the same form gets the first's
// outcome (T21). Its errors: Problems, where it was no attempt and nothing was
// looked at; Unavailable, where store, state or keys cannot be trusted, which
// tells nothing though the try may have been counted (G4). Otherwise there is
// an Outcome, after the commit, whether or not the client stayed connected.
func (g *Gate) Open(ctx context.Context, c Claim) (Outcome, error) {
	return g.once(context.WithoutCancel(ctx), c, g.evaluate)
}

// door is what the kill switch calls the gate (G11).
const door = "gate"

func (g *Gate) evaluate(ctx context.Context, c Claim) (Outcome, error) {
	if c.Kind != ByReference && c.Kind != ByWorks {
		return Outcome{}, portal.Shut("lookup", errors.New("this kind of number has no gate"))
	}
	if err := g.Doors.Open(ctx, door); err != nil {
		return Outcome{}, err
	}
	now := g.Clock()
	ask, at, err := g.ask(ctx, now, c)
	switch {
	case err != nil:
		return Outcome{}, err
	case at.refused:
		return Outcome{NotCounted: true}, nil
	}
	legacyLengths, err := g.legacyLengths(ctx, now)
	if err != nil {
		return Outcome{}, err
	}
	number, digits, legacy, problems := parse(c, legacyLengths)
	unsolved, bare, err := g.challenge(ctx, c, ask)
	if err != nil {
		return Outcome{}, err
	}
	if problems = append(problems, unsolved...); len(problems) > 0 {
		return Outcome{}, problems
	}

	key := g.Ring.CounterKey(string(c.Kind), number)
	limits := g.Limits
	if bare {
		limits = limits.halved()
	}
	ok, err := g.sources.enter(ctx, now, at, refOf(key), limits)
	if err != nil || !ok {
		return Outcome{NotCounted: err == nil}, err
	}
	if at.strict && !ask.Work { // it filled up since the form was drawn
		return Outcome{NotCounted: true}, g.sources.leave(ctx, now, at, 0, refOf(key))
	}
	hears, permit, err := g.hear(ctx, c, at, legacy)
	if err != nil { // nothing was compared: a fault of ours fills nobody's share
		return Outcome{}, errors.Join(err, g.sources.leave(ctx, now, at, 0, refOf(key)))
	}
	outcome, verdict, err := g.attempt(ctx, now, c, key, digits, hears)
	if err != nil {
		permit.Spend() // it may have been counted: the budget is never exceeded
		return Outcome{}, err
	}
	return outcome, g.settle(ctx, now, c, key, at, permit, verdict)
}

// hear decides whom this attempt compares, and takes the permit for it: anyone
// while there is a permit of the harm budget and the gate is not in its last
// step; then only browsers known for the reference, out of a budget of their
// own, and whoever types the letter code, which no sweep can know (G7).
func (g *Gate) hear(ctx context.Context, c Claim, at *place, legacy bool) (hears Hears, permit Permit, err error) {
	step, err := g.Permits.Step(ctx)
	if err != nil {
		return hears, permit, err
	}
	if at.heard && step < Letter {
		budgets := []Budget{Harm}
		switch { // a budget of its own within, asked first, so that no permit of all waits for it
		case c.Kind == ByWorks: // D10
			budgets = []Budget{Works, Harm}
		case legacy: // presumed predictable (G1)
			budgets = []Budget{Legacy, Harm}
		}
		if permit, hears.Anyone, err = g.Permits.Take(ctx, budgets...); hears.Anyone || err != nil {
			return hears, permit, err
		}
	}
	hears.Letter = at.letter && c.LetterCode != ""
	if c.Device != "" {
		permit, hears.Known, err = g.Permits.Take(ctx, Known)
	}
	return hears, permit, err
}

// settle writes down, after the commit, what an attempt cost whom. Where that
// fails the attempt stands: it stays a failure of its source.
func (g *Gate) settle(ctx context.Context, now time.Time, c Claim, key string, at *place, permit Permit, verdict Verdict) error {
	// A permit was taken for one way; a try that was heard by another gives it
	// back: who has the letter's code takes nothing from known browsers (G7).
	if verdict.Spends == Harm && (verdict.Heard == AsAnyone || verdict.Heard == AsKnown) {
		permit.Spend()
	} else {
		permit.Return()
	}
	if verdict.Spends == Noise {
		g.Permits.Missed()
	}
	ended := failed
	switch {
	case verdict.Opened:
		ended = opened
	case verdict.Blocked:
		ended = blocked
	case verdict.Heard == Nobody && c.LetterCode == "":
		ended = 0 // not counted; a letter code that is tried is, so that nobody tries many (T20)
	}
	return g.sources.leave(ctx, now, at, ended, refOf(key))
}

// attempt is the one transaction of G4. Every refusal runs the same statements
// (T7); a success adds its visit.
func (g *Gate) attempt(ctx context.Context, now time.Time, c Claim, key string, digits keys.Secret, hears Hears) (outcome Outcome, verdict Verdict, err error) {
	try := Try{
		Digits: registry.DigitsHash(g.Ring, key, digits),
		Tried:  g.Ring.HashText(keys.ForTried, key, digits.Reveal()),
		Device: c.Device,
		CaseID: caseID(),
		Hears:  hears,
	}
	if hears.Letter {
		try.Letter = registry.LetterCodeHash(g.Ring, key, c.LetterCode)
	}
	visitID := portal.NewID(now)
	err = g.Runner.Do(ctx, func(t tx.Tx) error {
		outcome = Outcome{}
		target, counter, err := g.Ledger.LoadAttempt(t, c.Kind, key, c.Device)
		if err != nil {
			return err
		}
		counter, verdict = Judge(now, target, counter, try)
		if err := g.Ledger.SaveAttempt(t, c.Kind, key, now, counter); err != nil {
			return err
		}
		if !verdict.Opened {
			outcome.NotCounted = verdict.Heard == Nobody
			t.Record(refusal(now, c.Kind, key, verdict, counter.CaseID))
			return nil
		}
		outcome = Outcome{Opened: true, Visit: Visit{ID: visitID, ReferenceKey: key, Device: c.Device,
			OccupancyID: target.OccupancyID, OpenedAt: now.UTC(), EndsAt: now.Add(VisitLife).UTC()}}
		recordOpening(t, c.Kind, outcome.Visit, target.Superseded)
		return g.Ledger.OpenVisit(t, outcome.Visit, target.Superseded)
	})
	if err != nil {
		return Outcome{}, Verdict{}, shut(err)
	}
	return outcome, verdict, nil
}

// shut makes sure that whatever went wrong inside the transaction, a panic
// included, is told as a closed door and nothing else.
func shut(err error) error {
	if portal.CodeOf(err) == portal.Unavailable {
		return err
	}
	return portal.Shut("lookup", err)
}

func refusal(now time.Time, kind Kind, key string, verdict Verdict, caseID string) audit.Entry {
	e := audit.Entry{At: now, Actor: portal.Actor{Kind: portal.Visitor}, Action: audit.LookupRefused,
		Ground: string(kind), Channel: "web", Subject: string(kind) + ":" + key}
	switch {
	case verdict.Blocked:
		e.Action, e.Details = audit.LookupBlocked, map[string]string{"case": caseID}
	case verdict.Heard == Nobody:
		e.Action = audit.LookupUnheard
	}
	return e
}

func recordOpening(t tx.Tx, kind Kind, v Visit, superseded []string) {
	household := portal.Actor{Kind: portal.Household}
	t.Record(audit.Entry{At: v.OpenedAt, Actor: household, Action: audit.LookupOpened,
		Ground: string(kind), Channel: "web", Subject: string(kind) + ":" + v.ReferenceKey,
		Details: map[string]string{"occupancy": v.OccupancyID, "visit": v.ID}})
	for _, key := range superseded {
		t.Record(audit.Entry{At: v.OpenedAt, Actor: household, Action: audit.ReferenceEnded,
			Ground: "superseded", Channel: "web", Subject: string(ByReference) + ":" + key})
	}
}

// How many digits a works request's number and code have (D10).
const (
	worksNumber = 10
	worksCode   = 6
)

// parse cleans what was typed; what cannot be an attempt comes back as problems.
func parse(c Claim, legacyLengths []int) (number, digits keys.Secret, legacy bool, problems Problems) {
	if c.Kind == ByWorks {
		number, unread := typedDigits(c.Number, "number", worksNumber)
		digits, unreadCode := typedDigits(c.Digits, "code", worksCode)
		return number, digits, false, append(unread, unreadCode...)
	}
	number, legacy, err := registry.ParseNumber(c.Number, legacyLengths)
	var e *portal.Error
	if errors.As(err, &e) {
		problems = append(problems, e)
	}
	digits, unread := typedDigits(c.Digits, "digits", 4)
	return number, digits, legacy, append(problems, unread...)
}

// typedDigits cleans a field of so many digits.
func typedDigits(typed keys.Secret, field string, length int) (keys.Secret, Problems) {
	digits, ok := registry.CleanDigits(typed)
	wrong := ""
	switch {
	case !ok:
		wrong = ".characters"
	case digits == "":
		wrong = ".empty"
	case len(digits) != length:
		wrong = ".length"
	}
	if wrong == "" {
		return digits, nil
	}
	return "", Problems{{Code: portal.Invalid, Key: field + wrong, Field: field}}
}

// caseID names a block for the call centre, short enough to say on the
// telephone: 40 random bits. It opens nothing.
func caseID() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b [8]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return "B-" + string(b[:])
}
