package web

import (
	"html"
	"net/http"
	"slices"
	"strings"

	"guichet/portal"
	"guichet/web/i18n"

	"github.com/a-h/templ"
)

// fixture is one page with made-up content: what the render tests read and
// the gallery shows.
type fixture struct {
	name string
	page func(*ctx) templ.Component
}

// galleryRoutes show every page's fixture in every language.
func galleryRoutes() []Route {
	return []Route{
		{http.MethodGet, "/gallery", Anyone, galleryIndex},
		{http.MethodGet, "/gallery/:in/:name", Anyone, galleryPage},
	}
}

func galleryIndex(x *ctx) error {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Gallery</title><h1>Gallery</h1><ul>\n")
	for _, f := range fixtures {
		b.WriteString("<li>" + html.EscapeString(f.name))
		for _, l := range portal.Languages {
			b.WriteString(` <a href="/gallery/` + string(l) + "/" + f.name + `">` + string(l) + "</a>")
		}
		b.WriteString("</li>\n")
	}
	for _, f := range deskFixtures {
		b.WriteString("<li>" + html.EscapeString(f.name))
		for _, l := range portal.DeskLanguages {
			b.WriteString(` <a href="/gallery/` + string(l) + "/" + f.name + `">` + string(l) + "</a>")
		}
		b.WriteString("</li>\n")
	}
	b.WriteString("</ul></html>\n")
	x.send(http.StatusOK, "text/html; charset=utf-8", []byte(b.String()))
	return nil
}

func galleryPage(x *ctx) error {
	lang, ok := portal.ParseLanguage(x.param("in"))
	if !ok {
		return unspoken(http.StatusNotFound)
	}
	for _, f := range fixtures {
		if f.name == x.param("name") {
			return x.show(http.StatusOK, f.page(exhibit(x.s.Common, lang)))
		}
	}
	for _, f := range deskFixtures {
		if f.name == x.param("name") && slices.Contains(portal.DeskLanguages, lang) {
			return x.show(http.StatusOK, f.page(exhibitDesk(x.s.Common, lang)))
		}
	}
	return unspoken(http.StatusNotFound)
}

// exhibit is a request that never came in, on the public listener.
func exhibit(c Common, lang portal.Language) *ctx {
	s := &surface{Common: c, name: "public", languages: portal.Languages, footer: true}
	return &ctx{Catalog: i18n.For(lang), s: s, now: fixtureNow, at: "/"}
}
