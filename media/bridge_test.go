package media

import (
	"bytes"
	"math"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/dtmf"
	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// join makes a bridge of two phones.
func join(t testing.TB, e *Engine, a, b *phone) *Bridge {
	t.Helper()
	br, err := e.Join(a.port, b.port)
	if err != nil {
		t.Fatal(err)
	}
	return br
}

func TestBothPartiesOfABridgeHearEachOther(t *testing.T) {
	for name, codecs := range map[string][2]Codec{
		"both speak µ-law":        {PCMU, PCMU},
		"both speak A-law":        {PCMA, PCMA},
		"one speaks µ-law, one A": {PCMU, PCMA},
		"the other way round":     {PCMA, PCMU},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 4)
			a, b := newPhone(t, e, codecs[0]), newPhone(t, e, codecs[1])
			join(t, e, a, b)
			for i := range 256 {
				for _, way := range [][2]*phone{{a, b}, {b, a}} {
					from, to := way[0], way[1]
					want := flat(byte(i))
					if from.codec != to.codec && from.codec == PCMU {
						want = flat(g711.ULawToALaw[i])
					} else if from.codec != to.codec {
						want = flat(g711.ALawToULaw[i])
					}
					from.say(flat(byte(i)))
					if got := to.mustHear(); !bytes.Equal(got.codes, want) || got.Payload != uint8(to.codec) {
						t.Fatalf("code %#x was heard as % x… (type %d), want % x…", i, got.codes[:4], got.Payload, want[:4])
					}
				}
			}
			eventually(t, "512 packets were counted", func() bool { return e.Counters().Relayed == 512 })
		})
	}
}

func TestGainIsForOneDirectionOnly(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMA)
	br := join(t, e, a, b)
	tone := sine(PCMU, 1000)[:160]
	level := func(from, to *phone) float64 {
		from.say(tone) // in which a new gain is reached
		to.mustHear()
		from.say(tone)
		return to.codec.law().Power(to.mustHear().codes)
	}
	tone = sine(PCMU, 1000)[:160]
	plain := level(a, b)
	br.SetGain(a.port, -20)
	if got := level(a, b) - plain; math.Abs(got+20) > 1 {
		t.Errorf("−20 dB is %.2f dB", got)
	}
	tone = sine(PCMA, 1000)[:160]
	if got := level(b, a); math.Abs(got-plain) > 0.5 {
		t.Errorf("the other direction changed by %.2f dB", got-plain)
	}
	tone = sine(PCMU, 1000)[:160]
	br.SetGain(a.port, Mute)
	if got := level(a, b); !math.IsInf(got, -1) && got > -60 {
		t.Errorf("muted, the party is heard at %.1f dBm0", got)
	}
	br.SetGain(a.port, 0)
	if got := level(a, b); got != plain {
		t.Errorf("after the mute the level is %.2f, want %.2f", got, plain)
	}
}

// The frame after a change has the gain before at its beginning and the new one at its
// end, so that nothing clicks.
func TestAGainIsReachedWithinOneFrame(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMA)
	br := join(t, e, a, b)
	full := flat(g711.LinearToULaw[16000>>2])
	listen := func() (samples [160]int16) {
		a.say(full)
		PCMA.law().Decode(samples[:], b.mustHear().codes)
		return samples
	}
	listen()
	for _, c := range []struct{ gain, from, to float64 }{{-20, 1, 0.1}, {Mute, 0.1, 0}, {0, 0, 1}, {-6, 1, 0.501}} {
		br.SetGain(a.port, c.gain)
		heard := listen()
		for i, s := range heard {
			want := 16000 * (c.from + (c.to-c.from)*float64(i+1)/160)
			if math.Abs(float64(s)-want) > 20+want/25 {
				t.Fatalf("to %v dB: sample %d is %d, want about %.0f", c.gain, i, s, want)
			}
		}
		if after := listen(); math.Abs(float64(after[0])-16000*c.to) > 20+16000*c.to/25 || after[0] != after[159] {
			t.Fatalf("at %v dB samples are %d to %d", c.gain, after[0], after[159])
		}
	}
}

func TestAPortIsInOneBridgeAtMost(t *testing.T) {
	e := openEngine(t, 4)
	a, b, c := newPhone(t, e, PCMU), newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	br := join(t, e, a, b)
	for name, pair := range map[string][2]*phone{"again": {a, b}, "the first": {a, c}, "the second": {c, b}, "itself": {c, c}} {
		if _, err := e.Join(pair[0].port, pair[1].port); err == nil {
			t.Errorf("%s was joined", name)
		}
	}
	br.Close()
	br.Close()
	a.say(flat(1))
	if p, ok := b.hear(50 * time.Millisecond); ok {
		t.Errorf("heard %+v after the bridge was closed", p.Header)
	}
	join(t, e, a, c)
	a.say(flat(2))
	if got := c.mustHear(); got.codes[0] != 2 {
		t.Errorf("heard %#x, want 2", got.codes[0])
	}
	c.port.Close()
	join(t, e, a, b)
	if _, err := e.Join(c.port, a.port); err == nil {
		t.Error("a closed port was joined")
	}
}

func TestHoldIsRespectedInBothDirections(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	hold := func(f *phone, send, recv bool) {
		d := f.desc()
		d.Send, d.Recv = send, recv
		if err := f.port.Apply(d); err != nil {
			t.Fatal(err)
		}
	}
	mark := byte(0)
	reaches := func(from, to *phone, want bool) bool {
		mark++
		from.say(flat(mark))
		wait := 60 * time.Millisecond // for what must not come
		if want {
			wait = 5 * time.Second
		}
		p, ok := to.hear(wait)
		return ok && p.codes[0] == mark
	}
	for name, c := range map[string]struct{ send, recv bool }{
		"sendrecv": {true, true}, "sendonly": {true, false}, "recvonly": {false, true}, "inactive": {false, false},
	} {
		hold(b, c.send, c.recv)
		if got := reaches(a, b, c.send); got != c.send {
			t.Errorf("%s: the party hears: %v", name, got)
		}
		if got := reaches(b, a, c.recv); got != c.recv {
			t.Errorf("%s: the party is heard: %v", name, got)
		}
	}
}

// A phone that sends other packets than it agreed on is relayed all the same.
func TestPacketsOfAnotherLengthThanAgreedAreCutAnew(t *testing.T) {
	for name, c := range map[string]struct {
		ptime     time.Duration
		in, say   int // samples, packets
		out, hear int
	}{
		"30 ms become 20": {20 * time.Millisecond, 240, 4, 160, 6},
		"20 ms become 30": {30 * time.Millisecond, 160, 6, 240, 4},
		"10 ms become 60": {60 * time.Millisecond, 80, 12, 480, 2},
		"60 ms become 20": {20 * time.Millisecond, 480, 2, 160, 6},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 2)
			a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
			a.agrees(c.ptime)
			b.agrees(c.ptime)
			join(t, e, a, b)
			var said, got []byte
			for i := range c.say {
				frame := bytes.Repeat([]byte{byte(i)}, c.in)
				said = append(said, frame...)
				a.say(frame)
			}
			var before heard
			for i := range c.hear {
				p := b.mustHear()
				if len(p.codes) != c.out || i > 0 && (p.Sequence != before.Sequence+1 || p.Timestamp != before.Timestamp+uint32(c.out)) {
					t.Fatalf("packet %d: %d samples, %+v after %+v", i, len(p.codes), p.Header, before.Header)
				}
				got, before = append(got, p.codes...), p
			}
			if !bytes.Equal(got, said) {
				t.Error("other sound came out than went in")
			}
		})
	}
}

func TestWhatWasLostBeforeReframingIsAGapInTime(t *testing.T) {
	e := openEngine(t, 2)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	a.agrees(40 * time.Millisecond)
	b.agrees(40 * time.Millisecond)
	join(t, e, a, b)
	a.say(flat(1))
	a.h.Sequence, a.h.Timestamp = a.h.Sequence+3, a.h.Timestamp+480
	a.say(flat(2))
	if p := b.mustHear(); !bytes.Equal(p.codes, append(flat(1), flat(PCMU.Silence())...)) {
		t.Errorf("the packet in the making ended as % x…", p.codes[150:170])
	}
	a.say(flat(3))
	if p := b.mustHear(); !bytes.Equal(p.codes, append(flat(2), flat(3)...)) {
		t.Errorf("after the loss came % x…", p.codes[150:170])
	}
}

// press sends one key as a phone does: five packets and the end three times.
func (f *phone) press(key byte, ends int) {
	f.t.Helper()
	code, err := dtmf.Code(key)
	if err != nil {
		f.t.Fatal(err)
	}
	at := f.h.Timestamp
	for i := range 5 + ends {
		e := dtmf.Event{Code: code, Volume: 10, Duration: uint16(min(i+1, 6) * 160), End: i >= 5}
		payload := e.Payload()
		f.put(rtp.Header{Kind: rtp.Kind{Marker: i == 0, Payload: 101}, Sequence: f.h.Sequence, Timestamp: at, SSRC: f.h.SSRC}, payload[:])
		f.h.Sequence++
	}
	f.h.Timestamp += 6 * 160
}

// A caller hears a stream that goes on while the agent presses keys.
func TestSilenceTakesThePlaceOfAKey(t *testing.T) {
	for name, every := range map[string]time.Duration{"a key every 20 ms": 20 * time.Millisecond, "every 50 ms": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			referee.Judge(t, bearable, func(t testing.TB) {
				e := openEngine(t, 4)
				agent, caller := newPhone(t, e, PCMA), newStream(newPhone(t, e, PCMU))
				join(t, e, agent, caller.phone)
				late := referee.Lateness()
				clock := time.NewTicker(20 * time.Millisecond)
				defer clock.Stop()
				talk := func(n int) {
					for range n {
						<-clock.C
						agent.say(flat(0x11))
					}
				}
				talk(5)
				at, steps := agent.h.Timestamp, int(300*time.Millisecond/every)
				<-clock.C
				keys := time.NewTicker(every)
				defer keys.Stop()
				for i := range steps + 3 {
					if i > 0 && i < steps {
						<-keys.C
					}
					e := dtmf.Event{Code: 5, Duration: uint16(every.Milliseconds()) * 8 * uint16(i+1), End: i >= steps-1}
					payload := e.Payload()
					agent.put(rtp.Header{Kind: rtp.Kind{Marker: i == 0, Payload: 101}, Sequence: agent.h.Sequence, Timestamp: at, SSRC: agent.h.SSRC}, payload[:])
					agent.h.Sequence++
				}
				<-keys.C
				clock.Reset(20 * time.Millisecond)
				agent.h.Timestamp = at + 320*8
				talk(5)
				caller.untilHears(g711.ALawToULaw[0x11])
				for range 20 {
					caller.listens(1)
				}
				silent := 0
				for _, p := range caller.heard {
					if bytes.Equal(p.codes, flat(PCMU.Silence())) {
						silent++
					}
				}
				if silent < 13 || silent > 22 {
					t.Errorf("%d packets of silence for a key of 300 ms", silent)
				}
				caller.isWhole(40*time.Millisecond + 2*late())
			})
		})
	}
}

func TestKeysAreRelayedOnlyWhereWishedAndLeaveNoHole(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMA)
	d := b.desc()
	d.DTMF = 96
	if err := b.port.Apply(d); err != nil {
		t.Fatal(err)
	}
	br := join(t, e, a, b)
	a.say(flat(0))
	b.mustHear()
	a.port.do(func(*loop) { // at once: on a busy machine there would be silence in the key's place
		a.say(flat(1))
		a.press('5', 3)
		a.say(flat(2))
	})
	before, after := b.mustHear(), b.mustHear()
	if after.Payload != 8 || after.Sequence != before.Sequence+1 || after.Timestamp != before.Timestamp+7*160 {
		t.Errorf("a key that is not relayed: sound %+v, then %+v", before.Header, after.Header)
	}
	br.RelayDigits(a.port, true)
	a.press('7', 3)
	for i := range 8 {
		p := b.mustHear()
		ev, err := dtmf.Parse(p.codes)
		if err != nil || p.Payload != 96 || ev.Code != 7 || p.Marker != (i == 0) || ev.End != (i >= 5) ||
			p.Timestamp != after.Timestamp+160 || p.Sequence != after.Sequence+1+uint16(i) {
			t.Fatalf("packet %d of the key: %+v %+v %v", i, p.Header, ev, err)
		}
	}
	a.say(flat(3))
	if p := b.mustHear(); p.Payload != 8 || p.Sequence != after.Sequence+9 {
		t.Errorf("sound after the key: %+v", p.Header)
	}
	b.press('1', 3)
	b.say(flat(4))
	if p := a.mustHear(); p.Payload != 0 {
		t.Errorf("the other direction relays keys: %+v", p.Header)
	}
}

// A phone that sends nothing in its pauses, but comfort noise (RFC 3389), is relayed
// with the time that has passed.
func TestComfortNoiseIsAPauseOfTheRightLength(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	before := b.mustHear()
	for range 3 {
		a.put(rtp.Header{Kind: rtp.Kind{Payload: comfort}, Sequence: a.h.Sequence, Timestamp: a.h.Timestamp, SSRC: a.h.SSRC}, []byte{60, 10})
		a.h.Sequence, a.h.Timestamp = a.h.Sequence+1, a.h.Timestamp+1600
	}
	a.h.Marker = true
	a.say(flat(2))
	after := b.mustHear()
	if after.Sequence != before.Sequence+1 || after.Timestamp != before.Timestamp+160+3*1600 || !after.Marker {
		t.Errorf("%+v after %+v", after.Header, before.Header)
	}
	if q := a.port.Quality(); q.Received != 5 || q.Lost != 0 {
		t.Errorf("%d received, %d lost; want 5 and 0", q.Received, q.Lost)
	}
}
