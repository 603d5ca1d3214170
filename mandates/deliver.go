package mandates

import (
	"context"
	"encoding/hex"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// History reads consumption within an occupancy; metering.History.
type History interface {
	Series(ctx context.Context, point registry.AccessPoint, stay registry.Occupancy, q metering.Query) (metering.Series, error)
}

// Delivery is what leaves, with what it leaves on.
type Delivery struct {
	Series  metering.Series
	Mandate Mandate
	Line    Line
	Entry   string // the trail entry's id, of which the receipt is made
}

// Deliver gives a partner what one of its mandates allows of an access point
// at this moment, and nothing else: it is computed anew each time, in the unit
// of work that records it (D9, L18). What is refused is recorded with its
// reason, and gives a portal.Error: NotFound for what is not there or not this
// partner's, Denied "mandate.refused" with the Refusal otherwise.
func (s *Service) Deliver(ctx context.Context, history History, by audit.Entry, partnerID, id string, ean portal.EAN, q metering.Query) (Delivery, error) {
	now := s.Clock()
	m, found, err := s.Store.Mandate(ctx, partnerID, id)
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{Mandate: m}
	refused := NoMandate
	var stay registry.Occupancy
	var point registry.AccessPoint
	if found {
		for _, l := range m.Lines {
			if l.EAN == ean {
				d.Line = l
			}
		}
	}
	if d.Line.OccupancyID != "" {
		if stay, point, err = s.Store.Stay(ctx, d.Line.OccupancyID); err != nil && portal.CodeOf(err) != portal.NotFound {
			return Delivery{}, err
		}
	}
	if d.Line.EAN == ean && found {
		q.Within, refused = m.Reach(d.Line, stay, q.Grain, now)
	}
	if refused == NotRefused {
		if d.Series, err = history.Series(ctx, point, stay, q); err != nil {
			return Delivery{}, err
		}
		if len(d.Series.Points) == 0 {
			refused = OtherPeriod
		}
	}
	if refused != NotRefused {
		return Delivery{}, s.refuse(ctx, by, partnerID, id, refused)
	}
	return s.hand(ctx, by, d, now)
}

// refuse records that somebody asked for what they may not have (L29).
func (s *Service) refuse(ctx context.Context, by audit.Entry, partnerID, id string, why Refusal) error {
	now := s.Clock()
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		record(t, by, now, audit.DeliveryRefused, Mandate{ID: id, PartnerID: partnerID}, map[string]string{"why": string(why)})
		return nil
	})
	switch {
	case err != nil:
		return err
	case why == NoMandate:
		return absent
	}
	return &portal.Error{Code: portal.Denied, Key: "mandate.refused." + string(why)}
}

// hand records a delivery where the line still reaches: a revocation that came
// meanwhile wins.
func (s *Service) hand(ctx context.Context, by audit.Entry, d Delivery, now time.Time) (Delivery, error) {
	refused := NotRefused
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		refused = NotRefused
		m, err := s.Store.LockMandate(t, d.Mandate.PartnerID, d.Mandate.ID)
		if err != nil {
			return err
		}
		stay, _, err := s.Store.StayIn(t, d.Line.OccupancyID)
		if err != nil {
			return err
		}
		for _, l := range m.Lines {
			if l.EAN != d.Line.EAN {
				continue
			}
			if _, refused = m.Reach(l, stay, d.Series.Grain, now); refused != NotRefused {
				return nil
			}
			l.DeliveredAt = now
			e := by
			e.ID, e.At, e.Action = portal.NewID(now), now, audit.Delivered
			e.Ground, e.Subject = Subject(m.ID), "occupancy:"+l.OccupancyID
			e.Details = map[string]string{
				"partner": m.PartnerID, "grain": string(d.Series.Grain), "text": hex.EncodeToString(m.Text),
				"from": d.Series.Period.From.In(portal.Brussels).Format(time.DateOnly),
				"to":   d.Series.Period.To.In(portal.Brussels).Format(time.DateOnly),
			}
			t.Record(e)
			d.Mandate, d.Line, d.Entry = m, l, e.ID
			return s.Store.SaveMandateLine(t, m.ID, l)
		}
		refused = NoMandate
		return nil
	})
	if err == nil && refused != NotRefused {
		err = s.refuse(ctx, by, d.Mandate.PartnerID, d.Mandate.ID, refused)
	}
	if err != nil {
		return Delivery{}, err
	}
	return d, nil
}
