package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/keys"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"
	"guichet/web/ui/page/public"
	"guichet/works"

	ics "github.com/arran4/golang-ical"
	"github.com/ulule/limiter/v3"
)

// feeds serves calendars at secret addresses, for programs that cannot sign in.
// An address that ended, of a person who did or of a request that is over is
// answered as one that never was. One that nothing is kept of costs its source; a
// calendar that is there, also one that is over and read on, costs its own days,
// since many are fetched from few sources.
type feeds struct {
	*site
	misses *limits
	each   []window
}

// feedsADay is how often one calendar is read in a day: programs are asked to
// read it twice, and some do each half an hour.
const feedsADay = 48

func (s *site) feedRoutes() []Route {
	f := feeds{s, newLimits(s.PublicDeps.Limits, "works-feed", s.Captchas), dayWindow(s.PublicDeps.Limits, "works-feed:one:", feedsADay)}
	return []Route{{http.MethodGet, "/:lang/calendar/:token", s.behind(doors.Works, Anyone), f.read}}
}

// feedAddress is what a calendar program is given.
func (x *ctx) feedAddress(token keys.Secret) string {
	return x.s.BaseURL + x.path("/calendar/"+token.Reveal()+".ics")
}

// read answers an address. Who has tried too many that never were is told so
// before another is looked for.
func (f feeds) read(x *ctx) error {
	if err := f.misses.room(x); err != nil {
		return err
	}
	feed, err := f.find(x)
	if portal.CodeOf(err) == portal.NotFound {
		if err := f.misses.spend(x); err != nil {
			return err
		}
	}
	if err == nil {
		err = f.answer(x, feed)
	}
	return hidden(err)
}

func (f feeds) find(x *ctx) (works.Agenda, error) {
	token, ok := strings.CutSuffix(x.param("token"), ".ics")
	if !ok {
		return works.Agenda{}, &portal.Error{Code: portal.NotFound, Key: "works.request"}
	}
	return f.Follow.Room.FeedAt(x.context(), keys.Secret(token))
}

func (f feeds) answer(x *ctx, feed works.Agenda) error {
	// No login and no request stands in a limiter's key (G12).
	owner := x.s.Ring.HashText(keys.ForSource, "works-feed", feed.Login, feed.RequestID)
	if err := each(x.context(), f.each, owner, (*limiter.Limiter).Get); err != nil {
		return err
	}
	by := audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Ground: "calendar", Channel: "web"}
	var list []works.View
	var err error
	if feed.Login == "" {
		list, err = f.ofRequest(x, feed.RequestID)
	} else {
		by.Actor = portal.Actor{Kind: portal.Partner, ID: feed.Login}
		list, err = f.ofPerson(x, feed.Login)
	}
	if err != nil {
		return err
	}
	return f.sendDays(x, by, "calendar", list)
}

// hidden answers what is not there as no route does.
func hidden(err error) error {
	if portal.CodeOf(err) == portal.NotFound {
		return unspoken(http.StatusNotFound)
	}
	return err
}

func (f feeds) ofRequest(x *ctx, id string) ([]works.View, error) {
	r, _, err := f.Follow.Room.Store.Works(x.context(), id)
	switch {
	case err != nil:
		return nil, err
	case r.Status.Over():
		return nil, &portal.Error{Code: portal.NotFound, Key: "works.request"}
	case r.Status != works.Planned || r.Day.IsZero():
		return nil, nil
	}
	return []works.View{r.View(nil, x.now)}, nil
}

func (f feeds) ofPerson(x *ctx, login string) ([]works.View, error) {
	if err := f.Doors.Open(x.context(), string(doors.Partners)); err != nil {
		return nil, err
	}
	g, err := f.Partners.Room.Still(x.context(), login)
	if err != nil {
		return nil, err
	}
	if !g.Organisation.Installer {
		return nil, &portal.Error{Code: portal.NotFound, Key: "works.request"}
	}
	return f.Follow.Room.Appointments(x.context(), works.Installer{PartnerID: g.PartnerID, Company: g.Organisation.CompanyNumber})
}

// sendDays answers with a calendar, once its showing is recorded (L18).
func (s *site) sendDays(x *ctx, by audit.Entry, what string, list []works.View) error {
	ids := make([]string, len(list))
	for n, v := range list {
		ids[n] = v.ID
	}
	if err := s.Follow.Room.Shown(x.context(), by, what, ids...); err != nil {
		return err
	}
	x.send(http.StatusOK, "text/calendar; charset=utf-8", []byte(daysFile(x, list)))
	return nil
}

// daysFile writes appointments: number, place, day and who comes, and nothing
// else of a request. Programs are asked to look twice a day.
func daysFile(x *ctx, list []works.View) string {
	cal := ics.NewCalendarFor("Guichet")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(x.T("works.calendar.name"))
	cal.SetRefreshInterval("PT12H")
	cal.SetXPublishedTTL("PT12H")
	for _, v := range list {
		e := dayEvent(cal, v)
		e.SetSummary(x.T("works.calendar.event", worksNumber(v.Number)))
		if v.Team != "" {
			e.SetDescription(x.T("works.calendar.team", v.Team))
		}
	}
	return cal.Serialize()
}

// dayEvent begins the event of an appointment: the same one in every file, so
// that a calendar that has it replaces it when the day moves.
func dayEvent(cal *ics.Calendar, v works.View) *ics.VEvent {
	e := cal.AddEvent(v.ID + "@guichet")
	e.SetDtStampTime(v.Since)
	if works.WholeDay(v.Day) {
		day := v.Day.In(portal.Brussels)
		e.SetAllDayStartAt(day)
		e.SetAllDayEndAt(day.AddDate(0, 0, 1))
	} else {
		e.SetStartAt(v.Day)
		e.SetEndAt(v.Day.Add(works.HalfDay))
	}
	e.SetLocation(siteWords(v.Site))
	e.SetClass(ics.ClassificationConfidential)
	return e
}

// appointments is all that is planned in an installer's list, to take away.
func (i installers) appointments(x *ctx) error {
	list, err := i.Follow.Room.Appointments(x.context(), x.installer())
	if err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-appointments.ics"`)
	return i.sendDays(x, x.by(), "appointments", list)
}

// calendar tells what of the list can be had outside of these pages.
func (i installers) calendar(x *ctx) error { return i.showCalendar(x, "") }

func (i installers) showCalendar(x *ctx, token keys.Secret) error {
	made, err := i.Follow.Room.Store.WorksFeedOf(x.context(), x.guest().Login, "")
	if err != nil {
		return err
	}
	digest, err := i.Follow.Room.Store.WorksDigest(x.context(), x.guest().PartnerID)
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, page.WorksCalendarPage(calendarView(x, made, token, digest)))
}

func calendarView(x *ctx, made time.Time, token keys.Secret, digest bool) page.WorksCalendar {
	const at = installerPath + "/calendar"
	x.at = at
	v := page.WorksCalendar{Frame: x.partnerFrame(x.T("works.calendar.title")), State: x.T("works.calendar.none"),
		Make:   page.Button{Action: x.path(at + "/make"), Text: x.T("works.calendar.make")},
		File:   layout.Link{Text: x.T("works.calendar.file"), Href: x.path(installerPath + "/appointments.ics")},
		Digest: x.T("works.digest.off", x.guest().Organisation.Mail), Switch: page.Button{Action: x.path(at + "/digest"), Text: x.T("works.digest.on.now"), Quiet: true,
			Hidden: []component.Control{{Kind: "hidden", Field: component.Field{Name: "wanted", Value: "yes"}}}},
		Back: layout.Link{Text: x.T("works.installer.back"), Href: x.path(installerPath)}}
	if token != "" {
		v.Address = x.feedAddress(token)
	}
	if !made.IsZero() {
		v.State = x.T("works.calendar.since", x.Date(made))
		v.Make.Text, v.Make.Quiet = x.T("works.calendar.renew"), true
		v.End = &page.Button{Action: x.path(at + "/end"), Text: x.T("works.calendar.end"), Quiet: true}
	}
	if digest {
		v.Digest = x.T("works.digest.on", x.guest().Organisation.Mail)
		v.Switch.Text, v.Switch.Hidden = x.T("works.digest.off.now"), nil
	}
	return v
}

// makeFeed shows a new address, once.
func (i installers) makeFeed(x *ctx) error {
	token, err := i.Follow.Room.MakeFeed(x.context(), x.by(), x.guest().Login, "")
	if err != nil {
		return err
	}
	return i.showCalendar(x, token)
}

func (i installers) endFeed(x *ctx) error {
	return errors.Join(i.Follow.Room.EndFeed(x.context(), x.by(), x.guest().Login, ""), x.redirect(x.path(installerPath+"/calendar")))
}

// digest says whether the partner wants one mail a day.
func (i installers) digest(x *ctx) error {
	return errors.Join(i.Follow.Room.Subscribe(x.context(), x.by(), x.guest().PartnerID, x.field("wanted") != ""), x.redirect(x.path(installerPath+"/calendar")))
}

// makeFeed shows the address of a request's own calendar, once.
func (f follower) makeFeed(x *ctx) error {
	o, err := f.one(x)
	if err != nil {
		return err
	}
	token, err := f.Room.MakeFeed(x.context(), x.worksEntry(o.pass), "", o.ID)
	if err != nil {
		return err
	}
	o.fed, o.feed = x.now, token
	return f.show(x, o, nil)
}

func (f follower) endFeed(x *ctx) error {
	o, err := f.one(x)
	if err != nil {
		return err
	}
	return f.moved(x, o, f.Room.EndFeed(x.context(), x.worksEntry(o.pass), "", o.ID), "feed-ended")
}

// feedView offers a calendar that follows one request.
func feedView(x *ctx, o openedRequest, v *public.WorksRequest) {
	if o.feed != "" {
		v.Address = x.feedAddress(o.feed)
	}
	if o.Status.Over() {
		return
	}
	v.Feed = &public.WorksForm{Title: x.T("works.calendar.own"), Text: x.T("works.calendar.own.what"), Action: x.act(o, "feed"), Submit: x.T("works.calendar.make"), Quiet: true}
	if !o.fed.IsZero() {
		v.Feed.Text, v.Feed.Submit = x.T("works.calendar.since", x.Date(o.fed)), x.T("works.calendar.renew")
		v.EndFeed = &public.WorksForm{Action: x.act(o, "feed-end"), Submit: x.T("works.calendar.end"), Quiet: true}
	}
}
