package web

import "net/http"

func galleryRoutes() []Route {
	return []Route{{http.MethodGet, "/gallery", Anyone, healthy}}
}
