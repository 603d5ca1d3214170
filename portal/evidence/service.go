package evidence

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"strconv"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// Service takes files in and gives them out. Its methods are safe for
// concurrent use.
type Service struct {
	Clock   portal.Clock
	Runner  tx.Runner
	Store   Store
	Sandbox *Sandbox
	Scanner *Scanner       // nil: files wait for an officer
	Signers *x509.CertPool // issuers of electronic signatures; nil: none is trusted
}

// Upload is a file as it comes in.
type Upload struct {
	Subject string // what it is evidence for
	Name    string
	Body    io.Reader
}

// record writes what happened to a file. by brings actor, ground and channel.
func (s *Service) record(t tx.Tx, by audit.Entry, action audit.Action, f File, more map[string]string) {
	by.At, by.Action, by.Subject = s.Clock(), action, f.Subject
	by.Details = map[string]string{"file": f.ID, "type": string(f.Type), "size": strconv.FormatInt(f.Size, 10), "hash": hex.EncodeToString(f.Hash)}
	for name, value := range more {
		by.Details[name] = value
	}
	t.Record(by)
}

// Expect is told that somebody may bring a document soon: what reads it takes
// seconds to be made ready, which nobody should wait for. It returns at once.
func (s *Service) Expect() {
	go s.Sandbox.Warm() // why it failed is said by the first document
}

// Take takes a file into quarantine and asks the scanner, where there is one.
// A file that cannot be taken is a portal.Error with a key of its own and
// leaves a line in the trail and nothing else.
func (s *Service) Take(ctx context.Context, by audit.Entry, up Upload) (File, error) {
	content, err := io.ReadAll(io.LimitReader(up.Body, MaxSize+1))
	if err != nil {
		return File{}, &portal.Error{Code: portal.Invalid, Key: "evidence.broken", Field: "document", Err: err}
	}
	now, sum := s.Clock(), sha256.Sum256(content)
	f := File{Subject: up.Subject, Name: label(up.Name), Size: int64(len(content)), Hash: sum[:], Status: Quarantined,
		AddedAt: now, AddedBy: by.Actor.ID}
	f.Type, err = s.inspect(ctx, content)
	if err != nil {
		return File{}, s.refuse(ctx, by, f, err)
	}
	f.ID = portal.NewID(now)
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		s.record(t, by, audit.EvidenceReceived, f, nil)
		return s.Store.PutEvidence(t, f, content)
	})
	if err != nil {
		return File{}, err
	}
	if s.Scanner == nil {
		return f, nil
	}
	scanned, err := s.scan(ctx, f, content)
	switch {
	case errors.Is(err, errScanner):
		return f, nil // it stays in quarantine and is asked about again
	case err != nil:
		return File{}, err
	case scanned.Status == Infected:
		return File{}, refused("infected")
	}
	return scanned, nil
}

// refuse records that a file was not taken, where it is the file's fault.
func (s *Service) refuse(ctx context.Context, by audit.Entry, f File, why error) error {
	var e *portal.Error
	if !errors.As(why, &e) || e.Code != portal.Invalid {
		return why
	}
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		s.record(t, by, audit.EvidenceRefused, f, map[string]string{"why": e.Key})
		return nil
	})
	if err != nil {
		return err
	}
	return why
}

// scanning is who settles what the scanner said.
var scanning = audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "scanner"}, Channel: "command"}

// scan asks the scanner about a file in quarantine and settles it; errScanner
// where it gives no verdict.
func (s *Service) scan(ctx context.Context, f File, content []byte) (File, error) {
	found, err := s.Scanner.Scan(ctx, content)
	if err != nil {
		return f, errors.Join(errScanner, err)
	}
	return s.settle(ctx, scanning, f.ID, func(f *File) audit.Action {
		if found == "" {
			f.Status = Clean
			return audit.EvidenceCleared
		}
		f.Status, f.Found = Infected, found
		return audit.EvidenceInfected
	})
}

// settle takes a file out of quarantine, once: whoever comes second finds it
// settled and changes nothing.
func (s *Service) settle(ctx context.Context, by audit.Entry, id string, as func(*File) audit.Action) (f File, err error) {
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		if f, err = s.Store.LockEvidence(t, id); err != nil {
			return err
		}
		if f.Status != Quarantined {
			return nil
		}
		action := as(&f)
		f.SettledAt = s.Clock()
		s.record(t, by, action, f, map[string]string{"found": f.Found})
		if f.Status == Infected {
			if err := s.Store.DropEvidence(t, id); err != nil {
				return err
			}
		}
		return s.Store.SaveEvidence(t, f)
	})
	return f, err
}

// Rescan asks the scanner about all that is in quarantine and tells how many
// files it settled. One on which the scanner has nothing to say is passed over;
// where it does not answer at all, the rest waits.
func (s *Service) Rescan(ctx context.Context) (settled int, err error) {
	if s.Scanner == nil {
		return 0, nil
	}
	var over error
	for after := ""; ; {
		waiting, err := s.Store.EvidenceWaiting(ctx, after, 50)
		if err != nil || len(waiting) == 0 {
			return settled, errors.Join(err, over)
		}
		for _, f := range waiting {
			content, err := s.Store.EvidenceContent(ctx, f.ID)
			if err != nil {
				return settled, err
			}
			after = f.ID
			_, err = s.scan(ctx, f, content)
			switch {
			case err == nil:
				settled++
			case errors.Is(err, errAnswer):
				over = errors.Join(over, err)
			default:
				return settled, err
			}
		}
	}
}

// Release lets a file go that no scanner judges: an officer has seen its pages.
// Conflict where it is settled already or the scanner has the word.
func (s *Service) Release(ctx context.Context, by audit.Entry, subject, id string) error {
	f, err := s.Store.Evidence(ctx, subject, id)
	if err != nil {
		return err
	}
	if s.Scanner != nil || f.Status != Quarantined {
		return &portal.Error{Code: portal.Conflict, Key: "evidence.release"}
	}
	_, err = s.settle(ctx, by, id, func(f *File) audit.Action {
		f.Status = Released
		return audit.EvidenceReleased
	})
	return err
}

// List tells the files of a subject, oldest first.
func (s *Service) List(ctx context.Context, subject string) ([]File, error) {
	return s.Store.EvidenceOf(ctx, subject)
}

// Open gives the bytes of a clean or released file, to be sent as an
// attachment. Conflict where it is in quarantine, NotFound where the bytes are
// gone or the file is another subject's.
func (s *Service) Open(ctx context.Context, by audit.Entry, subject, id string) (File, []byte, error) {
	f, err := s.Store.Evidence(ctx, subject, id)
	if err == nil && f.Status == Quarantined {
		err = &portal.Error{Code: portal.Conflict, Key: "evidence.quarantine"}
	}
	if err != nil {
		return File{}, nil, err
	}
	content, err := s.disclose(ctx, by, audit.EvidenceTaken, f, nil)
	return f, content, err
}

// disclose reads the bytes of a file and records that somebody sees them.
func (s *Service) disclose(ctx context.Context, by audit.Entry, action audit.Action, f File, more map[string]string) ([]byte, error) {
	content, err := s.Store.EvidenceContent(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	return content, s.Runner.Do(ctx, func(t tx.Tx) error {
		s.record(t, by, action, f, more)
		return nil
	})
}

// visible reads a file whose pages may be drawn: a cleared one, or one that
// waits for the officer who asks.
func (s *Service) visible(ctx context.Context, subject, id string) (File, error) {
	f, err := s.Store.Evidence(ctx, subject, id)
	switch {
	case err != nil:
		return f, err
	case f.Cleared(), f.Status == Quarantined && s.Scanner == nil:
		return f, nil
	case f.Status == Quarantined:
		return f, &portal.Error{Code: portal.Conflict, Key: "evidence.quarantine"}
	}
	return f, absent
}

// Pages tells how many pages a file has.
func (s *Service) Pages(ctx context.Context, subject, id string) (int, error) {
	f, err := s.visible(ctx, subject, id)
	if err != nil || f.Type != PDF {
		return 1, err
	}
	content, err := s.Store.EvidenceContent(ctx, f.ID)
	if err != nil {
		return 0, err
	}
	paper, err := s.Sandbox.Read(ctx, content)
	return paper.Pages, err
}

// Page draws one page of a file, counted from 1: a picture made anew, of which
// no byte is the file's own. NotFound where there is no such page.
func (s *Service) Page(ctx context.Context, by audit.Entry, subject, id string, number int) (Picture, error) {
	f, err := s.visible(ctx, subject, id)
	if err != nil {
		return Picture{}, err
	}
	content, err := s.disclose(ctx, by, audit.EvidenceShown, f, map[string]string{"page": strconv.Itoa(number)})
	switch {
	case err != nil:
		return Picture{}, err
	case f.Type == PDF:
		return s.Sandbox.Draw(ctx, content, number)
	case number != 1:
		return Picture{}, absent
	}
	return s.Sandbox.redraw(ctx, content)
}

// Signature tells what the electronic signature of a file proves, as of the
// day the file came in. A picture bears none.
func (s *Service) Signature(ctx context.Context, by audit.Entry, subject, id string) (Verdict, error) {
	f, err := s.visible(ctx, subject, id)
	if err != nil {
		return Verdict{}, err
	}
	if f.Type != PDF {
		return Verdict{Reasons: []Reason{Unsigned}}, nil
	}
	content, err := s.Store.EvidenceContent(ctx, f.ID)
	if err != nil {
		return Verdict{}, err
	}
	paper, err := s.Sandbox.Read(ctx, content)
	if err != nil {
		return Verdict{}, err
	}
	v := Judge(content, paper.Signatures, s.Signers, f.AddedAt)
	return v, s.Runner.Do(ctx, func(t tx.Tx) error {
		s.record(t, by, audit.EvidenceChecked, f, map[string]string{"verdict": v.String(), "signer": v.Signer.Name})
		return nil
	})
}
