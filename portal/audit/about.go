package audit

import (
	"cmp"
	"context"
	"slices"
	"time"

	"guichet/portal"
)

// Shelf is the trail as it is read for the person whom it is about.
type Shelf interface {
	// Entries tells what happened to a subject, newest first: at most limit
	// entries older than (before, beforeID).
	Entries(ctx context.Context, subject string, limit int, before time.Time, beforeID string) ([]Recorded, error)
	// Trail lends the trail for reading.
	Trail(ctx context.Context, read func(Reader) error) error
}

// About reads what happened to some subjects together, newest first: at most
// limit entries older than (before, beforeID). What is about anybody else is
// not looked at.
func About(ctx context.Context, s Shelf, subjects []string, limit int, before time.Time, beforeID string) ([]Recorded, error) {
	var all []Recorded
	for _, subject := range subjects {
		page, err := s.Entries(ctx, subject, limit, before, beforeID)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
	}
	slices.SortFunc(all, func(a, b Recorded) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	return all[:min(limit, len(all))], nil
}

// ReceiptOf gives the receipt of an entry about one of the subjects. NotFound
// "receipt" where there is none: unknown, about somebody else, erased, or
// waiting for its place, which all look the same.
func ReceiptOf(ctx context.Context, s Shelf, subjects []string, id string) (r Receipt, err error) {
	err = s.Trail(ctx, func(reader Reader) error {
		e, ok, err := reader.SealedEntry(ctx, id)
		if err != nil {
			return err
		}
		if !ok || e.Odd != "" || !slices.Contains(subjects, e.Subject) || e.Subject == "" {
			return &portal.Error{Code: portal.NotFound, Key: "receipt"}
		}
		p, err := Prove(ctx, reader, id)
		if err != nil {
			return err
		}
		r = NewReceipt(e, p)
		return nil
	})
	return r, err
}
