package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/tx"

	"golang.org/x/sync/errgroup"
)

// Timeout bounds a post, from the name's look-up to the answer's head (T27).
const Timeout = 5 * time.Second

// SignatureHeader carries t=unix seconds and v1=the hex of HMAC-SHA-256 over
// those seconds, a dot and the body.
const SignatureHeader = "Guichet-Signature"

// Sender posts to addresses that somebody else chose. The zero value is the one
// to use; the fields are what a test puts in its place.
type Sender struct {
	TLS      *tls.Config
	Resolver *net.Resolver
	Allowed  func(netip.Addr) bool // Public
	Timeout  time.Duration         // Timeout
}

// client is made for each post: nothing of one partner's connection, not even
// that it is open, is there for another's.
func (s *Sender) client() *http.Client {
	allowed, timeout := s.Allowed, s.Timeout
	if allowed == nil {
		allowed = Public
	}
	if timeout == 0 {
		timeout = Timeout
	}
	dialer := &net.Dialer{Resolver: s.Resolver, Timeout: timeout,
		// The address judged is the one that is dialled: a name that changes
		// meanwhile changes nothing.
		Control: func(_, address string, _ syscall.RawConn) error { return publicAddress(allowed, address) }}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{Proxy: nil, DialContext: dialer.DialContext, TLSClientConfig: s.TLS,
			DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10},
	}
}

// Sign is the signature of a body sent at a time.
func Sign(secret keys.Secret, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// send posts an event's number; only a status of 2xx is well. The answer's body
// is never read.
func (s *Sender) send(ctx context.Context, to string, secret keys.Secret, eventID string, now time.Time) error {
	body := []byte(`{"event":"` + eventID + `"}`)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "guichet")
	r.Header.Set(SignatureHeader, Sign(secret, now, body))
	answer, err := s.client().Do(r)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("answered %d", answer.StatusCode)
	}
	return nil
}

// waits are those between tries.
var waits = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
	12 * time.Hour, 24 * time.Hour, 24 * time.Hour}

const (
	atOnce  = 16 // posts under way
	putOff  = time.Minute
	keep    = 30 * 24 * time.Hour // events
	forgets = 500
)

// Post sends what is due and tells how many posts that were. One that fails is
// no error: it is tried again.
func (s *Service) Post(ctx context.Context) (int, error) {
	var due []Post
	err := s.Runner.Do(ctx, func(t tx.Tx) (err error) {
		now := s.Clock()
		due, err = s.Store.TakePosts(t, now, now.Add(putOff), atOnce)
		return err
	})
	if err != nil {
		return 0, err
	}
	var group errgroup.Group
	for _, p := range due {
		group.Go(func() error { return s.post(ctx, p) })
	}
	return len(due), group.Wait()
}

func (s *Service) post(ctx context.Context, p Post) error {
	secret, err := s.Ring.Open(keys.ForHook, p.Hook.ID, p.Hook.Secret)
	if err != nil {
		return portal.Shut("keys", err)
	}
	now := s.Clock()
	state, next := Told, now
	if s.Sender.send(ctx, p.Hook.URL, keys.Secret(secret), p.EventID, now) != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		state = GivenUp
		if p.Tries < int64(len(waits)) {
			state, next = Waiting, s.Clock().Add(waits[p.Tries])
		}
	}
	p.Tries++
	return s.Runner.Do(ctx, func(t tx.Tx) error { return s.Store.SavePost(t, p, state, next) })
}

// Forget deletes old events.
func (s *Service) Forget(ctx context.Context) error {
	for {
		n := 0
		err := s.Runner.Do(ctx, func(t tx.Tx) (err error) {
			n, err = s.Store.ForgetEvents(t, s.Clock().Add(-keep), forgets)
			return err
		})
		if err != nil || n < forgets {
			return err
		}
	}
}
