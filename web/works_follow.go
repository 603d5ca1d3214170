package web

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/tx"
	"guichet/web/ui/page/public"
	"guichet/works"
)

// FollowDeps is what the pages need on which a request for works is followed.
type FollowDeps struct {
	Room     *works.Service
	Evidence Evidence
}

// follower is their handlers. Which requests somebody sees depends on what is
// open in their visit, read anew at each request: the id in an address only
// chooses among those (T24, Wd4). What is shown is works.Request.For a
// requester, and nothing else (W19, D12).
type follower struct {
	*site
	FollowDeps
	acts, papers *limits
}

// requestPage is the address of a request's page.
func requestPage(id string) string { return "/works/request?id=" + url.QueryEscape(id) }

func (s *site) followRoutes() []Route {
	f, opening := follower{s, s.Follow, newLimits(s.PublicDeps.Limits, "works-act", s.Captchas), s.paperLimits()}, entrance{s, worksNumbers, nil}
	anyone := s.behind(doors.Gate, s.behind(doors.Works, Anyone))
	requester := s.behind(doors.Works, Policy{Name: "requester", Admit: s.admitRequester})
	acting := s.behind(doors.Works, Policy{Name: "requester", Admit: f.admit(f.acts)})
	bringing := s.behind(doors.Works, Policy{Name: "requester", Admit: f.admit(f.papers)})
	bringing.Uploads, bringing.Again = documentSize, requester.Admit
	get, post := http.MethodGet, http.MethodPost
	const one = "/:lang/works/request"
	return []Route{
		{get, "/:lang/works/lookup", anyone, opening.gate},
		{post, "/:lang/works/lookup", anyone, opening.open},
		{get, one, requester, f.request},
		{get, one + "/offer.pdf", requester, f.offerPDF},
		{get, one + "/offer.html", requester, f.offerHTML},
		{get, one + "/appointment.ics", requester, f.appointment},
		{post, one + "/accept", acting, f.accept},
		{post, one + "/decline", acting, f.decline},
		{post, one + "/papers", bringing, f.addPaper},
		{post, one + "/complete", acting, f.complete},
		{post, one + "/postpone", acting, f.postpone},
		{post, one + "/cancel", acting, f.cancel},
		{post, one + "/well", acting, f.well},
		{post, one + "/reopen", acting, f.reopen},
		{post, one + "/feed", acting, f.makeFeed},
		{post, one + "/feed-end", acting, f.endFeed},
		{post, one + "/share", acting, f.share},
		{post, one + "/unshare", acting, f.unshare},
		{post, one + "/code", acting, f.renew},
	}
}

// admit is admitRequester for what writes: it costs its source something.
func (f follower) admit(costs *limits) func(*ctx) error {
	return func(x *ctx) error {
		if err := costs.spend(x); err != nil {
			return err
		}
		return f.admitRequester(x)
	}
}

// held is a request and the pass that opens it.
type held struct {
	works.Request
	pass lookup.Pass
}

// requests lists those that are open in this visit: those of works numbers,
// then those made in the opened occupancies' own visits (D10). Who looks on
// another ground than an occupant's sees none (D7).
func (s *site) requests(x *ctx) (all []held, err error) {
	add := func(p lookup.Pass, r works.Request) {
		if !slices.ContainsFunc(all, func(h held) bool { return h.ID == r.ID }) {
			all = append(all, held{r, p})
		}
	}
	for _, p := range x.session().Works {
		r, _, err := s.Follow.Room.Store.Works(x.context(), p.Works)
		if err != nil {
			return nil, err
		}
		add(p, r)
	}
	for _, p := range x.session().Passes {
		if p.ByGround() {
			continue
		}
		list, err := s.Follow.Room.Store.WorksOfOccupancy(x.context(), p.Occupancy.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			add(p, r)
		}
	}
	return all, nil
}

// hasRequests tells whether requests would list any, at no more than one
// question: it is asked on every page of consumption.
func (s *site) hasRequests(x *ctx) (bool, error) {
	if len(x.session().Works) > 0 {
		return true, nil
	}
	var stays []string
	for _, p := range x.session().Passes {
		if !p.ByGround() {
			stays = append(stays, p.Occupancy.ID)
		}
	}
	if len(stays) == 0 {
		return false, nil
	}
	return s.Follow.Room.Store.AnyWorksOf(x.context(), stays)
}

// openedRequest is one request as its requester may see it.
type openedRequest struct {
	works.View
	pass    lookup.Pass
	papers  []works.Paper
	all     []held
	shared  []works.Holder // with whom, as its requester sees it
	fed     time.Time      // when its calendar's address was made; zero: there is none
	feed    keys.Secret    // that address, where it was made now
	changes bool           // its data may still change, whoever leads it
	// installer tells that it is read by the partner that made or holds it.
	installer bool
}

// one gives the request that an address is about; NotFound is the answer to
// another's as to nobody's.
func (f follower) one(x *ctx) (o openedRequest, err error) {
	all, err := f.requests(x)
	if err != nil {
		return o, err
	}
	return f.among(x, all)
}

func (f follower) among(x *ctx, all []held) (o openedRequest, err error) {
	i := slices.IndexFunc(all, func(h held) bool { return h.ID == x.query("id") })
	if i < 0 && len(all) == 1 && x.query("id") == "" {
		i = 0
	}
	if i < 0 {
		return o, &portal.Error{Code: portal.NotFound, Key: "works.request"}
	}
	r, steps, err := f.Room.Store.Works(x.context(), all[i].ID)
	if err != nil {
		return o, err
	}
	papers, err := f.filed(x, r.ID)
	if err != nil {
		return o, err
	}
	shared, err := f.Room.Store.WorksHolders(x.context(), r.ID)
	if err != nil {
		return o, err
	}
	shared = slices.DeleteFunc(shared, works.Holder.Ended)
	fed, err := f.Room.Store.WorksFeedOf(x.context(), "", r.ID)
	v := r.View(steps, x.now)
	changes := slices.Contains(v.May, works.EventChange)
	v.May = f.Room.Master.Moves(r, works.Requester, x.now) // D13
	return openedRequest{View: v, changes: changes, pass: all[i].pass, papers: papers, all: all, shared: shared, fed: fed}, err
}

// filed lists the papers of a request but for what the operator filed, which is
// for the operator (W19): it could tell (D12).
func (d FollowDeps) filed(x *ctx, id string) ([]works.Paper, error) {
	papers, err := d.Room.Store.WorksPapers(x.context(), id)
	return slices.DeleteFunc(papers, func(p works.Paper) bool { return p.AddedBy.Kind == portal.Staff || p.AddedBy.Kind == portal.System }), err
}

// worksEntry begins a trail entry about a request.
func (x *ctx) worksEntry(p lookup.Pass) audit.Entry {
	return audit.Entry{At: x.now, Actor: portal.Actor{Kind: portal.Household}, Ground: p.Why(), Channel: "web"}
}

// worksShown records what is about to be shown, before it is (L18).
func (s *site) worksShown(x *ctx, page string, list ...held) error {
	return s.Runner.Do(x.context(), func(t tx.Tx) error {
		for _, h := range list {
			e := x.worksEntry(h.pass)
			e.Action, e.Subject = audit.WorksShown, works.Subject(h.ID)
			e.Details = map[string]string{"visit": h.pass.Visit.ID, "page": page}
			t.Record(e)
		}
		return nil
	})
}

func (o openedRequest) held() held { return held{works.Request{ID: o.ID}, o.pass} }

// request shows one, or the list where there are several.
func (f follower) request(x *ctx) error {
	all, err := f.requests(x)
	if err != nil {
		return err
	}
	if x.query("id") == "" && len(all) != 1 {
		if err := f.worksShown(x, "list", all...); err != nil {
			return err
		}
		return x.show(http.StatusOK, public.WorksRequestsPage(requestsView(x, all)))
	}
	o, err := f.among(x, all)
	if err != nil {
		return err
	}
	return f.show(x, o, nil)
}

func (f follower) show(x *ctx, o openedRequest, wrong error) error {
	if err := f.worksShown(x, "request", o.held()); err != nil {
		return err
	}
	if !o.Status.Over() {
		f.Evidence.Expect()
	}
	x.at = requestPage(o.ID)
	return x.show(statusFor(wrong), public.WorksRequestPage(requestView(x, o, wrong)))
}

// moved leads back to the page: with what was done, or with why it was not.
func (f follower) moved(x *ctx, o openedRequest, err error, done string) error {
	if problemsOf(err) != nil {
		if o, again := f.one(x); again == nil {
			return f.show(x, o, err)
		}
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path(requestPage(o.ID)) + "&done=" + done)
}

// move lets an event happen in the requester's name.
func (f follower) move(x *ctx, e works.Event, done, reason string, wrong error, change func(*works.Request) error) error {
	o, err := f.one(x)
	if err != nil {
		return err
	}
	if !f.Room.Master.Lets(works.Requester, o.Status, e) {
		wrong = works.ErrMaster // D13
	}
	if wrong == nil {
		_, wrong = f.Room.Move(x.context(), x.worksEntry(o.pass), o.ID, works.Requester, e, reason, change)
	}
	return f.moved(x, o, wrong, done)
}

// longestReason is in characters.
const longestReason = 500

// reason reads why somebody does something.
func (x *ctx) reason(field string, needed bool) (string, error) {
	given := strings.TrimSpace(x.field(field))
	switch {
	case given == "" && needed:
		return "", &portal.Error{Code: portal.Invalid, Key: "works.reason", Field: field}
	case utf8.RuneCountInString(given) > longestReason:
		return given, &portal.Error{Code: portal.Invalid, Key: "works.reason-long", Field: field, Args: []any{longestReason}}
	}
	return given, nil
}

// ending reads why somebody ends a request, if they say it, and that they are sure.
func (x *ctx) ending(what string) (string, error) {
	reason, wrong := x.reason(what+"_reason", false)
	if wrong == nil && x.field(what+"_sure") != "yes" {
		wrong = &portal.Error{Code: portal.Invalid, Key: "works.sure", Field: what + "_sure"}
	}
	return reason, wrong
}

// sameOffer refuses an answer to another offer than the one that was read.
func (x *ctx) sameOffer(r *works.Request) error {
	if x.field("version") != strconv.FormatInt(r.Offer.Version, 10) {
		return &portal.Error{Code: portal.Conflict, Key: "works.version"}
	}
	return nil
}

// sameDay refuses to put off another day than the one that was read.
func (x *ctx) sameDay(r *works.Request) error {
	if r.Status == works.Planned && x.field("day") != strconv.FormatInt(portal.Micros(r.Day), 10) {
		return &portal.Error{Code: portal.Conflict, Key: "works.day-moved"}
	}
	return nil
}

// accept records the agreement: who, when, how (W7).
func (f follower) accept(x *ctx) error {
	name := strings.Join(strings.Fields(x.field("agreed_by")), " ")
	var wrong error
	if name == "" {
		wrong = &portal.Error{Code: portal.Invalid, Key: "works.name", Field: "agreed_by"}
	} else if utf8.RuneCountInString(name) > longestReason {
		wrong = &portal.Error{Code: portal.Invalid, Key: "works.reason-long", Field: "agreed_by", Args: []any{longestReason}}
	}
	return f.move(x, works.EventAccept, "accepted", "", wrong, func(r *works.Request) error {
		r.Offer.AgreedAt, r.Offer.AgreedBy, r.Offer.AgreedOn = x.now, name, works.OnLine
		return x.sameOffer(r)
	})
}

func (f follower) decline(x *ctx) error {
	reason, wrong := x.ending("decline")
	return f.move(x, works.EventDecline, "declined", reason, wrong, x.sameOffer)
}

func (f follower) complete(x *ctx) error {
	return f.move(x, works.EventComplete, "completed", "", nil, x.supplied)
}

// supplied reads what was missing.
func (x *ctx) supplied(r *works.Request) error {
	given := map[string]string{}
	for _, name := range r.Missing {
		given[name] = x.field(name)
	}
	return r.Supply(given, x.now)
}

func (f follower) postpone(x *ctx) error {
	reason, wrong := x.reason("postpone_reason", true)
	return f.move(x, works.EventPostpone, "postponed", reason, wrong, x.sameDay)
}

func (f follower) cancel(x *ctx) error {
	reason, wrong := x.ending("cancel")
	return f.move(x, works.EventCancel, "cancelled", reason, wrong, nil)
}

func (f follower) reopen(x *ctx) error {
	reason, wrong := x.reason("reopen_reason", true)
	return f.move(x, works.EventReopen, "reopened", reason, wrong, nil)
}

// well records that all is well after the closing.
func (f follower) well(x *ctx) error {
	o, err := f.one(x)
	if err != nil {
		return err
	}
	err = f.Room.Note(x.context(), x.worksEntry(o.pass), o.ID, "well", func(r *works.Request) error {
		if r.Status != works.Closed {
			return &portal.Error{Code: portal.Conflict, Key: "works.state"}
		}
		return nil
	})
	return f.moved(x, o, err, "well")
}

// addPaper takes in a document. What is over takes none, and keeps no bytes.
func (f follower) addPaper(x *ctx) error {
	o, err := f.one(x)
	if err != nil {
		return err
	}
	return f.moved(x, o, f.takePaper(x, x.worksEntry(o.pass), o), "added")
}

func (f FollowDeps) takePaper(x *ctx, by audit.Entry, o openedRequest) error {
	kind := works.Document(x.field("paper_kind"))
	switch {
	case o.Status.Over():
		return &portal.Error{Code: portal.Conflict, Key: "works.state"}
	case len(o.papers) >= works.MostPapers:
		return &portal.Error{Code: portal.Invalid, Key: "works.papers", Field: "document", Args: []any{works.MostPapers}}
	case !slices.Contains(works.Documents, kind):
		return &portal.Error{Code: portal.Invalid, Key: "works.document", Field: "paper_kind"}
	}
	if none := x.noFile("document"); none != nil {
		return none
	}
	kept, err := f.Evidence.Take(x.context(), by, evidence.Upload{Subject: works.Subject(o.ID), Name: x.file.name, Body: bytes.NewReader(x.file.data)})
	if err != nil {
		return err
	}
	return f.Room.Add(x.context(), by, o.ID, works.Paper{ID: portal.NewID(x.now), Document: kind, EvidenceID: kept.ID})
}
