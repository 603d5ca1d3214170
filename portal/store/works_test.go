package store_test

import (
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

// A request over both databases, from its capture to its closing: found again
// as it was, each change dated, by whom and why, with its entry in the trail
// (W4, W11).
func TestWorksOnDatabases(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := portal.Date(2026, 3, 2).Add(9 * time.Hour)
			clock := func() time.Time { return now }
			dsn := b.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			svc := &works.Service{Clock: clock, Runner: s, Store: s, Ring: storetest.Keys(t)}
			visitor := audit.Entry{Actor: portal.Actor{Kind: portal.Visitor}, Channel: "web"}
			officer := audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "otto"}, Channel: "desk"}
			ean := "54144901100000001" + string(portal.EANCheckDigit("54144901100000001"))
			draft := works.Draft{Kind: "new-connection", Energy: "electricity", Requester: "person", Name: "Anna Schmitz", Mail: "anna@example.org",
				Language: "de", Channel: "mail", Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen",
				Values: map[string]string{"power_wished": "17,3", "supply": "three-400"}, FirstOccupied: "1998", Dwelling: true, EndUser: true}

			foreign := draft
			foreign.Values = map[string]string{"power_wished": "1", "supply": "single", "birth_date": "1950-01-01", "A b!": "x"}
			_, err := svc.Capture(t.Context(), visitor, foreign, nil, "", "")
			require.ErrorContains(t, err, "works.foreign")
			require.EqualValues(t, 0, storetest.Number(t, dsn, `SELECT COUNT(*) FROM works`))
			require.EqualValues(t, 1, storetest.Number(t, dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.foreign' AND details LIKE '%(unreadable) birth_date%'`))

			made, err := svc.Capture(t.Context(), visitor, draft, nil, "o1", "")
			require.NoError(t, err)
			require.Len(t, made.Request.Number.Reveal(), 10)
			require.Len(t, made.Code.Reveal(), 6)
			require.Equal(t, works.Incomplete, made.Request.Status, "the site plan is missing (W5)")
			id := made.Request.ID
			kept, steps, err := s.Works(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, made.Request, worksUTC(kept, made.Request))
			require.Len(t, steps, 1)
			require.True(t, keys.Same(kept.Code, registry.DigitsHash(storetest.Keys(t), kept.Key, made.Code)))
			require.EqualValues(t, 0, storetest.Number(t, dsn, `SELECT COUNT(*) FROM trail WHERE details LIKE '%`+made.Code.Reveal()+`%'`))

			storetest.Exec(t, dsn, `INSERT INTO lookup_counters (key, kind, failures, blocked_us, case_id, changed_us) VALUES ('tried', 'works', '', 1, 'B-1', 1)`)
			another := made.Request
			another.ID, another.Key = "another", "tried"
			err = s.Do(t.Context(), func(u tx.Tx) error { return s.PutWorks(u, another) })
			require.Equal(t, portal.Conflict, portal.CodeOf(err), "T6: its number would be born blocked")

			move := func(by audit.Entry, who works.Turn, e works.Event, change func(*works.Request) error) works.Request {
				t.Helper()
				now = now.Add(time.Hour)
				r, err := svc.Move(t.Context(), by, id, who, e, "because", change)
				require.NoError(t, err, e)
				return r
			}
			_, err = svc.Move(t.Context(), visitor, id, works.Requester, works.EventComplete, "", nil)
			require.ErrorContains(t, err, "works.incomplete")
			require.NoError(t, svc.Add(t.Context(), visitor, id, works.Paper{ID: "p1", Document: works.SitePlan, EvidenceID: "e1"}))
			papers, err := s.WorksPapers(t.Context(), id)
			require.NoError(t, err)
			require.Len(t, papers, 1)
			move(visitor, works.Requester, works.EventComplete, nil)
			move(officer, works.Operator, works.EventStudy, nil)
			_, err = svc.Move(t.Context(), visitor, id, works.Requester, works.EventDraw, "", nil)
			require.Equal(t, portal.Conflict, portal.CodeOf(err), "a requester does not study")
			move(officer, works.Operator, works.EventDraw, nil)
			move(officer, works.Operator, works.EventOffer, func(r *works.Request) error {
				r.Offer = works.Offer{Version: 1, Said: true, Lines: [4]int64{0, 31_200, 18_400, 4_800}, VAT: 6, Percent: 50, Terms: "2026", SentAt: now, ValidTo: now.AddDate(0, 3, 0)}
				return nil
			})
			waiting, err := s.WorksList(t.Context(), works.Filter{Turn: works.Requester}, works.Place{}, 10)
			require.NoError(t, err)
			require.Len(t, waiting, 1)
			none, err := s.WorksList(t.Context(), works.Filter{Turn: works.Operator, Team: "east", Kind: works.Phases13}, works.Place{}, 10)
			require.NoError(t, err)
			require.Empty(t, none)
			require.Equal(t, works.Agreed, move(visitor, works.Requester, works.EventAccept, nil).Status)
			move(officer, works.Nobody, works.EventPay, func(r *works.Request) error { r.Offer.Paid = r.Offer.Deposit(); return nil })
			move(officer, works.Operator, works.EventPlan, func(r *works.Request) error { r.Day = now.AddDate(0, 0, 20); return nil })
			move(officer, works.Operator, works.EventStart, nil)
			move(officer, works.Operator, works.EventCarryOut, func(r *works.Request) error { r.Result = "as planned"; return nil })
			require.NoError(t, svc.Note(t.Context(), officer, id, "asset", func(r *works.Request) error { r.AssetAt = now; return nil }))
			require.NoError(t, svc.Note(t.Context(), officer, id, "invoice", func(r *works.Request) error { r.InvoicedAt = now; return nil }))
			last := move(officer, works.Operator, works.EventClose, nil)
			kept, steps, err = s.Works(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, last, worksUTC(kept, last))
			require.Len(t, steps, 11)
			require.Equal(t, works.Step{At: now, Event: works.EventClose, From: works.Done, To: works.Closed, Phase: works.Closing, By: officer.Actor, Reason: "because"},
				utcStep(steps[10], now))
			require.EqualValues(t, 10, storetest.Number(t, dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.moved'`), "one entry each")

			own, err := s.WorksOfOccupancy(t.Context(), "o1")
			require.NoError(t, err)
			require.Len(t, own, 1)
			some, err := s.AnyWorksOf(t.Context(), []string{"o0", "o1"})
			require.NoError(t, err)
			require.True(t, some)
			some, err = s.AnyWorksOf(t.Context(), []string{"o0", ""})
			require.NoError(t, err)
			require.False(t, some)

			supplier := works.Draft{Kind: "drop", Energy: "electricity", Requester: "supplier", Name: "Énergie SA", Mail: "x@example.org", Language: "fr",
				Channel: "mail", CompanyNumber: "0403170701", Street: "Rue 1", Postcode: "5000", Town: "Namur", Values: map[string]string{"ean": ean}}
			_, err = svc.Capture(t.Context(), visitor, supplier, nil, "", "p1")
			require.NoError(t, err)
			old, err := svc.Capture(t.Context(), visitor, draft, []works.Paper{{ID: "p2", Document: works.SitePlan, EvidenceID: "e2"}}, "", "")
			require.NoError(t, err)
			id = old.Request.ID
			move(officer, works.Operator, works.EventDraw, func(r *works.Request) error { r.StudyNotNeeded = true; return nil })
			offered := move(officer, works.Operator, works.EventOffer, func(r *works.Request) error {
				r.Offer = works.Offer{Version: 1, Said: true, VAT: 21, Percent: 50, Terms: "2026", SentAt: now, ValidTo: now.AddDate(0, 3, 0)}
				return nil
			})
			n, err := svc.Lapse(t.Context(), 10)
			require.NoError(t, err)
			require.Zero(t, n)
			now = offered.Offer.ValidTo
			n, err = svc.Lapse(t.Context(), 10)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			kept, _, err = s.Works(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, works.Expired, kept.Status)
		})
	}
}

// worksUTC gives times the zone of what they are compared with.
func worksUTC(kept, like works.Request) works.Request {
	for _, t := range []struct{ kept, like *time.Time }{{&kept.Due, &like.Due}, {&kept.Offer.AgreedAt, &like.Offer.AgreedAt}, {&kept.Offer.PaidAt, &like.Offer.PaidAt}, {&kept.MadeAt, &like.MadeAt}, {&kept.Since, &like.Since}, {&kept.MissingBy, &like.MissingBy},
		{&kept.UserAgreedAt, &like.UserAgreedAt}, {&kept.Day, &like.Day}, {&kept.AssetAt, &like.AssetAt}, {&kept.InvoicedAt, &like.InvoicedAt}, {&kept.MovedAt, &like.MovedAt},
		{&kept.ClosedAt, &like.ClosedAt}, {&kept.Offer.SentAt, &like.Offer.SentAt}, {&kept.Offer.ValidTo, &like.Offer.ValidTo}} {
		if t.kept.Equal(*t.like) {
			*t.kept = *t.like
		}
	}
	return kept
}

func utcStep(s works.Step, like time.Time) works.Step {
	if s.At.Equal(like) {
		s.At = like
	}
	return s
}

// W13: of a person a request has these columns and no other; there is none for
// a national number, a birth date, a household or a bank account.
func TestW13NoColumnForMore(t *testing.T) {
	personal := map[string]bool{"name": true, "mail": true, "telephone": true, "language": true, "channel": true, "company_number": true,
		"billing_name": true, "billing_street": true, "billing_postcode": true, "billing_town": true, "street": true, "postcode": true, "town": true}
	technical := map[string]bool{"id": true, "key": true, "number": true, "code": true, "code_us": true, "kind": true, "energy": true, "requester": true, "facts": true,
		"first_occupied": true, "dwelling": true, "end_user": true, "occupancy_id": true, "partner_id": true, "made_us": true, "phase": true,
		"status": true, "turn": true, "since_us": true, "missing": true, "missing_by_us": true, "study_not_needed": true, "offer": true,
		"offer_until_us": true, "user_agreed_us": true, "day_us": true, "team": true, "result": true, "asset_us": true, "invoiced_us": true,
		"closed_us": true, "due_us": true, "external_id": true, "told_us": true, "moved_us": true, "promised_us": true}
	dsn := storetest.Backends(t)[0].DSN(t)
	storetest.Reopen(t, dsn, time.Now)
	for _, column := range storetest.Columns(t, dsn, "works") {
		require.True(t, personal[column] || technical[column], "works.%s: what is it for?", column)
	}
}
