package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// LegacyLedger is what the LegacyImporter needs of the store, all inside its
// unit of work.
type LegacyLedger interface {
	// RegistryOf is Ledger's.
	RegistryOf(t tx.Tx, eans []portal.EAN) (Batch, error)
	// LiveReferences and PutReferences are Register's.
	LiveReferences(t tx.Tx, occupancyIDs []string) (map[string]Live, error)
	PutReferences(t tx.Tx, refs []Reference) error
	// ReferencePoints gives the access points of those keys that are
	// references, live or ended.
	ReferencePoints(t tx.Tx, keys []string) (map[string]portal.EAN, error)
	// PutLegacyLengths remembers how many digits legacy references have.
	PutLegacyLengths(t tx.Tx, lengths []int) error
}

// LegacyImporter takes over the references that another system printed, each
// file in one unit of work with one trail entry (G1).
type LegacyImporter struct {
	Ring   *keys.Ring
	Ledger LegacyLedger
	Runner tx.Runner
	Clock  portal.Clock
	// Progress, where set, hears how many lines of how many are done. It is
	// called from inside the unit of work and must only draw.
	Progress func(done, total int)
}

// LegacyDifference is what a file of legacy references changes, or would.
type LegacyDifference struct {
	New       int `json:"new"`
	Unchanged int `json:"unchanged"` // imported before, ended or not
	// Replaced counts those not taken because a drawn reference of the same
	// occupant and meter lives: the predictable one must not stand beside it.
	Replaced int         `json:"replaced"`
	Refused  []LineError `json:"refused"`
	Recorded bool        `json:"recorded"` // false: nothing changed, so the trail has no entry
}

// Apply stores the references of a file as keyed hashes, all or nothing; again,
// it changes nothing. With dryRun it does everything but keep it. Invalid
// "references.refused" where any line is refused; the difference names them.
func (im *LegacyImporter) Apply(ctx context.Context, refs []LegacyReference, name string, dryRun bool) (LegacyDifference, error) {
	var d LegacyDifference
	err := im.Runner.Do(ctx, func(t tx.Tx) (err error) {
		if d, err = im.lay(t, refs); err != nil {
			return err
		}
		if dryRun || len(d.Refused) > 0 {
			return errKeepNothing
		}
		if d.Recorded = d.New > 0; d.Recorded {
			t.Record(im.entry(d, name))
		}
		return nil
	})
	if errors.Is(err, errKeepNothing) {
		err = nil
		if len(d.Refused) > 0 {
			err = &portal.Error{Code: portal.Invalid, Key: "references.refused", Args: []any{len(d.Refused)}}
		}
	}
	return d, err
}

func (im *LegacyImporter) entry(d LegacyDifference, name string) audit.Entry {
	return audit.Entry{At: im.Clock(), Actor: portal.Actor{Kind: portal.System, ID: "import references"},
		Action: audit.LegacyLoaded, Ground: "import", Channel: "command", Details: map[string]string{"file": name,
			"new": strconv.Itoa(d.New), "unchanged": strconv.Itoa(d.Unchanged), "replaced": strconv.Itoa(d.Replaced)}}
}

func (im *LegacyImporter) lay(t tx.Tx, refs []LegacyReference) (d LegacyDifference, err error) {
	now := im.Clock()
	var lengths []int
	done := 0
	for chunk := range slices.Chunk(refs, chunkSize) {
		put, err := im.layChunk(t, &d, chunk, now)
		if err != nil {
			return d, err
		}
		for _, ref := range put {
			if n := len(ref.number); !slices.Contains(lengths, n) {
				lengths = append(lengths, n)
			}
		}
		if err := im.Ledger.PutReferences(t, im.sealed(put, now)); err != nil {
			return d, err
		}
		if done += len(chunk); im.Progress != nil {
			im.Progress(done, len(refs))
		}
	}
	slices.SortFunc(d.Refused, func(a, b LineError) int { return a.Line - b.Line })
	slices.Sort(lengths)
	return d, im.Ledger.PutLegacyLengths(t, lengths)
}

// accepted is a legacy reference that found its holding.
type accepted struct {
	key    string
	number keys.Secret
	digits keys.Secret
	Holding
}

// sealed turns them into what is stored. Nobody has a letter code for them.
func (im *LegacyImporter) sealed(list []accepted, now time.Time) []Reference {
	refs := make([]Reference, len(list))
	for i, a := range list {
		code := make([]byte, 32) // as long as a hash, and of nothing
		rand.Read(code)
		refs[i] = Reference{Key: a.key, OccupancyID: a.Occupancy.ID, MeterID: a.Meter.ID, Legacy: true,
			Digits: DigitsHash(im.Ring, a.key, a.digits), LetterCode: code, IssuedAt: now}
	}
	return refs
}

func (im *LegacyImporter) layChunk(t tx.Tx, d *LegacyDifference, chunk []LegacyReference, now time.Time) ([]accepted, error) {
	eans, names := make([]portal.EAN, len(chunk)), make([]string, len(chunk))
	for i, ref := range chunk {
		eans[i], names[i] = ref.EAN, im.Ring.CounterKey("reference", ref.Number)
	}
	known, err := im.Ledger.RegistryOf(t, eans)
	if err != nil {
		return nil, err
	}
	present := presentOf(known, now)
	points, err := im.Ledger.ReferencePoints(t, names)
	if err != nil {
		return nil, err
	}
	var stays []string
	for _, h := range present {
		if h.Occupancy.ID != "" {
			stays = append(stays, h.Occupancy.ID)
		}
	}
	live := map[string]Live{}
	if len(stays) > 0 {
		if live, err = im.Ledger.LiveReferences(t, stays); err != nil {
			return nil, err
		}
	}
	var put []accepted
	for i, ref := range chunk {
		h := present[ref.EAN]
		held := live[h.Occupancy.ID+" "+h.Meter.ID]
		digits, _, readable := LastFour(h.Meter.Number)
		refuse := func(column, reason string) { d.Refused = append(d.Refused, LineError{ref.line, column, reason}) }
		at, taken := points[names[i]]
		switch {
		case taken && at == ref.EAN:
			d.Unchanged++
		case taken:
			refuse("reference", "is another access point's already")
		case h.Point.EAN == "":
			refuse("ean", "the access register does not know it; import the registry first")
		case h.Occupancy.ID == "":
			refuse("ean", "nobody occupies it now")
		case h.Meter.ID == "":
			refuse("ean", "no meter is there now")
		case !sameMeter(ref.Meter, h.Meter.Number):
			refuse("meter", "not the number of the meter that is there now")
		case !readable:
			refuse("ean", "its meter has no four digits")
		case held.Drawn:
			d.Replaced++
		case held.Legacy:
			refuse("reference", "its occupant has another imported reference")
		default:
			d.New++
			put = append(put, accepted{names[i], ref.Number, digits, h})
		}
	}
	return put, nil
}

// presentOf gives for each access point who and what is there at a time; parts
// that are not there stay zero.
func presentOf(b Batch, at time.Time) map[portal.EAN]Holding {
	present := make(map[portal.EAN]Holding, len(b.Points))
	for _, p := range b.Points {
		present[p.EAN] = Holding{Point: p}
	}
	for _, m := range b.Meters {
		if h := present[m.EAN]; m.Contains(at) {
			h.Meter = m
			present[m.EAN] = h
		}
	}
	for _, o := range b.Occupancies {
		if h := present[o.EAN]; o.Contains(at) {
			h.Occupancy = o
			present[o.EAN] = h
		}
	}
	return present
}
