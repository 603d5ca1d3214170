package web

import (
	"context"
	"math"
	"net/netip"
	"time"

	"guichet/lookup"
	"guichet/portal"

	"github.com/ulule/limiter/v3"
)

// CaptchaRates are how many captchas one source may draw. A network may draw
// ten times that, and sounds, which cost more, are a third of it (the table of
// threats.md).
type CaptchaRates struct {
	AMinute, ADay int64
}

// sounds are the rates for sounds, one at least.
func (r CaptchaRates) sounds() CaptchaRates {
	return CaptchaRates{AMinute: max(r.AMinute/3, 1), ADay: max(r.ADay/3, 1)}
}

// network are the rates for all sources of a network together.
func (r CaptchaRates) network() CaptchaRates {
	const most = math.MaxInt64 / 10
	return CaptchaRates{AMinute: 10 * min(r.AMinute, most), ADay: 10 * min(r.ADay, most)}
}

// limits is a plain request rate of sources and of their networks under one or
// more windows each. The windows are fixed, which is enough for what only shares the
// load; what bounds harm is counted in SQL. Nothing of what is left is ever
// told (T16).
type limits struct {
	source, network []window
}

type window struct {
	name string
	*limiter.Limiter
}

func newLimits(store limiter.Store, what string, r CaptchaRates) *limits {
	windows := func(of string, r CaptchaRates) []window {
		return []window{
			{what + ":" + of + "minute:", limiter.New(store, limiter.Rate{Period: time.Minute, Limit: r.AMinute})},
			{what + ":" + of + "day:", limiter.New(store, limiter.Rate{Period: 24 * time.Hour, Limit: r.ADay})},
		}
	}
	return &limits{source: windows("", r), network: windows("network:", r.network())}
}

// newDayLimits is so many a day for a source and for its network.
func newDayLimits(store limiter.Store, what string, source, network int64) *limits {
	window := func(of string, most int64) []window {
		return []window{{what + ":" + of + "day:", limiter.New(store, limiter.Rate{Period: 24 * time.Hour, Limit: most})}}
	}
	return &limits{source: window("", source), network: window("network:", network)}
}

// spend takes one for the request's source, and where that has one left, one
// for its network: a greedy source spends nothing of its neighbours' once it is
// refused. TooMany where a window is full, Unavailable where nobody can tell.
func (l *limits) spend(x *ctx) error {
	if err := spend(x.context(), l.source, x.source()); err != nil {
		return err
	}
	return spend(x.context(), l.network, x.origin().Network)
}

func spend(ctx context.Context, windows []window, who string) error {
	for _, w := range windows {
		// Who hangs up is counted all the same (T3).
		state, err := w.Get(context.WithoutCancel(ctx), w.name+who)
		if err != nil {
			return portal.Shut("limit", err)
		}
		if state.Reached {
			return &portal.Error{Code: portal.TooMany, Key: "limit"}
		}
	}
	return nil
}

// origin names where the request comes from: who is connected, or behind a
// trusted proxy the right-most hop that is not trusted (T14, T15). They are
// hashes: no address stands in a key (G12).
func (x *ctx) origin() lookup.Origin {
	if x.from.Source == "" {
		addr, err := netip.ParseAddr(x.gin.ClientIP())
		if err != nil {
			addr = netip.Addr{}
		}
		x.from = lookup.OriginOf(x.s.Ring, addr)
	}
	return x.from
}

func (x *ctx) source() string { return x.origin().Source }
