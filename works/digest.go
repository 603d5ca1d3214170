package works

import (
	"context"
	"encoding/json"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// Reader is an installer that wants one mail a day about its requests.
type Reader struct {
	Installer
	Name     string
	Mail     string
	Language portal.Language
	SentAt   time.Time // up to when it was told what changed
}

// digestLines is the most that one part of the mail lists; the rest is counted.
const digestLines = 50

// dueAhead is how long before its date a request stands in the mail.
const dueAhead = 7 * 24 * time.Hour

// Digest is the mail: what changed since the last one, and what is due soon, as
// the list has it (D12).
type Digest struct {
	Since        time.Time
	Changed, Due []DigestLine
	MoreChanged  int
	MoreDue      int
}

// DigestLine is one request in it.
type DigestLine struct {
	Number string
	Kind   Kind // masked
	Town   string
	Status Status
	Due    time.Time
}

// Digests keeps who wants them.
type Digests interface {
	// WantWorksDigest adds or removes a partner's wish; what changes from now
	// on is told.
	WantWorksDigest(t tx.Tx, partnerID string, wanted bool, now time.Time) error
	// WorksDigest tells whether a partner has that wish.
	WorksDigest(ctx context.Context, partnerID string) (bool, error)
	// WorksDigests lists the partners whose last mail was before a time, of
	// those that are approved installers.
	WorksDigests(ctx context.Context, before time.Time, limit int) ([]Reader, error)
	// SentWorksDigest notes that one is told up to now; false where somebody
	// else did, or the wish is gone.
	SentWorksDigest(t tx.Tx, r Reader, now time.Time) (bool, error)
	// WorksChanged lists what an installer's requests have a new status since;
	// WorksComing those with a date before until and not over; both with how
	// many more there are.
	WorksChanged(t tx.Tx, of Installer, since time.Time, limit int) ([]Request, int, error)
	WorksComing(t tx.Tx, of Installer, now, until time.Time, limit int) ([]Request, int, error)
}

// Subscribe says whether a partner wants the mail.
func (s *Service) Subscribe(ctx context.Context, by audit.Entry, partnerID string, wanted bool) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		says := map[string]string{"wanted": "no"}
		if wanted {
			says["wanted"] = "yes"
		}
		by := by
		by.Subject = "partner:" + partnerID
		record(t, by, now, audit.WorksDigest, Request{}, says)
		return s.Store.WantWorksDigest(t, partnerID, wanted, now)
	})
}

// SendDigests queues the day's mails, most at once, and tells how many partners
// it looked at. Of a day there is one; where nothing changed and nothing is due
// there is none.
func (s *Service) SendDigests(ctx context.Context, most int) (int, error) {
	now := s.Clock()
	readers, err := s.Store.WorksDigests(ctx, midnight(now), most)
	if err != nil {
		return 0, err
	}
	for n, r := range readers {
		if err := s.Runner.Do(ctx, func(t tx.Tx) error { return s.digest(t, r, s.Clock()) }); err != nil {
			return n, err
		}
	}
	return len(readers), nil
}

func (s *Service) digest(t tx.Tx, r Reader, now time.Time) error {
	ours, err := s.Store.SentWorksDigest(t, r, now)
	if err != nil || !ours {
		return err
	}
	d := Digest{Since: r.SentAt}
	changed, more, err := s.Store.WorksChanged(t, r.Installer, r.SentAt, digestLines)
	if err != nil {
		return err
	}
	coming, later, err := s.Store.WorksComing(t, r.Installer, now, now.Add(dueAhead), digestLines)
	if err != nil || len(changed)+len(coming) == 0 {
		return err
	}
	by := audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "daily"}, Channel: "mail"}
	d.Changed, d.MoreChanged = digested(changed, now), more
	d.Due, d.MoreDue = digested(coming, now), later
	told := map[string]bool{}
	for _, one := range append(changed, coming...) {
		if !told[one.ID] {
			told[one.ID] = true
			record(t, by, now, audit.WorksShown, one, map[string]string{"page": "digest", "partner": r.PartnerID})
		}
	}
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	t.Send(outbox.Letter{Kind: outbox.WorksDigest, Language: r.Language, QueuedAt: now, Mail: r.Mail, To: outbox.Address{Name: r.Name}, Data: data})
	return nil
}

func digested(list []Request, now time.Time) (lines []DigestLine) {
	for _, r := range list {
		v := r.ForInstaller(nil, now)
		lines = append(lines, DigestLine{Number: v.Number.Reveal(), Kind: v.Kind, Town: v.Site.Town, Status: v.Status, Due: r.Due})
	}
	return lines
}
