package evidence

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// abandoned is after how long a file that came with a capture of which no
// request was made is purged: a capture waits a day, then it is gone itself.
const abandoned = 48 * time.Hour

// Purge deletes the bytes and the names of files whose mandate or request ended
// three years ago (D16), and of those that belong to no request, each with its
// line in the trail, and tells how many.
func (s *Service) Purge(ctx context.Context) (purged int, err error) {
	for _, due := range []struct {
		ground string
		list   func(limit int) ([]File, error)
	}{
		{"retention", func(limit int) ([]File, error) {
			return s.Store.EvidenceOver(ctx, s.Clock().AddDate(-retention, 0, 0), limit)
		}},
		{"abandoned", func(limit int) ([]File, error) {
			return s.Store.EvidenceAbandoned(ctx, s.Clock().Add(-abandoned), limit)
		}},
	} {
		by := audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "daily"}, Ground: due.ground, Channel: "command"}
		for {
			over, err := due.list(50)
			if err != nil {
				return purged, err
			}
			if len(over) == 0 {
				break
			}
			for _, old := range over {
				if err := s.erase(ctx, by, old.ID); err != nil {
					return purged, err
				}
				purged++
			}
		}
	}
	return purged, nil
}

// Withdraw deletes a file that whoever brought it takes back. NotFound where
// there is none of this subject.
func (s *Service) Withdraw(ctx context.Context, by audit.Entry, subject, id string) error {
	if _, err := s.Store.Evidence(ctx, subject, id); err != nil {
		return err
	}
	by.Ground = "withdrawn"
	return s.erase(ctx, by, id)
}

// erase deletes the bytes and the name of a file, once.
func (s *Service) erase(ctx context.Context, by audit.Entry, id string) error {
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		f, err := s.Store.LockEvidence(t, id)
		if err != nil || f.Status == Purged || f.Status == Infected {
			return err
		}
		f.Status, f.Name = Purged, ""
		s.record(t, by, audit.EvidencePurged, f, nil)
		if err := s.Store.DropEvidence(t, f.ID); err != nil {
			return err
		}
		return s.Store.SaveEvidence(t, f)
	})
}
