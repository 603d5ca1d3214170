package mandates

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
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

// Asked is what is asked of a mandate, or of a registration.
type Asked struct {
	EAN portal.EAN // of a mandate's access points
	// Query.Since leaves only what may have changed since; a mandate for one
	// delivery, and one that began after it, gives the whole.
	Query metering.Query
	// Days is how many days leave at once at most, 0: no bound. A mandate for
	// one delivery is never cut: there is no second.
	Days int
	// Render writes the values that leave; their hash stands in the trail's
	// entry. Nil where they are shown on a page.
	Render func(metering.Series) ([]byte, error)
	// With is told what is about to leave, and gives what is done in the unit of
	// work that records it, which must be re-runnable and quick: on SQLite
	// everybody's writes wait for it. May be nil.
	With func(Delivery) (func(tx.Tx) error, error)
	// Refused is done in the unit of work that records a refusal. May be nil.
	Refused func(tx.Tx, Refusal) error
}

// Delivery is what leaves, with what it leaves on: a mandate, or a supplier's
// registration.
type Delivery struct {
	Series   metering.Series
	Mandate  Mandate // Lines is the line alone
	Line     Line
	Document []byte    // SHA-256 of the signed document, nil where none was given in
	Supplied Supplied  // where it leaves on a registration, and then no mandate
	Content  []byte    // what Render gave
	Since    time.Time // only what may have changed since; zero: all
	Next     time.Time // where the series was cut; zero: it is whole
	Entry    string    // the trail entry's id, of which the receipt is made
	Recorded audit.Recorded
	Says     map[string]string // what the entry says, for its signed leaf
}

// Hand gives a partner what one of its mandates allows of an access point
// at this moment, and nothing else: it is computed anew each time, in the unit
// of work that records it (D9, L18). What is refused is recorded with its
// reason, and gives a portal.Error: NotFound for what is not there or not this
// partner's, Denied "mandate.refused" with the Refusal otherwise.
func (s *Service) Hand(ctx context.Context, history History, by audit.Entry, partnerID, id string, a Asked) (Delivery, error) {
	now := s.Clock()
	m, found, err := s.Store.MandateLine(ctx, partnerID, id, a.EAN)
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{Mandate: m}
	refused := NoMandate
	var stay registry.Occupancy
	var point registry.AccessPoint
	if found && len(m.Lines) == 1 {
		d.Line = m.Lines[0]
	}
	if d.Line.OccupancyID != "" {
		if stay, point, err = s.Store.Stay(ctx, d.Line.OccupancyID); err != nil && portal.CodeOf(err) != portal.NotFound {
			return Delivery{}, err
		}
	}
	if d.Line.EAN == a.EAN && found {
		a.Query.Within, refused = m.Reach(d.Line, stay, a.Query.Grain, now)
	}
	if m.Scope.Once || a.Query.Since.Before(d.Line.Begins()) {
		a.Query.Since = time.Time{}
	}
	if refused == NotRefused {
		if refused, err = d.read(ctx, history, point, stay, a.Query); err != nil {
			return Delivery{}, err
		}
	}
	if refused != NotRefused {
		return Delivery{}, s.refuse(ctx, by, partnerID, id, refused, a.Refused)
	}
	if !m.Scope.Once {
		d.cut(a.Days)
	}
	d.changed(a.Query.Since)
	if d.Document, err = s.document(ctx, m); err != nil {
		return Delivery{}, err
	}
	if a.Render != nil {
		if d.Content, err = a.Render(d.Series); err != nil {
			return Delivery{}, err
		}
	}
	return s.hand(ctx, by, d, a, now)
}

// read reads what leaves.
func (d *Delivery) read(ctx context.Context, history History, point registry.AccessPoint, stay registry.Occupancy, q metering.Query) (why Refusal, err error) {
	if d.Series, err = history.Series(ctx, point, stay, q); err != nil {
		return NotRefused, err
	}
	if KindOf(d.Series.Grain) != Totals {
		// They add up whole months, of which detail may have begun in the middle
		// (D5), and are a kind of their own.
		d.Series.Totals = metering.Totals{}
	}
	if len(d.Series.Points) == 0 {
		return OtherPeriod, nil
	}
	return NotRefused, nil
}

// Reaches tells whether what was delivered may still be taken: a mandate that
// was revoked since gives nothing of what waits either.
func (s *Service) Reaches(ctx context.Context, partnerID, id string, ean portal.EAN, g metering.Grain) (Refusal, error) {
	m, found, err := s.Store.MandateLine(ctx, partnerID, id, ean)
	if err != nil || !found || len(m.Lines) != 1 {
		return NoMandate, err
	}
	stay, _, err := s.Store.Stay(ctx, m.Lines[0].OccupancyID)
	if err != nil && portal.CodeOf(err) != portal.NotFound {
		return NoMandate, err
	}
	m.Scope.Once = false // it was its one delivery
	_, refused := m.Reach(m.Lines[0], stay, g, s.Clock())
	return refused, nil
}

// changed leaves the points that may have changed since a moment; all for none.
func (d *Delivery) changed(since time.Time) {
	if since.IsZero() {
		return
	}
	d.Since, d.Series.Totals = since, metering.Totals{}
	d.Series.Points = slices.DeleteFunc(d.Series.Points, func(p metering.Point) bool { return !p.Changed })
}

// blind is what keeps a leaf from being guessed.
func blind() []byte {
	b := make([]byte, audit.SaltSize)
	rand.Read(b) // never fails: crypto/rand stops the program instead
	return b
}

// cut ends the series after so many days, between two of them.
func (d *Delivery) cut(days int) {
	if days == 0 || len(d.Series.Points) == 0 {
		return
	}
	first := d.Series.Points[0].Period.From.In(portal.Brussels)
	end := portal.Date(first.Year(), first.Month(), first.Day()+days)
	for i, p := range d.Series.Points {
		if !p.Period.From.Before(end) {
			d.Series.Points, d.Series.Period.To, d.Next = d.Series.Points[:i], p.Period.From, p.Period.From
			return
		}
	}
}

// document is the hash of the document that was decided on.
func (s *Service) document(ctx context.Context, m Mandate) (hash []byte, err error) {
	documents, err := s.Store.MandateDocuments(ctx, m.ID)
	for _, d := range documents {
		if d.Version == m.Version {
			hash = d.Hash
		}
	}
	return hash, err
}

// refuse records that somebody asked for what they may not have (L29).
func (s *Service) refuse(ctx context.Context, by audit.Entry, partnerID, id string, why Refusal, beside func(tx.Tx, Refusal) error) error {
	now := s.Clock()
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		record(t, by, now, audit.DeliveryRefused, Mandate{ID: id, PartnerID: partnerID}, map[string]string{"why": string(why)})
		if beside == nil {
			return nil
		}
		return beside(t, why)
	})
	switch {
	case err != nil:
		return err
	case why == NoMandate:
		return absent
	}
	return &portal.Error{Code: portal.Denied, Key: "mandate.refused." + string(why)}
}

// left is the entry of a delivery about an occupancy, on a ground, with what it
// says beyond grain, days and values.
func (d *Delivery) left(by audit.Entry, ground, occupancyID string, now time.Time, blind []byte, says map[string]string) audit.Entry {
	e := by
	e.ID, e.At, e.Action, e.Blind = portal.NewID(now), now, audit.Delivered, blind
	e.Ground, e.Subject = ground, "occupancy:"+occupancyID
	says["grain"] = string(d.Series.Grain)
	says["from"] = d.Series.Period.From.In(portal.Brussels).Format(time.DateOnly)
	says["to"] = d.Series.Period.To.In(portal.Brussels).Format(time.DateOnly)
	if !d.Since.IsZero() {
		says["since"] = d.Since.UTC().Format(time.RFC3339)
	}
	if d.Content != nil {
		sum := sha256.Sum256(d.Content)
		says["content"] = hex.EncodeToString(sum[:])
	}
	e.Details = says
	d.Entry, d.Recorded, d.Says = e.ID, e.Recorded(), says
	return e
}

// hand records a delivery where the line still reaches: a revocation, a
// withdrawal of detail (D5), or the partner's suspension, that came meanwhile wins.
func (s *Service) hand(ctx context.Context, by audit.Entry, d Delivery, a Asked, now time.Time) (Delivery, error) {
	e := d.left(by, Subject(d.Mandate.ID), d.Line.OccupancyID, now, blind(), map[string]string{
		"partner": d.Mandate.PartnerID, "text": hex.EncodeToString(d.Mandate.Text), "document": hex.EncodeToString(d.Document)})
	d.Line.DeliveredAt = now
	beside := func(tx.Tx) error { return nil }
	if a.With != nil {
		var err error
		if beside, err = a.With(d); err != nil {
			return Delivery{}, err
		}
	}
	refused := NotRefused
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		refused = NoMandate // what a partner reads who is approved no more, or whose line is gone
		if approved, err := s.Store.ApprovedIn(t, d.Mandate.PartnerID); err != nil || !approved {
			return err
		}
		m, err := s.Store.LockMandateLine(t, d.Mandate.PartnerID, d.Mandate.ID, d.Line.EAN)
		if err != nil {
			return err
		}
		stay, point, err := s.Store.StayIn(t, d.Line.OccupancyID)
		if err != nil {
			return err
		}
		if len(m.Lines) != 1 {
			return nil
		}
		l := m.Lines[0]
		if _, refused = m.Reach(l, stay, d.Series.Grain, now); refused != NotRefused {
			return nil
		}
		detail, kept := metering.Detail(point, stay, now)
		if d.Series.Grain.Fine() && (!kept || !detail.Equal(d.Series.Detail)) {
			refused = OtherPeriod
			return nil
		}
		if !bytes.Equal(m.Text, d.Mandate.Text) { // what is written says on which text it leaves
			refused = NotInForce
			return nil
		}
		l.DeliveredAt = now
		t.Record(e)
		if err := s.supersede(t, by, now, m, l); err != nil {
			return err
		}
		if err := s.Store.SaveMandateLine(t, m.ID, l); err != nil {
			return err
		}
		return beside(t)
	})
	if err == nil && refused != NotRefused {
		err = s.refuse(ctx, by, d.Mandate.PartnerID, d.Mandate.ID, refused, a.Refused)
	}
	if err != nil {
		return Delivery{}, err
	}
	return d, nil
}
