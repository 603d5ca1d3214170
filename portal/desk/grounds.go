package desk

import (
	"context"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/tx"
)

// PageOfGrounds is how many grounds the back office sees at a time.
const PageOfGrounds = 20

// Grounds are the rights of heirs, guardians and owners (D7); *registry.Grounds.
type Grounds interface {
	Ask(ctx context.Context, by portal.Actor, g registry.Ground) (id string, err error)
	Decide(ctx context.Context, by portal.Actor, id string, grant bool) error
	Send(ctx context.Context, by portal.Actor, id string) error
	SendIn(t tx.Tx, by portal.Actor, id string) error
	End(ctx context.Context, by portal.Actor, id string, why registry.EndedWhy) error
	List(ctx context.Context, after registry.GroundCursor, limit int) ([]registry.Ground, error)
}

// ListGrounds lists grounds, the newest first, and whether there are more. Each
// one read is in its trail (L19).
func (s *Service) ListGrounds(ctx context.Context, m staff.Member, after registry.GroundCursor) (all []registry.Ground, more bool, err error) {
	if err := need(m, mend); err != nil {
		return nil, false, err
	}
	if all, err = s.Grounds.List(ctx, after, PageOfGrounds+1); err != nil {
		return nil, false, err
	}
	if more = len(all) > PageOfGrounds; more {
		all = all[:PageOfGrounds]
	}
	now := s.Clock()
	return all, more, s.Runner.Do(ctx, func(t tx.Tx) error {
		for _, g := range all {
			t.Record(audit.Entry{At: now, Actor: m.Actor(), Action: audit.GroundsRead, Ground: string(g.Kind), Channel: "desk",
				Subject: g.Subject(), Details: map[string]string{"ground": g.ID}})
		}
		return nil
	})
}

// MayGround tells whether somebody may ask for a ground.
func (s *Service) MayGround(m staff.Member) error { return need(m, mend) }

// AskGround keeps a ground until another officer decides; its errors are
// registry.GroundFaults.
func (s *Service) AskGround(ctx context.Context, m staff.Member, g registry.Ground) error {
	if err := need(m, mend); err != nil {
		return err
	}
	_, err := s.Grounds.Ask(ctx, m.Actor(), g)
	return err
}

// DecideGround grants or refuses what another officer asked (D7: two officers).
func (s *Service) DecideGround(ctx context.Context, m staff.Member, id string, grant bool) error {
	if err := need(m, mend); err != nil {
		return err
	}
	return s.Grounds.Decide(ctx, m.Actor(), id, grant)
}

// SendGround sends the letter of a live ground again, with a new reference.
func (s *Service) SendGround(ctx context.Context, m staff.Member, id string) error {
	if err := need(m, mend); err != nil {
		return err
	}
	return s.Grounds.Send(ctx, m.Actor(), id)
}

// EndGround ends a ground, because it is over or was a mistake.
func (s *Service) EndGround(ctx context.Context, m staff.Member, id string, why registry.EndedWhy) error {
	if err := need(m, mend); err != nil {
		return err
	}
	return s.Grounds.End(ctx, m.Actor(), id, why)
}
