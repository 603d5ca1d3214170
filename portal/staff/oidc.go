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

// The reasons why somebody whom the provider has proven is not let in, beside
// those of package login; for the trail only.
const (
	localRefused    = "oidc-local"   // a password was sent although the provider is set
	providerUnknown = "oidc-unknown" // no live account of that login
	providerRole    = "oidc-role"    // the provider names another role than the account's
)

// External tells whether staff sign in at the identity provider, so that local
// accounts are refused (T26).
func (s *Service) External() bool { return s.OIDC != nil }

// errLocal is what the provider's ways are where none is set.
var errLocal = &portal.Error{Code: portal.NotFound, Key: "not-found"}

// Depart begins a sign-in at the provider. former is the token of the session
// that the browser still has, if any: it ends once the new one opens. NotFound
// where no provider is set, Unavailable "sign-in.provider" where it is down.
func (s *Service) Depart(ctx context.Context, lang portal.Language, former keys.Secret) (login.Departure, error) {
	if s.OIDC == nil {
		return login.Departure{}, errLocal
	}
	w := login.Way{Language: lang}
	if former != "" {
		w.Former = s.sessions().ID(former)
	}
	return s.OIDC.Depart(ctx, w)
}

// Arrive ends a sign-in at the provider and gives the token of a new session.
// Every refusal is the same Invalid "sign-in", its cause for the log only; the
// language is the one of the departure, "" where that is not known.
func (s *Service) Arrive(ctx context.Context, r login.Return, source string) (keys.Secret, portal.Language, error) {
	if s.OIDC == nil {
		return "", "", errLocal
	}
	a, err := s.OIDC.Arrive(ctx, r)
	if err != nil {
		return "", a.Language, err
	}
	token, session := s.sessions().New(a.Login)
	why, err := s.admit(ctx, a, session, source)
	if err != nil {
		return "", a.Language, err
	}
	if why != "" {
		return "", a.Language, &portal.Error{Code: portal.Invalid, Key: "sign-in", Err: errors.Join(errors.New(why), a.Cause)}
	}
	if err := s.sessions().Begin(ctx, session.ID); err != nil {
		return "", a.Language, err
	}
	if a.Former != "" { // one browser, one colleague
		if err := s.leave(ctx, a.Former); err != nil {
			return "", a.Language, err
		}
	}
	return token, a.Language, nil
}

// admit opens the session or records the refusal, on the account as it is now.
func (s *Service) admit(ctx context.Context, a login.Arrival, session Session, source string) (why string, err error) {
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		why = a.Why
		var account Account
		var found bool
		if why == "" && login.Form.MatchString(a.Login) {
			var err error
			if account, found, err = s.Store.LockStaff(t, a.Login); err != nil {
				return err
			}
		}
		if why == "" {
			why = judge(a.Role, account.Member, found)
		}
		entry := audit.Entry{At: session.StartedAt, Action: audit.StaffRefused, Actor: portal.Actor{Kind: portal.Visitor},
			Channel: "desk", Details: map[string]string{"source": source, "why": why}}
		if found {
			entry.Subject = Subject(account.Login)
		}
		if why != "" {
			t.Record(entry)
			return nil
		}
		entry.Action, entry.Actor = audit.StaffSignedIn, account.Actor()
		entry.Details = map[string]string{"source": source, "by": "oidc"}
		t.Record(entry)
		return s.Store.OpenStaffSession(t, session)
	})
	return why, err
}

// judge says why a proven person is not let in; "" lets in.
func judge(named string, m Member, found bool) string {
	switch {
	case !found || !m.EndedAt.IsZero():
		return providerUnknown
	case !m.Role.Valid() || string(m.Role) != named:
		return providerRole
	}
	return ""
}

// refuseLocal records that a password was sent, and neither which nor whose:
// nothing of it is looked up or compared.
func (s *Service) refuseLocal(ctx context.Context, source string) error {
	now := s.Clock()
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(audit.Entry{At: now, Action: audit.StaffRefused, Actor: portal.Actor{Kind: portal.Visitor},
			Channel: "desk", Details: map[string]string{"source": source, "why": localRefused}})
		return nil
	})
	if err != nil {
		return err
	}
	return login.Refused
}
