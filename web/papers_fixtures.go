package web

import (
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/web/ui/page/public"

	"github.com/a-h/templ"
)

// inside puts a fixture behind one opened reference.
func inside(x *ctx) lookup.Pass {
	p := lookup.Pass{
		Visit:     lookup.Visit{ID: "fixture", ReferenceKey: "fixture"},
		Occupancy: registry.Occupancy{ID: "fixture", Period: portal.Period{From: portal.Date(2024, time.March, 1)}},
		Point:     registry.AccessPoint{EAN: fixtureEAN, Energy: portal.Electricity},
		Meter:     registry.Meter{Number: "1SAG1100076616"},
	}
	x.pass = lookup.Session{Passes: []lookup.Pass{p}, IdleEndsAt: x.now.Add(lookup.IdleLife), EndsAt: x.now.Add(lookup.VisitLife)}
	return p
}

// seenFixture is a page in the middle of a long trail, or an empty one.
func seenFixture(any bool) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		inside(x)
		x.at = "/seen?of=1"
		var list []audit.Recorded
		for i := range looksAPage + 1 {
			if !any {
				break
			}
			one := []audit.Recorded{
				{Entry: audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Action: audit.HistoryShown, Ground: "reference"}, Text: "from=2025-12-01\nto=2026-12-01"},
				{Entry: audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "m.dupont"}, Action: audit.DeskOpened, Ground: "interaction:INT-2041"}},
				{Entry: audit.Entry{Actor: portal.Actor{Kind: portal.Visitor}, Action: audit.LookupRefused, Ground: "reference"}},
				{Entry: audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "letter requests"}, Action: audit.ReferenceIssued, Ground: "no-letter"}},
			}[i%4]
			one.ID, one.At, one.Idx = "fixture", x.now.Add(-time.Duration(i)*7*time.Hour), int64(90-i)
			if i == 0 {
				one.Idx = audit.Unsealed
			}
			list = append(list, one)
		}
		return public.SeenPage(seenView(x, 1, list, map[string]string{"m.dupont": "agent"}))
	}
}

// postedFixture shows one standing of the history by post.
func postedFixture(change func(*registry.Posting)) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		pass := inside(x)
		x.at = "/consumption/posted?of=1"
		p := registry.Posting{Point: pass.Point, Occupancy: pass.Occupancy}
		p.Point.Street, p.Point.Postcode, p.Point.Town = "Rue des Tilleuls 12", "4700", "Eupen"
		p.Occupancy.Name, p.Occupancy.Street, p.Occupancy.Postcode, p.Occupancy.Town = "Anna Peters", "Rue des Tilleuls 12", "4700", "Eupen"
		p.Last.QueuedAt = x.now.AddDate(0, 0, -3)
		change(&p)
		return public.PostedPage(postedView(x, 1, p, true, 3))
	}
}
