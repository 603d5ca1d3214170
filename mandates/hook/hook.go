// Package hook decides how a partner's program is told that something happened,
// and protects the house and everybody near it while doing so (T27): https
// alone, to addresses that are public at the moment of dialling, no redirect,
// five seconds, and a body that holds the number of an event and nothing else.
// What the event is about is fetched with a key.
//
// A post that fails is tried again after growing waits, ten times in some three
// days. Events and posts stand in SQL, so that a restart forgets none.
package hook

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// The kinds of event.
const (
	BatchDone      = "batch.done"      // about a batch
	MandateChanged = "mandate.changed" // about a mandate: decided, returned, confirmed, revoked or ended
)

// Kinds lists them all.
var Kinds = []string{BatchDone, MandateChanged}

// Event is something that happened to a partner's.
type Event struct {
	ID, PartnerID string
	Kind, About   string
	At            time.Time
}

// Of makes the event of a trail entry, where there is one to tell: what the
// partner did itself is none.
func Of(e audit.Entry) (Event, bool) {
	about, of := strings.CutPrefix(e.Subject, "mandate:")
	if !of || e.Actor.Kind == portal.Partner || e.Details["partner"] == "" {
		return Event{}, false
	}
	switch e.Action {
	case audit.MandateReturned, audit.MandateGranted, audit.MandateRefused, audit.MandateConfirmed, audit.MandateRevoked, audit.MandateEnded:
		return Event{PartnerID: e.Details["partner"], Kind: MandateChanged, About: about, At: e.At}, true
	}
	return Event{}, false
}

// Hook is where a partner is told.
type Hook struct {
	ID, PartnerID, URL string
	Secret             []byte // sealed
	MadeAt, EndedAt    time.Time
}

// Post is one event on its way to one hook.
type Post struct {
	EventID string
	Hook    Hook
	Tries   int64 // made
}

// The states of a post.
const (
	Waiting = "waiting"
	Told    = "told"
	GivenUp = "given-up"
)

// Most is how many live hooks a partner may have.
const Most = 5

// Store is what Service needs of the database.
type Store interface {
	PutHook(t tx.Tx, h Hook) error
	// EndHook ends one of a partner's and its posts, and tells whether it did.
	EndHook(t tx.Tx, partnerID, id string, now time.Time) (bool, error)
	// Hooks lists a partner's that are live.
	Hooks(ctx context.Context, partnerID string) ([]Hook, error)
	// CountHooks counts them inside a unit of work.
	CountHooks(t tx.Tx, partnerID string) (int, error)
	// PutEvent adds an event, and a post to each of the partner's live hooks.
	PutEvent(t tx.Tx, e Event) error
	// Events lists a partner's, oldest first, behind an id.
	Events(ctx context.Context, partnerID, after string, limit int) ([]Event, error)
	// TakePosts gives posts that are due and puts them off until a time, so that
	// no other process sends them.
	TakePosts(t tx.Tx, now, until time.Time, limit int) ([]Post, error)
	// SavePost writes tries, state and the next time.
	SavePost(t tx.Tx, p Post, state string, next time.Time) error
	// ForgetEvents deletes events older than a time, with their posts, some at a
	// time, and tells how many.
	ForgetEvents(t tx.Tx, before time.Time, limit int) (int, error)
}

// Service keeps hooks and posts to them.
type Service struct {
	Clock  portal.Clock
	Runner tx.Runner
	Store  Store
	Ring   *keys.Ring
	Sender *Sender
}

const longestURL = 500

// Address reads a URL that may be a hook's. Nothing is looked up: what its name
// leads to is judged each time it is dialled.
func Address(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || len(text) > longestURL || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return "", false
	}
	if at, err := netip.ParseAddr(u.Hostname()); err == nil && !Public(at) {
		return "", false
	}
	return u.String(), true
}

// Register adds a hook and gives the secret its posts are signed with, once.
func (s *Service) Register(ctx context.Context, by audit.Entry, partnerID, address string) (Hook, keys.Secret, error) {
	to, ok := Address(address)
	if !ok {
		return Hook{}, "", portal.Problems{{Code: portal.Invalid, Key: "hook.url", Field: "url"}}
	}
	now := s.Clock()
	h := Hook{ID: portal.NewID(now), PartnerID: partnerID, URL: to, MadeAt: now}
	secret := keys.Secret(portal.Token() + portal.Token())
	h.Secret = s.Ring.Seal(keys.ForHook, h.ID, []byte(secret.Reveal()))
	return h, secret, s.Runner.Do(ctx, func(t tx.Tx) error {
		n, err := s.Store.CountHooks(t, partnerID)
		if err != nil {
			return err
		}
		if n >= Most {
			return &portal.Error{Code: portal.Conflict, Key: "hook.most", Args: []any{Most}}
		}
		by.At, by.Action, by.Subject, by.Details = now, audit.HookMade, "partner:"+partnerID, map[string]string{"hook": h.ID, "url": to}
		t.Record(by)
		return s.Store.PutHook(t, h)
	})
}

// End ends a hook; NotFound where it is not there or another's.
func (s *Service) End(ctx context.Context, by audit.Entry, partnerID, id string) error {
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		now := s.Clock()
		ended, err := s.Store.EndHook(t, partnerID, id, now)
		if err != nil {
			return err
		}
		if !ended {
			return &portal.Error{Code: portal.NotFound, Key: "hook"}
		}
		by.At, by.Action, by.Subject, by.Details = now, audit.HookEnded, "partner:"+partnerID, map[string]string{"hook": id}
		t.Record(by)
		return nil
	})
}

// elsewhere are networks that are not the public internet's beside those that
// netip tells: shared, documentation, benchmark, reserved, and those in which
// an IPv4 address hides.
var elsewhere = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
	"2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10")

func prefixes(list ...string) (all []netip.Prefix) {
	for _, one := range list {
		all = append(all, netip.MustParsePrefix(one))
	}
	return all
}

// Public tells whether an address is one of the public internet (T27).
func Public(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range elsewhere {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// publicAddress is what a dialler asks of the address it is about to connect to.
func publicAddress(allowed func(netip.Addr) bool, address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !allowed(at.Addr()) {
		return &net.AddrError{Err: "not a public address", Addr: address}
	}
	return nil
}
