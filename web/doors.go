package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"guichet/portal"
	"guichet/portal/doors"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// Doors tells whether a public door is open; doors.Service.
type Doors interface {
	// Open is nil where the door is open at this moment; otherwise it is
	// portal.Unavailable, with Key "closed" where the door is shut.
	Open(ctx context.Context, door string) error
}

// behind puts a policy behind a public door: while it is shut nobody is let in
// and nothing is asked of them (G11).
func (s *site) behind(d doors.Door, p Policy) Policy {
	return Policy{Name: p.Name, Door: d, Admit: func(x *ctx) error {
		if err := s.Doors.Open(x.context(), string(d)); err != nil {
			x.door = d
			return err
		}
		return p.Admit(x)
	}}
}

// shutRetry is what programs are told: a person opens a door, not a timer.
const shutRetry = "600"

// isClosed tells a door that is shut from a portal that cannot work.
func isClosed(err error) bool {
	var e *portal.Error
	return errors.As(err, &e) && e.Code == portal.Unavailable && e.Key == "closed"
}

// closed answers with the door's notice instead of the page asked for.
func (x *ctx) closed(d doors.Door) error {
	x.header("Retry-After", shutRetry)
	return x.show(http.StatusServiceUnavailable, public.ClosedPage(closedView(x, d)))
}

func closedView(x *ctx, d doors.Door) public.Closed {
	key := "closed." + string(d)
	return public.Closed{
		Base: x.base(x.T(key + ".title")),
		Text: x.T(key + ".text"),
		Help: x.T("closed.help", x.s.Contact.Phone, x.T("site.hours")),
		Back: layout.Link{Text: x.T("failure.back"), Href: x.path("/")},
	}
}

// lookTime bounds how long the first page waits to know about its doors: it is
// shown whatever happens to the database.
const lookTime = time.Second

// notices are what the first page says about doors that are shut, or of which
// nobody can tell whether they are open.
func (s *site) notices(x *ctx) []string {
	soon, cancel := context.WithTimeout(x.context(), lookTime)
	defer cancel()
	var all []doors.Door
	for _, d := range doors.All {
		if s.Doors.Open(soon, string(d)) != nil {
			all = append(all, d)
		}
	}
	return noticesView(x, all)
}

// noticesView names each door that is shut, then whom to call.
func noticesView(x *ctx, shut []doors.Door) []string {
	if len(shut) == 0 {
		return nil
	}
	var all []string
	for _, d := range shut {
		all = append(all, x.T("closed."+string(d)+".title")+".")
	}
	return append(all, x.T("closed.help", x.s.Contact.Phone, x.T("site.hours")))
}
