package media

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestARegistryKnowsWhoHasWhichAddress(t *testing.T) {
	addresses := []netip.AddrPort{{}, netip.MustParseAddrPort("0.0.0.0:0"), netip.MustParseAddrPort("[2001:db8::1]:4000")}
	for i := range 40 {
		addresses = append(addresses, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 3)}), uint16(i)))
	}
	rapid.Check(t, func(t *rapid.T) {
		b, want := newRegistry(), map[netip.AddrPort]*lodger{}
		b.factor = rapid.Uint64().Draw(t, "factor") | 1
		for range rapid.IntRange(0, 200).Draw(t, "changes") {
			a := rapid.SampledFrom(addresses).Draw(t, "address")
			if rapid.Bool().Draw(t, "goes") {
				b.drop(a)
				delete(want, a)
			} else {
				who := &lodger{}
				b.put(a, who)
				want[a] = who
			}
			if b.size() != len(want) {
				t.Fatalf("%d addresses are known, want %d", b.size(), len(want))
			}
			for _, a := range addresses {
				if got := b.at(a); got != want[a] {
					t.Fatalf("%v has %p, want %p", a, got, want[a])
				}
			}
		}
	})
}

func TestAskingARegistryAllocatesNothing(t *testing.T) {
	b, a := newRegistry(), netip.MustParseAddrPort("10.0.0.1:4000")
	b.put(a, &lodger{})
	if n := testing.AllocsPerRun(100, func() { _ = b.at(a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
