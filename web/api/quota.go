package api

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"

	"github.com/ulule/limiter/v3"
)

// Quotas are how many requests are answered: of one partner's programs, and of
// those from one source that show no key that opens anything. Its neighbours in a
// network are not counted with it: where programs stand, a stranger's source lies
// beside a partner's, whose key is known only once it has been compared.
type Quotas struct {
	AMinute, ADay    int64
	StrangersAMinute int64
}

// window is one of a quota's.
type window struct {
	name string // in keys, and to the partner
	*limiter.Limiter
}

type quotas struct {
	partner []window
	source  window
}

func newQuotas(store limiter.Store, q Quotas) quotas {
	of := func(name string, period time.Duration, most int64) window {
		return window{name, limiter.New(store, limiter.Rate{Period: period, Limit: most})}
	}
	return quotas{
		partner: []window{of("minute", time.Minute, q.AMinute), of("day", 24*time.Hour, q.ADay)},
		source:  of("source", time.Minute, q.StrangersAMinute),
	}
}

// origin names where a request comes from, by hashes alone (G12).
func origin(ring *keys.Ring, address string) lookup.Origin {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		addr = netip.Addr{}
	}
	return lookup.OriginOf(ring, addr)
}

// spend takes one of a partner's quota, whichever of its keys is used, and
// tells it what is left. Nobody else learns of it.
func (q quotas) spend(ctx context.Context, r *request, partnerID string) error {
	var policies, lefts []string
	var full *portal.Error
	for _, w := range q.partner {
		state, err := w.Get(context.WithoutCancel(ctx), "api:"+w.name+":"+partnerID)
		if err != nil {
			return portal.Shut("limit", err)
		}
		wait := max(state.Reset-r.now.Unix(), 1)
		policies = append(policies, fmt.Sprintf("%q;q=%d;w=%d", w.name, w.Rate.Limit, int(w.Rate.Period.Seconds())))
		lefts = append(lefts, fmt.Sprintf("%q;r=%d;t=%d", w.name, state.Remaining, wait))
		if state.Reached && full == nil {
			full = &portal.Error{Code: portal.TooMany, Key: "api.quota", Args: []any{fmt.Sprint(w.Rate.Limit), fmt.Sprint(wait)}}
			r.wait = wait
		}
	}
	r.told = map[string]string{"RateLimit-Policy": strings.Join(policies, ", "), "RateLimit": strings.Join(lefts, ", ")}
	if full != nil {
		return full
	}
	return nil
}

// stranger looks, before a key is compared with anything, whether too many that
// open nothing came from a source; and counts one more where one did. Neither
// tells what is left (T16).
func (q quotas) stranger(ctx context.Context, from lookup.Origin, look func(*limiter.Limiter, context.Context, string) (limiter.Context, error)) error {
	state, err := look(q.source.Limiter, context.WithoutCancel(ctx), "api-stranger:"+q.source.name+":"+from.Source)
	switch {
	case err != nil:
		return portal.Shut("limit", err)
	case state.Reached:
		return &portal.Error{Code: portal.TooMany, Key: "api.strangers"}
	}
	return nil
}
