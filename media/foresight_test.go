package media

import (
	"testing"
	"unsafe"
)

func TestForesightHarmsNothing(t *testing.T) {
	prefetch(nil, 3) // an address that is nobody's
	var last [64]byte
	prefetch(unsafe.Pointer(&last), 1000) // far beyond what is ours
	bring(nil, 100)
	(*Port)(nil).bring()
	(*gauge)(nil).bring()
	(*Recording)(nil).bring(left)

	silent, heard := &Port{}, &Port{}
	silent.route.Store(&route{})
	heard.route.Store(&route{peer: silent})
	var a ahead
	l := &loop{}
	a.ports[1], a.ports[3] = silent, heard
	for n := range 12 {
		for i := range n {
			l.foresee(&a, i, n)
		}
	}
	for j, want := range map[int]*Port{0: nil, 1: nil, 3: silent} {
		if to, r := a.hearer(j); to != want || (r != nil) != (want != nil) {
			t.Errorf("who hears packet %d is not known", j)
		}
	}
}

// A leg on a shared port may be served by another loop, which parts it from its peer while
// this one looks ahead.
func TestForesightOutlivesThePartingOfAnotherLoopsLeg(t *testing.T) {
	silent, leg := &Port{}, &Port{}
	silent.route.Store(&route{})
	alone, joined := &route{}, &route{peer: silent}
	leg.route.Store(alone)
	const partings = 1_000_000
	parted := make(chan struct{})
	go func() {
		defer close(parted)
		for range partings {
			leg.route.Store(joined)
			leg.route.Store(alone)
		}
	}()
	var a ahead
	l := &loop{}
	for j := range a.ports {
		a.ports[j] = leg
	}
	for i := 0; ; i++ {
		l.foresee(&a, i%100, len(a.ports))
		select {
		case <-parted:
			return
		default:
		}
	}
}
