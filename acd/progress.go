package acd

import (
	"errors"
	"fmt"
)

// progress is how far the ledger is known to have come.
type progress struct {
	durable uint64 // the last seq on disk
	tried   uint64 // the last seq of an attempt, failed ones too
	unsure  uint64 // the last seq of a failed Append, which may have arrived all the same
	gap     bool   // the ledger has lost events: only a snapshot helps
	down    error  // why the last attempt failed; nil = it did not
}

// wrote notes that everything up to seq is on disk; 0 says nothing of any. back = that
// ends an outage.
func (p *progress) wrote(seq uint64) (back bool) {
	p.durable, p.tried = max(p.durable, seq), max(p.tried, seq)
	if back = seq > 0 && p.down != nil; back {
		p.down = nil
	}
	return back
}

// failed notes that an attempt with everything up to seq failed, of which what went out up
// to unsure may have arrived. first = an outage begins; gap = the ledger has lost events.
func (p *progress) failed(seq, unsure uint64, err error) (first, gap bool) {
	p.tried, p.unsure = max(p.tried, seq), max(p.unsure, unsure)
	first, gap = p.down == nil, errors.Is(err, ErrForgotten)
	p.gap, p.down = p.gap || gap, err
	return first, gap
}

// fate tells what became of everything up to seq: it is on disk (nil), or an attempt has
// failed (ErrNotDurable); known is false while neither is so.
func (p *progress) fate(seq uint64) (known bool, err error) {
	switch {
	case p.durable >= seq:
		return true, nil
	case p.down != nil && p.tried >= seq:
		return true, fmt.Errorf("%w: %w", ErrNotDurable, p.down)
	}
	return false, nil
}
