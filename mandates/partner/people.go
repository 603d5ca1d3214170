package partner

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// How long an invitation opens.
const (
	letterLife    = 30 * 24 * time.Hour // sent by post
	colleagueLife = 7 * 24 * time.Hour  // shown to the manager
)

// Letter is the data of the letter with the first person's invitation.
type Letter struct {
	Organisation string    `json:"organisation"`
	Person       string    `json:"person"`
	Login        string    `json:"login"`
	Code         string    `json:"code"`
	Until        time.Time `json:"until"`
}

// crockford has no letter that is read as another.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// drawCode gives 80 random bits in four groups of four.
func drawCode() keys.Secret {
	var b [10]byte
	rand.Read(b[:])
	c := crockford.EncodeToString(b[:])
	return keys.Secret(c[:4] + " " + c[4:8] + " " + c[8:12] + " " + c[12:])
}

// readCode gives the one spelling of a typed code.
func readCode(code keys.Secret) string {
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\t", "", "O", "0", "I", "1", "L", "1").
		Replace(strings.ToUpper(code.Reveal()))
}

// loginFor makes a login of a name that is nobody's: four drawn characters
// behind it, so that nobody can ask which logins are taken (T26).
func loginFor(name string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), strings.ToLower(name))
	if err != nil {
		plain = ""
	}
	words := strings.FieldsFunc(plain, func(r rune) bool { return r < 'a' || r > 'z' })
	base := "p"
	if len(words) > 0 {
		base = words[len(words)-1]
		base = base[:min(len(base), 20)]
		if len(words) > 1 {
			base = words[0][:1] + "." + base
		}
	}
	return base + "-" + portal.Token()[:6]
}

// invite draws an account that only its one-time code opens, once.
func (s *Service) invite(partnerID, name string, manager bool, now time.Time, life time.Duration) (keys.Secret, Account) {
	code := drawCode()
	a := Account{Person: Person{Login: loginFor(name), PartnerID: partnerID, Name: name, Manager: manager,
		AddedAt: now, InvitedUntil: now.Add(life)}}
	a.Invitation = s.invitation(a.Login, code)
	a.Seed = s.Ring.Seal(keys.ForPartnerCode, a.Login, []byte(login.NewSeed().Reveal()))
	return code, a
}

func (s *Service) invitation(login string, code keys.Secret) []byte {
	return s.Ring.Hash(keys.ForInvitation, login, readCode(code))
}

func invitationLetter(o Organisation, a Account, code keys.Secret, now time.Time) (outbox.Letter, error) {
	data, err := json.Marshal(Letter{Organisation: o.Name, Person: a.Name, Login: a.Login, Code: code.Reveal(), Until: a.InvitedUntil})
	if err != nil {
		return outbox.Letter{}, &portal.Error{Code: portal.Internal, Key: "internal", Err: err}
	}
	return outbox.Letter{ID: portal.NewID(now), Kind: outbox.Invitation, Language: o.Language, QueuedAt: now, Data: data,
		To: outbox.Address{Name: o.Name, Street: o.Street, Postcode: o.Postcode, Town: o.Town}}, nil
}

// manager refuses people who are none.
func (g Guest) manager() error {
	if !g.Manager {
		return &portal.Error{Code: portal.Denied, Key: "partner.manager"}
	}
	return nil
}

// Invite adds a colleague and gives login and one-time code, shown once.
func (s *Service) Invite(ctx context.Context, by Guest, name string, manager bool) (loginName string, code keys.Secret, err error) {
	if err := by.manager(); err != nil {
		return "", "", err
	}
	if name = strings.Join(strings.Fields(name), " "); name == "" || utf8.RuneCountInString(name) > longest {
		return "", "", &portal.Error{Code: portal.Invalid, Key: "partner.name", Field: "name", Args: []any{longest}}
	}
	now := s.Clock()
	code, account := s.invite(by.PartnerID, name, manager, now, colleagueLife)
	return account.Login, code, s.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(entry(by.Actor(), now, audit.PersonInvited, by.PartnerID, map[string]string{"login": account.Login, "way": "page"}))
		return s.Store.AddPerson(t, account)
	})
}

// EndPerson ends a colleague and their sessions at once. NotFound where nobody
// of that login is in this organisation, Conflict for oneself: the last one
// shall not lock the door behind them.
func (s *Service) EndPerson(ctx context.Context, by Guest, name string) error {
	if err := by.manager(); err != nil {
		return err
	}
	now := s.Clock()
	name = login.Normalise(name)
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		a, found, err := s.Store.LockPerson(t, name)
		switch {
		case err != nil:
			return err
		case !found || a.PartnerID != by.PartnerID || !a.EndedAt.IsZero():
			return &portal.Error{Code: portal.NotFound, Key: "partner.person"}
		case a.Login == by.Login:
			return &portal.Error{Code: portal.Conflict, Key: "partner.self"}
		}
		t.Record(entry(by.Actor(), now, audit.PersonEnded, by.PartnerID, map[string]string{"login": a.Login}))
		return s.Store.EndPerson(t, a.Login, now)
	})
}

// People lists an organisation's people.
func (s *Service) People(ctx context.Context, by Guest) ([]Person, error) {
	return s.Store.People(ctx, by.PartnerID)
}

// errInvitation is the one answer to every code that opens nothing.
var errInvitation = &portal.Error{Code: portal.Invalid, Key: "partner.invitation", Field: "code"}

// Invited draws the seed of the one-time codes anew and gives it to who holds an
// invitation: whoever was shown one before, as a manager may who was shown the
// code, shares nothing with the person that enrols (T26). A try counts as a
// failure of the account before it is compared, and waits grow as at the
// sign-in; a login that is nobody's takes the same work.
func (s *Service) Invited(ctx context.Context, name string, code keys.Secret) (seed keys.Secret, err error) {
	return s.InvitedAgain(ctx, name, code, "")
}

// InvitedAgain is Invited for a page that shows a seed already: that one, by its
// Mark, as long as nobody was shown another since.
func (s *Service) InvitedAgain(ctx context.Context, name string, code keys.Secret, shown string) (seed keys.Secret, err error) {
	now := s.Clock()
	_, err = s.setUp(ctx, name, code, func(t tx.Tx, a Account, plain keys.Secret) error {
		if seed = plain; keys.Same([]byte(s.Mark(plain)), []byte(shown)) {
			return nil
		}
		seed = login.NewSeed()
		a.Seed = s.Ring.Seal(keys.ForPartnerCode, a.Login, []byte(seed.Reveal()))
		t.Record(entry(a.Actor(), now, audit.PersonInvited, a.PartnerID, map[string]string{"login": a.Login, "way": "seed"}))
		return s.Store.SavePerson(t, a)
	})
	return seed, err
}

// Mark names a seed to the page that shows it and tells nothing of it.
func (s *Service) Mark(seed keys.Secret) string {
	return s.Ring.HashText(keys.ForInvitation, "seed", seed.Reveal())
}

// SetUp makes the account: password chosen, authenticator proven. The
// invitation opens nothing any more. The errors are those of Invited, of
// login.Acceptable, and Invalid "partner.code" on Field "otp".
func (s *Service) SetUp(ctx context.Context, name string, code, password, otp keys.Secret) error {
	if err := login.Acceptable(login.Normalise(name), password); err != nil {
		return err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	now := s.Clock()
	wrong := false
	_, err = s.setUp(ctx, name, code, func(t tx.Tx, a Account, seed keys.Secret) error {
		step, right, err := login.MatchCode(seed, otp, now, a.Step)
		if err != nil {
			return portal.Shut("login", err)
		}
		if wrong = !right; wrong {
			return nil // the failure stays counted
		}
		a.Password, a.Step, a.Invitation, a.InvitedUntil, a.Failures = hash, step, nil, time.Time{}, login.Failures{}
		t.Record(entry(a.Actor(), now, audit.PersonEnrolled, a.PartnerID, map[string]string{"login": a.Login}))
		return s.Store.SavePerson(t, a)
	})
	if err == nil && wrong {
		err = &portal.Error{Code: portal.Invalid, Key: "partner.code", Field: "otp"}
	}
	return err
}

func (s *Service) setUp(ctx context.Context, name string, code keys.Secret, do func(tx.Tx, Account, keys.Secret) error) (in bool, err error) {
	now := s.Clock()
	name = login.Normalise(name)
	if !login.Form.MatchString(name) {
		name = ""
	}
	typed := s.invitation(name, code)
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		in = false
		a, found, err := s.Store.LockPerson(t, name)
		if err != nil {
			return err
		}
		seed := login.NewSeed()
		if found {
			plain, err := s.Ring.Open(keys.ForPartnerCode, a.Login, a.Seed)
			if err != nil {
				return portal.Shut("keys", err)
			}
			seed = keys.Secret(plain)
		}
		same := keys.Same(a.Invitation, typed)
		in = found && same && a.EndedAt.IsZero() && now.Before(a.InvitedUntil) && !a.Failures.Waiting(now)
		if !in && !a.Failures.Waiting(now) {
			a.Failures = a.Failures.Failed(now)
		}
		if err := s.Store.SavePersonSignIn(t, name, a.Failures, a.Step); err != nil || !in {
			return err
		}
		return do(t, a, seed)
	})
	if err == nil && !in {
		err = errInvitation
	}
	return in, err
}
