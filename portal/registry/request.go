package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// LetterPause is how long after a letter the next one can be had without
// speaking to anybody: one per occupancy in this time.
const LetterPause = 30 * 24 * time.Hour

// LetterRequest is what somebody without letter asked for, until it is handled.
type LetterRequest struct {
	ID      string
	AskedAt time.Time
	Sealed  []byte // the EAN, sealed for the ID
}

// Answer is what became of a request. It stands in the trail and nowhere else:
// whoever asked never learns it (G13).
type Answer string

// The answers. A new one needs Standing.answer.
const (
	AnswerSent     Answer = "sent"     // a new reference is on its way to the address on record
	AnswerUnknown  Answer = "unknown"  // the register has no such access point
	AnswerVacant   Answer = "vacant"   // nobody occupies it now
	AnswerNoMeter  Answer = "no-meter" // no meter is there, or none with four digits
	AnswerBlocked  Answer = "blocked"  // its reference is blocked: only the call centre helps (M6, T5)
	AnswerRecently Answer = "recently" // a letter was sent within LetterPause
)

// Standing is what the register knows, now, of an access point that somebody
// asked a letter for.
type Standing struct {
	Holding              // without Point.EAN: unknown; without Occupancy.ID: vacant
	LastLetter time.Time // when a reference was last drawn for this occupancy; zero: never
	Blocked    bool      // a live reference of this occupancy and meter is blocked
}

// answer decides what a request gets.
func (s Standing) answer(now time.Time) Answer {
	_, _, readable := LastFour(s.Meter.Number)
	switch {
	case s.Point.EAN == "":
		return AnswerUnknown
	case s.Occupancy.ID == "":
		return AnswerVacant
	case !readable:
		return AnswerNoMeter
	case s.Blocked:
		return AnswerBlocked
	case !s.LastLetter.IsZero() && now.Before(s.LastLetter.Add(LetterPause)):
		return AnswerRecently
	}
	return AnswerSent
}

// RequestStore is what Requests needs of the store.
type RequestStore interface {
	// PutLetterRequest keeps a request in one statement.
	PutLetterRequest(t tx.Tx, r LetterRequest) error
	// LetterRequests reads at most limit requests, oldest first, whose ID comes
	// after the one given.
	LetterRequests(ctx context.Context, after string, limit int) ([]LetterRequest, error)
	// DeleteLetterRequest tells whether this call was the one that deleted it.
	DeleteLetterRequest(t tx.Tx, id string) (bool, error)
	// Standing locks the present occupancy of an access point, if there is one,
	// and reads what Standing says.
	Standing(t tx.Tx, ean portal.EAN, now time.Time) (Standing, error)
	// CountLetter counts one letter more of the day that began then, unless
	// most were counted; ok tells whether it did. A day before the last one
	// counted goes on with that.
	CountLetter(t tx.Tx, began time.Time, most int64) (ok bool, err error)
}

// Requests is "I have no letter". Ask only keeps what was typed, sealed: it
// reads nothing of the register, so that no statement, no byte and no time of
// the answer can tell whether an EAN is known or occupied (G13). Handle, a job
// of every replica, later decides and queues the letter, to the address on
// record and to no other (L28).
type Requests struct {
	Ring   *keys.Ring
	Clock  portal.Clock
	Runner tx.Runner
	Store  RequestStore
	Issuer *Issuer
	// ADay is how many letters leave in one day of Brussels, portal-wide:
	// whoever types other people's EANs from ever new addresses has no more
	// than these printed. What is beyond waits for the next day, and whoever
	// asked reads the same page as ever. It is counted in the letter's own unit
	// of work, so that no restart and no second replica adds to it.
	ADay int64
	// Alarm is told once a day by each process that letters wait; nil: nobody is.
	Alarm func(name string)
	Log   *slog.Logger

	rang atomic.Int64 // the day of the last alarm, as it began
}

// AlarmLetters is the name of the alarm that today's letters are used up.
const AlarmLetters = "letters-day"

// errADay is why a request waits for the next day.
var errADay = errors.New("today's letters are used up")

// Ask keeps a request for a letter and records that there was one. Its only
// error is Unavailable.
func (r *Requests) Ask(ctx context.Context, ean portal.EAN) error {
	now := r.Clock()
	id := portal.NewID(now)
	request := LetterRequest{ID: id, AskedAt: now, Sealed: r.Ring.Seal(keys.ForRequest, id, []byte(ean))}
	return r.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.Visitor}, Action: audit.LetterAsked,
			Ground: "no-letter", Channel: "web", Subject: requestSubject(id)})
		return r.Store.PutLetterRequest(t, request)
	})
}

func requestSubject(id string) string { return "letter-request:" + id }

// requestsARound is how many requests are read at a time.
const requestsARound = 50

// Handle answers every waiting request, each in its own unit of work, and
// tells how many this call answered. Replicas may do so at once: only the one
// that deletes a request answers it. One that fails waits for the next round
// and holds up no other. When the day's letters are used up all wait, in the
// order they came.
func (r *Requests) Handle(ctx context.Context) (n int, err error) {
	var failed []error
	for after := ""; ; {
		waiting, err := r.Store.LetterRequests(ctx, after, requestsARound)
		if err != nil {
			return n, errors.Join(append(failed, err)...)
		}
		for _, request := range waiting {
			after = request.ID
			mine, err := r.handle(ctx, request)
			if errors.Is(err, errADay) {
				r.ring(ctx)
				return n, errors.Join(failed...)
			}
			if err != nil {
				failed = append(failed, fmt.Errorf("request %s: %w", request.ID, err))
			} else if mine {
				n++
			}
		}
		if len(waiting) < requestsARound || ctx.Err() != nil {
			return n, errors.Join(append(failed, ctx.Err())...)
		}
	}
}

// handle answers one request and deletes it: the EAN that was typed is kept
// nowhere, the outcome under the occupancy it is about.
func (r *Requests) handle(ctx context.Context, request LetterRequest) (mine bool, err error) {
	ean, err := r.Ring.Open(keys.ForRequest, request.ID, request.Sealed)
	if err != nil {
		return false, errors.New("does not open with these keys")
	}
	now := r.Clock()
	clerk := portal.Actor{Kind: portal.System, ID: "letter requests"}
	err = r.Runner.Do(ctx, func(t tx.Tx) error {
		var err error
		if mine, err = r.Store.DeleteLetterRequest(t, request.ID); err != nil || !mine {
			return err
		}
		s, err := r.Store.Standing(t, portal.EAN(ean), now)
		if err != nil {
			return err
		}
		answer, subject := s.answer(now), requestSubject(request.ID)
		if s.Occupancy.ID != "" {
			subject = "occupancy:" + s.Occupancy.ID
		}
		if answer == AnswerSent {
			if ok, err := r.Store.CountLetter(t, dayOf(now), r.ADay); err != nil || !ok {
				return cmp.Or(err, errADay)
			}
			cause := Cause{Actor: clerk, Ground: "no-letter", Channel: "post"}
			if _, err := r.Issuer.IssueIn(t, cause, []Holding{s.Holding}); err != nil {
				return err
			}
		}
		t.Record(audit.Entry{At: now, Actor: clerk, Action: audit.LetterAnswered, Ground: "no-letter", Channel: "post",
			Subject: subject, Details: map[string]string{"request": request.ID, "answer": string(answer)}})
		return nil
	})
	return mine, err
}

// ring tells staff, once a day, that requests wait for the next one.
func (r *Requests) ring(ctx context.Context) {
	today := dayOf(r.Clock()).UnixMicro()
	if r.rang.Swap(today) == today {
		return
	}
	r.Log.WarnContext(ctx, "today's letters to people without one are used up; requests wait for tomorrow", "a_day", r.ADay)
	if r.Alarm != nil {
		r.Alarm(AlarmLetters)
	}
}

// dayOf is when the day of a time began, in Brussels.
func dayOf(now time.Time) time.Time { return portal.Date(now.In(portal.Brussels).Date()) }
