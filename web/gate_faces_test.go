package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/web/ui/page/public"

	"github.com/a-h/templ"
	"github.com/stretchr/testify/require"
)

// TestT6KeptFacesAreTheTemplatesPages: in every state of every gate the page
// that is copied is, byte for byte, the one that its template draws, and has
// nobody else's words.
func TestT6KeptFacesAreTheTemplatesPages(t *testing.T) {
	t.Parallel()
	drawnBy := func(page templ.Component) string {
		var b strings.Builder
		require.NoError(t, page.Render(t.Context(), &b))
		return b.String()
	}
	kept, common := &faces{}, testCommon(time.Now)
	for _, lang := range portal.Languages {
		for _, n := range []numbers{references, worksNumbers, claimNumbers} {
			for _, ask := range []lookup.Ask{{}, {Work: true}, {LetterCode: true}, {Work: true, LetterCode: true}} {
				for _, with := range choices {
					for _, code := range []bool{false, true} {
						for _, fault := range []func(*ctx, numbers) *fault{func(*ctx, numbers) *fault { return nil }, refusedView, uncountedView,
							func(x *ctx, n numbers) *fault {
								return problemsView(x, lookup.Problems{{Code: portal.Invalid, Key: "captcha.old", Field: "captcha"}})
							}} {
							for _, who := range []string{"one", `"><b>two</b>&`} {
								x := exhibit(common, lang)
								x.form = url.Values{"with": {with}}
								if code {
									x.form.Set("letter_code", "x")
								}
								choice := x.choice(ask)
								own := ownWords{drawn{form: "form " + who}, who}
								if choice != byWork {
									own.captcha = "captcha " + who
								}
								if asksSecond(ask) {
									own.second = "second " + who
								}
								if ask.Work || choice == byWork {
									own.work = "work " + who
								}
								page, err := kept.page(x, n, fault(x, n), choice, ask, own)
								require.NoError(t, err)
								require.Equal(t, drawnBy(public.GatePage(gateView(x, n, fault(x, n), choice, ask, own))), drawnBy(page))
							}
						}
					}
				}
			}
		}
	}
}
