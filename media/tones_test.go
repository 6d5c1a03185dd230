package media

import (
	"math"
	"testing"
	"time"

	"breakwater/media/dtmf"
	"breakwater/media/rtp"
)

// keyedSound is the sound of keys, each on and off for so long, at −8 dBm0 a tone, in frames of
// 20 ms.
func keyedSound(c Codec, keys string, on, off time.Duration) (frames [][]byte) {
	rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477, 1633}
	var samples []int16
	for _, key := range keys {
		at := 0
		for i, k := range "123A456B789C*0#D" {
			if k == key {
				at = i
			}
		}
		for i := range int(on * rtp.Rate / time.Second) {
			x := 2 * math.Pi * float64(i) / rtp.Rate
			samples = append(samples, int16(9080*(math.Sin(x*rows[at/4])+math.Sin(x*columns[at%4]))/2))
		}
		samples = append(samples, make([]int16, off*rtp.Rate/time.Second)...)
	}
	for ; len(samples) >= 160; samples = samples[160:] {
		codes := make([]byte, 160)
		c.law().Encode(codes, samples[:160])
		frames = append(frames, codes)
	}
	return frames
}

// digits collects what is told of a port.
func (f *phone) digits() chan Digit {
	told := make(chan Digit, 100)
	f.port.OnDigit(func(d Digit) { told <- d })
	return told
}

func mustBeTold(t *testing.T, told chan Digit, keys string) {
	t.Helper()
	for i, key := range keys {
		select {
		case d := <-told:
			if d.Key != byte(key) || d.Duration <= 0 {
				t.Fatalf("key %d is %q of %v, want %q", i, d.Key, d.Duration, key)
			}
		case <-time.After(ampleTime):
			t.Fatalf("key %d, %q, was not told", i, key)
		}
	}
	select {
	case d := <-told:
		t.Errorf("%q was told besides", d.Key)
	case <-time.After(50 * time.Millisecond):
	}
}

func TestKeysInTheSoundAreToldOncePerPress(t *testing.T) {
	for name, c := range map[string]struct {
		keys    string
		on, off time.Duration
		lost    func(i int) bool
	}{
		"every key":                         {"1234567890*#ABCD", 80 * time.Millisecond, 80 * time.Millisecond, nil},
		"as short as may be":                {"159", 50 * time.Millisecond, 50 * time.Millisecond, nil},
		"the same key, again and again":     {"5555", 100 * time.Millisecond, 60 * time.Millisecond, nil},
		"a long key with a lost packet":     {"55", 160 * time.Millisecond, 100 * time.Millisecond, func(i int) bool { return i%13 == 4 }},
		"a key whose pause was never heard": {"77", 100 * time.Millisecond, 100 * time.Millisecond, func(i int) bool { return i%10 >= 5 }},
	} {
		for _, codec := range []Codec{PCMU, PCMA} {
			t.Run(name+" in "+codec.String(), func(t *testing.T) {
				e := openEngine(t, 2)
				a := newPhone(t, e, codec)
				a.port.InbandDigits(true)
				told := a.digits()
				for i, frame := range keyedSound(codec, c.keys, c.on, c.off) {
					if c.lost != nil && c.lost(i) {
						a.h.Sequence, a.h.Timestamp = a.h.Sequence+1, a.h.Timestamp+160
						continue
					}
					a.say(frame)
				}
				mustBeTold(t, told, c.keys)
			})
		}
	}
}

func TestKeysInTheSoundAreLookedForOnlyWhereWished(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	told := a.digits()
	say := func(keys string) {
		for _, frame := range keyedSound(PCMU, keys, 100*time.Millisecond, 100*time.Millisecond) {
			a.say(frame)
		}
	}
	say("1")
	mustBeTold(t, told, "")
	a.port.InbandDigits(true)
	say("2")
	mustBeTold(t, told, "2")
	a.port.InbandDigits(false)
	say("3")
	mustBeTold(t, told, "")
	a.port.InbandDigits(true)
	a.press('4', 3)
	say("4") // a gateway that lets the tone through beside the event
	mustBeTold(t, told, "4")
}

// What a caller's tones tell the server, the agent does not hear.
func TestAProtectedEarHearsNoTonesOfKeys(t *testing.T) {
	for _, bridged := range []string{"relayed", "mixed"} {
		t.Run(bridged, func(t *testing.T) {
			e := openEngine(t, 3)
			caller, agent := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
			caller.port.InbandDigits(true)
			told := caller.digits()
			protect(agent)
			br := join(t, e, caller, agent)
			if bridged == "mixed" {
				br.SetRole(agent.port, Whisper)
			}
			frames := keyedSound(PCMU, "5", 300*time.Millisecond, 100*time.Millisecond)
			beat := time.NewTicker(20 * time.Millisecond)
			defer beat.Stop()
			ear := newStream(agent)
			for _, frame := range frames {
				<-beat.C
				caller.say(frame)
			}
			mustBeTold(t, told, "5")
			ear.listens(len(frames) - 1)
			loud := 0
			for _, p := range ear.heard {
				if PCMU.law().Power(p.codes) > -30 {
					loud++
				}
			}
			if loud > 4 { // until they are recognised: 60 ms, cut into frames by a jitter buffer
				t.Errorf("%d frames of the tone were heard", loud)
			}
		})
	}
}

func TestLookingForKeysCostsNoAllocation(t *testing.T) {
	tones := keyTones{find: dtmf.NewInband()}
	frames := keyedSound(PCMU, "123456", 80*time.Millisecond, 80*time.Millisecond)
	at := 0
	if n := testing.AllocsPerRun(500, func() {
		tones.hear(PCMU.law(), rtp.Header{Timestamp: uint32(at) * 160}, frames[at%len(frames)])
		at += 1 + at%7/6
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
