// Package batch protects that ten thousand access points asked for at once get
// what they would get one by one, and nothing else: each line is a delivery of
// package mandates, of the partner's own mandate, recorded with its outcome in
// one unit of work. A worker that is killed goes on at the first line that has
// no outcome; none is delivered twice.
//
//	asked ──▶ lines worked, some at once, a hundred in memory ──▶ done ──a week──▶ forgotten
//
// What waits to be fetched is sealed, and leaves only where its line still
// delivers at that moment: a revocation wins over a result.
package batch

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/tx"
)

// Most is how many lines a batch has at most; Life how long it can be fetched.
const (
	Most = mandates.MostLines
	Life = 7 * 24 * time.Hour
	// Waiting is how many batches of one partner may be under way.
	Waiting = 5
)

// Grains are those that a batch may ask for: the finer ones fill too much.
var Grains = []metering.Grain{metering.ByYear, metering.ByMonth, metering.ByDay}

// Batch is what was asked for.
type Batch struct {
	ID, PartnerID  string
	Actor          string // the key
	Grain          metering.Grain
	From, To       time.Time
	MadeAt, DoneAt time.Time
}

// Progress counts lines.
type Progress struct{ Lines, Worked, Delivered int }

// Line is one access point of a batch.
type Line struct {
	Place   int64
	Mandate string
	EAN     portal.EAN
	Outcome string // "" before it was worked; Delivered, or a mandates.Refusal
	Entry   string // of the trail
	Result  []byte // packed and sealed; opened by Lines
}

// Delivered is the outcome of a line that was delivered.
const Delivered = "delivered"

// Store is what Service needs of the database.
type Store interface {
	// PutBatch adds a batch with its lines; where there are none, those of all
	// access points of one of the partner's mandates. It gives how many: 0 where
	// the mandate is not there or another's.
	PutBatch(t tx.Tx, b Batch, lines []Line, mandateID string) (int, error)
	// BatchesWaiting counts a partner's that are not done.
	BatchesWaiting(t tx.Tx, partnerID string) (int, error)
	// PartnerBatch reads a partner's with its progress; NotFound where there is none or
	// it is another's. Batches lists them, newest first, before an id.
	PartnerBatch(ctx context.Context, partnerID, id string) (Batch, Progress, error)
	Batches(ctx context.Context, partnerID, before string, limit int) ([]Batch, error)
	// BatchLines lists lines behind a place, with their results.
	BatchLines(ctx context.Context, id string, after int64, limit int) ([]Line, error)
	// TakeBatch gives the oldest that nobody works on and holds it until a time;
	// false where there is none. HoldBatch holds it longer; false where another
	// worker has taken it.
	TakeBatch(t tx.Tx, now, until time.Time) (Batch, bool, error)
	HoldBatch(t tx.Tx, id string, held, until time.Time) (bool, error)
	// DropBatchHolds ends the holds of all.
	DropBatchHolds(t tx.Tx) error
	// BatchWork lists lines without an outcome, in order.
	BatchWork(ctx context.Context, id string, limit int) ([]Line, error)
	// SaveBatchLine writes the outcome of a line that had none.
	SaveBatchLine(t tx.Tx, id string, l Line) error
	// EndBatch marks a batch as done.
	EndBatch(t tx.Tx, id string, now time.Time) error
	// ForgetBatches deletes some that were made before a time and tells how many.
	ForgetBatches(t tx.Tx, before time.Time, limit int) (int, error)
}

// Service keeps batches.
type Service struct {
	Clock    portal.Clock
	Runner   tx.Runner
	Store    Store
	Ring     *keys.Ring
	Mandates *mandates.Service
	History  mandates.History
	// Write makes the document of a delivery, as it is fetched.
	Write func(mandates.Delivery) (json.RawMessage, error)
	// Render is mandates.Asked.Render of that document.
	Render func(metering.Series) ([]byte, error)
	// Done is told in the unit of work that ends a batch.
	Done func(t tx.Tx, partnerID, id string, now time.Time) error
}

// by is a batch's program in the trail.
func by(b Batch) audit.Entry {
	return audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: b.Actor}, Ground: "partner", Channel: "api"}
}

func subject(partnerID string) string { return "partner:" + partnerID }

// Ask keeps a batch, of lines or of all access points of a mandate.
func (s *Service) Ask(ctx context.Context, b Batch, lines []Line, mandateID string) (Batch, int, error) {
	now := s.Clock()
	b.ID, b.MadeAt = portal.NewID(now), now
	for i := range lines {
		lines[i].Place = int64(i + 1)
	}
	n := 0
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		waiting, err := s.Store.BatchesWaiting(t, b.PartnerID)
		if err != nil {
			return err
		}
		if waiting >= Waiting {
			return &portal.Error{Code: portal.TooMany, Key: "batch.waiting", Args: []any{Waiting}}
		}
		if n, err = s.Store.PutBatch(t, b, lines, mandateID); err != nil {
			return err
		}
		if n == 0 {
			return &portal.Error{Code: portal.NotFound, Key: "mandate"}
		}
		e := by(b)
		e.At, e.Action, e.Subject = now, audit.BatchAsked, subject(b.PartnerID)
		e.Details = map[string]string{"batch": b.ID, "lines": strconv.Itoa(n)}
		t.Record(e)
		return nil
	})
	return b, n, err
}

// Fetched is a line with what may leave of it now.
type Fetched struct {
	Line
	Delivery json.RawMessage // nil where nothing was delivered, or may be no more
}

// pageBytes is about how much leaves at once.
const pageBytes = 4 << 20

// Lines gives a page of a partner's batch, which is recorded (L18); more tells
// that there is more. NotFound as Store.PartnerBatch.
func (s *Service) Lines(ctx context.Context, as audit.Entry, partnerID, id string, after int64, limit int) (page []Fetched, more bool, err error) {
	b, _, err := s.Store.PartnerBatch(ctx, partnerID, id)
	if err != nil {
		return nil, false, err
	}
	lines, err := s.Store.BatchLines(ctx, id, after, limit+1)
	if err != nil {
		return nil, false, err
	}
	size, given := 0, 0
	for _, l := range lines {
		if len(page) == limit || size > pageBytes {
			more = true
			break
		}
		f := Fetched{Line: l}
		if l.Outcome == Delivered {
			if f, err = s.open(ctx, b, l); err != nil {
				return nil, false, err
			}
		}
		if f.Delivery != nil {
			given++
		}
		size += len(f.Delivery)
		f.Result = nil
		page = append(page, f)
	}
	return page, more, s.Runner.Do(ctx, func(t tx.Tx) error {
		as.At, as.Action, as.Subject = s.Clock(), audit.BatchTaken, subject(partnerID)
		as.Details = map[string]string{"batch": id, "after": strconv.FormatInt(after, 10), "deliveries": strconv.Itoa(given)}
		t.Record(as)
		return nil
	})
}

func (s *Service) open(ctx context.Context, b Batch, l Line) (Fetched, error) {
	refused, err := s.Mandates.Reaches(ctx, b.PartnerID, l.Mandate, l.EAN, b.Grain)
	if err != nil {
		return Fetched{}, err
	}
	if refused != mandates.NotRefused {
		l.Outcome = string(refused)
		return Fetched{Line: l}, nil
	}
	plain, err := s.Ring.Open(keys.ForBatch, sealID(b.ID, l.Place), l.Result)
	if err != nil {
		return Fetched{}, portal.Shut("keys", err)
	}
	text, err := unpack(plain)
	return Fetched{Line: l, Delivery: text}, err
}

func sealID(id string, place int64) string { return id + "/" + strconv.FormatInt(place, 10) }
