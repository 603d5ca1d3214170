package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"guichet/portal"

	"golang.org/x/mod/sumdb/note"
)

// Log is what the sealer needs of the store.
type Log interface {
	// TrailEdge reads the newest head (the zero Head in an empty log) and the
	// tiles at its edge that are not full.
	TrailEdge(ctx context.Context) (Head, []Tile, error)
	// SealTrail takes up to limit entries that wait for their place (their
	// openings aside), lets place put them, in the order of their ids, behind
	// the newest head, and writes them there with the tiles and the head that
	// place gives, all or nothing. It tells how many they were. place is not
	// called where nothing waits. portal.Conflict where another sealer was faster.
	SealTrail(ctx context.Context, limit int, place func([]Recorded) ([]Tile, Head, error)) (n int, err error)
	// TrailHolds tells whether the log holds a head kept outside, and whether
	// its loss was accepted (Restore).
	TrailHolds(ctx context.Context, kept Head) (held, accepted bool, err error)
}

// Heads is a place for signed heads that the web process cannot rewrite.
type Heads interface {
	// Append keeps a head; it may be one that is already there.
	Append(Head) error
	// Newest is the last head kept, the zero Head where there is none or the
	// place cannot be read back.
	Newest() Head
	Close() error
}

// SealEvery is how long an entry waits for its place at most, while the sealer
// is up.
const SealEvery = time.Second

// sealRound bounds a unit of work: the sealer shares SQLite's one writer with
// the gate, so it asks for it often and briefly (512 made p99 half as long again).
const sealRound = 128

// Sealer gives new entries their places in the log and signs its heads. Any
// number may run: the store lets one of them have each place.
type Sealer struct {
	log    Log
	heads  Heads
	signer note.Signer
	clock  portal.Clock
	logger *slog.Logger
	most   int          // entries in a round
	done   atomic.Int64 // when the last seal succeeded, microseconds
}

// NewSealer makes a sealer that does nothing until Run or SealNow.
func NewSealer(log Log, heads Heads, signer note.Signer, clock portal.Clock, logger *slog.Logger) *Sealer {
	return &Sealer{log: log, heads: heads, signer: signer, clock: clock, logger: logger, most: sealRound}
}

// Run seals every second until ctx ends, then once more.
func (s *Sealer) Run(ctx context.Context) {
	tick := time.NewTicker(SealEvery)
	defer tick.Stop()
	failures := 0 // in a row
	for {
		work := ctx
		if ctx.Err() != nil {
			// What was written while shutting down still gets its head.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			work = last
		}
		if _, err := s.SealNow(work); err == nil || work != ctx || ctx.Err() == nil {
			failures = s.tell(err, failures)
		}
		if work != ctx {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// sayAgain is after how many failures in a row, one a second, the log is told
// again.
const sayAgain = 300

// tell logs the first failure in a row, one now and then, and their end; it gives
// how many they are now.
func (s *Sealer) tell(err error, before int) int {
	switch {
	case err != nil && before%sayAgain == 0:
		s.logger.Error("the trail could not be sealed; it is tried again", "error", err, "failures", before+1)
	case err == nil && before > 0:
		s.logger.Warn("the trail is sealed again", "failures", before)
	}
	if err == nil {
		return 0
	}
	return before + 1
}

// Sealed is when the log was last whole, with its head kept outside; the zero
// time before the first. An old one is an alarm: the trail waits unprotected.
func (s *Sealer) Sealed() time.Time { return portal.FromMicros(s.done.Load()) }

// SealNow seals what is there and gives the newest head; the head is also kept
// outside when SealNow returns without an error. A log that was set back is
// sealed in the database alone: its heads go outside once that was accepted.
func (s *Sealer) SealNow(ctx context.Context) (Head, error) {
	for {
		head, n, err := s.round(ctx)
		if err != nil {
			return head, err
		}
		if n == s.most {
			continue
		}
		if err := s.keep(ctx, head); err != nil {
			return head, fmt.Errorf("trail: keeping the head outside: %w", err)
		}
		s.done.Store(portal.Micros(s.clock()))
		return head, nil
	}
}

// errSetBack is a database that does not hold the newest head kept outside.
var errSetBack = errors.New("the database does not hold the newest head kept there: a backup was put back, and nobody accepted it yet")

// keep takes the newest head outside where it is not there yet.
func (s *Sealer) keep(ctx context.Context, head Head) error {
	kept := s.heads.Newest()
	if head.Size == kept.Size && (head.Size == 0 || head.Root == kept.Root) {
		return nil
	}
	if kept.Size > 0 {
		switch held, accepted, err := s.log.TrailHolds(ctx, kept); {
		case err != nil:
			return err
		case held && head.Size < kept.Size:
			return nil // another sealer was faster
		case !held && !accepted:
			return errSetBack
		}
	}
	if head.Size == 0 {
		return nil
	}
	return s.heads.Append(head)
}

// round seals up to a round's entries and tells how many there were.
func (s *Sealer) round(ctx context.Context) (Head, int, error) {
	head, edge, err := s.log.TrailEdge(ctx)
	if err != nil {
		return head, 0, err
	}
	root := head.Root
	if head.Size == 0 {
		root = (&tree{}).root()
	}
	var next Head
	n, err := s.log.SealTrail(ctx, s.most, func(entries []Recorded) (tiles []Tile, _ Head, err error) {
		t, err := grown(head.Size, root, edge)
		if err != nil {
			return nil, head, err // tampered with: nothing is built upon it
		}
		for _, e := range entries {
			if err := t.add(e.hash(), func(full Tile) error { tiles = append(tiles, full); return nil }); err != nil {
				return nil, head, err
			}
		}
		next = Head{Size: t.size, Prev: head.Size, Root: t.root(), At: s.clock()}
		err = next.sign(s.signer)
		return append(tiles, t.partial()...), next, err
	})
	if portal.CodeOf(err) == portal.Conflict {
		return head, 0, nil // the other sealer's head is as good as ours
	}
	if err != nil || n == 0 {
		return head, 0, err
	}
	return next, n, nil
}
