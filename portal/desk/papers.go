package desk

import (
	"context"
	"time"

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
	// LateMoves lists moves learnt late that nobody has dealt with, the oldest first.
	LateMoves(ctx context.Context, limit int) ([]registry.LateMove, error)
	// CaseOfStay gives the newest case of a stay's references that are closed; "":
	// none is.
	CaseOfStay(ctx context.Context, occupancyID string) (caseID string, err error)
	// SeeLateMove marks one as dealt with; NotFound where somebody was faster.
	SeeLateMove(t tx.Tx, id, login string, now time.Time) (occupancyID string, err error)
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

// Gone is a move learnt late with the file it cut.
type Gone struct {
	registry.LateMove
	Posting registry.Posting
	// Case is that of a closed reference of the stay, "" where there is none: the
	// call centre's, and no business of the back office beyond its number.
	Case string
}

// Moves lists the moves learnt late and what each made wrong (D3).
func (s *Service) Moves(ctx context.Context, m staff.Member) (all []Gone, err error) {
	if err := need(m, mend); err != nil {
		return nil, err
	}
	late, err := s.Papers.LateMoves(ctx, PageOfWrongs)
	if err != nil {
		return nil, err
	}
	for _, one := range late {
		p, err := s.Papers.Posting(ctx, one.OccupancyID)
		if err != nil {
			return nil, err
		}
		id, err := s.Papers.CaseOfStay(ctx, one.OccupancyID)
		if err != nil {
			return nil, err
		}
		all = append(all, Gone{one, p, id})
	}
	now := s.Clock()
	return all, s.Runner.Do(ctx, func(t tx.Tx) error {
		for _, one := range all {
			t.Record(audit.Entry{At: now, Actor: m.Actor(), Action: audit.MovesRead, Ground: "late-move", Channel: "desk",
				Subject: "occupancy:" + one.OccupancyID, Details: map[string]string{"move": one.ID}})
		}
		return nil
	})
}

// SeeMove says that a move learnt late was dealt with. Conflict
// "desk.late.seen" where somebody was faster.
func (s *Service) SeeMove(ctx context.Context, m staff.Member, id string) error {
	if err := need(m, mend); err != nil {
		return err
	}
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		occupancy, err := s.Papers.SeeLateMove(t, id, m.Login, now)
		if portal.CodeOf(err) == portal.NotFound {
			return &portal.Error{Code: portal.Conflict, Key: "desk.late.seen"}
		}
		if err != nil {
			return err
		}
		t.Record(audit.Entry{At: now, Actor: m.Actor(), Action: audit.MoveSeen, Ground: "late-move", Channel: "desk",
			Subject: "occupancy:" + occupancy, Details: map[string]string{"move": id}})
		return nil
	})
}
