package web

import (
	"context"
	"net/http"

	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// Posts sends the history by post; registry.Posts.
type Posts interface {
	// Ask queues the history of an occupancy, or tells why not.
	Ask(ctx context.Context, occupancyID string, by audit.Entry) (registry.PostState, error)
}

// PostingReader reads how the history by post stands; the store.
type PostingReader interface {
	Posting(ctx context.Context, occupancyID string) (registry.Posting, error)
}

// byPost asks for the history by post. The form has no field: it goes to the
// address on record and nowhere else (L28, D1).
func (s *site) byPost(x *ctx) error {
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	state, err := s.Papers.Posts.Ask(x.context(), pass.Occupancy.ID, ownEntry(x, pass, "", nil))
	if err != nil {
		return err
	}
	told := ofQuery(index)
	if state == registry.PostRecently {
		told += "&again=1"
	}
	return x.redirect(x.path("/consumption/posted" + told))
}

// posted tells how it stands: on its way, sent, asked already, or why it
// cannot be sent.
func (s *site) posted(x *ctx) error {
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	p, err := s.Papers.Postings.Posting(x.context(), pass.Occupancy.ID)
	if err != nil {
		return err
	}
	if err := s.record(x, pass, audit.FileShown, map[string]string{"page": "posted"}); err != nil {
		return err
	}
	return x.show(http.StatusOK, public.PostedPage(postedView(x, index, p, x.query("again") != "", s.Letters.WorkingDays)))
}

func postedView(x *ctx, index int, p registry.Posting, again bool, days int) public.Posted {
	of := ofQuery(index)
	v := public.Posted{Bar: barView(x, index, of), Back: layout.Link{Text: x.T("seen.back"), Href: x.path("/consumption" + of)}}
	phone, hours := x.s.Contact.Phone, x.T("site.hours")
	title := "posted.free.title"
	switch state := p.State(x.now); state {
	case registry.PostMoved, registry.PostUnknown:
		title = "posted.not.title"
		v.Text = []string{x.T("posted." + string(state)), x.T("posted.call", phone, hours)}
	case registry.PostRecently:
		title = "posted.queued.title"
		first := x.N("posted.queued", days, x.Date(p.Last.QueuedAt))
		if !p.Last.HandedAt.IsZero() {
			first = x.T("posted.handed", x.Date(p.Last.QueuedAt), x.Date(p.Last.HandedAt))
		}
		if again {
			title = "posted.again.title"
		}
		v.Text = []string{first, x.T("posted.next", x.Date(p.Next())), x.T("posted.address"), x.T("posted.call", phone, hours)}
	default:
		v.Text = []string{x.T("posted.free"), x.T("posted.address")}
		v.Ask = x.path("/consumption/by-post" + of)
	}
	v.Base = x.base(x.T(title))
	return v
}
