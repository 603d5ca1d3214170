package mandates

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Supplier is a partner that supplies energy, under the code by which the
// market knows it.
type Supplier struct{ PartnerID, Code string }

// Supplied is a supplier's registration with the access point, and who lives
// there now: the zero Occupancy where nobody does.
type Supplied struct {
	registry.Registration
	Point registry.AccessPoint
	Stay  registry.Occupancy
}

// SupplyStore is what Service needs of registrations. None of it reads how one
// ends (L14, L15).
type SupplyStore interface {
	// Supplied reads one of a supplier's registrations, false where there is none
	// or it is another's: one query, so that the two cannot be told apart (L10).
	Supplied(ctx context.Context, supplier, id string, now time.Time) (Supplied, bool, error)
	// SuppliedIn reads the same inside a unit of work, and locks it.
	SuppliedIn(t tx.Tx, supplier, id string, now time.Time) (Supplied, bool, error)
	// SuppliedAt reads the registration of a supplier that holds on an access point.
	SuppliedAt(ctx context.Context, supplier string, ean portal.EAN, now time.Time) (Supplied, bool, error)
	// SuppliedBy lists those of a supplier that Reach now, in the order of their
	// ids, from behind one on.
	SuppliedBy(ctx context.Context, supplier, after string, limit int, now time.Time) ([]Supplied, error)
}

// Kinds are what a supplier may have of an access point without a mandate: what
// its bill is made of. Where detail is kept by law it is (D5).
func (s Supplied) Kinds() []Kind {
	if s.Point.Energy == portal.Electricity && s.Point.PowerVA >= registry.DetailPower {
		return Kinds
	}
	return []Kind{Totals}
}

// Ending tells whether an end of the contract is under way; of which sort is
// nobody's business who may see this (L14).
func (s Supplied) Ending() bool { return !s.To.IsZero() }

// Reach is the period of which a supplier may have consumption at this moment:
// of the customer who was there on the day of its acceptance and still is, from
// that day on, while its registration holds (L10, L13, L16, L26). The horizon is
// History's to keep.
func (s Supplied) Reach(supplier string, g metering.Grain, now time.Time) (portal.Period, Refusal) {
	switch {
	case supplier == "" || s.Supplier != supplier || s.EAN != s.Point.EAN || !s.Contains(now):
		return portal.Period{}, NotRegistered
	case s.Stay.ID == "" || s.Stay.EAN != s.EAN || !s.Stay.Contains(now) || !s.Stay.Contains(s.From):
		return portal.Period{}, OutOfStay
	}
	for _, k := range s.Kinds() {
		if k != KindOf(g) {
			continue
		}
		if reach, ok := s.Period.Intersect(s.Stay.Period); ok {
			return reach, NotRefused
		}
		return portal.Period{}, OtherPeriod
	}
	return portal.Period{}, OtherKind
}

// RegistrationGround is the ground of entries about deliveries on a registration.
func RegistrationGround(id string) string { return "registration:" + id }

var notRegistered = &portal.Error{Code: portal.NotFound, Key: "supply"}

// Registered gives one of a supplier's registrations that reaches now; NotFound
// "supply" for any other, whatever is the matter with it.
func (s *Service) Registered(ctx context.Context, to Supplier, id string) (Supplied, error) {
	now := s.Clock()
	got, found, err := s.Store.Supplied(ctx, to.Code, id, now)
	return reaching(to, got, found, err, now)
}

// RegisteredAt is Registered by access point.
func (s *Service) RegisteredAt(ctx context.Context, to Supplier, ean portal.EAN) (Supplied, error) {
	now := s.Clock()
	got, found, err := s.Store.SuppliedAt(ctx, to.Code, ean, now)
	return reaching(to, got, found, err, now)
}

func reaching(to Supplier, got Supplied, found bool, err error, now time.Time) (Supplied, error) {
	if err != nil {
		return Supplied{}, err
	}
	if _, why := got.Reach(to.Code, metering.ByMonth, now); !found || why != NotRefused {
		return Supplied{}, notRegistered
	}
	return got, nil
}

// RegisteredTo lists a supplier's registrations that reach now.
func (s *Service) RegisteredTo(ctx context.Context, to Supplier, after string, limit int) ([]Supplied, error) {
	return s.Store.SuppliedBy(ctx, to.Code, after, limit, s.Clock())
}

// Supply gives a supplier what one of its registrations allows at this moment,
// and nothing else, in the way of Hand: computed anew, recorded in the same unit
// of work (L18, L26). What is refused is recorded with its reason and gives
// NotFound "supply" for what is not there, not this supplier's or over, and
// Denied "supply.refused" with the Refusal otherwise.
func (s *Service) Supply(ctx context.Context, history History, by audit.Entry, to Supplier, id string, a Asked) (Delivery, error) {
	now := s.Clock()
	got, found, err := s.Store.Supplied(ctx, to.Code, id, now)
	if err != nil {
		return Delivery{}, err
	}
	d, refused := Delivery{Supplied: got}, NotRegistered
	if found {
		a.Query.Within, refused = got.Reach(to.Code, a.Query.Grain, now)
	}
	if refused == NotRefused {
		if refused, err = d.read(ctx, history, got.Point, got.Stay, a.Query); err != nil {
			return Delivery{}, err
		}
	}
	if refused != NotRefused {
		return Delivery{}, s.refuseSupplier(ctx, by, to, id, refused)
	}
	d.cut(a.Days)
	d.changed(a.Query.Since)
	if a.Render != nil {
		if d.Content, err = a.Render(d.Series); err != nil {
			return Delivery{}, err
		}
	}
	e := d.left(by, RegistrationGround(id), got.Stay.ID, now, blind(), map[string]string{"partner": to.PartnerID, "supplier": to.Code})
	beside := func(tx.Tx) error { return nil }
	if a.With != nil {
		if beside, err = a.With(d); err != nil {
			return Delivery{}, err
		}
	}
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		still, found, err := s.Store.SuppliedIn(t, to.Code, id, now)
		if err != nil {
			return err
		}
		// A file of registrations, or of moves, that came meanwhile wins.
		reach, why := still.Reach(to.Code, d.Series.Grain, now)
		if refused = why; !found || reach != a.Query.Within || still.Stay.ID != got.Stay.ID {
			refused = NotRegistered
		}
		if refused != NotRefused {
			return nil
		}
		t.Record(e)
		return beside(t)
	})
	if err == nil && refused != NotRefused {
		err = s.refuseSupplier(ctx, by, to, id, refused)
	}
	if err != nil {
		return Delivery{}, err
	}
	return d, nil
}

// refuseSupplier records that a supplier asked for what it may not have.
func (s *Service) refuseSupplier(ctx context.Context, by audit.Entry, to Supplier, id string, why Refusal) error {
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		e := by
		e.At, e.Action, e.Subject = s.Clock(), audit.DeliveryRefused, RegistrationGround(id)
		e.Details = map[string]string{"partner": to.PartnerID, "supplier": to.Code, "why": string(why)}
		t.Record(e)
		return nil
	})
	switch {
	case err != nil:
		return err
	case why == NotRegistered, why == OutOfStay:
		return notRegistered
	}
	return &portal.Error{Code: portal.Denied, Key: "supply.refused." + string(why)}
}
