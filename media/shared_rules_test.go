package media

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"breakwater/media/rtp"
)

// party is one call in the model: it has an address for itself while it lasts, and may
// send some more when it is over, for its phone does not know yet.
type party struct {
	*lodger
	at       netip.AddrPort
	ssrc     uint32
	sequence uint16
	heard    bool
	over     bool
	spoke    int64 // when it sent last, or ended
	ended    int64
}

// Calls come and go by very few addresses, move, clash, fall silent, go on after their
// end: at no moment is a packet given to another leg than its sender's, and whoever is
// live is heard.
func TestNoPacketIsEverGivenToAnotherLeg(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &loop{engine: &Engine{settings: Settings{Drain: 2 * time.Second}}, now: 1}
		s := newSharedPort(l, netip.AddrPort{}, noSocket(), noSocket())
		addresses := make([]netip.AddrPort, 3)
		for i := range addresses {
			addresses[i] = netip.AddrPortFrom(loopback, uint16(4000+2*i))
		}
		var all []*party
		calls := uint32(0)
		live := func() []*party {
			return slices.DeleteFunc(slices.Clone(all), func(p *party) bool { return p.over })
		}
		taken := func(a netip.AddrPort) bool {
			return slices.ContainsFunc(live(), func(p *party) bool { return p.at == a })
		}
		address := rapid.SampledFrom(addresses)
		pick := func(t *rapid.T, of []*party) *party {
			if len(of) == 0 {
				t.Skip("nobody")
			}
			return rapid.SampledFrom(of).Draw(t, "party")
		}
		say := func(t *rapid.T, p *party) *lodger {
			packet := make([]byte, 172)
			p.sequence++
			rtp.Header{Sequence: p.sequence, SSRC: p.ssrc}.Put(packet)
			p.spoke = l.now
			was := map[*lodger]uint32{}
			for _, x := range all {
				was[x.lodger] = x.lodger.ssrc
			}
			g := s.whose(sharedSound, packet, p.at)
			if g != nil && g != p.lodger {
				t.Fatalf("a packet of %d is given to another leg, whose newest was of %d", p.ssrc, was[g])
			}
			return g
		}
		t.Repeat(map[string]func(*rapid.T){
			"a call comes": func(t *rapid.T) {
				calls++
				s.legs.Add(1)
				p := &party{lodger: &lodger{port: &Port{}, in: s}, at: address.Draw(t, "at"), ssrc: calls}
				honest := !taken(p.at)
				err := s.claim(p.lodger, p.at, above(p.at))
				if err != nil && !errors.Is(err, ErrTaken) || err == nil && !honest {
					t.Fatalf("an address that is free %v gives %v", honest, err)
				}
				if err != nil { // it departs
					s.leave(p.lodger)
					return
				}
				all = append(all, p)
			},
			"a call moves": func(t *rapid.T) {
				p, to := pick(t, live()), address.Draw(t, "to")
				if p.contested || taken(to) {
					t.Skip("taken")
				}
				if err := s.claim(p.lodger, to, above(to)); err == nil {
					s.settle(p.lodger)
					p.at = to
				}
			},
			"a call ends": func(t *rapid.T) {
				p := pick(t, live())
				p.over, p.ended, p.spoke = true, l.now, l.now
				s.leave(p.lodger)
			},
			"a party speaks": func(t *rapid.T) {
				p := pick(t, live())
				switch g := say(t, p); {
				case g == nil && (!p.contested || p.heard):
					t.Fatalf("%x is not heard", p.ssrc)
				case g != nil:
					p.heard = true
				}
			},
			"a party speaks after the end": func(t *rapid.T) {
				all = slices.DeleteFunc(all, func(p *party) bool {
					return p.over && (l.now-p.spoke >= int64(drainQuiet) || l.now >= p.ended+int64(2*time.Second))
				})
				p := pick(t, slices.DeleteFunc(slices.Clone(all), func(p *party) bool { return !p.over }))
				if say(t, p) != nil {
					t.Fatalf("%x is heard after its end", p.ssrc)
				}
			},
			"a party falls silent, or does not": func(t *rapid.T) {
				s.hush(pick(t, live()).lodger, rapid.Bool().Draw(t, "silent"))
			},
			"time passes": func(*rapid.T) {
				l.now += int64(rapid.SampledFrom([]time.Duration{time.Millisecond, 90 * time.Millisecond, 250 * time.Millisecond}).Draw(t, "by"))
			},
			"": func(t *rapid.T) {
				if n := len(live()); len(s.sound) != n || int(s.legs.Load()) != n {
					t.Fatalf("%d addresses and %d legs are known of %d calls", len(s.sound), s.legs.Load(), n)
				}
			},
		})
		for _, p := range live() {
			s.leave(p.lodger)
		}
		if len(s.sound)+len(s.reports)+len(s.silent) != 0 {
			t.Fatalf("left are %v %v %v", s.sound, s.reports, s.silent)
		}
	})
}
