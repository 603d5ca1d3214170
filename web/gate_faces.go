package web

import (
	"context"
	"slices"
	"sync"

	"guichet/lookup"
	"guichet/portal"
	"guichet/web/ui/page/public"
	"guichet/web/ui/stencil"

	"github.com/a-h/templ"
)

// ownWords are what one visitor's form has that no other's has.
type ownWords struct {
	drawn
	number string // as typed
}

// all are the words that are on the page: a challenge that is not drawn is not.
func (w *ownWords) all() []*string {
	drawn := slices.DeleteFunc([]*string{&w.form, &w.captcha, &w.second, &w.work}, func(word *string) bool { return *word == "" })
	return append(drawn, &w.number)
}

// face is what the gate's page depends on but for each visitor's own words:
// there are some hundreds, of which hardly a dozen are ever seen.
type face struct {
	lang         portal.Language
	path, choice string
	ask          lookup.Ask
	fault        string
	code         bool
}

// faces keeps each face's page: whoever is refused sees the same (G5, T6).
type faces struct{ cut sync.Map } // *stencil.Stencil by face

func (k *faces) page(x *ctx, n numbers, f *fault, choice string, ask lookup.Ask, own ownWords) (templ.Component, error) {
	this := face{lang: x.Lang, path: n.path, choice: choice, ask: ask, code: x.offersCode(n, f, ask)}
	if f != nil {
		if this.fault = f.same; f.same == "" { // what is wrong with this one's fields
			return public.GatePage(gateView(x, n, f, choice, ask, own)), nil
		}
	}
	all := own.all()
	words := make([]string, len(all))
	for i, word := range all {
		words[i] = *word
	}
	kept, ok := k.cut.Load(this)
	if !ok {
		cut, err := stencil.Cut(context.Background(), len(words), func(holes []string) templ.Component {
			for i, word := range all {
				*word = holes[i]
			}
			return public.GatePage(gateView(x, n, f, choice, ask, own))
		})
		if err != nil {
			return nil, err
		}
		kept, _ = k.cut.LoadOrStore(this, cut)
	}
	return kept.(*stencil.Stencil).Page(words...), nil
}
