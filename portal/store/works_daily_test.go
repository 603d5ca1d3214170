package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/portal/store/storetest"
	"guichet/works"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// told drains what waits to go, by whom it goes to.
func (y *yard) told(kind outbox.Kind) (all []outbox.Letter) {
	y.t.Helper()
	mails, err := y.store.DueMails(y.t.Context(), y.now, 100)
	require.NoError(y.t, err)
	letters, err := y.store.WaitingLetters(y.t.Context(), "", 100)
	require.NoError(y.t, err)
	for _, l := range append(mails, letters...) {
		if l.Kind == kind {
			all = append(all, l)
		}
	}
	storetest.Exec(y.t, y.dsn, `DELETE FROM outbox`)
	return all
}

func (y *yard) reminded() (all []works.News) {
	y.t.Helper()
	y.told(outbox.WorksNews) // of what happened
	var both errgroup.Group
	remind := func() error { _, err := y.Remind(y.t.Context(), 100); return err }
	both.Go(remind) // two processes at once, and again: it changes nothing
	both.Go(remind)
	require.NoError(y.t, both.Wait())
	require.NoError(y.t, remind())
	for _, l := range y.told(outbox.WorksNews) {
		var n works.News
		require.NoError(y.t, json.Unmarshal(l.Data, &n))
		all = append(all, n)
	}
	return all
}

// What is missing, an offer and an appointment are reminded of once for each
// date; another day is another date; a letter leaves earlier than a mail.
func TestRequestersAreReminded(t *testing.T) {
	yards(t, func(t *testing.T, y *yard) {
		missing := y.capture("two-rate", "M", map[string]string{})
		y.move(missing.ID, works.Operator, works.EventAskMissing, func(r *works.Request) error {
			r.Missing, r.MissingBy = []string{"photo"}, y.now.AddDate(0, 0, 30)
			return nil
		})
		offered := y.offer(y.capture("more-power", "O", map[string]string{"power_wished": "9"}))
		day := portal.Date(2026, 3, 20).Add(8 * time.Hour)
		planned, posted := y.capture("smart-meter", "P", map[string]string{}), y.capture("smart-meter", "L", map[string]string{})
		for _, r := range []works.Request{planned, posted} {
			y.move(r.ID, works.Operator, works.EventPrepare, func(r *works.Request) error { r.StudyNotNeeded = true; return nil })
			y.move(r.ID, works.Operator, works.EventPlan, func(r *works.Request) error { r.Day = day; return nil })
		}
		storetest.Exec(t, y.dsn, `UPDATE works SET channel = 'post' WHERE id = $1`, posted.ID)
		require.Empty(t, y.reminded())
		at := func(when time.Time, want ...string) {
			t.Helper()
			y.now = when
			var got []string
			for _, n := range y.reminded() {
				got = append(got, string(n.Event)+" "+n.Number)
			}
			require.ElementsMatch(t, want, got, when)
		}
		at(day.AddDate(0, 0, -6), "remind-day "+posted.Number.Reveal())
		at(day.AddDate(0, 0, -1), "remind-day "+planned.Number.Reveal())
		y.move(planned.ID, works.Operator, works.EventPlan, func(r *works.Request) error { r.Day = day.AddDate(0, 0, 4); return nil })
		at(day.AddDate(0, 0, 3), "remind-day "+planned.Number.Reveal())
		at(day.AddDate(0, 0, 5), "remind-missing "+missing.Number.Reveal())
		at(offered.Offer.ValidTo.AddDate(0, 0, -7), "remind-offer "+offered.Number.Reveal())
		at(offered.Offer.ValidTo)
	})
}

// D10: an installer that wants it gets one mail a day, of what changed and what
// is due among its own requests, a drop as an end of contract (D12); whoever
// does not want it, is no installer or is suspended gets none.
func TestInstallersAreTold(t *testing.T) {
	yards(t, func(t *testing.T, y *yard) {
		storetest.Exec(t, y.dsn, `INSERT INTO partners (id, name, company_number, mail, privacy_mail, language, street, postcode, town, supplier, installer, manager,
  status, asked_us, decided_us, decided_by, reason) VALUES ('p1', 'Elektro', '0403170701', 'e@example.org', '', 'de', '', '', '', '', TRUE, '', 'approved', 0, 0, '', '')`)
		digest := func() (all []works.Digest) {
			for range 2 { // an hour later it is the same day
				_, err := y.SendDigests(t.Context(), 100)
				require.NoError(t, err)
				y.now = y.now.Add(time.Hour)
			}
			for _, l := range y.told(outbox.WorksDigest) {
				require.Equal(t, "e@example.org", l.Mail)
				var d works.Digest
				require.NoError(t, json.Unmarshal(l.Data, &d))
				all = append(all, d)
			}
			return all
		}
		require.NoError(t, y.Subscribe(t.Context(), foreman, "p1", true))
		mine := y.capture("more-power", "A", map[string]string{"power_wished": "9"})
		y.capture("two-rate", "B", map[string]string{})
		require.NoError(t, y.Hold(t.Context(), foreman, mine.ID, "0403170701", works.ByConsent))
		require.Empty(t, digest(), "not on the day of the wish")
		y.now = y.now.AddDate(0, 0, 1)
		storetest.Exec(t, y.dsn, `UPDATE works SET kind = 'drop' WHERE id = $1`, mine.ID)
		got := digest()
		require.Empty(t, got, "nothing changed since")
		y.now = y.now.AddDate(0, 0, 1)
		y.move(mine.ID, works.Operator, works.EventAskMissing, func(r *works.Request) error {
			r.Missing, r.MissingBy = []string{"meter_number"}, y.now.AddDate(0, 0, 5)
			return nil
		})
		got = digest()
		require.Len(t, got, 1, "one a day")
		line := works.DigestLine{Number: mine.Number.Reveal(), Kind: works.EndOfContract, Town: "Eupen", Status: works.Incomplete, Due: y.request(mine.ID).Due}
		require.Len(t, got[0].Changed, 1)
		require.True(t, line.Due.Equal(got[0].Changed[0].Due))
		got[0].Changed[0].Due = line.Due
		require.Equal(t, []works.DigestLine{line}, got[0].Changed)
		require.Len(t, got[0].Due, 1)
		require.EqualValues(t, 1, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.shown' AND details LIKE '%digest%'`), "L18")
		y.now = y.now.AddDate(0, 0, 1)
		require.Len(t, digest(), 1, "what is due is told again")

		// What the works system tells of a day that is past is news all the same (D13).
		y.now = y.now.AddDate(0, 0, 1)
		y.Service.Master = works.External
		since := y.request(mine.ID).Since.Add(time.Hour) // before the last mail
		_, err := (&works.Feed{Service: y.Service, Terms: "2026"}).Take(t.Context(), works.ByWorksSystem("command"), "a.csv",
			[]works.Report{{Line: 1, Number: mine.Number, Status: works.Studied, Since: since}}, false)
		require.NoError(t, err)
		y.Service.Master = works.InPortal
		got = digest()
		require.Len(t, got, 1)
		require.Len(t, got[0].Changed, 1)
		require.Equal(t, works.Studied, got[0].Changed[0].Status)

		// Of an appointment the daily mail says nothing: its partner is reminded as everybody is.
		storetest.Exec(t, y.dsn, `UPDATE works SET partner_id = 'p1', mail = 'e@example.org', status = 'planned', day_us = $1, since_us = 1 WHERE id = $2`,
			portal.Micros(y.now.Add(20*time.Hour)), mine.ID)
		var of []works.Event
		for _, n := range y.reminded() {
			of = append(of, n.Event)
		}
		require.Contains(t, of, works.RemindDay)

		for _, change := range []string{`UPDATE partners SET installer = FALSE`, `UPDATE partners SET installer = TRUE, status = 'suspended'`} {
			y.now = y.now.AddDate(0, 0, 1)
			storetest.Exec(t, y.dsn, change)
			require.Empty(t, digest(), change)
		}
		storetest.Exec(t, y.dsn, `UPDATE partners SET status = 'approved'`)
		require.NoError(t, y.Subscribe(t.Context(), foreman, "p1", false))
		require.Empty(t, digest())
	})
}
