package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/staff"
	"guichet/portal/state"
)

// atTheConsole is who acts when a command changes accounts.
var atTheConsole = portal.Actor{Kind: portal.System, ID: "staff command"}

// colleagues gives the staff room. Commands open no session, so the
// short-lived state is a small one of their own.
func (f *foundation) colleagues(short state.Store) (*staff.Service, error) {
	passwords, err := login.NewPasswords()
	if err != nil {
		return nil, err
	}
	return staff.New(staff.Deps{Store: f.store, Runner: f.store, State: short, Ring: f.ring, Clock: f.clock, Passwords: passwords}), nil
}

func openColleagues(ctx context.Context, set *config.Settings) (*foundation, *staff.Service, error) {
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return nil, nil, err
	}
	s, err := f.colleagues(state.NewMemory(f.clock, 16))
	if err != nil {
		return nil, nil, errors.Join(err, f.store.Close())
	}
	return f, s, nil
}

// staffAddCmd adds a colleague.
type staffAddCmd struct {
	Login string `arg:"" help:"Login: letters, digits, dots and dashes."`
	Name  string `required:"" help:"Name, as colleagues know them."`
	Role  string `required:"" enum:"${roles}" help:"Role: ${roles}."`
	OIDC  bool   `name:"oidc" help:"Without password: the identity provider (OIDC_ISSUER) says who it is."`
	JSON  bool   `name:"json" help:"Print one JSON object."`
}

// Help is shown by --help.
func (staffAddCmd) Help() string {
	return `Example: guichet staff add a.peters --name "Anna Peters" --role agent

Asks for the password on the terminal, or reads it from standard input. Prints
the key of the one-time codes once; it goes into the colleague's authenticator.

Example: guichet staff add a.peters --name "Anna Peters" --role agent --oidc

Where OIDC_ISSUER is set, local passwords are refused and --oidc is demanded.
The login is the provider's preferred_username, letter for letter, and the
claim OIDC_ROLE_CLAIM must name the same role. The provider adds nobody by
itself.`
}

// Run implements the command.
func (c staffAddCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if issuer := set.Default().OIDC(); issuer != c.OIDC {
		return usageError{errors.New(map[bool]string{
			true:  "OIDC_ISSUER is set, and local passwords are refused: say --oidc",
			false: "--oidc: OIDC_ISSUER is not set, so that nobody could sign in",
		}[issuer])}
	}
	f, s, err := openColleagues(ctx, set)
	if err != nil {
		return err
	}
	defer f.store.Close()
	if c.OIDC {
		return c.addWithoutPassword(ctx, s, t)
	}
	password, err := readPassword(t)
	if err != nil {
		return err
	}
	seed, err := s.Add(ctx, atTheConsole, c.Login, c.Name, staff.Role(c.Role), password)
	if err != nil {
		return errors.New(reason(err))
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(map[string]string{"login": c.Login, "role": c.Role, "otp_secret": seed.Reveal()})
	}
	t.printf("%s added as %s\nkey of the one-time codes: %s\nfor an authenticator: otpauth://totp/Guichet:%s?secret=%s&issuer=Guichet\n",
		c.Login, c.Role, seed.Reveal(), url.PathEscape(c.Login), seed.Reveal())
	return nil
}

func (c staffAddCmd) addWithoutPassword(ctx context.Context, s *staff.Service, t *terminal) error {
	if err := s.AddWithoutPassword(ctx, atTheConsole, c.Login, c.Name, staff.Role(c.Role)); err != nil {
		return errors.New(reason(err))
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(map[string]string{"login": c.Login, "role": c.Role})
	}
	t.printf("%s added as %s; the identity provider signs them in\n", c.Login, c.Role)
	return nil
}

// readPassword asks twice on a terminal; elsewhere it reads the first line.
func readPassword(t *terminal) (keys.Secret, error) {
	if in, ok := t.in.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		var typed [2]string
		for i, prompt := range []string{"Password: ", "Again: "} {
			fmt.Fprint(t.err, prompt)
			b, err := term.ReadPassword(int(in.Fd()))
			fmt.Fprintln(t.err)
			if err != nil {
				return "", err
			}
			typed[i] = string(b)
		}
		if typed[0] != typed[1] {
			return "", errors.New("the two passwords differ")
		}
		return keys.Secret(typed[0]), nil
	}
	return readLine(t), nil
}

// readLine reads one line and no byte of the next.
func readLine(t *terminal) keys.Secret {
	var line strings.Builder
	var b [1]byte
	for {
		n, err := t.in.Read(b[:])
		if n == 1 && b[0] != '\n' {
			line.WriteByte(b[0])
			continue
		}
		if n == 1 || err != nil {
			break
		}
	}
	return keys.Secret(strings.TrimSuffix(line.String(), "\r"))
}

// staffListCmd lists colleagues.
type staffListCmd struct {
	JSON bool `name:"json" help:"Print one JSON object a line."`
}

// Help is shown by --help.
func (staffListCmd) Help() string { return "Example: guichet staff list" }

// Run implements the command.
func (c staffListCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	f, s, err := openColleagues(ctx, set)
	if err != nil {
		return err
	}
	defer f.store.Close()
	members, err := s.List(ctx)
	if err != nil {
		return err
	}
	day := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.In(portal.Brussels).Format("2006-01-02 15:04")
	}
	for _, m := range members {
		if c.JSON {
			if err := json.NewEncoder(t.out).Encode(map[string]string{"login": m.Login, "name": m.Name, "role": string(m.Role),
				"added": day(m.AddedAt), "ended": day(m.EndedAt)}); err != nil {
				return err
			}
			continue
		}
		t.printf("%-20s %-10s %-30s since %s", m.Login, m.Role, audit.Printable(m.Name), day(m.AddedAt))
		if !m.EndedAt.IsZero() {
			t.printf(", ended %s", day(m.EndedAt))
		}
		t.printf("\n")
	}
	return nil
}

// staffEndCmd ends an account.
type staffEndCmd struct {
	Login string `arg:"" help:"Whose access ends."`
}

// Help is shown by --help.
func (staffEndCmd) Help() string { return "Example: guichet staff end a.peters" }

// Run implements the command.
func (c staffEndCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	f, s, err := openColleagues(ctx, set)
	if err != nil {
		return err
	}
	defer f.store.Close()
	if err := s.End(ctx, atTheConsole, c.Login); err != nil {
		return errors.New(reason(err))
	}
	t.printf("%s has no access any more\n", c.Login)
	return nil
}
