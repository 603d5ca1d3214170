package works

import (
	"slices"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
)

// Happening is something that happened to a request on the portal, as the
// operator's works system reads it (D13). It names the request and nothing of it.
type Happening struct {
	Place     int64 // in the order in which it became durable, from 1
	RequestID string
	Kind      string // of Happenings
	At        time.Time
}

// What happens beside the events of a request's life.
const (
	Captured   = "captured"
	DocumentIn = "document"    // one was added
	WellSaid   = "well"        // the requester says that all is well
	UserSaid   = "user-agrees" // the network user's agreement was noted (D11)
	PaymentIn  = "paid"        // a payment was booked to it
)

// Happenings lists all that the works system may be told.
var Happenings = func() (all []string) {
	for _, e := range Events {
		all = append(all, string(e))
	}
	return append(all, Captured, DocumentIn, WellSaid, UserSaid, PaymentIn)
}()

// HappeningOf gives what a trail entry says of a request, so that nothing happens
// without being told; ok is false for what only looked, and for what the works
// system itself told.
func HappeningOf(e audit.Entry) (h Happening, ok bool) {
	id, about := strings.CutPrefix(e.Subject, Subject(""))
	if !about || e.Actor == (portal.Actor{Kind: portal.System, ID: worksSystem}) {
		return h, false
	}
	h = Happening{RequestID: id, At: e.At}
	switch e.Action {
	case audit.WorksMade:
		h.Kind = Captured
	case audit.WorksMoved:
		h.Kind = e.Details["event"]
	case audit.WorksPaper:
		h.Kind = DocumentIn
	case audit.WorksPaid:
		h.Kind = PaymentIn
	case audit.WorksNoted:
		h.Kind = e.Details["what"]
	}
	return h, slices.Contains(Happenings, h.Kind)
}
