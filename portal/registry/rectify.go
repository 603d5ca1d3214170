package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// Field is what somebody says is wrong in their file. A new one needs: Fields,
// web/locales "rectify.field."+name.
type Field string

// Fields lists them all, in the order of the form.
var Fields = []Field{"name", "mail", "language", "supply", "meter", "period", "readings", "other"}

// Decision is what became of a request. A new one needs: Decisions,
// web/locales "letter.answer."+name and "desk.rectify.decision."+name.
type Decision string

// Decisions lists them all: corrected here, told to the supplier whose data
// they are (facts B.3), or refused with a reason.
var Decisions = []Decision{"corrected", "passed-on", "refused"}

// What a request may hold.
const (
	shortestWrong = 5    // characters
	longestWrong  = 1000 // characters
	openWrongs    = 5    // requests of one occupancy that wait
)

// AnsweredBy is by when a request is to be decided (S4): one month.
func AnsweredBy(asked time.Time) time.Time { return asked.In(portal.Brussels).AddDate(0, 1, 0) }

// Rectification is a request to put data right (S4). Text and Answer are what
// people wrote; they are only ever stored sealed.
type Rectification struct {
	ID          string
	OccupancyID string
	Field       Field
	Text        string
	AskedAt     time.Time
	DecidedAt   time.Time // zero: it waits
	DecidedBy   string    // a login, for the house only
	Decision    Decision
	Answer      string
}

// AnswerLetter is the data of the letter that tells a decision.
type AnswerLetter struct {
	AskedAt  time.Time `json:"asked"`
	Field    Field     `json:"field"`
	Decision Decision  `json:"decision"`
	Words    string    `json:"words"`
}

// RectifyStore is what Rectifications needs of the store. The texts go in and
// come out sealed.
type RectifyStore interface {
	// LockOccupancy locks an occupancy; NotFound where there is none.
	LockOccupancy(t tx.Tx, id string) error
	// OpenRectifications gives those of an occupancy that wait.
	OpenRectifications(t tx.Tx, occupancyID string, f func(r Rectification, sealed []byte) error) error
	PutRectification(t tx.Tx, r Rectification, sealed []byte) error
	// Rectification locks a request; NotFound where there is none.
	RectificationIn(t tx.Tx, id string) (Rectification, error)
	// DecideRectification writes a decision.
	DecideRectification(t tx.Tx, r Rectification, sealedAnswer []byte) error
	// EachRectification gives those of an occupancy (newest first), or where it
	// is empty those that wait (oldest first), at most limit.
	EachRectification(ctx context.Context, occupancyID string, limit int, f func(r Rectification, sealed, answer []byte) error) error
	// PostingIn locks an occupancy and reads it with its access point.
	PostingIn(t tx.Tx, occupancyID string) (Posting, error)
}

// Rectifications keeps what people say is wrong until somebody decides, and
// writes them what was decided. It changes nothing in the register by itself:
// the register is corrected where its data come from.
type Rectifications struct {
	Ring   *keys.Ring
	Clock  portal.Clock
	Runner tx.Runner
	Store  RectifyStore
}

// Ask keeps a request. Invalid errors have Field "field" or "wrong" and the
// keys rectify.field, rectify.short, rectify.long; TooMany "rectify.many". What
// waits already and is sent again, by a double click, is the same request.
func (s *Rectifications) Ask(ctx context.Context, occupancyID string, field Field, text string, by audit.Entry) (id string, err error) {
	text = strings.TrimSpace(text)
	if err := checkWrong(field, text); err != nil {
		return "", err
	}
	now := s.Clock()
	r := Rectification{ID: portal.NewID(now), OccupancyID: occupancyID, Field: field, AskedAt: now}
	err = s.Runner.Do(ctx, func(t tx.Tx) error {
		id = r.ID
		if err := s.Store.LockOccupancy(t, occupancyID); err != nil {
			return err
		}
		waiting := 0
		if err := s.Store.OpenRectifications(t, occupancyID, func(old Rectification, sealed []byte) error {
			waiting++
			said, err := s.Ring.Open(keys.ForRequest, old.ID, sealed)
			if err == nil && old.Field == field && string(said) == text {
				id = old.ID
			}
			return err
		}); err != nil || id != r.ID {
			return err
		}
		if waiting >= openWrongs {
			return &portal.Error{Code: portal.TooMany, Key: "rectify.many", Field: "wrong", Args: []any{openWrongs}}
		}
		e := by
		e.At, e.Action, e.Subject = now, audit.RectifyAsked, "occupancy:"+occupancyID
		e.Details = map[string]string{"request": id, "field": string(field)}
		for name, value := range by.Details {
			e.Details[name] = value
		}
		t.Record(e)
		return s.Store.PutRectification(t, r, s.Ring.Seal(keys.ForRequest, id, []byte(text)))
	})
	return id, err
}

func checkWrong(field Field, text string) error {
	known := false
	for _, f := range Fields {
		known = known || f == field
	}
	wrong := func(key, field string, args ...any) error {
		return &portal.Error{Code: portal.Invalid, Key: "rectify." + key, Field: field, Args: args}
	}
	switch n := utf8.RuneCountInString(text); {
	case !known:
		return wrong("field", "field")
	case n < shortestWrong || !utf8.ValidString(text):
		return wrong("short", "wrong")
	case n > longestWrong:
		return wrong("long", "wrong", longestWrong)
	}
	return nil
}

// Decide writes a decision, once, and queues the letter that tells it, where
// the register has an address it may go to. words are the colleague's own, for
// the person; a refusal needs them. Conflict "desk.rectify.decided" where somebody
// was faster.
func (s *Rectifications) Decide(ctx context.Context, by portal.Actor, id string, d Decision, words string) error {
	words = strings.TrimSpace(words)
	if err := checkDecision(d, words); err != nil {
		return err
	}
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.Store.RectificationIn(t, id)
		if err != nil {
			return err
		}
		if !r.DecidedAt.IsZero() {
			return &portal.Error{Code: portal.Conflict, Key: "desk.rectify.decided"}
		}
		r.DecidedAt, r.DecidedBy, r.Decision = now, by.ID, d
		if err := s.Store.DecideRectification(t, r, s.Ring.Seal(keys.ForRequest, id+" answer", []byte(words))); err != nil {
			return err
		}
		p, err := s.Store.PostingIn(t, r.OccupancyID)
		if err != nil {
			return err
		}
		details := map[string]string{"request": id, "field": string(r.Field), "decision": string(d), "letter": "none"}
		if Postable(p.Point, p.Occupancy, now) == PostFree {
			data, err := json.Marshal(AnswerLetter{AskedAt: r.AskedAt, Field: r.Field, Decision: d, Words: words})
			if err != nil {
				return fmt.Errorf("answer to %s: %w", id, err)
			}
			letter := portal.NewID(now)
			details["letter"] = letter
			t.Send(outbox.Letter{ID: letter, Kind: outbox.Answer, Language: p.Occupancy.Language, QueuedAt: now,
				To: AddressOf(p.Occupancy), Data: data, About: []string{r.OccupancyID}})
		}
		t.Record(audit.Entry{At: now, Actor: by, Action: audit.RectifyDecided, Ground: "rectification", Channel: "desk",
			Subject: "occupancy:" + r.OccupancyID, Details: details})
		return nil
	})
}

func checkDecision(d Decision, words string) error {
	known := false
	for _, one := range Decisions {
		known = known || one == d
	}
	wrong := func(key, field string, args ...any) error {
		return &portal.Error{Code: portal.Invalid, Key: "desk.rectify." + key, Field: field, Args: args}
	}
	switch n := utf8.RuneCountInString(words); {
	case !known:
		return wrong("choose", "decision")
	case d == "refused" && n < shortestWrong:
		return wrong("why", "words")
	case n > longestWrong:
		return wrong("long", "words", longestWrong)
	}
	return nil
}

// Of lists the requests of an occupancy, the newest first.
func (s *Rectifications) Of(ctx context.Context, occupancyID string) ([]Rectification, error) {
	return s.list(ctx, occupancyID, 1000)
}

// Waiting lists those that wait for a decision, the oldest first.
func (s *Rectifications) Waiting(ctx context.Context, limit int) ([]Rectification, error) {
	return s.list(ctx, "", limit)
}

func (s *Rectifications) list(ctx context.Context, occupancyID string, limit int) (all []Rectification, err error) {
	err = s.Store.EachRectification(ctx, occupancyID, limit, func(r Rectification, sealed, answer []byte) error {
		text, err := s.Ring.Open(keys.ForRequest, r.ID, sealed)
		if err != nil {
			return fmt.Errorf("request %s does not open with these keys", r.ID)
		}
		r.Text = string(text)
		if !r.DecidedAt.IsZero() {
			words, err := s.Ring.Open(keys.ForRequest, r.ID+" answer", answer)
			if err != nil {
				return fmt.Errorf("the answer to %s does not open with these keys", r.ID)
			}
			r.Answer = string(words)
		}
		all = append(all, r)
		return nil
	})
	return all, err
}
