package desk

import (
	"context"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/staff"
	"guichet/portal/tx"
)

// PageOfReadings is how many readings that wait stand on a page.
const PageOfReadings = 10

// Readings decides the readings that nobody may send yet; *indexes.Desk.
type Readings interface {
	// Waiting lists them behind a cursor, the oldest first.
	Waiting(ctx context.Context, after indexes.Cursor, limit int) ([]indexes.Review, error)
	// Each decision is of all registers of one reading, once, with its trail entry.
	Release(ctx context.Context, by portal.Actor, window string, round int) error
	Refuse(ctx context.Context, by portal.Actor, window string, round int, why indexes.Refusal) error
	Correct(ctx context.Context, by portal.Actor, window string, round int, typed map[metering.Register]string) error
}

// Held is a page of readings that are held or to check.
type Held struct {
	List []indexes.Review
	More bool
}

// HeldReadings lists what waits for the reading and validation service, and no
// other role (L22). Each reading of one is in its trail, where its household
// sees it (L19, L31).
func (s *Service) HeldReadings(ctx context.Context, m staff.Member, after indexes.Cursor) (Held, error) {
	if err := need(m, judge); err != nil {
		return Held{}, err
	}
	list, err := s.Readings.Waiting(ctx, after, PageOfReadings+1)
	if err != nil || len(list) == 0 {
		return Held{}, err
	}
	held := Held{List: list[:min(PageOfReadings, len(list))], More: len(list) > PageOfReadings}
	now := s.Clock()
	return held, s.Runner.Do(ctx, func(t tx.Tx) error {
		for _, r := range held.List {
			t.Record(audit.Entry{At: now, Actor: m.Actor(), Action: audit.ReadingsRead, Ground: "reading", Channel: "desk",
				Subject: "occupancy:" + r.Stay.ID, Details: map[string]string{"window": r.Window.ID}})
		}
		return nil
	})
}

// Judged is what a colleague decided on one reading.
type Judged struct {
	Window   string
	Round    int
	Decision Judgement
	Refusal  indexes.Refusal              // where refused
	Values   map[metering.Register]string // as typed, where corrected
}

// Judgement is a decision on a reading. A new one needs: Judgements, Judge,
// web/locales "desk.readings.decision."+name.
type Judgement string

// Judgements lists them all, in the order of the form.
var Judgements = []Judgement{"release", "correct", "refuse"}

// JudgeReading writes a decision. Invalid "desk.readings.choose" where none was
// made, "desk.readings.why" without a reason, indexes.Faults of values that cannot
// be read; Conflict "desk.readings.decided" where somebody was faster.
func (s *Service) JudgeReading(ctx context.Context, m staff.Member, j Judged) error {
	if err := need(m, judge); err != nil {
		return err
	}
	switch j.Decision {
	case "release":
		return s.Readings.Release(ctx, m.Actor(), j.Window, j.Round)
	case "correct":
		return s.Readings.Correct(ctx, m.Actor(), j.Window, j.Round, j.Values)
	case "refuse":
		return s.Readings.Refuse(ctx, m.Actor(), j.Window, j.Round, j.Refusal)
	}
	return &portal.Error{Code: portal.Invalid, Key: "desk.readings.choose", Field: "decision"}
}
