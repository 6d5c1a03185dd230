package media

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"breakwater/media/dtmf"
	"breakwater/media/guard"
	"breakwater/media/mix"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// agrees agrees on another packet time.
func (f *phone) agrees(ptime time.Duration) {
	f.t.Helper()
	d := f.desc()
	d.Ptime = ptime
	if err := f.port.Apply(d); err != nil {
		f.t.Fatal(err)
	}
}

// guest is a phone that talks all the time, in steady samples that tell in a mix whose
// they are, and listens all the time.
type guest struct {
	*stream
	says   atomic.Int32 // the sample; 0 = silence codes
	silent atomic.Bool  // sends nothing at all
	talks  sync.Mutex   // held by whoever sends
}

// In a mix of these, every sum is told apart.
const (
	low    = 800
	middle = 2400
	high   = 7200
)

func newGuest(t *testing.T, e *Engine, codec Codec, says int) *guest {
	t.Helper()
	g := &guest{stream: newStream(newPhone(t, e, codec))}
	g.says.Store(int32(says))
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		beat := time.NewTicker(20 * time.Millisecond)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
				if !g.silent.Load() {
					g.talks.Lock()
					g.say(g.frame(int(g.says.Load())))
					g.talks.Unlock()
				}
			case <-end:
				return
			}
		}
	})
	t.Cleanup(func() { close(end); wg.Wait() })
	return g
}

func (g *guest) frame(sample int) []byte {
	codes := make([]byte, 160)
	samples := slices.Repeat([]int16{int16(sample)}, 160)
	g.codec.law().Encode(codes, samples)
	if sample == 0 {
		fill(codes, g.codec.Silence())
	}
	return codes
}

// untilMixed listens until a packet is, from its first to its last sample, about so loud.
func (g *guest) untilMixed(want int) {
	g.t.Helper()
	var got [2]int16
	for range 150 {
		g.listens(1)
		p := g.heard[len(g.heard)-1]
		if p.Payload != uint8(g.codec) {
			continue
		}
		g.codec.law().Decode(got[:1], p.codes)
		g.codec.law().Decode(got[1:], p.codes[len(p.codes)-1:])
		if near(got[0], want) && near(got[1], want) {
			return
		}
	}
	g.t.Fatalf("%d was not heard within 150 packets, but %d to %d", want, got[0], got[1])
}

func near(got int16, want int) bool {
	d := int(got) - want
	return max(d, -d) <= 12+want/18
}

// add lets a guest join a bridge.
func add(t *testing.T, b *Bridge, g *guest, r Role) {
	t.Helper()
	if err := b.Add(g.port, r); err != nil {
		t.Fatal(err)
	}
}

func TestWhoHearsWhomInABridge(t *testing.T) {
	for name, c := range map[string]struct {
		role                      Role
		caller, agent, supervisor int // what they hear
	}{
		"a supervisor listens":  {Listen, middle, low, low + middle},
		"a supervisor whispers": {Whisper, middle, low + high, low + middle},
		"a supervisor joins":    {Talk, middle + high, low + high, low + middle},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 3)
			caller, agent := newGuest(t, e, PCMA, low), newGuest(t, e, PCMU, middle)
			supervisor := newGuest(t, e, PCMU, high)
			br := join(t, e, caller.phone, agent.phone)
			add(t, br, supervisor, c.role)
			agent.port.Protect(guard.Settings{LevelCeiling: -0.1, StartleDB: 30, Leveller: guard.Leveller{Enabled: new(false)}})
			caller.untilMixed(c.caller)
			agent.untilMixed(c.agent)
			supervisor.untilMixed(c.supervisor)
			if n := e.Counters().Mixed; n == 0 {
				t.Error("nothing was mixed")
			}
		})
	}
}

// A supervisor comes, whispers, joins, listens and goes; the two who talk hear each other
// all the time, in one stream.
func TestASupervisorComesAndGoesUnnoticed(t *testing.T) {
	e := openEngine(t, 3)
	caller, agent := newGuest(t, e, PCMA, low), newGuest(t, e, PCMU, middle)
	supervisor := newGuest(t, e, PCMU, high)
	late := lateness()
	br := join(t, e, caller.phone, agent.phone)
	caller.untilMixed(middle)
	agent.untilMixed(low)

	add(t, br, supervisor, Listen)
	supervisor.untilMixed(low + middle)
	caller.untilMixed(middle)
	agent.untilMixed(low)
	br.SetRole(supervisor.port, Talk)
	caller.untilMixed(middle + high)
	agent.untilMixed(low + high)
	br.SetRole(supervisor.port, Listen)
	caller.untilMixed(middle)
	br.Remove(supervisor.port)
	relayed := e.Counters().Relayed
	eventually(t, "the two are relayed again", func() bool { return e.Counters().Relayed > relayed+4 })
	caller.untilMixed(middle)
	caller.listens(5)
	agent.untilMixed(low)
	agent.listens(5)
	if err := br.Add(supervisor.port, Whisper); err != nil {
		t.Errorf("who has left may come again: %v", err)
	}
	caller.listens(10)
	agent.listens(10)
	slack := 40*time.Millisecond + 2*late()
	caller.isWhole(slack)
	agent.isWhole(slack)
}

// clicks counts the steps in what was heard that no ramp over 20 ms would make.
func (g *guest) clicks(most int) (n int) {
	var before int16
	for i, p := range g.heard {
		samples := make([]int16, len(p.codes))
		g.codec.law().Decode(samples, p.codes)
		for j, s := range samples {
			if step := int(s) - int(before); (i > 0 || j > 0) && max(step, -step) > most {
				n++
			}
			before = s
		}
	}
	return n
}

func TestGainsInAMixAreForOneEarOrForAllAndDoNotClick(t *testing.T) {
	e := openEngine(t, 3)
	caller, agent := newGuest(t, e, PCMU, high), newGuest(t, e, PCMU, middle)
	supervisor := newGuest(t, e, PCMU, low)
	br := join(t, e, caller.phone, agent.phone)
	add(t, br, supervisor, Talk)
	caller.untilMixed(low + middle)
	agent.untilMixed(low + high)
	caller.heard, agent.heard = caller.heard[len(caller.heard)-1:], agent.heard[len(agent.heard)-1:]

	br.SetGainFor(agent.port, caller.port, -20)
	agent.untilMixed(low + high/10)
	supervisor.untilMixed(high + middle)
	br.SetGain(agent.port, Mute)
	caller.untilMixed(low)
	br.SetGain(caller.port, 0)
	agent.untilMixed(low + high)
	br.SetGain(agent.port, 0)
	caller.untilMixed(low + middle)
	if n := caller.clicks(400) + agent.clicks(400); n != 0 {
		t.Errorf("%d clicks", n)
	}
}

// One side hears a prompt while the others go on, and then goes on, too.
func TestAPromptInARoomIsForOneEarOnly(t *testing.T) {
	e := openEngine(t, 3)
	caller, agent := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, middle)
	supervisor := newGuest(t, e, PCMU, high)
	late := lateness()
	br := join(t, e, caller.phone, agent.phone)
	add(t, br, supervisor, Listen)
	caller.untilMixed(middle)
	agent.untilMixed(low)

	prompt := wav.FromSamples("prompt", slices.Repeat([]int16{-5000}, 3200))
	said := caller.port.Play(Sound{Clips: []*wav.Clip{prompt}})
	prompts := 0
	for range 40 {
		caller.listens(1)
		var s [1]int16
		PCMU.law().Decode(s[:], caller.heard[len(caller.heard)-1].codes)
		if s[0] < -4000 {
			prompts++
		}
	}
	<-said.Done()
	agent.listens(30)
	if prompts != 20 || !said.Complete() {
		t.Errorf("%d packets of the prompt were heard, want 20; complete: %v", prompts, said.Complete())
	}
	caller.untilMixed(middle)
	for _, p := range agent.heard {
		var s [1]int16
		PCMU.law().Decode(s[:], p.codes)
		if s[0] < -500 {
			t.Fatal("the agent hears the prompt")
		}
	}
	slack := 40*time.Millisecond + 2*late()
	caller.isWhole(slack)
	agent.isWhole(slack)
}

// Two phones that agreed on different packet times are mixed; each hears packets of its
// own length, in time.
func TestTwoPacketTimesAreMixed(t *testing.T) {
	for _, ptime := range []time.Duration{10 * time.Millisecond, 30 * time.Millisecond, 60 * time.Millisecond} {
		t.Run(ptime.String(), func(t *testing.T) {
			e := openEngine(t, 2)
			a, b := newGuest(t, e, PCMU, low), newGuest(t, e, PCMA, middle)
			b.agrees(ptime)
			late := lateness()
			join(t, e, a.phone, b.phone)
			a.untilMixed(middle)
			b.untilMixed(low)
			b.listens(10)
			a.listens(10)
			for _, p := range b.heard {
				if len(p.codes) != int(ptime.Milliseconds())*8 {
					t.Fatalf("a packet of %d samples", len(p.codes))
				}
			}
			a.isWhole(40*time.Millisecond + 2*late())
			first, last := b.heard[0], b.heard[len(b.heard)-1]
			if n := uint16(len(b.heard) - 1); last.Sequence-first.Sequence != n || last.Timestamp-first.Timestamp != uint32(n)*uint32(ptime.Milliseconds())*8 {
				t.Errorf("after %d packets %+v, at first %+v", n, last.Header, first.Header)
			}
		})
	}
}

// What is agreed anew in a conversation turns a relay into a mix and back.
func TestAReinviteWithAnotherPacketTimeIsMixed(t *testing.T) {
	e := openEngine(t, 2)
	a, b := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, middle)
	late := lateness()
	join(t, e, a.phone, b.phone)
	a.untilMixed(middle)
	b.agrees(40 * time.Millisecond)
	eventually(t, "the two are mixed", func() bool { return e.Counters().Mixed > 10 })
	a.untilMixed(middle)
	b.agrees(20 * time.Millisecond)
	mixed := e.Counters().Mixed
	a.untilMixed(middle)
	a.listens(10)
	if n := e.Counters().Mixed; n > mixed+4 {
		t.Errorf("%d packets were mixed afterwards", n-mixed)
	}
	a.isWhole(40*time.Millisecond + 2*late())
}

func TestWhoRemainsAloneHearsSilence(t *testing.T) {
	e := openEngine(t, 3)
	a, b, c := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, middle), newGuest(t, e, PCMU, high)
	late := lateness()
	br := join(t, e, a.phone, b.phone)
	a.untilMixed(middle)
	br.Remove(b.port)
	a.listens(10)
	if p := a.heard[len(a.heard)-1]; !bytes.Equal(p.codes, flat(PCMU.Silence())) {
		t.Errorf("heard % x…", p.codes[:4])
	}
	add(t, br, c, Talk) // the next agent
	a.untilMixed(high)
	a.isWhole(40*time.Millisecond + 2*late())
	c.port.Close() // whoever remains when a phone is gone is free
	if err := br.Add(b.port, Talk); err == nil {
		t.Error("a bridge without anybody took somebody in")
	}
	join(t, e, a.phone, b.phone)
	a.untilMixed(middle)
}

func TestOfThreeTwoGoOnWhenOneIsGone(t *testing.T) {
	e := openEngine(t, 3)
	a, b, c := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, middle), newGuest(t, e, PCMU, high)
	br := join(t, e, a.phone, b.phone)
	add(t, br, c, Talk)
	b.untilMixed(low + high)
	a.port.Close()
	b.untilMixed(high)
	c.untilMixed(middle)
	br.Close()
	br.Close()
	if err := br.Add(a.port, Talk); err == nil {
		t.Error("a closed port was added")
	}
	mixed := e.Counters().Mixed
	join(t, e, b.phone, c.phone)
	b.untilMixed(high)
	if n := e.Counters().Mixed; n != mixed {
		t.Errorf("%d packets were mixed for two", n-mixed)
	}
}

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
	a.put(rtp.Header{Payload: comfort, Sequence: a.h.Sequence, Timestamp: a.h.Timestamp, SSRC: a.h.SSRC}, []byte{50})
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
