package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// asking is a store that tells what a delivery reads of it.
type asking struct {
	*store.Store
	tell func(string)
}

func (a asking) MandateLine(ctx context.Context, partnerID, id string, ean portal.EAN) (mandates.Mandate, bool, error) {
	a.tell("mandate line")
	return a.Store.MandateLine(ctx, partnerID, id, ean)
}

func (a asking) MandateDocuments(ctx context.Context, id string) ([]mandates.Document, error) {
	a.tell("documents")
	return a.Store.MandateDocuments(ctx, id)
}

// T7 for third parties, must-show 4: somebody else's mandate and none at all
// are refused by the same statements, and leave the same entry.
func TestT7SameStatementsForMandates(t *testing.T) {
	now := portal.Date(2026, 3, 2)
	clock := func() time.Time { return now }
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s := b.Open(t, clock)
			o := partner.Organisation{ID: "theirs", Name: "Énergie SA", CompanyNumber: "0403170701", Mail: "i@e.example", PrivacyMail: "d@e.example",
				Language: portal.French, Street: "Rue 1", Postcode: "5000", Town: "Namur", Manager: "M", Status: partner.Approved, AskedAt: now}
			mine := o
			mine.ID, mine.CompanyNumber = "mine", "0202239951"
			require.NoError(t, s.Do(t.Context(), func(t tx.Tx) error { return errors.Join(s.PutPartner(t, o), s.PutPartner(t, mine)) }))
			var told []string
			tell := func(text string) { told = append(told, text) }
			by := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "m"}, Ground: "partner", Channel: "api"}
			const ean = portal.EAN("541449000000000010")
			theirs, err := (&mandates.Service{Clock: clock, Runner: s, Store: s}).Draft(t.Context(), by, o.Mandatary(), mandates.Draft{Name: "Claes", Capacity: "occupant",
				Street: "Rue Haute 1", Postcode: "5000", Town: "Namur", Language: "fr", Points: string(ean), Kinds: []string{"totals"}, Purpose: "Comparer des offres."})
			require.NoError(t, err)
			service := &mandates.Service{Clock: clock, Runner: store.Traced(s, tell), Store: asking{s, tell}}
			refused := func(id string) string {
				told = nil
				_, err := service.Hand(t.Context(), &metering.History{Ledger: s, Clock: clock}, by, mine.ID, id,
					mandates.Asked{EAN: ean, Query: metering.Query{Grain: metering.ByMonth}})
				require.Equal(t, portal.NotFound, portal.CodeOf(err))
				return fmt.Sprint(err, "\n", strings.Join(told, "\n"))
			}
			another := refused(theirs.ID)
			require.Contains(t, another, "entries: 1, letters: 0")
			require.Equal(t, refused(portal.NewID(now)), another)
		})
	}
}
