package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"

	"guichet/portal"
	"guichet/portal/config"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"
	"guichet/portal/registry"
)

// importReadingsCmd imports files of interval readings.
type importReadingsCmd struct {
	Format   string   `enum:"fluvius,espi,csv" default:"fluvius" help:"Family of the files: fluvius (portals of Belgian operators), espi (Green Button), csv (this portal's own downloads)."`
	For      []string `placeholder:"EAN" help:"The access point of the files, where theirs is a dummy."`
	OtherEAN bool     `name:"other-ean" help:"Take a file that names another access point of the register than --for says."`
	DryRun   bool     `help:"Show what would change, and change nothing."`
	JSON     bool     `name:"json" help:"Print one JSON object a file."`
	Files    []string `arg:"" name:"file" help:"Files to import."`
}

// Help is shown by --help.
func (importReadingsCmd) Help() string {
	return `Example: guichet import readings --format fluvius --for 541449000000000010 day.csv

Each file is all or nothing and may be imported again without doubling
anything. Columns are recognised by their meaning, in English, Dutch, French or
German. Times are local; days of 23 and 25 hours are kept whole.

A file that names another access point of the register than --for says is
refused, unless --other-ean confirms it: somebody would see what others used.
One that names a stranger's, or whose meter the register does not have there, is
taken with a note.

ESPI 4.0 carries no EAN: name it with --for. Of its bands (tou), 1 is peak and
2 off-peak. A CSV of this portal has its EAN masked: name it with --for, too,
once for each access point that it has. One
by month or year has no days to give: its totals are kept with their own bounds,
and shown where an occupancy sees just that period; where days are stored, they
must agree with them.`
}

// importedFile is what is told of one file.
type importedFile struct {
	File     string          `json:"file"`
	DryRun   bool            `json:"dry_run"`
	Rows     int             `json:"rows"`
	From     string          `json:"from"`
	To       string          `json:"to"`
	Interval int             `json:"interval_seconds"`
	Sums     []importedSum   `json:"sums"`
	Unusual  []unusualDay    `json:"unusual_days"`
	Partial  []string        `json:"partial_days"`
	Notes    []string        `json:"notes"`
	Report   metering.Report `json:"days"`
}

type importedSum struct {
	EAN      string `json:"ean"`
	Register string `json:"register"`
	Amount   string `json:"amount"`
	Unit     string `json:"unit"`
	Rows     int    `json:"rows"`
}

type unusualDay struct {
	Date     string `json:"date"`
	Slots    int    `json:"intervals"`
	Ordinary int    `json:"ordinary"`
}

// Run implements the command.
func (c importReadingsCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	var o exchange.Options
	for i, text := range c.For {
		ean, err := portal.ParseEAN(text)
		switch {
		case err != nil:
			return usageError{fmt.Errorf("--for %s: %s", text, reason(err))}
		case i == 0:
			o.ForEAN = ean
		case c.Format != "csv":
			return usageError{errors.New("--for names several access points for --format csv alone")}
		default:
			o.Also = append(o.Also, ean)
		}
	}
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	_, err = importFlags{Files: c.Files}.each(ctx, func(name string) error {
		err := c.one(ctx, f, t, name, o)
		if err == nil || ctx.Err() != nil {
			return err
		}
		fmt.Fprintf(t.err, "%s: not imported\n%s\n", name, reason(err))
		return errors.New("not imported")
	})
	return err
}

func (c importReadingsCmd) one(ctx context.Context, f *foundation, t *terminal, name string, of exchange.Options) error {
	file, err := openInput(ctx, name)
	if err != nil {
		return err
	}
	defer file.Close()
	readers := map[string]func(io.Reader, exchange.Options) (exchange.File, error){
		"fluvius": exchange.ReadFluvius, "espi": exchange.ReadESPI, "csv": exchange.ReadOwn}
	read, err := readers[c.Format](file, of)
	if err != nil {
		return err
	}
	strangers, err := f.strangeMeters(ctx, read.Days)
	if err != nil {
		return err
	}
	if named := read.Summary.Named; named != "" {
		meters, err := f.store.Meters(ctx, named)
		if err != nil {
			return err
		}
		if len(meters) > 0 && !c.OtherEAN {
			return fmt.Errorf("it names %s, another access point of the register than --for says; if it is of the latter all the same, confirm it with --other-ean", named.Masked())
		}
		strangers = append(strangers, "the file itself names "+named.Masked()+": is it of the access point that --for says?")
	}
	p := newProgress(t.err, filepath.Base(name))
	defer p.end()
	importer := &metering.Importer{Archive: f.store, Runner: f.store, Clock: f.clock, Progress: p.at}
	o := metering.ImportOptions{Name: filepath.Base(name), DryRun: c.DryRun}
	var report metering.Report
	if len(read.Totals) > 0 {
		report, err = importer.ImportTotals(ctx, read.Totals, o)
	} else {
		report, err = importer.Import(ctx, read.Days, o)
	}
	if err != nil {
		return err
	}
	out := summarise(name, c.DryRun, read.Summary, report)
	out.Notes = append(out.Notes, strangers...)
	if c.JSON {
		return json.NewEncoder(t.out).Encode(out)
	}
	out.print(t, read.Summary)
	return nil
}

// strangeMeters names the access points where the register has none of the
// file's meters: a mistyped --for shows there. The meter is not told (G12).
func (f *foundation) strangeMeters(ctx context.Context, days []metering.Day) (notes []string, err error) {
	named := map[portal.EAN]map[string]bool{}
	for _, d := range days {
		if d.Meter != "" && named[d.EAN] == nil {
			named[d.EAN] = map[string]bool{}
		}
		if d.Meter != "" {
			named[d.EAN][plainMeter(d.Meter)] = true
		}
	}
	for _, ean := range slices.Sorted(maps.Keys(named)) {
		meters, err := f.store.Meters(ctx, ean)
		if err != nil {
			return nil, err
		}
		if len(meters) > 0 && !slices.ContainsFunc(meters, func(m registry.Meter) bool { return named[ean][plainMeter(m.Number)] }) {
			notes = append(notes, "the register has no such meter at "+ean.Masked()+": is the file of this access point?")
		}
	}
	return notes, nil
}

// plainMeter is a number without the blanks and dots of its writing.
func plainMeter(number string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, number)
}

func summarise(name string, dry bool, s exchange.Summary, r metering.Report) importedFile {
	out := importedFile{File: name, DryRun: dry, Rows: s.Rows, From: s.From.In(portal.Brussels).Format(time.RFC3339),
		To: s.To.In(portal.Brussels).Format(time.RFC3339), Interval: int(s.Interval.Seconds()), Report: r}
	for _, sum := range s.Sums {
		out.Sums = append(out.Sums, importedSum{EAN: sum.EAN.Masked(), Register: string(sum.Register),
			Amount: thousandths(sum.Amount), Unit: sum.Register.Unit(), Rows: sum.Rows})
	}
	for _, d := range s.Unusual {
		out.Unusual = append(out.Unusual, unusualDay{d.Date.Format("2006-01-02"), d.Slots, d.Ordinary})
	}
	for _, d := range s.Partial {
		out.Partial = append(out.Partial, d.Format("2006-01-02"))
	}
	for _, n := range s.Notes {
		out.Notes = append(out.Notes, n.Error())
	}
	return out
}

func (o importedFile) print(t *terminal, s exchange.Summary) {
	interval := map[int]string{900: "quarter-hours", 3600: "hours", 86400: "days"}[o.Interval]
	t.printf("%s: %d rows, %s to %s\n", o.File, o.Rows, o.From, o.To)
	for _, sum := range o.Sums {
		t.printf("  %s  %-18s %14s %-3s in %d rows\n", sum.EAN, sum.Register, sum.Amount, sum.Unit, sum.Rows)
	}
	for _, d := range o.Unusual {
		t.printf("  %s has %d %s (ordinary: %d)\n", d.Date, d.Slots, interval, d.Ordinary)
	}
	for _, d := range o.Partial {
		t.printf("  %s is not whole in this file\n", d)
	}
	for _, n := range o.Notes {
		t.printf("  note: %s\n", n)
	}
	words := map[metering.Quality]string{metering.Read: "read", metering.Validated: "validated", metering.Estimated: "estimated",
		metering.NoConsumption: "no consumption", metering.Missing: "without a value"}
	var qualities []metering.Quality
	for q := range s.Statuses {
		qualities = append(qualities, q)
	}
	sort.Slice(qualities, func(i, j int) bool { return qualities[i] < qualities[j] })
	for _, q := range qualities {
		t.printf("  %d rows %s\n", s.Statuses[q], words[q])
	}
	verb := "imported"
	if o.DryRun {
		verb = "would be imported (dry run, nothing written)"
	}
	t.printf("  %s: %d days of a register new, %d changed, %d unchanged, %d totals of longer periods\n",
		verb, o.Report.New, o.Report.Changed, o.Report.Unchanged, o.Report.Months)
	if o.Report.ByDay > 0 {
		t.printf("  %d of them kept as one total a day: detail was not chosen there (D5)\n", o.Report.ByDay)
	}
	if !o.DryRun && !o.Report.Recorded {
		t.printf("  nothing changed\n")
	}
}

func thousandths(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%03d", sign, n/1000, n%1000)
}
