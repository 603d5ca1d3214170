package web

import (
	"net/http"

	"guichet/web/static"
)

// assets are the routes every listener has.
func assets() []Route {
	return []Route{{http.MethodGet, "/static/:name", Anyone, asset}}
}

// asset serves a file whose name carries its hash: it never changes, so a
// browser may keep it. It holds nothing about anybody.
func asset(x *ctx) error {
	f, ok := static.Get(x.param("name"))
	if !ok {
		return unspoken(http.StatusNotFound)
	}
	x.header("Cache-Control", "public, max-age=31536000, immutable")
	x.send(http.StatusOK, f.Type, f.Data)
	return nil
}
