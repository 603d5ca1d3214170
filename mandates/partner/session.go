package partner

import (
	"context"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/tx"
)

func (s *Service) way() login.SignIn {
	return login.SignIn{Accounts: accounts{s.Store}, Runner: s.Runner, Ring: s.Ring, Clock: s.Clock,
		Passwords: s.Passwords, Seeds: keys.ForPartnerCode}
}

func (s *Service) sessions() login.Sessions {
	return login.Sessions{Kind: "partner", State: s.State, Ring: s.Ring, Clock: s.Clock}
}

// accounts are the people as a sign-in reads them.
type accounts struct{ Store }

// LockAccount implements login.Accounts. Who is not set up yet has no password,
// which none matches.
func (a accounts) LockAccount(t tx.Tx, name string) (login.Account, bool, error) {
	known, found, err := a.LockPerson(t, name)
	return login.Account{Password: known.Password, Seed: known.Seed, Step: known.Step, Failures: known.Failures,
		Ended: !known.EndedAt.IsZero()}, found, err
}

// SaveSignIn implements login.Accounts.
func (a accounts) SaveSignIn(t tx.Tx, name string, f login.Failures, step int64) error {
	return a.SavePersonSignIn(t, name, f, step)
}

// SignIn lets a person in and gives the token of a new session. Every refusal
// is the same Invalid "sign-in" (T26); source is a keyed hash.
func (s *Service) SignIn(ctx context.Context, name string, password, code keys.Secret, source string) (keys.Secret, error) {
	token, session := s.sessions().New(login.Normalise(name))
	err := s.way().Try(ctx, name, password, code, func(t tx.Tx, r login.Tried) error {
		e := audit.Entry{At: r.At, Action: audit.PartnerTurnedAway, Actor: portal.Actor{Kind: portal.Visitor}, Ground: "partner",
			Channel: "web", Details: map[string]string{"source": source, "why": r.Why}}
		if r.Known {
			e.Subject = "person:" + r.Login
		}
		if r.Why == "" {
			e.Action, e.Actor = audit.PartnerSignedIn, portal.Actor{Kind: portal.Partner, ID: r.Login}
			e.Details = map[string]string{"source": source}
		}
		t.Record(e)
		if r.Why != "" {
			return nil
		}
		return s.Store.OpenPartnerSession(t, session)
	})
	if err != nil {
		return "", err
	}
	return token, s.sessions().Begin(ctx, session.ID)
}

// Enter gives who is behind a token, read from SQL for this one request, and
// starts the idle time afresh. SignedOut where the session is over in any way,
// the person was ended or the organisation is not approved.
func (s *Service) Enter(ctx context.Context, token keys.Secret) (Guest, error) {
	session, g, found, err := s.Store.PartnerSession(ctx, s.sessions().ID(token))
	if err == nil {
		err = s.sessions().Awake(ctx, session, found && g.EndedAt.IsZero() && g.Organisation.Status == Approved)
	}
	if err != nil {
		return Guest{}, err
	}
	return g, nil
}

// Still gives a person as SQL has them now, for what they may have without a
// session; NotFound where they ended or their organisation is not approved.
func (s *Service) Still(ctx context.Context, name string) (Guest, error) {
	g, found, err := s.Store.Person(ctx, name)
	if err == nil && (!found || !g.EndedAt.IsZero() || g.Organisation.Status != Approved) {
		err = &portal.Error{Code: portal.NotFound, Key: "partner.person"}
	}
	return g, err
}

// Leave ends the session behind a token; leaving twice is no error.
func (s *Service) Leave(ctx context.Context, token keys.Secret) error {
	id := s.sessions().ID(token)
	session, g, found, err := s.Store.PartnerSession(ctx, id)
	if err != nil || !found || !session.EndedAt.IsZero() {
		return err
	}
	now := s.Clock()
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		live, err := s.Store.EndPartnerSession(t, id, now)
		if err == nil && live {
			t.Record(audit.Entry{At: now, Actor: g.Actor(), Action: audit.PartnerLeft, Ground: "signed-out", Channel: "web",
				Subject: "person:" + g.Login})
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.sessions().Forget(ctx, id)
}
