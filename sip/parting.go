package sip

import (
	"sync"
	"time"
)

// partings knows which phones have not yet answered our BYE or CANCEL. A phone is
// not called before: with two calls on it, a headset's hook switch ends the wrong
// one. mu protects all fields; what waits is run without it.
type partings struct {
	mu    sync.Mutex
	open  map[string]int      // goodbyes that wait for their answer
	queue map[string][]func() // what waits for the phone
}

func newPartings() *partings {
	return &partings{open: map[string]int{}, queue: map[string][]func(){}}
}

// begin is called when a goodbye is said to a phone. Trunks are not kept.
func (p *partings) begin(phone string) {
	if phone == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[phone]++
}

// end is called when a goodbye was answered, or never will be.
func (p *partings) end(phone string) {
	if phone == "" {
		return
	}
	p.mu.Lock()
	p.open[phone]--
	var free []func()
	if p.open[phone] <= 0 {
		free = p.queue[phone]
		delete(p.open, phone)
		delete(p.queue, phone)
	}
	p.mu.Unlock()
	for _, f := range free {
		f()
	}
}

// wait runs f once, when the phone has put down or after limit, whichever is first.
// false = it has put down already: f is not run.
func (p *partings) wait(phone string, limit time.Duration, f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[phone] == 0 {
		return false
	}
	var once sync.Once
	timer := time.AfterFunc(limit, func() { once.Do(f) })
	p.queue[phone] = append(p.queue[phone], func() {
		timer.Stop()
		once.Do(f)
	})
	return true
}

// partingT1s is how long, in T1, a phone may take to answer a goodbye before it is
// called nevertheless: its answer may be lost, and a caller waits.
const partingT1s = 4

// parting: the leg says goodbye on the wire.
func (l *leg) parting() {
	l.box.office.goodbyes.Add(1)
	l.s.roster.partings.begin(l.who.Phone)
}

// parted: the goodbye was answered, or never will be.
func (l *leg) parted() {
	l.box.office.goodbyes.Add(-1)
	l.s.roster.partings.end(l.who.Phone)
}
