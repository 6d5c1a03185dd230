package acd

import (
	"errors"
	"fmt"
	"testing"
)

// TestHowFarTheLedgerHasComeIsKnown follows one outage.
func TestHowFarTheLedgerHasComeIsKnown(t *testing.T) {
	var p progress
	full := errors.New("no space left")
	is := func(what string, seq uint64, known bool, want error) {
		t.Helper()
		if k, err := p.fate(seq); k != known || !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: of %d it is known %t that %v; want %t, %v", what, seq, k, err, known, want)
		}
	}
	is("nothing was tried", 1, false, nil)
	if back := p.wrote(5); back {
		t.Error("an outage ends that never was")
	}
	is("on disk", 5, true, nil)
	is("not yet tried", 6, false, nil)
	if first, gap := p.failed(8, 7, full); !first || gap {
		t.Errorf("the first failure: first %t, gap %t", first, gap)
	}
	is("tried in vain", 8, true, full)
	is("tried in vain", 8, true, ErrNotDurable)
	is("came since", 9, false, nil)
	is("on disk before", 5, true, nil)
	if first, gap := p.failed(9, 7, fmt.Errorf("append: %w", ErrForgotten)); first || !gap || !p.gap {
		t.Errorf("the second: first %t, gap %t", first, gap)
	}
	if p.unsure != 7 {
		t.Errorf("unsure up to %d, want 7", p.unsure)
	}
	if p.wrote(0); p.down == nil {
		t.Error("nothing was written, and the outage is over")
	}
	if back := p.wrote(9); !back || p.tried != 9 {
		t.Errorf("back %t, tried %d", back, p.tried)
	}
	is("on disk at last", 9, true, nil)
}
