package web

import (
	"net/http"
	"slices"
	"time"

	"guichet/lookup"
	"guichet/portal/doors"
	"guichet/works"

	page "guichet/web/ui/page/partner"
)

// installers is the handlers of approved installers (D10): signed in and
// without captcha they see the requests they made or hold, as a requester sees
// them but for whose they are and what they cost; a drop and a budget meter are
// ends of contract here, too (D12). Role, person and request are read from SQL
// at each request (T24), and each look is in the trail (L18).
type installers struct {
	*site
	acts, papers, files *limits
}

// filesADay is how many files of requests one source may have read in a day.
const filesADay = 30

// installerPath is their list's, behind the language.
const installerPath = "/partner/works"

// claimNumbers are works numbers as an installer types them to follow a request
// that another made: the gate judges them as any other, with its challenges and
// its budgets, so that this page sweeps nothing (G13, T1).
var claimNumbers = func() numbers {
	n := worksNumbers
	n.path, n.home = installerPath+"/claim", installerPath
	n.words.title, n.words.lead, n.words.more, n.words.work = "works.installer.claim", "works.installer.claim.lead", "works.installer.claim.lead", "works.installer.claim.lead"
	n.words.submit = "works.installer.claim.submit"
	return n
}()

func (s *site) installerRoutes() []Route {
	i := installers{s, newLimits(s.PublicDeps.Limits, "works-act", s.Captchas), s.paperLimits(),
		newDayLimits(s.PublicDeps.Limits, "works-file", filesADay, 3*filesADay)}
	claims := entrance{s, claimNumbers, i.claimed}
	policy := func(costs *limits) Policy {
		return s.behind(doors.Partners, s.behind(doors.Works, Policy{Name: "partner", Admit: i.admit(costs)}))
	}
	guest, acting, bringing := policy(nil), policy(i.acts), policy(i.papers)
	bringing.Uploads, bringing.Again = documentSize, guest.Admit
	uploading := policy(nil)
	uploading.Uploads, uploading.Again = uploadSize, guest.Admit
	at := s.behind(doors.Partners, s.behind(doors.Gate, s.behind(doors.Works, Policy{Name: "partner", Admit: i.admit(nil)})))
	get, post := http.MethodGet, http.MethodPost
	const home, one = "/:lang" + installerPath, "/:lang" + installerPath + "/:id"
	return []Route{
		{get, home, guest, i.list},
		{get, home + "/claim", at, claims.gate},
		{post, home + "/claim", at, claims.open},
		{get, home + "/upload", guest, i.uploadForm},
		{post, home + "/upload", uploading, i.upload},
		{post, home + "/upload/make", acting, i.make},
		{get, home + "/example.csv", guest, i.example},
		{get, home + "/appointments.ics", guest, i.appointments},
		{get, home + "/calendar", guest, i.calendar},
		{post, home + "/calendar/make", acting, i.makeFeed},
		{post, home + "/calendar/end", acting, i.endFeed},
		{post, home + "/calendar/digest", acting, i.digest},
		{get, one, guest, i.request},
		{get, one + "/appointment.ics", guest, i.appointment},
		{post, one + "/papers", bringing, i.addPaper},
		{post, one + "/complete", acting, i.complete},
		{post, one + "/postpone", acting, i.postpone},
		{post, one + "/let-go", acting, i.letGo},
	}
}

// admit lets in the people of installers; who is none has no such page. costs
// is what their source pays for it, nil for nothing.
func (i installers) admit(costs *limits) func(*ctx) error {
	people := partners{site: i.site, PartnerDeps: i.Partners}
	return func(x *ctx) error {
		if err := people.admit(x); err != nil {
			return err
		}
		if !x.guest().Organisation.Installer {
			return unspoken(http.StatusNotFound)
		}
		if costs == nil {
			return nil
		}
		return costs.spend(x)
	}
}

// installer is whose requests are read: those of all people of a partner.
func (x *ctx) installer() works.Installer {
	o := x.guest().Organisation
	return works.Installer{PartnerID: o.ID, Company: o.CompanyNumber}
}

// installerPage is how many requests one page lists.
const installerPage = 25

// list shows a page of the requests.
func (i installers) list(x *ctx) error { return i.showList(x, nil) }

func (i installers) showList(x *ctx, wrong error) error {
	after, err := worksPlace(x.query("after"))
	if err != nil {
		return err
	}
	f, due := installerFilter(x)
	list, err := i.Follow.Room.Store.WorksOf(x.context(), x.installer(), f, after, installerPage+1)
	if err != nil {
		return err
	}
	ids := make([]string, min(len(list), installerPage))
	for n := range ids {
		ids[n] = list[n].ID
	}
	if err := i.Follow.Room.Shown(x.context(), x.by(), "installer-list", ids...); err != nil {
		return err
	}
	x.at = installerPath
	return x.show(statusFor(wrong), page.WorksPage(installerListView(x, f, due, list, wrong)))
}

// installerDues are the dates by which a list is narrowed, in days from today;
// 0: what is over its date.
var installerDues = map[string]int{"late": 0, "week": 7, "month": 31}

// installerFilter reads the address; what it does not know narrows nothing.
func installerFilter(x *ctx) (f works.Sought, due string) {
	if t := works.Turn(x.query("turn")); slices.Contains(works.Turns, t) {
		f.Turn = t
	}
	if s := works.Status(x.query("status")); slices.Contains(works.Statuses, s) {
		f.Status = s
	}
	due = x.query("due")
	days, ok := installerDues[due]
	if !ok {
		return f, ""
	}
	f.Due = x.now.Add(time.Duration(days) * 24 * time.Hour)
	return f, due
}

// claimed puts a request into the list of who typed its number and code. No
// visit comes of it.
func (i installers) claimed(x *ctx, v lookup.Visit) error {
	err := i.Follow.Room.Hold(x.context(), x.by(), v.OccupancyID, x.installer().Company, works.ByCode)
	if problemsOf(err) != nil {
		return i.showList(x, err)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path(installerPath + "/" + v.OccupancyID + "?done=held"))
}
