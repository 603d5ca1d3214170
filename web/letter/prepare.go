package letter

import (
	"context"
	"fmt"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Outbox is what handing letters over needs of the store.
type Outbox interface {
	// WaitingLetters opens at most limit letters, oldest first, whose ID comes
	// after the one given.
	WaitingLetters(ctx context.Context, after string, limit int) ([]outbox.Letter, error)
	// DeleteLetter takes a letter out as handed over, or as dropped where there
	// is a reason, and tells whether this call was the one that did.
	DeleteLetter(t tx.Tx, id, dropped string) (bool, error)
	// Posting reads an occupancy as it is now.
	Posting(ctx context.Context, occupancyID string) (registry.Posting, error)
}

// Archive reads consumption within an occupancy; metering.History.
type Archive interface {
	Series(ctx context.Context, point registry.AccessPoint, occ registry.Occupancy, q metering.Query) (metering.Series, error)
}

// Scribe makes letters ready to leave: what a letter tells of today is read
// today, to the address and in the language on record today (L28). Where the
// register has no address any more that it may go to, it is dropped (D2, Ld9).
type Scribe struct {
	Outbox  Outbox
	Archive Archive
	Runner  tx.Runner
	Clock   portal.Clock
	House   House
}

// ready is a letter that can leave, or why it must not.
type ready struct {
	outbox.Letter
	pdf, html []byte
	dropped   registry.PostState // "" where it can leave
	details   map[string]string  // of the disclosure
}

func (s *Scribe) prepare(ctx context.Context, l outbox.Letter) (r ready, err error) {
	r.Letter = l
	var late *Late
	if l.Kind == outbox.History || l.Kind == outbox.Answer {
		if late, err = s.look(ctx, &r); err != nil || r.dropped != "" {
			return r, err
		}
	}
	r.pdf, r.html, err = Render(r.Letter, late, s.House)
	return r, err
}

// look reads to whom a letter goes today, and for a history what it tells.
func (s *Scribe) look(ctx context.Context, r *ready) (*Late, error) {
	if len(r.About) != 1 {
		return nil, fmt.Errorf("it is about %d occupancies, not about one", len(r.About))
	}
	p, err := s.Outbox.Posting(ctx, r.About[0])
	if err != nil {
		return nil, err
	}
	if state := registry.Postable(p.Point, p.Occupancy, s.Clock()); state != registry.PostFree {
		r.dropped = state
		return nil, nil
	}
	r.To, r.Language = registry.AddressOf(p.Occupancy), p.Occupancy.Language
	if r.Kind != outbox.History {
		return nil, nil
	}
	series, err := s.Archive.Series(ctx, p.Point, p.Occupancy, metering.Query{Grain: metering.ByMonth})
	if err == nil && series.Indexed { // only what was counted between two readings is known
		series, err = s.Archive.Series(ctx, p.Point, p.Occupancy, metering.Query{Grain: metering.ByYear})
	}
	if err != nil {
		return nil, err
	}
	r.details = map[string]string{"grain": string(series.Grain)}
	if len(series.Points) > 0 {
		day := func(t time.Time) string { return t.In(portal.Brussels).Format(time.DateOnly) }
		r.details["from"], r.details["to"] = day(series.Period.From), day(series.Period.To)
	}
	return &Late{Point: p.Point, Series: series}, nil
}

// settle takes a letter out of the outbox and records what became of it, once:
// only the call that takes it out records. by names the way it left.
func (s *Scribe) settle(t tx.Tx, r ready, by string) (mine bool, err error) {
	if mine, err = s.Outbox.DeleteLetter(t, r.ID, string(r.dropped)); err != nil || !mine {
		return mine, err
	}
	now := s.Clock()
	clerk := portal.Actor{Kind: portal.System, ID: by}
	waited := now.Sub(r.QueuedAt).Round(time.Second).String()
	channel := "post"
	if r.Mail != "" {
		channel = "mail"
	}
	e := audit.Entry{At: now, Actor: clerk, Action: audit.LetterHanded, Ground: "letter", Channel: channel,
		Details: map[string]string{"letter": r.ID, "kind": string(r.Kind), "waited": waited}}
	if r.dropped == "" {
		t.Record(e)
	}
	for _, occupancy := range r.About {
		about := audit.Entry{At: now, Actor: clerk, Ground: "letter", Channel: channel, Subject: "occupancy:" + occupancy,
			Details: map[string]string{"letter": r.ID, "kind": string(r.Kind)}}
		switch {
		case r.dropped != "":
			about.Action, about.Ground = audit.LetterDropped, "address-"+string(r.dropped)
		case r.Kind == outbox.History:
			about.Action, about.Ground = audit.HistoryPosted, "by-post"
			for name, value := range r.details {
				about.Details[name] = value
			}
		default:
			continue
		}
		t.Record(about)
	}
	return true, nil
}

// numbered is a letter's file name without its ending.
func numbered(l outbox.Letter) string { return l.ID + "-" + string(l.Kind) }
