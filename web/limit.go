package web

import (
	"context"
	"net/netip"
	"time"

	"guichet/lookup"
	"guichet/portal"

	"github.com/ulule/limiter/v3"
)

// CaptchaRates are how many captchas one source may draw.
type CaptchaRates struct {
	AMinute, ADay int64
}

func (r CaptchaRates) rates() map[string]limiter.Rate {
	return map[string]limiter.Rate{
		"minute": {Period: time.Minute, Limit: r.AMinute},
		"day":    {Period: 24 * time.Hour, Limit: r.ADay},
	}
}

// limits is a plain request rate under several windows. Its windows are fixed,
// which is enough for what only shares the load; what bounds harm is counted
// in SQL. Nothing of what is left is ever told (T16).
type limits struct {
	what    string
	windows map[string]*limiter.Limiter
}

func newLimits(store limiter.Store, what string, rates map[string]limiter.Rate) *limits {
	l := &limits{what: what, windows: map[string]*limiter.Limiter{}}
	for name, rate := range rates {
		l.windows[name] = limiter.New(store, rate)
	}
	return l
}

// spend takes one from each window of a source. TooMany where one is full,
// Unavailable where nobody can tell.
func (l *limits) spend(ctx context.Context, source string) error {
	full := false
	for name, window := range l.windows {
		// Who hangs up is counted all the same (T3).
		state, err := window.Get(context.WithoutCancel(ctx), l.what+":"+name+":"+source)
		if err != nil {
			return portal.Shut("limit", err)
		}
		full = full || state.Reached
	}
	if full {
		return &portal.Error{Code: portal.TooMany, Key: "limit"}
	}
	return nil
}

// source names where the request comes from: the peer, or behind a trusted
// proxy the right-most hop that is not trusted (T14, T15). It is hashed: no
// address stands in a key (G12).
func (x *ctx) source() string {
	if x.from != "" {
		return x.from
	}
	addr, err := netip.ParseAddr(x.gin.ClientIP())
	if err != nil {
		addr = netip.Addr{}
	}
	x.from = lookup.SourceHash(x.s.Ring, addr)
	return x.from
}
