package works

import (
	"context"
	"encoding/json"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/state"
)

// How long what is typed waits, from its beginning: longer than the twenty
// hours from which on nobody must be given more (WCAG 2.2.1), short enough that
// nothing of a person who gave up lies about.
const draftLife = 24 * time.Hour

// How long a receipt waits to be seen, and for how long after it was seen first
// it is shown again: enough to print it and for a double click (T21).
const (
	receiptWaits = 30 * time.Minute
	receiptShown = 2 * time.Minute
)

// sending is how long one submission of a draft keeps others out.
const sending = 30 * time.Second

// Drafts keeps what somebody types before there is a request: sealed, in the
// short-lived state, under a token of the browser's own.
type Drafts struct {
	Ring  *keys.Ring
	Clock portal.Clock
	State state.Store
}

// Sheet is one capture on its way. ID is the request's from the beginning: its
// papers are taken in under it, and a second submission finds it made.
type Sheet struct {
	ID     string
	Begun  time.Time
	Typed  Typed
	Papers []Attached
	// Checked tells that the last page was reached: whoever changes one page
	// then comes back there.
	Checked bool
}

// Attached is a paper of a capture, with what its page shows of the file.
type Attached struct {
	Paper
	Name string
	Size int64
}

// Receipt is what a requester is shown once.
type Receipt struct {
	Number, Code keys.Secret
	Kind         Kind
	Channel      Channel
	Status       Status
	Missing      []string
	MissingBy    time.Time
}

// Begin gives a new browser's token and empty sheet; nothing is kept yet.
func (d *Drafts) Begin() (keys.Secret, Sheet) {
	now := d.Clock()
	return keys.Secret(portal.Token()), Sheet{ID: portal.NewID(now), Begun: now, Typed: Typed{}}
}

// Load reads a token's sheet; false where there is none or its time is over.
func (d *Drafts) Load(ctx context.Context, token keys.Secret) (s Sheet, ok bool, err error) {
	ok, err = d.read(ctx, "works:", token, &s)
	if ok && d.Clock().Sub(s.Begun) >= draftLife {
		return Sheet{}, false, nil
	}
	if s.Typed == nil {
		s.Typed = Typed{}
	}
	return s, ok, err
}

// Save keeps a sheet for the rest of its life.
func (d *Drafts) Save(ctx context.Context, token keys.Secret, s Sheet) error {
	left := draftLife - d.Clock().Sub(s.Begun)
	if left <= 0 {
		return d.Forget(ctx, token)
	}
	return d.write(ctx, "works:", token, s, left)
}

// Forget removes a sheet.
func (d *Drafts) Forget(ctx context.Context, token keys.Secret) error {
	return d.State.Delete(ctx, d.key("works:", token))
}

// Only lets one of several submissions of a sheet through, for half a minute:
// a double click makes one request.
func (d *Drafts) Only(ctx context.Context, token keys.Secret) (bool, error) {
	return d.State.Add(ctx, d.key("works-sending:", token), []byte{1}, sending)
}

// Again lets the next submission through: this one made no request.
func (d *Drafts) Again(ctx context.Context, token keys.Secret) error {
	return d.State.Delete(ctx, d.key("works-sending:", token))
}

// slip is a receipt as it is kept: secrets print as **** in JSON, too.
type slip struct {
	Number, Code string
	Receipt      Receipt
	Shown        bool
}

// Done puts the receipt in the place of the sheet.
func (d *Drafts) Done(ctx context.Context, token keys.Secret, m Made) error {
	r := m.Request
	err := d.write(ctx, "works-made:", token, slip{Number: r.Number.Reveal(), Code: m.Code.Reveal(),
		Receipt: Receipt{Kind: r.Kind, Channel: r.Channel, Status: r.Status, Missing: r.Missing, MissingBy: r.MissingBy}}, receiptWaits)
	if err != nil {
		return err
	}
	return d.Forget(ctx, token)
}

// Receipt gives a token's receipt, from the first time on for two minutes.
func (d *Drafts) Receipt(ctx context.Context, token keys.Secret) (Receipt, bool, error) {
	var s slip
	ok, err := d.read(ctx, "works-made:", token, &s)
	if !ok || err != nil {
		return Receipt{}, false, err
	}
	if !s.Shown {
		s.Shown = true
		if err := d.write(ctx, "works-made:", token, s, receiptShown); err != nil {
			return Receipt{}, false, err
		}
	}
	s.Receipt.Number, s.Receipt.Code = keys.Secret(s.Number), keys.Secret(s.Code)
	return s.Receipt, true, nil
}

func (d *Drafts) key(what string, token keys.Secret) string {
	return what + d.Ring.HashText(keys.ForSession, token.Reveal())
}

func (d *Drafts) read(ctx context.Context, what string, token keys.Secret, into any) (bool, error) {
	if token == "" {
		return false, nil
	}
	key := d.key(what, token)
	sealed, ok, err := d.State.Get(ctx, key)
	if !ok || err != nil {
		return false, err
	}
	plain, err := d.Ring.Open(keys.ForWorksDraft, key, sealed)
	if err != nil {
		return false, portal.Shut("keys", err)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return false, portal.Shut("state", err)
	}
	return true, nil
}

func (d *Drafts) write(ctx context.Context, what string, token keys.Secret, value any, life time.Duration) error {
	plain, err := json.Marshal(value)
	if err != nil {
		return err
	}
	key := d.key(what, token)
	return d.State.Set(ctx, key, d.Ring.Seal(keys.ForWorksDraft, key, plain), life)
}
