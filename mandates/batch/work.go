package batch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

const (
	portion  = 100             // lines in memory
	hold     = 2 * time.Minute // for a portion; who takes longer is taken for dead
	forgets  = 4               // batches a run
	refusing = "mandate.refused."
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
		lines, err := s.Store.BatchWork(ctx, b.ID, portion)
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
		for _, l := range lines {
			if err := s.line(ctx, b, l); err != nil {
				return true, err
			}
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

// line delivers one, with its outcome in the same unit of work.
func (s *Service) line(ctx context.Context, b Batch, l Line) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	asked := mandates.Asked{EAN: l.EAN, Render: s.Render, With: func(t tx.Tx, d mandates.Delivery) error {
		text, err := s.Write(d)
		if err != nil {
			return err
		}
		done := l
		done.Outcome, done.Entry = Delivered, d.Entry
		done.Result = s.Ring.Seal(keys.ForBatch, sealID(b.ID, l.Place), pack(text))
		return s.Store.SaveBatchLine(t, b.ID, done)
	}}
	asked.Query.Grain, asked.Query.From, asked.Query.To = b.Grain, b.From, b.To
	_, err := s.Mandates.Hand(ctx, s.History, by(b), b.PartnerID, l.Mandate, asked)
	why := ""
	var e *portal.Error
	switch {
	case err == nil, portal.CodeOf(err) == portal.Conflict:
		return nil
	case portal.CodeOf(err) == portal.NotFound:
		why = string(mandates.NoMandate)
	case errors.As(err, &e) && e.Code == portal.Denied:
		why = strings.TrimPrefix(e.Key, refusing)
	default:
		return err
	}
	l.Outcome = why
	err = s.Runner.Do(ctx, func(t tx.Tx) error { return s.Store.SaveBatchLine(t, b.ID, l) })
	if portal.CodeOf(err) == portal.Conflict {
		return nil
	}
	return err
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

func pack(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
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
