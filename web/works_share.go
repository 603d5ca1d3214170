package web

import (
	"guichet/portal"
	"guichet/web/ui/component"
	"guichet/web/ui/page/public"
	"guichet/works"
)

// share lets an installer follow a request (D10). Its company number is read
// for its form alone: whoever is behind it, the answer is the same (G13).
func (f follower) share(x *ctx) error {
	o, err := f.one(x)
	if err != nil {
		return err
	}
	company, ok := portal.CompanyNumber(x.field("company"))
	if ok {
		err = f.Room.Hold(x.context(), x.worksEntry(o.pass), o.ID, company, works.ByConsent)
	} else {
		err = &portal.Error{Code: portal.Invalid, Key: "works.company", Field: "company"}
	}
	return f.moved(x, o, err, "shared")
}

// unshare takes that back, however the installer came to it.
func (f follower) unshare(x *ctx) error {
	o, err := f.one(x)
	if err != nil {
		return err
	}
	return f.moved(x, o, f.Room.LetGo(x.context(), x.worksEntry(o.pass), o.ID, x.field("of")), "unshared")
}

// renew has another code sent to the requester: who has the old one, and no
// right to it, is out.
func (f follower) renew(x *ctx) error {
	o, err := f.one(x)
	if err != nil {
		return err
	}
	return f.moved(x, o, f.Room.Renew(x.context(), x.worksEntry(o.pass), o.ID, o.pass.Visit.ID), "code")
}

// shareView is who follows a request beside its requester.
func shareView(x *ctx, o openedRequest, v *public.WorksRequest) {
	for _, h := range o.shared {
		of := component.Control{Kind: "hidden", Field: component.Field{Name: "of", Value: h.Company}}
		company := portal.FormatCompanyNumber(h.Company)
		v.Shared = append(v.Shared, public.WorksForm{Text: x.T("works.share.way."+string(h.Way), company, x.Date(h.Since)), Quiet: true,
			Action: x.act(o, "unshare"), Controls: []component.Control{of}, Submit: x.T("works.share.end", company)})
	}
	v.Share = &public.WorksForm{Title: x.T("works.share.new"), Text: x.T("works.share.what"), Action: x.act(o, "share"), Quiet: true,
		Controls: []component.Control{line(x, "company", "works.share.company", "works.share.company.hint", "")}, Submit: x.T("works.share.now")}
	if !o.Status.Over() {
		v.Code = &public.WorksForm{Title: x.T("works.code.new"), Text: x.T("works.code.what"), Action: x.act(o, "code"), Quiet: true, Submit: x.T("works.code.now")}
	}
}
