package registry_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

type town struct {
	*store.Store
	ring *keys.Ring
	file string
}

func open(t testing.TB) town {
	t.Helper()
	dir := t.TempDir()
	ring, err := keys.Create(filepath.Join(dir, "keys"))
	require.NoError(t, err)
	file := filepath.Join(dir, "guichet.db")
	s, err := store.Open(context.Background(), "sqlite:"+file, ring, clock)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Migrate(context.Background())
	require.NoError(t, err)
	return town{s, ring, file}
}

func (o town) importer() *registry.Importer {
	return &registry.Importer{Ledger: o.Store, Runner: o.Store, Clock: clock}
}

func parse(t testing.TB, text string) registry.Batch {
	t.Helper()
	b, wrong := registry.Parse(strings.NewReader(text), registry.Options{})
	require.Empty(t, wrong)
	return b
}

const header = "ean;energy;street;postcode;town;power_kva;meter;meter_from;meter_to;name;language;mail_street;mail_postcode;mail_town;occupied_from;occupied_to;detail_from;supplier;supplier_from;supplier_to\n"

const good = "541499000000123455;electricity;Rue A 1;4700;Eupen;9.2;1SAG1100076616;2020-01-01;;Anna;de;Rue A 1;4700;Eupen;2020-01-01;;;Sol;2020-01-01;\n"

func TestEachRefusal(t *testing.T) {
	swap := func(old, now string) string { return header + strings.Replace(good, old, now, 1) }
	stay := func(from, to string) string {
		return strings.Replace(good, "2020-01-01;;;Sol", from+";"+to+";;Sol", 1)
	}
	for name, c := range map[string]struct {
		text, column, reason string
		line                 int
	}{
		"check digit":        {swap("541499000000123455", "541499000000123456"), "ean", "check digit", 2},
		"too short an EAN":   {swap("541499000000123455", "5414990000001234"), "ean", "18 digits", 2},
		"energy":             {swap("electricity", "water"), "energy", "neither", 2},
		"power":              {swap("9.2", "much"), "power_kva", "kVA", 2},
		"power of gas":       {swap("electricity", "gas"), "power_kva", "gas", 2},
		"meter number":       {swap("1SAG1100076616", "12-3456"), "meter", "four digits", 2},
		"language":           {swap(";de;", ";it;"), "language", "fr, de, nl or en", 2},
		"no address":         {swap("de;Rue A 1", "de;"), "mail_street", "mailing address", 2},
		"day":                {swap("2020-01-01", "01/01/2020"), "meter_from", "YYYY-MM-DD", 2},
		"no such day":        {swap("2020-01-01", "2021-02-29"), "meter_from", "YYYY-MM-DD", 2},
		"ends before":        {header + stay("2020-01-01", "2019-01-01"), "occupied_to", "not after", 2},
		"ends at once":       {header + stay("2020-01-01", "2020-01-01"), "occupied_to", "not after", 2},
		"period without":     {swap("1SAG1100076616", ""), "meter_from", "without meter", 2},
		"missing beginning":  {swap("Sol;2020-01-01", "Sol;"), "supplier_from", "missing", 2},
		"no street":          {swap("Rue A 1", ""), "street", "missing", 2},
		"overlap":            {header + good + strings.Replace(stay("2021-01-01", ""), "Anna", "Bert", 1), "occupied_from", "line 2", 3},
		"told otherwise":     {header + good + strings.Replace(good, "Anna", "Bert", 1), "occupied_from", "line 2", 3},
		"two streets":        {header + good + strings.Replace(good, "Rue A 1", "Rue B 2", 1), "ean", "line 2", 3},
		"two meters at once": {header + good + strings.Replace(good, "1SAG1100076616", "1SAG1100076617", 1), "meter_from", "line 2", 3},
		"more fields":        {header + strings.TrimSpace(good) + ";x;\n", "", "more fields", 2},
		"unknown column":     {"colour;" + header + ";" + good, "colour", "--map", 1},
		"column missing":     {"ean;energy\n", "town", "missing", 1},
		"not this encoding":  {swap("Rue A 1", "Chauss\xe9e 1"), "street", "encoding", 2},
		"control character":  {swap("Anna", "An\x07na"), "name", "control", 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, wrong := registry.Parse(strings.NewReader(c.text), registry.Options{})
			require.NotEmpty(t, wrong)
			found := false
			for _, e := range wrong {
				found = found || e.Line == c.line && e.Column == c.column && strings.Contains(e.Reason, c.reason)
				require.NotContains(t, e.Error(), "Anna", "an error names nobody")
			}
			require.True(t, found, "%v", wrong)
		})
	}
}

func TestHeaderAndEncoding(t *testing.T) {
	o, err := registry.ParseMap("Code EAN=ean,Remarque=-,encoding=windows-1252")
	require.NoError(t, err)
	text := "TOWN,Remarque,code  ean,Energy,street,postcode\nLi\xe8ge,x,EAN 5414 9900 0000 1234 55,E,Quai 1,4000\n"
	b, wrong := registry.Parse(strings.NewReader(text), o)
	require.Empty(t, wrong)
	require.Equal(t, registry.AccessPoint{EAN: "541499000000123455", Energy: portal.Electricity, Street: "Quai 1", Postcode: "4000", Town: "Liège"}, b.Points[0])
	_, err = registry.ParseMap("a=colour")
	require.Error(t, err)
}

func TestRejectedFileIsInert(t *testing.T) {
	text := header + good + strings.Replace(strings.Replace(good, "Anna", "=cmd|x", 1), ";de;", ";it;", 1)
	b, wrong := registry.Parse(strings.NewReader(text), registry.Options{})
	require.Len(t, b.Occupancies, 1, "the good line stays")
	var out bytes.Buffer
	require.NoError(t, registry.WriteRejected(&out, strings.NewReader(text), registry.Options{}, wrong))
	require.Contains(t, out.String(), ";'=cmd|x;")
	require.NotContains(t, out.String(), "Anna")
}

// TestAnOpenQuoteTellsWhatItSwallowed: good lines that nothing reads are named,
// or --keep-going would lose them in silence.
func TestAnOpenQuoteTellsWhatItSwallowed(t *testing.T) {
	text := header + good + strings.Replace(good, "Anna", `"Anna`, 1) + good + good
	b, wrong := registry.Parse(strings.NewReader(text), registry.Options{})
	require.Len(t, b.Occupancies, 1)
	require.Len(t, wrong, 1)
	require.Equal(t, 3, wrong[0].Line)
	require.Contains(t, wrong[0].Reason, "lines 3 to 5 were taken for one, and none of them is read")
	var out bytes.Buffer
	require.NoError(t, registry.WriteRejected(&out, strings.NewReader(text), registry.Options{}, wrong))
	require.Contains(t, out.String(), "lines 3 to 5")
	// What cannot be split stands there as it was, line by line, or nobody could mend it.
	rejected, err := csv.NewReader(strings.NewReader(strings.ReplaceAll(out.String(), ";", ","))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rejected, 4)
	for i, raw := range strings.Split(strings.TrimSpace(strings.Replace(good, "Anna", `"Anna`, 1)+good+good), "\n") {
		require.Equal(t, strings.ReplaceAll(raw, ";", ","), rejected[i+1][0])
		require.Len(t, rejected[i+1], len(rejected[0]), "the reason stands below its title")
	}

	_, wrong = registry.Parse(strings.NewReader(header+strings.Replace(good, "Anna", `An"na`, 1)+good), registry.Options{})
	require.Len(t, wrong, 1)
	require.NotContains(t, wrong[0].Reason, "lines", "one line is one line")
}

// TestAgainChangesNothing: an import is idempotent, with a move and a meter
// exchange in it.
func TestAgainChangesNothing(t *testing.T) {
	o, ctx := open(t), context.Background()
	b := parse(t, registry.Example())
	dry, err := o.importer().Apply(ctx, b, registry.ApplyOptions{DryRun: true})
	require.NoError(t, err)
	first, err := o.importer().Apply(ctx, b, registry.ApplyOptions{})
	require.NoError(t, err)
	require.True(t, first.Recorded)
	require.Equal(t, dry.Meters, first.Meters)
	require.Equal(t, registry.Change{New: 3}, first.Meters)
	second, err := o.importer().Apply(ctx, b, registry.ApplyOptions{})
	require.NoError(t, err)
	require.False(t, second.Recorded)
	require.Equal(t, registry.Change{Unchanged: 3}, second.Occupancies)
}

func TestExchangeClosesTheFormerMeterAndAMoveDoesNot(t *testing.T) {
	o, ctx := open(t), context.Background()
	_, err := o.importer().Apply(ctx, parse(t, header+good), registry.ApplyOptions{})
	require.NoError(t, err)
	later := header + strings.NewReplacer("1SAG1100076616;2020-01-01", "1SAG1100099999;2025-05-05").Replace(good)
	_, err = o.importer().Apply(ctx, parse(t, later), registry.ApplyOptions{})
	require.NoError(t, err)
	ms, err := o.Meters(ctx, "541499000000123455")
	require.NoError(t, err)
	require.Len(t, ms, 2)
	require.True(t, ms[0].To.Equal(portal.Date(2025, 5, 5)))

	move := header + strings.Replace(strings.Replace(good, "Anna", "Bert", 1), "Eupen;2020-01-01", "Eupen;2025-05-05", 1)
	d, err := o.importer().Apply(ctx, parse(t, move), registry.ApplyOptions{})
	require.Equal(t, portal.Invalid, portal.CodeOf(err))
	require.Equal(t, 2, d.Refused[0].Line)
	stays, err := o.Occupancies(ctx, "541499000000123455")
	require.NoError(t, err)
	require.Len(t, stays, 1, "nothing of a refused file entered")
}

// TestManyEndsAreHeld: a file that would end more than 1 % waits.
func TestManyEndsAreHeld(t *testing.T) {
	o, ctx := open(t), context.Background()
	many := func(to string) registry.Batch {
		var text strings.Builder
		text.WriteString(header)
		for i := range 20 {
			ean := fmt.Sprintf("5414990000%07d", i)
			text.WriteString(strings.NewReplacer("541499000000123455", ean+string(portal.EANCheckDigit(ean)), "2020-01-01;;;Sol", "2020-01-01;"+to+";;Sol").Replace(good))
		}
		return parse(t, text.String())
	}
	_, err := o.importer().Apply(ctx, many(""), registry.ApplyOptions{})
	require.NoError(t, err)
	d, err := o.importer().Apply(ctx, many("2026-02-01"), registry.ApplyOptions{})
	require.Equal(t, portal.Conflict, portal.CodeOf(err))
	require.True(t, d.Held)
	require.Equal(t, 20, d.Ended)
	d, err = o.importer().Apply(ctx, many("2026-02-01"), registry.ApplyOptions{ConfirmEnds: true})
	require.NoError(t, err)
	require.Equal(t, 20, d.Occupancies.Changed)
}

// TestStaysNeverOverlap is Ld1: whatever is imported in whatever order, no two
// stays of an access point share an instant.
func TestStaysNeverOverlap(t *testing.T) {
	o, house := open(t), 0
	rapid.Check(t, func(r *rapid.T) {
		house++
		digits := fmt.Sprintf("5414990000%07d", house)
		ean := digits + string(portal.EANCheckDigit(digits))
		for range rapid.IntRange(1, 4).Draw(r, "files") {
			text := header
			for range rapid.IntRange(1, 4).Draw(r, "rows") {
				from := rapid.IntRange(1, 20).Draw(r, "from")
				to := ""
				if rapid.Bool().Draw(r, "ends") {
					to = fmt.Sprintf("2024-01-%02d", from+rapid.IntRange(1, 8).Draw(r, "days"))
				}
				text += strings.NewReplacer("541499000000123455", ean, "2020-01-01;;;Sol", fmt.Sprintf("2024-01-%02d;%s;;Sol", from, to)).Replace(good)
			}
			b, _ := registry.Parse(strings.NewReader(text), registry.Options{})
			_, err := o.importer().Apply(context.Background(), b, registry.ApplyOptions{KeepGoing: true, ConfirmEnds: true})
			require.NoError(r, err)
			stays, err := o.Occupancies(context.Background(), portal.EAN(ean))
			require.NoError(r, err)
			for i := range stays {
				for j := range i {
					require.False(r, stays[i].Overlaps(stays[j].Period))
				}
			}
		}
	})
}

// TestOneEnvelopeAndNoSecretAtRest is G2 and G12.
func TestOneEnvelopeAndNoSecretAtRest(t *testing.T) {
	o, ctx := open(t), context.Background()
	_, err := o.importer().Apply(ctx, parse(t, registry.Example()), registry.ApplyOptions{})
	require.NoError(t, err)
	issuer := registry.NewIssuer(o.ring, clock, o.Store, o.Store)
	var drawn []registry.Issued
	reveal := func(i registry.Issued) { drawn = append(drawn, i) }
	sum, err := issuer.Issue(ctx, registry.IssueOptions{Reveal: reveal})
	require.NoError(t, err)
	require.Equal(t, registry.IssueSummary{References: 2, Letters: 1}, sum, "both energies in one envelope")
	sum, err = issuer.Issue(ctx, registry.IssueOptions{})
	require.NoError(t, err)
	require.Zero(t, sum, "nothing is missing any more")
	sum, err = issuer.Issue(ctx, registry.IssueOptions{Again: true, EANs: []portal.EAN{"549999000000000016"}, Reveal: reveal})
	require.NoError(t, err)
	require.Equal(t, registry.IssueSummary{References: 1, Letters: 1}, sum)

	var letters []outbox.Letter
	letters, err = o.WaitingLetters(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, letters, 2)
	require.Equal(t, portal.French, letters[0].Language)
	require.Contains(t, string(letters[0].Data)+string(letters[1].Data), registry.FormatReference(drawn[0].Reference))
	require.Error(t, o.Do(ctx, func(u tx.Tx) error {
		h, err := o.Holding(u, drawn[0].OccupancyID, now)
		if err != nil {
			return err
		}
		h.Meter.Number = "12-3"
		_, err = issuer.IssueIn(u, registry.Cause{}, []registry.Holding{h})
		require.NotContains(t, fmt.Sprint(err), "12-3")
		return err
	}))

	require.Len(t, drawn, 3)
	for _, file := range []string{o.file, o.file + "-wal"} {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, d := range drawn {
			code := d.LetterCode.Reveal()
			for _, secret := range []string{d.Reference.Reveal(), registry.FormatReference(d.Reference), code, code[:4] + " " + code[4:]} {
				require.NotContains(t, string(raw), secret, "%s", filepath.Base(file))
			}
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", d, d, d), d.Reference.Reveal())
		}
	}
}
