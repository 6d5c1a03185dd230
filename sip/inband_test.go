package sip

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"breakwater/call"
	"breakwater/sip/siptest"
)

// keyTone is how a key sounds on a line that sends no telephone-events: 100 ms of its two
// tones (ITU-T Q.23) and a pause.
func keyTone(low, high float64) []int16 {
	pcm := make([]int16, 8000*250/1000)
	for i := range 800 {
		at := 2 * math.Pi * float64(i) / 8000
		pcm[i] = int16(5000*math.Sin(low*at) + 5000*math.Sin(high*at))
	}
	return pcm
}

func TestKeysAreFoundInTheSoundOfATrunkThatSendsNoEvents(t *testing.T) {
	for name, c := range map[string]struct {
		mode  string
		event uint8
		keys  bool
	}{
		"no events agreed":                      {"", siptest.NoEvent, true},
		"no events agreed, and not to be heard": {inbandNever, siptest.NoEvent, false},
		"events agreed":                         {"", 0, false},
		"events agreed, and tones sent":         {inbandAlways, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, Plan{Trunks: map[string]TrunkSpec{"city": {Addresses: []string{"127.0.0.2"}, InbandDigits: c.mode}}})
			p := h.phone("city", func(o *siptest.Options) {
				o.Local, o.Event = netip.AddrFrom4([4]byte{127, 0, 0, 2}), c.event
			})
			out, err := p.Call(h.ctx, "700")
			must(t, "call", err)
			leg := h.came()
			must(t, "answer", leg.Answer(h.ctx))
			must(t, "answered", out.WaitAnswered(h.ctx))
			<-out.Play(keyTone(770, 1336)) // 5
			<-out.Play(keyTone(852, 1477)) // 9
			must(t, "hang up", out.Hangup(h.ctx))
			var keys string
			for s := (call.Signal{}); s.Kind != call.Ended; {
				select {
				case s = <-leg.signals:
				case <-time.After(patience):
					t.Fatal("the leg never ended")
				}
				if s.Kind == call.Pressed {
					keys += string(s.Digit)
				}
			}
			if want := map[bool]string{true: "59"}[c.keys]; keys != want {
				t.Errorf("keys %q, want %q", keys, want)
			}
		})
	}
}

func TestAKeyThatIsHeardAndInformedIsOnePress(t *testing.T) {
	l := &leg{stage: talking, box: &mailbox{}}
	l.sound.tones = true
	heard := ""
	l.ears.listen(func(s call.Signal) { heard += string(s.Digit) })
	at := time.Unix(0, 0)
	l.pressed('5', true, at)
	l.pressed('5', false, at.Add(200*time.Millisecond)) // its tone, recognised late
	l.pressed('5', true, at.Add(700*time.Millisecond))
	if heard != "55" || !l.sound.informs {
		t.Errorf("heard %q, want 55", heard)
	}
}
