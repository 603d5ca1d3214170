package registry_test

import (
	"context"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

const registrationHeader = "ean;supplier;accepted;ended;end\n"

func TestEachRegistrationRefusal(t *testing.T) {
	const ean = "541499000000123455"
	for name, c := range map[string]struct {
		text, column, reason string
		line                 int
	}{
		"check digit":            {"541499000000123456;SOL;2024-01-01;;\n", "ean", "check digit", 2},
		"no supplier":            {ean + ";;2024-01-01;;\n", "supplier", "not a code", 2},
		"a name":                 {ean + ";Sol et Lune;2024-01-01;;\n", "supplier", "not a code", 2},
		"L10: not accepted":      {ean + ";SOL;;;\n", "accepted", "missing", 2},
		"no such day":            {ean + ";SOL;2024-02-30;;\n", "accepted", "YYYY-MM-DD", 2},
		"ends before":            {ean + ";SOL;2024-01-01;2023-01-01;\n", "ended", "not after", 2},
		"an end of no day":       {ean + ";SOL;2024-01-01;;drop\n", "end", "without ended", 2},
		"another scenario":       {ean + ";SOL;2024-01-01;2025-01-01;moved\n", "end", "neither", 2},
		"two at once":            {ean + ";SOL;2024-01-01;2025-01-01;\n" + ean + ";LUNE;2024-06-01;;\n", "accepted", "overlaps the one on line 2", 3},
		"two on one day":         {ean + ";SOL;2024-01-01;;\n" + ean + ";LUNE;2024-01-01;;\n", "accepted", "told otherwise on line 2", 3},
		"more fields than there": {ean + ";SOL;2024-01-01;;;x\n", "", "more fields", 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, wrong := registry.ParseRegistrations(strings.NewReader(registrationHeader+c.text), registry.Options{})
			found := false
			for _, e := range wrong {
				found = found || e.Line == c.line && e.Column == c.column && strings.Contains(e.Reason, c.reason)
			}
			require.True(t, found, "%v", wrong)
		})
	}
}

func told(t testing.TB, text string) []registry.ToldRegistration {
	t.Helper()
	list, wrong := registry.ParseRegistrations(strings.NewReader(text), registry.Options{})
	require.Empty(t, wrong)
	return list
}

func (o town) held(t testing.TB, ean portal.EAN) (list []registry.HeldRegistration) {
	t.Helper()
	require.NoError(t, o.Do(context.Background(), func(u tx.Tx) (err error) {
		list, err = o.RegistrationsOn(u, []portal.EAN{ean})
		return err
	}))
	return list
}

// L10: a file of registrations is all or nothing, again it changes nothing, and
// a later acceptance ends an open one.
func TestL10RegistrationsByFile(t *testing.T) {
	o, ctx := open(t), context.Background()
	_, err := o.importer().Apply(ctx, parse(t, registry.Example()), registry.ApplyOptions{})
	require.NoError(t, err)
	im := &registry.RegistrationImporter{Ledger: o.Store, Runner: o.Store, Clock: clock}
	apply := func(text string, dry bool) registry.RegistrationDifference {
		d, err := im.Apply(ctx, told(t, text), "file.csv", dry)
		require.NoError(t, err)
		return d
	}
	const ean portal.EAN = "541499000000123455"
	require.Equal(t, 3, apply(registry.RegistrationExample(), true).New)
	require.Empty(t, o.held(t, ean), "dry run")
	first := apply(registry.RegistrationExample(), false)
	require.True(t, first.Recorded)
	require.Equal(t, registry.Change{New: 3}, first.Change)
	require.Zero(t, first.Nobody)
	again := apply(registry.RegistrationExample(), false)
	require.False(t, again.Recorded)
	require.Equal(t, registry.Change{Unchanged: 3}, again.Change)
	before := o.held(t, ean)
	require.Len(t, before, 2)
	require.Equal(t, registry.EndOfContract, before[0].End)

	bad := apply(registrationHeader+string(ean)+";SOL;2025-06-01;;\n541449000000000010;SOL;2025-06-01;;\n"+string(ean)+";SOL;2020-01-01;2020-02-01;\n", false)
	require.Len(t, bad.Refused, 2)
	require.Equal(t, registry.LineError{Line: 3, Column: "ean", Reason: "the access register does not know it; import the registry first"}, bad.Refused[0])
	require.Contains(t, bad.Refused[1].Error(), "line 4, accepted: overlaps a registration that is held")
	require.Equal(t, before, o.held(t, ean), "all or nothing")

	require.Equal(t, registry.Change{New: 1, Changed: 1, Unchanged: 1}, apply(registrationHeader+string(ean)+";SOL;2025-06-01;;\n", false).Change)
	after := o.held(t, ean)
	require.Equal(t, portal.Date(2025, 6, 1), after[1].To.In(portal.Brussels), "the open one is over")
	require.Equal(t, before[1].ID, after[1].ID)
	require.Equal(t, 1, apply(registrationHeader+string(ean)+";SOL;2018-01-01;2018-02-01;\n", true).Nobody, "nobody lived there yet")
	require.Equal(t, registry.Change{Changed: 1, Unchanged: 2}, apply(registrationHeader+string(ean)+";SOL;2025-06-01;2026-01-01;drop\n", false).Change)
	require.Equal(t, registry.Drop, o.held(t, ean)[2].End)
}

// L16, D12: an occupant learns of registrations within their own stay, and how
// one ended only where it began and ended in it.
func TestL16EndsOfOthersAreNotTold(t *testing.T) {
	stay := portal.Period{From: portal.Date(2024, 1, 1), To: portal.Date(2025, 1, 1)}
	one := func(from, to int, end registry.Scenario) registry.HeldRegistration {
		p := portal.Period{From: portal.Date(2024, 1, from)}
		if to != 0 {
			p.To = portal.Date(2024, 1, to)
		}
		return registry.HeldRegistration{Registration: registry.Registration{Period: p}, End: end}
	}
	own := registry.EndedIn(stay, []registry.HeldRegistration{
		one(-300, 1, registry.Drop), one(-30, 40, registry.BudgetMeter), one(40, 50, registry.BudgetMeter), one(50, 1000, registry.Drop), one(1000, 0, ""),
	})
	require.Len(t, own, 3, "what ended when they moved in was the former's")
	require.Equal(t, stay.From, own[0].From)
	require.Equal(t, registry.UnknownEnd, own[0].End, "it began for the former, who did not pay")
	require.Equal(t, registry.BudgetMeter, own[1].End, "in their own time")
	require.Equal(t, stay.To, own[2].To)
	require.Equal(t, registry.UnknownEnd, own[2].End, "after they left")
	whole := registry.EndedIn(portal.Period{From: stay.From}, []registry.HeldRegistration{one(1, 9, registry.Drop)})
	require.Equal(t, registry.Drop, whole[0].End)
}
