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

// wide are the rates for all networks of an IPv6 /48 together: they have 256
// times what one network has, and one customer may hold them all.
func (r CaptchaRates) wide() CaptchaRates {
	return CaptchaRates{AMinute: wide(r.network().AMinute), ADay: wide(r.network().ADay)}
}

// wide is what a /48 has where a network has n: as many times that as of
// failures (the table's 100 and 30).
func wide(n int64) int64 { return n/3*10 + n%3*10/3 }

// limits is a plain request rate of sources, of their networks and of an IPv6
// /48 under one or more windows each. The windows are fixed, which is enough for
// what only shares the load; what bounds harm is counted in SQL. Nothing of what
// is left is ever told (T16).
type limits struct {
	source, network, wide []window
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
	return &limits{source: windows("", r), network: windows("network:", r.network()), wide: windows("wide:", r.wide())}
}

// newDayLimits is so many a day for a source and for its network, and for a /48
// in proportion.
func newDayLimits(store limiter.Store, what string, source, network int64) *limits {
	window := func(of string, most int64) []window { return dayWindow(store, what+":"+of+"day:", most) }
	return &limits{source: window("", source), network: window("network:", network), wide: window("wide:", wide(network))}
}

func dayWindow(store limiter.Store, name string, most int64) []window {
	return []window{{name, limiter.New(store, limiter.Rate{Period: 24 * time.Hour, Limit: most})}}
}

// spend takes one for the request's source, where that has one left, one for
// its network, and then one for its /48: a greedy source spends nothing of its
// neighbours' once it is refused. A /48 that is full is refused before any
// counter is kept for the 65,536 sources in it, which else would fill memory
// for everybody. TooMany where a window is full, Unavailable where nobody can
// tell.
func (l *limits) spend(x *ctx) error {
	from := x.origin()
	if from.Wide != "" {
		if err := each(x.context(), l.wide, from.Wide, (*limiter.Limiter).Peek); err != nil {
			return err
		}
	}
	if err := each(x.context(), l.source, from.Source, (*limiter.Limiter).Get); err != nil {
		return err
	}
	if err := each(x.context(), l.network, from.Network, (*limiter.Limiter).Get); err != nil || from.Wide == "" {
		return err
	}
	return each(x.context(), l.wide, from.Wide, (*limiter.Limiter).Get)
}

// room is an error where one of the request's windows is full, as of spend, and
// takes nothing.
func (l *limits) room(x *ctx) error {
	from := x.origin()
	for _, of := range []struct {
		windows []window
		who     string
	}{{l.source, from.Source}, {l.network, from.Network}, {l.wide, from.Wide}} {
		if of.who == "" {
			continue
		}
		if err := each(x.context(), of.windows, of.who, (*limiter.Limiter).Peek); err != nil {
			return err
		}
	}
	return nil
}

// each looks at windows in turn, counting or not.
func each(ctx context.Context, windows []window, who string, look func(*limiter.Limiter, context.Context, string) (limiter.Context, error)) error {
	for _, w := range windows {
		// Who hangs up is counted all the same (T3).
		state, err := look(w.Limiter, context.WithoutCancel(ctx), w.name+who)
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
