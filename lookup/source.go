package lookup

import (
	"net/netip"

	"guichet/portal/keys"
)

// Origin is where a request comes from, as keyed hashes: no address stands in a
// key (G12).
type Origin struct {
	Source  string // an IPv4 address, an IPv6 /64
	Network string // its /24, its /56
	Wide    string // its /48; empty for IPv4
}

// OriginOf names an address at all levels that have limits (T15).
func OriginOf(ring *keys.Ring, addr netip.Addr) Origin {
	return Origin{SourceHash(ring, addr), NetworkHash(ring, addr), WideHash(ring, addr)}
}

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

// WideHash names the /48 that an IPv6 address lies in, which one customer of a
// provider may hold; empty for IPv4 (T15).
func WideHash(ring *keys.Ring, addr netip.Addr) string {
	if addr = addr.Unmap(); !addr.Is6() {
		return ""
	}
	return ring.HashText(keys.ForSource, "wide", block(addr, 0, 48).String())
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
