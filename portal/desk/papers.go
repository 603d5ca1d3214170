package desk

import (
	"context"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/tx"
)

// PageOfWrongs is how many requests the back office sees at a time.
const PageOfWrongs = 25

// Rectifications are what people say is wrong; *registry.Rectifications.
type Rectifications interface {
	// Waiting lists those that wait for a decision, the oldest first.
	Waiting(ctx context.Context, limit int) ([]registry.Rectification, error)
	// Decide writes a decision once and queues its letter.
	Decide(ctx context.Context, by portal.Actor, id string, d registry.Decision, words string) error
}

// PaperStore reads whose file a request or a late move is about.
type PaperStore interface {
	Posting(ctx context.Context, occupancyID string) (registry.Posting, error)
}

// Wrong is a request with what the register holds of the person.
type Wrong struct {
	registry.Rectification
	Posting registry.Posting
}

// Wrongs lists what waits for the back office. It shows whose files they are:
// each reading of one is in its trail, where its person sees it (L19).
func (s *Service) Wrongs(ctx context.Context, m staff.Member) (all []Wrong, err error) {
	if err := need(m, mend); err != nil {
		return nil, err
	}
	waiting, err := s.Rectify.Waiting(ctx, PageOfWrongs)
	if err != nil {
		return nil, err
	}
	for _, r := range waiting {
		p, err := s.Papers.Posting(ctx, r.OccupancyID)
		if err != nil {
			return nil, err
		}
		all = append(all, Wrong{r, p})
	}
	now := s.Clock()
	return all, s.Runner.Do(ctx, func(t tx.Tx) error {
		for _, w := range all {
			t.Record(audit.Entry{At: now, Actor: m.Actor(), Action: audit.RectifyRead, Ground: "rectification", Channel: "desk",
				Subject: "occupancy:" + w.OccupancyID, Details: map[string]string{"request": w.ID}})
		}
		return nil
	})
}

// DecideWrong decides a request; the letter to its person is queued with it.
func (s *Service) DecideWrong(ctx context.Context, m staff.Member, id string, d registry.Decision, words string) error {
	if err := need(m, mend); err != nil {
		return err
	}
	return s.Rectify.Decide(ctx, m.Actor(), id, d, words)
}
