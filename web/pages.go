package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"guichet/portal"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// front leads to the visitor's language.
func (s *site) front(x *ctx) error {
	x.header("Vary", "Accept-Language")
	return x.redirect("/" + string(x.Lang) + "/")
}

func toHome(x *ctx) error {
	x.gin.Redirect(http.StatusMovedPermanently, x.path("/"))
	return nil
}

func (s *site) home(x *ctx) error {
	return x.show(http.StatusOK, public.HomePage(homeView(x, s.notices(x))))
}
func left(x *ctx) error      { return x.show(http.StatusOK, public.EndPage(endView(x, "left"))) }
func cancelled(x *ctx) error { return x.show(http.StatusOK, public.EndPage(endView(x, "cancelled"))) }
func ended(x *ctx) error     { return x.show(http.StatusOK, public.EndPage(endView(x, "ended"))) }
func privacy(x *ctx) error   { return x.show(http.StatusOK, public.ProsePage(privacyView(x))) }
func accessibility(x *ctx) error {
	return x.show(http.StatusOK, public.ProsePage(accessibilityView(x)))
}

func homeView(x *ctx, notices []string) public.Home {
	c := x.s.Contact
	return public.Home{
		Base:       x.base(x.T("home.title")),
		Notices:    notices,
		Lookup:     x.path("/lookup"),
		Letter:     x.path("/letter"),
		Works:      x.path("/works/new"),
		Partner:    x.path("/partner"),
		Follow:     x.path(worksNumbers.path),
		LetterText: x.T("home.letter.text", c.Phone),
		CallsText:  x.T("home.contact.text", c.Phone, x.T("site.hours"), c.Privacy),
	}
}

func endView(x *ctx, which string) public.End {
	return public.End{
		Base:  x.base(x.T(which + ".title")),
		Text:  x.T(which + ".text"),
		Again: layout.Link{Text: x.T("ended.again"), Href: x.path("/lookup")},
		Home:  layout.Link{Text: x.T("ended.home"), Href: x.path("/")},
	}
}

func privacyView(x *ctx) public.Prose {
	c := x.s.Contact
	return public.Prose{
		Base: x.base(x.T("privacy.title")),
		Lead: x.T("privacy.lead"),
		Sections: []public.Section{
			{Title: x.T("privacy.what.title"), Text: x.T("privacy.what")},
			{Title: x.T("privacy.keep.title"), Text: x.T("privacy.keep")},
			{Title: x.T("privacy.cookies.title"), Text: x.T("privacy.cookies")},
			{Title: x.T("privacy.rights.title"), Text: x.T("privacy.rights")},
			{Text: x.T("privacy.contact", c.Privacy, c.Phone, x.T("site.hours"))},
		},
	}
}

func accessibilityView(x *ctx) public.Prose {
	phone, hours := x.s.Contact.Phone, x.T("site.hours")
	return public.Prose{
		Base: x.base(x.T("accessibility.title")),
		Lead: x.T("accessibility.lead"),
		Sections: []public.Section{
			{Title: x.T("accessibility.state.title"), Text: x.T("accessibility.state")},
			{Title: x.T("accessibility.limits.title"), Text: x.T("accessibility.limits", phone, hours)},
			{Title: x.T("accessibility.complain.title"), Text: x.T("accessibility.complain", phone, hours)},
		},
	}
}

// securityText is RFC 9116: where a vulnerability is reported. It expires a
// year after the start of this month, so that it is never found stale.
func (s *site) securityText(x *ctx) error {
	month := x.now.In(portal.Brussels)
	expires := time.Date(month.Year()+1, month.Month(), 1, 0, 0, 0, 0, time.UTC)
	languages := make([]string, len(portal.Languages))
	for i, l := range portal.Languages {
		languages[i] = string(l)
	}
	text := fmt.Sprintf("Contact: %s\nExpires: %s\nPreferred-Languages: %s\n",
		s.Contact.Security, expires.Format(time.RFC3339), strings.Join(languages, ", "))
	if s.BaseURL != "" {
		text += "Canonical: " + s.BaseURL + "/.well-known/security.txt\n"
	}
	return x.plain(http.StatusOK, text)
}

// robots keeps the pages out of indexes; there is nothing to find in them.
func robots(x *ctx) error {
	return x.plain(http.StatusOK, "User-agent: *\nDisallow: /\n")
}
