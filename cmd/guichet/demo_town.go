package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"io"
	"slices"
	"strings"

	"guichet/cmd/guichet/town"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/state"
)

// buildTown fills an empty database with the town, draws its first references
// and adds its staff.
func (f *foundation) buildTown(ctx context.Context) (access, error) {
	t := town.Build(f.clock(), town.Seed)
	register := &registry.Importer{Ledger: f.store, Runner: f.store, Clock: f.clock}
	if _, err := register.Apply(ctx, registry.Batch{Points: t.Points, Meters: t.Meters,
		Occupancies: t.Occupancies, Supplies: t.Supplies}, registry.ApplyOptions{Name: "the demo's town"}); err != nil {
		return access{}, err
	}
	gauge := &registry.Gauge{Store: f.store, Runner: f.store, Clock: f.clock}
	if _, err := gauge.Measure(ctx); err != nil {
		return access{}, err
	}
	readings := &metering.Importer{Archive: f.store, Runner: f.store, Clock: f.clock}
	if _, err := readings.Load(ctx, t.Days()); err != nil {
		return access{}, err
	}
	if _, err := readings.LoadMonths(ctx, t.Months()); err != nil {
		return access{}, err
	}
	due := t.Windows()
	if err := f.planTown(ctx, t, due); err != nil {
		return access{}, err
	}
	references, err := f.featured(ctx, t)
	if err != nil {
		return access{}, err
	}
	for i := range references {
		for _, d := range due {
			if string(d.EAN) == references[i].EAN {
				references[i].Shows = d.Shown()
			}
		}
	}
	people, err := f.demoStaff(ctx)
	if err != nil {
		return access{}, err
	}
	adviser, supplier, err := f.demoPartners(ctx, t)
	if err != nil {
		return access{}, err
	}
	request, err := f.demoWorks(ctx, t)
	return access{References: references, Works: request, Staff: people, Partner: adviser, Supplier: supplier}, err
}

// planTown lets the featured households read their meters.
func (f *foundation) planTown(ctx context.Context, t *town.Town, due []town.Due) error {
	if _, err := f.planner(newProgress(io.Discard, "")).Weather(ctx, t.DegreeDays(), "the demo's sky", false); err != nil {
		return err
	}
	var windows []indexes.PlannedWindow
	for _, d := range due {
		windows = append(windows, d.PlannedWindow)
	}
	plan, err := f.planner(newProgress(io.Discard, "")).Windows(ctx, windows, "the demo's town", false)
	if err == nil && len(plan.Refused) > 0 {
		err = plan.Refused[0]
	}
	return err
}

// featured issues references to whom the town points out, in its order.
func (f *foundation) featured(ctx context.Context, t *town.Town) ([]accessReference, error) {
	o := registry.IssueOptions{}
	place := map[portal.EAN]int{}
	for i, w := range t.Featured {
		o.EANs = append(o.EANs, w.EAN)
		place[w.EAN] = i
	}
	stays := map[string]registry.Occupancy{}
	for _, s := range t.Occupancies {
		stays[s.ID] = s
	}
	var drawn []accessReference
	o.Reveal = func(i registry.Issued) {
		drawn = append(drawn, accessReference{Reference: i.Reference.Reveal(), Digits: i.Digits.Reveal(),
			LetterCode: i.LetterCode.Reveal(), EAN: string(i.EAN), Energy: string(i.Energy), Language: string(i.Language),
			Why: t.Featured[place[i.EAN]].Why, Name: stays[i.OccupancyID].Name,
			MovedIn: stays[i.OccupancyID].From.In(portal.Brussels).Format("2006-01")})
	}
	_, err := registry.NewIssuer(f.ring, f.clock, f.store, f.store).Issue(ctx, o)
	slices.SortStableFunc(drawn, func(a, b accessReference) int {
		return place[portal.EAN(a.EAN)] - place[portal.EAN(b.EAN)]
	})
	return drawn, err
}

// demoColleagues work in the town's call centre: two agents, since a third
// unblocking needs a second one (G10).
var demoColleagues = []struct {
	login, name string
	role        staff.Role
}{
	{"a.peters", "Anna Peters", staff.Agent},
	{"b.lambert", "Bruno Lambert", staff.Agent},
	{"s.maes", "Sofie Maes", staff.Security},
	{"t.simon", "Thomas Simon", staff.Security}, // a closed door needs two to open
	{"m.claes", "Marc Claes", staff.Readings},
	{"l.weber", "Lena Weber", staff.Office},
	{"m.dubois", "Marc Dubois", staff.Office}, // a ground needs a second officer (D7)
	{"e.martin", "Élise Martin", staff.Mandates},
	{"w.renard", "Wim Renard", staff.Works},
}

func (f *foundation) demoStaff(ctx context.Context) ([]accessStaff, error) {
	service, err := f.colleagues(state.NewMemory(f.clock, 16))
	if err != nil {
		return nil, err
	}
	var people []accessStaff
	for _, c := range demoColleagues {
		password := drawPassword()
		seed, err := service.Add(ctx, portal.Actor{Kind: portal.System, ID: "demo"}, c.login, c.name, c.role, password)
		if err != nil {
			return nil, err
		}
		people = append(people, accessStaff{Role: string(c.role), Login: c.login, Password: password.Reveal(), OTPSecret: seed.Reveal()})
	}
	return people, nil
}

// drawPassword gives 100 random bits in groups that can be read aloud.
func drawPassword() keys.Secret {
	var b [13]byte
	rand.Read(b[:])
	text := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))[:20]
	return keys.Secret(text[:5] + "-" + text[5:10] + "-" + text[10:15] + "-" + text[15:])
}
