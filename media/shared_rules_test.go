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

// party is one call in the model: it has an address for itself while it lasts, may be found
// at another, and may send some more when it is over, for its phone does not know yet.
type party struct {
	*lodger
	want     netip.AddrPort // agreed
	at       netip.AddrPort // where it speaks from
	ssrc     uint32
	sequence uint16
	heard    bool
	over     bool
	spoke    int64 // when it sent last, or ended
	ended    int64
}

// quarter is a shared port in the model: what is known of its addresses from outside.
type quarter struct {
	*sharedPort
	all      []*party
	unheard  map[netip.AddrPort]int64 // when an address was left by somebody who was never heard there
	anyone   map[netip.AddrPort]int64 // when it was left by anybody
	begun    uint32
	wandered int // parties that were found again
}

func newQuarter() *quarter {
	l := &loop{engine: &Engine{settings: Settings{Drain: 2 * time.Second}}, now: int64(time.Hour)}
	return &quarter{
		sharedPort: newSharedPort(l, netip.AddrPort{}, noSocket(), noSocket()),
		unheard:    map[netip.AddrPort]int64{}, anyone: map[netip.AddrPort]int64{},
	}
}

func (q *quarter) live() []*party {
	return slices.DeleteFunc(slices.Clone(q.all), func(p *party) bool { return p.over })
}

// taken tells whether an address is somebody's.
func (q *quarter) taken(a netip.AddrPort) bool {
	return slices.ContainsFunc(q.live(), func(p *party) bool { return p.want == a || p.at == a })
}

// left notes that a party gives addresses back.
func (q *quarter) left(p *party, addresses ...netip.AddrPort) {
	for _, a := range addresses {
		q.anyone[a] = q.at.now
		if !p.heard {
			q.unheard[a] = q.at.now
		}
	}
}

// may tells whether an address may be claimed: it is free, and nobody whose stream is not
// known may still send from it.
func (q *quarter) may(a netip.AddrPort) bool {
	left, haunted := q.unheard[a]
	return !q.taken(a) && (!haunted || q.at.now-left >= int64(drainQuiet))
}

// say sends the party's next packet from an address.
func (q *quarter) say(t *rapid.T, p *party, from netip.AddrPort, skipped uint16) *lodger {
	packet := make([]byte, 172)
	p.sequence++
	rtp.Header{Sequence: p.sequence + skipped, SSRC: p.ssrc}.Put(packet)
	p.spoke = q.at.now
	g := q.whose(sharedSound, q.resident(sharedSound, from), packet, from)
	if g != nil && g != p.lodger {
		t.Fatalf("a packet of %d is given to another leg", p.ssrc)
	}
	if g != nil {
		p.heard, p.at = true, from
		p.port.heard.Store(q.at.now)
	}
	return g
}

func (q *quarter) comes(t *rapid.T, at netip.AddrPort) {
	q.begun++
	q.legs.Add(1)
	p := &party{lodger: &lodger{port: &Port{}, in: q.sharedPort}, want: at, at: at, ssrc: q.begun}
	free, may := !q.taken(at), q.may(at)
	switch err := q.claim(p.lodger, at, above(at)); {
	case err == nil && !free, err != nil && may, err != nil && !errors.Is(err, ErrTaken):
		t.Fatalf("an address that is free %v, and may be claimed %v, gives %v", free, may, err)
	case err != nil: // it departs
		q.leave(p.lodger)
	default:
		q.all = append(q.all, p)
	}
}

func (q *quarter) moves(t *rapid.T, p *party, to netip.AddrPort) {
	if p.contested || to != p.at && to != p.want && q.taken(to) {
		t.Skip("taken")
	}
	own := to == p.at || to == p.want
	may := own || q.may(to)
	switch err := q.claim(p.lodger, to, above(to)); {
	case err != nil && (may || !errors.Is(err, ErrTaken)):
		t.Fatalf("a free address gives %v", err)
	case err == nil && to != p.want: // else it is what was agreed before
		q.settle(p.lodger)
		for _, a := range []netip.AddrPort{p.want, p.at} {
			if a != to {
				q.left(p, a)
			}
		}
		p.want, p.at = to, to
	}
}

// goesOn lets a party that has fallen silent speak from another address, that nobody told.
// It is found there if it was silent for long, its stream goes on, and nobody else's late
// packets could be meant.
func (q *quarter) goesOn(t *rapid.T, p *party, to netip.AddrPort, skipped uint16) {
	if unknown, haunted := q.unheard[to]; !p.heard || q.taken(to) || haunted && q.at.now-unknown < int64(2*time.Second) {
		t.Skip("its own, or another's; whoever has just left unheard sends from there, and two do not")
	}
	silent := p.lost && q.at.now-p.port.heard.Load() >= int64(silence)
	left, haunted := q.anyone[to]
	clean := !haunted || q.at.now-left >= int64(2*time.Second)
	before, follows := p.at, continues(p.lodger.sequence, p.sequence+1+skipped)
	switch g := q.say(t, p, to, skipped); {
	case g != nil && (!silent || !follows):
		t.Fatalf("%x is found elsewhere: silent %v, its stream goes on %v", p.ssrc, silent, follows)
	case g == nil && silent && follows && clean:
		t.Fatalf("%x is not found again", p.ssrc)
	case g != nil:
		q.wandered++
		p.sequence += skipped
		if before != p.want {
			q.left(p, before)
		}
	}
}

func (q *quarter) check(t *rapid.T) {
	addresses := map[netip.AddrPort]bool{}
	for _, p := range q.live() {
		addresses[p.want], addresses[p.at] = true, true
	}
	if n := len(q.live()); q.sound.size() != len(addresses) || int(q.legs.Load()) != n {
		t.Fatalf("%d addresses and %d legs are known of %d calls at %d addresses", q.sound.size(), q.legs.Load(), n, len(addresses))
	}
}

// Calls come and go by very few addresses, move, clash, fall silent, are found elsewhere, go
// on after their end: at no moment is a packet given to another leg than its sender's,
// whoever is live is heard, and no address is refused without need.
func TestNoPacketIsEverGivenToAnotherLeg(t *testing.T) {
	wandered := 0
	rapid.Check(t, func(t *rapid.T) {
		q := newQuarter()
		addresses := make([]netip.AddrPort, 4)
		for i := range addresses {
			addresses[i] = netip.AddrPortFrom(loopback, uint16(4000+2*i))
		}
		address := rapid.SampledFrom(addresses)
		pick := func(t *rapid.T, of []*party) *party {
			if len(of) == 0 {
				t.Skip("nobody")
			}
			return rapid.SampledFrom(of).Draw(t, "party")
		}
		pass := func(t *rapid.T, by ...time.Duration) {
			q.at.now += int64(rapid.SampledFrom(by).Draw(t, "by"))
		}
		t.Repeat(map[string]func(*rapid.T){
			"a call comes": func(t *rapid.T) { q.comes(t, address.Draw(t, "at")) },
			"a call moves": func(t *rapid.T) { q.moves(t, pick(t, q.live()), address.Draw(t, "to")) },
			"a call ends": func(t *rapid.T) {
				p := pick(t, q.live())
				q.left(p, p.want, p.at)
				p.over, p.ended, p.spoke = true, q.at.now, q.at.now
				q.leave(p.lodger)
			},
			"a party speaks": func(t *rapid.T) {
				p := pick(t, q.live())
				if g := q.say(t, p, p.at, 0); g == nil && (!p.contested || p.heard) {
					t.Fatalf("%x is not heard", p.ssrc)
				}
			},
			"a party speaks after the end": func(t *rapid.T) {
				q.all = slices.DeleteFunc(q.all, func(p *party) bool {
					return p.over && (q.at.now-p.spoke >= int64(drainQuiet) || q.at.now >= p.ended+int64(2*time.Second))
				})
				p := pick(t, slices.DeleteFunc(slices.Clone(q.all), func(p *party) bool { return !p.over }))
				if q.say(t, p, p.at, 0) != nil {
					t.Fatalf("%x is heard after its end", p.ssrc)
				}
			},
			"a party falls silent, or does not": func(t *rapid.T) {
				p := pick(t, q.live())
				q.hush(p.lodger, p.heard && rapid.Bool().Draw(t, "silent"))
			},
			"a party goes on elsewhere": func(t *rapid.T) {
				p := pick(t, slices.DeleteFunc(q.live(), func(p *party) bool { return !p.heard }))
				if rapid.SampledFrom([]bool{true, true, false}).Draw(t, "missed") { // it was heard last so long ago that it is looked for
					p.port.heard.Store(q.at.now - int64(silence))
					q.hush(p.lodger, true)
				}
				free := slices.DeleteFunc(slices.Clone(addresses), q.taken)
				if len(free) == 0 || rapid.IntRange(0, 3).Draw(t, "anywhere") == 0 {
					free = addresses
				}
				q.goesOn(t, p, rapid.SampledFrom(free).Draw(t, "to"), rapid.SampledFrom([]uint16{0, 0, 50, 30000}).Draw(t, "skipped"))
			},
			"time passes": func(t *rapid.T) { pass(t, time.Millisecond, 90*time.Millisecond, 250*time.Millisecond) },
			"":            q.check,
		})
		wandered += q.wandered
		for _, p := range q.live() {
			q.leave(p.lodger)
		}
		if q.sound.size()+q.reports.size()+len(q.silent) != 0 {
			t.Fatalf("left are %v %v %v", q.sound, q.reports, q.silent)
		}
	})
	if t.Logf("%d were found again", wandered); wandered == 0 {
		t.Error("nobody was found again: that is not tested")
	}
}

// TestToLeaveCostsTheSameHoweverManyHaveLeft: a busy house has thousands of addresses that
// may still be haunted.
func TestToLeaveCostsTheSameHoweverManyHaveLeft(t *testing.T) {
	s := newQuarter().sharedPort
	address := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 4000)
	}
	comesAndGoes := func(i int) {
		g := &lodger{in: s}
		if err := s.claim(g, address(i), netip.AddrPort{}); err != nil {
			t.Fatal(err)
		}
		s.leave(g)
	}
	for i := range 2000 {
		comesAndGoes(i)
	}
	next := 2000
	if n := testing.AllocsPerRun(500, func() { comesAndGoes(next); next++ }); n > 20 {
		t.Errorf("%v allocations for one who leaves after %d others", n, next)
	}
	s.at.now += int64(3 * time.Second) // longer than the drain
	comesAndGoes(0)
	if n := len(s.late); n != 1 {
		t.Errorf("%d addresses are remembered when only one was left of late", n)
	}
}
