package login

import (
	"context"
	"regexp"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// Account is what a sign-in reads of an account.
type Account struct {
	Password string // Argon2id, as Passwords makes it; "" for one that no password opens
	Seed     []byte // of one-time codes, sealed under the login
	Step     int64  // the last step that signed in
	Failures Failures
	Ended    bool
}

// Accounts is where accounts are kept.
type Accounts interface {
	// LockAccount reads an account and locks it until the unit ends; false where
	// there is none. Accounts that ended are found.
	LockAccount(t tx.Tx, login string) (Account, bool, error)
	// SaveSignIn writes failures and last step of an account; of one that is
	// nobody's it writes nothing, with the same statement.
	SaveSignIn(t tx.Tx, login string, f Failures, step int64) error
}

// SignIn is the one way in by password and one-time code (T26). It waits for
// its turn at the hashing; then the account's row is locked, a try that must
// wait is refused unread, any other counted as a failure; the password is
// compared outside the transaction; a second one locks the row again, compares
// the one-time code with the last step used and forgives the failures. Unknown
// login, wrong password, wrong code and waiting take the same work.
type SignIn struct {
	Accounts  Accounts
	Runner    tx.Runner
	Ring      *keys.Ring
	Clock     portal.Clock
	Passwords *Passwords
	Seeds     keys.Purpose // that seeds are sealed for
}

// Tried is what came of a try, for the trail.
type Tried struct {
	Login string // "" where what was typed cannot be one: it may be a password
	Known bool   // there is such an account
	Why   string // "unknown", "waiting", "password" or "code"; "" where it is let in
	At    time.Time
}

// Refused is the one answer to every sign-in that is not let in.
var Refused = &portal.Error{Code: portal.Invalid, Key: "sign-in"}

// Form is what a login looks like.
var Form = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,31}$`)

// Normalise gives the one spelling of a login.
func Normalise(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// Try compares. settle writes what came of it into the trail, and opens a
// session where Why is empty; it runs in the unit of work that decides.
func (s SignIn) Try(ctx context.Context, name string, password, code keys.Secret, settle func(tx.Tx, Tried) error) error {
	r := Tried{Login: Normalise(name)}
	if !Form.MatchString(r.Login) {
		r.Login = ""
	}
	why, err := s.compare(ctx, r.Login, password)
	if err != nil {
		return err
	}
	r.At = s.Clock()
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		a, found, err := s.Accounts.LockAccount(t, r.Login)
		if err != nil {
			return err
		}
		step, right, err := s.match(r.Login, a, found, code, r.At)
		if err != nil {
			return err
		}
		r.Known, r.Why = found, why
		switch {
		case why != "":
		case !found || a.Ended:
			r.Why = "unknown"
		case !right:
			r.Why = "code"
		default:
			a.Failures, a.Step = Failures{}, step
		}
		if err := settle(t, r); err != nil {
			return err
		}
		return s.Accounts.SaveSignIn(t, r.Login, a.Failures, a.Step)
	})
	if err == nil && r.Why != "" {
		err = Refused
	}
	return err
}

// compare counts the try and compares its password. The turn comes first: who
// is refused because others are at it has failed at nothing.
func (s SignIn) compare(ctx context.Context, login string, password keys.Secret) (why string, err error) {
	turn, err := s.Passwords.Turn(ctx)
	if err != nil {
		return "", err
	}
	defer turn.End()
	hash, why, err := s.count(ctx, login)
	if err != nil {
		return "", err
	}
	same, err := turn.Matches(password, hash)
	if err == nil && !same && why == "" {
		why = "password"
	}
	return why, err
}

// count spends a failure before anything is compared, or says that the try
// must wait. It gives the hash to compare with, "" for none.
func (s SignIn) count(ctx context.Context, login string) (hash, why string, err error) {
	now := s.Clock()
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		a, found, err := s.Accounts.LockAccount(t, login)
		if err != nil {
			return err
		}
		hash, why = "", ""
		switch {
		case !found || a.Ended:
			why = "unknown"
		case a.Failures.Waiting(now):
			why = "waiting"
		default:
			hash, a.Failures = a.Password, a.Failures.Failed(now)
		}
		return s.Accounts.SaveSignIn(t, login, a.Failures, a.Step)
	})
	return hash, why, err
}

// match compares the code, against a seed that nobody has where the login is
// nobody's.
func (s SignIn) match(login string, a Account, found bool, code keys.Secret, now time.Time) (int64, bool, error) {
	seed := NewSeed()
	if found {
		plain, err := s.Ring.Open(s.Seeds, login, a.Seed)
		if err != nil {
			return 0, false, portal.Shut("keys", err)
		}
		seed = keys.Secret(plain)
	}
	step, right, err := MatchCode(seed, code, now, a.Step)
	if err != nil {
		return 0, false, portal.Shut("login", err)
	}
	return step, right && found, nil
}
