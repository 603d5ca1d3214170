package rig

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// Mail is one that arrived, as a mail program shows it.
type Mail struct {
	To      string `json:"to"` // of the envelope
	From    string `json:"from"`
	Subject string `json:"subject"`
	Plain   string `json:"plain"`
	HTML    string `json:"html"`
	Raw     string `json:"raw"`
}

// PostOffice takes mails as a mail server does.
type PostOffice struct {
	URL string // for the setting SMTP

	mu      sync.Mutex
	taken   map[string][]Mail // by address
	arrived *sync.Cond
}

// OpenPostOffice serves one until the test ends.
func OpenPostOffice(t testing.TB) *PostOffice {
	t.Helper()
	o := &PostOffice{taken: map[string][]Mail{}}
	o.arrived = sync.NewCond(&o.mu)
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &talk{office: o}, nil }))
	server.Domain = "mail.example"
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
	o.URL = "smtp://" + l.Addr().String() + "?tls=none"
	return o
}

// Await gives the mails to an address as soon as there are n; fewer where that
// takes too long.
func (o *PostOffice) Await(to string, n int, within time.Duration) []Mail {
	end := time.Now().Add(within)
	defer time.AfterFunc(within, func() {
		o.mu.Lock() // nobody is between their look and their wait
		defer o.mu.Unlock()
		o.arrived.Broadcast()
	}).Stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.taken[to]) < n && time.Now().Before(end) {
		o.arrived.Wait()
	}
	return slices.Clone(o.taken[to])
}

// talk is one connection of a sender.
type talk struct {
	office *PostOffice
	to     string
}

// Mail implements smtp.Session.
func (s *talk) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt implements smtp.Session.
func (s *talk) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

// Data implements smtp.Session. What no mail program could read is refused.
func (s *talk) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := read(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	m.To = s.to
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	s.office.taken[s.to] = append(s.office.taken[s.to], m)
	s.office.arrived.Broadcast()
	return nil
}

// Reset implements smtp.Session.
func (s *talk) Reset() {}

// Logout implements smtp.Session.
func (s *talk) Logout() error { return nil }

// read takes a mail of two forms apart.
func read(raw []byte) (m Mail, err error) {
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	var words mime.WordDecoder
	if m.Subject, err = words.DecodeHeader(message.Header.Get("Subject")); err != nil {
		return m, err
	}
	if m.From, err = words.DecodeHeader(message.Header.Get("From")); err != nil {
		return m, err
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return m, errors.New("it has not two forms")
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for _, into := range []*string{&m.Plain, &m.HTML} {
		part, err := parts.NextRawPart()
		if err != nil {
			return m, err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return m, err
		}
		*into = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	m.Raw = string(raw)
	return m, nil
}
