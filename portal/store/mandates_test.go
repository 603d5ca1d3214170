package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/metering"
	"guichet/portal/outbox"
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

			// Ld4: a move ends it at its own date, whoever reads it, and however late it
			// was learnt; a stay that was given back is not over.
			left := portal.Date(2026, 3, 9)
			stay := func(to time.Time) {
				storetest.Exec(t, dsn, `UPDATE occupancies SET to_us = $1 WHERE id = $2`, portal.Micros(to), h.stay)
			}
			stay(left)
			kept, _, err = s.Mandate(t.Context(), "p1", m.ID)
			require.NoError(t, err)
			here, err = svc.Here(t.Context(), h.stay)
			require.NoError(t, err)
			for _, l := range []mandates.Line{kept.Lines[0], here[0].Lines[0]} {
				require.Equal(t, mandates.LineEnded, l.StatusAt(now, kept.Scope.Validity.To))
				require.Equal(t, mandates.LineExpired, l.StatusAt(now, left), "what ran out no later ran out")
				end, at := l.Over()
				require.Equal(t, mandates.ByMove, end)
				require.True(t, left.Equal(at))
			}
			_, refused := kept.Reach(kept.Lines[0], registry.Occupancy{}, metering.ByMonth, now)
			require.Equal(t, mandates.OutOfStay, refused)
			stay(time.Time{})
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

// D9: once a renewal delivers, be it by time alone, the mandate before does
// not, for nobody: nothing is waited for, and the customer sees it.
func TestARenewalOnDatabases(t *testing.T) {
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
			to := mandates.Mandatary{ID: "p1", Name: "Énergie SA", CompanyNumber: "0403170701"}
			draft := mandates.Draft{Name: "Marie Dupont", Capacity: "occupant", Street: "Rue 1", Postcode: "5000", Town: "Namur", Language: "fr",
				Points: string(h.ean), Kinds: []string{"totals"}, DataFrom: "2026-01-01", Purpose: "Comparer les offres"}
			grant := func(id string) {
				require.NoError(t, svc.GiveIn(t.Context(), by, "p1", id, mandates.Document{ID: id, EvidenceID: id, Hash: []byte{1}}))
				require.NoError(t, svc.Decide(t.Context(), by, to, id, mandates.Decision{Signature: mandates.ByHand, Given: now, Checks: mandates.Checks,
					Lines: map[portal.EAN]mandates.LineDecision{h.ean: {OccupancyID: h.stay}}}))
			}
			deliver := func(id string) portal.Code {
				_, err := svc.Hand(t.Context(), history, by, "p1", id, mandates.Asked{EAN: h.ean, Query: metering.Query{Grain: metering.ByMonth}})
				if err == nil {
					return ""
				}
				return portal.CodeOf(err)
			}
			old, err := svc.Draft(t.Context(), by, to, draft)
			require.NoError(t, err)
			grant(old.ID)
			require.NoError(t, svc.Confirm(t.Context(), by, h.stay, old.ID))
			now = now.AddDate(0, 0, 1)
			renewal, err := svc.Renew(t.Context(), by, to, old.ID, draft)
			require.NoError(t, err)
			grant(renewal.ID)
			require.Zero(t, deliver(old.ID), "its letter has not left")
			storetest.Exec(t, dsn, `UPDATE letters_about SET handed_us = $1`, portal.Micros(now))
			m, _, err := s.Mandate(t.Context(), "p1", renewal.ID)
			require.NoError(t, err)
			begins := m.Lines[0].Begins()
			now = begins.Add(-time.Microsecond)
			require.Zero(t, deliver(old.ID))
			require.Equal(t, portal.Denied, deliver(renewal.ID))
			now = begins
			require.Equal(t, portal.Denied, deliver(old.ID), "by time alone: nobody has come for the renewal yet")
			why, err := svc.Reaches(t.Context(), "p1", old.ID, h.ean, metering.ByMonth)
			require.NoError(t, err)
			require.Equal(t, mandates.NotInForce, why)
			seen, err := svc.Here(t.Context(), h.stay)
			require.NoError(t, err)
			require.Len(t, seen, 2)
			require.Equal(t, old.ID, seen[1].ID)
			require.Equal(t, mandates.LineEnded, seen[1].Lines[0].StatusAt(now, seen[1].Scope.Validity.To))
			require.Zero(t, storetest.Number(t, dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(audit.MandateEnded)))
			now = now.AddDate(0, 0, 1)
			require.Zero(t, deliver(renewal.ID))
			require.Zero(t, deliver(renewal.ID))
			require.EqualValues(t, 1, storetest.Number(t, dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(audit.MandateEnded)))
			require.Equal(t, portal.Micros(begins), storetest.Number(t, dsn, `SELECT ended_us FROM mandate_lines WHERE mandate_id = $1 AND ended_as = 'renewed'`, old.ID))

			// What the customer revokes while it waits takes nobody's place.
			second, err := svc.Renew(t.Context(), by, to, renewal.ID, draft)
			require.NoError(t, err)
			grant(second.ID)
			storetest.Exec(t, dsn, `UPDATE letters_about SET handed_us = $1`, portal.Micros(now))
			require.NoError(t, svc.Revoke(t.Context(), by, h.stay, second.ID))
			now = now.AddDate(0, 1, 0)
			require.Zero(t, deliver(renewal.ID))
		})
	}
}

// D7, Ld4: the right of an heir, granted by two officers, ends what the holder
// gave in the same unit of work, and what is posted goes to the heir as long as
// it lives; a guardian's changes nothing.
func TestD7DeathEndsMandates(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := portal.Date(2026, 3, 2).Add(9 * time.Hour)
			clock := func() time.Time { return now }
			dsn := b.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			h := newHome(t, s, dsn)
			svc := &mandates.Service{Clock: clock, Runner: s, Store: s}
			grounds := &registry.Grounds{Ring: storetest.Keys(t), Clock: clock, Runner: s, Store: s, Bereaved: svc.Bereave}
			by := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "anna"}, Channel: "web"}
			to := mandates.Mandatary{ID: "p1", Name: "Énergie SA", CompanyNumber: "0403170701"}
			m, err := svc.Draft(t.Context(), by, to, mandates.Draft{Name: "Marie Dupont", Capacity: "occupant", Street: "Rue 1", Postcode: "5000", Town: "Namur",
				Language: "fr", Points: string(h.ean), Kinds: []string{"totals"}, DataFrom: "2026-01-01", Purpose: "Comparer les offres"})
			require.NoError(t, err)
			require.NoError(t, svc.GiveIn(t.Context(), by, "p1", m.ID, mandates.Document{ID: "d", EvidenceID: "e", Hash: []byte{1}}))
			require.NoError(t, svc.Decide(t.Context(), by, to, m.ID, mandates.Decision{Signature: mandates.ByHand, Given: now, Checks: mandates.Checks,
				Lines: map[portal.EAN]mandates.LineDecision{h.ean: {OccupancyID: h.stay}}}))
			require.NoError(t, svc.Confirm(t.Context(), by, h.stay, m.ID))
			now = now.Add(time.Minute)
			write := func() (mandates.Mandate, error) {
				return svc.Write(t.Context(), by, h.stay, mandates.Own{Partner: "p1", Draft: mandates.Draft{Capacity: "occupant", Language: "fr",
					Kinds: []string{"totals"}, Purpose: "Comparer les offres"}})
			}
			own, err := write()
			require.NoError(t, err)
			given, err := svc.Draft(t.Context(), by, to, mandates.Draft{Name: "Marie Dupont", Capacity: "occupant", Street: "Rue 1", Postcode: "5000", Town: "Namur",
				Language: "fr", Points: string(h.ean), Kinds: []string{"totals"}, DataFrom: "2026-01-01", Purpose: "Comparer les offres"})
			require.NoError(t, err)
			require.NoError(t, svc.GiveIn(t.Context(), by, "p1", given.ID, mandates.Document{ID: "d2", EvidenceID: "e2", Hash: []byte{2}}))
			givenAt := now
			decide := func(line mandates.LineDecision) error {
				return svc.Decide(t.Context(), by, to, given.ID, mandates.Decision{Signature: mandates.ByHand, Given: givenAt, Checks: mandates.Checks,
					Lines: map[portal.EAN]mandates.LineDecision{h.ean: line}})
			}
			status := func() (mandates.LineStatus, mandates.Status) {
				list, err := svc.Here(t.Context(), h.stay)
				require.NoError(t, err)
				require.Len(t, list, 2)
				require.Equal(t, own.ID, list[0].ID)
				return list[1].Lines[0].StatusAt(now, list[1].Scope.Validity.To), list[0].Status
			}
			posted := func() string {
				p, err := s.Posting(t.Context(), h.stay)
				require.NoError(t, err)
				require.NoError(t, s.Do(t.Context(), func(u tx.Tx) error {
					u.Send(outbox.Letter{Kind: outbox.Detail, Language: "fr", QueuedAt: now, About: []string{h.stay}, To: outbox.Address{Name: "Marie Dupont"}})
					return nil
				}))
				letters, err := s.WaitingLetters(t.Context(), "", 100)
				require.NoError(t, err)
				last := letters[len(letters)-1].To
				require.Equal(t, p.Occupancy.Name, last.Name)
				return last.Name + ", " + last.Town
			}
			grant := func(kind registry.GroundKind) string {
				now = now.Add(time.Minute)
				id, err := grounds.Ask(t.Context(), portal.Actor{Kind: portal.Staff, ID: "lena"}, registry.Ground{EAN: h.ean, Kind: kind, Name: "Otto Peters",
					Language: "de", Street: "Rue B 2", Postcode: "4700", Town: "Eupen", Period: portal.Period{From: portal.Date(2024, 1, 1)},
					Until: now.AddDate(1, 0, 0), Evidence: "Acte de notoriété du 3 mars"})
				require.NoError(t, err)
				require.NoError(t, grounds.Decide(t.Context(), portal.Actor{Kind: portal.Staff, ID: "marc"}, id, true))
				now = now.Add(time.Minute)
				return id
			}
			grant(registry.Guardian)
			line, text := status()
			require.Equal(t, mandates.LineInForce, line)
			require.Equal(t, mandates.Drafted, text)
			require.Equal(t, "Marie Dupont, ", posted())
			heir := grant(registry.Heir)
			line, text = status()
			require.Equal(t, mandates.LineEnded, line)
			require.Equal(t, mandates.Withdrawn, text)
			require.Equal(t, "death", howItEnded(t, s, m.ID))
			require.Equal(t, "Otto Peters, Eupen", posted())
			require.EqualValues(t, 1, storetest.Number(t, dsn, `SELECT COUNT(*) FROM trail WHERE action = $1 AND actor_id = 'marc'`, string(audit.MandateEnded)))
			// Nor can anything be given in their name any more.
			stays := func() {
				require.ErrorContains(t, decide(mandates.LineDecision{OccupancyID: h.stay}), "mandate.bereaved")
				_, err = write()
				require.ErrorContains(t, err, "mandate.deceased")
			}
			stays()
			end := func(id string, why registry.EndedWhy) {
				now = now.Add(time.Minute)
				require.NoError(t, grounds.End(t.Context(), portal.Actor{Kind: portal.Staff, ID: "lena"}, id, why))
				now = now.Add(time.Minute)
			}
			end(heir, "over")
			require.Equal(t, "Marie Dupont, ", posted())
			stays()
			storetest.Exec(t, dsn, `UPDATE grounds SET ended_why = 'mistake' WHERE id = $1`, heir)
			require.NoError(t, decide(mandates.LineDecision{OccupancyID: h.stay}), "nobody died")
			_, err = write()
			require.NoError(t, err)
			end(grant(registry.Heir), "mistake")
			_, err = write()
			require.NoError(t, err)
		})
	}
}

// D8: what a customer wrote is about their own stay, not about that of a namesake
// who came after; and who stands behind a reference fills no company's list, be
// it by withdrawing what they wrote.
func TestD8WrittenMandatesOnDatabases(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := portal.Date(2026, 3, 2).Add(9 * time.Hour)
			clock := func() time.Time { return now }
			dsn := b.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			h := newHome(t, s, dsn)
			svc := &mandates.Service{Clock: clock, Runner: s, Store: s}
			by := audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}
			to := mandates.Mandatary{ID: "p1", Name: "Énergie SA", CompanyNumber: "0403170701"}
			writeAs := func(purpose string) (string, error) {
				m, err := svc.Write(context.Background(), by, h.stay, mandates.Own{Partner: "p1", Draft: mandates.Draft{Capacity: "occupant", Language: "fr",
					Kinds: []string{"totals"}, Purpose: purpose}})
				return m.ID, err
			}
			var count atomic.Int64
			write := func() (string, error) { return writeAs(fmt.Sprint("Comparer les offres, fois ", count.Add(1))) }
			var ids []string
			var mutex sync.Mutex
			var all sync.WaitGroup
			for range 8 { // at once
				all.Go(func() {
					id, err := write()
					mutex.Lock()
					defer mutex.Unlock()
					if err == nil {
						ids = append(ids, id)
					} else if !strings.Contains(err.Error(), "mandate.written") {
						t.Error(err)
					}
				})
			}
			all.Wait()
			require.Len(t, ids, 5)
			refused := func() {
				_, err := write()
				require.Equal(t, portal.TooMany, portal.CodeOf(err))
			}
			now = now.Add(time.Hour)
			for _, id := range ids[1:] {
				require.NoError(t, svc.Unwrite(t.Context(), by, h.stay, id))
			}
			refused()
			now = now.AddDate(0, 0, 1)
			last := ""
			for range 4 {
				var err error
				last, err = write()
				require.NoError(t, err)
			}
			refused()

			// Sent twice it is one, as long as it waits for its signature.
			now = now.AddDate(0, 0, 1)
			for _, id := range []string{ids[0], last} {
				require.NoError(t, svc.Unwrite(t.Context(), by, h.stay, id))
			}
			var twice [4]string
			for i := range twice {
				all.Go(func() { twice[i], _ = writeAs("Comparer, encore") })
			}
			all.Wait()
			require.NotEmpty(t, twice[0])
			for _, id := range twice {
				require.Equal(t, twice[0], id)
			}
			ids[0] = twice[0]
			require.NoError(t, svc.GiveIn(t.Context(), by, "p1", ids[0], mandates.Document{ID: "d", EvidenceID: "e", Hash: []byte{1}}))
			another, err := writeAs("Comparer, encore")
			require.NoError(t, err)
			require.NotEqual(t, ids[0], another, "that one has been given in")
			given := now
			now = now.AddDate(0, 0, 3)
			moved := portal.Date(2026, 3, 5)
			storetest.Exec(t, dsn, `UPDATE occupancies SET to_us = $1 WHERE id = 'stay'`, portal.Micros(moved))
			require.NoError(t, s.Do(t.Context(), func(u tx.Tx) error {
				return s.PutRegistry(u, registry.Batch{Occupancies: []registry.Occupancy{{ID: "namesake", EAN: h.ean, Name: "Marie Dupont", Language: "fr",
					Street: "Rue 1", Postcode: "5000", Town: "Namur", Period: portal.Period{From: moved}}}})
			}))
			decide := func(line mandates.LineDecision) error {
				return svc.Decide(t.Context(), by, to, ids[0], mandates.Decision{Signature: mandates.ByHand, Given: given, Checks: mandates.Checks,
					Lines: map[portal.EAN]mandates.LineDecision{h.ean: line}})
			}
			require.ErrorContains(t, decide(mandates.LineDecision{OccupancyID: "namesake"}), "mandate.other-stay")
			require.ErrorContains(t, decide(mandates.LineDecision{OccupancyID: h.stay}), "mandate.stay")
			require.NoError(t, decide(mandates.LineDecision{Reason: "other"}))
		})
	}
}

// howItEnded is how the one line of a mandate ended.
func howItEnded(t *testing.T, s *store.Store, id string) string {
	m, _, err := s.Mandate(t.Context(), "p1", id)
	require.NoError(t, err)
	end, _ := m.Lines[0].Over()
	return string(end)
}
