package works

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// Agenda is a calendar at a secret address: of one of an installer's people, with
// all appointments in their list, or of one request. Whoever has the address
// reads it, so that it says no more than when, where and which number.
type Agenda struct {
	Login     string // of the person; "" for a request's
	RequestID string // "" for a person's
	MadeAt    time.Time
}

// Agendas keeps them.
type Agendas interface {
	// PutWorksFeed adds a feed in the place of the one that its owner has.
	PutWorksFeed(t tx.Tx, hash string, f Agenda) error
	// EndWorksFeed ends an owner's and tells whether there was one.
	EndWorksFeed(t tx.Tx, login, requestID string) (bool, error)
	// WorksFeedOf reads when an owner's was made; zero where there is none.
	WorksFeedOf(ctx context.Context, login, requestID string) (time.Time, error)
	// WorksFeed reads a feed by its hash; NotFound.
	WorksFeed(ctx context.Context, hash string) (Agenda, error)
}

func (s *Service) feedHash(token keys.Secret) string {
	return s.Ring.HashText(keys.ForSession, "works-feed", token.Reveal())
}

// MakeFeed gives the token of a new address; the owner's old one ends.
func (s *Service) MakeFeed(ctx context.Context, by audit.Entry, login, requestID string) (keys.Secret, error) {
	now, token := s.Clock(), keys.Secret(portal.Token()+portal.Token())
	return token, s.Runner.Do(ctx, func(t tx.Tx) error {
		record(t, by, now, audit.WorksFeedMade, Request{ID: requestID}, nil)
		return s.Store.PutWorksFeed(t, s.feedHash(token), Agenda{Login: login, RequestID: requestID, MadeAt: now})
	})
}

// EndFeed ends an owner's address; again, it changes nothing.
func (s *Service) EndFeed(ctx context.Context, by audit.Entry, login, requestID string) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error { return s.endFeed(t, by, now, login, requestID) })
}

func (s *Service) endFeed(t tx.Tx, by audit.Entry, now time.Time, login, requestID string) error {
	ended, err := s.Store.EndWorksFeed(t, login, requestID)
	if err == nil && ended {
		record(t, by, now, audit.WorksFeedEnded, Request{ID: requestID}, nil)
	}
	return err
}

// FeedAt reads the feed of a token; NotFound for one that ended as for one that
// never was. Who may still have it is for the caller to ask, at each look (T24).
func (s *Service) FeedAt(ctx context.Context, token keys.Secret) (Agenda, error) {
	return s.Store.WorksFeed(ctx, s.feedHash(token))
}

// MostAppointments is how many of them one calendar has.
const MostAppointments = 500

// Appointments lists what is planned of an installer's requests.
func (s *Service) Appointments(ctx context.Context, of Installer) ([]View, error) {
	list, err := s.Store.WorksOf(ctx, of, Sought{Status: Planned}, Place{}, MostAppointments)
	views := make([]View, 0, len(list))
	for _, r := range list {
		if !r.Day.IsZero() {
			views = append(views, r.ForInstaller(nil, s.Clock()))
		}
	}
	return views, err
}
