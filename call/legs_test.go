package call

import (
	"context"
	"slices"
	"sync"
	"time"

	"breakwater/media"
)

// fakeLeg is a party that does what the test says, and keeps what sip promises of a
// leg: signals in order, Ended last and once, also after a hang-up of ours.
type fakeLeg struct {
	party  Party
	target Target // of one that we dialled

	mu       sync.Mutex // protects all following fields
	sink     func(Signal)
	early    []Signal
	rang     bool
	answered bool
	over     bool
	hungUp   *Cause // by us
	spoken   time.Duration
	account  media.Level   // of the voice; zero = always the newest
	tail     time.Duration // of silence, of what was played last
	voice    media.Voice   // what a meter found
	metered  bool
	heard    []string // what was played to it, by clip name
	cut      []string // what of it was not heard to the end, music aside
	playing  *fakePlayback
	bridge   *fakeJoined
	lingers  bool // its sound is still there after its end, as for a moment in life
}

func (l *fakeLeg) Party() Party { return l.party }

func (l *fakeLeg) Listen(sink func(Signal)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sink = sink
	for _, s := range l.early {
		sink(s)
	}
	l.early = nil
}

// signal lets something happen on the leg; nothing happens on one that is over.
func (l *fakeLeg) signal(s Signal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	switch s.Kind {
	case Answered:
		l.answered = true
	case Ended:
		l.over = true
		defer l.silence() // sip tells the end before the sound stops
	case Ringing, Pressed, Held, Resumed, Asked:
	}
	if l.sink == nil {
		l.early = append(l.early, s)
		return
	}
	l.sink(s)
}

// silence ends what plays; l.mu is held.
func (l *fakeLeg) silence() {
	if p := l.playing; p != nil && !p.ended() {
		p.end(false)
		if !p.loops {
			l.cut = append(l.cut, p.names...)
		}
	}
}

func (l *fakeLeg) Ring() { l.mu.Lock(); l.rang = true; l.mu.Unlock() }

func (l *fakeLeg) Answer(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return Cause{By: ByCaller, Metric: LegCancelled}
	}
	l.answered = true
	return nil
}

func (l *fakeLeg) HangUp(c Cause) {
	l.mu.Lock()
	first := l.hungUp == nil && !l.over
	if first {
		l.hungUp = &c
	}
	l.mu.Unlock()
	if first {
		l.signal(Signal{Kind: Ended, Cause: c})
	}
}

func (l *fakeLeg) Port() *media.Port { return nil }

// ended gives the cause with which we hung up; nil when we did not.
func (l *fakeLeg) ended() *Cause { l.mu.Lock(); defer l.mu.Unlock(); return l.hungUp }

// up tells whether the party still has a line.
func (l *fakeLeg) up() bool { l.mu.Lock(); defer l.mu.Unlock(); return !l.over }

func (l *fakeLeg) speak(d time.Duration) { l.mu.Lock(); l.spoken += d; l.mu.Unlock() }

// lastAccount keeps the account of the voice as it is now until it is renewed.
func (l *fakeLeg) lastAccount() {
	l.mu.Lock()
	l.account = media.Level{At: time.Now(), Spoken: l.spoken}
	l.mu.Unlock()
}

func (l *fakeLeg) renewAccount() { l.mu.Lock(); l.account = media.Level{}; l.mu.Unlock() }

// press types digits with a human pause between them.
func (l *fakeLeg) press(digits string) {
	for i := range len(digits) {
		l.signal(Signal{Kind: Pressed, Digit: digits[i]})
		<-time.After(100 * time.Millisecond)
	}
}

// answer is the party taking the call.
func (l *fakeLeg) answer() { l.signal(Signal{Kind: Answered}) }

// hangUp ends the leg from the party's side.
func (l *fakeLeg) hangUp() {
	by := ByAgent
	if l.party.Incoming {
		by = ByCaller
	}
	l.signal(Signal{Kind: Ended, Cause: Cause{By: by, Metric: LegNormal}})
}

// lose ends the leg by the network.
func (l *fakeLeg) lose() {
	l.signal(Signal{Kind: Ended, Cause: Cause{By: ByNetwork, Metric: LegLost}})
}

// decline is the party refusing the call.
func (l *fakeLeg) decline() {
	l.signal(Signal{Kind: Ended, Cause: Cause{By: ByAgent, Status: 603, Metric: LegDeclined}})
}

// playedTo tells whether a clip was played to the leg.
func (l *fakeLeg) playedTo(name string) bool { return l.times(name) > 0 }

// times tells how often a clip was begun to the leg.
func (l *fakeLeg) times(name string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.heard {
		if h == name {
			n++
		}
	}
	return n
}

// hears is what plays to the leg now; empty when nothing does.
func (l *fakeLeg) hears() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.playing == nil || l.playing.ended() {
		return nil
	}
	return slices.Clone(l.playing.names)
}

// fakeDialer gives a leg per dial and tells the test of it. A phone that nobody
// answers rings as long as it was asked to.
type fakeDialer struct {
	dialled chan *fakeLeg
	targets chan Target

	mu   sync.Mutex // protects all following fields
	legs []*fakeLeg
	dead map[string]Cause // phones that end at once
}

func newFakeDialer() *fakeDialer {
	return &fakeDialer{
		dialled: make(chan *fakeLeg, 4096), targets: make(chan Target, 4096), dead: map[string]Cause{},
	}
}

func (d *fakeDialer) Dial(_ context.Context, t Target) Leg {
	l := &fakeLeg{party: Party{ID: "out-" + t.Phone, Phone: t.Phone, Trunk: t.Trunk, Number: t.Number}}
	d.mu.Lock()
	d.legs = append(d.legs, l)
	cause, dead := d.dead[t.Phone]
	d.mu.Unlock()
	if dead {
		l.signal(Signal{Kind: Ended, Cause: cause})
	}
	if t.Ring > 0 {
		time.AfterFunc(t.Ring, func() {
			l.mu.Lock()
			answered := l.answered
			l.mu.Unlock()
			if !answered {
				l.signal(Signal{Kind: Ended, Cause: Cause{By: ByAgent, Status: 408, Metric: LegNoAnswer}})
			}
		})
	}
	l.target = t
	d.dialled <- l
	d.targets <- t
	return l
}

// all gives every leg ever dialled.
func (d *fakeDialer) all() []*fakeLeg {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.legs)
}

// fail makes a phone end every call at once.
func (d *fakeDialer) fail(phone string, c Cause) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead[phone] = c
}
