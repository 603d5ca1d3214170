package store_test

import (
	"context"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/works"
	"guichet/works/payment"

	"github.com/stretchr/testify/require"
)

// yard is a works service over one database, with what a request needs to go on.
type yard struct {
	*works.Service
	t     *testing.T
	store *store.Store
	dsn   string
	now   time.Time
	known storetest.Known
}

var foreman = audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "wim"}, Channel: "desk"}

func yards(t *testing.T, test func(*testing.T, *yard)) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			y := &yard{t: t, dsn: b.DSN(t), now: portal.Date(2026, 3, 2).Add(9 * time.Hour)}
			clock := func() time.Time { return y.now }
			y.store = storetest.Reopen(t, y.dsn, clock)
			y.known = storetest.References(t, y.dsn, 1)[0]
			y.Service = &works.Service{Clock: clock, Runner: y.store, Store: y.store, Ring: storetest.Keys(t)}
			test(t, y)
		})
	}
}

func (y *yard) capture(kind, name string, values map[string]string) works.Request {
	y.t.Helper()
	values["ean"] = string(y.known.EAN)
	if kind == "new-connection" {
		delete(values, "ean")
	}
	made, err := y.Capture(y.t.Context(), foreman, works.Draft{Kind: kind, Energy: "electricity", Requester: "person", Name: name, Mail: "a@example.org",
		Language: "de", Channel: "mail", Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen", Values: values, FirstOccupied: "1998", Dwelling: true, EndUser: true},
		[]works.Paper{{ID: portal.NewID(y.now), Document: works.SitePlan, EvidenceID: "e"}}, "", "")
	require.NoError(y.t, err)
	return made.Request
}

func (y *yard) move(id string, who works.Turn, e works.Event, change func(*works.Request) error) works.Request {
	y.t.Helper()
	r, err := y.Move(y.t.Context(), foreman, id, who, e, "because", change)
	require.NoError(y.t, err, e)
	return r
}

// offer draws up an offer of 100.00 without VAT and sends it.
func (y *yard) offer(r works.Request) works.Request {
	y.t.Helper()
	y.move(r.ID, works.Operator, works.EventDraw, func(r *works.Request) error { r.StudyNotNeeded = true; return nil })
	return y.move(r.ID, works.Operator, works.EventOffer, func(r *works.Request) error {
		r.Offer = works.Offer{Version: 1, Said: true, Lines: [4]int64{0, 10_000, 0, 0}, VAT: 6, Percent: 50, Terms: "2026", SentAt: y.now, ValidTo: y.now.AddDate(0, 3, 0)}
		return nil
	})
}

func (y *yard) agree(r works.Request) works.Request {
	y.t.Helper()
	y.offer(r)
	return y.move(r.ID, works.Requester, works.EventAccept, func(r *works.Request) error {
		r.Offer.AgreedAt, r.Offer.AgreedBy, r.Offer.AgreedOn = y.now, "Anna", works.OnPaper
		return nil
	})
}

func (y *yard) request(id string) works.Request {
	y.t.Helper()
	r, _, err := y.store.Works(y.t.Context(), id)
	require.NoError(y.t, err)
	return r
}

func paid(id string, day time.Time, cents int64, to keys.Secret, text string) payment.Payment {
	p := payment.Payment{ID: id, Entry: day, Cents: cents, Reference: id, Text: text}
	if to != "" {
		p.Communication, _ = payment.CommunicationOf(to.Reveal())
	}
	return p
}

// C.4: payments are booked once to the request whose number they carry, the
// bank's day drives the clock, and what does not fit waits for an officer.
func TestWorksPayments(t *testing.T) {
	yards(t, func(t *testing.T, y *yard) {
		r := y.agree(y.capture("new-connection", "Anna", map[string]string{"power_wished": "9", "supply": "single"}))
		require.Equal(t, portal.Date(2026, 3, 18), r.Due.In(portal.Brussels), "15 days from 2 March end on the 17th")
		lost := y.capture("two-rate", "Berta", map[string]string{})
		y.now = y.now.AddDate(0, 0, 9)
		day := portal.Date(2026, 3, 10) // the bank's; the file comes a day later
		file := []payment.Statement{{Passed: 2, Payments: []payment.Payment{
			paid("1", day, 3_000, r.Number, ""), paid("2", day, 2_300, r.Number, ""), paid("3", day, 5_000, "", "for the meter"),
			paid("4", day, 5_000, "1234567890", ""), paid("5", day, 100, lost.Number, ""), paid("6", day, 9_900, r.Number, "")}}}
		dry, err := y.File(t.Context(), "march.cod", file, true)
		require.NoError(t, err)
		require.Zero(t, y.request(r.ID).Offer.Paid, "a dry run keeps nothing")
		require.EqualValues(t, 0, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM works_payments`))
		told, err := y.File(t.Context(), "march.cod", file, false)
		require.NoError(t, err)
		require.Equal(t, dry, told)
		require.Equal(t, works.Filed{New: 6, Booked: 2, Waiting: 4, Passed: 2, Covered: 1, Cents: 5_300}, told)
		kept, steps, err := y.store.Works(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, works.Preparing, kept.Status)
		require.EqualValues(t, 5_300, kept.Offer.Paid)
		require.True(t, kept.Offer.PaidAt.Equal(day))
		last := steps[len(steps)-1]
		require.Equal(t, works.EventPay, last.Event)
		require.True(t, last.At.Equal(day), "the bank's day drives the clocks")
		require.True(t, kept.Due.Equal(portal.Date(2026, 4, 10)), "30 calendar days from 10 March: 9 April")
		require.EqualValues(t, 2, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.paid'`))
		require.EqualValues(t, 1, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'payments.filed'`))

		again, err := y.File(t.Context(), "march.cod", file, false)
		require.NoError(t, err)
		require.Equal(t, works.Filed{Known: 6, Passed: 2}, again)
		require.EqualValues(t, 5_300, y.request(r.ID).Offer.Paid, "nothing is booked twice")

		waiting, err := y.store.WorksPaymentsWaiting(t.Context(), works.Place{}, 10)
		require.NoError(t, err)
		var why []works.Wait
		for _, b := range waiting {
			why = append(why, b.Wait)
		}
		require.Equal(t, []works.Wait{works.WaitUnknown, works.WaitUnknown, works.WaitOffer, works.WaitMuch}, why)
		require.ErrorContains(t, y.Assign(t.Context(), foreman, "3", lost.Number.Reveal()), "desk.works.wait.offer")
		require.NoError(t, y.Assign(t.Context(), foreman, "3", r.Number.Reveal()))
		require.EqualValues(t, 10_300, y.request(r.ID).Offer.Paid)
		require.NoError(t, y.SetAside(t.Context(), foreman, "4", "sent back by the bank"))
		require.Equal(t, portal.Conflict, portal.CodeOf(y.Assign(t.Context(), foreman, "4", r.Number.Reveal())), "somebody was faster")
		require.EqualValues(t, 1, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'payment.aside'`))
		booked, err := y.store.WorksPayments(t.Context(), r.ID)
		require.NoError(t, err)
		require.Len(t, booked, 3)

		// Wd3: what the bank takes back stops what is to come; more than was paid waits.
		_, err = y.File(t.Context(), "back.cod", []payment.Statement{{Payments: []payment.Payment{
			paid("7", day, -9_000, r.Number, ""), paid("8", day, -9_000, r.Number, "")}}}, false)
		require.NoError(t, err)
		require.EqualValues(t, 1_300, y.request(r.ID).Offer.Paid)
		_, err = y.Move(t.Context(), foreman, r.ID, works.Operator, works.EventPlan, "", func(r *works.Request) error { r.Day = y.now.AddDate(0, 0, 5); return nil })
		require.ErrorContains(t, err, "works.deposit")
		waiting, err = y.store.WorksPaymentsWaiting(t.Context(), works.Place{}, 10)
		require.NoError(t, err)
		require.Equal(t, works.WaitReturned, waiting[len(waiting)-1].Wait)
	})
}

// Wd3: money of an offer that a change made void may be taken back all the same,
// and money of a request that ends waits for an officer, once and never lost.
func TestWorksMoneyIsNeverLost(t *testing.T) {
	yards(t, func(t *testing.T, y *yard) {
		r := y.agree(y.capture("new-connection", "Anna", map[string]string{"power_wished": "9", "supply": "single"}))
		day := y.now.AddDate(0, 0, -3) // before the requester agreed
		file := func(p ...payment.Payment) {
			_, err := y.File(t.Context(), "a.cod", []payment.Statement{{Payments: p}}, false)
			require.NoError(t, err)
		}
		file(paid("1", day, 5_300, r.Number, ""), paid("2", day.AddDate(0, 0, 1), 1_000, r.Number, ""))
		kept, steps, err := y.store.Works(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, works.Preparing, kept.Status)
		require.True(t, kept.Offer.PaidAt.Equal(day), "the bank's day of the deposit, not of what came after")
		require.True(t, steps[len(steps)-1].At.After(steps[len(steps)-2].At), "steps stand in the order in which they happened")

		y.move(r.ID, works.Requester, works.EventChange, nil)
		file(paid("3", day, -1_000, r.Number, ""), paid("4", day, 1_000, r.Number, ""))
		require.EqualValues(t, 5_300, y.request(r.ID).Offer.Paid, "taken back from a void offer; there is none to pay")
		y.move(r.ID, works.Requester, works.EventCancel, nil)
		require.Zero(t, y.request(r.ID).Offer.Paid)
		waiting, err := y.store.WorksPaymentsWaiting(t.Context(), works.Place{}, 10)
		require.NoError(t, err)
		var cents int64
		for _, b := range waiting {
			cents += b.Cents
		}
		require.EqualValues(t, 6_300, cents, "all of it: what was paid, what was taken back, what came too late")
		require.EqualValues(t, 1, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.moved' AND details LIKE '%to_pay_back=5300%'`))
		again := y.capture("two-rate", "Berta", map[string]string{})
		require.ErrorContains(t, y.Assign(t.Context(), foreman, "1", again.Number.Reveal()), "desk.works.wait.offer")
		require.NoError(t, y.SetAside(t.Context(), foreman, "1", "paid back"))
	})
}

// anyhow lets an act through whatever the request shows.
func anyhow(*works.Request) error { return nil }

// W14-W17: the asset record has the technical data and two personal fields,
// both of the access register; who asked for the works is nowhere in it.
func TestW15AssetsKnowNoRequester(t *testing.T) {
	yards(t, func(t *testing.T, y *yard) {
		since := portal.Date(2025, 7, 1)
		storetest.Exec(t, y.dsn, `INSERT INTO supplies (ean, supplier, from_us, to_us) VALUES ($1, 'Énergie SA', $2, 0)`, string(y.known.EAN), portal.Micros(since))
		r := y.capture("more-power", "Zacharias Requester", map[string]string{"power_wished": "17,3", "supply": "three-400", "meter_number": "of Zacharias Requester"})
		y.agree(r)
		y.move(r.ID, works.Nobody, works.EventPay, func(r *works.Request) error { r.Offer.Paid = r.Offer.Deposit(); return nil })
		y.move(r.ID, works.Operator, works.EventPlan, func(r *works.Request) error { r.Day = y.now.AddDate(0, 0, 3); return nil })
		y.move(r.ID, works.Operator, works.EventStart, nil)
		require.Equal(t, portal.Conflict, portal.CodeOf(y.RecordAsset(t.Context(), foreman, r.ID, "", anyhow)), "not before it is carried out")
		y.move(r.ID, works.Operator, works.EventCarryOut, func(r *works.Request) error { r.Result = "met by Zacharias Requester"; return nil })
		require.NoError(t, y.RecordAsset(t.Context(), foreman, r.ID, "541449000000099998", anyhow), "its own access point is never replaced")
		a, err := y.store.WorksAsset(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, "Claes", a.NetworkUser)
		require.True(t, a.SupplyFrom.Equal(since))
		require.Equal(t, y.known.EAN, a.EAN)
		require.Equal(t, map[works.Field]string{works.PowerWished: "173", works.Supply: "three-400"}, a.Values)
		require.EqualValues(t, 0, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM works_assets WHERE
  id || request_id || kind || energy || ean || facts || network_user LIKE '%Zacharias%'`))
		require.False(t, y.request(r.ID).AssetAt.IsZero())
		require.Equal(t, portal.Conflict, portal.CodeOf(y.RecordAsset(t.Context(), foreman, r.ID, "", anyhow)), "once")
		occupancy, err := y.store.Occupancy(t.Context(), y.known.OccupancyID)
		require.NoError(t, err)
		require.Equal(t, "Claes", occupancy.Name, "and a request never changes the network user (W17)")
	})
}

// The officers' list begins with what is overdue, ends with what has no date,
// and stands still while permits are awaited.
func TestWorksListByDate(t *testing.T) {
	yards(t, func(t *testing.T, y *yard) {
		none := y.capture("two-rate", "None", map[string]string{})
		y.now = y.now.Add(time.Minute) // ids are in the order of time
		late := y.agree(y.capture("more-power", "Late", map[string]string{"power_wished": "9"}))
		y.move(late.ID, works.Nobody, works.EventPay, func(r *works.Request) error { r.Offer.Paid, r.Offer.Days = r.Offer.Deposit(), 10; return nil })
		y.now = y.now.AddDate(0, 0, 5)
		soon := y.agree(y.capture("more-power", "Soon", map[string]string{"power_wished": "9"}))
		y.move(soon.ID, works.Nobody, works.EventPay, func(r *works.Request) error { r.Offer.Paid, r.Offer.Days = r.Offer.Deposit(), 30; return nil })
		require.NoError(t, y.Note(t.Context(), foreman, late.ID, "team", func(r *works.Request) error { r.Team = "east"; return nil }))
		list := func(f works.Filter, after works.Place) (ids []string) {
			rows, err := y.store.WorksList(context.Background(), f, after, 2)
			require.NoError(t, err)
			for _, r := range rows {
				ids = append(ids, r.ID)
			}
			return ids
		}
		operator := works.Filter{Turn: works.Operator}
		require.Equal(t, []string{late.ID, soon.ID}, list(operator, works.Place{}))
		require.Equal(t, []string{none.ID}, list(operator, works.Place{At: y.request(soon.ID).Due, ID: soon.ID}))
		require.Empty(t, list(operator, works.Place{ID: none.ID}))
		require.Equal(t, []string{late.ID}, list(works.Filter{Turn: works.Operator, Team: "east"}, works.Place{}))
		require.Equal(t, []string{none.ID}, list(works.Filter{Turn: works.Operator, Kind: works.TwoRate}, works.Place{}))
		before := y.request(late.ID).Due
		require.True(t, y.move(late.ID, works.Operator, works.EventAwait, nil).Due.IsZero(), "no deadline runs")

		// W5: a paper puts it among the operator's, at its place, until somebody looked.
		require.Equal(t, []string{soon.ID, none.ID}, list(operator, works.Place{}))
		require.Empty(t, list(operator, works.Place{ID: none.ID}))
		household := foreman
		household.Actor = portal.Actor{Kind: portal.Household}
		require.NoError(t, y.Add(t.Context(), household, late.ID, works.Paper{ID: "p1", Document: works.Permit, EvidenceID: "e1"}))
		require.Equal(t, []string{soon.ID, none.ID}, list(operator, works.Place{}))
		require.Equal(t, []string{late.ID}, list(operator, works.Place{ID: none.ID}))
		require.Equal(t, []string{late.ID}, list(works.Filter{Turn: works.Requester}, works.Place{}), "it is still the requester's, too")
		require.True(t, y.request(late.ID).Unread)
		require.Equal(t, portal.Conflict, portal.CodeOf(y.SeePapers(t.Context(), foreman, late.ID, 1)), "another came meanwhile")
		require.NoError(t, y.SeePapers(t.Context(), foreman, late.ID, 2))
		require.Empty(t, list(operator, works.Place{ID: none.ID}))
		y.now = y.now.AddDate(0, 0, 7)
		after := y.move(late.ID, works.Operator, works.EventResume, nil).Due
		require.True(t, before.Equal(portal.Date(2026, 3, 17)), "10 working days from 2 March end on the 16th")
		require.True(t, after.Equal(portal.Date(2026, 3, 24)), "the five of 9 to 13 March stood still")
	})
}
