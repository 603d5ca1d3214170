package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"guichet/portal"
	"guichet/portal/config"
	"guichet/portal/registry"
	"guichet/web/i18n"
	"guichet/works"
	"guichet/works/sheet"
)

// importWorksCmd imports where the operator's works system has requests.
type importWorksCmd struct{ importFlags }

// Help is shown by --help.
func (importWorksCmd) Help() string {
	return "Example: guichet import works --dry-run phases.csv\n\n" +
		"With WORKS_MASTER=external requests for works are led by the operator's works\n" +
		"system: this takes where they stand, with dates, team, offer and result, and tells\n" +
		"each requester as the portal itself would. A file is all or nothing and may be\n" +
		"imported again.\n\n" +
		sheet.Format() + "\n    " + strings.ReplaceAll(sheet.Example(), "\n", "\n    ")
}

// Run implements the command.
func (c importWorksCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	return c.run(ctx, set, t, handed{registry.ParseColumnMap(sheet.Columns), sheet.Example(), func(f *foundation, in io.Reader, name string, o registry.Options, p *progress) (any, string, []registry.LineError, error) {
		feed := f.feed()
		feed.Progress = p.at
		by := works.ByWorksSystem("command")
		list, wrong, unknown := sheet.Parse(in, o)
		if len(unknown) > 0 && !c.DryRun {
			var problems portal.Problems // it is in the trail; what to do about it stands at the line
			if err := feed.Foreign(ctx, by, unknown); !errors.As(err, &problems) {
				return nil, "", nil, err
			}
		}
		if len(wrong) > 0 {
			return nil, "", wrong, nil
		}
		fed, err := feed.Take(ctx, by, name, list, c.DryRun)
		if e := new(portal.Error); errors.As(err, &e) && e.Code == portal.Conflict {
			return nil, "", nil, errors.New(inEnglish(e))
		}
		for _, w := range fed.Refused {
			for _, p := range w.Problems {
				wrong = append(wrong, registry.LineError{Line: w.Line, Column: p.Field, Reason: inEnglish(p)})
			}
		}
		return fed, fmt.Sprintf("requests %7d new %7d moved %7d noted %7d unchanged; %d older than what is known, %d cancelled by their requesters",
			fed.New, fed.Moved, fed.Noted, fed.Unchanged, fed.Older, fed.Cancelled), wrong, err
	}})
}

// feed is where the works system's word is taken.
func (f *foundation) feed() *works.Feed {
	return &works.Feed{Service: f.works(), Terms: f.settings.WorksTerms, TermsAt: f.settings.WorksTermsURL}
}

// inEnglish says an error in the words that a page has for it.
func inEnglish(e *portal.Error) string {
	words := i18n.For(portal.English)
	if key := "error." + e.Key; words.Has(key) {
		return words.T(key, e.Args...)
	}
	return reason(e)
}
