package media

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// soakLength is the environment variable that makes the long-run tests long: "30m".
const soakLength = "BREAKWATER_SOAK"

// soak tells how long a long-run test is to run; false = as briefly as makes sense.
func soak(t testing.TB) (time.Duration, bool) {
	t.Helper()
	length := os.Getenv(soakLength)
	if length == "" {
		return 0, false
	}
	d, err := time.ParseDuration(length)
	if err != nil {
		t.Fatalf("%s: %v", soakLength, err)
	}
	return d, true
}

// judged lets a test judge, and again where the machine was late. A soak judges once: it knows
// itself what a machine has spoilt that is late now and then.
func judged(t *testing.T, judge func(t testing.TB)) {
	t.Helper()
	if _, long := soak(t); long {
		judge(t)
		return
	}
	referee.Judge(t, bearable, judge)
}

// speaker tells a text again and again, until it is stopped.
type speaker struct {
	phone *phone
	codes []byte // whole frames
	ppm   float64
	begun time.Time
	sent  int // frames
}

// frameOf is the i-th frame that is told.
func (s *speaker) frame(i int) []byte { return s.codes[i*160%len(s.codes):][:160] }

// place is which frame the party's clock tells at a moment.
func (s *speaker) place(at time.Time) float64 {
	return at.Sub(s.begun).Seconds() * 50 / (1 + s.ppm*1e-6)
}

func (s *speaker) tell(end <-chan struct{}) {
	clock := time.NewTimer(0)
	defer clock.Stop()
	every := 20e6 * (1 + s.ppm*1e-6) // ns
	for ; ; s.sent++ {
		clock.Reset(time.Until(s.begun.Add(time.Duration(float64(s.sent) * every))))
		select {
		case <-clock.C:
			s.phone.say(s.frame(s.sent))
		case <-end:
			return
		}
	}
}

// Acceptance 5 of the media issue: speech through relay, player and mixer for a long time.
// Nothing is missing, nothing comes twice, and nothing comes later and later. One of
// those who are mixed has a clock that is 100 ppm too slow, another's is as much too fast.
func TestLongSpeechHasNoGapNoDoubleAndDoesNotDrift(t *testing.T) {
	length, ok := soak(t)
	if !ok {
		length = 6 * time.Second
	}
	for name, judge := range map[string]func(testing.TB, time.Duration){"relay": soakRelay, "player": soakPlayer} {
		t.Run(name, func(t *testing.T) { t.Parallel(); judged(t, func(t testing.TB) { judge(t, length) }) })
	}
	for _, ppm := range []float64{-100, 0, 100} {
		t.Run(fmt.Sprintf("mixer, %+.0f ppm", ppm), func(t *testing.T) {
			t.Parallel()
			judged(t, func(t testing.TB) { soakMixer(t, length, ppm) })
		})
	}
}

// during runs a speaker, and hands every packet that an ear hears to judge, for so long. It
// tells how late this machine was at worst.
func during(t testing.TB, length time.Duration, s *speaker, by *phone, judge func(heard)) (late time.Duration) {
	t.Helper()
	measured := referee.Lateness()
	defer func() { late = measured() }()
	ear := newStream(by) // judging takes its time
	end := make(chan struct{})
	var wg sync.WaitGroup
	if s != nil {
		s.begun = time.Now()
		wg.Go(func() { s.tell(end) })
	}
	defer wg.Wait()
	defer close(end)
	for until := time.Now().Add(length); time.Now().Before(until); {
		select {
		case p := <-ear.air:
			if judge(p); t.Failed() {
				return 0
			}
		case <-time.After(2 * time.Second):
			t.Error("heard nothing for 2 s")
			return 0
		}
	}
	return 0
}

// goesOn checks that packets are numbered without a break. An engine whose machine stood
// still for over 200 ms counts anew, with a marker; that is a break of the machine.
type goesOn struct {
	before rtp.Header
	n      int
	breaks int
}

func (g *goesOn) judge(t testing.TB, p heard) {
	advance := p.Timestamp - g.before.Timestamp
	switch {
	case g.n == 0:
	case p.SSRC != g.before.SSRC || p.Sequence != g.before.Sequence+1 || advance%160 != 0:
		t.Errorf("packet %d is %+v after %+v", g.n, p.Header, g.before)
	case p.Marker && advance > mostBehind*rtp.Rate/1000:
		g.breaks++
	case p.Marker || advance != 160:
		t.Errorf("packet %d is %+v after %+v", g.n, p.Header, g.before)
	}
	g.before = p.Header
	g.n++
}

// isWhole checks that there were only the breaks that the machine had, which was so late at
// worst.
func (g *goesOn) isWhole(t testing.TB, late time.Duration) {
	t.Helper()
	if g.breaks == 0 {
		return
	}
	t.Logf("%d breaks; the machine was late by %v", g.breaks, late)
	if late < mostBehind*time.Millisecond/2 {
		t.Errorf("%d breaks, and the machine was late by %v only", g.breaks, late)
	}
}

// drift compares how late packets are in the first two seconds with the last two; the
// least late count, for they have met no queue.
type drift struct {
	due   func(p heard) time.Time // when a packet would come if all were without delay
	first time.Duration
	late  []time.Duration // of the last two seconds
	n     int
	moved []time.Duration // by stretch that lay between two breaks of the machine
}

const steadyState = 100 // packets

func (d *drift) judge(p heard) {
	d.late = append(d.late, p.at.Sub(d.due(p)))
	if d.n++; d.n == steadyState {
		d.first = slices.Min(d.late)
	}
	if len(d.late) > steadyState {
		d.late = d.late[1:]
	}
}

// anew begins another stretch: after a break of the machine the time is another.
func (d *drift) anew() {
	if d.n >= 2*steadyState {
		d.moved = append(d.moved, slices.Min(d.late)-d.first)
	}
	d.late, d.n = nil, 0
}

// isNone judges each stretch that was long enough. A machine that broke again and again has
// none; then nothing is known, which is a fault of a soak only.
func (d *drift) isNone(t testing.TB, most time.Duration, breaks int) {
	t.Helper()
	d.anew()
	t.Logf("%d breaks, drift between them %v", breaks, d.moved)
	if _, long := soak(t); len(d.moved) == 0 && (long || breaks == 0) {
		t.Errorf("no stretch is long enough to judge: %d breaks", breaks)
	}
	for _, moved := range d.moved {
		if moved > most || moved < -most {
			t.Errorf("it drifted by %v", moved)
		}
	}
}

func TestADriftIsSeenBetweenBreaks(t *testing.T) {
	begun := time.Now()
	for name, c := range map[string]struct {
		creeps time.Duration // later with each packet
		breaks []int         // packets before which the machine stood still
		want   []time.Duration
	}{
		"steady":                     {0, nil, []time.Duration{0}},
		"steady, and a break":        {0, []int{300}, []time.Duration{0, 0}},
		"it creeps after a break":    {time.Millisecond, []int{50}, []time.Duration{450 * time.Millisecond}},
		"a break soon after a break": {0, []int{250, 300}, []time.Duration{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			stood := time.Duration(0)
			var d drift
			for n := range 600 {
				d.due = func(heard) time.Time { return begun.Add(time.Duration(n) * 20 * time.Millisecond) }
				if slices.Contains(c.breaks, n) {
					stood += 300 * time.Millisecond
					d.anew()
				}
				d.judge(heard{at: d.due(heard{}).Add(stood + time.Duration(n)*c.creeps)})
			}
			if d.anew(); !slices.Equal(d.moved, c.want) {
				t.Errorf("moved by %v, want %v", d.moved, c.want)
			}
		})
	}
}

func soakRelay(t testing.TB, length time.Duration) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMA), newPhone(t, e, PCMA)
	join(t, e, a, b)
	s := &speaker{phone: a, codes: newText(t, 20*time.Second).codes}
	var g goesOn
	d := drift{due: func(heard) time.Time { return s.begun.Add(time.Duration(g.n-1) * 20 * time.Millisecond) }}
	late := during(t, length, s, b, func(p heard) {
		if want := s.frame(g.n); !bytes.Equal(p.codes, want) {
			t.Errorf("packet %d is not what was said", g.n)
		}
		before := g.breaks
		if g.judge(t, p); g.breaks != before {
			d.anew()
		}
		d.judge(p)
	})
	g.isWhole(t, late)
	d.isNone(t, 5*time.Millisecond, g.breaks)
}

func soakPlayer(t testing.TB, length time.Duration) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMA)
	codes := newText(t, 20*time.Second).codes
	a.port.Play(Sound{Clips: []*wav.Clip{wav.FromCodes("text", PCMA.law(), slices.Clone(codes))}, Loop: true})
	var g goesOn
	var begun time.Time
	d := drift{due: func(heard) time.Time { return begun.Add(time.Duration(g.n-1) * 20 * time.Millisecond) }}
	late := during(t, length, nil, a, func(p heard) {
		if g.n == 0 {
			begun = p.at
		}
		if !bytes.Equal(p.codes, codes[g.n*160%len(codes):][:160]) {
			t.Errorf("packet %d is not what is played", g.n)
		}
		before := g.breaks
		if g.judge(t, p); g.breaks != before {
			d.anew()
		}
		d.judge(p)
	})
	g.isWhole(t, late)
	d.isNone(t, 5*time.Millisecond, g.breaks)
}
