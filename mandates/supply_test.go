package mandates_test

import (
	"context"
	"testing"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// market is a world with a supplier's registration in it.
type market struct {
	*world
	registration registry.Registration
	meanwhile    func() // between what is read and what is recorded
}

func (m *market) Do(_ context.Context, fn func(tx.Tx) error) error { return fn(m) }

func (m *market) Supplied(_ context.Context, _, id string, now time.Time) (mandates.Supplied, bool, error) {
	got := mandates.Supplied{Registration: m.registration, Point: m.point}
	if id != m.registration.ID { // another's too: the law must hold without the statement
		return mandates.Supplied{}, false, nil
	}
	for _, o := range m.stays {
		if o.Contains(now) {
			got.Stay = o
		}
	}
	return got, true, nil
}

func (m *market) ApprovedIn(tx.Tx, string) (bool, error) {
	if m.meanwhile != nil {
		m.meanwhile()
	}
	return !m.suspended, nil
}

func (m *market) SuppliedIn(_ tx.Tx, supplier, id string, now time.Time) (mandates.Supplied, bool, error) {
	return m.Supplied(context.Background(), supplier, id, now)
}

// drawMarket draws a registration around the stays of a world: before them,
// within, over a move, ended, to come, or another supplier's.
func drawMarket(t *rapid.T) *market {
	w := drawWorld(t)
	in := w.stays[1].From
	r := registry.Registration{ID: "r1", EAN: theEAN, Supplier: "SOL"}
	r.From = dayOf(within(t, "accepted", in, 12, 45))
	if rapid.Bool().Draw(t, "accepted at the move") {
		r.From = dayOf(in)
	}
	if rapid.IntRange(0, 2).Draw(t, "ends") == 0 {
		r.To = dayOf(within(t, "ended", w.now, 20, 20))
		if !r.To.After(r.From) {
			r.To = r.From.AddDate(0, 0, 1)
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "another's") == 0 {
		r.Supplier = "LUNE"
	}
	return &market{world: w, registration: r}
}

// mayHave is the oracle: whether a supplier may have a day at a grain, judged
// day by day from the words of L10, L13, L16, L26, D3 and D5.
func (m *market) mayHave(day time.Time, g metering.Grain) bool {
	r, end := m.registration, day.AddDate(0, 0, 1)
	registered := func(at time.Time) bool { return !at.Before(r.From) && (r.To.IsZero() || at.Before(r.To)) }
	lives := func(at time.Time) string {
		for _, o := range m.stays {
			if !at.Before(o.From) && (o.To.IsZero() || at.Before(o.To)) {
				return o.ID
			}
		}
		return ""
	}
	// The last instant of the day stands for its end.
	last := end.Add(-time.Nanosecond)
	switch {
	case r.Supplier != "SOL" || !registered(m.now):
		return false
	case lives(m.now) == "" || lives(r.From) != lives(m.now):
		return false // another customer's acceptance
	case lives(day) != lives(m.now) || lives(last) != lives(m.now):
		return false
	case !registered(day) || !registered(last) || day.Before(m.horizon()):
		return false
	}
	return g == metering.ByYear || g == metering.ByMonth || m.point.PowerVA >= 56_000
}

func (m *market) supply(g metering.Grain) (mandates.Delivery, error) {
	s := &mandates.Service{Clock: m.clock, Runner: m, Store: m}
	return s.Supply(context.Background(), &metering.History{Ledger: m, Clock: m.clock}, audit.Entry{},
		mandates.Supplier{PartnerID: "p1", Code: "SOL"}, "r1", mandates.Asked{Query: metering.Query{Grain: g}})
}

// L10, L13, L16, L26, Ld6: nothing from before a supplier's own accepted
// registration, nothing once it is over, nothing of another customer's and
// nothing finer than its bill ever leaves; totals and comparison included.
func TestL13NothingOutsideTheRegistrationLeaves(t *testing.T) {
	delivered, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t)
		g := rapid.SampledFrom(grains).Draw(t, "grain")
		allowed := map[int64]bool{}
		for day := range m.quarters {
			if date := metering.DateOf(day); m.mayHave(date, g) && !date.After(m.now) {
				allowed[day] = true
			}
		}
		got, err := m.supply(g)
		if err != nil {
			refused++
			require.Contains(t, []portal.Code{portal.Denied, portal.NotFound}, portal.CodeOf(err))
			require.Equal(t, audit.DeliveryRefused, m.entries[len(m.entries)-1].Action, "a refusal is traced")
		} else {
			delivered++
			e := m.entries[len(m.entries)-1]
			require.Equal(t, audit.Delivered, e.Action)
			require.Equal(t, "registration:r1", e.Ground)
			require.Equal(t, "occupancy:"+got.Supplied.Stay.ID, e.Subject, "the customer sees it")
			m.addsUp(t, got.Series, allowed)
		}
		for day := range m.quarters {
			if !m.mayHave(metering.DateOf(day), g) {
				if day%2 == 0 {
					delete(m.quarters, day)
				} else {
					m.fill(metering.DateOf(day), 77)
				}
			}
		}
		again, errAgain := m.supply(g)
		require.Equal(t, err, errAgain)
		same(t, got.Series, again.Series)
	})
	require.Positive(t, delivered, "the law saw no delivery")
	require.Positive(t, refused, "nor a refusal")
}

// L10: what is not a supplier's, is over, is to come or is of another customer
// is not there, all by the same answer; what its bill is not made of is refused.
func TestL10OneAnswerToWhatIsNotThere(t *testing.T) {
	now := portal.Date(2026, 3, 2).Add(9 * time.Hour)
	stay := registry.Occupancy{ID: "mine", EAN: theEAN, Period: portal.Period{From: portal.Date(2024, 1, 1)}}
	base := func() *market {
		return &market{world: &world{now: now, point: registry.AccessPoint{EAN: theEAN, Energy: portal.Electricity, PowerVA: 9200},
			stays: []registry.Occupancy{stay}}, registration: registry.Registration{ID: "r1", EAN: theEAN, Supplier: "SOL", Period: portal.Period{From: portal.Date(2025, 1, 1)}}}
	}
	var answers []error
	for name, change := range map[string]func(*market){
		"nobody's":             func(m *market) { m.registration.ID = "r2" },
		"another's":            func(m *market) { m.registration.Supplier = "LUNE" },
		"ended":                func(m *market) { m.registration.To = now },
		"to come":              func(m *market) { m.registration.From = now.Add(time.Second) },
		"of another customer":  func(m *market) { m.stays[0].From = portal.Date(2025, 1, 2) },
		"nobody lives there":   func(m *market) { m.stays[0].To = now },
		"of no access point's": func(m *market) { m.point.EAN = "541449000000000027" },
	} {
		m := base()
		change(m)
		_, err := m.supply(metering.ByMonth)
		require.Equal(t, portal.NotFound, portal.CodeOf(err), name)
		answers = append(answers, err)
	}
	for _, err := range answers {
		require.Same(t, answers[0], err)
	}
	m := base()
	for _, g := range []metering.Grain{metering.ByDay, metering.ByQuarter} {
		_, err := m.supply(g)
		require.Equal(t, portal.Denied, portal.CodeOf(err), "without a mandate, months and years")
	}
	m = base()
	m.quarters = map[int64][]int64{}
	m.fill(portal.Date(2026, 3, 1), 7)
	_, err := m.supply(metering.ByMonth)
	require.NoError(t, err)
	for name, change := range map[string]func(*market){
		"it ended meanwhile":        func(m *market) { m.registration.To = now },
		"another's meanwhile":       func(m *market) { m.registration.Supplier = "LUNE" },
		"a move was told meanwhile": func(m *market) { m.stays[0].To = portal.Date(2026, 3, 1) },
		"accepted later, it is now": func(m *market) { m.registration.From = portal.Date(2026, 2, 1) },
		"the supplier is suspended": func(m *market) { m.suspended = true },
	} {
		m.entries, m.registration, m.stays[0], m.suspended = nil, base().registration, stay, false
		m.meanwhile = func() { change(m) }
		_, err := m.supply(metering.ByMonth)
		require.Equal(t, portal.NotFound, portal.CodeOf(err), name)
		require.Len(t, m.entries, 1)
		require.Equal(t, audit.DeliveryRefused, m.entries[0].Action, name)
	}
	_, err = (&mandates.Service{Clock: m.clock, Runner: m, Store: m}).Supply(t.Context(), nil, audit.Entry{}, mandates.Supplier{PartnerID: "p1"}, "r1", mandates.Asked{})
	require.Equal(t, portal.NotFound, portal.CodeOf(err), "who is no supplier has none")
}
