package desk

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/portal"
	"guichet/works"
	"guichet/works/calendar"
)

// Act is something a works officer can do with a request: an event of its life,
// or one of the notes below. A new one needs: web's form of it, web/locales
// "desk.works.act."+name.
type Act string

// What is no event of its own.
const (
	NoStudy    Act = "no-study"    // stated as not needed (W6)
	GiveTeam   Act = "team"        // who has it
	UserAgrees Act = "user-agrees" // the network user's agreement is there (D11)
	Asset      Act = "asset"       // into the asset register (W14)
	Invoice    Act = "invoice"     // it is invoiced
	Unlock     Act = "unlock"      // its number, which the gate closed (M6)
	NewCode    Act = "code"        // goes to its requester (D10)
	SeePapers  Act = "papers"      // that came while it is the requester's turn
)

// Acts lists all that an officer may ever do, in the order of a page.
var Acts = []Act{
	Unlock, SeePapers, Act(works.EventStudy), NoStudy, Act(works.EventDraw), Act(works.EventPrepare), Act(works.EventOffer), Act(works.EventAccept), Act(works.EventDecline),
	Act(works.EventPlan), Act(works.EventResume), Act(works.EventStart), Act(works.EventCarryOut), Act(works.EventPutInService), Asset, Invoice,
	Act(works.EventClose), Act(works.EventComplete), UserAgrees, GiveTeam, Act(works.EventAwait), Act(works.EventPostpone), Act(works.EventBreakOff),
	Act(works.EventAskMissing), Act(works.EventChange), Act(works.EventReopen), Act(works.EventCancel), Act(works.EventRefuse), NewCode,
}

// WithReason are those whose reason must be written: the requester reads it.
var WithReason = []Act{Unlock, NoStudy, Act(works.EventAwait), Act(works.EventPostpone), Act(works.EventBreakOff), Act(works.EventChange),
	Act(works.EventReopen), Act(works.EventCancel), Act(works.EventRefuse), Act(works.EventDecline), NewCode}

// ActsOf tells what an officer can do now, where the form brings what it asks
// for. What the requester alone decides, an officer does on paper; what the
// works system does where it is the master, nobody does here (D13).
func ActsOf(r works.Request, now time.Time, m works.Master) (acts []Act) {
	brought := r // as it would be with what the forms ask for
	if r.Status == works.Drawing {
		brought.Offer.Said, brought.Offer.VAT, brought.Offer.Terms = true, 21, "-"
	}
	if r.Status == works.Incomplete {
		brought.Missing = nil // what came on paper is noted with it
	}
	if r.Status == works.Working {
		brought.Result = "-"
	}
	if r.Status != works.Planned {
		brought.Day = now.AddDate(0, 0, 1)
	}
	possible := slices.Concat(m.Moves(brought, works.Operator, now), m.InTheirName(brought, now))
	if m.Lets(works.Operator, r.Status, works.EventPlan) && r.Status == works.Planned && r.Offer.Paid >= r.Offer.Deposit() {
		possible = append(possible, works.EventPlan) // another day
	}
	closing := r.Status == works.Done || r.Status == works.InService
	for _, a := range Acts {
		open := slices.Contains(possible, works.Event(a))
		switch a {
		case NoStudy:
			open = r.Status == works.Received && len(r.Missing) == 0 && m.Lets(works.Operator, r.Status, works.EventDraw)
		case GiveTeam:
			open = !r.Status.Over() && m.Records(string(a))
		case NewCode:
			open = !r.Status.Over()
		case SeePapers:
			open = r.Unread
		case UserAgrees:
			open = !r.Status.Over() && r.Kind.Facts().UserAgrees && r.UserAgreedAt.IsZero()
		case Asset:
			open = closing && r.AssetAt.IsZero() && m.Records(string(a))
		case Invoice:
			open = closing && r.InvoicedAt.IsZero() && m.Records(string(a))
		}
		if open {
			acts = append(acts, a)
		}
	}
	return acts
}

// Typed is what an officer typed for one act, by field.
type Typed func(field string) string

// wrongs gathers what is wrong with a form; a field's name has its act's before
// it, as on the page.
type wrongs struct {
	act      Act
	problems portal.Problems
}

// ActField is the name of an act's field on the page.
func ActField(a Act, field string) string { return string(a) + "-" + field }

func (w *wrongs) add(field, key string, args ...any) {
	w.problems = append(w.problems, &portal.Error{Code: portal.Invalid, Key: key, Field: ActField(w.act, field), Args: args})
}

// text reads a text that must be there.
func (w *wrongs) text(field, typed string, needed bool, longest int) string {
	typed = strings.TrimSpace(typed)
	switch {
	case typed == "" && needed:
		w.add(field, "works.empty")
	case utf8.RuneCountInString(typed) > longest:
		w.add(field, "works.long", longest)
	}
	return typed
}

// Do does one act on a request as the officer saw it: since is when it came to
// the status of the page. Its problems are portal.Problems at the fields, or what
// it is Unsure of; a Conflict where somebody was faster.
func (y *Yard) Do(ctx context.Context, by portal.Actor, id string, a Act, since time.Time, typed Typed) error {
	err := y.do(ctx, by, id, a, since, typed)
	if moved(err) {
		return errMoved
	}
	return err
}

// errMoved tells an officer that somebody was faster.
var errMoved = &portal.Error{Code: portal.Conflict, Key: "desk.works.changed"}

// moved tells that a request is no longer where an event could happen, which the
// room says in the words of its requester.
func moved(err error) bool {
	e := new(portal.Error)
	return errors.As(err, &e) && e.Key == "works.state"
}

func (y *Yard) do(ctx context.Context, by portal.Actor, id string, a Act, since time.Time, typed Typed) error {
	if !slices.Contains(Acts, a) {
		return &portal.Error{Code: portal.NotFound, Key: "not_found"}
	}
	shown, steps, err := y.Store.Works(ctx, id)
	if err != nil {
		return err
	}
	if barred(y.Service.Master, shown, a) {
		return works.ErrMaster
	}
	if e := works.Event(a); slices.Contains(works.Events, e) { // before what was typed for it is judged
		if would := shown; moved(y.Service.Master.Happen(&would, e, y.Clock())) {
			return errMoved
		}
	}
	w := wrongs{act: a}
	reason := w.text("reason", typed("reason"), slices.Contains(WithReason, a), longestText)
	if (a == Unlock || a == NewCode) && (telltale(reason) || digitsTogether(reason) >= works.CodeLength) {
		w.add("reason", "desk.reason.number") // it stands in the trail, beside a number and a code that were just read out (G12)
	}
	change := y.change(&w, a, shown, typed)
	if len(w.problems) > 0 {
		return w.problems
	}
	if q := y.ask(a, shown, steps, change); q != nil && typed("sure") != q.Mark && shown.Since.Equal(since) {
		return q
	}
	unchanged := func(r *works.Request) error {
		if !r.Since.Equal(since) {
			return errMoved
		}
		if change != nil {
			return change(r)
		}
		return nil
	}
	entry := yardEntry(by)
	switch a {
	case GiveTeam, UserAgrees, Invoice:
		return y.Service.Note(ctx, entry, id, string(a), unchanged)
	case Asset:
		return y.Service.RecordAsset(ctx, entry, id, strings.TrimSpace(typed("ean")), unchanged)
	case SeePapers:
		n, _ := strconv.Atoi(typed("shown")) // anything else is no number of papers that was shown
		return y.Service.SeePapers(ctx, entry, id, n)
	case Unlock:
		return y.unlock(ctx, by, id, reason)
	case NewCode:
		us, _ := strconv.ParseInt(typed("seen"), 10, 64) // anything else is no code that was shown
		err := y.Service.RenewFor(ctx, entry, id, reason, portal.FromMicros(us))
		if portal.CodeOf(err) == portal.Invalid {
			return &portal.Error{Code: portal.Conflict, Key: "desk.works.code"}
		}
		return err
	}
	e := works.Event(a)
	if a == NoStudy {
		if e = works.EventPrepare; shown.Kind.Facts().Offer {
			e = works.EventDraw
		}
	}
	_, err = y.Service.Move(ctx, entry, id, works.Operator, e, reason, unchanged)
	return err
}

// barred tells an act that is the works system's (D13).
func barred(m works.Master, r works.Request, a Act) bool {
	e := works.Event(a)
	if a == NoStudy {
		e = works.EventDraw
	}
	return slices.Contains(works.Events, e) && !m.Lets(works.Operator, r.Status, e) || !m.Records(string(a))
}

// change reads what an act brings and gives what it does to the request.
func (y *Yard) change(w *wrongs, a Act, shown works.Request, typed Typed) func(*works.Request) error {
	now := y.Clock()
	switch a {
	case NoStudy:
		return does(func(r *works.Request) { r.StudyNotNeeded = true })
	case GiveTeam:
		team := w.text("team", typed("team"), true, 40)
		return does(func(r *works.Request) { r.Team = team })
	case UserAgrees:
		return does(func(r *works.Request) { r.UserAgreedAt = now })
	case Invoice:
		return func(r *works.Request) error {
			if r.Status != works.Done && r.Status != works.InService || !r.InvoicedAt.IsZero() {
				return &portal.Error{Code: portal.Conflict, Key: "works.state"}
			}
			r.InvoicedAt = now
			return nil
		}
	case Asset:
		if typed("ean") != "" {
			if _, err := portal.ParseEAN(strings.TrimSpace(typed("ean"))); err != nil {
				w.add("ean", err.(*portal.Error).Key, err.(*portal.Error).Args...)
			}
		}
	}
	switch works.Event(a) {
	case works.EventAskMissing:
		return y.missing(w, shown, typed)
	case works.EventComplete:
		return y.complete(w, shown, typed)
	case works.EventOffer:
		return y.offer(w, shown, typed)
	case works.EventAccept:
		who := w.text("who", typed("who"), true, 120)
		return does(func(r *works.Request) { r.Offer.AgreedAt, r.Offer.AgreedBy, r.Offer.AgreedOn = now, who, works.OnPaper })
	case works.EventPlan:
		return y.plan(w, typed)
	case works.EventCarryOut:
		result := w.text("result", typed("result"), true, 2000)
		return does(func(r *works.Request) {
			r.Result = strings.TrimPrefix(r.Result+" · "+result, " · ") // where the team came back both times are told (W9)
		})
	}
	return nil
}

func does(f func(*works.Request)) func(*works.Request) error {
	return func(r *works.Request) error { f(r); return nil }
}

func (y *Yard) missing(w *wrongs, shown works.Request, typed Typed) func(*works.Request) error {
	var names []string
	for _, name := range shown.Kind.Missable() {
		if typed("missing-"+name) != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		w.add("missing", "desk.works.missing")
	}
	now := y.Clock()
	return does(func(r *works.Request) { r.Missing, r.MissingBy = names, now.AddDate(0, 0, works.Completion) })
}

// complete notes what came on paper or by telephone: fields as they are typed,
// documents as received.
func (y *Yard) complete(w *wrongs, shown works.Request, typed Typed) func(*works.Request) error {
	given, now := map[string]string{}, y.Clock()
	var papers []string
	for _, name := range shown.Missing {
		given[name] = typed("value-" + name)
		if typed("paper-"+name) != "" {
			papers = append(papers, name)
		}
	}
	supply := func(r *works.Request) error {
		if err := r.Supply(given, now); err != nil {
			return err
		}
		r.Missing = slices.DeleteFunc(slices.Clone(r.Missing), func(name string) bool { return slices.Contains(papers, name) })
		return nil
	}
	trial := shown
	var problems portal.Problems
	if errors.As(supply(&trial), &problems) {
		for _, p := range problems {
			w.add("value-"+p.Field, p.Key, p.Args...)
		}
	} else if len(trial.Missing) > 0 {
		w.add("papers", "works.incomplete")
	}
	return supply
}

// longestWorks is how many working days an offer may promise.
const longestWorks = 500

func (y *Yard) offer(w *wrongs, shown works.Request, typed Typed) func(*works.Request) error {
	now := y.Clock()
	facts := shown.Kind.Facts()
	o := works.Offer{Said: true, Percent: int64(facts.DepositPercent), Terms: y.Terms, TermsAt: y.TermsAt, SentAt: now, Extension: typed("extension") != ""}
	for i, letter := range works.LineNames {
		o.Lines[i] = w.cents("line-"+strings.ToLower(letter), typed)
	}
	o.Study = w.cents("study", typed)
	if o.VAT, _ = strconv.ParseInt(typed("vat"), 10, 64); o.VAT != 6 && o.VAT != 21 {
		w.add("vat", "works.choice")
	}
	if days := strings.TrimSpace(typed("days")); days != "" && !shown.LegalDays() {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > longestWorks {
			w.add("days", "works.count", 1, longestWorks)
		}
		o.Days = n
	}
	valid, _ := calendar.Defaults().For(calendar.OfferValid, now)
	valid.N = facts.ValidMonths
	if valid.Validate() == nil {
		o.ValidTo = calendar.Count(valid, now, nil).Ends()
	}
	return does(func(r *works.Request) {
		o.Version, o.Paid, o.PaidAt = r.Offer.Version+1, r.Offer.Paid, r.Offer.PaidAt
		r.Offer = o
	})
}

// dearest bounds one line of an offer, in cents: a slip of the finger is found.
const dearest = 1_000_000_00

// cents reads an amount in euro with at most two decimals; it must be typed,
// also where it is nothing (W7).
func (w *wrongs) cents(field string, typed Typed) int64 {
	given := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ",", ".").Replace(strings.TrimSpace(typed(field)))
	whole, part, _ := strings.Cut(given, ".")
	n, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 40)
	switch {
	case given == "":
		w.add(field, "works.empty")
	case err != nil, len(part) > 2, n > dearest:
		w.add(field, "desk.works.euro")
	}
	return int64(n)
}

func (y *Yard) plan(w *wrongs, typed Typed) func(*works.Request) error {
	team := w.text("team", typed("team"), true, 40)
	day, err := portal.ParseDate(typed("day"))
	half := works.Half(typed("half"))
	if half != works.Morning && half != works.Afternoon {
		w.add("half", "works.choice")
	}
	at := half.On(day)
	switch {
	case err != nil:
		w.add("day", "works.date")
	case !at.After(y.Clock()):
		w.add("day", "works.day")
	}
	return does(func(r *works.Request) { r.Day, r.Team = at, team })
}
