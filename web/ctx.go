package web

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/doors"
	"guichet/portal/keys"
	"guichet/web/i18n"
	"guichet/web/ui/layout"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"
)

// ctx is one request as handlers see it; gin stays behind it.
type ctx struct {
	*i18n.Catalog
	gin    *gin.Context
	s      *surface
	id     string             // of the request, in the log; not in the answer: all refusals are the same bytes (G5)
	now    time.Time          // read once, so that one request has one time
	form   url.Values         // the decoded form of a change, every field once (T4)
	cancel context.CancelFunc // ends the work's time
	file   upload             // the file that came with the form
	at     string             // the path behind the language with its query, for the language bar
	from   lookup.Origin      // once it was asked for
	pass   any                // what the policy let in: a visit, a colleague's session
	door   doors.Door         // the shut door that a request stands before
}

const ctxKey = "guichet"

func of(c *gin.Context) *ctx { return c.MustGet(ctxKey).(*ctx) }

// context is the request's, bounded by requestTime.
func (x *ctx) context() context.Context { return x.gin.Request.Context() }

// field gives a form field as typed, "" where absent; without the bytes that are
// no text, which one database keeps and the other refuses.
func (x *ctx) field(name string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(x.form.Get(name), "\x00", ""), "")
}

// secret gives a form field that must never print.
func (x *ctx) secret(name string) keys.Secret { return keys.Secret(x.form.Get(name)) }

// query gives a parameter of the address, "" where absent.
func (x *ctx) query(name string) string {
	if x.gin == nil { // a page's fixture
		return ""
	}
	return x.gin.Query(name)
}

// param gives a part of the path.
func (x *ctx) param(name string) string { return x.gin.Param(name) }

// path gives an address in the request's language.
func (x *ctx) path(rest string) string { return "/" + string(x.Lang) + rest }

// redirect sends the browser elsewhere after a change (303).
func (x *ctx) redirect(to string) error {
	x.gin.Redirect(http.StatusSeeOther, to)
	return nil
}

// show renders a page into a buffer and then answers.
func (x *ctx) show(status int, page templ.Component) error {
	b := pages.Get().(*bytes.Buffer)
	b.Reset()
	defer pages.Put(b)
	if err := page.Render(x.context(), b); err != nil {
		return err
	}
	x.send(status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// pages keeps the buffers that pages are rendered into: growing one anew costs
// more memory than everything else of a request.
var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// send answers with bytes.
func (x *ctx) send(status int, contentType string, data []byte) {
	x.gin.Data(status, contentType, data)
}

// header sets a header of the answer.
func (x *ctx) header(name, value string) { x.gin.Header(name, value) }

// base is the frame of a page with a title already translated.
func (x *ctx) base(title string) layout.Base {
	b := x.s.frame(x.Catalog, x.at)
	b.Title = title
	return b
}

// rest is the path behind the language, with a page's query: what the
// language bar leads to. What no route took has only the first page, and so
// has a change, unless its page says otherwise.
func rest(c *gin.Context, lang portal.Language) string {
	rest, ok := strings.CutPrefix(c.Request.URL.Path, "/"+string(lang))
	if !ok || rest == "" || c.FullPath() == "" || changes(c.Request.Method) {
		return "/"
	}
	if q := c.Request.URL.Query(); len(q) > 0 {
		rest += "?" + q.Encode()
	}
	return rest
}

// frame is a page's frame outside of any request, too.
func (s *surface) frame(c *i18n.Catalog, rest string) layout.Base {
	home := "/" + string(c.Lang)
	b := layout.Base{Catalog: c, Contact: s.Contact, Home: home + "/"}
	for _, l := range s.languages {
		b.Languages = append(b.Languages, layout.Link{
			Text: layout.LanguageName(l), Href: "/" + string(l) + rest, Lang: string(l), Current: l == c.Lang,
		})
	}
	if s.footer {
		b.Footer = []layout.Link{
			{Text: c.T("privacy.title"), Href: home + "/privacy"},
			{Text: c.T("accessibility.title"), Href: home + "/accessibility"},
			{Text: c.T("site.vulnerability"), Href: "/.well-known/security.txt"},
		}
	}
	return b
}

// speak picks the listener's language for a request without one in its path.
func (s *surface) speak(header string) portal.Language {
	return i18n.Accept(header, s.languages)
}
