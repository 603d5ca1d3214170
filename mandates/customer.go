package mandates

import (
	"context"
	"encoding/json"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

func encode(v any) (json.RawMessage, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, &portal.Error{Code: portal.Internal, Key: "internal", Err: err}
	}
	return data, nil
}

// change leads a mandate through an event, all in one unit of work. partnerID
// is whose it must be; "" for an officer.
func (s *Service) change(ctx context.Context, partnerID, id string, e Event, do func(tx.Tx, *Mandate) error) error {
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		m, err := s.Store.LockMandate(t, partnerID, id)
		if err != nil {
			return missing(err)
		}
		to, err := m.Next(e)
		if err != nil {
			return err
		}
		if err := do(t, &m); err != nil {
			return err
		}
		m.Status = to
		return s.Store.SaveMandate(t, m)
	})
}

// line leads the line about an occupancy through an act of its customer, who
// stands behind the reference of that very occupancy; any other mandate is
// absent to them.
func (s *Service) line(ctx context.Context, occupancyID, id string, do func(tx.Tx, Mandate, *Line) error) error {
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		m, err := s.Store.LockMandate(t, "", id)
		if err != nil {
			return missing(err)
		}
		for i := range m.Lines {
			l := &m.Lines[i]
			if l.OccupancyID != occupancyID || l.Outcome != Granted {
				continue
			}
			if err := do(t, m, l); err != nil {
				return err
			}
			return s.Store.SaveMandateLine(t, m.ID, *l)
		}
		return absent
	})
}

// Confirm is the customer's yes behind the reference: the line delivers at
// once (D8).
func (s *Service) Confirm(ctx context.Context, by audit.Entry, occupancyID, id string) error {
	now := s.Clock()
	return s.line(ctx, occupancyID, id, func(t tx.Tx, m Mandate, l *Line) error {
		if err := l.Confirm(now, m.Scope.Validity.To); err != nil {
			return err
		}
		record(t, by, now, audit.MandateConfirmed, m, map[string]string{"occupancy": occupancyID})
		return s.supersede(t, by, now, m, *l)
	})
}

// Revoke is the customer's no: from this commit on nothing is delivered of
// this access point (Ld5). Revoked twice is revoked once.
func (s *Service) Revoke(ctx context.Context, by audit.Entry, occupancyID, id string) error {
	now := s.Clock()
	return s.line(ctx, occupancyID, id, func(t tx.Tx, m Mandate, l *Line) error {
		if l.Stop(ByRevocation, now, m.Scope.Validity.To) {
			record(t, by, now, audit.MandateRevoked, m, map[string]string{"occupancy": occupancyID})
		}
		return nil
	})
}

// Stop ends a line for a reason the house learnt: death, dissolution, or the
// mandatary gave it up. partnerID is whose it must be; "" for an officer.
func (s *Service) Stop(ctx context.Context, by audit.Entry, partnerID, id string, ean portal.EAN, end End) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		m, err := s.Store.LockMandate(t, partnerID, id)
		if err != nil {
			return missing(err)
		}
		for i := range m.Lines {
			l := &m.Lines[i]
			if l.EAN != ean {
				continue
			}
			if l.Stop(end, now, m.Scope.Validity.To) {
				record(t, by, now, audit.MandateEnded, m, map[string]string{"end": string(end), "point": ean.Masked()})
			}
			return s.Store.SaveMandateLine(t, m.ID, *l)
		}
		return absent
	})
}

// Bereave ends what a customer gave who has died: no line delivers from this
// commit on, and what they wrote and nobody decided is withdrawn (Ld4).
func (s *Service) Bereave(t tx.Tx, by audit.Entry, occupancyID string) error {
	now := s.Clock()
	// A decision under way comes before this and is ended here, or after it and
	// is refused.
	if _, _, err := s.Store.StayIn(t, occupancyID); err != nil {
		return err
	}
	ids, err := s.Store.MandatesOfStay(t, occupancyID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		m, err := s.Store.LockMandate(t, "", id)
		if err != nil {
			return err
		}
		if to, err := m.Next(EventWithdraw); err == nil && m.WrittenBy == occupancyID {
			record(t, by, now, audit.MandateWithdrawn, m, map[string]string{"occupancy": occupancyID})
			m.Status = to
			if err := s.Store.SaveMandate(t, m); err != nil {
				return err
			}
		}
		for _, l := range m.Lines {
			if l.OccupancyID != occupancyID || !l.Stop(ByDeath, now, m.Scope.Validity.To) {
				continue
			}
			record(t, by, now, audit.MandateEnded, m, map[string]string{"end": string(ByDeath), "point": l.EAN.Masked(), "occupancy": occupancyID})
			if err := s.Store.SaveMandateLine(t, m.ID, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// Here lists the mandates about an occupancy, for its customer.
func (s *Service) Here(ctx context.Context, occupancyID string) ([]Summary, error) {
	return s.Store.MandatesAt(ctx, occupancyID)
}
