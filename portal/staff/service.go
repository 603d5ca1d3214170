package staff

import (
	"context"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/tx"
)

// Deps is what Service works with.
type Deps struct {
	Store     Store
	Runner    tx.Runner
	State     login.Idle
	Ring      *keys.Ring
	Clock     portal.Clock
	Passwords *login.Passwords
	OIDC      *login.OIDC // where staff sign in; nil: here, with local accounts
}

// Service is the one door to accounts and sessions. Its methods are safe for
// concurrent use; all fail shut.
type Service struct{ Deps }

// New makes a Service.
func New(d Deps) *Service { return &Service{d} }

// Add makes an account and gives the seed of its one-time codes, shown once
// and stored sealed. Invalid where login, name, role or password cannot be,
// Conflict where the login was ever used.
func (s *Service) Add(ctx context.Context, actor portal.Actor, name, fullName string, role Role, password keys.Secret) (keys.Secret, error) {
	m := Member{Login: login.Normalise(name), Name: fullName, Role: role, AddedAt: s.Clock()}
	if err := m.Validate(); err != nil {
		return "", err
	}
	if err := login.Acceptable(m.Login, password); err != nil {
		return "", err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	return s.add(ctx, actor, m, hash)
}

// AddWithoutPassword makes an account that only the identity provider opens:
// what Add draws and takes, nobody knows here. Errors are those of Add.
func (s *Service) AddWithoutPassword(ctx context.Context, actor portal.Actor, name, fullName string, role Role) error {
	m := Member{Login: login.Normalise(name), Name: fullName, Role: role, AddedAt: s.Clock()}
	if err := m.Validate(); err != nil {
		return err
	}
	_, err := s.add(ctx, actor, m, "")
	return err
}

// add gives the seed of the account's one-time codes; no password matches the
// empty hash.
func (s *Service) add(ctx context.Context, actor portal.Actor, m Member, hash string) (keys.Secret, error) {
	seed := login.NewSeed()
	account := Account{Member: m, Password: hash, Seed: s.Ring.Seal(keys.ForStaffCode, m.Login, []byte(seed.Reveal()))}
	details := map[string]string{"name": m.Name}
	if hash == "" {
		details["by"] = "oidc"
	}
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(audit.Entry{At: m.AddedAt, Actor: actor, Action: audit.StaffAdded, Ground: string(m.Role),
			Channel: channel(actor), Subject: Subject(m.Login), Details: details})
		return s.Store.AddStaff(t, account)
	})
	if err != nil {
		return "", err
	}
	return seed, nil
}

// End closes an account and its sessions at once. NotFound where nobody of
// that login works here.
func (s *Service) End(ctx context.Context, actor portal.Actor, name string) error {
	now, who := s.Clock(), login.Normalise(name)
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		a, found, err := s.Store.LockStaff(t, who)
		if err != nil {
			return err
		}
		if !found || !a.EndedAt.IsZero() {
			return &portal.Error{Code: portal.NotFound, Key: "staff.unknown", Field: "login"}
		}
		t.Record(audit.Entry{At: now, Actor: actor, Action: audit.StaffLeft, Ground: "account-ended",
			Channel: channel(actor), Subject: Subject(who)})
		return s.Store.EndStaff(t, who, now)
	})
}

// List tells everybody who ever worked here, by login.
func (s *Service) List(ctx context.Context) ([]Member, error) { return s.Store.StaffMembers(ctx) }

// channel is where staff accounts are handled: by command, or at the desk.
func channel(actor portal.Actor) string {
	if actor.Kind == portal.System {
		return "command"
	}
	return "desk"
}
