package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
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

// D16: what is of no more use is deleted in the night, each after its time and
// with its line in the trail; what may still be asked stays. A works system that
// was away for longer than its events are kept is told so (D13).
func TestD16WorksLeftovers(t *testing.T) {
	yards(t, func(t *testing.T, y *yard) {
		begun, company := y.now, "0403170701"
		home := audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}
		over, open := y.capture("two-rate", "A", map[string]string{}), y.capture("two-rate", "B", map[string]string{})
		for _, r := range []works.Request{over, open} {
			y.move(r.ID, works.Operator, works.EventAskMissing, func(r *works.Request) error {
				r.Missing, r.MissingBy = []string{"photo"}, y.now.AddDate(0, 0, 5)
				return nil
			})
			_, err := y.MakeFeed(t.Context(), home, "", r.ID)
			require.NoError(t, err)
			for range 2 { // one that ended, and one that did not
				require.NoError(t, y.LetGo(t.Context(), home, r.ID, company))
				require.NoError(t, y.Hold(t.Context(), home, r.ID, company, works.ByConsent))
			}
		}
		require.Len(t, y.reminded(), 2)
		y.move(over.ID, works.Requester, works.EventCancel, nil)
		last := storetest.Number(t, y.dsn, `SELECT place FROM works_events_last`)
		left := func(when time.Time) (rows [4]int64) {
			t.Helper()
			y.now = when
			for range 2 { // in goes of one
				for {
					n, err := y.Forget(t.Context(), 1)
					require.NoError(t, err)
					if n == 0 {
						break
					}
				}
			}
			for i, table := range []string{"works_events", "works_reminders", "works_feeds", "works_holds"} {
				rows[i] = storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM `+table)
			}
			return rows
		}
		events := storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM works_events`)
		purges := func(what string) int64 {
			return storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.gone' AND details LIKE '%'||$1||'%'`, what)
		}
		require.Equal(t, [4]int64{events, 2, 2, 4}, left(begun.AddDate(0, 3, -1)))
		require.Equal(t, [4]int64{events, 2, 1, 4}, left(begun.AddDate(0, 3, 1)), "the calendar of what is over")
		require.Equal(t, [4]int64{events, 0, 1, 4}, left(begun.AddDate(0, 3, 6)), "their date is three months past")
		_, err := y.store.WorksHappenings(t.Context(), 1, 10)
		require.NoError(t, err)
		late := y.capture("two-rate", "C", map[string]string{})
		require.Equal(t, [4]int64{1, 0, 1, 4}, left(begun.AddDate(0, 6, 1)))
		for cursor, behind := range map[int64]bool{1: true, last - 1: true, last: false, last + 1: false, 0: false} {
			list, err := y.store.WorksHappenings(t.Context(), cursor, 10)
			require.Equal(t, behind, err != nil && portal.CodeOf(err) == portal.Conflict, cursor)
			require.Equal(t, behind, err != nil)
			if cursor == 0 || cursor == last {
				require.Len(t, list, 1)
				require.Equal(t, late.ID, list[0].RequestID)
			}
		}
		require.Equal(t, [4]int64{0, 0, 1, 4}, left(begun.AddDate(3, 0, -1)))
		_, err = y.store.WorksHappenings(t.Context(), last, 10)
		require.Equal(t, portal.Conflict, portal.CodeOf(err), "with nothing left, too")
		require.Equal(t, [4]int64{0, 0, 1, 3}, left(begun.AddDate(3, 0, 1)), "not of what is open, nor who still follows")
		require.EqualValues(t, 2, purges("reminders"))
		require.EqualValues(t, 1, purges("calendars"))
		require.EqualValues(t, 1, purges("holds"))
		require.Equal(t, events+1, purges("events"))
	})
}
