package media

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// Port is one party's sound. Its receiving side belongs to its I/O loop; its
// sending side to exactly one source at a time: the newest playback, else the
// bridge, else nobody. Methods are safe for concurrent use and never wait for
// the network.
type Port struct {
	// What a packet needs stands at the beginning, of the port as of its parts: that much
	// is asked for before it is needed (foresight.go).
	engine *Engine
	home   atomic.Pointer[loop]  // who serves it; changed by that loop only
	route  atomic.Pointer[route] // what packets obey; swapped, never edited
	heard  atomic.Int64          // when RTP of the party came last, ns
	rtp    socket                // the loop's, once it serves it
	in     inbound               // the loop's
	out    outbound              // the loop's

	rtcp     socket // the loop's, once it serves it
	local    atomic.Pointer[netip.AddrPort]
	shares   atomic.Bool // the sockets are those of a shared port
	hears    atomic.Pointer[func(Digit)]
	level    notice[Level]
	final    atomic.Pointer[Quality] // the account when the port was closed
	reported atomic.Int64            // when RTCP of the party came last, ns

	mu  sync.Mutex // guards ctl, for a few lines at a time
	ctl control
}

// control is what the control side wants of a port. A route is made of it.
type control struct {
	lodger *lodger // nil = the port is the leg's own
	desc   Desc
	agreed bool
	former former
	play   *Playback
	bridge *Bridge
	peer   *Port // who hears this party; nil while bridge is being built
	gain   float64
	relay  bool      // telephone-events go to peer
	seat   *seat     // in a bridge that mixes; then there is no peer
	wide   *wideband // nil unless G.722 was agreed
	rec    *Recording
	shield *shield   // the guard of this party's ear; nil = not protected
	gauge  *gauge    // nil unless the party's voice is measured
	tones  *keyTones // nil unless keys are looked for in the party's sound
	closed bool
}

// route is where the packets of one party go. It is immutable.
type route struct {
	play    *Playback     // the source toward the party until it is over, else
	peer    *Port         // the bridge: peer hears the party, and the party hears peer
	seat    *seat         // the bridge, if it mixes: then there is no peer
	wide    *wideband     // for G.722; nil = it is not spoken
	rec     *Recording    // hears both directions
	tones   *keyTones     // looks for keys in what the party says; nil = nothing does
	gauge   *gauge        // measures what the party says; nil = nothing does
	shield  *shield       // guards what the party hears; nil = nothing does
	tables  [2]*[256]byte // the party's codes as peer is to hear them, by peer's codec; nil = unchanged
	loud    float64       // factor that is in tables
	samples int           // in a packet that we send
	relay   bool          // telephone-events go to peer
	agreed  bool
	desc    Desc // its addresses, and former, are not looked at for a packet of sound
	former  former
}

// former is what was agreed before, for packets that were on their way.
type former struct {
	desc  Desc
	table *[256]byte // its codes in the codec that is agreed now; nil = the same
	until int64      // ns of the engine's clock
}

const noPayload = 255 // no packet has this payload type

// overlap is how long packets of the former agreement are taken: those of a phone that
// has not seen our answer yet, or is slow to obey its own offer.
const overlap = time.Second

func newPort(e *Engine, local netip.AddrPort, rtpSocket, rtcpSocket socket) *Port {
	p := &Port{engine: e, rtp: rtpSocket, rtcp: rtcpSocket}
	p.local.Store(&local)
	p.level.post(Level{Power: math.Inf(-1)})
	p.out.line = rtp.NewLine(rand.Uint32(), uint16(rand.Uint32()), rand.Uint32())
	p.in.cname = fmt.Sprintf("%016x", rand.Uint64()) // RFC 7022: random, for this call only
	p.in.slot = nowhere
	p.in.empty = timer{port: p}
	p.out.pace = timer{port: p}
	p.in.voice = newVoice()
	p.route.Store(&route{samples: g711.Rate / 50})
	return p
}

// Local is the address to put into SDP.
func (p *Port) Local() netip.AddrPort { return *p.local.Load() }

// Apply sets what was agreed; the next packet follows it. The SSRC, sequence and
// timestamp of what we send go on without a break. The error says which part of d
// is impossible; then nothing changed.
func (p *Port) Apply(d Desc) error {
	if d.Ptime == 0 {
		d.Ptime = 20 * time.Millisecond
	}
	switch {
	case d.Codec != PCMU && d.Codec != PCMA && d.Codec != G722:
		return fmt.Errorf("media: codec %d is neither PCMU nor PCMA nor G722", d.Codec)
	case d.Payload > 127 || d.DTMF > 127:
		return fmt.Errorf("media: payload types %d and %d must be under 128", d.Payload, d.DTMF)
	case d.Ptime < 10*time.Millisecond || d.Ptime > 60*time.Millisecond || d.Ptime%time.Millisecond != 0:
		return fmt.Errorf("media: packet time %v must be 10 to 60 whole milliseconds", d.Ptime)
	case !reaches(p.Local().Addr().Unmap(), d.Remote.Addr().Unmap()):
		return fmt.Errorf("media: %v cannot be reached from %v", d.Remote, p.Local())
	}
	if err := p.claim(d); err != nil {
		return err
	}
	before := p.Desc().Remote
	bridge, err := p.agree(d)
	if bridge != nil {
		bridge.rearrange()
	}
	if err == nil && before.IsValid() && before != d.Remote {
		p.do(func(l *loop) { l.follow(p) }) // at once: nobody else may be heard meanwhile
	}
	return err
}

// agree takes what was agreed. It gives the bridge that must look anew at how its ports
// speak, if there is one.
func (p *Port) agree(d Desc) (*Bridge, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctl.closed {
		return nil, ErrClosed
	}
	was, before := p.ctl.desc, p.ctl.agreed
	if before && (was.Codec != d.Codec || was.Payload != d.Payload || was.DTMF != d.DTMF) {
		p.ctl.former = former{desc: was, until: p.engine.clock() + int64(overlap)}
		switch {
		case was.Codec.wide() != d.Codec.wide(): // too different to be made the same
			p.ctl.former.desc.Payload = noPayload
		case was.Codec != d.Codec:
			p.ctl.former.table = was.Codec.transcoding()
		}
	}
	switch {
	case !d.Codec.wide():
		p.ctl.wide = nil
	case p.ctl.wide == nil:
		p.ctl.wide = &wideband{}
	}
	p.ctl.desc, p.ctl.agreed = d, true
	p.swap()
	if before && was.Ptime == d.Ptime && was.Codec.wide() == d.Codec.wide() {
		return nil, nil //nolint:nilnil // no bridge, and nothing wrong
	}
	return p.ctl.bridge, nil
}

// reaches tells whether sound can go from an address of ours to one of a party. Who
// holds by an address of zeros may write them in either family.
func reaches(local, remote netip.Addr) bool {
	return !remote.IsValid() || remote.IsUnspecified() || local.Is6() && local.IsUnspecified() || local.Is4() == remote.Is4()
}

// Desc is what was last applied.
func (p *Port) Desc() Desc {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ctl.desc
}

// OnDigit sets who hears of digits; f is called from a control goroutine, in
// order, and must not block. nil = nobody.
func (p *Port) OnDigit(f func(Digit)) {
	if f == nil {
		p.hears.Store(nil)
		return
	}
	p.hears.Store(&f)
}

// Level is the newest account of the party's voice, published five times a second.
func (p *Port) Level() Level { return p.level.read() }

// Heard tells when the party was last heard.
func (p *Port) Heard() Heard {
	return Heard{RTP: p.engine.moment(p.heard.Load()), RTCP: p.engine.moment(p.reported.Load())}
}

// Quality is the account of this leg so far; after Close, the final one.
func (p *Port) Quality() (q Quality) {
	if p.final.Load() == nil && p.do(func(*loop) { q = p.account() }) {
		return q
	}
	if final := p.final.Load(); final != nil {
		return *final
	}
	return Quality{}
}

// Close ends the party's sound; the port is drained before it is used again.
func (p *Port) Close() {
	p.mu.Lock()
	if p.ctl.closed {
		p.mu.Unlock()
		return
	}
	p.ctl.closed = true
	play, bridge, rec := p.ctl.play, p.ctl.bridge, p.ctl.rec
	p.ctl.play, p.ctl.rec = nil, nil
	p.swap()
	p.mu.Unlock()

	play.end(stopped)
	p.hears.Store(nil)
	p.engine.closing(p)
	if bridge != nil && bridge.loop != p.home.Load() { // it was on its way there
		bridge.loop.order(func(l *loop) { bridge.leave(l, p) })
		bridge = nil
	}
	p.do(func(l *loop) {
		if bridge != nil {
			bridge.leave(l, p)
		}
		l.drain(p)
	})
	rec.ended()
}

// swap makes the present wishes the route. p.mu is held.
func (p *Port) swap() {
	c := &p.ctl
	r := &route{
		desc: c.desc, agreed: c.agreed && !c.closed, former: c.former, play: c.play, peer: c.peer,
		relay: c.relay, seat: c.seat, wide: c.wide, rec: c.rec, gauge: c.gauge, tones: c.tones, shield: c.shield,
	}
	r.desc.Remote, r.desc.RTCP = plain(c.desc.Remote), plain(c.desc.RTCP)
	r.samples = packetSamples(c.desc.Ptime)
	if c.peer != nil {
		r.loud = factor(c.gain)
		r.tables = [2]*[256]byte{
			translation(c.desc.Codec, PCMU, c.gain),
			translation(c.desc.Codec, PCMA, c.gain),
		}
	}
	p.route.Store(r)
}

// packetSamples is the number of samples in a packet; before anything is agreed, that of
// 20 ms.
func packetSamples(ptime time.Duration) int {
	if ptime == 0 {
		ptime = 20 * time.Millisecond
	}
	return int(ptime * g711.Rate / time.Second)
}

// do runs f at the helm of the loop that serves the port and waits until it has run: at most about a tick. false when the engine is closed.
func (p *Port) do(f func(l *loop)) bool { return p.home.Load().command(p, f) }

// tell is do without waiting. What is done after it is done after f. false: never.
func (p *Port) tell(f func(l *loop)) bool { return p.home.Load().post(job{port: p, run: f}) }
