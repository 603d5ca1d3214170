package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/evidence"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// purgeCmd deletes what is kept no longer.
type purgeCmd struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

// Help is shown by --help.
func (purgeCmd) Help() string {
	return `Example: guichet purge

Deletes what is kept no longer, and leaves entries in the trail of how much; the
trail verifies as before. Again, it changes nothing. serve does the same once a
day, and guichet daily does it, too.

Of the trail: who, what and why of entries about who came, tried, signed in or
read after three years, and of those about what was shown or left after ten;
that there was an entry, when, and what kind stays. References three months
after they last opened anything. Uploaded documents three years after the end
of what they belong to. Visits after six months, browsers that were known after
thirteen, failures at the gate that have lapsed after 180 days; a block stays.
Of requests for works: events after six months, reminders and calendars after
three, installers' ended access after three years.`
}

// purged is what a run came to.
type purged struct {
	Accesses    int `json:"trail_accesses"`
	Disclosures int `json:"trail_disclosures"`
	References  int `json:"references"`
	Documents   int `json:"documents"`
	Visits      int `json:"visits"`
	Browsers    int `json:"browsers"`
	Tries       int `json:"lapsed_failures"`
	Works       int `json:"works_leftovers"`
}

// Run implements the command.
func (c purgeCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	gone, err := f.purge(ctx, f.clock)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(gone)
	}
	gone.print(t)
	return nil
}

func (p purged) print(t *terminal) {
	t.printf("entries of the trail emptied: %d of accesses, %d of disclosures\n", p.Accesses, p.Disclosures)
	t.printf("ended references forgotten: %d; visits: %d; browsers: %d; lapsed failures: %d\n", p.References, p.Visits, p.Browsers, p.Tries)
	t.printf("uploaded documents deleted: %d; leftovers of requests for works: %d\n", p.Documents, p.Works)
}

// placesARound is how many places of the trail are looked at in one unit of
// work, while which others wait.
const placesARound = 2000

// purge deletes what is kept no longer (D16). It is safe to run in several
// processes at once; what fails keeps no other waiting.
func (f *foundation) purge(ctx context.Context, clock portal.Clock) (gone purged, err error) {
	forgotten, err := (&lookup.Forgetter{Store: f.store, Runner: f.store, Clock: clock}).Forget(ctx)
	gone.Visits, gone.Browsers, gone.Tries = forgotten.Visits, forgotten.Browsers, forgotten.Tries
	all := []error{err}
	gone.References, err = (&registry.Forgetter{Store: f.store, Runner: f.store, Clock: clock}).Forget(ctx)
	all = append(all, err)
	gone.Documents, err = (&evidence.Service{Clock: clock, Runner: f.store, Store: f.store}).Purge(ctx)
	all = append(all, err)
	gone.Works, err = inGoes(ctx, f.works().Forget)
	all = append(all, err)
	for term, count := range map[audit.Term]*int{audit.Accesses: &gone.Accesses, audit.Disclosures: &gone.Disclosures} {
		*count, err = f.eraseTerm(ctx, term, clock())
		all = append(all, err)
	}
	return gone, errors.Join(all...)
}

func (f *foundation) eraseTerm(ctx context.Context, term audit.Term, now time.Time) (gone int, err error) {
	for more := true; more && err == nil; {
		n := 0
		err = f.store.Do(ctx, func(t tx.Tx) (err error) {
			n, more, err = f.store.EraseTerm(t, term, now, placesARound)
			return err
		})
		gone += n
	}
	return gone, err
}
