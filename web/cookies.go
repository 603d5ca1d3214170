package web

import (
	"net/http"
	"time"

	"guichet/lookup"
	"guichet/portal/keys"
)

// The cookies' names; __Host- stands before them over https.
const (
	visitCookie  = "guichet-visit"
	deviceCookie = "guichet-device"
)

func (s *surface) cookieName(name string) string {
	if s.https {
		return "__Host-" + name
	}
	return name
}

// cookie reads a cookie of ours, "" where there is none.
func (x *ctx) cookie(name string) keys.Secret {
	c, err := x.gin.Request.Cookie(x.s.cookieName(name))
	if err != nil {
		return ""
	}
	return keys.Secret(c.Value)
}

// setCookie writes a cookie that only our own pages send; life 0 ends with
// the browser, below 0 removes it.
func (x *ctx) setCookie(name string, value keys.Secret, life time.Duration) {
	x.bake(name, value, life, http.SameSiteStrictMode)
}

func (x *ctx) bake(name string, value keys.Secret, life time.Duration, sent http.SameSite) {
	c := &http.Cookie{
		Name: x.s.cookieName(name), Value: value.Reveal(), Path: "/",
		HttpOnly: true, Secure: x.s.https, SameSite: sent,
	}
	switch {
	case life < 0:
		c.MaxAge = -1
	case life > 0:
		c.MaxAge = int(life.Seconds())
	}
	http.SetCookie(x.gin.Writer, c)
}

// letIn gives the browser the session and remembers it as one that opened (G6).
func (x *ctx) letIn(session, device keys.Secret) {
	x.setCookie(visitCookie, session, 0)
	x.setCookie(deviceCookie, device, lookup.DeviceLife)
}
