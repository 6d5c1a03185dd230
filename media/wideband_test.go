package media

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/g711"
	"breakwater/media/g722"
	"breakwater/media/guard"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// headset is a phone that speaks G.722 and says a tone all the time.
type headset struct {
	*stream
	decoder g722.Decoder
	sound   []int16 // heard so far, 16 kHz
	seen    int     // packets that are in it
}

func newHeadset(t testing.TB, e *Engine, hz float64) *headset {
	t.Helper()
	h := &headset{stream: newStream(newPhone(t, e, G722))}
	t.Cleanup(h.sings(hz))
	return h
}

// sings says a tone, in whatever codec the phone speaks.
func (f *phone) sings(hz float64) (stop func()) {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var encoder g722.Encoder
		beat := time.NewTicker(20 * time.Millisecond)
		defer beat.Stop()
		for at := 0; ; {
			select {
			case <-beat.C:
			case <-end:
				return
			}
			codes := make([]byte, 160)
			if f.codec == G722 {
				encoder.Encode(codes, tone(hz, 16000, at, 320))
				at += 320
			} else {
				f.codec.law().Encode(codes, tone(hz, 8000, at, 160))
				at += 160
			}
			f.say(codes)
		}
	}()
	return func() { close(end); <-done }
}

// tone is a piece of a sine of −10 dBm0.
func tone(hz, rate float64, at, samples int) []int16 {
	x := make([]int16, samples)
	for i := range x {
		x[i] = int16(7213 * math.Sin(2*math.Pi*hz*float64(at+i)/rate))
	}
	return x
}

// hears listens until a tone is heard, about as loud as it was said.
func (s *headset) hears(hz float64) {
	s.t.Helper()
	for range 100 {
		s.listens(1)
		for ; s.seen < len(s.heard); s.seen++ {
			x := make([]int16, 2*len(s.heard[s.seen].codes))
			s.decoder.Decode(x, s.heard[s.seen].codes)
			s.sound = append(s.sound, x...)
		}
		if n := len(s.sound); n >= 3200 && loudness(s.sound[n-1600:], hz, 16000) > -13 {
			return
		}
	}
	s.t.Fatalf("no tone of %.0f Hz was heard", hz)
}

// loudness is how much of a tone is in the samples, dBm0.
func loudness(x []int16, hz, rate float64) float64 {
	var re, im float64
	for i, v := range x {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / rate)
		re += float64(v) * cos
		im += float64(v) * sin
	}
	amplitude := 2 * math.Hypot(re, im) / float64(len(x))
	return 20*math.Log10(amplitude/7213) - 10
}

// hearsTone is hears for a phone of G.711.
func (s *stream) hearsTone(hz float64) {
	s.t.Helper()
	for range 100 {
		s.listens(1)
		if len(s.heard) < 5 {
			continue
		}
		var x []int16
		for _, p := range s.heard[len(s.heard)-5:] {
			y := make([]int16, len(p.codes))
			s.codec.law().Decode(y, p.codes)
			x = append(x, y...)
		}
		if loudness(x, hz, 8000) > -13 {
			return
		}
	}
	s.t.Fatalf("no tone of %.0f Hz was heard", hz)
}

func TestAHeadsetAndATelephoneHearEachOther(t *testing.T) {
	referee.Judge(t, bearable, aHeadsetAndATelephoneHearEachOther)
}

func aHeadsetAndATelephoneHearEachOther(t testing.TB) {
	e := openEngine(t, 2)
	agent, caller := newHeadset(t, e, 1000), newStream(newPhone(t, e, PCMA))
	t.Cleanup(caller.sings(440))
	late := referee.Lateness()
	join(t, e, agent.phone, caller.phone)
	agent.hears(440)
	caller.hearsTone(1000)
	slack := 40*time.Millisecond + 2*late()
	agent.isWhole(slack)
	caller.isWhole(slack)
}

// Between two headsets nothing of the wide band is lost, and a telephone that joins
// changes nothing about it.
func TestTwoHeadsetsHearMoreThanATelephone(t *testing.T) {
	referee.Judge(t, bearable, twoHeadsetsHearMoreThanATelephone)
}

func twoHeadsetsHearMoreThanATelephone(t testing.TB) {
	e := openEngine(t, 3)
	a, b := newHeadset(t, e, 5000), newHeadset(t, e, 6000)
	caller := newStream(newPhone(t, e, PCMU))
	t.Cleanup(caller.sings(440))
	br := join(t, e, a.phone, b.phone)
	a.hears(6000)
	b.hears(5000)
	if err := br.Add(caller.port, Talk); err != nil {
		t.Fatal(err)
	}
	a.hears(440)
	a.hears(6000)
	br.Remove(b.port)
	caller.listens(10)
	a.hears(440)
}

// The guard of a headset hears the wide band; what is played to it is ours.
func TestAHeadsetIsGuarded(t *testing.T) { referee.Judge(t, bearable, aHeadsetIsGuarded) }

func aHeadsetIsGuarded(t testing.TB) {
	e := openEngine(t, 2)
	agent, caller := newHeadset(t, e, 1000), newStream(newPhone(t, e, PCMU))
	agent.port.Protect(guard.Settings{})
	join(t, e, agent.phone, caller.phone)
	t.Cleanup(caller.sings(3000))
	eventually(t, "the whistle is found", func() bool { return agent.port.Exposure().Limited[guard.ByTone] > 20 })
	agent.listens(len(agent.air))
	agent.hearsLess(3000, -25)

	const stale = 10 // frames of the whistle that were not published yet
	before := agent.port.Exposure().Limited[guard.ByTone]
	beep := wav.FromSamples("beep", tone(600, 8000, 0, 8000))
	played := agent.port.Play(Sound{Clips: []*wav.Clip{beep}})
	agent.hears(600)
	<-played.Done()
	if n := agent.port.Exposure().Limited[guard.ByTone] - before; n > stale {
		t.Errorf("a tone of our own was taken for a whistle in %d frames", n)
	}
}

func (s *headset) hearsLess(hz, most float64) {
	s.t.Helper()
	for range 15 {
		s.listens(1)
	}
	var x []int16
	for _, p := range s.heard {
		y := make([]int16, 2*len(p.codes))
		s.decoder.Decode(y, p.codes)
		x = append(x, y...)
	}
	s.seen = len(s.heard)
	if got := loudness(x[len(x)-1600:], hz, 16000); got > most {
		s.t.Errorf("%.0f Hz are heard at %.1f dBm0", hz, got)
	}
}

// What a headset says and hears is recorded as a telephone would say and hear it, whatever
// its packets are.
func TestAHeadsetIsRecordedInMuLaw(t *testing.T) {
	for _, ptime := range []time.Duration{20 * time.Millisecond, 30 * time.Millisecond} {
		t.Run(ptime.String(), func(t *testing.T) {
			referee.Judge(t, bearable, func(t testing.TB) {
				e := openEngine(t, 2)
				agent, caller := newHeadset(t, e, 1000), newStream(newPhone(t, e, PCMU))
				agent.agrees(ptime)
				t.Cleanup(caller.sings(440))
				path := filepath.Join(t.TempDir(), "headset.wav")
				rec, err := agent.port.Record(path)
				if err != nil {
					t.Fatal(err)
				}
				join(t, e, agent.phone, caller.phone)
				caller.hearsTone(1000)
				for range 40 {
					caller.listens(1)
				}
				if _, err := rec.Close(); err != nil {
					t.Fatal(err)
				}
				said, heard := channels(t, path)
				for name, c := range map[string]struct {
					x  []int16
					hz float64
				}{"said": {said, 1000}, "heard": {heard, 440}} {
					got := -100.0
					for at := len(c.x) - 4800; at+800 < len(c.x); at += 400 { // no jitter buffer bends all of them
						got = max(got, loudness(c.x[at:][:800], c.hz, 8000))
					}
					if got < -11 || got > -9 {
						t.Errorf("what it %s is recorded with %.1f dBm0 of %.0f Hz", name, got, c.hz)
					}
				}
			})
		})
	}
}

// channels are the samples of a recording.
func channels(t testing.TB, path string) (said, heard []int16) {
	t.Helper()
	law, left, right := readTape(t, path)
	if law != g711.Mu {
		t.Errorf("recorded in %v", law)
	}
	said, heard = make([]int16, len(left)), make([]int16, len(right))
	law.Decode(said, left)
	law.Decode(heard, right)
	return said, heard
}

// A re-INVITE from a telephone's codec to a headset's and back.
func TestAWideCodecComesAndGoes(t *testing.T) { referee.Judge(t, bearable, aWideCodecComesAndGoes) }

func aWideCodecComesAndGoes(t testing.TB) {
	e := openEngine(t, 2)
	agent, caller := newStream(newPhone(t, e, PCMU)), newStream(newPhone(t, e, PCMU))
	t.Cleanup(caller.sings(440))
	late := referee.Lateness()
	join(t, e, agent.phone, caller.phone)
	agent.hearsTone(440)
	for _, codec := range []Codec{G722, PCMA} {
		d := agent.desc()
		d.Codec, d.Payload = codec, uint8(codec)
		if err := agent.port.Apply(d); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			agent.listens(1)
		}
		if got := agent.heard[len(agent.heard)-1].Payload; got != uint8(codec) {
			t.Errorf("payload type %d after %v was agreed", got, codec)
		}
	}
	agent.isWhole(40*time.Millisecond + 2*late())
}

func TestAHeadsetCostsNoAllocation(t *testing.T) {
	e := openEngine(t, 2)
	agent, caller := newPhone(t, e, G722), newPhone(t, e, PCMU)
	agent.port.Protect(guard.Settings{})
	rec, err := agent.port.Record(filepath.Join(t.TempDir(), "x.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = rec.Close() }()
	br := join(t, e, agent, caller)
	var encoder g722.Encoder
	wide, narrow := make([]byte, 160), make([]byte, 160)
	encoder.Encode(wide, tone(300, 16000, 0, 320))
	g711.Mu.Encode(narrow, tone(300, 8000, 0, 160))
	br.loop.order(func(l *loop) {
		present := l.now
		if n := testing.AllocsPerRun(300, func() {
			agent.hands(l, wide)
			caller.hands(l, narrow)
			l.now += int64(20 * time.Millisecond)
			l.mix(br.room)
		}); n != 0 {
			t.Errorf("%v allocations, want 0", n)
		}
		l.now = present
		br.room.due = ms(l.now)
	})
}

// hands gives a packet to the loop, as if it had been read.
func (f *phone) hands(l *loop, codes []byte) {
	f.h.Put(l.air.packet[:])
	n := copy(l.air.packet[rtp.HeaderSize:], codes)
	f.h.Sequence, f.h.Timestamp = f.h.Sequence+1, f.h.Timestamp+uint32(len(codes))
	l.receive(f.port, l.air.packet[:rtp.HeaderSize+n], f.addr())
}
