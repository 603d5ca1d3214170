package store_test

import (
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/works"
	"guichet/works/sheet"

	"github.com/stretchr/testify/require"
)

// D13: what the works system tells, over both databases: a request of the
// portal's and one of its own through their phases, each change with its step,
// its entry and its letter; again, it changes nothing; older, it moves nothing
// back; and a line that breaks a rule keeps the whole list out.
func TestD13TheWorksSystemTells(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := time.Date(2026, 4, 20, 9, 0, 0, 0, portal.Brussels)
			clock := func() time.Time { return now }
			dsn := b.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			svc := &works.Service{Clock: clock, Runner: s, Store: s, Ring: storetest.Keys(t), Master: works.External}
			feed := &works.Feed{Service: svc, Terms: "2026-01"}
			by := works.ByWorksSystem("command")
			take := func(text string, dry bool) works.Fed {
				t.Helper()
				list, wrong, _ := sheet.Parse(strings.NewReader(text), registry.Options{})
				require.Empty(t, wrong)
				fed, err := feed.Take(t.Context(), by, "a.csv", list, dry)
				require.NoError(t, err)
				require.Len(t, fed.Made, fed.New)
				fed.Made = nil
				return fed
			}
			count := func(query string, args ...any) int64 { t.Helper(); return storetest.Number(t, dsn, query, args...) }

			require.Equal(t, works.Fed{New: 1, Moved: 3}, take(sheet.Example(), true))
			require.Zero(t, count(`SELECT COUNT(*) FROM works`), "a dry run keeps nothing")
			require.Equal(t, works.Fed{New: 1, Moved: 3}, take(sheet.Example(), false))
			entries := count(`SELECT COUNT(*) FROM trail`)
			letters := count(`SELECT COUNT(*) FROM outbox`)
			require.EqualValues(t, 3, letters, "receipt, offer, planned day")
			require.EqualValues(t, 3, count(`SELECT COUNT(*) FROM trail WHERE action = 'works.moved'`))
			require.EqualValues(t, 1, count(`SELECT COUNT(*) FROM trail WHERE action = 'works.told'`))
			again := take(sheet.Example(), false)
			require.Equal(t, works.Fed{Unchanged: 1, Older: 3}, again)
			require.Equal(t, entries, count(`SELECT COUNT(*) FROM trail`))
			require.Equal(t, letters, count(`SELECT COUNT(*) FROM outbox`))

			// A request of the portal's: its number once, then the name there.
			made, err := svc.Capture(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}, works.Draft{Kind: "two-rate", Energy: "electricity",
				Requester: "person", Name: "Jean Claes", Mail: "j@example.org", Language: "fr", Channel: "mail", Street: "Rue 1", Postcode: "5000", Town: "Namur",
				Values: map[string]string{"ean": "541499000000123455"}}, nil, "", "")
			require.NoError(t, err)
			id, number := made.Request.ID, made.Request.Number.Reveal()
			kept := func() works.Request {
				t.Helper()
				r, _, err := s.Works(t.Context(), id)
				require.NoError(t, err)
				return r
			}
			now = now.Add(48 * time.Hour)
			offered := "number;external_id;status;since;team;line_a;line_b;line_c;line_d;study;vat\n" + number + ";OT-2;offered;2026-04-21 10:00;Namur;0;0;200;0;0;21\n"
			require.Equal(t, works.Fed{Moved: 1}, take(offered, false))
			r := kept()
			require.Equal(t, "OT-2", r.External)
			require.True(t, r.Offer.ValidTo.Equal(portal.Date(2026, 7, 23)), "three months from the day it left, and 21 July is a holiday")
			require.True(t, r.Due.Equal(r.Offer.ValidTo))
			_, err = svc.Move(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}}, id, works.Requester, works.EventAccept, "", func(r *works.Request) error {
				r.Offer.AgreedAt, r.Offer.AgreedBy, r.Offer.AgreedOn = now, "Jean Claes", works.OnLine
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, works.Fed{Older: 1}, take(offered, false), "it does not know of the agreement yet")
			require.Equal(t, works.Agreed, kept().Status)

			now = now.Add(2 * time.Hour)
			refused := func(line, column string) {
				t.Helper()
				before := count(`SELECT COUNT(*) FROM trail`)
				text := "external_id;status;since;changed;reason;paid;paid_at;day;half;result;asset_at;invoiced_at;line_a;line_b;line_c;line_d;study;vat\n" +
					"OT-2026-00117;working;2026-04-22 08:00;;;;;;;;;;;;;;;\n" + line + "\n"
				list, wrong, _ := sheet.Parse(strings.NewReader(text), registry.Options{})
				require.Empty(t, wrong)
				fed, err := feed.Take(t.Context(), by, "b.csv", list, false)
				require.NoError(t, err)
				require.Len(t, fed.Refused, 1, line)
				require.Equal(t, 3, fed.Refused[0].Line)
				require.Equal(t, column, fed.Refused[0].Problems[0].Field, line)
				require.Equal(t, before, count(`SELECT COUNT(*) FROM trail`), "nothing of the file was taken")
			}
			refused("OT-2;preparing;2026-04-22 10:30;;;;;;;;;;;;;;;", "paid")                                 // Wd3
			refused("OT-2;preparing;2026-04-22 10:30;;;121;2026-04-22;;;;;;0;0;999;0;0;21", "line_a")         // Wd3: what was agreed to
			refused("OT-2;planned;2026-04-22 10:30;;;121;2026-04-22;;;;;;;;;;;", "day")                       // W8
			refused("OT-2;awaiting;2026-04-22 10:30;;;121;2026-04-22;;;;;;;;;;;", "reason")                   // the requester reads it
			refused("OT-2;closed;2026-04-22 10:30;;;121;2026-04-22;;;posé;2026-04-22;;;;;;;", "invoiced_at")  // W10
			refused("OT-2;done;2026-04-22 10:30;;;121;2026-04-22;;;;;;;;;;;", "result")                       // W9
			refused("OT-2;preparing;2026-04-29 10:30;;;121;2026-04-22;;;;;;;;;;;", "since")                   // not yet
			refused("OT-2;preparing;2026-04-22 10:30;2026-04-22 10:29;;121;2026-04-22;;;;;;;;;;;", "changed") // before it happened
			refused("OT-3;received;2026-04-22 10:30;;;;;;;;;;;;;;;", "external_id")                           // nobody
			require.Equal(t, works.Fed{Moved: 2}, take("external_id;status;since;paid;paid_at;day;half;team;deadline\n"+
				"OT-2;preparing;2026-04-22 10:30;121;2026-04-22;;;;2026-06-30\nOT-2;planned;2026-04-22 10:40;;;2026-05-04;afternoon;Est;\n", false))
			r = kept()
			require.Equal(t, works.Planned, r.Status)
			require.True(t, r.Day.Equal(time.Date(2026, 5, 4, 13, 0, 0, 0, portal.Brussels)))
			require.True(t, r.Due.Equal(portal.Date(2026, 7, 1)), "the day that the works system promises, until midnight")
			list, err := s.WorksList(t.Context(), works.Filter{Team: "Est"}, works.Place{}, 10)
			require.NoError(t, err)
			require.Len(t, list, 1)

			// Another day, told under the same since: the line's own change tells.
			other := "external_id;status;since;changed;day;half\nOT-2;planned;2026-04-22 10:40;2026-04-22 10:59;2026-05-06;morning\n"
			require.Equal(t, works.Fed{Moved: 1}, take(other, false))
			require.Equal(t, works.Fed{Older: 1}, take(other, false))
			require.Equal(t, works.Fed{Older: 1}, take("external_id;status;since;day;half\nOT-2;planned;2026-04-22 10:40;2026-05-04;afternoon\n", false))
			require.True(t, kept().Day.Equal(time.Date(2026, 5, 6, 8, 0, 0, 0, portal.Brussels)))

			now = time.Date(2026, 5, 8, 17, 0, 0, 0, portal.Brussels)
			require.Equal(t, works.Fed{Moved: 1}, take("external_id;status;since;result;asset_at;invoiced_at\nOT-2;closed;2026-05-08 16:00;posé;2026-05-08;2026-05-08\n", false), "from planned to closed at once")
			require.EqualValues(t, 1, count(`SELECT COUNT(*) FROM works_assets WHERE request_id = $1`, id), "W14")
			_, steps, err := s.Works(t.Context(), id)
			require.NoError(t, err)
			last := steps[len(steps)-1]
			require.Equal(t, works.EventClose, last.Event)
			require.True(t, last.At.Equal(time.Date(2026, 5, 8, 16, 0, 0, 0, portal.Brussels)), "the day of the works system's, not ours")
			require.Equal(t, by.Actor, last.By)

			// The requester says that all is not well; the works system does not know yet.
			_, err = svc.Move(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}}, id, works.Requester, works.EventReopen, "noir", nil)
			require.NoError(t, err)
			require.Equal(t, works.Fed{Older: 1}, take("external_id;status;since\nOT-2;closed;2026-05-08 16:00\n", false))

			// One that its requester cancelled stays so.
			list, err = s.WorksList(t.Context(), works.Filter{Team: "Verviers"}, works.Place{}, 10)
			require.NoError(t, err)
			require.Len(t, list, 1)
			id = list[0].ID
			_, err = svc.Move(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}}, id, works.Requester, works.EventCancel, "", nil)
			require.NoError(t, err)
			require.Equal(t, works.Fed{Cancelled: 1}, take("external_id;status;since\nOT-2026-00117;working;2026-05-08 16:59\n", false))

			// W13: what a kind has no place for is refused, and that is in the trail.
			list13, wrong, _ := sheet.Parse(strings.NewReader(strings.Replace(strings.Replace(sheet.Example(), "OT-2026-00117", "OT-4", -1), ";ean\n", ";units\n", 1)), registry.Options{})
			require.Empty(t, wrong)
			fed, err := feed.Take(t.Context(), by, "c.csv", list13, false)
			require.NoError(t, err)
			require.NotEmpty(t, fed.Refused)
			require.EqualValues(t, 1, count(`SELECT COUNT(*) FROM trail WHERE action = 'works.foreign'`))

			svc.Master = works.InPortal
			_, err = feed.Take(t.Context(), by, "a.csv", nil, false)
			require.ErrorContains(t, err, "works.master.portal")
		})
	}
}

// D13: what the works system says and what happens on the portal cross each
// other; neither undoes the other, nobody is asked twice, and no line that says
// nothing new keeps the others out.
func TestD13WordsCross(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := time.Date(2026, 4, 20, 9, 0, 0, 0, portal.Brussels)
			clock := func() time.Time { return now }
			dsn := b.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			svc := &works.Service{Clock: clock, Runner: s, Store: s, Ring: storetest.Keys(t), Master: works.External}
			feed, household := &works.Feed{Service: svc, Terms: "2026-01"}, audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}
			take := func(text string) works.Fed {
				t.Helper()
				list, wrong, _ := sheet.Parse(strings.NewReader(text), registry.Options{})
				require.Empty(t, wrong)
				fed, err := feed.Take(t.Context(), works.ByWorksSystem("command"), "a.csv", list, false)
				require.NoError(t, err)
				return fed
			}
			made := func(name string) (id, number string) {
				t.Helper()
				m, err := svc.Capture(t.Context(), household, works.Draft{Kind: "two-rate", Energy: "electricity", Requester: "person", Name: name, Mail: "j@example.org",
					Language: "fr", Channel: "mail", Street: "Rue 1", Postcode: "5000", Town: "Namur", Values: map[string]string{"ean": "541499000000123455"}}, nil, "", "")
				require.NoError(t, err)
				return m.Request.ID, m.Request.Number.Reveal()
			}
			kept := func(id string) works.Request {
				t.Helper()
				r, _, err := s.Works(t.Context(), id)
				require.NoError(t, err)
				return r
			}
			act := func(id string, e works.Event, change func(*works.Request) error) {
				t.Helper()
				_, err := svc.Move(t.Context(), household, id, works.Requester, e, "", change)
				require.NoError(t, err)
			}
			letters := func() int64 { return storetest.Number(t, dsn, `SELECT COUNT(*) FROM outbox WHERE kind = 'works-news'`) }

			// What is missing is asked for once: given meanwhile, it is not asked again.
			id, number := made("Anna")
			now = now.Add(72 * time.Hour)
			missing := "number;external_id;status;since;missing\n" + number + ";OT-1;incomplete;2026-04-21 10:00;photo site-plan\n"
			require.Equal(t, 1, take(missing).Moved)
			require.EqualValues(t, 1, letters())
			require.EqualValues(t, portal.Micros(now), storetest.Number(t, dsn, `SELECT queued_us FROM outbox WHERE kind = 'works-news'`), "a letter of today, whatever day it tells of")
			require.NoError(t, svc.Add(t.Context(), household, id, works.Paper{ID: "p1", Document: works.Photo, EvidenceID: "e"}))
			require.Equal(t, works.Fed{Unchanged: 1}, take(missing))
			require.Equal(t, []string{"site-plan"}, kept(id).Missing)
			require.NoError(t, svc.Add(t.Context(), household, id, works.Paper{ID: "p2", Document: works.SitePlan, EvidenceID: "e"}))
			require.Equal(t, works.Fed{Unchanged: 1}, take(missing), "all is given, and not yet said to be")
			more := "external_id;status;since;changed;missing\nOT-1;incomplete;2026-04-21 10:00;2026-04-22 10:00;photo\n"
			require.Equal(t, 1, take(more).Moved, "something else is missing, and that is written")
			require.EqualValues(t, 2, letters())
			require.Equal(t, works.Fed{Older: 1}, take(more))

			// Another offer is written, too; an agreement stands against a word from before it.
			offer := func(changed, c string) string {
				return "external_id;status;since;changed;line_a;line_b;line_c;line_d;study;vat;valid_to\nOT-1;offered;2026-04-22 12:00;" + changed + ";0;0;" + c + ";0;0;21;2026-04-23\n"
			}
			require.Equal(t, 1, take(offer("", "200")).Moved)
			require.Equal(t, 1, take(offer("2026-04-22 13:00", "300")).Moved)
			require.EqualValues(t, 4, letters())
			require.EqualValues(t, 2, kept(id).Offer.Version)
			act(id, works.EventAccept, func(r *works.Request) error {
				r.Offer.AgreedAt, r.Offer.AgreedBy, r.Offer.AgreedOn = now, "Anna", works.OnLine
				return nil
			})
			now = now.Add(48 * time.Hour)
			require.Equal(t, works.Fed{Older: 1}, take("external_id;status;since\nOT-1;expired;2026-04-24 00:00\n"))
			require.Equal(t, works.Fed{Older: 1}, take(offer("2026-04-24 13:00", "400")))
			require.Equal(t, works.Agreed, kept(id).Status, "accepted on its last day (Wd3)")

			// A third day arrives as the second did.
			take("external_id;status;since;paid;paid_at\nOT-1;preparing;2026-04-24 10:00;400;2026-04-24\n")
			// The bank took the deposit back: last night's line says nothing new and is no fault.
			storetest.Exec(t, dsn, `UPDATE works SET offer = REPLACE(offer, '"Paid":40000', '"Paid":0') WHERE id = $1`, id)
			require.Zero(t, kept(id).Offer.Paid)
			require.Equal(t, works.Fed{Unchanged: 1}, take("external_id;status;since\nOT-1;preparing;2026-04-24 10:00\n"))
			storetest.Exec(t, dsn, `UPDATE works SET offer = REPLACE(offer, '"Paid":0', '"Paid":40000') WHERE id = $1`, id)
			for _, day := range []string{"2026-05-04", "2026-05-05", "2026-05-06"} {
				now = now.Add(time.Hour)
				at := now.Format("2006-01-02 15:04")
				require.Equal(t, 1, take("external_id;status;since;changed;day;half\nOT-1;planned;2026-04-24 11:00;"+at+";"+day+";morning\n").Moved, day)
				require.Equal(t, day, kept(id).Day.In(portal.Brussels).Format(time.DateOnly))
			}

			// Refused with what was paid: it is paid back once.
			id, number = made("Berta")
			now = now.Add(time.Hour)
			at := now.Format("2006-01-02 15:04")
			no := "number;external_id;status;since;reason;paid;paid_at\n" + number + ";OT-2;refused;" + at + ";trop loin;60,50;2026-04-20\n"
			require.Equal(t, 1, take(no).Moved)
			require.Zero(t, kept(id).Offer.Paid)
			require.Equal(t, works.Fed{Unchanged: 1}, take(no))
			require.Zero(t, kept(id).Offer.Paid)

			// Cancelled before the works system named it: its name alone is known from then on.
			id, number = made("Carla")
			act(id, works.EventCancel, nil)
			require.Equal(t, works.Fed{Cancelled: 1}, take("number;external_id;status;since\n"+number+";OT-3;studied;"+at+"\n"))
			require.Equal(t, works.Fed{Cancelled: 1}, take("external_id;status;since\nOT-3;studied;"+at+"\n"))

			// Amounts that cannot be are refused before any sum is made of them.
			fed := take("external_id;status;since;line_a;line_b;line_c;line_d;study;vat\nOT-1;drawing;" + at + ";0;10000000000;0;0;0;21\n")
			require.Len(t, fed.Refused, 1)
			require.Equal(t, "line_a", fed.Refused[0].Problems[0].Field)
		})
	}
}
