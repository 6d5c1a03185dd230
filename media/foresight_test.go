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
	if a.hearer(0) != nil || a.hearer(1) != nil || a.hearer(3) != silent.route.Load() {
		t.Error("who hears the next packets is not known")
	}
}
