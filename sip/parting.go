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
	phone   string
	at      netip.AddrPort // the contact that has a call until it answers; zero = it may have none
	since   time.Time
	unheard bool // it has not said a word to its INVITE: it may ring, or there is nobody
}

// partings knows which phones have not yet answered our BYE or CANCEL. A phone is
// not called before: with two calls on it, a headset's hook switch ends the wrong
// one. mu protects all fields; what waits is run without it.
type partings struct {
	mu    sync.Mutex
	open  map[string][]*parting // by phone
	queue map[string][]waiting  // for the phone
}

// waiting is what is run when a phone has put down.
type waiting struct {
	run     func()
	unheard bool // and when nobody is left who may just have begun to ring
}

func newPartings() *partings {
	return &partings{open: map[string][]*parting{}, queue: map[string][]waiting{}}
}

// begin is called when a goodbye is said to a phone. Trunks are not kept: nil.
func (p *partings) begin(phone string, at netip.AddrPort) *parting {
	return p.add(&parting{phone: phone, at: at})
}

// doubt is called when an INVITE is taken back before its contact has said a word.
// The CANCEL has to wait for one (RFC 3261 §9.1), and the INVITE comes again until then.
func (p *partings) doubt(phone string, at netip.AddrPort) *parting {
	return p.add(&parting{phone: phone, at: at, unheard: true})
}

func (p *partings) add(g *parting) *parting {
	if g.phone == "" {
		return nil
	}
	g.since = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[g.phone] = append(p.open[g.phone], g)
	return g
}

// end is called when a goodbye was answered, or never will be. nil is none.
func (p *partings) end(g *parting) {
	if g == nil {
		return
	}
	p.mu.Lock()
	left := slices.DeleteFunc(p.open[g.phone], func(o *parting) bool { return o == g })
	said := slices.ContainsFunc(left, func(o *parting) bool { return !o.unheard })
	var free, still []waiting
	for _, w := range p.queue[g.phone] {
		if said || w.unheard && len(left) > 0 {
			still = append(still, w)
		} else {
			free = append(free, w)
		}
	}
	p.open[g.phone], p.queue[g.phone] = left, still
	if len(left) == 0 {
		delete(p.open, g.phone)
	}
	if len(still) == 0 {
		delete(p.queue, g.phone)
	}
	p.mu.Unlock()
	for _, w := range free {
		w.run()
	}
}

// wait runs f once, when the phone has put down or no goodbye is younger than limit,
// whichever is first. false = it is so already: f is not run.
func (p *partings) wait(phone string, limit time.Duration, f func()) bool {
	return p.await(phone, limit, waiting{run: f})
}

// hear is wait that also waits for who has not said a word to an INVITE taken back.
func (p *partings) hear(phone string, limit time.Duration, f func()) bool {
	return p.await(phone, limit, waiting{run: f, unheard: true})
}

func (p *partings) await(phone string, limit time.Duration, w waiting) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var left time.Duration
	for _, g := range p.open[phone] {
		if w.unheard || !g.unheard {
			left = max(left, limit-time.Since(g.since))
		}
	}
	if left <= 0 {
		return false
	}
	var once sync.Once
	f := w.run
	timer := time.AfterFunc(left, func() { once.Do(f) })
	w.run = func() {
		timer.Stop()
		once.Do(f)
	}
	p.queue[phone] = append(p.queue[phone], w)
	return true
}

// owes tells whether a contact of the phone has a goodbye of ours to answer, or an
// INVITE that was taken back.
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
// another agent. A phone that registered from elsewhere meanwhile is. One that has not
// said a word to the INVITE of a call taken back holds up nobody where there are others:
// most often there is nobody. Alone it is waited for as long as for a goodbye.
func (l *leg) reach(all []destination) {
	if l.stage == over {
		return
	}
	p, phone, limit := l.s.roster.partings, l.out.target.Phone, partingT1s*l.s.post.timing.T1
	again := func() { l.box.post(func() { l.reach(all) }) }
	if p.wait(phone, limit, again) {
		return
	}
	free := slices.DeleteFunc(slices.Clone(all), func(d destination) bool { return p.owes(phone, d.to.remote) })
	if len(free) == 0 && p.hear(phone, limit, again) {
		return
	}
	if len(free) == 0 {
		l.end(call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable, Text: "the phone has answered neither its last call nor the goodbye of it"})
		return
	}
	l.out.begin(free)
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
