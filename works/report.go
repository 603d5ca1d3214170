package works

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/works/calendar"
)

// Report is what the operator's works system says of one request (D13). What is
// left empty it does not say, and that stays as it is. There is no place for a
// person beside what a capture has (W13).
type Report struct {
	Line     int         // of the file, or place in the list, from 1
	Number   keys.Secret // the request's; or
	External string      // what the works system calls it

	Status  Status
	Since   time.Time
	Changed time.Time // when the works system last changed what it says; zero: Since
	Reason  string

	Missing   []string
	MissingBy time.Time // last day
	Team      string
	Day       time.Time // planned: when its half of the day begins
	Deadline  time.Time // the last day by which the works are promised

	Offer        *Offer // what it states; Percent below 0, Terms "" and zero dates: as usual
	UserAgreedAt time.Time
	AgreedAt     time.Time
	AgreedBy     string
	Paid         *int64 // cents, in all
	PaidAt       time.Time

	Result     string
	AssetAt    time.Time
	InvoicedAt time.Time

	Made   *Draft // the capture, for a request that the portal does not know yet
	MadeAt time.Time
}

// changed is when the works system last changed what it says.
func (told Report) changed() time.Time {
	if told.Changed.IsZero() {
		return told.Since
	}
	return told.Changed
}

// Missable lists the documents and fields that can be asked for of a kind.
func (k Kind) Missable() (names []string) {
	for _, d := range Documents {
		names = append(names, string(d))
	}
	for _, f := range k.Facts().Fields() {
		names = append(names, string(f))
	}
	return names
}

// rank is where a status stands in the life of a request.
func (s Status) rank() int { return slices.Index(Statuses, s) }

// from tells whether a status is another or one that comes after it, the ends left out.
func (s Status) from(other Status) bool { return !s.ended() && s.rank() >= other.rank() }

// order compares what is told of the phase with what is held: below 0 it is
// older, above newer. Two statuses of one second follow the life.
func (told Report) order(r Request) int {
	if d := told.Since.Truncate(time.Second).Compare(r.Since.Truncate(time.Second)); d != 0 {
		return d
	}
	return told.Status.rank() - r.Status.rank()
}

// mostCents bounds an amount: a hundred million euro is a mistake, and sums of it
// stay exact.
const mostCents = 100_000_000_00

// check tells what is wrong with what is told, whatever it is about.
func (told Report) check(now time.Time) (problems portal.Problems) {
	wrong := func(field, key string, args ...any) {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: key, Field: field, Args: args})
	}
	if told.Status.rank() < 0 {
		wrong("status", "works.choice")
	}
	for field, at := range map[string]time.Time{"since": told.Since, "changed": told.Changed, "made_at": told.MadeAt, "agreed_at": told.AgreedAt,
		"paid_at": told.PaidAt, "user_agreed_at": told.UserAgreedAt, "asset_at": told.AssetAt, "invoiced_at": told.InvoicedAt} {
		if at.After(now.Add(time.Hour)) { // clocks differ
			wrong(field, "works.told.future")
		}
	}
	switch {
	case told.Since.IsZero():
		wrong("since", "works.empty")
	case !told.Changed.IsZero() && told.Changed.Before(told.Since):
		wrong("changed", "works.told.changed")
	case told.MadeAt.After(told.Since):
		wrong("made_at", "works.told.made")
	}
	for field, text := range map[string]struct {
		given   string
		longest int
	}{"external_id": {told.External, 60}, "reason": {told.Reason, 500}, "team": {told.Team, 40}, "agreed_by": {told.AgreedBy, longest}, "result": {told.Result, 2000}} {
		if utf8.RuneCountInString(text.given) > text.longest {
			wrong(field, "works.long", text.longest)
		}
	}
	if told.Paid != nil && (*told.Paid < 0 || *told.Paid > mostCents) {
		wrong("paid", "works.told.euro")
	}
	if o := told.Offer; o != nil {
		if slices.Min(o.Lines[:]) < 0 || slices.Max(o.Lines[:]) > mostCents || o.Study < 0 || o.Study > mostCents || o.Percent > 100 || o.Days < 0 || o.Days > 500 {
			wrong("line_a", "works.told.euro")
		}
		if o.VAT != 6 && o.VAT != 21 {
			wrong("vat", "works.choice")
		}
	}
	slices.SortFunc(problems, func(a, b *portal.Error) int { return strings.Compare(a.Field, b.Field) })
	return problems
}

// lay lays what is told over a request and gives the event that led it to where
// it stands now, "" where it did not move. The request may hold what no rule
// allows afterwards: holds tells.
func (told Report) lay(r *Request, terms, at string) (e Event, err error) {
	order, was := told.order(*r), *r
	same := told.Status == r.Status
	newer := same && !r.ToldAt.IsZero() && told.changed().After(r.ToldAt) // a further word on where it stands
	planned := told.Status == Planned && !told.Day.IsZero() && !told.Day.Equal(r.Day)
	if order > 0 && !same || same && planned && (order >= 0 || newer) {
		e = told.move(r)
	}
	if told.Team != "" {
		r.Team = told.Team
	}
	if !told.Deadline.IsZero() {
		r.Promised = told.Deadline
	}
	if !told.UserAgreedAt.IsZero() && r.UserAgreedAt.IsZero() {
		r.UserAgreedAt = told.UserAgreedAt
	}
	if e != "" || order >= 0 || newer {
		if err := told.facts(r, terms, at, e != ""); err != nil {
			return e, err
		}
	}
	// What is stated anew where it stands is written to the requester, too.
	switch {
	case e != "" || !same:
	case r.Status == Offered && r.Offer.Version != was.Offer.Version:
		e = EventOffer
	case r.Status == Incomplete && !slices.Equal(r.Missing, was.Missing):
		e = EventAskMissing
	}
	if e != "" && same && !planned {
		r.Since = later(told.changed(), was.Since.Add(time.Microsecond))
	}
	if told.Paid != nil && (e != "" || !r.Status.ended()) { // what ended is paid back (C.4)
		r.Offer.Paid = *told.Paid
		switch {
		case !r.paidEnough():
			r.Offer.PaidAt = time.Time{}
		case r.Offer.PaidAt.IsZero():
			r.Offer.PaidAt = told.PaidAt
		}
	}
	return e, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// move leads a request to the status told.
func (told Report) move(r *Request) Event {
	e := eventTo(*r, told.Status)
	at := told.Since
	if told.Status == r.Status {
		at = told.changed()
	}
	at = later(at, r.Since.Add(time.Microsecond)) // whoever has the former page must see that it is one
	back := told.Status == Received || told.Status == Incomplete || told.Status == Studied || told.Status == Drawing
	switch {
	case back && !r.Offer.SentAt.IsZero():
		r.void()
	case told.Status == Preparing, told.Status == Awaiting, told.Status == Postponed:
		r.Day = time.Time{}
	}
	if r.Status == Closed {
		r.ClosedAt, r.InvoicedAt, r.AssetAt = time.Time{}, time.Time{}, time.Time{}
	}
	if told.Status == Closed {
		r.ClosedAt = at
	}
	r.Missing, r.MissingBy = nil, time.Time{}
	if phase := told.Status.standing().phase; phase != "" {
		r.Phase = phase
	}
	r.Status, r.Since = told.Status, at
	return e
}

// facts lays what belongs to the status told. What is missing is asked for once:
// told again, it may have been given since.
func (told Report) facts(r *Request, terms, at string, moved bool) error {
	if told.Status == Incomplete && len(told.Missing) > 0 && (moved || told.changed().After(r.ToldAt)) {
		r.Missing, r.MissingBy = told.Missing, told.MissingBy
		if r.MissingBy.IsZero() {
			r.MissingBy = r.Since.AddDate(0, 0, Completion)
		}
	}
	if !told.Day.IsZero() && told.Status.from(Planned) && told.Status != Postponed {
		r.Day = told.Day
	}
	if told.Offer != nil {
		if err := told.offer(r, terms, at); err != nil {
			return err
		}
	}
	if !told.AgreedAt.IsZero() && r.Offer.AgreedAt.IsZero() && told.Status.from(Agreed) {
		r.Offer.AgreedAt, r.Offer.AgreedBy, r.Offer.AgreedOn = told.AgreedAt, told.AgreedBy, OnPaper
	}
	if told.Result != "" {
		r.Result = told.Result
	}
	if !told.InvoicedAt.IsZero() && r.InvoicedAt.IsZero() && told.Status.from(Done) {
		r.InvoicedAt = told.InvoicedAt
	}
	return nil
}

// offer lays an offer. One that was agreed to stays what it is (Wd3).
func (told Report) offer(r *Request, terms, at string) error {
	o, held, kind := *told.Offer, r.Offer, r.Kind.Facts()
	o.Said = true
	if o.Percent < 0 {
		o.Percent = int64(kind.DepositPercent)
	}
	if o.Terms == "" {
		if o.Terms = held.Terms; o.Terms == "" {
			o.Terms = terms
		}
	}
	if o.SentAt.IsZero() {
		if o.SentAt = held.SentAt; o.SentAt.IsZero() && told.Status == Offered {
			o.SentAt = told.Since
		}
	}
	if o.ValidTo.IsZero() && !o.SentAt.IsZero() {
		valid, _ := calendar.Defaults().For(calendar.OfferValid, o.SentAt)
		if valid.N = kind.ValidMonths; valid.Validate() == nil {
			o.ValidTo = calendar.Count(valid, o.SentAt, nil).Ends()
		}
	}
	if held.states(o) {
		return nil
	}
	if !held.AgreedAt.IsZero() {
		return portal.Problems{{Code: portal.Invalid, Key: "works.told.agreed", Field: "line_a"}}
	}
	if o.TermsAt = at; held.Terms == o.Terms && held.TermsAt != "" {
		o.TermsAt = held.TermsAt
	}
	o.Version, o.Paid, o.PaidAt = held.Version+1, held.Paid, held.PaidAt
	r.Offer = o
	return nil
}

// states tells whether an offer says the same as another; what became of them
// is left out.
func (o Offer) states(other Offer) bool {
	return o.Lines == other.Lines && o.Study == other.Study && o.Said == other.Said && o.VAT == other.VAT && o.Percent == other.Percent &&
		o.Terms == other.Terms && o.SentAt.Equal(other.SentAt) && o.ValidTo.Equal(other.ValidTo) && o.Days == other.Days && o.Extension == other.Extension
}

// eventTo names what led a request from where it stands to a status: the arrow
// between them, or, where it went further since it was last told, the last one.
func eventTo(r Request, to Status) Event {
	if to == Cancelled {
		return EventCancel
	}
	var last Event
	for _, s := range steps {
		switch {
		case s.to != to:
		case slices.Contains(s.from, r.Status):
			return s.event
		case last == "", s.event == EventPay && r.Kind.Facts().Offer:
			last = s.event
		}
	}
	return last
}

// holds tells which rule stands against a request being where it is told to be,
// whatever way led there: the same rules that stand against the events (W5-W10,
// Wd3, D11, D12).
func (told Report) holds(r Request, moved bool) (problems portal.Problems) {
	kind := r.Kind.Facts()
	need := func(there bool, field, key string) {
		if !there {
			problems = append(problems, &portal.Error{Code: portal.Invalid, Key: key, Field: field})
		}
	}
	s, o := r.Status, r.Offer
	if moved && slices.Contains([]Status{Awaiting, Postponed, Refused, Cancelled}, s) {
		need(told.Reason != "", "reason", "works.empty") // the requester reads it
	}
	switch s {
	case Incomplete:
		need(len(r.Missing) > 0 || !moved, "missing", "works.empty") // W5; all may be given since
		for _, name := range r.Missing {
			need(slices.Contains(r.Kind.Missable(), name), "missing", "works.choice")
		}
	case Drawing, Offered, Agreed, Expired:
		need(kind.Offer, "status", "works.kind")
	case InService:
		need(r.Kind.Masked() != EndOfContract, "status", "works.kind") // D12
	case Closed:
		need(!r.AssetAt.IsZero(), "asset_at", "works.closing") // W10
		need(!r.InvoicedAt.IsZero(), "invoiced_at", "works.closing")
	}
	if kind.Offer && (s.from(Offered) || s == Expired) {
		need(o.Complete(), "line_a", "works.offer") // W7, W21
		need(!o.SentAt.IsZero(), "offered_at", "works.empty")
		need(o.ValidTo.After(o.SentAt), "valid_to", "works.order")
	}
	if s == Expired {
		need(!r.Since.Before(o.ValidTo), "since", "works.valid")
	}
	if kind.Offer && s.from(Agreed) {
		need(!o.AgreedAt.IsZero(), "agreed_at", "works.told.agreement")           // Wd3
		need(o.AgreedAt.IsZero() || o.AgreedBy != "", "agreed_by", "works.empty") // W7
		need(o.AgreedAt.IsZero() || o.AgreedAt.Before(o.ValidTo) && !o.AgreedAt.Before(o.SentAt), "agreed_at", "works.told.expired")
	}
	if kind.Offer && s.from(Preparing) {
		need(r.paidEnough(), "paid", "works.deposit")                          // Wd3
		need(o.Deposit() == 0 || !o.PaidAt.IsZero(), "paid_at", "works.empty") // the deadline runs from it
	}
	if s.from(Agreed) {
		need(!kind.UserAgrees || !r.UserAgreedAt.IsZero(), "user_agreed_at", "works.user") // D11
	}
	if s == Planned || s == Working {
		need(!r.Day.IsZero(), "day", "works.day") // W8
	}
	if s.from(Done) {
		need(r.Result != "", "result", "works.result") // W9
	}
	return problems
}

// differs names what is other between two states of a request beside where it stands.
func (r Request) differs(was Request) (names []string) {
	for _, c := range []struct {
		name string
		same bool
	}{
		{"external", r.External == was.External}, {"team", r.Team == was.Team}, {"day", r.Day.Equal(was.Day)}, {"deadline", r.Promised.Equal(was.Promised)},
		{"offer", r.Offer.states(was.Offer)}, {"agreement", r.Offer.AgreedAt.Equal(was.Offer.AgreedAt)}, {"paid", r.Offer.Paid == was.Offer.Paid && r.Offer.PaidAt.Equal(was.Offer.PaidAt)},
		{"user-agrees", r.UserAgreedAt.Equal(was.UserAgreedAt)}, {"missing", slices.Equal(r.Missing, was.Missing)}, {"result", r.Result == was.Result},
		{"asset", r.AssetAt.Equal(was.AssetAt)}, {"invoice", r.InvoicedAt.Equal(was.InvoicedAt)},
	} {
		if !c.same {
			names = append(names, c.name)
		}
	}
	return names
}
