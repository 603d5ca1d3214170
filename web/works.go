package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/keys"
	"guichet/web/ui/page/public"
	"guichet/works"

	"github.com/ulule/limiter/v3"
)

// WorksPapers takes in the papers of a request; evidence.Service.
type WorksPapers interface {
	Evidence
	// Withdraw deletes a file that whoever brought it takes back.
	Withdraw(ctx context.Context, by audit.Entry, subject, id string) error
}

// WorksDeps is what the pages about works need.
type WorksDeps struct {
	Service *works.Service
	Drafts  *works.Drafts
	Papers  WorksPapers
	// A day's requests of one source, and of its network (threats.md).
	ADay, ADayNetwork int64
}

// capture is the handlers of making a request.
type capture struct {
	*site
	WorksDeps
	begins, posts, papers, sends *limits
	everybodys                   []window // papers of captures, of all sources together
}

const worksCookie = "guichet-works"

// What one capture may hold, and how many captures are begun and papers sent
// for each that may be made: people begin anew, and a plan has several sheets.
const (
	mostPapers  = 10
	mostTyped   = 16 << 10 // bytes
	beginsEach  = 6
	papersEach  = 10
	papersOfAll = 2_000 // a day, of what belongs to no request yet: at most 20 GB, for two days
	longestText = 4000  // characters of one field as it is kept, wrong or not
)

func (s *site) captureRoutes() []Route {
	d := s.Works
	c := &capture{site: s, WorksDeps: d,
		begins: newDayLimits(s.PublicDeps.Limits, "works-begin", beginsEach*d.ADay, beginsEach*d.ADayNetwork),
		posts:  newLimits(s.PublicDeps.Limits, "works-post", s.Captchas),
		papers: s.paperLimits(), everybodys: dayWindow(s.PublicDeps.Limits, "works-paper:all:", papersOfAll),
		sends: newDayLimits(s.PublicDeps.Limits, "works-send", d.ADay, d.ADayNetwork)}
	anyone := s.behind(doors.Works, Anyone)
	begun := s.behind(doors.Works, Policy{Name: "capture", Admit: c.admit})
	begun.Uploads, begun.Again = documentSize, s.behind(doors.Works, Policy{Admit: c.begun}).Admit
	return []Route{
		{http.MethodGet, "/:lang/works/new", anyone, c.show},
		{http.MethodPost, "/:lang/works/new", anyone, c.save},
		{http.MethodPost, "/:lang/works/new/paper", begun, c.addPaper},
		{http.MethodGet, "/:lang/works/made", anyone, c.made},
	}
}

// paperLimits are how many papers one source may bring in a day, to captures
// and to requests alike.
func (s *site) paperLimits() *limits {
	return newDayLimits(s.PublicDeps.Limits, "works-paper", papersEach*s.Works.ADay, papersEach*s.Works.ADayNetwork)
}

// sheet is the capture of this browser; false where it has none yet.
func (c *capture) sheet(x *ctx) (works.Sheet, bool, error) {
	return c.Drafts.Load(x.context(), x.cookie(worksCookie))
}

// admit lets in who has begun a capture: megabytes are taken from nobody else.
func (c *capture) admit(x *ctx) error {
	if err := c.papers.spend(x); err != nil {
		return err
	}
	if err := c.begun(x); err != nil {
		return err
	}
	return each(x.context(), c.everybodys, "", (*limiter.Limiter).Get)
}

// begun is admit without its costs.
func (c *capture) begun(x *ctx) error {
	sheet, ok, err := c.sheet(x)
	if err != nil {
		return err
	}
	if !ok {
		return &portal.Error{Code: portal.SignedOut, Key: "session.over"}
	}
	x.pass = sheet
	return nil
}

// visitor is the beginning of what a capture leaves in the trail.
func (c *capture) visitor(x *ctx) audit.Entry {
	return audit.Entry{At: x.now, Actor: portal.Actor{Kind: portal.Visitor}, Ground: "request", Channel: "web"}
}

// show shows one page. Every page but the first is made from the kind, so it
// needs one.
func (c *capture) show(x *ctx) error {
	sheet, ok, err := c.sheet(x)
	if err != nil {
		return err
	}
	if !ok {
		sheet.Typed = works.Typed{}
	}
	stage := works.Stage(x.query("step"))
	if !slices.Contains(works.Stages, stage) {
		stage = works.StageKind
	}
	if stage != works.StageKind && sheet.Typed.Facts().Kind == "" {
		return x.redirect(x.path("/works/new"))
	}
	if stage == works.StageCheck && !sheet.Checked {
		sheet.Checked = true
		if err := c.Drafts.Save(x.context(), x.cookie(worksCookie), sheet); err != nil {
			return err
		}
	}
	return c.page(x, sheet, stage, nil)
}

// page draws a page with what is wrong on it.
func (c *capture) page(x *ctx, sheet works.Sheet, stage works.Stage, wrong error) error {
	x.at = "/works/new"
	if stage != works.StageKind {
		x.at += "?step=" + string(stage)
	}
	tied := false
	if stage == works.StagePapers {
		c.Papers.Expect()
	}
	if stage == works.StageCheck {
		occupancy, err := c.occupancy(x, sheet.Typed)
		if err != nil {
			return err
		}
		tied = occupancy != ""
	}
	return x.show(statusFor(wrong), worksNewPage(x, sheet, stage, tied, wrong))
}

// save keeps what a page brought and goes on. Whatever is wrong with it, it is
// kept first: nothing that was typed is lost.
func (c *capture) save(x *ctx) error {
	limited := c.posts.spend(x)
	if limited != nil && portal.CodeOf(limited) != portal.TooMany {
		return limited
	}
	token := x.cookie(worksCookie)
	sheet, begun, err := c.sheet(x)
	if err != nil {
		return err
	}
	stage := works.Stage(x.field("step"))
	if !slices.Contains(works.Stages, stage) {
		return &portal.Error{Code: portal.Invalid, Key: "form"}
	}
	switch {
	case !begun && stage == works.StageCheck: // sent already, or too old
		return x.redirect(x.path("/works/made"))
	case !begun && stage != works.StageKind:
		return x.redirect(x.path("/works/new"))
	case !begun:
		token, sheet = c.Drafts.Begin()
	}
	do := x.field("do")
	if limited == nil && (do == "discard-now" || do == "remove") {
		return c.withdraw(x, token, sheet, do)
	}
	foreign := c.keep(x, &sheet, stage)
	if limited != nil { // nothing is kept, and nothing that was typed is lost
		return c.page(x, sheet, stage, &portal.Error{Code: portal.TooMany, Key: "works.often"})
	}
	if !begun {
		if err := c.begins.spend(x); portal.CodeOf(err) == portal.TooMany {
			return c.page(x, sheet, stage, &portal.Error{Code: portal.TooMany, Key: "works.often"})
		} else if err != nil {
			return err
		}
		x.setCookie(worksCookie, token, 0)
	}
	if sheet.Typed.Size() > mostTyped {
		return c.page(x, sheet, stage, &portal.Error{Code: portal.Invalid, Key: "works.large"})
	}
	if err := c.Drafts.Save(x.context(), token, sheet); err != nil {
		return err
	}
	if len(foreign) > 0 {
		err := c.Service.Foreign(x.context(), c.visitor(x), foreign)
		if portal.CodeOf(err) == portal.Invalid { // told once, however many there were
			err = &portal.Error{Code: portal.Invalid, Key: "works.foreign"}
		}
		return c.refused(x, sheet, stage, err)
	}
	if do == "discard" { // asked first
		return c.page(x, sheet, stage, nil)
	}
	return c.onward(x, token, sheet, stage)
}

// refused shows a page with what is wrong, where a form can say it.
func (c *capture) refused(x *ctx, sheet works.Sheet, stage works.Stage, err error) error {
	if problemsOf(err) == nil {
		return err
	}
	return c.page(x, sheet, stage, err)
}

// keep puts what a page brought into the sheet, and names what it has no place for.
func (c *capture) keep(x *ctx, sheet *works.Sheet, stage works.Stage) (foreign []string) {
	page := sheet.Typed.Facts().Page(stage, sheet.Typed.Requester())
	for name := range x.form {
		if !slices.Contains(page, name) && !slices.Contains(steering, name) {
			foreign = append(foreign, name)
		}
	}
	if stage == works.StageCheck {
		return foreign
	}
	for _, name := range page {
		text := strings.ToValidUTF8(x.field(name), "")
		if utf8.RuneCountInString(text) > longestText {
			text = string([]rune(text)[:longestText])
		}
		sheet.Typed[name] = text
	}
	return foreign
}

// steering are the fields that lead from page to page.
var steering = []string{"step", "do", "paper"}

// onward leads to the next page, or back to this one with what is wrong on it.
func (c *capture) onward(x *ctx, token keys.Secret, sheet works.Sheet, stage works.Stage) error {
	if x.field("do") == "back" {
		return x.redirect(worksStep(x, works.Beside(sheet.Typed, stage, -1)))
	}
	draft := sheet.Typed.Draft()
	_, err := draft.Request(x.now)
	if stage == works.StageCheck {
		if err != nil {
			return c.refused(x, sheet, stage, err)
		}
		return c.send(x, token, sheet)
	}
	if here := works.At(stage, problemsOf(err)); len(here) > 0 {
		return c.page(x, sheet, stage, here)
	}
	if sheet.Checked {
		return x.redirect(worksStep(x, works.StageCheck))
	}
	return x.redirect(worksStep(x, works.Beside(sheet.Typed, stage, 1)))
}

func worksStep(x *ctx, stage works.Stage) string {
	return x.path("/works/new?step=" + string(stage))
}

// send makes the request. A second click while the first one is on its way, or
// after it, finds the first one's receipt.
func (c *capture) send(x *ctx, token keys.Secret, sheet works.Sheet) error {
	only, err := c.Drafts.Only(x.context(), token)
	if err != nil {
		return err
	}
	if !only {
		return x.redirect(x.path("/works/made"))
	}
	err = c.record(x, token, sheet)
	if portal.CodeOf(err) == portal.Conflict { // it is made: its sheet must not be taken for one on its way
		return errors.Join(c.Drafts.Forget(x.context(), token), x.redirect(x.path("/works/made")))
	}
	if err != nil {
		return errors.Join(c.refused(x, sheet, works.StageCheck, err), c.Drafts.Again(x.context(), token))
	}
	return x.redirect(x.path("/works/made"))
}

func (c *capture) record(x *ctx, token keys.Secret, sheet works.Sheet) error {
	if err := c.sends.spend(x); portal.CodeOf(err) == portal.TooMany {
		return &portal.Error{Code: portal.TooMany, Key: "works.often"}
	} else if err != nil {
		return err
	}
	occupancy, err := c.occupancy(x, sheet.Typed)
	if err != nil {
		return err
	}
	partner, err := c.partner(x, sheet.Typed)
	if err != nil {
		return err
	}
	papers := make([]works.Paper, len(sheet.Papers))
	for i, p := range sheet.Papers {
		papers[i] = p.Paper
	}
	draft := sheet.Typed.Draft()
	draft.ID = sheet.ID
	made, err := c.Service.Capture(x.context(), c.visitor(x), draft, papers, occupancy, partner)
	if err != nil {
		return err
	}
	return c.Drafts.Done(x.context(), token, made)
}

// occupancy is the stay in whose own visit this request is made (D10): of
// several that are open the one of the point typed, else the one opened last.
// Nothing that was typed is compared with more than what is open (G13).
func (c *capture) occupancy(x *ctx, typed works.Typed) (string, error) {
	token := x.cookie(visitCookie)
	if token == "" {
		return "", nil
	}
	session, err := c.Visits.Resume(x.context(), token)
	if portal.CodeOf(err) == portal.SignedOut {
		return "", nil
	}
	own := slices.DeleteFunc(session.Passes, lookup.Pass.ByGround)
	if err != nil || len(own) == 0 {
		return "", err
	}
	ean, _ := portal.ParseEAN(typed["ean"])
	for _, p := range own {
		if p.Point.EAN == ean {
			return p.Occupancy.ID, nil
		}
	}
	return own[len(own)-1].Occupancy.ID, nil
}

// partner is the third party that is signed in and asks for another (D10).
func (c *capture) partner(x *ctx, typed works.Typed) (string, error) {
	token := x.cookie(partnerCookie)
	if token == "" || typed.Requester() != works.ThirdParty {
		return "", nil
	}
	g, err := c.Partners.Room.Enter(x.context(), token)
	if portal.CodeOf(err) == portal.SignedOut {
		return "", nil
	}
	return g.PartnerID, err
}

// made shows the receipt, or that it was shown.
func (c *capture) made(x *ctx) error {
	r, ok, err := c.Drafts.Receipt(x.context(), x.cookie(worksCookie))
	if err != nil {
		return err
	}
	if !ok {
		return x.show(http.StatusOK, public.WorksMadePage(worksGoneView(x)))
	}
	return x.show(http.StatusOK, public.WorksMadePage(worksMadeView(x, r)))
}
