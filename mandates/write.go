package mandates

import (
	"bytes"
	"context"
	"strings"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// mostWritten is how many texts of one stay may wait for their signature, and how
// many are written in a day, withdrawn ones included: who stands behind a
// reference cannot fill a company's list.
const mostWritten = 5

// Own is a mandate as a customer types it, behind the reference: who they are
// and of which access point stands in the register, so it is not asked.
type Own struct {
	Partner string // id of the company that was chosen; "" where its number is typed
	Company string // its number, as typed; wins
	Draft   Draft
}

// Read reads what a customer typed and gives the mandate as it would stand,
// with whom it is for. Nothing is kept. The error is portal.Problems.
func (s *Service) Read(ctx context.Context, occupancyID string, o Own) (Mandate, Mandatary, error) {
	stay, point, err := s.Store.Stay(ctx, occupancyID)
	if err != nil {
		return Mandate{}, Mandatary{}, err
	}
	d := o.Draft
	d.Name, d.CompanyNumber, d.Points = stay.Name, "", string(stay.EAN)
	d.Street, d.Postcode, d.Town = point.Street, point.Postcode, point.Town
	m, err := d.Mandate(s.Clock())
	problems, ok := err.(portal.Problems)
	if err != nil && !ok {
		return m, Mandatary{}, err
	}
	list, err := s.Store.Mandataries(ctx)
	if err != nil {
		return m, Mandatary{}, err
	}
	to, wrong := o.choose(list)
	if wrong != nil {
		problems = append(portal.Problems{wrong}, problems...)
	}
	if len(problems) > 0 {
		return Mandate{}, Mandatary{}, problems
	}
	m.PartnerID, m.WrittenBy = to.ID, stay.ID
	return m, to, nil
}

// choose finds the company among those that are approved. It is no secret who
// they are: every customer is shown the same list.
func (o Own) choose(list []Mandatary) (Mandatary, *portal.Error) {
	if strings.TrimSpace(o.Company) != "" {
		number, ok := portal.CompanyNumber(o.Company)
		if !ok {
			return Mandatary{}, &portal.Error{Code: portal.Invalid, Key: "mandate.company-number", Field: "company"}
		}
		for _, to := range list {
			if to.CompanyNumber == number {
				return to, nil
			}
		}
		return Mandatary{}, &portal.Error{Code: portal.Invalid, Key: "mandate.company-unknown", Field: "company"}
	}
	for _, to := range list {
		if to.ID == o.Partner {
			return to, nil
		}
	}
	return Mandatary{}, &portal.Error{Code: portal.Invalid, Key: "mandate.partner", Field: "partner"}
}

// Partners lists whom a mandate can be for.
func (s *Service) Partners(ctx context.Context) ([]Mandatary, error) { return s.Store.Mandataries(ctx) }

// Write keeps a mandate of a customer's own, to which they say yes by sending
// it: from here on the mandatary sees it, and must give in the signed document
// (L29). It delivers from the officer's decision on, for the customer knows of
// it (D8). Sent twice, it is the one that waits for its signature already: of two
// that say the same nobody could tell which was signed.
func (s *Service) Write(ctx context.Context, by audit.Entry, occupancyID string, o Own) (Mandate, error) {
	m, to, err := s.Read(ctx, occupancyID, o)
	if err != nil {
		return m, err
	}
	now := s.Clock()
	m.ID, m.Version, m.AgreedAt = portal.NewID(now), 1, now
	_, m.Text = m.Bind(to.Name, to.CompanyNumber)
	kept := m
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		kept = m
		if _, _, err := s.Store.StayIn(t, occupancyID); err != nil { // one after the other
			return err
		}
		dead, err := s.Store.BereavedIn(t, occupancyID)
		if err != nil {
			return err
		}
		if dead { // whoever holds the letter now cannot give in their name (D7)
			return &portal.Error{Code: portal.Conflict, Key: "mandate.deceased"}
		}
		if same, err := s.writtenAlready(t, m, to); err != nil || same.ID != "" {
			kept = same
			return err
		}
		written, err := s.Store.WrittenIn(t, occupancyID, now.AddDate(0, 0, -1))
		if err != nil {
			return err
		}
		if written >= mostWritten {
			return portal.Problems{{Code: portal.TooMany, Key: "mandate.written", Args: []any{mostWritten}}}
		}
		about := map[string]string{"occupancy": occupancyID}
		record(t, by, now, audit.MandateDrafted, m, about)
		record(t, by, now, audit.MandateConfirmed, m, about)
		return s.Store.PutMandate(t, m)
	})
	return kept, err
}

// writtenAlready gives the mandate of the same stay that says the same and waits
// for its signature; none has no ID.
func (s *Service) writtenAlready(t tx.Tx, m Mandate, to Mandatary) (Mandate, error) {
	ids, err := s.Store.MandatesOfStay(t, m.WrittenBy)
	if err != nil {
		return Mandate{}, err
	}
	for _, id := range ids {
		old, err := s.Store.LockMandate(t, "", id)
		if err != nil {
			return Mandate{}, err
		}
		again := m
		again.ID, again.Version = old.ID, old.Version
		if _, text := again.Bind(to.Name, to.CompanyNumber); old.Status == Drafted && old.WrittenBy == m.WrittenBy &&
			old.PartnerID == m.PartnerID && bytes.Equal(text, old.Text) {
			return old, nil
		}
	}
	return Mandate{}, nil
}

// Written gives a customer a mandate of their own, with whom it is for, to be
// printed and signed.
func (s *Service) Written(ctx context.Context, occupancyID, id string) (Mandate, Mandatary, error) {
	m, found, err := s.Store.WrittenMandate(ctx, occupancyID, id)
	if err == nil && !found {
		err = absent
	}
	if err != nil {
		return m, Mandatary{}, err
	}
	to, err := s.Store.Mandatary(ctx, m.PartnerID)
	return m, to, err
}

// Unwrite withdraws a mandate of a customer's own that is not decided.
func (s *Service) Unwrite(ctx context.Context, by audit.Entry, occupancyID, id string) error {
	if _, _, err := s.Written(ctx, occupancyID, id); err != nil { // before its state is told
		return err
	}
	return s.change(ctx, "", id, EventWithdraw, func(t tx.Tx, m *Mandate) error {
		record(t, by, s.Clock(), audit.MandateWithdrawn, *m, map[string]string{"occupancy": occupancyID})
		return nil
	})
}
