package mandates

import (
	"context"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// Renew keeps a new mandate that shall take the place of a decided one. It is a
// text of its own, to be signed anew; the former one goes on until a line of
// the new one delivers in its place: that moment may come by time alone, and is
// read from the new line's dates (Line.Succeed).
func (s *Service) Renew(ctx context.Context, by audit.Entry, to Mandatary, id string, d Draft) (Mandate, error) {
	now := s.Clock()
	m, err := s.draft(to, d, now)
	if err != nil {
		return Mandate{}, err
	}
	m.Renews = id
	return m, s.Runner.Do(ctx, func(t tx.Tx) error {
		former, err := s.Store.LockMandate(t, to.ID, id)
		if err != nil {
			return missing(err)
		}
		if former.Status != Decided {
			return &portal.Error{Code: portal.Conflict, Key: "mandate.state"}
		}
		record(t, by, now, audit.MandateDrafted, m, map[string]string{"points": strconv.Itoa(len(m.Lines)), "renews": id})
		return s.Store.PutMandate(t, m)
	})
}

// supersede writes down the end of the line that a line in force takes the place of: the same
// stay on the mandate that this one renews.
func (s *Service) supersede(t tx.Tx, by audit.Entry, now time.Time, m Mandate, l Line) error {
	if m.Renews == "" || l.StatusAt(now, m.Scope.Validity.To) != LineInForce || now.Before(m.Scope.Validity.From) {
		return nil
	}
	former, err := s.Store.LockMandate(t, m.PartnerID, m.Renews)
	if err != nil {
		return missing(err)
	}
	for i := range former.Lines {
		old := &former.Lines[i]
		if old.EAN != l.EAN || old.OccupancyID != l.OccupancyID || !old.Stop(ByRenewal, now, former.Scope.Validity.To) {
			continue
		}
		record(t, by, now, audit.MandateEnded, former, map[string]string{"end": string(ByRenewal), "point": old.EAN.Masked(), "by": m.ID})
		return s.Store.SaveMandateLine(t, former.ID, *old)
	}
	return nil
}
