package registry

import (
	"cmp"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/tx"
)

// Batch is a part of the register as a file or the demo's town tells it. What
// it does not name stays as it is: a file adds and changes, it never removes.
type Batch struct {
	Points      []AccessPoint
	Meters      []Meter
	Occupancies []Occupancy
	Supplies    []Supply

	// Lines of the file, beside each part; empty for a batch made in Go.
	pointLines, meterLines, occupancyLines, supplyLines []int
}

// Ledger is what the Importer needs of the store, all inside its unit of work.
type Ledger interface {
	// RegistrySize counts access points, and occupancies without an end or
	// with an end after now.
	RegistrySize(t tx.Tx, now time.Time) (points, live int64, err error)
	// RegistryOf reads all that is known of access points, each part in the
	// order of EAN and beginning. Unknown EANs are simply not in it.
	RegistryOf(t tx.Tx, eans []portal.EAN) (Batch, error)
	// PutRegistry inserts, or replaces by EAN, by ID and (supplies) by EAN and
	// beginning.
	PutRegistry(t tx.Tx, b Batch) error
	// WrongSince lists what went out about an occupancy since a time, the oldest
	// first: disclosures whose period reaches beyond that time, letters,
	// references issued since, and readings of later days.
	WrongSince(t tx.Tx, occupancyID string, moved time.Time) ([]WrongThing, error)
	// EndIssuedSince ends live references of an occupancy issued since a time
	// and gives their keys.
	EndIssuedSince(t tx.Tx, occupancyID string, moved, now time.Time) ([]string, error)
	// PutLateMove keeps a move with what it made wrong.
	PutLateMove(t tx.Tx, m LateMove) error
	// PutLettersDue notes which occupancies get a letter, and from when on.
	PutLettersDue(t tx.Tx, due []LetterDue) error
}

// sorted puts a batch made in Go into the order that Parse gives.
func (b Batch) sorted() Batch {
	if b.pointLines != nil {
		return b
	}
	return Batch{
		Points: slices.SortedFunc(slices.Values(b.Points), func(p, q AccessPoint) int { return cmp.Compare(p.EAN, q.EAN) }),
		Meters: meters.sorted(b.Meters), Occupancies: occupancies.sorted(b.Occupancies), Supplies: supplies.sorted(b.Supplies),
	}
}

// kind tells how one kind of dated part is compared and merged.
type kind[T any] struct {
	name, column string
	ean          func(*T) portal.EAN
	period       func(*T) *portal.Period
	// same tells whether two parts with the same beginning say the same.
	same func(a, b *T) bool
	// keep carries over from what is held what a file does not tell.
	keep func(held, told *T)
	// closes: a later part ends an open one by itself (a meter exchange does,
	// a move does not: somebody's stay ends only where a file says so).
	closes bool
}

var meters = kind[Meter]{
	name: "meter", column: "meter_from", closes: true,
	ean:    func(m *Meter) portal.EAN { return m.EAN },
	period: func(m *Meter) *portal.Period { return &m.Period },
	same:   func(a, b *Meter) bool { return a.Number == b.Number && samePeriod(a.Period, b.Period) },
	keep:   func(held, told *Meter) { told.ID = held.ID },
}

var occupancies = kind[Occupancy]{
	name: "occupancy", column: "occupied_from",
	ean:    func(o *Occupancy) portal.EAN { return o.EAN },
	period: func(o *Occupancy) *portal.Period { return &o.Period },
	same: func(a, b *Occupancy) bool {
		return a.Name == b.Name && a.Language == b.Language && a.Street == b.Street && a.Postcode == b.Postcode &&
			a.Town == b.Town && a.DetailFrom.Equal(b.DetailFrom) && samePeriod(a.Period, b.Period)
	},
	keep: func(held, told *Occupancy) {
		told.ID = held.ID
		// A choice made behind the reference is unknown to the file, and so is one
		// that was withdrawn since (D5).
		if told.DetailFrom.IsZero() || !told.DetailFrom.After(held.DetailEnded) {
			told.DetailFrom = held.DetailFrom
		}
		told.DetailEnded = held.DetailEnded
	},
}

var supplies = kind[Supply]{
	name: "supply", column: "supplier_from", closes: true,
	ean:    func(s *Supply) portal.EAN { return s.EAN },
	period: func(s *Supply) *portal.Period { return &s.Period },
	same:   func(a, b *Supply) bool { return a.Supplier == b.Supplier && samePeriod(a.Period, b.Period) },
	keep:   func(*Supply, *Supply) {},
}

func samePeriod(p, q portal.Period) bool { return p.From.Equal(q.From) && p.To.Equal(q.To) }

func (k kind[T]) compare(a, b T) int {
	return cmp.Or(cmp.Compare(k.ean(&a), k.ean(&b)), k.period(&a).From.Compare(k.period(&b).From))
}

func (k kind[T]) sorted(parts []T) []T { return slices.SortedFunc(slices.Values(parts), k.compare) }

// Change counts what an import does to one kind of part.
type Change struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

// merge lays what a file tells of one access point over what is held. put is
// what has to be written; clash is the index in told of a part that would
// overlap another, -1 where all is well. Nothing is put where anything clashes.
func (k kind[T]) merge(held, told []T) (put []T, c Change, clash int) {
	type entry struct {
		part T
		held *T  // what is held with this beginning
		told int // index in told, -1
	}
	line := make([]entry, 0, len(held)+len(told))
	for i := range held {
		line = append(line, entry{part: held[i], held: &held[i], told: -1})
	}
	for i := range told {
		at := slices.IndexFunc(line, func(e entry) bool {
			return k.period(&e.part).From.Equal(k.period(&told[i]).From)
		})
		if at < 0 {
			line = append(line, entry{part: told[i], told: i})
			continue
		}
		line[at].part, line[at].told = told[i], i
		if line[at].held != nil {
			k.keep(line[at].held, &line[at].part)
		}
	}
	slices.SortFunc(line, func(a, b entry) int { return k.compare(a.part, b.part) })
	for i := range len(line) - 1 {
		a, b := k.period(&line[i].part), k.period(&line[i+1].part)
		if k.closes && a.To.IsZero() {
			a.To = b.From
		}
		if a.Overlaps(*b) {
			return nil, Change{}, max(line[i].told, line[i+1].told)
		}
	}
	for _, e := range line {
		switch {
		case e.held == nil:
			c.New++
		case k.same(e.held, &e.part):
			c.Unchanged++
			continue
		default:
			c.Changed++
		}
		put = append(put, e.part)
	}
	return put, c, -1
}
