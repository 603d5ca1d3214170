package web

import (
	"errors"
	"net/http"
	"strings"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/keys"
	page "guichet/web/ui/page/desk"
)

// list shows the blocked references, with the form to find one.
func (c counter) list(x *ctx) error { return c.showList(x, http.StatusOK, nil) }

func (c counter) showList(x *ctx, status int, wrong *portal.Error) error {
	frame, err := c.frame(x, "desk.list.title")
	if err != nil {
		return err
	}
	after, caseID, err := cutPlace(x.query("after"))
	if err != nil {
		return err
	}
	list, err := c.Desk.Blocked(x.context(), x.member(), desk.Cursor{BlockedAt: after, CaseID: caseID})
	if err != nil {
		return err
	}
	v := listView(x, frame, list, wrong)
	if x.query("after") != "" {
		v.First = x.path("/desk")
	}
	if done := x.query("done"); dones[done] {
		v.Done = x.T("desk.done." + done)
	}
	return x.show(status, page.ListPage(v))
}

func (c counter) find(x *ctx) error {
	id, err := c.Desk.Find(x.context(), x.member(), x.secret("reference"))
	if wrong := forPerson(err); wrong != nil {
		x.at = "/desk"
		return c.showList(x, statusOf(err), wrong)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.casePath(id))
}

// show is a case, or before it the question on what ground it is opened (Cd3).
func (c counter) show(x *ctx) error { return c.showCase(x, http.StatusOK, nil) }

func (c counter) showCase(x *ctx, status int, wrong *portal.Error) error {
	id := x.param("id")
	x.at = "/desk/case/" + id
	view, err := c.Desk.Case(x.context(), x.member(), id)
	if isKey(err, "desk.ground") {
		return c.showGround(x, status, wrong)
	}
	if isKey(err, "desk.case") && len(id) == len("B-00000000") { // a colleague was faster, or the page is an old one
		return x.redirect(x.path("/desk?done=handled"))
	}
	if err != nil {
		return err
	}
	frame, err := c.frame(x, "desk.case.title", id)
	if err != nil {
		return err
	}
	return x.show(status, page.CasePage(caseView(x, frame, view, wrong)))
}

func (c counter) showGround(x *ctx, status int, wrong *portal.Error) error {
	frame, err := c.frame(x, "desk.case.title", x.param("id"))
	if err != nil {
		return err
	}
	return x.show(status, page.GroundPage(groundView(x, frame, x.param("id"), wrong)))
}

func (c counter) open(x *ctx) error {
	return c.after(x, c.Desk.Open(x.context(), x.member(), x.param("id"),
		desk.Ground{Interaction: x.field("interaction"), Reason: x.field("reason")}), "")
}

// check compares each answer that was typed, in the order they were asked.
func (c counter) check(x *ctx) error {
	any := false
	for _, q := range desk.Questions {
		heard := keys.Secret(strings.TrimSpace(x.field("answer-" + string(q))))
		if heard == "" {
			continue
		}
		any = true
		if _, err := c.Desk.Answer(x.context(), x.member(), x.param("id"), q, heard); err != nil {
			return c.after(x, err, "")
		}
	}
	if !any {
		return c.after(x, &portal.Error{Code: portal.Invalid, Key: "desk.answer"}, "")
	}
	return c.after(x, nil, "")
}

func (c counter) unblock(x *ctx) error {
	asked, err := c.Desk.Unblock(x.context(), x.member(), x.param("id"), why(x))
	if asked {
		return c.after(x, err, "asked")
	}
	return c.after(x, err, "cleared")
}

func (c counter) grant(x *ctx) error {
	return c.after(x, c.Desk.Grant(x.context(), x.member(), x.param("id"), why(x)), "granted")
}

func (c counter) replace(x *ctx) error {
	return c.after(x, c.Desk.Replace(x.context(), x.member(), x.param("id"), why(x)), "replaced")
}

func why(x *ctx) desk.Why { return desk.Why{Key: x.field("why"), Text: x.field("reason")} }

// after answers a change on a case: back to the case with what was wrong, or
// to the list with what was done, or on to the case itself.
func (c counter) after(x *ctx, err error, done string) error {
	switch wrong := forPerson(err); {
	case isKey(err, "desk.handled"), isKey(err, "desk.case"):
		return x.redirect(x.path("/desk?done=handled"))
	case isKey(err, "desk.ground"):
		return x.redirect(x.casePath(x.param("id")))
	case wrong != nil:
		return c.showCase(x, statusOf(err), wrong)
	case err != nil:
		return err
	case done != "":
		return x.redirect(x.path("/desk?done=" + done))
	}
	return x.redirect(x.casePath(x.param("id")))
}

func (x *ctx) casePath(id string) string { return x.path("/desk/case/" + id) }

// caseLink is where a case opens, for who may open it; "" for the others.
func (x *ctx) caseLink(id string) string {
	if !desk.Opens(x.member()) {
		return ""
	}
	return x.casePath(id)
}

// forPerson gives an error that the same page can tell; nil for those that
// have a page of their own.
func forPerson(err error) *portal.Error {
	var e *portal.Error
	if !errors.As(err, &e) || e.Key == "desk.role" || e.Code == portal.SignedOut ||
		e.Code == portal.Unavailable || e.Code == portal.Internal {
		return nil
	}
	return e
}

func isKey(err error, key string) bool {
	var e *portal.Error
	return errors.As(err, &e) && e.Key == key
}
