package batch

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"sync"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/tx"

	"golang.org/x/sync/errgroup"
)

const (
	// Abreast is how many lines are worked on at once: enough to fill two cores
	// and to share commits, too few to crowd out whoever waits for a page.
	Abreast = 4
	Portion = 100             // lines in memory, of which Abreast have their delivery
	hold    = 2 * time.Minute // for a portion; who takes longer is taken for dead
	forgets = 4               // batches a run
)

// Work works on the oldest batch that nobody works on until it is done or ctx
// ends; false where there was none.
func (s *Service) Work(ctx context.Context) (bool, error) {
	var b Batch
	var found bool
	held := s.Clock().Add(hold)
	err := s.Runner.Do(ctx, func(t tx.Tx) (err error) {
		b, found, err = s.Store.TakeBatch(t, s.Clock(), held)
		return err
	})
	if err != nil || !found {
		return false, err
	}
	for {
		lines, err := s.Store.BatchWork(ctx, b.ID, Portion)
		if err != nil {
			return true, err
		}
		if len(lines) == 0 {
			return true, s.Runner.Do(ctx, func(t tx.Tx) error {
				now := s.Clock()
				if err := s.Store.EndBatch(t, b.ID, now); err != nil || s.Done == nil {
					return err
				}
				return s.Done(t, b.PartnerID, b.ID, now)
			})
		}
		if err := s.lines(ctx, b, lines); err != nil {
			return true, err
		}
		next, ours := s.Clock().Add(hold), false
		err = s.Runner.Do(ctx, func(t tx.Tx) (err error) {
			ours, err = s.Store.HoldBatch(t, b.ID, held, next)
			return err
		})
		if err != nil || !ours {
			return true, err
		}
		held = next
	}
}

// lines works on a portion. Each line is a unit of work of its own, so that it
// does not matter in which order they end.
func (s *Service) lines(ctx context.Context, b Batch, lines []Line) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Abreast)
	for _, l := range lines {
		group.Go(func() error { return s.line(ctx, b, l) })
	}
	return group.Wait()
}

// line delivers one or has it refused, with its outcome in the same unit of work.
func (s *Service) line(ctx context.Context, b Batch, l Line) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	settled := false
	asked := mandates.Asked{EAN: l.EAN, Render: s.Render, With: func(d mandates.Delivery) (func(tx.Tx) error, error) {
		text, err := s.Write(d)
		if err != nil {
			return nil, err
		}
		done := l
		done.Outcome, done.Entry = Delivered, d.Entry
		done.Result = s.Ring.Seal(keys.ForBatch, sealID(b.ID, l.Place), pack(text))
		return func(t tx.Tx) error { return s.Store.SaveBatchLine(t, b.ID, done) }, nil
	}, Refused: func(t tx.Tx, why mandates.Refusal) error {
		done := l
		done.Outcome, settled = string(why), true
		return s.Store.SaveBatchLine(t, b.ID, done)
	}}
	asked.Query.Grain, asked.Query.From, asked.Query.To = b.Grain, b.From, b.To
	_, err := s.Mandates.Hand(ctx, s.History, by(b), b.PartnerID, l.Mandate, asked)
	switch code := portal.CodeOf(err); {
	case err == nil, settled && (code == portal.NotFound || code == portal.Denied):
		return nil
	case code == portal.Conflict: // another worker was faster
		return nil
	}
	return err
}

// Resume lets go of what a former life of this process held, so that it is
// worked on at once. Only for the one process of a database.
func (s *Service) Resume(ctx context.Context) error {
	return s.Runner.Do(ctx, s.Store.DropBatchHolds)
}

// Forget deletes what could be fetched for long enough.
func (s *Service) Forget(ctx context.Context) error {
	for {
		n := 0
		err := s.Runner.Do(ctx, func(t tx.Tx) (err error) {
			n, err = s.Store.ForgetBatches(t, s.Clock().Add(-Life), forgets)
			return err
		})
		if err != nil || n < forgets {
			return err
		}
	}
}

// packers are kept: a new one is a megabyte, and made for each line.
var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one
	return w
}}

func pack(text []byte) []byte {
	var b bytes.Buffer
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&b)
	w.Write(text) // a buffer takes all
	w.Close()
	return b.Bytes()
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
