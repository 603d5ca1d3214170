package works

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/tx"
	"guichet/works/payment"
)

// Booking is a payment of the bank's and what became of it.
type Booking struct {
	payment.Payment
	File      string // that brought it
	State     BookingState
	Wait      Wait   // why it waits for an officer; ""
	RequestID string // that it was booked to; ""
	At        time.Time
	By        portal.Actor
	Reason    string // why it was set aside
}

// BookingState is what became of a payment.
type BookingState string

// The states. A new one needs: web/locales "desk.works.booking."+name.
const (
	Booked  BookingState = "booked"
	Waiting BookingState = "waiting"
	Aside   BookingState = "aside" // an officer found that it is for no request
)

// Wait is why a payment waits for an officer. A new one needs: Waits,
// web/locales "desk.works.wait."+name.
type Wait string

// The reasons.
const (
	WaitUnknown  Wait = "unknown"  // no communication, or no request has it
	WaitOver     Wait = "over"     // the request was cancelled, refused or expired
	WaitOffer    Wait = "offer"    // there is no offer to pay
	WaitMuch     Wait = "much"     // more than the offer's total
	WaitReturned Wait = "returned" // the bank took back more than was paid
)

// Waits lists them all.
var Waits = []Wait{WaitUnknown, WaitOver, WaitOffer, WaitMuch, WaitReturned}

// Ledger keeps payments.
type Ledger interface {
	// LockWorksKey reads a request by the keyed hash of its number and locks it;
	// NotFound.
	LockWorksKey(t tx.Tx, key string) (Request, error)
	// PutWorksPayment adds a payment; false where it is known already.
	PutWorksPayment(t tx.Tx, b Booking) (bool, error)
	// LockWorksPayment reads one and locks it; NotFound.
	LockWorksPayment(t tx.Tx, id string) (Booking, error)
	// SaveWorksPayment writes what became of one.
	SaveWorksPayment(t tx.Tx, b Booking) error
	// FreeWorksPayments lets those that are booked to a request wait for an
	// officer: it is over, and they are to be paid back.
	FreeWorksPayments(t tx.Tx, requestID string) error
	// WorksPaymentsWaiting lists those that wait for an officer, oldest first.
	WorksPaymentsWaiting(ctx context.Context, after Place, limit int) ([]Booking, error)
	// WorksPayments lists those of a request, oldest first.
	WorksPayments(ctx context.Context, requestID string) ([]Booking, error)
}

// Filed tells what a bank's file brought.
type Filed struct {
	New     int   `json:"new"`
	Known   int   `json:"known"` // had come before
	Booked  int   `json:"booked"`
	Waiting int   `json:"waiting"` // for an officer
	Passed  int   `json:"passed_over"`
	Covered int   `json:"deposits_covered"`
	Cents   int64 `json:"booked_cents"`
}

// errDry ends a dry run: nothing of it is kept.
var errDry = errors.New("dry run")

// File books what a bank's file brought, in one unit: each payment once, however
// often the file comes (its ID says which it is), to the request whose number
// its communication carries. The bank's day drives the clocks. What fits no
// request, or not well, waits for an officer.
func (s *Service) File(ctx context.Context, name string, statements []payment.Statement, dry bool) (Filed, error) {
	by := audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "payments"}, Ground: "payment", Channel: "command"}
	var list []Booking
	passed := 0
	for _, st := range statements {
		passed += st.Passed
		for _, p := range st.Payments {
			list = append(list, Booking{Payment: p, File: name})
		}
	}
	// Requests are locked in one order, so that two files never wait for each other.
	slices.SortStableFunc(list, func(a, b Booking) int { return cmp.Compare(a.Communication, b.Communication) })
	var told Filed
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		told = Filed{Passed: passed}
		for _, b := range list {
			if err := s.file(t, by, b, &told); err != nil {
				return err
			}
		}
		if dry {
			return errDry
		}
		if told.New > 0 {
			by.At, by.Action = s.Clock(), audit.PaymentsFiled
			by.Details = map[string]string{"file": name, "new": strconv.Itoa(told.New), "booked": strconv.Itoa(told.Booked), "waiting": strconv.Itoa(told.Waiting)}
			t.Record(by)
		}
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return told, err
}

func (s *Service) file(t tx.Tx, by audit.Entry, b Booking, told *Filed) error {
	b.State, b.At, b.By = Waiting, s.Clock(), by.Actor
	fresh, err := s.Store.PutWorksPayment(t, b)
	if err != nil {
		return err
	}
	if !fresh {
		told.Known++
		return nil
	}
	told.New++
	covered, err := s.book(t, by, &b, b.Communication.Number(), false)
	if err != nil {
		return err
	}
	if b.Wait != "" {
		told.Waiting++
	} else {
		told.Booked++
		told.Cents += b.Cents
	}
	if covered {
		told.Covered++
	}
	return s.Store.SaveWorksPayment(t, b)
}

// book adds a payment to the request of a number, or tells why it waits. The
// deposit that is covered lets the preparation begin, at the bank's day; an
// officer who knows better may book more than the total.
func (s *Service) book(t tx.Tx, by audit.Entry, b *Booking, number string, sure bool) (covered bool, err error) {
	if number == "" {
		b.Wait = WaitUnknown
		return false, nil
	}
	r, err := s.Store.LockWorksKey(t, s.Ring.CounterKey("works", keys.Secret(number)))
	if portal.CodeOf(err) == portal.NotFound {
		b.Wait = WaitUnknown
		return false, nil
	}
	if err != nil {
		return false, err
	}
	paid := r.Offer.Paid + b.Cents
	switch {
	case r.Status.ended():
		b.Wait = WaitOver
	case r.Offer.SentAt.IsZero() && b.Cents > 0: // what the bank takes back is booked, void or not
		b.Wait = WaitOffer
	case paid < 0:
		b.Wait = WaitReturned
	case paid > r.Offer.Total() && b.Cents > 0 && !sure:
		b.Wait = WaitMuch
	default:
		b.Wait = ""
	}
	if b.Wait != "" {
		return false, nil
	}
	b.State, b.RequestID = Booked, r.ID
	was := r.paidEnough()
	r.Offer.Paid = paid
	switch {
	case !r.paidEnough():
		r.Offer.PaidAt = time.Time{}
	case !was:
		r.Offer.PaidAt, covered = b.Entry, true
	}
	record(t, by, s.Clock(), audit.WorksPaid, r, map[string]string{"cents": strconv.FormatInt(b.Cents, 10), "day": b.Entry.In(portal.Brussels).Format(time.DateOnly)})
	if r.Status == Agreed && r.paidEnough() && s.Master != External { // D13
		at := b.Entry // the bank's, but in the order of the request's life: who has the former page must see that it is one
		if now := s.Clock(); at.After(now) {
			at = now
		}
		if !at.After(r.Since) {
			at = r.Since.Add(time.Microsecond)
		}
		if err := s.happen(t, by, &r, EventPay, "", at); err != nil {
			return covered, err
		}
	}
	return covered, s.save(t, &r)
}

// Assign books a payment that waits to the request of a number, as an officer
// decided; Conflict where it waits no longer, or the request takes none.
func (s *Service) Assign(ctx context.Context, by audit.Entry, paymentID, number string) error {
	return s.settle(ctx, by, paymentID, func(t tx.Tx, b *Booking) error {
		if _, err := s.book(t, by, b, number, true); err != nil {
			return err
		}
		if b.Wait != "" {
			return &portal.Error{Code: portal.Conflict, Key: "desk.works.wait." + string(b.Wait), Field: "number"}
		}
		return nil
	})
}

// SetAside notes that a payment is for no request, and why.
func (s *Service) SetAside(ctx context.Context, by audit.Entry, paymentID, reason string) error {
	return s.settle(ctx, by, paymentID, func(t tx.Tx, b *Booking) error {
		b.State, b.Reason = Aside, reason
		e := by
		e.At, e.Action, e.Details = s.Clock(), audit.PaymentAside, map[string]string{"file": b.File, "reason": reason}
		t.Record(e)
		return nil
	})
}

func (s *Service) settle(ctx context.Context, by audit.Entry, paymentID string, decide func(tx.Tx, *Booking) error) error {
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		b, err := s.Store.LockWorksPayment(t, paymentID)
		if err != nil {
			return err
		}
		if b.State != Waiting {
			return &portal.Error{Code: portal.Conflict, Key: "desk.works.settled"}
		}
		if err := decide(t, &b); err != nil {
			return err
		}
		b.At, b.By = s.Clock(), by.Actor
		return s.Store.SaveWorksPayment(t, b)
	})
}
