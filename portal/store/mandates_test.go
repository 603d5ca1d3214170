package store_test

import (
	"context"
	"testing"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// The life of a mandate over both databases: drafted, given in, granted, told,
// waiting for ten working days, confirmed, delivered, revoked, refused; each
// step with its entry in the trail (D8, Ld5, L18, L29).
func TestMandatesOnDatabases(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := portal.Date(2026, 3, 2).Add(9 * time.Hour)
			clock := func() time.Time { return now }
			dsn := b.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			h := newHome(t, s, dsn)
			svc := &mandates.Service{Clock: clock, Runner: s, Store: s}
			history := &metering.History{Ledger: s, Clock: clock}
			by := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "anna"}, Channel: "web"}
			officer := audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "otto"}, Channel: "desk"}
			to := mandates.Mandatary{ID: "p1", Name: "Énergie SA", CompanyNumber: "0403170701"}
			m, err := svc.Draft(t.Context(), by, to, mandates.Draft{Name: "Marie Dupont", Capacity: "occupant", Street: "Rue 1", Postcode: "5000",
				Town: "Namur", Language: "fr", Points: string(h.ean), Kinds: []string{"totals"}, DataFrom: "2026-01-01", Purpose: "Comparer les offres"})
			require.NoError(t, err)
			kept, found, err := s.Mandate(t.Context(), "p1", m.ID)
			require.NoError(t, err)
			require.True(t, found)
			require.Equal(t, m, utc(kept, m))
			_, found, err = s.Mandate(t.Context(), "p2", m.ID)
			require.NoError(t, err)
			require.False(t, found, "another's is not there")
			require.Equal(t, portal.NotFound, portal.CodeOf(svc.GiveIn(t.Context(), by, "p2", m.ID, mandates.Document{ID: "d"})))

			require.NoError(t, svc.GiveIn(t.Context(), by, "p1", m.ID, mandates.Document{ID: "d1", EvidenceID: "e1", Hash: []byte{1, 2}}))
			waiting, err := s.MandatesWaiting(t.Context(), mandates.Place{}, 10)
			require.NoError(t, err)
			require.Len(t, waiting, 1)
			require.Equal(t, "Énergie SA", waiting[0].PartnerName)
			require.NoError(t, svc.Return(t.Context(), officer, m.ID, "Page 2 manque"))
			require.Equal(t, portal.Conflict, portal.CodeOf(svc.Return(t.Context(), officer, m.ID, "encore")))
			require.NoError(t, svc.GiveIn(t.Context(), by, "p1", m.ID, mandates.Document{ID: "d2", EvidenceID: "e2", Hash: []byte{3}}))

			decision := mandates.Decision{Signature: mandates.ByHand, Given: now, Lines: map[portal.EAN]mandates.LineDecision{h.ean: {OccupancyID: h.stay}}}
			require.ErrorContains(t, svc.Decide(t.Context(), officer, to, m.ID, decision), "mandate.unchecked", "every point is compared")
			unread := decision
			unread.Signature, unread.Verdict = mandates.Electronic, evidence.Verdict{Signer: evidence.Signer{Name: "Marie Dupont"}, SignedAt: now}
			require.ErrorContains(t, svc.Decide(t.Context(), officer, to, m.ID, unread), "mandate.unchecked", "a signature proves who, not that it is this text")
			for _, signer := range []string{"", "Marc Dupont"} { // D8 (b): no signature, and somebody else's
				electronic := decision
				electronic.Checks = mandates.Checks
				electronic.Signature, electronic.Verdict = mandates.Electronic, evidence.Verdict{Signer: evidence.Signer{Name: signer}}
				if signer != "" {
					electronic.Verdict.SignedAt = now
				}
				require.ErrorContains(t, svc.Decide(t.Context(), officer, to, m.ID, electronic), "evidence.signature.")
			}
			decision.Checks = mandates.Checks
			old := decision
			old.Given = now.Add(-time.Second)
			require.ErrorContains(t, svc.Decide(t.Context(), officer, to, m.ID, old), "mandate.changed", "what was given in anew was compared by nobody")
			require.NoError(t, svc.Decide(t.Context(), officer, to, m.ID, decision))
			deliver := func() error {
				_, err := svc.Hand(t.Context(), history, by, "p1", m.ID, mandates.Asked{EAN: h.ean, Query: metering.Query{Grain: metering.ByMonth}})
				return err
			}
			require.Equal(t, portal.Denied, portal.CodeOf(deliver()), "its letter has not left")
			require.EqualValues(t, 1, storetest.Number(t, dsn, `SELECT COUNT(*) FROM letters_about WHERE kind = 'mandate' AND occupancy_id = $1`, h.stay))
			storetest.Exec(t, dsn, `UPDATE letters_about SET handed_us = $1 WHERE kind = 'mandate'`, portal.Micros(now))
			now = portal.Date(2026, 3, 16).Add(23 * time.Hour)
			require.Equal(t, portal.Denied, portal.CodeOf(deliver()), "the tenth working day is not over")
			now = portal.Date(2026, 3, 17)
			require.NoError(t, deliver())

			here, err := svc.Here(t.Context(), h.stay)
			require.NoError(t, err)
			require.Len(t, here, 1)
			require.Equal(t, now, here[0].Lines[0].DeliveredAt.In(portal.Brussels))
			require.Equal(t, portal.NotFound, portal.CodeOf(svc.Revoke(t.Context(), by, "another", m.ID)))
			require.NoError(t, svc.Confirm(t.Context(), by, h.stay, m.ID))
			require.NoError(t, svc.Revoke(t.Context(), by, h.stay, m.ID))
			require.Equal(t, portal.Denied, portal.CodeOf(deliver()), "at once")
			require.NoError(t, svc.Revoke(t.Context(), by, h.stay, m.ID), "twice is once")

			for action, n := range map[audit.Action]int64{audit.MandateDrafted: 1, audit.MandateGiven: 2, audit.MandateReturned: 1,
				audit.MandateGranted: 1, audit.MandateRevoked: 1, audit.Delivered: 1, audit.DeliveryRefused: 3} {
				require.Equal(t, n, storetest.Number(t, dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(action)), action)
			}
		})
	}
}

// utc gives what came from the database the locations that the draft has.
func utc(kept, drafted mandates.Mandate) mandates.Mandate {
	for _, pair := range [][2]*time.Time{
		{&kept.Scope.Data.From, &drafted.Scope.Data.From}, {&kept.Scope.Data.To, &drafted.Scope.Data.To},
		{&kept.Scope.Validity.From, &drafted.Scope.Validity.From}, {&kept.Scope.Validity.To, &drafted.Scope.Validity.To},
		{&kept.CreatedAt, &drafted.CreatedAt},
	} {
		if pair[0].Equal(*pair[1]) {
			*pair[0] = *pair[1]
		}
	}
	return kept
}

type home struct {
	ean  portal.EAN
	stay string
}

// newHome is one access point with its occupant, three months of days, and a
// partner.
func newHome(t *testing.T, s *store.Store, dsn string) home {
	h := home{ean: "541449000000000010", stay: "stay"}
	since := portal.Period{From: portal.Date(2024, 1, 1)}
	require.NoError(t, s.Do(context.Background(), func(t tx.Tx) error {
		return s.PutRegistry(t, registry.Batch{
			Points: []registry.AccessPoint{{EAN: h.ean, Energy: portal.Electricity, Street: "Rue 1", Postcode: "5000", Town: "Namur", PowerVA: 9200}},
			Meters: []registry.Meter{{ID: "m", EAN: h.ean, Number: "1SAG1100000001", Period: since}},
			Occupancies: []registry.Occupancy{{ID: h.stay, EAN: h.ean, Name: "Marie Dupont", Language: "fr",
				Street: "Rue 1", Postcode: "5000", Town: "Namur", Period: since}},
		})
	}))
	importer := &metering.Importer{Archive: s, Runner: s, Clock: func() time.Time { return portal.Date(2026, 3, 2) }}
	_, err := importer.Load(context.Background(), func(yield func(metering.Day) bool) {
		for day := portal.Date(2026, 1, 1); day.Before(portal.Date(2026, 3, 1)); day = day.AddDate(0, 0, 1) {
			if !yield(metering.Day{EAN: h.ean, Register: metering.OfftakeTotal, Date: day, Meter: "m", Values: []metering.Slot{{Value: metering.Value{Amount: 5000}}}}) {
				return
			}
		}
	})
	require.NoError(t, err)
	storetest.Exec(t, dsn, `INSERT INTO partners (id, name, company_number, mail, privacy_mail, language, street, postcode, town, supplier,
  manager, status, asked_us, decided_us, decided_by, reason)
  VALUES ('p1', 'Énergie SA', '0403170701', 'a@example.org', 'p@example.org', 'fr', 'Rue', '5000', 'Namur', '', 'Anna', 'approved', 1, 1, 'otto', '')`)
	return h
}
