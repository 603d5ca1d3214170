package desk

import (
	"context"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/staff"
	"guichet/portal/tx"
)

// Standing is how far a caller's check has come, for one agent.
type Standing struct {
	Ask    []Question        // still to be asked today
	Told   map[Question]bool // answered today, right or wrong, whoever asked
	Left   int               // answers left today
	Passed bool              // for this agent, now
	Until  time.Time         // when the pass ends
	Tried  bool              // this agent recorded an answer since the block
	Lost   bool              // whatever is still answered today, this agent's check cannot pass
}

// stand computes it from the answers of the last day, oldest first: what was
// answered before the block never counts towards a pass.
func stand(f File, checks []Check, login string, now time.Time) Standing {
	s := Standing{Told: map[Question]bool{}, Left: AnswersADay}
	right := map[Question]bool{}
	today, hasStrong := midnight(now), false
	for _, c := range checks {
		if !c.At.Before(today) {
			s.Told[c.Question] = c.Right
			s.Left = max(0, s.Left-1)
		}
		if c.Login != login || c.At.Before(f.BlockedAt) {
			continue
		}
		s.Tried = true
		if !c.Right || right[c.Question] {
			continue
		}
		right[c.Question] = true
		hasStrong = hasStrong || strong[c.Question]
		if len(right) >= RightToPass && hasStrong && s.Until.IsZero() {
			s.Until = c.At.Add(PassedFor)
		}
	}
	s.Passed = now.Before(s.Until)
	if s.Left > 0 {
		for _, q := range offer(f) {
			if _, told := s.Told[q]; !told {
				s.Ask, hasStrong = append(s.Ask, q), hasStrong || strong[q]
			}
		}
	}
	s.Lost = !s.Passed && (!s.Until.IsZero() || !hasStrong || len(right)+min(s.Left, len(s.Ask)) < RightToPass)
	return s
}

// Answer compares one answer of a caller with the register, records that it
// was right or wrong, never the answer, and tells which. TooMany when the day's
// answers to this reference are used up, by whomever; Conflict for a question
// that was answered today or that this file cannot ask (G10).
func (s *Service) Answer(ctx context.Context, m staff.Member, caseID string, q Question, heard keys.Secret) (right bool, err error) {
	if err := s.opened(ctx, m, caseID); err != nil {
		return false, err
	}
	if n := len(heard); n == 0 || n > 200 {
		return false, &portal.Error{Code: portal.Invalid, Key: "desk.answer", Field: string(q)}
	}
	if q == MovedIn { // what is no month at all is a slip of the keyboard, and spends no answer
		if _, _, read := monthOf(heard.Reveal()); !read {
			return false, &portal.Error{Code: portal.Invalid, Key: "desk.answer.month", Field: string(q)}
		}
	}
	now := s.Clock()
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		right = false
		f, err := s.lock(t, caseID)
		if err != nil {
			return err
		}
		checks, err := s.Store.CallerChecks(t, f.Key, recently(now))
		if err != nil {
			return err
		}
		st := stand(f, checks, m.Login, now)
		if st.Left == 0 {
			return &portal.Error{Code: portal.TooMany, Key: "desk.answers", Args: []any{AnswersADay}}
		}
		if !slices.Contains(st.Ask, q) {
			return &portal.Error{Code: portal.Conflict, Key: "desk.asked", Field: string(q)}
		}
		right = f.right(q, heard)
		t.Record(audit.Entry{At: now, Actor: m.Actor(), Action: audit.CallerChecked, Ground: caseID, Channel: "desk",
			Subject: subject(f.Key), Details: map[string]string{"question": string(q), "outcome": outcome(right)}})
		return s.Store.AddCallerCheck(t, Check{ID: portal.NewID(now), Key: f.Key, Login: m.Login, Question: q, Right: right, At: now})
	})
	return right && err == nil, err
}

func outcome(right bool) string {
	if right {
		return "right"
	}
	return "wrong"
}

// recently is from when answers can still matter: today's for the limit, half
// an hour's across midnight for a pass.
func recently(now time.Time) time.Time {
	since := now.Add(-2 * PassedFor)
	if today := midnight(now); today.Before(since) {
		return today
	}
	return since
}
