package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/term"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/desk"
	"guichet/portal/doors"
	"guichet/portal/keys"
	"guichet/portal/staff"
	"guichet/portal/state"
)

// began is when the program was started.
var began = time.Now()

// keeper keeps the public doors of a serving process.
func (f *foundation) keeper(heads audit.Heads, log *slog.Logger) *doors.Service {
	return doors.New(doors.Deps{Store: f.store, Runner: f.store, Log: log, Wall: f.clock, Ran: ran,
		Alone: f.settings.Redis == "", Kept: heads.Newest, Words: desk.Words})
}

// console turns switches for a command: it has no beat of its own and asks no
// guard, so it opens nothing that a serving process shuts.
func (f *foundation) console() *doors.Service {
	return doors.New(doors.Deps{Store: f.store, Runner: f.store, Log: slog.New(slog.DiscardHandler),
		Wall: f.clock, Ran: ran, Words: desk.Words})
}

// beat keeps the doors' guards informed until ctx ends, then says goodbye.
func beat(ctx context.Context, work rounds, keeper *doors.Service) {
	work.every(ctx, doors.BeatEvery, "the heartbeat", keeper.Beat)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := keeper.Leave(end); err != nil {
		work.log.Warn("the heartbeat was left behind; a start within seconds waits for it", "error", err.Error())
	}
}

// showDoors adds the doors to the metrics.
func showDoors(metrics prometheus.Registerer, keeper *doors.Service) {
	for _, d := range doors.All {
		metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "guichet_door_open", Help: "1 where the public door is open, 0 where switch, clock or database shut it.",
			ConstLabels: prometheus.Labels{"door": string(d)},
		}, func() float64 {
			if keeper.Known(d) {
				return 1
			}
			return 0
		}))
	}
}

// switchCmd turns the kill switch.
type switchCmd struct {
	Door     string `arg:"" enum:"gate,works,partners,all,clock" help:"gate, works, partners, all; or clock."`
	Position string `arg:"" enum:"open,closed,now" help:"closed or open; for the clock: now."`
	By       string `required:"" placeholder:"LOGIN" help:"Security officer who does it."`
	Reason   string `required:"" placeholder:"TEXT" help:"Why, in words; it stays in the trail."`
}

// Help is shown by --help.
func (switchCmd) Help() string {
	return `Example: guichet switch gate closed --by s.maes --reason "somebody sweeps the gate"

closed works at once, in every serving process, without a restart: visits behind
the gate end, and a notice in four languages stands in their place. Whoever may
run this command is believed to be the officer named.

open needs two officers: the first asks, the second gives the same command within
24 hours. Each types their own password and one-time code, here as at the desk.

clock now sets the database's high-water mark to this machine's time, back too,
and lets every process begin anew from it: where a wrong clock had pushed the
mark into the future, or a clock was put right by more than a minute. It lets
time run once more that was counted already; the officer's password and code
are asked for.`
}

// Run implements the command.
func (c switchCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if (c.Door == "clock") != (c.Position == "now") {
		return usageError{errors.New("switch: a door is open or closed; the clock is now")}
	}
	f, colleagues, err := openColleagues(ctx, set)
	if err != nil {
		return err
	}
	defer f.store.Close()
	by := doors.By{Login: strings.ToLower(strings.TrimSpace(c.By)), Channel: "command", Reason: c.Reason}
	if c.Position != "closed" {
		if by.Login, err = prove(ctx, colleagues, by.Login, t); err != nil {
			return err
		}
	}
	if err := c.turn(ctx, f.console(), by, t); err != nil {
		return errors.New(reason(err))
	}
	return nil
}

func (c switchCmd) turn(ctx context.Context, s *doors.Service, by doors.By, t *terminal) error {
	wanted, _ := doors.Parse(c.Door)
	switch c.Position {
	case "now":
		before, after, err := s.SetClock(ctx, by)
		if err == nil {
			t.printf("the high-water mark was %s and is %s\n", moment(before), moment(after))
		}
		return err
	case "closed":
		if err := s.Close(ctx, by, wanted); err != nil {
			return err
		}
	default:
		act, err := c.askOrConfirm(ctx, s, by, wanted)
		if err != nil {
			return err
		}
		if err := act(ctx, by, wanted); err != nil {
			return err
		}
	}
	board, err := s.Board(ctx)
	if err != nil {
		return err
	}
	for _, d := range board {
		printDoor(t, d)
	}
	return nil
}

// askOrConfirm: the same command asks first and confirms from another person.
func (c switchCmd) askOrConfirm(ctx context.Context, s *doors.Service, by doors.By, wanted []doors.Door) (
	func(context.Context, doors.By, []doors.Door) error, error) {
	board, err := s.Board(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range board {
		for _, w := range wanted {
			if d.Door == w && d.Pending && d.Asked.By != by.Login {
				return s.Confirm, nil
			}
		}
	}
	return s.Ask, nil
}

func printDoor(t *terminal, d doors.Status) {
	t.printf("%-9s ", d.Door)
	switch {
	case !d.Closed():
		t.printf("open\n")
	case d.Pending:
		t.printf("closed; %s asked on %s to open it: another officer confirms with the same command within 24 hours\n",
			d.Asked.By, moment(d.Asked.At))
	default:
		t.printf("closed by %s on %s: %s\n", d.By, moment(d.ClosedAt), audit.Printable(d.Reason))
	}
}

func moment(at time.Time) string {
	if at.IsZero() {
		return "not set"
	}
	return at.In(portal.Brussels).Format("2006-01-02 15:04:05")
}

// prove asks an officer for password and one-time code.
func prove(ctx context.Context, s *staff.Service, login string, t *terminal) (string, error) {
	password, err := askSecret(t, "Password of "+audit.Printable(login)+": ")
	if err != nil {
		return "", err
	}
	code, err := askSecret(t, "One-time code of "+audit.Printable(login)+": ")
	if err != nil {
		return "", err
	}
	m, err := s.Prove(ctx, login, password, code, "console")
	if err != nil {
		return "", errors.New(reason(err))
	}
	return m.Login, nil
}

// askSecret asks once on a terminal; elsewhere it reads the next line.
func askSecret(t *terminal, prompt string) (keys.Secret, error) {
	if in, ok := t.in.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		fmt.Fprint(t.err, prompt)
		b, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(t.err)
		return keys.Secret(b), err
	}
	return readLine(t), nil
}

// auditAcceptRestoreCmd lets the trail go on from a backup.
type auditAcceptRestoreCmd struct {
	By     string `required:"" placeholder:"LOGIN" help:"Security officer who accepts it."`
	Reason string `required:"" placeholder:"TEXT" help:"Why, in words; it stays in the trail."`
	Heads  string `placeholder:"FILE" help:"File of the heads kept outside (default: that of TRAIL_HEADS)."`
}

// Help is shown by --help.
func (auditAcceptRestoreCmd) Help() string {
	return `Example: guichet audit accept-restore --by s.maes --reason "disk lost, backup of last night put back"

A database that does not hold the newest head kept outside is older than what
was answered: guesses made since would be given back, so every public door stays
shut. This accepts it: an entry in the trail names the heads shared and lost,
the doors open, and audit verify tells the gap with who accepted it. Look first
at which references were blocked, and which doors closed, since the backup. Asks
for the officer's password and one-time code, as they were at the backup's time.

Where TRAIL_HEADS is syslog: heads cannot be read back, so no process sees that
a backup was put back while it was down: compare with audit verify --heads
before serving, and stop the portal before restoring.`
}

// Run implements the command.
func (c auditAcceptRestoreCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	v := auditVerifyCmd{Heads: c.Heads}
	verifier, err := v.verifier(f.settings)
	if err != nil {
		return err
	}
	outside, err := v.outside(f.settings, verifier, t)
	if err != nil {
		return err
	}
	if outside == nil {
		return errors.New("there are no heads kept outside to compare with: give their file with --heads")
	}
	var gap audit.Gap
	if err := f.store.Trail(ctx, func(r audit.Reader) (err error) {
		gap, err = audit.FindGap(ctx, r, outside)
		return err
	}); err != nil {
		return err
	}
	if gap == (audit.Gap{}) {
		return errors.New(reasons["desk.restore.none"])
	}
	t.printf("the heads kept outside cover %d entries; the database shares the first %d of them\n", gap.To, gap.From)
	colleagues, err := f.colleagues(state.NewMemory(f.clock, 16))
	if err != nil {
		return err
	}
	login, err := prove(ctx, colleagues, c.By, t)
	if err != nil {
		return err
	}
	r, err := f.console().AcceptRestore(ctx, doors.By{Login: login, Channel: "command", Reason: c.Reason}, gap)
	if err != nil {
		return errors.New(reason(err))
	}
	printRestore(t, r)
	t.printf("the doors open within %d seconds, but for those that the kill switch closes\n", int(2*doors.BeatEvery/time.Second))
	return nil
}

func printRestore(t *terminal, r audit.Restore) {
	t.printf("accepted by %s on %s: entries %d to %d of the log before are lost, a backup was put back\n",
		audit.Printable(r.By), moment(r.At), r.From, r.To-1)
}
