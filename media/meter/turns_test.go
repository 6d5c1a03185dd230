package meter_test

import (
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
)

// span is when somebody speaks, in milliseconds.
type span struct{ from, to int }

// speaks is a bit that is true in the spans.
func speaks(spans ...span) func(at int) bool {
	return func(at int) bool {
		for _, s := range spans {
			if at >= s.from*ms && at < s.to*ms {
				return true
			}
		}
		return false
	}
}

// always and never are agents.
func always(int) bool { return true }
func never(int) bool  { return false }

// heard is the voice in the spans, and silence elsewhere.
func heard(t *testing.T, length time.Duration, spans ...span) []int16 {
	t.Helper()
	voice := fluent(t, length)
	x, on := quiet(length), speaks(spans...)
	for i := range x {
		if on(i) {
			x[i] = voice[i]
		}
	}
	return x
}

// fluent is speech without pauses of more than a fifth of a second, at −20 dBm0.
func fluent(t *testing.T, length time.Duration) []int16 {
	t.Helper()
	var x []int16
	for len(x) < samplesIn(length) {
		pause := 0
		for _, call := range speakers(t)[0].calls(callLength, -20) {
			for at := 0; at+frame <= len(call); at += frame {
				if pause++; g711.DBm0(energy(call[at:at+frame]), frame) > -40 {
					pause = 0
				}
				if pause < 10 {
					x = append(x, call[at:at+frame]...)
				}
			}
		}
	}
	return x[:samplesIn(length)]
}

func energy(x []int16) (sum uint64) {
	for _, s := range x {
		sum += uint64(int(s) * int(s))
	}
	return sum
}

// The agent shouts; the caller, who is neutral, now and then answers before the
// agent has finished, and hears an echo of the agent on the own line.
func testAShoutingAgentIsNoEventOfTheCaller(t *testing.T) {
	calm := speakers(t)[0].calls(3*callLength, -20)[0]
	shout := effort{dB: 12, semitones: 5, tilt: 0.5}.of(fluent(t, 5*callLength))
	for name, echo := range map[string]float64{"without echo": -100, "echo 40 dB below": -40, "echo 26 dB below": -26} {
		x := quiet(3 * callLength)
		agent := func(at int) bool { return at/ms%9000 < 5000 } // five seconds of nine
		for i := range x {
			if at := i / ms % 9000; at >= 4600 && at < 8800 {
				x[i] = calm[i]
			}
		}
		leak := louder(shout[:len(x)], echo)
		for i := range leak {
			if !agent(i) {
				leak[i] = 0
			}
		}
		for i, s := range newLine(meter.Settings{}).say(mixed(x, leak), agent) {
			if s.Events != 0 || s.Hint || s.Raised {
				t.Errorf("%s, second %d: %+v", name, i, s)
			}
		}
	}
}

// Twenty times a minute the caller says yes or hm while the agent explains.
func testBackchannelsAreNoTalkOver(t *testing.T) {
	for _, length := range []int{200, 300, 400} {
		var spans []span
		for at := 1000; at+length < 60000; at += 3000 {
			spans = append(spans, span{at, at + length})
		}
		seconds := newLine(meter.Settings{}).say(heard(t, time.Minute, spans...), always)
		if n := count(seconds, meter.TalkOver); n != 0 {
			t.Errorf("%d words of %d ms: %d talk-overs, want none", len(spans), length, n)
		}
	}
}

// To the second: 179 s are none, 181 s are one, and so are 300.
func testAMonologueIsOneEvent(t *testing.T) {
	for length, want := range map[time.Duration]int{178 * time.Second: 0, 181 * time.Second: 1, 300 * time.Second: 1} {
		seconds := newLine(meter.Settings{}).say(fluent(t, length), never)
		if n := count(seconds, meter.Monologue); n != want {
			t.Errorf("%v of the caller alone: %d monologues, want %d", length, n, want)
		}
		hints := 0
		for _, s := range seconds {
			if s.Hint {
				hints++
			}
			if s.Raised || s.Events&^meter.Monologue != 0 {
				t.Fatalf("%v of neutral speech: %+v", length, s)
			}
		}
		if hints != want {
			t.Errorf("%v: %d hints, want %d", length, hints, want)
		}
	}
}

func TestWhatEndsAMonologueAndWhatDoesNot(t *testing.T) {
	settings := meter.Settings{Monologue: 60 * time.Second}
	for name, c := range map[string]struct {
		caller []span
		agent  []span
		want   int
	}{
		"the caller draws breath":         {[]span{{0, 20000}, {21000, 70000}}, nil, 1},
		"the caller stops for 2 s":        {[]span{{0, 30000}, {32000, 70000}}, nil, 0},
		"the agent says hm":               {[]span{{0, 70000}}, []span{{10000, 10400}, {30000, 30600}, {50000, 50500}}, 1},
		"the agent answers for a while":   {[]span{{0, 70000}}, []span{{30000, 42000}}, 0},
		"the agent tries to get a word":   {[]span{{0, 70000}}, []span{{20000, 22000}, {30000, 32000}, {40000, 42000}}, 1},
		"the agent speaks all the time":   {[]span{{0, 70000}}, []span{{0, 70000}}, 0},
		"two of them, a question between": {[]span{{0, 65000}, {70000, 135000}}, []span{{66000, 69000}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			seconds := newLine(settings).say(heard(t, 140*time.Second, c.caller...), speaks(c.agent...))
			if n := count(seconds, meter.Monologue); n != c.want {
				t.Errorf("%d monologues, want %d", n, c.want)
			}
		})
	}
}

func TestTalkOverIsCountedWhereTheCallerFellIn(t *testing.T) {
	for _, c := range []struct {
		name          string
		caller, agent []span
		want          int
	}{
		{"the caller falls in and goes on", []span{{5000, 9000}}, []span{{2000, 9000}}, 1},
		{"the agent falls in", []span{{2000, 9000}}, []span{{5000, 9000}}, 0},
		{"the agent gives way after half a second", []span{{5000, 9000}}, []span{{2000, 5600}}, 0},
		{"the caller gives way after three quarters", []span{{5000, 5750}}, []span{{2000, 9000}}, 0},
		{"three times", []span{{3000, 5000}, {7000, 9000}, {11000, 13000}}, []span{{1000, 15000}}, 3},
		{"once, however long", []span{{3000, 15000}}, []span{{1000, 15000}}, 1},
		{"the agent's breath is no end", []span{{3000, 6000}}, []span{{1000, 3400}, {3600, 6000}}, 1},
		{"they take turns", []span{{3000, 5000}, {7000, 9000}}, []span{{1000, 3000}, {5000, 7000}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(meter.Settings{})
			l.say(fluent(t, 5*time.Second), never) // the voice is known
			l.say(quiet(time.Second), never)
			seconds := l.say(heard(t, 16*time.Second, c.caller...), speaks(c.agent...))
			if n := count(seconds, meter.TalkOver); n != c.want {
				t.Errorf("%d talk-overs, want %d", n, c.want)
			}
			for i, s := range seconds {
				if s.Hint {
					t.Errorf("second %d: a hint for a talk-over", i)
				}
			}
		})
	}
}

// A monologue in which the agent tries to speak again and again is sustained.
func TestAMonologueWithMuchTalkOverIsSustained(t *testing.T) {
	settings := meter.Settings{Monologue: 60 * time.Second}
	caller, agent := []span{{0, 3000}}, []span{}
	for at := 3000; at < 110000; at += 9500 { // the agent begins just before the caller does
		caller = append(caller, span{at + 900, at + 9500})
		agent = append(agent, span{at + 700, at + 2400})
	}
	seconds := newLine(settings).say(heard(t, 110*time.Second, caller...), speaks(agent...))
	if n := count(seconds, meter.TalkOver); n < 8 {
		t.Errorf("%d talk-overs, want one every eight seconds", n)
	}
	if n := count(seconds, meter.Sustained); n != 1 {
		t.Errorf("sustained %d times, want once", n)
	}
}

// A party that sends nothing (DTX, a lost network) is silent, and time goes on.
func TestWhoSendsNothingIsSilent(t *testing.T) {
	m := meter.New(meter.Settings{Monologue: 30 * time.Second})
	g := guard.New(guard.Settings{})
	codes := make([]byte, frame)
	var seconds []meter.Second
	take := func() {
		if s, ok := m.Take(); ok {
			seconds = append(seconds, s)
		}
	}
	voice := fluent(t, 40*time.Second)
	for at := 0; at+frame <= len(voice); at += frame { // the agent's last word was spoken, then nothing came
		if at < 1000*ms {
			m.Agent(true, frame)
		}
		g711.Mu.Encode(codes, voice[at:at+frame])
		g.Frame(g711.Mu, make([]byte, frame), codes)
		m.Caller(g711.Mu, codes, g.Heard())
		take()
	}
	if n := count(seconds, meter.Monologue); len(seconds) != 40 || n != 1 {
		t.Errorf("%d seconds and %d monologues with an agent who sends nothing, want 40 and 1", len(seconds), n)
	}
	for range 10 * 50 {
		m.Agent(false, frame)
		take()
	}
	last := seconds[len(seconds)-1]
	if len(seconds) != 49 && len(seconds) != 50 || last.Monologue != 0 || last.Voice != 0 {
		t.Errorf("after 10 s of an agent alone: %d seconds, the last %+v; want 50, and no monologue", len(seconds), last)
	}
}

// With a supervisor in the conversation the meter is told of two. Time goes on as before, and
// one who speaks is enough.
func TestTwoAgentsAreHeardAsOne(t *testing.T) {
	m, ear := meter.New(meter.Settings{}), meter.NewEar()
	x, agent := heard(t, 16*time.Second, span{0, 5000}, span{10000, 14000}), speaks(span{8000, 16000})
	codes := make([]byte, len(x))
	g711.Mu.Encode(codes, x)
	var seconds []meter.Second
	for at := 0; at+frame <= len(codes); at += frame {
		m.Agent(agent(at), frame)
		m.Agent(false, frame) // the supervisor only listens
		m.Caller(g711.Mu, codes[at:at+frame], ear.Frame(g711.Mu, codes[at:at+frame]))
		if s, ok := m.Take(); ok {
			seconds = append(seconds, s)
		}
	}
	if n := count(seconds, meter.TalkOver); len(seconds) != 16 || n != 1 {
		t.Errorf("%d seconds and %d talk-overs, want 16 and 1", len(seconds), n)
	}
}
