package staff

import (
	"context"
	"errors"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/tx"
)

// SignIn lets a colleague in and gives the token of a new session. Every
// refusal is the same Invalid "sign-in" (T26); source is a keyed hash.
func (s *Service) SignIn(ctx context.Context, name string, password, code keys.Secret, source string) (keys.Secret, error) {
	if s.OIDC != nil {
		return "", s.refuseLocal(ctx, source)
	}
	token, session := s.sessions().New(login.Normalise(name))
	err := s.way().Try(ctx, name, password, code, func(t tx.Tx, r login.Tried) error {
		entry := audit.Entry{At: r.At, Action: audit.StaffRefused, Actor: portal.Actor{Kind: portal.Visitor},
			Channel: "desk", Details: map[string]string{"source": source, "why": r.Why}}
		if r.Known {
			entry.Subject = Subject(r.Login)
		}
		if r.Why != "" {
			t.Record(entry)
			return nil
		}
		entry.Action, entry.Actor = audit.StaffSignedIn, portal.Actor{Kind: portal.Staff, ID: r.Login}
		entry.Details = map[string]string{"source": source}
		t.Record(entry)
		return s.Store.OpenStaffSession(t, session)
	})
	if err != nil {
		return "", err
	}
	return token, s.sessions().Begin(ctx, session.ID)
}

func (s *Service) way() login.SignIn {
	return login.SignIn{Accounts: accounts{s.Store}, Runner: s.Runner, Ring: s.Ring, Clock: s.Clock,
		Passwords: s.Passwords, Seeds: keys.ForStaffCode}
}

func (s *Service) sessions() login.Sessions {
	return login.Sessions{Kind: "staff", State: s.State, Ring: s.Ring, Clock: s.Clock}
}

// accounts are staff's as a sign-in reads them.
type accounts struct{ Store }

// LockAccount implements login.Accounts.
func (a accounts) LockAccount(t tx.Tx, name string) (login.Account, bool, error) {
	known, found, err := a.LockStaff(t, name)
	return login.Account{Password: known.Password, Seed: known.Seed, Step: known.Step, Failures: known.Failures,
		Ended: !known.EndedAt.IsZero()}, found, err
}

// Resume gives the person behind a token, read from SQL for this one request,
// and starts the idle time afresh. SignedOut where the session is over in any
// way, Unavailable where it cannot be known.
func (s *Service) Resume(ctx context.Context, token keys.Secret) (Member, error) {
	session, m, found, err := s.Store.StaffSession(ctx, s.sessions().ID(token))
	if err == nil {
		err = s.sessions().Awake(ctx, session, found && m.EndedAt.IsZero() && m.Role.Valid())
	}
	if err != nil {
		return Member{}, err
	}
	return m, nil
}

// Prove tells who somebody is for one act away from the desk: a sign-in, with
// all its counting and refusing, whose session ends at once.
func (s *Service) Prove(ctx context.Context, name string, password, code keys.Secret, source string) (Member, error) {
	token, err := s.SignIn(ctx, name, password, code, source)
	if err != nil {
		return Member{}, err
	}
	m, err := s.Resume(ctx, token)
	return m, errors.Join(err, s.Leave(ctx, token))
}

// Leave ends the session behind a token; leaving twice is no error.
func (s *Service) Leave(ctx context.Context, token keys.Secret) error {
	return s.leave(ctx, s.sessions().ID(token))
}

func (s *Service) leave(ctx context.Context, id string) error {
	now := s.Clock()
	session, m, found, err := s.Store.StaffSession(ctx, id)
	if err != nil || !found || !session.EndedAt.IsZero() {
		return err
	}
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		live, err := s.Store.EndStaffSession(t, id, now)
		if err == nil && live {
			t.Record(audit.Entry{At: now, Actor: m.Actor(), Action: audit.StaffLeft, Ground: "signed-out",
				Channel: "desk", Subject: Subject(m.Login)})
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.sessions().Forget(ctx, id)
}
