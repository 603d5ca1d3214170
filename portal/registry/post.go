package registry

import (
	"context"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// HistoryPause is how long after a history was asked by post the next one can
// be: once per occupancy in this time (D1).
const HistoryPause = 30 * 24 * time.Hour

// PostState is what stands in the way of sending an occupancy's history by
// post, or nothing.
type PostState string

// The states. A new one needs Posting.State and web/locales "posted."+name.
const (
	PostFree     PostState = "free"     // it can be asked
	PostRecently PostState = "recently" // it was asked within HistoryPause (D1)
	PostMoved    PostState = "moved"    // the stay is over and the only address is the supply's (D2)
	PostUnknown  PostState = "unknown"  // no whole address on record: the call centre helps (Ld9)
)

// Sent is a letter about an occupancy: queued, and then either handed over or
// dropped with a reason. What it says is not kept.
type Sent struct {
	LetterID   string
	Kind       outbox.Kind
	QueuedAt   time.Time
	HandedAt   time.Time // zero: not yet, or never
	DroppedAt  time.Time // zero: not
	DroppedWhy string
}

// Posting is what the register knows, now, of sending an occupancy's history.
type Posting struct {
	Point     AccessPoint
	Occupancy Occupancy
	Last      Sent // the last history that was asked and not dropped; no LetterID: none
}

// State decides. There is no address in it but the one on record (L28).
func (p Posting) State(now time.Time) PostState {
	if s := Postable(p.Point, p.Occupancy, now); s != PostFree {
		return s
	}
	if p.Last.LetterID != "" && now.Before(p.Next()) {
		return PostRecently
	}
	return PostFree
}

// Next is when the history can be asked again after the last time.
func (p Posting) Next() time.Time { return p.Last.QueuedAt.Add(HistoryPause) }

// Postable tells whether letters about an occupancy can go to its address on
// record: whole, and no longer the supply's once the stay is over (D2, Ld9).
func Postable(p AccessPoint, o Occupancy, now time.Time) PostState {
	for _, part := range []string{o.Name, o.Street, o.Postcode, o.Town} {
		if strings.TrimSpace(part) == "" {
			return PostUnknown
		}
	}
	over := !o.To.IsZero() && !now.Before(o.To)
	if over && sameText(o.Street, p.Street) && sameText(o.Postcode, p.Postcode) && sameText(o.Town, p.Town) {
		return PostMoved
	}
	return PostFree
}

// sameText compares as a postman would: case and blanks aside.
func sameText(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// AddressOf is where letters about an occupancy go.
func AddressOf(o Occupancy) outbox.Address {
	return outbox.Address{Name: o.Name, Street: o.Street, Postcode: o.Postcode, Town: o.Town}
}

// PostStore is what Posts needs of the store.
type PostStore interface {
	// Posting reads what Posting says; NotFound where there is no such occupancy.
	Posting(ctx context.Context, occupancyID string) (Posting, error)
	// PostingIn locks the occupancy first, so that two requests are one.
	PostingIn(t tx.Tx, occupancyID string) (Posting, error)
	// ListLetter puts a letter on its occupancies' lists at once: what a unit
	// sends is written at its end, where the next one joined with it may have
	// looked already.
	ListLetter(t tx.Tx, l outbox.Letter) error
}

// Posts sends the consumption history by post: to the address on record and to
// no other, once in 30 days, never to a dwelling that somebody has left (L28,
// D1, D2). The letter is written when it leaves, so that it tells what is true
// then, to the address that is on record then.
type Posts struct {
	Clock  portal.Clock
	Runner tx.Runner
	Store  PostStore
}

// Ask queues the history of an occupancy, or tells why not. by says in the
// trail who asked; its action and details are filled in here. Refusals are
// recorded, too.
func (p *Posts) Ask(ctx context.Context, occupancyID string, by audit.Entry) (state PostState, err error) {
	now := p.Clock()
	err = p.Runner.Do(ctx, func(t tx.Tx) error {
		posting, err := p.Store.PostingIn(t, occupancyID)
		if err != nil {
			return err
		}
		state = posting.State(now)
		e := by
		e.At, e.Action, e.Subject = now, audit.HistoryAsked, "occupancy:"+occupancyID
		e.Details = map[string]string{"outcome": string(state)}
		for name, value := range by.Details {
			e.Details[name] = value
		}
		if state == PostFree {
			id := portal.NewID(now)
			e.Details["letter"] = id
			letter := outbox.Letter{ID: id, Kind: outbox.History, Language: posting.Occupancy.Language, QueuedAt: now, About: []string{occupancyID}}
			if err := p.Store.ListLetter(t, letter); err != nil {
				return err
			}
			t.Send(letter)
		}
		t.Record(e)
		return nil
	})
	return state, err
}
