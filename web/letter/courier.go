package letter

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/tx"

	"github.com/wneessen/go-mail"
)

// Mails is what sending mails needs of the store, beside Outbox.
type Mails interface {
	// DueMails opens the mails whose next try is due, the longest due first.
	DueMails(ctx context.Context, now time.Time, limit int) ([]outbox.Letter, error)
	// ClaimMail takes a due mail until a moment and tells which try this is,
	// from 1; 0 where another sender has it or it is gone.
	ClaimMail(t tx.Tx, id string, now, until time.Time) (try int, err error)
	// DelayMail says when it is tried again.
	DelayMail(t tx.Tx, id string, until time.Time) error
	// CountMail notes that a mail goes to an address, and tells how many do
	// since a moment, this one with them, and when the first did.
	CountMail(t tx.Tx, id, address string, now, since time.Time) (n int, first time.Time, err error)
	// UncountMail takes that back.
	UncountMail(t tx.Tx, id string) error
}

// Carrier takes a mail away. A refused error says that no try will help; after
// any other the mail is tried again.
type Carrier interface {
	Carry(ctx context.Context, id string, m *mail.Msg) error
}

// Courier sends the mails that wait. Each is claimed in SQL before it is sent,
// so that several processes send it once; one that cannot be delivered is tried
// again, and what no try delivers goes by post instead: whoever gave a wrong
// mail address still gets their letter.
type Courier struct {
	Scribe
	Mails   Mails
	Carrier Carrier
	Ring    *keys.Ring
	From    string
	ADay    int // mails to one address in a day (threats.md)
}

// How long one sender keeps a mail to itself, when it is tried again, and after
// how long it goes by post.
const (
	claimed   = 5 * time.Minute
	firstWait = time.Minute
	longWait  = 4 * time.Hour
	givenUp   = 48 * time.Hour
	day       = 24 * time.Hour
)

// HandOver sends every mail that is due. One that fails holds up no other. n
// counts those this call sent.
func (c *Courier) HandOver(ctx context.Context) (n int, err error) {
	var failed []error
	for ctx.Err() == nil {
		due, err := c.Mails.DueMails(ctx, c.Clock(), tray)
		if err != nil || len(due) == 0 {
			return n, errors.Join(append(failed, err)...)
		}
		for _, l := range due {
			sent, err := c.send(ctx, l)
			if err != nil {
				failed = append(failed, fmt.Errorf("mail %s: %w", l.ID, err))
				if portal.CodeOf(err) == portal.Unavailable {
					return n, errors.Join(failed...)
				}
			}
			if sent {
				n++
			}
		}
	}
	return n, errors.Join(append(failed, ctx.Err())...)
}

// send claims one mail, carries it away and settles it.
func (c *Courier) send(ctx context.Context, l outbox.Letter) (sent bool, err error) {
	try, err := c.claim(ctx, l)
	if err != nil || try == 0 {
		return false, err
	}
	m, err := Mail(l, c.House)
	if err == nil {
		err = stamp(m, l, c.House, c.From, c.Clock())
	}
	if err == nil {
		err = c.Carrier.Carry(ctx, l.ID, m)
	}
	var refused *refusedMail
	switch {
	case err == nil:
		err = c.Runner.Do(ctx, func(t tx.Tx) error {
			sent, err = c.settle(t, ready{Letter: l}, "courier")
			return err
		})
		return sent, err
	case errors.As(err, &refused), c.Clock().Sub(l.QueuedAt) >= givenUp:
		return false, errors.Join(err, c.byPost(ctx, l))
	}
	wait := min(firstWait<<min(try-1, 10), longWait)
	return false, errors.Join(err, c.Runner.Do(ctx, func(t tx.Tx) error {
		return errors.Join(c.Mails.UncountMail(t, l.ID), c.Mails.DelayMail(t, l.ID, c.Clock().Add(wait)))
	}))
}

// claim takes a mail for this try, unless its address had enough today: then it
// waits until the first of them is a day old, but for one that is awaited.
func (c *Courier) claim(ctx context.Context, l outbox.Letter) (try int, err error) {
	now := c.Clock()
	address := c.Ring.HashText(keys.ForMail, strings.ToLower(l.Mail))
	err = c.Runner.Do(ctx, func(t tx.Tx) error {
		if try, err = c.Mails.ClaimMail(t, l.ID, now, now.Add(claimed)); err != nil || try == 0 {
			return err
		}
		n, first, err := c.Mails.CountMail(t, l.ID, address, now, now.Add(-day))
		if err != nil || n <= c.ADay || l.Awaited {
			return err
		}
		try = 0
		return errors.Join(c.Mails.UncountMail(t, l.ID), c.Mails.DelayMail(t, l.ID, first.Add(day+time.Second)))
	})
	return try, err
}

// byPost takes a mail out that nobody takes, and queues it as a letter where
// there is an address for one.
func (c *Courier) byPost(ctx context.Context, l outbox.Letter) error {
	return c.Runner.Do(ctx, func(t tx.Tx) error {
		mine, err := c.Outbox.DeleteLetter(t, l.ID, "mail")
		if err != nil || !mine {
			return err
		}
		t.Record(audit.Entry{At: c.Clock(), Actor: portal.Actor{Kind: portal.System, ID: "courier"}, Action: audit.LetterDropped, Ground: "address-mail",
			Channel: "mail", Details: map[string]string{"letter": l.ID, "kind": string(l.Kind)}})
		if l.To.Street == "" {
			return nil
		}
		post := l // the unit may run again
		post.ID, post.Mail, post.QueuedAt = "", "", c.Clock()
		t.Send(post)
		return nil
	})
}

// refusedMail is that a server will never take a mail.
type refusedMail struct{ why string }

func (r *refusedMail) Error() string { return r.why }

// Files lays mails into a folder, as files that a mail program opens: where no
// server is set.
type Files struct{ Folder string }

// Carry implements Carrier.
func (f Files) Carry(_ context.Context, id string, m *mail.Msg) error {
	var b strings.Builder
	if _, err := m.WriteTo(&b); err != nil {
		return err
	}
	if err := os.MkdirAll(f.Folder, 0o700); err != nil {
		return err
	}
	return errors.Join(write(filepath.Join(f.Folder, id+".eml"), []byte(b.String())), syncFolder(f.Folder))
}

// Server is a mail server.
type Server struct{ client *mail.Client }

// sendTime bounds one talk with the server.
const sendTime = 30 * time.Second

// OpenServer reads a server's address: smtps://, or smtp:// with STARTTLS, which
// the server must offer. ?tls=none is for a server on the same machine or behind
// a wall: a mail holds a code (D10).
func OpenServer(address string) (*Server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("begin it with smtp:// or smtps:// and a host")
	}
	options := []mail.Option{mail.WithTimeout(sendTime)}
	switch tls := u.Query().Get("tls"); {
	case u.Scheme == "smtps":
		options = append(options, mail.WithSSLPort(false))
	case tls == "none":
		options = append(options, mail.WithTLSPortPolicy(mail.NoTLS))
	case tls == "":
		options = append(options, mail.WithTLSPortPolicy(mail.TLSMandatory))
	default:
		return nil, fmt.Errorf("tls=%s: it is none, or not there", tls)
	}
	if u.Port() != "" {
		port, err := strconv.Atoi(u.Port())
		if err != nil {
			return nil, err
		}
		options = append(options, mail.WithPort(port))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	client, err := mail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, err
	}
	return &Server{client}, nil
}

// Carry implements Carrier. No address of a person is in its errors, which are logged.
func (s *Server) Carry(ctx context.Context, _ string, m *mail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	err := s.client.DialAndSendWithContext(ctx, m)
	var failed *mail.SendError
	if !errors.As(err, &failed) {
		return err
	}
	why := fmt.Sprintf("%s (%d)", failed.Reason, failed.ErrorCode())
	if !failed.IsTemp() && failed.ErrorCode() >= 500 && (failed.Reason == mail.ErrSMTPRcptTo || failed.Reason == mail.ErrSMTPDataClose) {
		return &refusedMail{why}
	}
	return errors.New(why)
}
