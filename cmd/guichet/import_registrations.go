package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"guichet/portal/config"
	"guichet/portal/registry"
)

// importRegistrationsCmd imports suppliers' accepted registrations.
type importRegistrationsCmd struct{ importFlags }

// Help is shown by --help.
func (importRegistrationsCmd) Help() string {
	return "Example: guichet import registrations --dry-run november.csv\n\n" +
		"What a supplier may have of an access point without a mandate begins with its\n" +
		"own accepted registration, ends with it, and is of the customer who lives there\n" +
		"on its first day. The partner account with the supplier's code gets it. A file is\n" +
		"all or nothing and may be imported again.\n\n" +
		registry.RegistrationFormat() + "\n    " + strings.ReplaceAll(registry.RegistrationExample(), "\n", "\n    ")
}

// Run implements the command.
func (c importRegistrationsCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	return c.run(ctx, set, t, handed{registry.ParseRegistrationMap, registry.RegistrationExample(), func(f *foundation, in io.Reader, name string, o registry.Options, p *progress) (any, string, []registry.LineError, error) {
		told, wrong := registry.ParseRegistrations(in, o)
		if len(wrong) > 0 {
			return nil, "", wrong, nil
		}
		d, err := f.registrations(p).Apply(ctx, told, name, c.DryRun)
		return d, fmt.Sprintf("registrations %7d new %7d changed %7d unchanged; %d of the file's on a day on which nobody lives there",
			d.New, d.Changed, d.Unchanged, d.Nobody), d.Refused, err
	}})
}

func (f *foundation) registrations(p *progress) *registry.RegistrationImporter {
	return &registry.RegistrationImporter{Ledger: f.store, Runner: f.store, Clock: f.clock, Progress: p.at}
}
