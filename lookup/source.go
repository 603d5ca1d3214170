package lookup

import (
	"net/netip"

	"guichet/portal/keys"
)

// SourceHash names where a request comes from in limits and claims: an IPv4
// address, or the /64 of an IPv6 one, since a household or an attacker holds
// all of its addresses. An IPv4 address dressed as IPv6 is itself (T15).
func SourceHash(ring *keys.Ring, addr netip.Addr) string {
	return ring.HashText(keys.ForSource, source(addr).String())
}

func source(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address at all: one source for all of those
	}
	return prefix
}
