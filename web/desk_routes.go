package web

import (
	"net/http"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/staff"
)

// DeskDeps is what the desk's listener needs.
type DeskDeps struct {
	Common
	Staff *staff.Service
	Desk  *desk.Service
	Doors Switchboard
}

// counter is the desk's handlers over their rooms.
type counter struct{ DeskDeps }

// NewDesk builds the staff's listener, in French and German (D18). It is
// never the public one.
func NewDesk(d DeskDeps) (http.Handler, error) {
	s := &surface{
		Common:    d.Common,
		name:      "desk",
		languages: portal.DeskLanguages,
		signedOut: func(x *ctx) string { return x.path("/desk/sign-in") },
		routes:    append(assets(), deskRoutes(d)...),
	}
	return s.handler()
}

func deskRoutes(d DeskDeps) []Route {
	c := counter{d}
	colleague := Policy{Name: "colleague", Admit: c.admit}
	get, post := http.MethodGet, http.MethodPost
	const aCase, aPartner = "/:lang/desk/case/:id", "/:lang/desk/partners/:id"
	const aDeed, aWork = "/:lang/desk/mandates/:id", "/:lang/desk/works/:id"
	return []Route{
		{get, "/", Anyone, c.front},
		{get, "/:lang/", Anyone, c.front},
		{get, "/:lang/desk/sign-in", Anyone, c.signIn},
		{post, "/:lang/desk/sign-in", Anyone, c.enter},
		{get, departPath, Anyone, c.depart},
		{get, OIDCBack, Anyone, c.arrive},
		{post, "/:lang/desk/sign-out", colleague, c.signOut},
		{get, "/:lang/desk", colleague, c.list},
		{get, "/:lang/desk/find", colleague, c.front},
		{post, "/:lang/desk/find", colleague, c.find},
		{get, "/:lang/desk/doors", colleague, c.doors},
		{post, "/:lang/desk/doors/close", colleague, c.closeDoor},
		{post, "/:lang/desk/doors/ask", colleague, c.askDoor},
		{post, "/:lang/desk/doors/confirm", colleague, c.confirmDoor},
		{get, "/:lang/desk/gate", colleague, c.overview},
		{get, "/:lang/desk/rectifications", colleague, c.wrongs},
		{post, "/:lang/desk/rectifications/:id", colleague, c.decide},
		{get, "/:lang/desk/readings", colleague, c.held},
		{post, "/:lang/desk/readings/:id", colleague, c.judge},
		{get, "/:lang/desk/moves", colleague, c.moves},
		{post, "/:lang/desk/moves/:id", colleague, c.seeMove},
		{get, "/:lang/desk/grounds", colleague, c.grounds},
		{get, "/:lang/desk/grounds/new", colleague, c.newGround},
		{post, "/:lang/desk/grounds/new", colleague, c.askGround},
		{post, "/:lang/desk/grounds/:id/decide", colleague, c.decideGround},
		{post, "/:lang/desk/grounds/:id/letter", colleague, c.sendGround},
		{post, "/:lang/desk/grounds/:id/end", colleague, c.endGround},
		{get, "/:lang/desk/mandates", colleague, c.deeds},
		{get, aDeed, colleague, c.deed},
		{post, aDeed + "/decide", colleague, c.decideDeed},
		{post, aDeed + "/return", colleague, c.returnDeed},
		{get, aDeed + "/documents/:file/:act", colleague, c.deedPage},
		{post, aDeed + "/documents/:file/:act", colleague, c.releaseDeed},
		{get, "/:lang/desk/works", colleague, c.yard},
		{get, "/:lang/desk/works/payments", colleague, c.worksPayments},
		{post, "/:lang/desk/works/payments/:payment/:act", colleague, c.doPayment},
		{post, "/:lang/desk/works", colleague, c.findWorks},
		{get, aWork, colleague, c.worksFile},
		{post, aWork + "/:act", colleague, c.doWorks},
		{get, aWork + "/documents/:file/:page", colleague, c.worksPage},
		{post, aWork + "/documents/:file/:page", colleague, c.releaseWorks},
		{get, "/:lang/desk/partners", colleague, c.partners},
		{get, aPartner, colleague, c.partner},
		{post, aPartner + "/:act", colleague, c.decidePartner},
		{get, aCase, colleague, c.show},
		{post, aCase + "/open", colleague, c.open},
		{post, aCase + "/check", colleague, c.check},
		{post, aCase + "/unblock", colleague, c.unblock},
		{post, aCase + "/grant", colleague, c.grant},
		{post, aCase + "/replace", colleague, c.replace},
	}
}
