package media

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"
)

// registry tells who speaks from an address. It is asked for every packet of a shared port and
// written when something is agreed or ends, so IPv4, which nearly all have, stands in a
// table of its own: the address and port are a number, and what a packet waits for is one
// line of memory.
type registry struct {
	entries []entry // a power of two of them, half of them free; the first at or behind its place
	count   int
	factor  uint64 // odd and random, so that nobody can choose addresses that meet
	wide    map[netip.AddrPort]*lodger
}

// entry is free when its key is 0, which no address with a port is.
type entry struct {
	key uint64
	who *lodger
}

func newRegistry() registry {
	return registry{entries: make([]entry, 16), factor: rand.Uint64() | 1, wide: map[netip.AddrPort]*lodger{}}
}

// keyOf is an IPv4 address and its port as a number; 0 for what has none.
func keyOf(a netip.AddrPort) uint64 {
	if !a.Addr().Is4() {
		return 0
	}
	b := a.Addr().As4()
	return uint64(binary.BigEndian.Uint32(b[:]))<<16 | uint64(a.Port())
}

// at gives who speaks from an address; nil = nobody.
func (b *registry) at(a netip.AddrPort) *lodger {
	key := keyOf(a)
	if key == 0 {
		return b.wide[a]
	}
	return b.entries[b.find(key)].who
}

// size is how many addresses are somebody's.
func (b *registry) size() int { return b.count + len(b.wide) }

// put makes an address somebody's.
func (b *registry) put(a netip.AddrPort, who *lodger) {
	key := keyOf(a)
	if key == 0 {
		b.wide[a] = who
		return
	}
	if b.enter(key, who); 2*b.count > len(b.entries) {
		old := b.entries
		b.entries, b.count = make([]entry, 2*len(old)), 0
		for _, e := range old {
			if e.key != 0 {
				b.enter(e.key, e.who)
			}
		}
	}
}

func (b *registry) enter(key uint64, who *lodger) {
	e := &b.entries[b.find(key)]
	if e.key == 0 {
		b.count++
	}
	*e = entry{key, who}
}

// drop makes an address nobody's. Those behind it move up, so that they are found.
func (b *registry) drop(a netip.AddrPort) {
	key := keyOf(a)
	if key == 0 {
		delete(b.wide, a)
		return
	}
	hole := b.find(key)
	if b.entries[hole].key == 0 {
		return
	}
	b.count--
	mask := len(b.entries) - 1
	for i := (hole + 1) & mask; b.entries[i].key != 0; i = (i + 1) & mask {
		if from := b.place(b.entries[i].key); (i-from)&mask >= (i-hole)&mask {
			b.entries[hole] = b.entries[i]
			hole = i
		}
	}
	b.entries[hole] = entry{}
}

// find is where a key stands, or where it would.
func (b *registry) find(key uint64) int {
	mask := len(b.entries) - 1
	i := b.place(key)
	for b.entries[i].key != key && b.entries[i].key != 0 {
		i = (i + 1) & mask
	}
	return i
}

// place is where a key stands if nobody was there before.
func (b *registry) place(key uint64) int {
	return int(key * b.factor >> (64 - uint(bits.TrailingZeros(uint(len(b.entries))))))
}
