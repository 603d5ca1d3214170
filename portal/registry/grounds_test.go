package registry_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

func day(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := portal.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return t
}

// D7, L16, D3: a ground shows its period of the one stay, or of the vacancy it
// begins in, as the stays are known now; never a day of somebody else's.
func TestD7GroundShows(t *testing.T) {
	stay := func(id, from, to string) registry.Occupancy {
		return registry.Occupancy{ID: id, Period: portal.Period{From: day(from), To: day(to)}}
	}
	anna, bert := stay("anna", "2024-01-01", "2025-03-01"), stay("bert", "2025-06-01", "")
	for name, c := range map[string]struct {
		kind      registry.GroundKind
		of        string
		from, to  string
		stays     []registry.Occupancy
		sees      string
		untilWhen string
		nothing   bool
	}{
		"heir, whole stay":                   {kind: registry.Heir, of: "anna", from: "2024-01-01", stays: []registry.Occupancy{anna, bert}, sees: "2024-01-01", untilWhen: "2025-03-01"},
		"guardian, a part":                   {kind: registry.Guardian, of: "bert", from: "2025-07-01", to: "2025-08-01", stays: []registry.Occupancy{anna, bert}, sees: "2025-07-01", untilWhen: "2025-08-01"},
		"heir, beyond the stay":              {kind: registry.Heir, of: "anna", from: "2023-01-01", to: "2026-01-01", stays: []registry.Occupancy{anna, bert}, sees: "2024-01-01", untilWhen: "2025-03-01"},
		"heir, the stay ended earlier (D3)":  {kind: registry.Heir, of: "anna", from: "2025-01-01", stays: []registry.Occupancy{stay("anna", "2024-01-01", "2024-12-01"), bert}, nothing: true},
		"heir, of nobody":                    {kind: registry.Heir, of: "gone", from: "2024-01-01", stays: []registry.Occupancy{anna, bert}, nothing: true},
		"owner, the vacancy":                 {kind: registry.Owner, from: "2025-03-01", stays: []registry.Occupancy{bert, anna}, sees: "2025-03-01", untilWhen: "2025-06-01"},
		"owner, after the last stay":         {kind: registry.Owner, from: "2025-04-01", stays: []registry.Occupancy{anna}, sees: "2025-04-01"},
		"owner, before anybody":              {kind: registry.Owner, from: "2023-01-01", stays: []registry.Occupancy{anna, bert}, sees: "2023-01-01", untilWhen: "2024-01-01"},
		"owner, the stay lasted longer (D3)": {kind: registry.Owner, from: "2025-03-01", stays: []registry.Occupancy{stay("anna", "2024-01-01", "2025-04-10"), bert}, sees: "2025-04-10", untilWhen: "2025-06-01"},
		"owner, the next came earlier (D3)":  {kind: registry.Owner, from: "2025-03-01", stays: []registry.Occupancy{anna, stay("bert", "2025-03-20", "")}, sees: "2025-03-01", untilWhen: "2025-03-20"},
		"owner, lived in all the time (D3)":  {kind: registry.Owner, from: "2025-03-01", stays: []registry.Occupancy{stay("anna", "2024-01-01", "")}, nothing: true},
		"owner, an end before the vacancy":   {kind: registry.Owner, from: "2025-03-01", to: "2025-04-01", stays: []registry.Occupancy{stay("anna", "2024-01-01", "2025-04-10"), bert}, nothing: true},
		"no ground we know":                  {kind: "friend", of: "anna", from: "2024-01-01", stays: []registry.Occupancy{anna}, nothing: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := registry.Ground{ID: "g", EAN: power, Kind: c.kind, OccupancyID: c.of, Period: portal.Period{From: day(c.from), To: day(c.to)}}
			got := g.Shows(c.stays)
			require.Equal(t, "occupancy:"+got.ID, g.Subject())
			if c.nothing {
				require.True(t, got.From.Equal(got.To), "%v", got.Period)
				return
			}
			require.True(t, day(c.sees).Equal(got.From) && day(c.untilWhen).Equal(got.To), "%v", got.Period)
		})
	}
}

func (s *street) grounds() *registry.Grounds {
	return &registry.Grounds{Ring: storetest.Keys(s.t), Clock: s.clock, Runner: s.Store, Store: s.Store}
}

// pass opens a reference as the gate does and gives what the visit shows.
func (s *street) pass(key, visit string) []lookup.Pass {
	s.t.Helper()
	ctx := context.Background()
	require.NoError(s.t, s.Do(ctx, func(u tx.Tx) error {
		target, _, err := s.LoadAttempt(u, lookup.ByReference, key, "")
		require.NoError(s.t, err)
		require.True(s.t, target.Known)
		return s.OpenVisit(u, lookup.Visit{ID: visit, ReferenceKey: key, OccupancyID: target.OccupancyID, OpenedAt: s.now, EndsAt: s.now.Add(time.Hour)}, target.Superseded)
	}))
	passes, err := s.LivePasses(ctx, []string{visit}, s.now)
	require.NoError(s.t, err)
	return passes
}

func (s *street) endsAt(key string) (at time.Time) {
	s.t.Helper()
	require.NoError(s.t, s.Do(context.Background(), func(u tx.Tx) error {
		target, _, err := s.LoadAttempt(u, lookup.ByReference, key, "")
		at = target.EndsAt
		return err
	}))
	return at
}

// D7, L16, L19: two officers and a proof; the letter goes to that person alone;
// what opens is the ground's part and no more; the occupant's own reference is
// left alone; a new letter ends the former at its first use; ending the ground
// ends reference and visit; every step is in the trail.
func TestD7Grounds(t *testing.T) {
	lena, marc := portal.Actor{Kind: portal.Staff, ID: "lena"}, portal.Actor{Kind: portal.Staff, ID: "marc"}
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s, ctx := newStreet(t, b), context.Background()
			s.load(line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", "2026-01-01"),
				line(gas, "gas", "7FLO2119031964", "2020-01-01", "Anna", "2020-01-01", ""))
			stays, err := s.Occupancies(ctx, gas)
			require.NoError(t, err)
			anna := stays[0].ID
			_, err = registry.NewIssuer(storetest.Keys(t), s.clock, s.Store, s.Store).Issue(ctx, registry.IssueOptions{})
			require.NoError(t, err)
			grounds := s.grounds()
			heir := registry.Ground{EAN: gas, Kind: registry.Heir, Name: "Otto", Language: portal.German, Street: "Rue B 2", Postcode: "4700", Town: "Eupen",
				Period: portal.Period{From: day("2025-01-01"), To: day("2026-02-01")}, Until: day("2026-07-01"), Evidence: "Erbschein vom 3. Februar"}
			owner := heir
			owner.Kind, owner.EAN, owner.Period = registry.Owner, power, portal.Period{From: day("2026-01-01")}

			ask := func(g registry.Ground) string {
				id, err := grounds.Ask(ctx, lena, g)
				require.NoError(t, err)
				s.now = s.now.Add(time.Minute)
				return id
			}
			letters := func() (all []outbox.Letter) {
				waiting, err := s.WaitingLetters(ctx, "", 100)
				require.NoError(t, err)
				for _, l := range waiting {
					if l.To.Name == "Otto" {
						all = append(all, l)
					}
				}
				return all
			}
			id := ask(heir)
			require.Empty(t, letters(), "one officer opens nothing")
			require.Equal(t, portal.Conflict, portal.CodeOf(grounds.Decide(ctx, lena, id, true)), "nor decides on what they asked")
			require.NoError(t, grounds.Decide(ctx, marc, id, true))
			require.Equal(t, portal.Conflict, portal.CodeOf(grounds.Decide(ctx, marc, id, false)), "once")
			require.Len(t, letters(), 1)
			letter := letters()[0]
			require.Equal(t, outbox.Address{Name: "Otto", Street: "Rue B 2", Postcode: "4700", Town: "Eupen"}, letter.To)
			key := func(l outbox.Letter) string {
				var data registry.ReferenceLetter
				require.NoError(t, json.Unmarshal(l.Data, &data))
				number, err := registry.ParseReference(keys.Secret(data.Lines[0].Reference))
				require.NoError(t, err)
				require.Equal(t, "7FLO2119031964", data.Lines[0].MeterNumber)
				require.Equal(t, registry.Heir, data.Ground)
				return storetest.Keys(t).CounterKey("reference", number)
			}
			first := key(letter)
			passes := s.pass(first, "v1")
			require.Len(t, passes, 1)
			require.Equal(t, anna, passes[0].Occupancy.ID)
			require.True(t, passes[0].ByGround() && passes[0].Why() == "heir")
			require.True(t, day("2025-01-01").Equal(passes[0].Occupancy.From) && day("2026-02-01").Equal(passes[0].Occupancy.To))
			require.True(t, day("2026-07-01").Equal(s.endsAt(first)), "it ends by itself")
			require.EqualValues(t, 1, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM issued_references WHERE ended_us = 0`), "the occupant's goes on")

			// A move learnt late cuts what the heir sees, within the same visit.
			s.load(line(gas, "gas", "7FLO2119031964", "2020-01-01", "Anna", "2020-01-01", "2025-10-01"))
			passes, err = s.LivePasses(ctx, []string{"v1"}, s.now)
			require.NoError(t, err)
			require.True(t, day("2025-10-01").Equal(passes[0].Occupancy.To), "D3")

			s.now = s.now.Add(time.Minute)
			require.NoError(t, grounds.Send(ctx, lena, id))
			second := key(letters()[1])
			require.True(t, day("2026-07-01").Equal(s.endsAt(first)))
			require.Len(t, s.pass(second, "v2"), 1)
			require.True(t, s.now.Equal(s.endsAt(first)), "the former ends at the first use of the new one")
			passes, err = s.LivePasses(ctx, []string{"v1", "v2"}, s.now)
			require.NoError(t, err)
			require.Len(t, passes, 1)

			s.now = s.now.Add(time.Minute)
			require.Equal(t, portal.Invalid, portal.CodeOf(grounds.End(ctx, lena, id, "")))
			require.NoError(t, grounds.End(ctx, lena, id, "mistake"))
			require.Equal(t, portal.Conflict, portal.CodeOf(grounds.End(ctx, lena, id, "mistake")))
			require.Equal(t, portal.Conflict, portal.CodeOf(grounds.Send(ctx, lena, id)))
			require.False(t, s.now.Before(s.endsAt(second)))
			passes, err = s.LivePasses(ctx, []string{"v1", "v2"}, s.now)
			require.NoError(t, err)
			require.Empty(t, passes, "a visit on it is over at once")

			// An owner sees the vacancy, which has a name of its own.
			vacant := ask(owner)
			require.NoError(t, grounds.Decide(ctx, marc, vacant, true))
			refused := ask(owner)
			require.NoError(t, grounds.Decide(ctx, marc, refused, false))
			require.Equal(t, portal.Conflict, portal.CodeOf(grounds.Send(ctx, lena, refused)))
			key2 := ""
			for _, l := range letters()[2:] {
				var data registry.ReferenceLetter
				require.NoError(t, json.Unmarshal(l.Data, &data))
				number, _ := registry.ParseReference(keys.Secret(data.Lines[0].Reference))
				key2 = storetest.Keys(t).CounterKey("reference", number)
			}
			passes = s.pass(key2, "v3")
			require.Len(t, passes, 1)
			require.Equal(t, vacant, passes[0].Occupancy.ID)
			require.True(t, day("2026-01-01").Equal(passes[0].Occupancy.From) && passes[0].Occupancy.To.IsZero())

			// Its last day over, a visit that was open is, too.
			now := s.now
			s.now = day("2026-07-01").Add(-time.Minute)
			require.Len(t, s.pass(key2, "v4"), 1)
			s.now = s.now.Add(time.Minute)
			passes, err = s.LivePasses(ctx, []string{"v4"}, s.now)
			require.NoError(t, err)
			require.Empty(t, passes)
			s.now = now

			list, err := grounds.List(ctx, registry.GroundCursor{}, 2)
			require.NoError(t, err)
			require.Equal(t, []string{refused, vacant}, []string{list[0].ID, list[1].ID})
			require.Equal(t, heir.Evidence, list[0].Evidence)
			list, err = grounds.List(ctx, registry.GroundCursor{AskedAt: list[1].AskedAt, ID: list[1].ID}, 2)
			require.NoError(t, err)
			require.Len(t, list, 1)
			require.Equal(t, registry.GroundEnded, list[0].State(s.now))
			for action, n := range map[string]int64{"ground.asked": 3, "ground.granted": 2, "ground.refused": 1, "ground.ended": 1} {
				require.EqualValues(t, n, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, action), action)
			}
			require.EqualValues(t, 3, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'reference.issued' AND ground IN ('heir', 'owner')`))
			require.Zero(t, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM trail WHERE details LIKE '%Otto%' OR details LIKE '%Erbschein%'`), "who they are stays out of the trail")
		})
	}
}

// Each thing wrong is said at its field, and nothing is kept.
func TestD7GroundFaults(t *testing.T) {
	s, ctx := newStreet(t, storetest.Backends(t)[0]), context.Background()
	s.load(line(power, "electricity", "1SAG1100076616", "2020-01-01", "Anna", "2020-01-01", "2026-01-01"))
	good := registry.Ground{EAN: power, Kind: registry.Owner, Name: "Otto", Language: portal.German, Street: "Rue B 2", Postcode: "4700", Town: "Eupen",
		Period: portal.Period{From: day("2026-01-01")}, Until: day("2026-07-01"), Evidence: "Grundbuch, 3. Februar"}
	for field, spoil := range map[string]func(*registry.Ground){
		"kind":     func(g *registry.Ground) { g.Kind = "friend" },
		"ean":      func(g *registry.Ground) { g.EAN = gas },
		"name":     func(g *registry.Ground) { g.Name = " " },
		"street":   func(g *registry.Ground) { g.Street = string(make([]byte, 200)) },
		"language": func(g *registry.Ground) { g.Language = "es" },
		"from":     func(g *registry.Ground) { g.Kind = registry.Heir },
		"to":       func(g *registry.Ground) { g.To = g.From },
		"until":    func(g *registry.Ground) { g.Until = day("2030-01-01") },
		"evidence": func(g *registry.Ground) { g.Evidence = "ja" },
	} {
		g := good
		spoil(&g)
		_, err := s.grounds().Ask(ctx, portal.Actor{Kind: portal.Staff, ID: "lena"}, g)
		var faults registry.GroundFaults
		require.ErrorAs(t, err, &faults, field)
		require.Len(t, faults, 1, field)
		require.Equal(t, field, faults[0].Field)
	}
	require.Zero(t, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM grounds`))
}
