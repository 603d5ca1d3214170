package staff

import (
	"context"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/tx"
)

// errRefused is the one answer to every sign-in that is not let in.
var errRefused = &portal.Error{Code: portal.Invalid, Key: "sign-in"}

// errSignedOut is the one answer to every token that opens no session.
var errSignedOut = &portal.Error{Code: portal.SignedOut, Key: "signed-out"}

// try is one sign-in on its way.
type try struct {
	login  string
	source string // keyed hash of the peer, for the trail
	why    string // for the trail only: "unknown", "waiting", "password", "code", or one of oidc.go's
	known  Account
	found  bool
}

// SignIn lets a colleague in and gives the token of a new session. Every
// refusal is the same Invalid "sign-in" (T26); source is a keyed hash.
func (s *Service) SignIn(ctx context.Context, name string, password, code keys.Secret, source string) (keys.Secret, error) {
	if s.OIDC != nil {
		return "", s.refuseLocal(ctx, source)
	}
	tr := try{login: normalise(name), source: source}
	if !loginForm.MatchString(tr.login) {
		tr.login = "" // what was typed may be a password: it is kept nowhere
	}
	if err := s.compare(ctx, &tr, password); err != nil {
		return "", err
	}
	token, session := s.newSession(tr.login)
	in, err := s.decide(ctx, tr, code, session)
	if err != nil {
		return "", err
	}
	if !in {
		return "", errRefused
	}
	if err := s.State.Set(ctx, idleKey(session.ID), []byte("1"), IdleLife); err != nil {
		return "", err
	}
	return token, nil
}

// newSession draws a session that nobody has yet, and its token.
func (s *Service) newSession(login string) (keys.Secret, Session) {
	token, now := keys.Secret(portal.Token()+portal.Token()), s.Clock()
	return token, Session{ID: s.sessionID(token), Login: login, StartedAt: now, EndsAt: now.Add(SessionLife)}
}

// compare counts the try and compares its password. The turn comes first: who
// is refused because others are at it has failed at nothing (T26).
func (s *Service) compare(ctx context.Context, tr *try, password keys.Secret) error {
	turn, err := s.Passwords.Turn(ctx)
	if err != nil {
		return err
	}
	defer turn.End()
	if err := s.count(ctx, tr); err != nil {
		return err
	}
	hash := tr.known.Password
	if tr.why != "" {
		hash = ""
	}
	same, err := turn.Matches(password, hash)
	if err == nil && !same && tr.why == "" {
		tr.why = "password"
	}
	return err
}

// count spends a failure before anything is compared, or says that the try
// must wait.
func (s *Service) count(ctx context.Context, tr *try) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		a, found, err := s.Store.LockStaff(t, tr.login)
		if err != nil {
			return err
		}
		tr.known, tr.found, tr.why = a, found && a.EndedAt.IsZero(), ""
		switch {
		case !tr.found:
			tr.why = "unknown"
		case a.Failures.Waiting(now):
			tr.why = "waiting"
		default:
			a.Failures = a.Failures.Failed(now)
		}
		return s.Store.SaveSignIn(t, tr.login, a.Failures, a.Step)
	})
}

// decide compares the code with the account as it is now, and opens the
// session or records the refusal.
func (s *Service) decide(ctx context.Context, tr try, code keys.Secret, session Session) (in bool, err error) {
	now := session.StartedAt
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		in = false
		a, found, err := s.Store.LockStaff(t, tr.login)
		if err != nil {
			return err
		}
		step, right, err := s.match(a, found, code, now)
		if err != nil {
			return err
		}
		why := tr.why
		switch {
		case why != "":
		case !found || !a.EndedAt.IsZero():
			why = "unknown"
		case !right:
			why = "code"
		}
		entry := audit.Entry{At: now, Action: audit.StaffRefused, Actor: portal.Actor{Kind: portal.Visitor},
			Channel: "desk", Details: map[string]string{"source": tr.source, "why": why}}
		if found {
			entry.Subject = Subject(tr.login)
		}
		if why != "" {
			t.Record(entry)
			return s.Store.SaveSignIn(t, tr.login, a.Failures, a.Step)
		}
		in = true
		entry.Action, entry.Actor = audit.StaffSignedIn, a.Actor()
		entry.Details = map[string]string{"source": tr.source}
		t.Record(entry)
		if err := s.Store.SaveSignIn(t, tr.login, login.Failures{}, step); err != nil {
			return err
		}
		return s.Store.OpenStaffSession(t, session)
	})
	return in && err == nil, err
}

// match compares the code, against a seed that nobody has where the login is
// nobody's.
func (s *Service) match(a Account, found bool, code keys.Secret, now time.Time) (int64, bool, error) {
	seed := login.NewSeed()
	if found {
		plain, err := s.Ring.Open(keys.ForStaffCode, a.Login, a.Seed)
		if err != nil {
			return 0, false, portal.Shut("keys", err)
		}
		seed = keys.Secret(plain)
	}
	step, right, err := login.MatchCode(seed, code, now, a.Step)
	if err != nil {
		return 0, false, portal.Shut("login", err)
	}
	return step, right && found, nil
}

// Resume gives the person behind a token, read from SQL for this one request,
// and starts the idle time afresh. SignedOut where the session is over in any
// way, Unavailable where it cannot be known.
func (s *Service) Resume(ctx context.Context, token keys.Secret) (Member, error) {
	id := s.sessionID(token)
	session, m, found, err := s.Store.StaffSession(ctx, id)
	switch now := s.Clock(); {
	case err != nil:
		return Member{}, err
	case !found, !session.EndedAt.IsZero(), !now.Before(session.EndsAt), now.Before(session.StartedAt.Add(-time.Minute)),
		!m.EndedAt.IsZero(), !m.Role.Valid():
		return Member{}, errSignedOut
	}
	awake, err := s.State.Replace(ctx, idleKey(id), []byte("1"), IdleLife)
	if err != nil {
		return Member{}, err
	}
	if !awake {
		return Member{}, errSignedOut
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
	return s.leave(ctx, s.sessionID(token))
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
	return s.State.Delete(ctx, idleKey(id))
}

func (s *Service) sessionID(token keys.Secret) string {
	return s.Ring.HashText(keys.ForSession, "staff", token.Reveal())
}

func idleKey(id string) string { return "guichet:staff-idle:" + id }
