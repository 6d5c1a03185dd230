//go:build !portable

package media

import (
	"net/netip"
	"testing"
	"time"
)

// rested is for how long a loop would rest after the pass that follows what f does at its helm.
func rested(t *testing.T, l *loop, f func()) (d time.Duration) {
	t.Helper()
	l.order(func(l *loop) {
		l.pass(l.poll.found()) // what was there before
		f()
		if until := l.pass(l.poll.found()); until > 0 {
			d = time.Duration(until - l.now)
		}
	})
	return d
}

func TestThePacketsOfAPassAreCountedForItsRest(t *testing.T) {
	for name, open := range map[string]func(*testing.T, *Engine) (a, b *phone){
		"on a shared port": sharers,
		"on ports of their own": func(t *testing.T, e *Engine) (a, b *phone) {
			a, b = newPhone(t, e, PCMU), newPhone(t, e, PCMU)
			join(t, e, a, b)
			return a, b
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 12)
			a, _ := open(t, e)
			l := a.port.home.Load()
			if d := rested(t, l, func() {}); d != 0 {
				t.Errorf("rests for %v after a pass without packets", d)
			}
			if d := rested(t, l, func() { a.say(flat(1)) }); d != longTick {
				t.Errorf("rests for %v after one packet, want %v", d, longTick)
			}
			evil := listen(t, netip.AddrPortFrom(loopback, 0)) // what is nobody's is read, too
			defer func() { _ = evil.Close() }()
			if d := rested(t, l, func() {
				for range fewPackets {
					if _, err := evil.WriteToUDPAddrPort([]byte("x"), a.port.Local()); err != nil {
						t.Error(err)
					}
				}
			}); d != tick {
				t.Errorf("rests for %v after %d packets, want %v", d, fewPackets, tick)
			}
			if d := rested(t, l, func() {
				a.say(flat(2))
				l.post(job{run: func(*loop) {}})
			}); d != tick {
				t.Errorf("rests for %v after a packet and a job, want %v", d, tick)
			}
		})
	}
}
