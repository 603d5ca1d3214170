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

func (g *Gate) evaluate(ctx context.Context, c Claim) (Outcome, error) {
	if c.Kind != ByReference {
		return Outcome{}, portal.Shut("lookup", errors.New("this kind of number has no gate"))
	}
	// Place of the source, network and device buckets and of the gate's step
	// (G7): a submission they refuse is not compared.

	number, digits, problems := parse(c)
	if err := g.Challenge.Take(ctx, c.CaptchaID, c.Captcha); err != nil {
		var e *portal.Error
		if !errors.As(err, &e) || e.Code != portal.Invalid {
			return Outcome{}, err
		}
		problems = append(problems, e)
	}
	if len(problems) > 0 {
		return Outcome{}, problems
	}

	// Place of the failure permit, leased from the portal-wide budget (G7).

	return g.attempt(ctx, c.Kind, number, digits, c.Device)
}

// attempt is the one transaction of G4. Every refusal runs the same statements
// (T7); a success adds its visit.
func (g *Gate) attempt(ctx context.Context, kind Kind, number, digits keys.Secret, device string) (Outcome, error) {
	key := g.Ring.CounterKey(string(kind), number)
	now := g.Clock()
	try := Try{
		Digits: registry.DigitsHash(g.Ring, key, digits),
		Tried:  g.Ring.HashText(keys.ForTried, key, digits.Reveal()),
		Device: device,
		CaseID: caseID(),
	}
	visitID := portal.NewID(now)
	var outcome Outcome
	err := g.Runner.Do(ctx, func(t tx.Tx) error {
		outcome = Outcome{}
		target, counter, err := g.Ledger.LoadAttempt(t, kind, key)
		if err != nil {
			return err
		}
		counter, verdict := Judge(now, target, counter, try)
		if err := g.Ledger.SaveAttempt(t, kind, key, now, counter); err != nil {
			return err
		}
		if !verdict.Opened {
			t.Record(refusal(now, kind, key, verdict, counter.CaseID))
			return nil
		}
		outcome = Outcome{Opened: true, Visit: Visit{ID: visitID, ReferenceKey: key,
			OccupancyID: target.OccupancyID, OpenedAt: now.UTC(), EndsAt: now.Add(VisitLife).UTC()}}
		recordOpening(t, kind, outcome.Visit, target.Superseded)
		return g.Ledger.OpenVisit(t, outcome.Visit, target.Superseded)
	})
	if err != nil {
		return Outcome{}, shut(err)
	}
	return outcome, nil
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
	if verdict.Blocked {
		e.Action, e.Details = audit.LookupBlocked, map[string]string{"case": caseID}
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

// parse cleans what was typed; what cannot be an attempt comes back as problems.
func parse(c Claim) (number, digits keys.Secret, problems Problems) {
	number, err := registry.ParseReference(c.Number)
	var e *portal.Error
	if errors.As(err, &e) {
		problems = append(problems, e)
	}
	digits, ok := registry.CleanDigits(c.Digits)
	wrong := ""
	switch {
	case !ok:
		wrong = "digits.characters"
	case digits == "":
		wrong = "digits.empty"
	case len(digits) != 4:
		wrong = "digits.length"
	}
	if wrong != "" {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: wrong, Field: "digits"})
	}
	return number, digits, problems
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
