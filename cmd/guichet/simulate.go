package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/lookup/simulate"
	"guichet/portal/config"
	"guichet/portal/keys"
)

// simulateAttackCmd plays an attack against the gate's own decisions.
type simulateAttackCmd struct {
	References int     `default:"2000000" help:"Live references, all known to the attacker."`
	Sources    int     `default:"1000" help:"Addresses the attacker owns."`
	Days       int     `default:"7" help:"How long it lasts."`
	Knows      float64 `help:"Share of the digits the attacker knows, 0 to 1."`
	Honest     int     `default:"3000" help:"Honest people who come in a day."`
	Legacy     bool    `help:"All references were printed by another system."`
}

// Help is shown by --help.
func (simulateAttackCmd) Help() string {
	return `Example: guichet simulate attack --references 2000000 --sources 1000 --days 7

The gate's real decisions, with the limits of the settings, under a clock that
is turned by hand, over a table in memory: no database is touched. The attacker
knows every reference, solves every captcha and does every proof of work. The
same figures give the same result.`
}

// Run implements the command.
func (c simulateAttackCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if c.References < 1 || c.Sources < 1 || c.Days < 1 || c.Knows < 0 || c.Knows > 1 || c.Honest < 0 {
		return usageError{fmt.Errorf("--references, --sources and --days are at least 1, --knows lies between 0 and 1")}
	}
	scene := simulate.Scene{References: c.References, Sources: c.Sources, Days: c.Days, Knows: c.Knows, Legacy: c.Legacy,
		Honest: c.Honest, Mistyped: 0.1, Shared: 0.2}
	on, err := play(ctx, set, t, scene)
	if err != nil {
		return err
	}
	scene.Off = true
	off, err := play(ctx, set, t, scene)
	if err != nil {
		return err
	}
	t.printf("%d references, %d sources, %d days; the likeliest digits are right once in 10,000\n\n", c.References, c.Sources, c.Days)
	t.printf("%-44s %12s %12s\n", "", "limits on", "limits off")
	row := func(what string, on, off any) { t.printf("%-44s %12v %12v\n", what, on, off) }
	row("attacker's failures compared", on.Compared, off.Compared)
	row("attacker's tries not compared", on.Refused, "-")
	row("disclosures by guessing, expected at most", fmt.Sprintf("%.2f", on.Bound), fmt.Sprintf("%.0f", off.Bound))
	row("disclosures by guessing, simulated", on.Guessed, off.Guessed)
	row("  a day", fmt.Sprintf("%.2f", float64(on.Guessed)/float64(c.Days)), "-")
	row("references opened by knowing the digits", on.Known, "-")
	row("references closed", on.Blocks, off.Blocks)
	t.printf("\n")
	tellPeople(t, on)
	return nil
}

// simulateMailingCmd plays a mailing of letters that honest people answer.
type simulateMailingCmd struct {
	Letters  int     `default:"75000" help:"Letters sent."`
	Days     int     `default:"7" help:"Days in which they are answered."`
	Come     float64 `default:"0.4" help:"Share of those who come to the site."`
	Mistype  float64 `default:"0.1" help:"Share of those who mistype the digits once."`
	Together float64 `default:"0.2" help:"Share of those who sit behind 50 addresses, as telephone networks have them."`
}

// Help is shown by --help.
func (simulateMailingCmd) Help() string {
	return "Example: guichet simulate mailing --letters 75000 --days 7 --come 0.4 --mistype 0.1"
}

// Run implements the command.
func (c simulateMailingCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if c.Letters < 1 || c.Days < 1 {
		return usageError{fmt.Errorf("--letters and --days are at least 1")}
	}
	r, err := play(ctx, set, t, simulate.Scene{References: c.Letters, Days: c.Days,
		Honest: int(float64(c.Letters) * c.Come / float64(c.Days)), Mistyped: c.Mistype, Shared: c.Together})
	if err != nil {
		return err
	}
	t.printf("%d letters answered within %d days\n\n", c.Letters, c.Days)
	tellPeople(t, r)
	return nil
}

// play runs a scene with throw-away keys and shows how far it is.
func play(ctx context.Context, set *config.Settings, t *terminal, s simulate.Scene) (simulate.Report, error) {
	s.Limits = gateLimits(set.Default().Limits)
	dir, err := os.MkdirTemp("", "guichet-simulate-")
	if err != nil {
		return simulate.Report{}, err
	}
	defer os.RemoveAll(dir)
	ring, err := keys.Create(filepath.Join(dir, "keys"))
	if err != nil {
		return simulate.Report{}, err
	}
	p := newProgress(t.err, "simulating")
	defer p.end()
	s.Progress = func(share float64) { p.at(int(share*1000), 1000) }
	return simulate.Run(ctx, ring, s)
}

func tellPeople(t *terminal, r simulate.Report) {
	p := r.People
	t.printf("honest people                                %d\n", p.Came)
	t.printf("  in with a captcha                          %d\n", p.Plain)
	t.printf("  served late: proof of work first           %d\n", p.Worked)
	t.printf("  served late: with the letter code          %d\n", p.Code)
	t.printf("  their reference closed by the attacker     %d\n", p.Blocked)
	t.printf("  refused                                    %d\n", p.Refused)
	for _, step := range []lookup.Step{lookup.Captcha, lookup.Work, lookup.Letter} {
		t.printf("time in step %s                               %s\n", step, r.Steps[step].Round(time.Minute))
	}
	var alarms []string
	for _, name := range slices.Sorted(maps.Keys(r.Alarms)) {
		alarms = append(alarms, fmt.Sprintf("%s %d", name, r.Alarms[name]))
	}
	if len(alarms) > 0 {
		t.printf("alarms                                       %s; the first after %s\n", strings.Join(alarms, ", "), r.FirstAlarm.Round(time.Minute))
	}
}
