package works

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// renewEvery is how long a requester waits for another code: whoever is in could
// else fill their letter box.
const renewEvery = 24 * time.Hour

// Codes keeps what opens requests.
type Codes interface {
	// RenewWorksCode gives a locked request another code's hash, unless it got one
	// after a time, and tells whether it did.
	RenewWorksCode(t tx.Tx, id string, code []byte, now, after time.Time) (bool, error)
	// EndWorksVisits ends the live visits that a number opened, but for one.
	EndWorksVisits(t tx.Tx, key, but string, now time.Time) error
}

// Renew gives a request another code, for whom the old one is lost, or known to
// whom it should not be (D10). It goes to the requester as they chose to be
// written to and is shown to nobody: neither to who is on the telephone nor to
// who came in with the old one. That one opens nothing from now on, and who came
// in with it is out, but for the visit but. Invalid "works.code" where it got
// one within a day.
func (s *Service) Renew(ctx context.Context, by audit.Entry, id, but string) error {
	now := s.Clock()
	return s.renew(ctx, by, id, but, now, now.Add(-renewEvery), map[string]string{})
}

// RenewFor does the same for a requester who calls, as often as an officer sees
// a reason. seen is the request's CodeAt on the officer's page: Invalid
// "works.code" where it got another code since, so that one form, sent twice,
// sends one letter; of two only the later one would open.
func (s *Service) RenewFor(ctx context.Context, by audit.Entry, id, reason string, seen time.Time) error {
	return s.renew(ctx, by, id, "", s.Clock(), seen, map[string]string{"reason": reason})
}

// renew does it, unless the request got a code after a time.
func (s *Service) renew(ctx context.Context, by audit.Entry, id, but string, now, after time.Time, details map[string]string) error {
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.lock(t, id)
		if err != nil {
			return err
		}
		m := Made{Request: r, Code: draw(CodeLength)}
		renewed, err := s.Store.RenewWorksCode(t, id, registry.DigitsHash(s.Ring, r.Key, m.Code), now, after)
		if err != nil {
			return err
		}
		if !renewed {
			return &portal.Error{Code: portal.Invalid, Key: "works.code"}
		}
		record(t, by, now, audit.WorksCode, r, details)
		m.RenewedAt = now.UTC()
		letter, err := m.letter()
		if err != nil {
			return err
		}
		letter.Awaited = true
		t.Send(letter)
		if err := s.endFeed(t, by, now, "", id); err != nil {
			return err
		}
		return s.Store.EndWorksVisits(t, r.Key, but, now)
	})
}
