// Command guichet is the whole portal: the public pages, the desk, and the
// operator's commands. This package decides nothing; it reads the settings,
// wires the rooms together and says in one line why a command failed. One file
// a subcommand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"guichet/portal/config"
	"guichet/portal/staff"
)

// cli is the command line. A new command needs a field here and a file.
type cli struct {
	ConfigFile configFile `name:"config" help:"File of settings (default: guichet.toml where there is one)." placeholder:"FILE"`
	config.Settings

	Serve   serveCmd   `cmd:"" help:"Serve the portal."`
	Demo    demoCmd    `cmd:"" help:"Serve the whole portal over a small town made up for the purpose."`
	Migrate migrateCmd `cmd:"" help:"Make or update the database's tables, and with --new-keys the keys."`
	Import  struct {
		Registry importRegistryCmd `cmd:"" help:"Import access points, meters, occupancies and suppliers of record."`
		Readings importReadingsCmd `cmd:"" help:"Import interval readings."`

		References    importReferencesCmd    `cmd:"" help:"Import references that another system printed."`
		Registrations importRegistrationsCmd `cmd:"" help:"Import suppliers' accepted registrations."`

		Windows     importWindowsCmd     `cmd:"" help:"Import when meters are to be read by customers."`
		DegreeDays  importDegreeDaysCmd  `cmd:"" name:"degree-days" help:"Import degree-days, to judge readings of gas."`
		Validations importValidationsCmd `cmd:"" help:"Import what became of readings that were handed over."`

		Works    importWorksCmd    `cmd:"" help:"Import where the operator's works system has requests for works."`
		Payments importPaymentsCmd `cmd:"" help:"Import what the bank says was paid towards works."`
	} `cmd:"" help:"Import files; each all or nothing."`
	Export struct {
		Letters  exportLettersCmd  `cmd:"" help:"Hand the waiting letters to a print house as one sealed file."`
		Readings exportReadingsCmd `cmd:"" help:"Hand over the readings that customers entered."`
	} `cmd:"" help:"Write files for the operator's other systems."`
	Backup backupCmd `cmd:"" help:"Copy the whole database into a file, while it is served."`
	Purge  purgeCmd  `cmd:"" help:"Delete what is kept no longer; serve does it once a day, too."`
	Daily  dailyCmd  `cmd:"" help:"Do what is due once a day; serve does it, too."`
	Issue  struct {
		References issueReferencesCmd `cmd:"" help:"Draw references and write the letters that carry them."`
	} `cmd:"" help:"Issue what opens the gate."`
	Staff struct {
		Add  staffAddCmd  `cmd:"" help:"Add a colleague."`
		List staffListCmd `cmd:"" help:"List the colleagues."`
		End  staffEndCmd  `cmd:"" help:"End a colleague's access at once."`
	} `cmd:"" help:"Who works here."`
	Audit struct {
		Verify auditVerifyCmd `cmd:"" help:"Verify the whole trail."`
		Head   auditHeadCmd   `cmd:"" help:"Print the newest signed head."`
		Prove  auditProveCmd  `cmd:"" help:"Write the receipt of an entry."`
		Check  auditCheckCmd  `cmd:"" help:"Check a receipt: no database needed."`

		VerifyMandate auditVerifyMandateCmd `cmd:"" help:"Check a file delivered on a mandate: no database needed."`

		AcceptRestore auditAcceptRestoreCmd `cmd:"" help:"Let the trail go on from a backup that was put back."`
	} `cmd:"" help:"The trail of who did what."`
	Simulate struct {
		Attack  simulateAttackCmd  `cmd:"" help:"What an attack comes to, with the limits and without."`
		Mailing simulateMailingCmd `cmd:"" help:"What a mailing comes to: who is served, who is asked for more."`
	} `cmd:"" help:"Play the gate's decisions under a clock turned by hand."`
	Switch switchCmd `cmd:"" help:"Close a public door at once, or open it again."`
	Bench  benchCmd  `cmd:"" help:"Measure the gate against its references, in this process."`
	Config configCmd `cmd:"" name:"config" help:"Print the settings in force, secrets masked."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, environment(os.Environ())))
}

// environment is "NAME=value" by name.
func environment(pairs []string) map[string]string {
	env := map[string]string{}
	for _, pair := range pairs {
		if name, value, ok := strings.Cut(pair, "="); ok {
			env[name] = value
		}
	}
	return env
}

func roleList() string {
	var names []string
	for _, r := range staff.Roles {
		names = append(names, string(r))
	}
	return strings.Join(names, ",")
}

// usageError is a command used wrongly: exit status 2.
type usageError struct{ error }

// run is main without the process: it returns the exit status, 0 done, 1
// failed, 2 used wrongly.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer, env map[string]string) int {
	var c cli
	status, exited := 0, false
	sources := &settingSources{env: env, told: map[string]string{}}
	parser, err := kong.New(&c,
		kong.Name("guichet"),
		kong.Description("The self-service portal of an energy distribution operator."),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { status, exited = code, true }),
		kong.Bind(sources),
		kong.Resolvers(sources),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"roles": roleList()},
	)
	if err != nil {
		fmt.Fprintln(errOut, "guichet:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited { // --help printed itself
		return status
	}
	if wrong := sources.checkEnv(parser); wrong != nil {
		err = wrong
	}
	if err != nil {
		var file fileError
		if errors.As(err, &file) {
			err = errors.New(oneLine(file))
		} else {
			err = sources.blame(err)
		}
		fmt.Fprintf(errOut, "guichet: %v (guichet --help tells how)\n", err)
		return 2
	}
	heard := &heard{Writer: out}
	t := &terminal{in: in, out: heard, err: errOut}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if command := parsed.Command(); command != "serve" && command != "demo" {
		defer hearInterrupt(ctx, errOut)()
	}
	if err = parsed.Run(&c.Settings, t); err == nil {
		err = heard.err
	}
	var usage usageError
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintf(errOut, "guichet: %v: what was done before stays, and nothing is half done; it may be run again\n", errInterrupted)
		return 1
	case errors.As(err, &usage):
		fmt.Fprintln(errOut, "guichet:", oneLine(err))
		return 2
	default:
		fmt.Fprintln(errOut, "guichet:", oneLine(err))
		return 1
	}
}

// errInterrupted is a command that somebody stopped (Ctrl-C, SIGTERM).
var errInterrupted = errors.New("interrupted")

// patience is how long an interrupted command may go on untold.
const patience = time.Second

// hearInterrupt lets a second interrupt end the process at once, which undoes
// what a unit of work had begun, and says so where the first one has not ended
// it soon. It returns what is to be called at the command's end.
func hearInterrupt(ctx context.Context, errOut io.Writer) func() {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			fmt.Fprintln(errOut, "guichet: interrupted; what has begun comes to its end. Once more stops at once and undoes it")
		}
	})
	return func() {
		stop()
		close(ended)
	}
}

// heard keeps the first failure of what a command printed: a report on a full
// disk is none, and must not end as if it were. Who closes a pipe has read
// enough.
type heard struct {
	io.Writer
	err error
}

// Write implements io.Writer.
func (h *heard) Write(b []byte) (int, error) {
	n, err := h.Writer.Write(b)
	if err != nil && h.err == nil && !errors.Is(err, syscall.EPIPE) {
		h.err = fmt.Errorf("standard output: %w", err)
	}
	return n, err
}

// oneLine keeps a reason readable where errors were joined.
func oneLine(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}

// terminal is what a command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

func (t *terminal) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }
