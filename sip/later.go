package sip

import "time"

// later is a job that its mailbox does when a time is over. It belongs to the mailbox.
type later struct {
	box   *mailbox
	run   func() // nil = it was called off
	timer *time.Timer
}

// after does f when d is over.
func (b *mailbox) after(d time.Duration, f func()) *later {
	p := &later{box: b, run: f}
	p.timer = time.AfterFunc(d, p.ring)
	return p
}

func (p *later) ring() { p.box.post(p.due) }

func (p *later) due() {
	if p.run != nil {
		p.run()
	}
}

// again does it once more, when d is over.
func (p *later) again(d time.Duration) { p.timer.Reset(d) }

// stop calls it off; nil is none. What it would have run is let go: the runtime may keep a
// stopped timer for as long as those beside it last, and would keep a whole call by it.
func (p *later) stop() {
	if p == nil {
		return
	}
	p.timer.Stop()
	p.run = nil
}
