package lookup

import (
	"net/netip"

	"guichet/portal/keys"
)

// SourceHash names where a request comes from in limits and claims: an IPv4
// address, or the /64 of an IPv6 one, since a household or an attacker holds
// all of its addresses. An IPv4 address dressed as IPv6 is itself (T15).
func SourceHash(ring *keys.Ring, addr netip.Addr) string {
	return ring.HashText(keys.ForSource, block(addr, 32, 64).String())
}

// NetworkHash names the neighbourhood of a source, for limits over all of it:
// the /24 of an IPv4 address, the /56 of an IPv6 one (T15). It never equals a
// source's name.
func NetworkHash(ring *keys.Ring, addr netip.Addr) string {
	return ring.HashText(keys.ForSource, "network", block(addr, 24, 56).String())
}

// block is the addresses that count as one with this.
func block(addr netip.Addr, bits4, bits6 int) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := bits6
	if addr.Is4() {
		bits = bits4
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address at all: one block for all of those
	}
	return prefix
}
