package media

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"breakwater/media/dtmf"
	"breakwater/media/guard"
	"breakwater/media/mix"
	"breakwater/media/rtp"
)

func TestABridgeIsFullAtLast(t *testing.T) {
	e := openEngine(t, mix.Seats+1)
	ports := make([]*Port, mix.Seats+1)
	for i := range ports {
		ports[i] = newPhone(t, e, PCMU).port
	}
	br, err := e.Join(ports[0], ports[1])
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range ports[2:] {
		if err := br.Add(p, Talk); (err != nil) != (i+2 == mix.Seats) {
			t.Errorf("port %d: %v", i+3, err)
		}
	}
	if err := br.Add(ports[1], Talk); err == nil {
		t.Error("a port was added twice")
	}
	if _, err := e.Join(ports[mix.Seats], ports[3]); err == nil {
		t.Error("a port is in two bridges")
	}
	br.Remove(ports[3])
	if err := br.Add(ports[mix.Seats], Talk); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}

// In the pauses of a phone that sends none, the others hear its line and not a dead one.
func TestComfortNoiseIsMade(t *testing.T) {
	e := openEngine(t, 3)
	a, b, c := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, 0), newGuest(t, e, PCMU, 0)
	br := join(t, e, a.phone, b.phone)
	add(t, br, c, Listen)
	b.untilMixed(low)
	a.silent.Store(true)
	a.talks.Lock()
	a.put(rtp.Header{Kind: rtp.Kind{Payload: comfort}, Sequence: a.h.Sequence, Timestamp: a.h.Timestamp, SSRC: a.h.SSRC}, []byte{50})
	a.h.Sequence++
	a.talks.Unlock()
	for range 30 {
		b.listens(1)
	}
	var energy float64
	for range 10 {
		b.listens(1)
		energy += PCMU.law().Power(b.heard[len(b.heard)-1].codes) / 10
	}
	if want := -50 + 6.15; energy < want-2 || energy > want+2 {
		t.Errorf("the line has %.1f dBm0, want %.1f", energy, want)
	}
	a.silent.Store(false)
	b.untilMixed(low)
}

func TestKeysInARoomReachWhoHearsThemAndIsMeantTo(t *testing.T) {
	e := openEngine(t, 3)
	a, b, c := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, middle), newGuest(t, e, PCMU, high)
	br := join(t, e, a.phone, b.phone)
	add(t, br, c, Listen)
	told := make(chan Digit, 10)
	a.port.OnDigit(func(d Digit) { told <- d })
	press := func(g *guest) {
		g.silent.Store(true)
		g.talks.Lock()
		g.press('5', 3)
		g.talks.Unlock()
		g.silent.Store(false)
	}
	keys := func(g *guest) (n int) {
		for _, p := range g.heard {
			if p.Payload != 101 {
				continue
			}
			n++
			if ev, err := dtmf.Parse(p.codes); err != nil || ev.Code != 5 || p.Marker != (n == 1) {
				t.Errorf("packet %d of the key: %+v %+v %v", n, p.Header, ev, err)
			}
		}
		return n
	}
	listen := func() { // to all that was on its way, and some more
		for _, g := range []*guest{a, b, c} {
			g.listens(len(g.air) + 25)
		}
	}
	press(a)
	listen()
	if n := keys(b) + keys(c); n != 0 {
		t.Errorf("%d packets of a key that is for nobody", n)
	}
	br.RelayDigits(a.port, true)
	press(a)
	listen()
	if keys(b) != 8 || keys(c) != 8 || keys(a) != 0 {
		t.Errorf("%d, %d and %d packets of the key, want 8 and 8, and none for whom pressed it", keys(b), keys(c), keys(a))
	}
	br.RelayDigits(c.port, true)
	press(c) // who only listens is not heard
	listen()
	if keys(a) != 0 || keys(b) != 8 {
		t.Errorf("who listens has pressed a key: %d, %d", keys(a), keys(b)-8)
	}
	for range 2 {
		if d := <-told; d.Key != '5' {
			t.Errorf("told %q", d.Key)
		}
	}
}

// Sound that goes round between ports of ours is dropped in a room, too.
func TestARingThroughARoomIsBroken(t *testing.T) {
	e := openEngine(t, 5)
	a := newGuest(t, e, PCMU, low)
	ports := make([]*Port, 4)
	for i := range ports {
		p, err := e.Port(loopback)
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = p
	}
	for i, p := range ports { // 0 and 1 call each other, as 2 and 3 do
		d := Desc{Remote: ports[i^1].Local(), Codec: PCMU, Send: true, Recv: true}
		if err := p.Apply(d); err != nil {
			t.Fatal(err)
		}
	}
	br, err := e.Join(ports[1], ports[2])
	if err != nil {
		t.Fatal(err)
	}
	add(t, br, a, Talk)
	if _, err := e.Join(ports[0], ports[3]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the ring is broken", func() bool { return e.Counters().Circling > 10 })
}

func TestMixingAllocatesNothing(t *testing.T) {
	e := openEngine(t, 3)
	a, b, c := newPhone(t, e, PCMU), newPhone(t, e, PCMA), newPhone(t, e, PCMU)
	b.port.Protect(guard.Settings{})
	br := join(t, e, a, b)
	if err := br.Add(c.port, Whisper); err != nil {
		t.Fatal(err)
	}
	rec, _ := record(t, a)
	defer func() { _, _ = rec.Close() }()
	tone := sine(PCMU, 400)
	br.loop.order(func(l *loop) {
		at := 0
		if n := testing.AllocsPerRun(300, func() {
			for _, f := range []*phone{a, b, c} {
				f.h.Put(l.air.packet[:])
				n := copy(l.air.packet[rtp.HeaderSize:], tone[at%8000:][:160])
				f.h.Sequence, f.h.Timestamp = f.h.Sequence+1, f.h.Timestamp+160
				l.receive(f.port, l.air.packet[:rtp.HeaderSize+n], f.addr())
			}
			at += 160
			l.now += int64(20 * time.Millisecond)
			l.mix(br.room)
		}); n != 0 {
			t.Errorf("%v allocations a frame of three, want 0", n)
		}
		l.now = l.engine.clock()
		br.room.due = ms(l.now)
	})
}

// BenchmarkMix is 20 ms of a conversation of so many: what each of them says, and what
// each of them hears, guarded for one of them, without the system calls.
func BenchmarkMix(b *testing.B) {
	for _, seats := range []int{2, 3, 8} {
		b.Run(fmt.Sprint(seats), func(b *testing.B) {
			e := openEngine(b, 8)
			phones := make([]*phone, seats)
			for i := range phones {
				phones[i] = newPhone(b, e, PCMU)
			}
			phones[1].port.Protect(guard.Settings{})
			br := join(b, e, phones[0], phones[1])
			br.SetRole(phones[1].port, Whisper)
			br.SetRole(phones[0].port, Whisper)
			for _, f := range phones[2:] {
				if err := br.Add(f.port, Talk); err != nil {
					b.Fatal(err)
				}
			}
			br.SetRole(phones[1].port, Talk)
			packet := append(make([]byte, rtp.HeaderSize), sine(PCMU, 400)[:160]...)
			b.ReportAllocs()
			br.loop.order(func(l *loop) {
				for _, f := range phones {
					open := f.port.rtp
					f.port.rtp = noSocket()
					defer func() { f.port.rtp = open }()
				}
				for b.Loop() {
					for _, f := range phones {
						n := copy(l.air.packet[:], packet)
						f.h.Put(l.air.packet[:])
						f.h.Sequence, f.h.Timestamp = f.h.Sequence+1, f.h.Timestamp+160
						l.receive(f.port, l.air.packet[:n], f.addr())
					}
					l.now += int64(20 * time.Millisecond)
					l.mix(br.room)
				}
				l.now = l.engine.clock()
				br.room.due = ms(l.now)
			})
		})
	}
}

// A loop that was stopped for longer than it makes up for sends no sound that nobody waits
// for any more; but the timestamps tell the time that has passed.
func TestAMixThatFellBehindTellsTheTime(t *testing.T) {
	e := openEngine(t, 2)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	br := join(t, e, a, b)
	br.SetRole(b.port, Listen) // so that they are mixed
	before := a.mustHear()
	br.loop.order(func(l *loop) {
		for p, ok := a.hear(time.Millisecond); ok; p, ok = a.hear(time.Millisecond) {
			before = p
		}
		present := l.now
		l.now += int64(600 * time.Millisecond)
		l.mix(br.room)
		l.now = present
		br.room.due = ms(present) + mixEvery
	})
	after := a.mustHear()
	passed := time.Duration(after.Timestamp-before.Timestamp) * time.Second / rtp.Rate
	if after.Sequence != before.Sequence+1 || !after.Marker || passed < 560*time.Millisecond || passed > 700*time.Millisecond {
		t.Errorf("%+v after %+v: %v have passed, want 600 ms", after.Header, before.Header, passed)
	}
	if late := e.Counters().Late; late != 1 {
		t.Errorf("late %d times", late)
	}
}

// Supervisors come and go in many calls at once, and somebody hangs up in the middle;
// afterwards nothing is left.
func TestRoomsThatComeAndGoLeaveNothingBehind(t *testing.T) {
	e := openEngine(t, 48)
	var wg sync.WaitGroup
	for call := range 4 {
		wg.Go(func() {
			for i := range 4 {
				if err := oneRoom(e, 4*call+i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	eventually(t, "every port is free", func() bool {
		open, draining, _ := e.Usage()
		return open == 0 && draining == 0
	})
	for _, l := range e.loops {
		l.order(func(l *loop) {
			if l.wheel.armed != 0 {
				t.Errorf("%d timers are left", l.wheel.armed)
			}
		})
	}
}

// oneRoom is a call with a supervisor, which ends as its number says.
func oneRoom(e *Engine, number int) error {
	ports := make([]*Port, 3)
	for i := range ports {
		p, err := e.Port(loopback)
		if err != nil {
			return err
		}
		defer p.Close()
		ports[i] = p
		d := Desc{Remote: p.Local(), Codec: []Codec{PCMU, PCMA, G722}[(i+number)%3], Send: true, Recv: true}
		d.Payload = uint8(d.Codec)
		if err := p.Apply(d); err != nil {
			return err
		}
	}
	caller, agent, supervisor := ports[0], ports[1], ports[2]
	br, err := e.Join(caller, agent)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { // while all else happens
		agent.Protect(guard.Settings{})
		_ = agent.Apply(Desc{Remote: agent.Local(), Codec: PCMU, Ptime: 30 * time.Millisecond, Send: true, Recv: true})
		_, _ = agent.Exposure(), agent.Level()
	})
	defer wg.Wait()
	if err := br.Add(supervisor, Role(number%3)); err != nil {
		return err
	}
	br.SetGain(caller, -20)
	br.SetRole(supervisor, Talk)
	switch number % 4 {
	case 0:
		caller.Close()
	case 1:
		br.Remove(supervisor)
		br.Remove(supervisor)
	case 2:
		br.Close()
		br.SetGainFor(agent, caller, -6)
		if err := br.Add(supervisor, Talk); err == nil {
			return errors.New("a bridge that is closed took somebody in")
		}
	case 3:
		agent.Close()
		supervisor.Close()
	}
	return nil
}
