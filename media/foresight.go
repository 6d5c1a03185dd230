package media

import (
	"net/netip"
	"unsafe"
)

// ahead is whose packets a loop serves next. What a packet needs (its leg, the leg that
// hears it, the guard, the recordings: some eighty lines of memory) was last used
// 20 ms and a thousand packets ago, and the processor may have to wait for each line as
// long as for a hundred instructions. So while one packet is served, the memory of
// those behind it is on its way. What hangs on a pointer is asked for when the pointer
// should have come.
type ahead struct {
	ports [mostReady]*Port // nil = nobody's, or none of ours
	from  [mostReady]netip.AddrPort
}

// foresee prepares for the packets behind the i-th of n.
func (a *ahead) foresee(i, n int) {
	if j := i + 6; j < n && a.ports[j] != nil {
		bring(a.ports[j].route.Load())
	}
	if j := i + 4; j < n && a.ports[j] != nil {
		r := a.ports[j].route.Load()
		bring(r.rec)
		bring(r.peer)
	}
	if j := i + 3; j < n {
		bring(a.hearer(j))
	}
	if j := i + 2; j < n {
		if r := a.hearer(j); r != nil {
			bring(r.rec)
			bring(r.shield)
		}
	}
	if j := i + 1; j < n {
		if r := a.hearer(j); r != nil && r.shield != nil {
			bring(r.shield.guard)
		}
	}
}

// hearer is the route of who hears the j-th packet; nil when nobody does.
func (a *ahead) hearer(j int) *route {
	if p := a.ports[j]; p != nil {
		if to := p.route.Load().peer; to != nil {
			return to.route.Load()
		}
	}
	return nil
}

// look notes whose sockets are ready.
func (l *loop) look(n int) {
	for i := range n {
		l.ahead.ports[i] = nil
		if r, ok := l.poll.seen(i); ok && r.what == itsSound {
			l.ahead.ports[i] = l.slots[r.slot]
			bring(l.slots[r.slot])
		}
	}
}

// bring asks for all of a value's memory.
func bring[T any](p *T) {
	if p != nil {
		prefetch(unsafe.Pointer(p), (int(unsafe.Sizeof(*p))+63)/64)
	}
}
