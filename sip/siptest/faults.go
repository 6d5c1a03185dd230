package siptest

import (
	"context"
	"net/netip"
	"time"
)

// Faults are the ways a phone or the network between can fail.
type Faults struct {
	DropACK   bool          // never acknowledge
	DelayACK  time.Duration // acknowledge a 2xx only so much later
	DropBYE   bool          // a hang-up is forgotten: nothing is sent, the phone thinks the call is over
	IgnoreBYE bool          // the other side's BYE is neither obeyed nor answered
	Duplicate bool          // every request is sent twice at once
}

// Break makes the phone misbehave from now on; the zero value repairs it.
func (p *Phone) Break(f Faults) { p.faults.Store(&f) }

// Vanish makes the phone stop answering everything, at once: no reply, no BYE,
// no RTP, as if its cable were pulled. Its calls do not know that they are over.
func (p *Phone) Vanish() { p.away.Store(true) }

// Return plugs the cable in again.
func (p *Phone) Return() { p.away.Store(false) }

// Missed is how many messages came while it was away.
func (p *Phone) Missed() int { return int(p.missed.Load()) }

// SendRaw sends bytes as they are to the server, or to another address when to
// is valid. What is answered arrives at Strays.
func (p *Phone) SendRaw(ctx context.Context, to netip.AddrPort, raw []byte) error {
	if !to.IsValid() {
		to = p.opts.Server
	}
	if err := p.wire.reach(ctx, to); err != nil {
		return err
	}
	var sent error
	if err := p.do(ctx, func() { sent = p.transmitRaw(to, raw) }); err != nil {
		return err
	}
	return sent
}
