package mandates

import (
	"context"
	"maps"
	"strconv"
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

// Registered gives one of a supplier's registrations that reaches now, for it to
// be shown, which is recorded (L18); NotFound "supply" for any other, whatever is
// the matter with it.
func (s *Service) Registered(ctx context.Context, by audit.Entry, to Supplier, id string) (Supplied, error) {
	now := s.Clock()
	var got Supplied
	err := s.Runner.Do(ctx, func(t tx.Tx) (err error) {
		var found bool
		if got, found, err = s.Store.SuppliedIn(t, to.Code, id, now); err != nil {
			return err
		}
		if _, why := got.Reach(to.Code, metering.ByMonth, now); !found || why != NotRefused {
			return notRegistered
		}
		to.record(t, by, now, audit.SupplyRead, RegistrationGround(id), nil)
		return nil
	})
	if err != nil {
		return Supplied{}, err
	}
	return got, nil
}

// RegisteredAt is Registered by access point.
func (s *Service) RegisteredAt(ctx context.Context, by audit.Entry, to Supplier, ean portal.EAN) (Supplied, error) {
	got, found, err := s.Store.SuppliedAt(ctx, to.Code, ean, s.Clock())
	if err == nil && !found {
		err = notRegistered
	}
	if err != nil {
		return Supplied{}, err
	}
	return s.Registered(ctx, by, to, got.ID)
}

// RegisteredTo lists a supplier's registrations that reach now, and records
// which it was shown: how many, and the first and the last in their order (L18).
func (s *Service) RegisteredTo(ctx context.Context, by audit.Entry, to Supplier, after string, limit int) ([]Supplied, error) {
	now := s.Clock()
	list, err := s.Store.SuppliedBy(ctx, to.Code, after, limit, now)
	if err != nil {
		return nil, err
	}
	says := map[string]string{"shown": strconv.Itoa(len(list))}
	if len(list) > 0 {
		says["first"], says["last"] = list[0].ID, list[len(list)-1].ID
	}
	if err := s.Runner.Do(ctx, func(t tx.Tx) error {
		to.record(t, by, now, audit.SupplyRead, "", says)
		return nil
	}); err != nil {
		return nil, err
	}
	return list, nil
}

// record writes what happened to a supplier's registration, or to all of them.
func (to Supplier) record(t tx.Tx, by audit.Entry, now time.Time, action audit.Action, subject string, more map[string]string) {
	by.At, by.Action, by.Subject = now, action, subject
	by.Details = map[string]string{"partner": to.PartnerID, "supplier": to.Code}
	maps.Copy(by.Details, more)
	t.Record(by)
}

// Supply gives a supplier what one of its registrations allows at this moment,
// and nothing else, in the way of Hand, of whose Asked it takes Query, Days and
// Render: computed anew, recorded in the same unit
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
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		refused = NotRegistered
		if approved, err := s.Store.ApprovedIn(t, to.PartnerID); err != nil || !approved {
			return err
		}
		still, found, err := s.Store.SuppliedIn(t, to.Code, id, now)
		if err != nil {
			return err
		}
		// A file of registrations, or of moves, or a suspension that came meanwhile wins.
		reach, why := still.Reach(to.Code, d.Series.Grain, now)
		if refused = why; !found || reach != a.Query.Within || still.Stay.ID != got.Stay.ID {
			refused = NotRegistered
		}
		if refused != NotRefused {
			return nil
		}
		t.Record(e)
		return nil
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
		to.record(t, by, s.Clock(), audit.DeliveryRefused, RegistrationGround(id), map[string]string{"why": string(why)})
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
