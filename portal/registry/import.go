package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// Importer lays batches over the register, each in one unit of work with one
// trail entry.
type Importer struct {
	Ledger Ledger
	Runner tx.Runner
	Clock  portal.Clock
	// Progress, where set, hears how many access points of how many are done.
	// It is called from inside the unit of work and must only draw.
	Progress func(done, total int)
}

// ApplyOptions say how a batch is laid over the register.
type ApplyOptions struct {
	Name   string // the file's base name, for the trail
	DryRun bool   // do everything but keep nothing
	// KeepGoing lets the rest of a batch enter where some parts would overlap
	// what is held; Difference.Refused names them.
	KeepGoing bool
	// ConfirmEnds lets a batch end more occupancies than its share.
	ConfirmEnds bool
	// NoLetters queues none for new occupancies and meters: for a first load,
	// whose letters "issue references" draws.
	NoLetters bool
}

// Difference is what a batch changes, or would change.
type Difference struct {
	Points      Change `json:"points"`
	Meters      Change `json:"meters"`
	Occupancies Change `json:"occupancies"`
	Supplies    Change `json:"supplies"`
	// Ended counts the live occupancies that get an end, of Live in all.
	Ended int   `json:"ended"`
	Live  int64 `json:"live"`
	// Held: it would end more than its share and nobody confirmed that.
	Held bool `json:"held"`
	// Changed lists the first parts that are changed, EANs masked (G12).
	Changed []string `json:"changed"`
	// Late lists the moves that this batch told late (D3).
	Late []LateMove `json:"late"`
	// Letters counts the occupancies that get a letter with a new reference (G2).
	Letters  int         `json:"letters"`
	Refused  []LineError `json:"refused"`
	Recorded bool        `json:"recorded"` // false: nothing changed, so the trail has no entry
}

// changes tells whether there is anything to write.
func (d *Difference) changes() bool {
	for _, c := range []Change{d.Points, d.Meters, d.Occupancies, d.Supplies} {
		if c.New+c.Changed > 0 {
			return true
		}
	}
	return false
}

const (
	// handfulOfEnds may always end: on a small register 1 % is nobody.
	handfulOfEnds = 5
	changedShown  = 100
	chunkSize     = 250 // access points read and written at a time
)

// errKeepNothing rolls a finished import back.
var errKeepNothing = errors.New("keep nothing")

// Apply lays a batch over the register, all or nothing; again, it changes
// nothing. It answers Conflict "registry.held" where more than 1 % of the live
// occupancies (and more than five) would end unconfirmed, and Invalid
// "registry.refused" where parts would overlap what is held; the difference
// then says what and where, and nothing was written.
func (im *Importer) Apply(ctx context.Context, b Batch, o ApplyOptions) (Difference, error) {
	b = b.sorted()
	var d Difference
	var verdict error
	err := im.Runner.Do(ctx, func(t tx.Tx) error {
		var err error
		if d, err = im.lay(t, b, o); err != nil {
			return err
		}
		d.Held = !o.ConfirmEnds && d.Ended > handfulOfEnds && int64(d.Ended)*100 > d.Live
		switch verdict = nil; {
		case len(d.Refused) > 0 && !o.KeepGoing:
			verdict = &portal.Error{Code: portal.Invalid, Key: "registry.refused", Args: []any{len(d.Refused)}}
			return errKeepNothing
		case o.DryRun:
			return errKeepNothing
		case d.Held:
			verdict = &portal.Error{Code: portal.Conflict, Key: "registry.held", Args: []any{d.Ended, d.Live}}
			return errKeepNothing
		}
		if d.Recorded = d.changes(); d.Recorded {
			t.Record(im.entry(d, o.Name))
		}
		return nil
	})
	if errors.Is(err, errKeepNothing) {
		err = verdict
	}
	return d, err
}

func (im *Importer) entry(d Difference, name string) audit.Entry {
	details := map[string]string{"file": name, "ended": strconv.Itoa(d.Ended), "late": strconv.Itoa(len(d.Late)), "letters": strconv.Itoa(d.Letters), "refused": strconv.Itoa(len(d.Refused))}
	for what, c := range map[string]Change{"points": d.Points, "meters": d.Meters, "occupancies": d.Occupancies, "supplies": d.Supplies} {
		details[what] = fmt.Sprintf("%d new, %d changed, %d unchanged", c.New, c.Changed, c.Unchanged)
	}
	return audit.Entry{At: im.Clock(), Actor: portal.Actor{Kind: portal.System, ID: "import registry"},
		Action: audit.RegistryLoaded, Ground: "import", Channel: "command", Details: details}
}

// cursor walks a sorted list of parts, one access point after another.
type cursor[T any] struct {
	kind  kind[T]
	parts []T
	lines []int
}

// take gives the parts of an access point and their lines, if they have any.
func (c *cursor[T]) take(ean portal.EAN) (parts []T, lines []int) {
	n := 0
	for n < len(c.parts) && c.kind.ean(&c.parts[n]) <= ean {
		n++
	}
	first := 0
	for first < n && c.kind.ean(&c.parts[first]) < ean {
		first++ // of an access point that the batch does not tell
	}
	parts, c.parts = c.parts[first:n], c.parts[n:]
	if c.lines != nil {
		lines, c.lines = c.lines[first:n], c.lines[n:]
	}
	return parts, lines
}

// lay computes and writes the whole difference, a chunk at a time.
func (im *Importer) lay(t tx.Tx, b Batch, o ApplyOptions) (d Difference, err error) {
	now := im.Clock()
	points, live, err := im.Ledger.RegistrySize(t, now)
	if err != nil {
		return d, err
	}
	d.Live = live
	told := walk(b)
	for start := 0; start < len(b.Points); start += chunkSize {
		chunk := b.Points[start:min(start+chunkSize, len(b.Points))]
		var known Batch
		if points > 0 {
			eans := make([]portal.EAN, len(chunk))
			for i, p := range chunk {
				eans[i] = p.EAN
			}
			if known, err = im.Ledger.RegistryOf(t, eans); err != nil {
				return d, err
			}
		}
		var put Batch
		held := walk(known)
		for _, p := range chunk {
			im.layPoint(&d, &put, p, known.Points, held, told)
		}
		if err := im.Ledger.PutRegistry(t, put); err != nil {
			return d, err
		}
		if err := im.settle(t, &d, known, put, points > 0 && !o.NoLetters, now); err != nil {
			return d, err
		}
		if im.Progress != nil {
			im.Progress(start+len(chunk), len(b.Points))
		}
	}
	return d, nil
}

// walker is a cursor for each kind of part.
type walker struct {
	meters      *cursor[Meter]
	occupancies *cursor[Occupancy]
	supplies    *cursor[Supply]
}

func walk(b Batch) walker {
	return walker{
		&cursor[Meter]{meters, b.Meters, b.meterLines},
		&cursor[Occupancy]{occupancies, b.Occupancies, b.occupancyLines},
		&cursor[Supply]{supplies, b.Supplies, b.supplyLines},
	}
}

func (im *Importer) layPoint(d *Difference, put *Batch, p AccessPoint, known []AccessPoint, held, told walker) {
	at, found := slices.BinarySearchFunc(known, p.EAN, func(k AccessPoint, ean portal.EAN) int {
		if k.EAN < ean {
			return -1
		}
		if k.EAN > ean {
			return 1
		}
		return 0
	})
	switch {
	case !found:
		d.Points.New++
		put.Points = append(put.Points, p)
	case known[at] != p:
		d.Points.Changed++
		d.show("access point " + p.EAN.Masked())
		put.Points = append(put.Points, p)
	default:
		d.Points.Unchanged++
	}
	ms := layKind(d, &d.Meters, p.EAN, held.meters, told.meters)
	before, _ := held.occupancies.take(p.EAN)
	now := im.Clock()
	os := layParts(d, &d.Occupancies, p.EAN, occupancies, before, told.occupancies)
	put.Supplies = append(put.Supplies, layKind(d, &d.Supplies, p.EAN, held.supplies, told.supplies)...)
	for i := range ms {
		if ms[i].ID == "" {
			ms[i].ID = portal.NewID(now)
		}
	}
	for i := range os {
		if os[i].ID == "" {
			os[i].ID = portal.NewID(now)
		}
		for _, was := range before {
			if was.ID == os[i].ID && was.To.IsZero() && !os[i].To.IsZero() {
				d.Ended++
			}
		}
	}
	put.Meters, put.Occupancies = append(put.Meters, ms...), append(put.Occupancies, os...)
}

func layKind[T any](d *Difference, sum *Change, ean portal.EAN, held, told *cursor[T]) []T {
	known, _ := held.take(ean)
	return layParts(d, sum, ean, told.kind, known, told)
}

func layParts[T any](d *Difference, sum *Change, ean portal.EAN, k kind[T], known []T, told *cursor[T]) []T {
	parts, lines := told.take(ean)
	if len(parts) == 0 {
		return nil
	}
	put, c, clash := k.merge(known, parts)
	if clash >= 0 {
		e := LineError{Column: k.column, Reason: k.name + " overlaps one that is held; say where that one ends"}
		if lines != nil {
			e.Line = lines[clash]
		}
		d.Refused = append(d.Refused, e)
		return nil
	}
	sum.New, sum.Changed, sum.Unchanged = sum.New+c.New, sum.Changed+c.Changed, sum.Unchanged+c.Unchanged
	if c.Changed > 0 {
		d.show(k.name + " of " + ean.Masked())
	}
	return put
}

func (d *Difference) show(what string) {
	if len(d.Changed) < changedShown {
		d.Changed = append(d.Changed, what)
	}
}
