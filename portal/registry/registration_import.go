package registry

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// RegistrationLedger is what the RegistrationImporter needs of the store, all
// inside its unit of work.
type RegistrationLedger interface {
	// RegistryOf is Ledger's.
	RegistryOf(t tx.Tx, eans []portal.EAN) (Batch, error)
	// RegistrationsOn reads all registrations on access points, in the order of
	// EAN and beginning.
	RegistrationsOn(t tx.Tx, eans []portal.EAN) ([]HeldRegistration, error)
	// PutRegistrations inserts, or replaces by ID.
	PutRegistrations(t tx.Tx, list []HeldRegistration) error
}

// RegistrationImporter lays files of registrations over those that are held,
// each in one unit of work with one trail entry.
type RegistrationImporter struct {
	Ledger RegistrationLedger
	Runner tx.Runner
	Clock  portal.Clock
	// Progress, where set, hears how many lines of how many are done. It is
	// called from inside the unit of work and must only draw.
	Progress func(done, total int)
}

// RegistrationDifference is what a file of registrations changes, or would.
type RegistrationDifference struct {
	Change
	// Nobody counts those accepted on a day on which the register has no
	// occupant there: they are nobody's, and give nothing (L10).
	Nobody   int         `json:"nobody"`
	Refused  []LineError `json:"refused"`
	Recorded bool        `json:"recorded"` // false: nothing changed, so the trail has no entry
}

// Apply lays a file over what is held, all or nothing; again, it changes
// nothing. With dryRun it does everything but keep it. Where any line is refused
// the difference names them, and nothing was written.
func (im *RegistrationImporter) Apply(ctx context.Context, told []ToldRegistration, name string, dryRun bool) (d RegistrationDifference, err error) {
	told = slices.SortedStableFunc(slices.Values(told), func(a, b ToldRegistration) int {
		return registrations.compare(a.HeldRegistration, b.HeldRegistration)
	})
	err = im.Runner.Do(ctx, func(t tx.Tx) (err error) {
		if d, err = im.lay(t, told); err != nil {
			return err
		}
		if dryRun || len(d.Refused) > 0 {
			return errKeepNothing
		}
		if d.Recorded = d.New+d.Changed > 0; d.Recorded {
			t.Record(audit.Entry{At: im.Clock(), Actor: portal.Actor{Kind: portal.System, ID: "import registrations"},
				Action: audit.Registered, Ground: "import", Channel: "command", Details: map[string]string{"file": name,
					"new": strconv.Itoa(d.New), "changed": strconv.Itoa(d.Changed), "unchanged": strconv.Itoa(d.Unchanged)}})
		}
		return nil
	})
	if errors.Is(err, errKeepNothing) {
		err = nil
	}
	return d, err
}

func (im *RegistrationImporter) lay(t tx.Tx, told []ToldRegistration) (d RegistrationDifference, err error) {
	for start := 0; start < len(told); {
		end, eans := chunkOf(told, start)
		if err := im.layChunk(t, &d, told[start:end], eans); err != nil {
			return d, err
		}
		if start = end; im.Progress != nil {
			im.Progress(end, len(told))
		}
	}
	slices.SortFunc(d.Refused, func(a, b LineError) int { return a.Line - b.Line })
	return d, nil
}

// chunkOf gives the end of a chunk of whole access points, and which they are.
func chunkOf(told []ToldRegistration, start int) (end int, eans []portal.EAN) {
	for end = start; end < len(told); end++ {
		if n := len(eans); n > 0 && eans[n-1] == told[end].EAN {
			continue
		}
		if len(eans) == chunkSize {
			break
		}
		eans = append(eans, told[end].EAN)
	}
	return end, eans
}

func (im *RegistrationImporter) layChunk(t tx.Tx, d *RegistrationDifference, chunk []ToldRegistration, eans []portal.EAN) error {
	known, err := im.Ledger.RegistryOf(t, eans)
	if err != nil {
		return err
	}
	held, err := im.Ledger.RegistrationsOn(t, eans)
	if err != nil {
		return err
	}
	var put []HeldRegistration
	for _, ean := range eans {
		of := func(one HeldRegistration) bool { return one.EAN == ean }
		var parts []HeldRegistration
		var lines []int
		for _, one := range chunk {
			if of(one.HeldRegistration) {
				parts, lines = append(parts, one.HeldRegistration), append(lines, one.line)
			}
		}
		if !slices.ContainsFunc(known.Points, func(p AccessPoint) bool { return p.EAN == ean }) {
			d.Refused = append(d.Refused, LineError{lines[0], "ean", "the access register does not know it; import the registry first"})
			continue
		}
		for _, one := range parts {
			if !slices.ContainsFunc(known.Occupancies, func(o Occupancy) bool { return o.EAN == ean && o.Contains(one.From) }) {
				d.Nobody++
			}
		}
		anew, c, clash := registrations.merge(slices.DeleteFunc(slices.Clone(held), func(one HeldRegistration) bool { return !of(one) }), parts)
		if clash >= 0 {
			d.Refused = append(d.Refused, LineError{lines[clash], "accepted", "overlaps a registration that is held; say where that one ends"})
			continue
		}
		d.New, d.Changed, d.Unchanged = d.New+c.New, d.Changed+c.Changed, d.Unchanged+c.Unchanged
		for i := range anew {
			if anew[i].ID == "" {
				anew[i].ID = portal.NewID(im.Clock())
			}
		}
		put = append(put, anew...)
	}
	return im.Ledger.PutRegistrations(t, put)
}
