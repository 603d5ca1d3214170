package doors

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// forgotten is how old a dead process's last beat may grow.
const forgotten = 24 * time.Hour

// Beat writes this process's sign of life, reads the others', raises the
// high-water mark where the clock is right, and compares the trail with the
// newest head kept outside. The doors follow what it saw; where it fails they
// shut within a minute.
func (s *Service) Beat(ctx context.Context) error {
	restored, err := s.setBack(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	before := s.watch
	s.mu.Unlock()
	var next watch
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		mark, err := s.Store.LockClock(t)
		if err != nil {
			return err
		}
		beats, err := s.Store.Beats(t)
		if err != nil {
			return err
		}
		wall, ran := s.Wall().Round(0), s.Ran()
		next = before.look(s.process, mark, beats, ran)
		next.restored = restored
		now, why := Tell(next.reading(wall, ran, s.Alone))
		if why == "" {
			if next.base.IsZero() {
				next.base = wall.Add(-ran)
			}
			if now.After(mark.At) {
				next.mark.At = now
				if err := s.Store.SaveClock(t, next.mark); err != nil {
					return err
				}
			}
		}
		if !before.looked {
			if err := s.Store.EndBeats(t, "", wall.Add(-forgotten)); err != nil {
				return err
			}
		}
		return s.Store.SaveBeat(t, Beat{Process: s.process, Beat: next.beat, Wall: wall})
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	if next.mark.Setting == before.mark.Setting {
		next.given = s.watch.given // meanwhile
	}
	s.watch = next
	s.mu.Unlock()
	return s.refresh(ctx)
}

// Leave removes this process's beat: it is not taken for one that hangs.
func (s *Service) Leave(ctx context.Context) error {
	return s.Runner.Do(ctx, func(t tx.Tx) error { return s.Store.EndBeats(t, s.process, time.Time{}) })
}

// setBack tells whether the database lacks the newest head kept outside. The
// head is read first: what is sealed meanwhile only adds to the database.
func (s *Service) setBack(ctx context.Context) (bool, error) {
	if s.Kept == nil {
		return false, nil
	}
	kept := s.Kept()
	if kept.Size == 0 {
		return false, nil // none was kept, or the place cannot be read back
	}
	held, accepted, err := s.Store.TrailHolds(ctx, kept)
	return !held && !accepted, err
}

// SetClock sets the high-water mark to this machine's time, back too, and
// tells every process to begin anew from there: for a mark that a wrong clock
// pushed into the future, or a machine whose clock was put right by more than
// a minute. It gives the mark that was. An officer's, with a reason (T17).
func (s *Service) SetClock(ctx context.Context, by By) (before, after time.Time, err error) {
	if err := s.Words(by.Reason); err != nil {
		return before, after, err
	}
	after = s.Wall().Round(0).Truncate(time.Microsecond)
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		if err := s.officer(t, by.Login); err != nil {
			return err
		}
		mark, err := s.Store.LockClock(t)
		if err != nil {
			return err
		}
		before = mark.At
		t.Record(audit.Entry{At: after, Actor: by.actor(), Action: audit.ClockSet, Ground: "clock", Channel: by.Channel,
			Subject: "clock", Details: map[string]string{"reason": by.Reason, "before": stamp(mark.At), "after": stamp(after)}})
		return s.Store.SaveClock(t, Mark{At: after, Setting: mark.Setting + 1})
	})
	return before, after, err
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339)
}

// AcceptRestore accepts that the database lacks heads that were kept outside:
// it records the two sizes, and the log goes on. Invalid "desk.restore.none"
// where the database lacks nothing. An officer's, with a reason (T17).
func (s *Service) AcceptRestore(ctx context.Context, by By, gap audit.Gap) (audit.Restore, error) {
	if err := s.Words(by.Reason); err != nil {
		return audit.Restore{}, err
	}
	if gap.To <= gap.From {
		return audit.Restore{}, &portal.Error{Code: portal.Invalid, Key: "desk.restore.none"}
	}
	now := s.Wall().Round(0).Truncate(time.Microsecond)
	r := audit.Restore{Gap: gap, ID: portal.NewID(now), At: now.UTC(), By: by.Login}
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		if err := s.officer(t, by.Login); err != nil {
			return err
		}
		t.Record(r.Entry(by.Channel, by.Reason))
		return s.Store.AcceptRestore(t, r)
	})
	return r, err
}
