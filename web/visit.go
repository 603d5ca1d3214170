package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/registry"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// admitVisitor lets in who has a live visit of an occupancy: its passes are
// re-read from SQL for this request, whatever the browser sends (T24). A works
// number opens no occupancy (Wd1).
func (s *site) admitVisitor(x *ctx) error {
	if err := s.admitRequester(x); err != nil {
		return err
	}
	if len(x.session().Passes) == 0 {
		return &portal.Error{Code: portal.SignedOut, Key: "session.over"}
	}
	return nil
}

// admitRequester lets in who has any live visit: to the requests of its works
// numbers, and to those made in its occupancies' own visits (D10).
func (s *site) admitRequester(x *ctx) error {
	session, err := s.Visits.Resume(x.context(), x.cookie(visitCookie))
	if err != nil {
		return err
	}
	x.pass = session
	return nil
}

func (x *ctx) session() lookup.Session { return x.pass.(lookup.Session) }

// opened gives the pass that the address asks for: of=1 is the first reference
// opened in this visit, absent the last. It is only ever an index into what is
// open.
func (x *ctx) opened() (pass lookup.Pass, index int, err error) {
	passes := x.session().Passes
	pass = passes[len(passes)-1]
	if of := x.query("of"); of != "" {
		nth, _ := strconv.Atoi(of)
		ok := false
		if pass, ok = x.session().Pass(nth); !ok {
			return lookup.Pass{}, 0, &portal.Error{Code: portal.NotFound, Key: "of"}
		}
	}
	return pass, pass.Nth, nil
}

// holding is opened for pages of the occupant alone: whoever looks on another
// ground sees the history and nothing else of the file (D7, L16).
func (x *ctx) holding() (pass lookup.Pass, index int, err error) {
	if pass, index, err = x.opened(); err == nil && pass.ByGround() {
		return lookup.Pass{}, 0, &portal.Error{Code: portal.NotFound, Key: "of"}
	}
	return pass, index, err
}

// extend asks for more time; the end in all does not move.
func (s *site) extend(x *ctx) error {
	if _, err := s.Visits.Extend(x.context(), x.cookie(visitCookie)); err != nil {
		return err
	}
	page := "/consumption"
	switch given := x.field("back"); {
	case strings.HasPrefix(given, readingsBack):
		page = "/readings/new"
	case strings.HasPrefix(given, worksBack):
		id, _ := url.QueryUnescape(strings.TrimPrefix(given, worksBack))
		return x.redirect(x.path(requestPage(id)))
	}
	return x.redirect(x.path(page) + back(x.field("back")))
}

// back keeps only a selection of ours from a form's "back": it can lead
// nowhere but to the page it came from.
func back(query string) string {
	given, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
	if err != nil {
		return ""
	}
	kept := url.Values{}
	for _, name := range []string{"of", "grain", "from", "to"} {
		longest := 10
		if name == "of" && strings.Trim(given.Get(name), "0123456789,") == "" {
			longest = 20 // ten references and the commas between them
		}
		if v := given.Get(name); v != "" && len(v) <= longest {
			kept.Set(name, v)
		}
	}
	if len(kept) == 0 {
		return ""
	}
	return "?" + kept.Encode()
}

// cancelForm asks whoever holds a reference, on whatever ground, whether it
// shall open nothing any more (D7).
func (s *site) cancelForm(x *ctx) error {
	pass, index, err := x.opened()
	if err != nil {
		return err
	}
	x.at = "/reference/cancel" + ofQuery(index)
	return x.show(http.StatusOK, public.CancelPage(cancelView(x, index, pass)))
}

func (s *site) cancel(x *ctx) error {
	pass, _, err := x.opened()
	if err != nil {
		return err
	}
	if err := s.Visits.Cancel(x.context(), pass); err != nil {
		return err
	}
	return x.redirect(x.path("/reference/cancelled"))
}

func cancelView(x *ctx, index int, pass lookup.Pass) public.Cancel {
	of := ofQuery(index)
	text := []string{x.T("cancel.what", meterEnding(pass)), x.T("cancel.again")}
	if pass.ByGround() {
		text[1] = x.T("cancel.again.ground", x.s.Contact.Phone)
	}
	return public.Cancel{Base: x.base(x.T("cancel.title")), Bar: barView(x, index, of), Text: text,
		Action: x.path("/reference/cancel" + of), Back: layout.Link{Text: x.T("seen.back"), Href: x.path("/consumption" + of)}}
}

// leave ends the visit in SQL, then forgets the cookie.
func (s *site) leave(x *ctx) error {
	if err := s.Visits.Leave(x.context(), x.cookie(visitCookie)); err != nil {
		return err
	}
	x.setCookie(visitCookie, "", -1)
	return x.redirect(x.path("/left"))
}

// barView tells whose file is shown, until when, and the way out.
func barView(x *ctx, index int, selection string) public.VisitBar {
	session := x.session()
	hard := !session.IdleEndsAt.Before(session.EndsAt)
	v := public.VisitBar{
		Made:    x.T("csv.made", x.Date(x.now)),
		Another: layout.Link{Text: x.T("visit.another"), Href: x.path("/lookup")},
		Ends:    x.T("visit.ends", x.Time(session.IdleEndsAt)),
		Extend:  x.path("/visit/extend"), Leave: x.path("/leave"), Back: selection,
		Warning:    x.T("visit.warning"),
		EndsIn:     strconv.Itoa(int(session.IdleEndsAt.Sub(x.now) / time.Second)),
		Ended:      x.path("/ended"),
		Extendable: !hard,
	}
	if hard {
		v.Ends, v.Warning = x.T("visit.ends-hard", x.Time(session.EndsAt)), x.T("visit.warning-hard")
	}
	for _, p := range session.Passes {
		v.Files = append(v.Files, layout.Link{
			Text: x.T("energy."+string(p.Point.Energy)) + " · " + x.T("visit.meter", meterEnding(p)), Current: p.Nth == index,
			Href: x.path("/consumption" + ofQuery(p.Nth)),
		})
	}
	return v
}

// meterEnding is how people tell their meters apart: the digits they just
// typed, shown on their own page and nowhere else.
func meterEnding(p lookup.Pass) string {
	digits, _, ok := registry.LastFour(p.Meter.Number)
	if !ok {
		return "–"
	}
	return digits.Reveal()
}
