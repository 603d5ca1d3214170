package web

import (
	"net/http"

	"guichet/portal"
)

// DeskDeps is what the desk's listener needs.
type DeskDeps struct {
	Common
}

// NewDesk builds the staff's listener, in French and German (D18). It is
// never the public one.
func NewDesk(d DeskDeps) (http.Handler, error) {
	s := &surface{
		Common:    d.Common,
		name:      "desk",
		languages: portal.DeskLanguages,
		signedOut: func(x *ctx) string { return x.path("/desk/sign-in") },
		routes:    append(assets(), deskRoutes(d)...),
	}
	return s.handler()
}

func deskRoutes(DeskDeps) []Route { return nil }
