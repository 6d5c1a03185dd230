package sip

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"breakwater/call"
)

// parting is a goodbye that a phone has not answered: a BYE, a CANCEL, or one that is
// about to be said.
type parting struct {
	phone string
	at    netip.AddrPort // the contact that has a call until it answers; zero = it may have none
	since time.Time
}

// partings knows which phones have not yet answered our BYE or CANCEL. A phone is
// not called before: with two calls on it, a headset's hook switch ends the wrong
// one. mu protects all fields; what waits is run without it.
type partings struct {
	mu    sync.Mutex
	open  map[string][]*parting // by phone
	queue map[string][]func()   // what waits for the phone
}

func newPartings() *partings {
	return &partings{open: map[string][]*parting{}, queue: map[string][]func(){}}
}

// begin is called when a goodbye is said to a phone. Trunks are not kept: nil.
func (p *partings) begin(phone string, at netip.AddrPort) *parting {
	if phone == "" {
		return nil
	}
	g := &parting{phone: phone, at: at, since: time.Now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[phone] = append(p.open[phone], g)
	return g
}

// end is called when a goodbye was answered, or never will be. nil is none.
func (p *partings) end(g *parting) {
	if g == nil {
		return
	}
	p.mu.Lock()
	left := slices.DeleteFunc(p.open[g.phone], func(o *parting) bool { return o == g })
	p.open[g.phone] = left
	var free []func()
	if len(left) == 0 {
		free = p.queue[g.phone]
		delete(p.open, g.phone)
		delete(p.queue, g.phone)
	}
	p.mu.Unlock()
	for _, f := range free {
		f()
	}
}

// wait runs f once, when the phone has put down or no goodbye is younger than limit,
// whichever is first. false = it is so already: f is not run.
func (p *partings) wait(phone string, limit time.Duration, f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var left time.Duration
	for _, g := range p.open[phone] {
		left = max(left, limit-time.Since(g.since))
	}
	if left <= 0 {
		return false
	}
	var once sync.Once
	timer := time.AfterFunc(left, func() { once.Do(f) })
	p.queue[phone] = append(p.queue[phone], func() {
		timer.Stop()
		once.Do(f)
	})
	return true
}

// owes tells whether a contact of the phone has a goodbye of ours to answer.
func (p *partings) owes(phone string, at netip.AddrPort) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.open[phone], func(g *parting) bool { return g.at == at })
}

// partingT1s is how long, in T1, a phone may take to answer a goodbye, which is said
// three times meanwhile, before its contact counts as one that cannot be reached.
const partingT1s = 4

// reach calls the contacts once the phone has put down. One that does not answer our
// goodbye may still have its call and is not called: whoever waits is better off with
// another agent. A phone that registered from elsewhere meanwhile is.
func (l *leg) reach(all []destination) {
	if l.stage == over {
		return
	}
	p, phone := l.s.roster.partings, l.out.target.Phone
	again := func() { l.box.post(func() { l.reach(all) }) }
	if p.wait(phone, partingT1s*l.s.post.timing.T1, again) {
		return
	}
	all = slices.DeleteFunc(all, func(d destination) bool { return p.owes(phone, d.to.remote) })
	if len(all) == 0 {
		l.end(call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable, Text: "the phone has not answered the goodbye of its last call"})
		return
	}
	l.out.begin(all)
}

// parting: the leg says goodbye on the wire.
func (l *leg) parting() {
	l.box.office.goodbyes.Add(1)
	l.peer.parting = l.s.roster.partings.begin(l.who.Phone, l.peer.hop.remote)
}

// parted: the goodbye was answered, or never will be.
func (l *leg) parted() {
	l.box.office.goodbyes.Add(-1)
	l.s.roster.partings.end(l.peer.parting)
	l.peer.parting = nil
}
