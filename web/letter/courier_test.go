package letter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	stdmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

var fixed = portal.Date(2026, 11, 23).Add(10 * time.Hour)

// readMail reads a mail's two forms.
func readMail(t *testing.T, raw []byte) (plain, html string) {
	t.Helper()
	m, err := stdmail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, into := range []*string{&plain, &html} {
		part, err := parts.NextRawPart()
		require.NoError(t, err)
		require.Equal(t, "quoted-printable", part.Header.Get("Content-Transfer-Encoding"))
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		require.NoError(t, err)
		*into = string(text)
	}
	return plain, html
}

// postOffice is a mail server: what it took, and what it says to whom.
type postOffice struct {
	mu    sync.Mutex
	taken []string
	to    []string
	says  map[string]error
	down  error // what it says to everybody
}

func (p *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &talk{p: p}, nil }

type talk struct {
	p  *postOffice
	to string
}

func (s *talk) Mail(string, *smtp.MailOptions) error { return s.p.down }
func (s *talk) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.p.says[to]
}
func (s *talk) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.taken, s.p.to = append(s.p.taken, string(raw)), append(s.p.to, s.to)
	return err
}
func (s *talk) Reset()        {}
func (s *talk) Logout() error { return nil }

// opened serves a mail server and gives its address.
func (p *postOffice) opened(t *testing.T) string {
	server := smtp.NewServer(p)
	server.Domain = "mail.test"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-served; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return "smtp://" + l.Addr().String() + "?tls=none"
}

// round is couriers at work over each database.
type round struct {
	*store.Store
	t   *testing.T
	dsn string
	now time.Time
	*postOffice
	courier *Courier
}

func newRound(t *testing.T, b storetest.Backend) *round {
	r := &round{t: t, now: fixed, dsn: b.DSN(t), postOffice: &postOffice{says: map[string]error{}}}
	clock := func() time.Time { return r.now }
	r.Store = storetest.Reopen(t, r.dsn, clock)
	server, err := OpenServer(r.opened(t))
	require.NoError(t, err)
	r.courier = &Courier{Scribe: Scribe{Outbox: r.Store, Runner: r.Store, Clock: clock, House: house}, Mails: r.Store, Carrier: server,
		Ring: storetest.Keys(t), From: "no-reply@guichet.example", ADay: 3}
	return r
}

func (r *round) queue(to string) {
	require.NoError(r.t, r.Do(context.Background(), func(t tx.Tx) error {
		l := receiptSample(r.t, portal.German)
		l.ID, l.Mail, l.QueuedAt = "", to, r.now
		t.Send(l)
		return nil
	}))
}

func (r *round) trail(action string) int64 {
	return storetest.Number(r.t, r.dsn, `SELECT COUNT(*) FROM trail_waiting WHERE action = $1 AND channel = 'mail'`, action)
}

// A mail leaves by SMTP and is recorded once; a server that is away is tried
// again; what it will never take goes by post.
func TestMailsLeave(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			r := newRound(t, b)
			r.queue("aenne@example.org")
			clerk := &Clerk{Scribe: r.courier.Scribe, Folder: filepath.Join(t.TempDir(), "outbox")}
			n, err := clerk.HandOver(t.Context())
			require.NoError(t, err)
			require.Zero(t, n, "what goes by mail is not printed")

			r.down = &smtp.SMTPError{Code: 421, Message: "later"}
			n, err = r.courier.HandOver(t.Context())
			require.ErrorContains(t, err, "421")
			require.NotContains(t, err.Error(), "aenne", "nobody's address is logged")
			require.Zero(t, n)
			n, err = r.courier.HandOver(t.Context())
			require.NoError(t, err)
			require.Zero(t, n, "it is not due yet")
			r.down, r.now = nil, r.now.Add(firstWait)
			var sent [2]int
			var both sync.WaitGroup
			for i := range sent {
				both.Go(func() { sent[i], _ = r.courier.HandOver(context.Background()) })
			}
			both.Wait()
			require.Equal(t, 1, sent[0]+sent[1], "two couriers send it once")
			require.Equal(t, []string{"aenne@example.org"}, r.to)
			plain, _ := readMail(t, []byte(r.taken[0]))
			require.Contains(t, plain, "140952")
			require.Contains(t, r.taken[0], "Auto-Submitted: auto-generated")
			require.EqualValues(t, 1, r.trail("letter.handed"))

			r.queue("nobody@example.org")
			r.says["nobody@example.org"] = &smtp.SMTPError{Code: 550, Message: "no such user"}
			_, err = r.courier.HandOver(t.Context())
			require.ErrorContains(t, err, "550")
			require.EqualValues(t, 1, r.trail("letter.dropped"))
			n, err = clerk.HandOver(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n, "it goes by post")
			files, err := os.ReadDir(clerk.Folder)
			require.NoError(t, err)
			require.Len(t, files, 2)
			require.Zero(t, storetest.Number(t, r.dsn, `SELECT COUNT(*) FROM outbox`))
		})
	}
}

// threats.md: three mails a day to one address, however they are written; the
// others wait until the first is a day old. No other address waits with them.
func TestMailsADay(t *testing.T) {
	r := newRound(t, storetest.Backends(t)[0])
	for i := range 5 {
		r.queue([]string{"aenne@example.org", "Aenne@Example.org"}[i%2])
	}
	r.queue("otto@example.org")
	n, err := r.courier.HandOver(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, n)
	require.NoError(t, r.Do(t.Context(), func(u tx.Tx) error {
		l := receiptSample(t, portal.German)
		l.ID, l.Mail, l.QueuedAt, l.Awaited = "", "aenne@example.org", r.now, true
		u.Send(l)
		return nil
	}))
	n, err = r.courier.HandOver(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n, "a code that its reader asked for waits for no other day")
	r.now = r.now.Add(day - time.Second)
	n, err = r.courier.HandOver(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	r.now = r.now.Add(2 * time.Second)
	n, err = r.courier.HandOver(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Zero(t, storetest.Number(t, r.dsn, `SELECT COUNT(*) FROM mails WHERE address LIKE '%example%'`), "G12: an address is a keyed hash there")
}

// Where no server is set, mails land as files of their owner alone; a server
// without TLS is refused unless it is said to be so.
func TestMailsAsFiles(t *testing.T) {
	r := newRound(t, storetest.Backends(t)[0])
	folder := t.TempDir()
	r.courier.Carrier = Files{Folder: folder}
	r.queue("aenne@example.org")
	n, err := r.courier.HandOver(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	raw, err := os.ReadFile(files[0])
	require.NoError(t, err)
	plain, _ := readMail(t, raw)
	require.Contains(t, plain, "140952")

	strict, err := OpenServer(strings.TrimSuffix(r.opened(t), "?tls=none"))
	require.NoError(t, err)
	r.courier.Carrier = strict
	r.queue("otto@example.org")
	_, err = r.courier.HandOver(t.Context())
	require.ErrorContains(t, err, "TLS")
	require.Empty(t, r.taken)
	for _, wrong := range []string{"http://mail", "smtp://", "smtp://mail?tls=maybe"} {
		_, err := OpenServer(wrong)
		require.Error(t, err, wrong)
	}
}
