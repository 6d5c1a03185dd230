// Package flood is the sound of a load test: thousands of parties that talk and
// listen by RTP, from one thread and one socket. Every party has an address of its
// own in 127.0.0.0/8 and says who it is in every frame (see mark), so that whoever
// hears it knows whom, how late, and whether anything is missing. It knows no
// signalling: who is connected to whom is for others to agree on.
//
// It must cost less than the server it measures: one pacing wheel, sendmmsg and
// recvmmsg, arrival times from the kernel. Linux only.
package flood

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"breakwater/loadtest/mark"
	"breakwater/media/g711"
)

// Settings say where the parties live and how they speak.
type Settings struct {
	Port   uint16        // of RTP, the same at every address; RTCP is the next; 0: any free pair
	First  netip.Addr    // address of the first party, in 127.0.0.0/8; default 127.64.0.1
	Most   int           // parties at once; default 8192
	Slot   time.Duration // of the pacing wheel, a divisor of 20 ms; default 250 µs: smooth, like independent phones
	Law    g711.Law      // what all of them speak
	Speech []*mark.Frame // what they say, each from another place on; default a second of silence
	Run    uint8         // told in every mark: sound of another run is a stranger's
}

// WithDefaults fills in what is not set.
func (s Settings) WithDefaults() Settings {
	if !s.First.IsValid() {
		s.First = netip.AddrFrom4([4]byte{127, 64, 0, 1})
	}
	if s.Most == 0 {
		s.Most = 8192
	}
	if s.Slot == 0 {
		s.Slot = 250 * time.Microsecond
	}
	if len(s.Speech) == 0 {
		silence := make([]byte, mark.Samples)
		for i := range silence {
			silence[i] = s.Law.Silence()
		}
		s.Speech = []*mark.Frame{mark.Prepare(silence)}
	}
	return s
}

var (
	errSlot = errors.New("a slot is a divisor of 20 ms, 50 µs at least")
	errFull = errors.New("no address is free for another party")
	errOver = errors.New("the flood has ended")
)

// Flood is the parties and the thread that moves their sound. Run owns all but what
// mu protects.
type Flood struct {
	set   Settings
	net   *sockets
	wheel *wheel
	at    []*Leg           // by address
	epoch int64            // µs since 1970, of the run's clock
	talks [remembered]*Leg // who speaks, or has spoken before others came, by the lower bits of their number
	tally Tally            // of the window
	start time.Time        // of the wheel; monotonic
	open  bool             // the window is
	from  int64            // µs, of the window
	to    int64            // µs, 0 while it is open

	mu    sync.Mutex // protects all following fields
	free  []int      // addresses, longest unused first
	next  uint32     // number of the next talk
	wants []func()   // to be done by Run between two slots
	over  bool
}

// Open binds the sockets. Run must be called, and closes them.
func Open(s Settings) (*Flood, error) {
	s = s.WithDefaults()
	if s.Slot < 50*time.Microsecond || frameTime%s.Slot != 0 {
		return nil, fmt.Errorf("%w: %v", errSlot, s.Slot)
	}
	net, err := openSockets(s.Port, s.First)
	if err != nil {
		return nil, err
	}
	s.Port = net.port
	f := &Flood{
		set: s, net: net, wheel: newWheel(int(frameTime / s.Slot)), at: make([]*Leg, s.Most),
		next: 1, epoch: time.Now().Add(-time.Second).UnixMicro(),
	}
	for i := range s.Most {
		f.free = append(f.free, i)
	}
	return f, nil
}

// remembered is how many parties are known by their number: what is still on its way
// from one that has ended is not a stranger's.
const remembered = 1 << 16

// talk finds a party by its number; nil when it is not known any more.
func (f *Flood) talk(number uint32) *Leg {
	if l := f.talks[number%remembered]; l != nil && l.talk == number {
		return l
	}
	return nil
}

// frameTime is how much speech a packet holds.
const frameTime = 20 * time.Millisecond

// Run moves the sound until ctx ends. It keeps its thread to itself.
func (f *Flood) Run(ctx context.Context) error {
	release := keepThread()
	defer release()
	defer f.end()
	f.start = time.Now()
	for slot := int64(0); ctx.Err() == nil; slot++ {
		due := time.Duration(slot) * f.set.Slot
		late := time.Since(f.start) - due
		if late < 0 {
			pause(-late)
			late = time.Since(f.start) - due
		}
		if late > longestStall {
			f.tally.Stalls++
			f.start = f.start.Add(late)
			late = 0
		}
		if f.open {
			f.tally.Late.Add(late)
		}
		f.obey()
		if err := f.speak(int(slot % int64(len(f.wheel.slots)))); err != nil {
			return err
		}
		if err := f.hear(); err != nil {
			return err
		}
	}
	return nil
}

// longestStall is how far the wheel may be behind before it forgets about it: a
// phone does not send a second's speech at once either.
const longestStall = 200 * time.Millisecond

func (f *Flood) end() {
	f.mu.Lock()
	f.over = true
	f.mu.Unlock()
	f.obey()
	f.net.close()
}

// obey does what others asked for.
func (f *Flood) obey() {
	f.mu.Lock()
	wants := f.wants
	f.wants = nil
	f.mu.Unlock()
	for _, do := range wants {
		do()
	}
}

// do asks Run for something and returns when it was done.
func (f *Flood) do(ctx context.Context, what func()) error {
	done := make(chan struct{})
	f.mu.Lock()
	if f.over {
		f.mu.Unlock()
		return errOver
	}
	f.wants = append(f.wants, func() { what(); close(done) })
	f.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// post asks Run for something and does not wait.
func (f *Flood) post(what func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.over {
		f.wants = append(f.wants, what)
	}
}

// micros is the clock of the run, which marks tell: wall time, as the kernel's time
// of arrival is, since a second before the flood was opened.
func (f *Flood) micros(t time.Time) int64 { return t.UnixMicro() - f.epoch }
