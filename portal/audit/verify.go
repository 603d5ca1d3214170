package audit

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Reader is all that Verify and Prove need: reading, from one snapshot. limit
// is at least 1; fewer rows than limit are the last ones.
type Reader interface {
	// SealedEntries reads entries after (idx, id), in the order of both.
	SealedEntries(ctx context.Context, idx int64, id string, limit int) ([]Recorded, error)
	// UnsealedEntries reads the entries without a place, in any order; nothing
	// else may be read until it has ended.
	UnsealedEntries(ctx context.Context) iter.Seq2[Recorded, error]
	// SealedEntry reads one entry; ok is false where there is none with a place.
	SealedEntry(ctx context.Context, id string) (e Recorded, ok bool, err error)
	// Tiles reads tiles of a level from the n-th on. One that cannot be read
	// has no Data.
	Tiles(ctx context.Context, level int, n int64, limit int) ([]Tile, error)
	// CountTiles counts the tiles of all levels.
	CountTiles(ctx context.Context) (int64, error)
	// HeadsAfter reads heads larger than size, the smallest first.
	HeadsAfter(ctx context.Context, size int64, limit int) ([]Head, error)
	// NewestHead reads the largest head, the zero Head in an empty log.
	NewestHead(ctx context.Context) (Head, error)
	// Restores reads the restores that were accepted, the oldest first.
	Restores(ctx context.Context) ([]Restore, error)
	// Erasures reads the newest erasures of a term, in any order.
	Erasures(ctx context.Context, term Term) ([]Recorded, error)
}

// readPage is how many rows Verify holds at a time.
const readPage = 1024

// Verify recomputes the whole trail and compares it with its tiles, with the
// signed heads inside the database and with those kept outside, which may be
// nil. An error means that it could not be read; what is wrong with it is in
// the report. A gap to the heads kept outside that somebody accepted is no
// fault, but is told. Memory does not grow with the trail but by its restores.
// T8, T17.
func Verify(ctx context.Context, r Reader, verifier note.Verifier, outside Outside) (Report, error) {
	newest, err := r.NewestHead(ctx)
	if err != nil {
		return Report{}, err
	}
	if outside == nil {
		outside = func(func(Head, error) bool) {}
	}
	v := &verification{ctx: ctx, r: r, verifier: verifier, size: newest.Size}
	v.report.Newest = newest
	if v.accepted, err = r.Restores(ctx); err != nil {
		return Report{}, err
	}
	if v.erased, err = readErased(ctx, r); err != nil {
		return Report{}, err
	}
	v.leaves = leaves{v: v}
	next, stop := iter.Pull2(outside)
	defer stop()
	v.outside = headLine{next: v.outsideHeads(next), kind: "kept outside"}
	v.inside = headLine{next: v.insideHeads(), kind: "in the database"}
	err = v.run()
	return v.report, err
}

type verification struct {
	ctx      context.Context
	r        Reader
	verifier note.Verifier
	size     int64 // of the newest head inside
	report   Report

	// entries is the tree that the entries give. Only where some entry and its
	// leaf in the tiles differ is there a second one, the tiles' own; the next
	// signed head tells which of the two is right.
	entries, tiles tree
	apart          bool
	pending        []Fault
	missed         int64 // end of the run of missing entries told last

	leaves          leaves
	inside, outside headLine

	erased map[Term]erased // by what the last erasure of each term says

	accepted []Restore // as the database has them; each needs its entry
}

func (v *verification) run() error {
	next, stop := iter.Pull2(v.sealed())
	defer stop()
	e, err, more := next()
	for at := int64(0); at < v.size; at++ {
		for ; more && err == nil && e.Idx < at; e, err, more = next() {
			v.report.fault(Fault{Idx: e.Idx, ID: e.ID, What: "a second entry at a place already taken"})
		}
		if err != nil {
			return err
		}
		leaf, known, err2 := v.leaves.at(at)
		if err2 != nil {
			return err2
		}
		hash := leaf
		if more && e.Idx == at {
			hash = v.entry(e)
			if known && hash != leaf {
				v.pend(e, hash)
			}
			e, err, more = next()
			if err != nil {
				return err
			}
		} else {
			to := v.size
			if more {
				to = min(to, e.Idx)
			}
			v.missing(at, to)
		}
		if !known {
			leaf = hash
		}
		if err := v.grow(hash, leaf); err != nil {
			return err
		}
		if err := v.judgeHeads(at + 1); err != nil {
			return err
		}
	}
	var beyond Fault
	for ; more && err == nil; e, err, more = next() {
		switch {
		case e.Idx < v.size:
			v.report.fault(Fault{Idx: e.Idx, ID: e.ID, What: "a second entry at a place already taken"})
		case e.Odd != "": // told already
		case beyond.What == "":
			beyond = Fault{Idx: e.Idx, To: e.Idx + 1, ID: e.ID, What: "in a place that no head covers"}
		default:
			beyond.To = e.Idx + 1
		}
	}
	if beyond.What != "" {
		v.report.fault(beyond)
	}
	if err != nil {
		return err
	}
	return v.end()
}

// sealed streams the entries that have a place.
func (v *verification) sealed() iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		idx, id := int64(-1<<63), ""
		for {
			page, err := v.r.SealedEntries(v.ctx, idx, id, readPage)
			if err != nil {
				yield(Recorded{}, err)
				return
			}
			was, wasID := idx, id
			for _, e := range page {
				if e.Odd != "" {
					v.report.fault(Fault{Idx: e.Idx, ID: e.ID, What: "cannot be read: " + Printable(e.Odd)})
				}
				idx, id = e.Idx, e.ID
				if !yield(e, nil) {
					return
				}
			}
			if len(page) < readPage || (idx == was && id == wasID) {
				return
			}
		}
	}
}

// entry looks at an entry by itself and gives its leaf's hash.
func (v *verification) entry(e Recorded) tlog.Hash {
	v.report.Entries++
	v.opening(e)
	return e.hash()
}

func (v *verification) opening(e Recorded) {
	for _, r := range v.accepted {
		if r.toldBy(e) {
			v.report.Restores = append(v.report.Restores, r)
		}
	}
	switch why := v.whyErased(e); {
	case e.Odd != "":
	case !e.Erased && !bytes.Equal(Commitment(e.Salt, e.Subject, e.Text), e.Commitment):
		v.report.fault(Fault{Idx: e.Idx, ID: e.ID, What: "its subject, details or salt do not match its commitment"})
	case why != "":
		v.report.fault(Fault{Idx: e.Idx, ID: e.ID, What: why})
	}
	if e.Erased {
		v.report.Erased++
	}
}

// pend keeps a difference until a head tells whether entry or tile is wrong.
func (v *verification) pend(e Recorded, hash tlog.Hash) {
	what := "does not match its leaf in the log: it was changed"
	for _, at := range []int64{e.Idx + 1, e.Idx - 1} {
		if leaf, ok := v.leaves.loaded(at); ok && leaf == hash {
			what = fmt.Sprintf("holds what the log has at place %d: entries were swapped, taken out or put in", at)
			break
		}
	}
	v.pending = append(v.pending, Fault{Idx: e.Idx, ID: e.ID, What: what})
	if len(v.pending) > faultCap {
		v.pending = v.pending[:faultCap]
		v.report.FaultCount++ // counted even if no longer listed
	}
}

func (v *verification) missing(at, to int64) {
	if at < v.missed {
		return // told as part of its run
	}
	v.missed = to
	v.report.fault(Fault{Idx: at, To: to, What: "removed: the log has it, the database has not"})
}

// grow adds a place to the tree, or to both where they differ.
func (v *verification) grow(hash, leaf tlog.Hash) error {
	if hash != leaf && !v.apart {
		v.tiles, v.apart = v.entries.clone(), true
	}
	none := func(Tile) error { return nil }
	if !v.apart {
		return v.entries.add(hash, v.compareTile)
	}
	if err := v.entries.add(hash, none); err != nil {
		return err
	}
	return v.tiles.add(leaf, v.compareTile)
}

// compareTile compares a tile above level 0 with the stored one; those of
// level 0 are what the tree was grown from.
func (v *verification) compareTile(t Tile) error {
	if t.Level == 0 {
		return nil
	}
	stored, err := v.r.Tiles(v.ctx, t.Level, t.N, 1)
	if err != nil {
		return err
	}
	if len(stored) == 0 || stored[0].N != t.N || !bytes.Equal(stored[0].Data, t.Data) {
		v.tileFault(t, min(v.size, t.first()+1<<(tileHeight*(t.Level+1))))
	}
	return nil
}

func (v *verification) tileFault(t Tile, to int64) {
	v.report.fault(Fault{Idx: t.first(), To: to, tile: true,
		What: fmt.Sprintf("the log's tile %d/%d over them was changed or removed; the entries may be right", t.Level, t.N)})
}

func (v *verification) end() error {
	v.settle()
	grown := &v.entries
	if v.apart {
		grown = &v.tiles
	}
	for _, t := range grown.partial() {
		if err := v.compareTile(t); err != nil {
			return err
		}
	}
	count, err := v.r.CountTiles(v.ctx)
	if err != nil {
		return err
	}
	if want := grown.tiles(); count > want {
		v.report.fault(Fault{Idx: v.size, tile: true, What: fmt.Sprintf("the log of %d has %d tiles, %d more than it needs", v.size, count, count-want)})
	}
	if err := v.judgeRest(); err != nil {
		return err
	}
	if err := v.unsealed(); err != nil {
		return err
	}
	for _, r := range v.accepted {
		if !slices.Contains(v.report.Restores, r) {
			v.report.fault(Fault{Idx: r.From, To: r.To, ID: r.ID, What: "their loss is said to be accepted, and no entry tells it"})
		}
	}
	return nil
}

// unsealed looks at the entries that wait for a place.
func (v *verification) unsealed() error {
	for e, err := range v.r.UnsealedEntries(v.ctx) {
		if err != nil {
			return err
		}
		v.report.Unsealed++
		if e.Odd != "" {
			v.report.fault(Fault{Idx: Unsealed, ID: e.ID, What: "cannot be read: " + Printable(e.Odd)})
		}
		v.opening(e)
	}
	return nil
}
