// Package stencil keeps a page that is the same for everybody but in a few
// words: it is drawn by its template once, and from then on copied, with each
// one's own words in the holes. The gate's page is asked for by whoever sweeps
// it, and drawing it cost as much as judging the attempt. A word goes in escaped,
// as a template writes it; what the page says otherwise must hold for everybody
// who has the same stencil.
package stencil

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"guichet/web/ui/pen"

	"github.com/a-h/templ"
)

// Stencil is a drawn page with holes. It is safe for concurrent use.
type Stencil struct {
	before []stretch
	rest   pen.Markup
}

// stretch is the markup before a hole, and which word goes into that.
type stretch struct {
	markup pen.Markup
	word   int
}

// The runes around a hole's number, which no text of ours has and nothing
// escapes: they are of a private use area.
const holeOpens, holeEnds = "\uf8f0", "\uf8f1"

// Cut draws a page whose view was made with the words given to it, which stand
// for each one's own. A word that is not on the page, or that the template
// changes, is an error: its holes would be lost.
func Cut(ctx context.Context, words int, page func(words []string) templ.Component) (*Stencil, error) {
	holes := make([]string, words)
	for i := range holes {
		holes[i] = fmt.Sprint(holeOpens, i, holeEnds)
	}
	var drawn strings.Builder
	if err := page(holes).Render(ctx, &drawn); err != nil {
		return nil, err
	}
	s, seen := &Stencil{}, make([]bool, words)
	rest := drawn.String()
	for {
		markup, behind, ok := strings.Cut(rest, holeOpens)
		if !ok {
			break
		}
		number, after, whole := strings.Cut(behind, holeEnds)
		word, err := strconv.Atoi(number)
		if !whole || err != nil || word < 0 || word >= words {
			return nil, fmt.Errorf("stencil: a hole is torn: %q", number)
		}
		s.before, seen[word], rest = append(s.before, stretch{pen.Markup(markup), word}), true, after
	}
	for i, was := range seen {
		if !was {
			return nil, fmt.Errorf("stencil: word %d has no hole", i)
		}
	}
	s.rest = pen.Markup(rest)
	return s, nil
}

// Page is the page with somebody's own words, as many as it was cut with.
func (s *Stencil) Page(words ...string) templ.Component {
	return pen.Written(func(p *pen.Pen) {
		for _, b := range s.before {
			p.Mark(b.markup)
			p.Text(words[b.word])
		}
		p.Mark(s.rest)
	})
}
