package registry_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const legacyHeader = "ean;reference;meter\n"

func legacy(t testing.TB, text string) []registry.LegacyReference {
	t.Helper()
	refs, wrong := registry.ParseLegacy(strings.NewReader(text), registry.Options{})
	require.Empty(t, wrong)
	return refs
}

func TestEachLegacyRefusal(t *testing.T) {
	const ean, other = "541499000000123455", "549999000000000016"
	for name, c := range map[string]struct {
		text, column, reason string
		line                 int
	}{
		"seven digits":            {ean + ";1234567;\n", "reference", "7 digits, not 8 to 20", 2},
		"21 digits":               {ean + ";" + strings.Repeat("9", 21) + ";\n", "reference", "21 digits, not 8 to 20", 2},
		"G1: never 14":            {ean + ";12345678901234;\n", "reference", "own length", 2},
		"G1: nor 14 with blanks":  {ean + ";1234 5678 9012 34;\n", "reference", "14 digits", 2},
		"none":                    {ean + ";;\n", "reference", "missing", 2},
		"letters":                 {ean + ";A1234567;\n", "reference", "not digits", 2},
		"a spreadsheet's number":  {ean + ";1,23457E+15;\n", "reference", "not digits", 2},
		"check digit":             {"541499000000123456;12345678;\n", "ean", "check digit", 2},
		"two for one point":       {ean + ";12345678;\n" + ean + ";12345679;\n", "ean", "line 2", 3},
		"one for two points":      {other + ";12345678;\n" + ean + ";1234 5678;\n", "reference", "line 2", 3},
		"more fields than titles": {ean + ";12345678;;;\n", "", "more fields", 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, wrong := registry.ParseLegacy(strings.NewReader(legacyHeader+c.text), registry.Options{})
			found := false
			for _, e := range wrong {
				found = found || e.Line == c.line && e.Column == c.column && strings.Contains(e.Reason, c.reason)
				require.NotContains(t, e.Error(), "1234567", "G12: an error tells no number")
			}
			require.True(t, found, "%v", wrong)
		})
	}
	_, wrong := registry.ParseLegacy(strings.NewReader("ean;reference;name\n"), registry.Options{})
	require.Len(t, wrong, 1, "columns of another file are none of this one's")
	o, err := registry.ParseLegacyMap("Numéro=reference,Remarque=-")
	require.NoError(t, err)
	refs, wrong := registry.ParseLegacy(strings.NewReader("EAN,Numéro,Remarque\n"+ean+",0041-7300.925,x\n"+ean+",00417300925,x\n"), o)
	require.Empty(t, wrong)
	require.Len(t, refs, 1, "said twice alike")
	require.Equal(t, "00417300925", refs[0].Number.Reveal())
	require.NotContains(t, fmt.Sprintf("%+v %#v", refs, refs), "417300925", "G12")
	_, err = registry.ParseLegacyMap("Rue=street")
	require.Error(t, err)
}

func (o town) legacyImporter() *registry.LegacyImporter {
	return &registry.LegacyImporter{Ring: o.ring, Ledger: o.Store, Runner: o.Store, Clock: clock}
}

// target reads what a number opens, as the gate does.
func (o town) target(t testing.TB, number keys.Secret) (target lookup.Target) {
	t.Helper()
	require.NoError(t, o.Do(context.Background(), func(u tx.Tx) (err error) {
		target, _, err = o.LoadAttempt(u, lookup.ByReference, o.ring.CounterKey("reference", number), "")
		return err
	}))
	return target
}

// G1: an imported reference belongs to the present occupancy and meter of its
// EAN, goes with the register's digits, and lies hashed; again, nothing changes.
func TestG1LegacyReferencesAreTakenOver(t *testing.T) {
	o, ctx := open(t), context.Background()
	_, err := o.importer().Apply(ctx, parse(t, registry.Example()), registry.ApplyOptions{})
	require.NoError(t, err)
	lengths, err := o.LegacyLengths(ctx)
	require.NoError(t, err)
	require.Empty(t, lengths)
	refs := legacy(t, registry.LegacyExample())

	dry, err := o.legacyImporter().Apply(ctx, refs, "old.csv", true)
	require.NoError(t, err)
	require.Equal(t, registry.LegacyDifference{New: 2}, dry)
	require.False(t, o.target(t, refs[0].Number).Known, "dry run")
	first, err := o.legacyImporter().Apply(ctx, refs, "old.csv", false)
	require.NoError(t, err)
	require.Equal(t, registry.LegacyDifference{New: 2, Recorded: true}, first)
	again, err := o.legacyImporter().Apply(ctx, refs, "old.csv", false)
	require.NoError(t, err)
	require.Equal(t, registry.LegacyDifference{Unchanged: 2}, again)
	lengths, err = o.LegacyLengths(ctx)
	require.NoError(t, err)
	require.Equal(t, []int{11}, lengths)

	stays, err := o.Occupancies(ctx, refs[0].EAN)
	require.NoError(t, err)
	key := o.ring.CounterKey("reference", refs[0].Number)
	target := o.target(t, refs[0].Number)
	require.Equal(t, stays[1].ID, target.OccupancyID, "the present occupant's, not the former's")
	require.Equal(t, registry.DigitsHash(o.ring, key, "6616"), target.Secret)
	require.Len(t, target.LetterCode, 32)
	require.NotEqual(t, registry.LetterCodeHash(o.ring, key, ""), target.LetterCode, "nobody's code")
	for _, file := range []string{o.file, o.file + "-wal"} {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(raw), refs[0].Number.Reveal(), "G12: hashes only")
	}
}

// A file is all or nothing, and each line that contradicts the register is
// named with its reason.
func TestLegacyLinesAgainstTheRegister(t *testing.T) {
	o, ctx := open(t), context.Background()
	whole := func(first17 string) string { return first17 + string(portal.EANCheckDigit(first17)) }
	vacant, bare := whole("54149900000020001"), whole("54149900000030001") // never occupied; occupied without meter
	text := header + good + "549999000000000016;gas;Rue A 1;4700;Eupen;;7FLO2119031964;2021-03-15;;Anna;de;Rue A 1;4700;Eupen;2020-01-01;;;;;\n" +
		vacant + ";gas;Rue A 1;4700;Eupen;;7FLO2119031965;2021-03-15;;;;;;;;;;;;\n" +
		bare + ";gas;Rue A 1;4700;Eupen;;;;;Anna;de;Rue A 1;4700;Eupen;2020-01-01;;;;;\n"
	_, err := o.importer().Apply(ctx, parse(t, text), registry.ApplyOptions{})
	require.NoError(t, err)
	const ean, gas = "541499000000123455", "549999000000000016"
	_, err = o.legacyImporter().Apply(ctx, legacy(t, legacyHeader+gas+";55555555;\n"), "first.csv", false)
	require.NoError(t, err)
	for name, c := range map[string]struct{ line, column, reason string }{
		"unknown":            {"541449000000000010;87654321;", "ean", "does not know"},
		"vacant":             {vacant + ";87654321;", "ean", "nobody"},
		"no meter":           {bare + ";87654321;", "ean", "no meter"},
		"another meter":      {ean + ";87654321;1SAG1100076617", "meter", "not the number"},
		"another point's":    {ean + ";55555555;", "reference", "another access point"},
		"one for the second": {gas + ";55555556;", "reference", "another imported"},
	} {
		t.Run(name, func(t *testing.T) {
			good := ean + ";12345678;1sag 1100076616\n"
			if strings.HasPrefix(c.line, ean) {
				good = ""
			}
			refs := legacy(t, legacyHeader+good+c.line+"\n")
			d, err := o.legacyImporter().Apply(ctx, refs, "old.csv", false)
			require.Equal(t, portal.Invalid, portal.CodeOf(err))
			require.Len(t, d.Refused, 1)
			require.Equal(t, c.column, d.Refused[0].Column)
			require.Contains(t, d.Refused[0].Reason, c.reason)
			require.Equal(t, strings.Count(legacyHeader+good, "\n")+1, d.Refused[0].Line)
			require.False(t, o.target(t, "12345678").Known, "the good line did not enter")
		})
	}
}

// G1: replacing draws one new reference for each legacy one, once; the legacy
// one goes on until the new one is first used, is not imported again after
// that, and a drawn reference never gets a predictable one beside it.
func TestG1LegacyReferencesAreReplaced(t *testing.T) {
	o, ctx := open(t), context.Background()
	_, err := o.importer().Apply(ctx, parse(t, registry.Example()), registry.ApplyOptions{})
	require.NoError(t, err)
	issuer := registry.NewIssuer(o.ring, clock, o.Store, o.Store)
	// The gas has a drawn one already.
	_, err = issuer.Issue(ctx, registry.IssueOptions{EANs: []portal.EAN{"549999000000000016"}})
	require.NoError(t, err)
	refs := legacy(t, registry.LegacyExample())
	d, err := o.legacyImporter().Apply(ctx, refs, "old.csv", false)
	require.NoError(t, err)
	require.Equal(t, registry.LegacyDifference{New: 1, Replaced: 1, Recorded: true}, d)
	old := refs[0].Number

	sum, err := issuer.Issue(ctx, registry.IssueOptions{})
	require.NoError(t, err)
	require.Zero(t, sum, "who has a legacy reference is not without one")
	var found []portal.EAN
	replace := registry.IssueOptions{ReplaceLegacy: true, DryRun: true, Found: func(h registry.Holding) { found = append(found, h.Point.EAN) }}
	sum, err = issuer.Issue(ctx, replace)
	require.NoError(t, err)
	require.Equal(t, registry.IssueSummary{References: 1, Letters: 1}, sum)
	require.Equal(t, []portal.EAN{"541499000000123455"}, found)
	var drawn []registry.Issued
	replace = registry.IssueOptions{ReplaceLegacy: true, Reveal: func(i registry.Issued) { drawn = append(drawn, i) }}
	sum, err = issuer.Issue(ctx, replace)
	require.NoError(t, err)
	require.Equal(t, registry.IssueSummary{References: 1, Letters: 1}, sum, "and the dry run had drawn nothing")
	sum, err = issuer.Issue(ctx, replace)
	require.NoError(t, err)
	require.Zero(t, sum, "once")

	require.Zero(t, o.target(t, old).EndsAt, "it lives until the new one is used")
	fresh := o.target(t, drawn[0].Reference)
	require.Equal(t, []string{o.ring.CounterKey("reference", old)}, fresh.Superseded)
	require.NoError(t, o.Do(ctx, func(u tx.Tx) error {
		return o.OpenVisit(u, lookup.Visit{ID: "v", ReferenceKey: o.ring.CounterKey("reference", drawn[0].Reference),
			OccupancyID: fresh.OccupancyID, OpenedAt: now, EndsAt: now}, fresh.Superseded)
	}))
	require.False(t, o.target(t, old).EndsAt.IsZero())
	d, err = o.legacyImporter().Apply(ctx, refs, "old.csv", false)
	require.NoError(t, err)
	require.Equal(t, registry.LegacyDifference{Unchanged: 1, Replaced: 1}, d)
	require.False(t, o.target(t, old).EndsAt.IsZero(), "no import revives it")
}

// A reference that was given between the list and the lock gets no second one.
func TestG1NobodyIsDrawnForTwice(t *testing.T) {
	o, ctx := open(t), context.Background()
	_, err := o.importer().Apply(ctx, parse(t, registry.Example()), registry.ApplyOptions{})
	require.NoError(t, err)
	late := registry.NewIssuer(o.ring, clock, o.Store, listsAll{o.Store})
	_, err = o.legacyImporter().Apply(ctx, legacy(t, legacyHeader+"541499000000123455;00417300925;\n"), "old.csv", false)
	require.NoError(t, err)
	sum, err := late.Issue(ctx, registry.IssueOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, sum.References, "for the gas; the other has a legacy one")
	sum, err = late.Issue(ctx, registry.IssueOptions{ReplaceLegacy: true})
	require.NoError(t, err)
	require.Equal(t, 1, sum.References, "for the legacy one; the gas has a drawn one")
	sum, err = late.Issue(ctx, registry.IssueOptions{ReplaceLegacy: true})
	require.NoError(t, err)
	require.Zero(t, sum)
}

// listsAll lists as if nobody had a reference yet.
type listsAll struct{ *store.Store }

func (l listsAll) EachHolding(ctx context.Context, at time.Time, _ registry.Wanting, f func(registry.Holding) error) error {
	return l.Store.EachHolding(ctx, at, registry.Everybody, f)
}

// After a meter exchange the former meter's reference still says who is to be
// replaced: the legacy one is, the drawn one is not.
func TestG1ReplacingAcrossAMeterExchange(t *testing.T) {
	o, ctx := open(t), context.Background()
	_, err := o.importer().Apply(ctx, parse(t, registry.Example()), registry.ApplyOptions{})
	require.NoError(t, err)
	issuer := registry.NewIssuer(o.ring, clock, o.Store, o.Store)
	_, err = issuer.Issue(ctx, registry.IssueOptions{EANs: []portal.EAN{"549999000000000016"}})
	require.NoError(t, err)
	_, err = o.legacyImporter().Apply(ctx, legacy(t, registry.LegacyExample()), "old.csv", false)
	require.NoError(t, err)
	exchange := "ean;energy;street;postcode;town;meter;meter_from\n" +
		"541499000000123455;electricity;Rue des Tilleuls 12;4700;Eupen;1SAG1100099999;2026-02-01\n" +
		"549999000000000016;gas;Rue des Tilleuls 12;4700;Eupen;7FLO2119099999;2026-02-01\n"
	_, err = o.importer().Apply(ctx, parse(t, exchange), registry.ApplyOptions{})
	require.NoError(t, err)
	var found []portal.EAN
	_, err = issuer.Issue(ctx, registry.IssueOptions{ReplaceLegacy: true, DryRun: true,
		Found: func(h registry.Holding) { found = append(found, h.Point.EAN) }})
	require.NoError(t, err)
	require.Equal(t, []portal.EAN{"541499000000123455"}, found)
}

// G1, T4: 14 digits are ours with their check digits; a length in use is a
// legacy reference, in any spelling; anything else gets the errors of today,
// which never name other lengths.
func TestParseNumber(t *testing.T) {
	drawn := registry.DrawReference()
	for name, c := range map[string]struct {
		typed   keys.Secret
		lengths []int
		want    keys.Secret
		legacy  bool
		key     string
	}{
		"ours":                      {drawn, []int{11}, drawn, false, ""},
		"ours, grouped":             {keys.Secret(registry.FormatReference(drawn)), nil, drawn, false, ""},
		"14 in use changes nothing": {"12345678901234", []int{14}, "", false, "reference.check"},
		"legacy":                    {"00417300925", []int{8, 11}, "00417300925", true, ""},
		"legacy, spelled":           {" ００41-7300 925", []int{11}, "00417300925", true, ""},
		"a length not in use":       {"00417300925", []int{8, 12}, "", false, "reference.length"},
		"no lengths":                {"00417300925", nil, "", false, "reference.length"},
		"no legacy length":          {"1234567", []int{7}, "", false, "reference.length"},
		"empty":                     {" ", []int{8}, "", false, "reference.empty"},
		"letters":                   {"1234567x", []int{8}, "", false, "reference.characters"},
	} {
		number, legacy, err := registry.ParseNumber(c.typed, c.lengths)
		require.Equal(t, c.legacy, legacy, name)
		require.True(t, c.want.Equal(number), name)
		_, today := registry.ParseReference(c.typed)
		if c.key == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, c.key, name)
			require.Equal(t, today, err, name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		typed := keys.Secret(rapid.StringMatching(`[0-9 .-]{0,24}`).Draw(t, "typed"))
		lengths := rapid.SliceOf(rapid.IntRange(0, 24)).Draw(t, "lengths")
		number, legacy, err := registry.ParseNumber(typed, lengths)
		if legacy {
			require.NoError(t, err)
			require.NotEqual(t, registry.ReferenceLength, len(number))
			require.Contains(t, lengths, len(number))
		} else if err == nil {
			require.True(t, registry.WellFormed(number))
		}
	})
}
