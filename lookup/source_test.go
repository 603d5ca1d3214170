package lookup_test

import (
	"net/netip"
	"testing"

	"guichet/lookup"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// T15: a /64 is one source; an IPv4 address in IPv6 dress is itself.
func TestT15Source(t *testing.T) {
	ring := storetest.Keys(t)
	source := func(s string) string { return lookup.SourceHash(ring, netip.MustParseAddr(s)) }
	require.Equal(t, source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff:ffff:ffff:ffff"))
	require.NotEqual(t, source("2001:db8:1:2::1"), source("2001:db8:1:3::1"))
	require.Equal(t, source("192.0.2.7"), source("::ffff:192.0.2.7"))
	require.NotEqual(t, source("192.0.2.7"), source("192.0.2.8"))
	require.Equal(t, source("fe80::1%eth0"), source("fe80::2%eth1"))
	require.NotEmpty(t, lookup.SourceHash(ring, netip.Addr{}))
	require.NotContains(t, source("192.0.2.7"), "192")
}
