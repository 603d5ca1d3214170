package lookup_test

import (
	"net/netip"
	"testing"

	"guichet/lookup"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// T15: an IPv4 address or a /64 is one source, a /24 or a /56 one network; an
// IPv4 address in IPv6 dress is itself; a zone names nothing.
func TestT15SourcesAndNetworks(t *testing.T) {
	ring := storetest.Keys(t)
	for _, c := range []struct {
		name, a, b              string
		sameSource, sameNetwork bool
	}{
		{"itself", "192.0.2.7", "192.0.2.7", true, true},
		{"IPv4 in IPv6 dress", "192.0.2.7", "::ffff:192.0.2.7", true, true},
		{"the same dressed in hexadecimal", "192.0.2.7", "::ffff:c000:207", true, true},
		{"two dressed neighbours", "::ffff:192.0.2.7", "::ffff:192.0.2.8", false, true},
		{"two dressed strangers", "::ffff:192.0.2.7", "::ffff:192.0.3.7", false, false},
		{"the ends of a /24", "192.0.2.0", "192.0.2.255", false, true},
		{"the next /24", "192.0.2.255", "192.0.3.0", false, false},
		{"the ends of a /64", "2001:db8:1:2::", "2001:db8:1:2:ffff:ffff:ffff:ffff", true, true},
		{"two /64 of a /56", "2001:db8:1:200::1", "2001:db8:1:2ff::1", false, true},
		{"the next /56", "2001:db8:1:2ff::1", "2001:db8:1:300::1", false, false},
		{"an address that only looks like IPv4", "192.0.2.7", "::192.0.2.7", false, false},
		{"zones", "fe80::1%eth0", "fe80::2%eth1", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := netip.MustParseAddr(c.a), netip.MustParseAddr(c.b)
			require.Equal(t, c.sameSource, lookup.SourceHash(ring, a) == lookup.SourceHash(ring, b))
			require.Equal(t, c.sameNetwork, lookup.NetworkHash(ring, a) == lookup.NetworkHash(ring, b))
			require.NotEqual(t, lookup.SourceHash(ring, a), lookup.NetworkHash(ring, a))
			require.NotContains(t, lookup.SourceHash(ring, a)+lookup.NetworkHash(ring, a), "192")
		})
	}
	wide := func(s string) string { return lookup.WideHash(ring, netip.MustParseAddr(s)) }
	require.Equal(t, wide("2001:db8:1::1"), wide("2001:db8:1:ffff::1"))
	require.NotEqual(t, wide("2001:db8:1::1"), wide("2001:db8:2::1"))
	require.Empty(t, wide("192.0.2.7"))
	require.Empty(t, wide("::ffff:192.0.2.7"))
	require.NotEmpty(t, lookup.SourceHash(ring, netip.Addr{}))
	require.NotEmpty(t, lookup.NetworkHash(ring, netip.Addr{}))
}
