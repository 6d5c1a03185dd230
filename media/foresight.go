package media

import (
	"net/netip"
	"unsafe"

	"breakwater/media/guard"
	"breakwater/media/meter"
)

// ahead is whose packets a loop serves next. What a packet needs (its leg, the leg that
// hears it, the guard, the meter, the recording: some fifty lines of memory) was last used
// 20 ms and a thousand packets ago, and the processor may have to wait for each line as
// long as for a hundred instructions. So while one packet is served, the memory of
// those behind it is on its way. What hangs on a pointer is asked for when the pointer
// should have come, and of each thing only what an ordinary packet needs, which is why
// that stands at its beginning.
type ahead struct {
	ports [mostReady]*Port // nil = nobody's, or none of ours
	from  [mostReady]netip.AddrPort
}

// foreseen is how many packets from the one that is served on must be known.
const foreseen = 10

// foresee prepares for the packets behind the i-th of n, whose ports have been asked for.
func (l *loop) foresee(a *ahead, i, n int) {
	if j := i + 6; j < n && a.ports[j] != nil {
		bring(unsafe.Pointer(a.ports[j].route.Load()), routeNear)
	}
	if j := i + 4; j < n && a.ports[j] != nil {
		r := a.ports[j].route.Load()
		bring(unsafe.Pointer(r.rec), recordingNear)
		bring(unsafe.Pointer(r.gauge), gaugeNear)
		r.peer.bring()
	}
	if j := i + 3; j < n && a.ports[j] != nil {
		a.ports[j].route.Load().gauge.bring()
		_, r := a.hearer(j)
		bring(unsafe.Pointer(r), routeNear)
	}
	if j := i + 2; j < n && a.ports[j] != nil {
		if p := a.ports[j]; p.home.Load() == l { // else its tape is another loop's
			p.route.Load().rec.bring(left)
		}
		if _, r := a.hearer(j); r != nil {
			bring(unsafe.Pointer(r.rec), recordingNear)
			bring(unsafe.Pointer(r.shield), shieldNear)
		}
	}
	if j := i + 1; j < n {
		if to, r := a.hearer(j); r != nil {
			if to.home.Load() == l {
				r.rec.bring(right)
			}
			if r.shield != nil {
				bring(unsafe.Pointer(r.shield.guard), guard.Front)
			}
		}
	}
}

// How many bytes at the beginning of each an ordinary packet needs.
const (
	portFirst     = int(unsafe.Offsetof(Port{}.in) + unsafe.Offsetof(inbound{}.stats))
	portNear      = int(unsafe.Offsetof(Port{}.in)+unsafe.Offsetof(inbound{}.latch)) + latchNear // of the party's packet
	latchNear     = int(unsafe.Offsetof(latch{}.host))
	outNear       = int(unsafe.Offsetof(outbound{}.pace))
	routeNear     = int(unsafe.Offsetof(route{}.desc) + unsafe.Offsetof(Desc{}.Remote))
	recordingNear = int(unsafe.Offsetof(Recording{}.tape) + unsafe.Offsetof(tape{}.segment))
	gaugeNear     = int(unsafe.Offsetof(gauge{}.voice))
	shieldNear    = int(unsafe.Offsetof(shield{}.exposure))
	lodgerNear    = int(unsafe.Offsetof(lodger{}.gone))
)

// bring asks for what a packet needs of the port of who hears it.
func (p *Port) bring() {
	if p != nil {
		bring(unsafe.Pointer(p), portFirst)
		bring(unsafe.Pointer(&p.in.latch), latchNear)
		bring(unsafe.Pointer(&p.out), outNear)
	}
}

// bring asks for the meter, when the gauge has come.
func (g *gauge) bring() {
	if g != nil {
		bring(unsafe.Pointer(g.meter), meter.Front)
	}
}

// bring asks for where the next frame of a channel will be laid, when the recording has
// come.
func (r *Recording) bring(channel uint8) {
	if r == nil {
		return
	}
	place := max(0, r.tape.tracks[channel].from) + mixFrame
	if held := r.tape.window[place/pageSpan%windowPages]; held != 0 {
		p := r.tape.stock.page(held)
		bring(unsafe.Pointer(&p.codes[channel][place%pageSpan]), mixFrame)
		bring(unsafe.Pointer(&p.heard), int(unsafe.Offsetof(p.begin)-unsafe.Offsetof(p.heard)))
	}
}

// hearer is who hears the j-th packet, and their route; nil when nobody does. It may change
// from one look to the next: a leg on a shared port may be another loop's.
func (a *ahead) hearer(j int) (*Port, *route) {
	if p := a.ports[j]; p != nil {
		if to := p.route.Load().peer; to != nil {
			return to, to.route.Load()
		}
	}
	return nil, nil
}

// look notes whose sockets are ready.
func (l *loop) look(n int) {
	for i := range n {
		l.ahead.ports[i] = nil
		if r, ok := l.poll.seen(i); ok && r.what == itsSound {
			l.ahead.ports[i] = l.slots[r.slot]
			bring(unsafe.Pointer(l.slots[r.slot]), portNear)
		}
	}
}

// bring asks for so many bytes from p on. It may be nil.
func bring(p unsafe.Pointer, bytes int) {
	if p != nil {
		at := int(uintptr(p) % lineBytes)
		prefetch(p, (at+bytes+lineBytes-1)/lineBytes)
	}
}

const lineBytes = 64 // of memory come together
