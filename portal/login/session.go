package login

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
)

const (
	// SessionLife is how long a session lasts in all.
	SessionLife = 8 * time.Hour
	// IdleLife is how long it lasts unused.
	IdleLife = 15 * time.Minute
)

// Session is somebody signed in. ID is the keyed hash of the cookie's token.
type Session struct {
	ID        string
	Login     string
	StartedAt time.Time
	EndsAt    time.Time
	EndedAt   time.Time // zero: not left
}

// Idle keeps who was seen lately: the part of portal/state's Store that a
// session needs, with the same contract.
type Idle interface {
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Replace(ctx context.Context, key string, value []byte, ttl time.Duration) (ok bool, err error)
	Delete(ctx context.Context, key string) error
}

// Sessions judges sessions of one kind of people; they lie in SQL and are read
// there at each request (T24).
type Sessions struct {
	Kind  string // "staff" or "partner": one's token opens nothing of the other's
	State Idle
	Ring  *keys.Ring
	Clock portal.Clock
}

// errSignedOut is the one answer to every token that opens no session.
var errSignedOut = &portal.Error{Code: portal.SignedOut, Key: "signed-out"}

// New draws a session that nobody has yet, and its token.
func (s Sessions) New(login string) (keys.Secret, Session) {
	token, now := keys.Secret(portal.Token()+portal.Token()), s.Clock()
	return token, Session{ID: s.ID(token), Login: login, StartedAt: now, EndsAt: now.Add(SessionLife)}
}

// ID names the session of a token.
func (s Sessions) ID(token keys.Secret) string {
	return s.Ring.HashText(keys.ForSession, s.Kind, token.Reveal())
}

// Begin starts the idle time of a session that was opened in SQL.
func (s Sessions) Begin(ctx context.Context, id string) error {
	return s.State.Set(ctx, s.key(id), []byte("1"), IdleLife)
}

// Awake judges a session as it stands in SQL (found, and live says whether its
// account is) and starts the idle time afresh. SignedOut where it is over in
// any way.
func (s Sessions) Awake(ctx context.Context, session Session, live bool) error {
	now := s.Clock()
	if !live || !session.EndedAt.IsZero() || !now.Before(session.EndsAt) || now.Before(session.StartedAt.Add(-time.Minute)) {
		return errSignedOut
	}
	awake, err := s.State.Replace(ctx, s.key(session.ID), []byte("1"), IdleLife)
	if err == nil && !awake {
		err = errSignedOut
	}
	return err
}

// Forget ends the idle time of a session that was left.
func (s Sessions) Forget(ctx context.Context, id string) error { return s.State.Delete(ctx, s.key(id)) }

func (s Sessions) key(id string) string { return "guichet:" + s.Kind + "-idle:" + id }
