package media

import (
	"math"
	"slices"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
	"breakwater/media/prompt"
)

// sentences is so much of what somebody says, in A-law.
func sentences(t testing.TB, length time.Duration) []byte {
	t.Helper()
	book, err := prompt.Open("")
	if err != nil {
		t.Fatal(err)
	}
	clips, err := book.Sound("en", "welcome", "about", "notice", "comfort-1")
	if err != nil {
		t.Fatal(err)
	}
	var codes []byte
	n := int(length * g711.Rate / time.Second)
	for len(codes) < n {
		for _, c := range clips {
			codes = append(codes, c.ALaw...)
		}
	}
	return codes[:n]
}

// converses lets the caller and the agent say something at once, without waiting for the
// time to pass, and gives what the caller's meter found.
func converses(caller, agent *phone, said, answer []byte) (v Voice) {
	caller.port.do(func(l *loop) {
		present := l.now
		for at := 0; at+160 <= len(said); at += 160 {
			caller.hands(l, said[at:][:160])
			if at+160 <= len(answer) {
				agent.hands(l, answer[at:][:160])
			} else {
				agent.hands(l, flat(PCMA.Silence()))
			}
			l.now += int64(20 * time.Millisecond)
			v = caller.port.in.obeys.gauge.account()
		}
		l.now = present
	})
	return v
}

// However loud the agent is to hear the caller, and whoever joins, what is measured is what
// came from the caller.
func TestAVoiceIsMeasuredAsItWasReceived(t *testing.T) {
	said := sentences(t, 20*time.Second)
	var first meter.Second
	for _, c := range []struct {
		name string
		join func(t *testing.T, e *Engine, caller, agent *phone)
	}{
		{"relayed and guarded", func(t *testing.T, e *Engine, caller, agent *phone) { protect(agent); join(t, e, caller, agent) }},
		{"relayed without a guard", func(t *testing.T, e *Engine, caller, agent *phone) { join(t, e, caller, agent) }},
		{"20 dB softer", func(t *testing.T, e *Engine, caller, agent *phone) {
			protect(agent)
			join(t, e, caller, agent).SetGain(caller.port, -20)
		}},
		{"cut anew", func(t *testing.T, e *Engine, caller, agent *phone) {
			caller.agrees(40 * time.Millisecond)
			agent.agrees(40 * time.Millisecond)
			join(t, e, caller, agent)
		}},
		{"mixed", func(t *testing.T, e *Engine, caller, agent *phone) {
			protect(agent)
			join(t, e, caller, agent).SetRole(agent.port, Whisper)
		}},
		{"while the agent hears a prompt", func(t *testing.T, e *Engine, caller, agent *phone) {
			protect(agent)
			join(t, e, caller, agent)
			agent.port.Play(Sound{Clips: clips(8000), Loop: true})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := openEngine(t, 2)
			caller, agent := newPhone(t, e, PCMA), newPhone(t, e, PCMU)
			caller.port.Meter(meter.Settings{})
			caller.port.Meter(meter.Settings{Threshold: 0.01}) // changes nothing
			c.join(t, e, caller, agent)
			v := converses(caller, agent, said, nil)
			if v.Seconds < 18 || v.Seconds > 21 || v.Raised != 0 || v.Hints != 0 || v.Newest.Voice == 0 {
				t.Errorf("found %+v in 20 s of an even voice", v)
			}
			if first.Level == 0 {
				first = v.Newest
			}
			if d := v.Newest.Level - first.Level; math.Abs(d) > 0.3 || math.Abs(v.Newest.Tilt-first.Tilt) > 0.01 || v.Newest.Pitch != first.Pitch {
				t.Errorf("measured %+v, elsewhere %+v", v.Newest, first)
			}
		})
	}
}

// What an agent says before there is anybody to hear it is no part of a conversation.
func TestAMeterIsNotToldWhatTheAgentSaidBefore(t *testing.T) {
	e := openEngine(t, 2)
	caller, agent := newPhone(t, e, PCMA), newPhone(t, e, PCMA)
	caller.port.Meter(meter.Settings{})
	protect(agent)
	said := sentences(t, 10*time.Second)
	agent.port.do(func(l *loop) {
		present := l.now
		for at := 0; at+160 <= len(said); at += 160 {
			agent.hands(l, said[at:][:160])
			l.now += int64(20 * time.Millisecond)
		}
		l.now = present
	})
	join(t, e, caller, agent)
	var v Voice
	caller.port.do(func(l *loop) {
		caller.hands(l, said[:160])
		v = caller.port.in.obeys.gauge.account()
	})
	if v.Seconds != 0 {
		t.Errorf("a second of a conversation of 20 ms was measured: %+v", v)
	}
}

func TestWhoFallsInIsMeasuredAndWhoIsAnsweredIsNot(t *testing.T) {
	const second = g711.Rate
	said := sentences(t, 20*time.Second) // first the caller, then the agent, then both
	answer := slices.Clone(said)
	fill(said[6*second:9*second], PCMA.Silence())
	fill(answer[:6*second+second/2], PCMA.Silence())
	copy(answer[6*second+second/2:], sentences(t, 10*time.Second))
	for name, c := range map[string]struct {
		protected bool
		overs     bool
	}{
		"the caller falls in with an agent": {true, true},
		"nobody is told of other parties":   {false, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, way := range []string{"relayed", "mixed"} {
				e := openEngine(t, 2)
				caller, agent := newPhone(t, e, PCMA), newPhone(t, e, PCMA)
				caller.port.Meter(meter.Settings{})
				if c.protected {
					protect(agent)
				}
				br := join(t, e, caller, agent)
				if way == "mixed" {
					br.SetRole(caller.port, Whisper) // who is mixed is all that changes for a meter
				}
				v := converses(caller, agent, said, answer)
				if got := v.TalkOvers > 0; got != c.overs {
					t.Errorf("%s: %+v", way, v)
				}
				if agentVoice := agent.port.Level().Voice; agentVoice != (Voice{}) {
					t.Errorf("%s: the agent is measured: %+v", way, agentVoice)
				}
			}
		})
	}
}

func TestWhatIsMeasuredReachesTheLevel(t *testing.T) {
	e := openEngine(t, 2)
	caller, agent := newPhone(t, e, PCMA), newPhone(t, e, PCMA)
	agent.port.Protect(guard.Settings{})
	caller.port.Meter(meter.Settings{})
	join(t, e, caller, agent)
	v := converses(caller, agent, sentences(t, 5*time.Second), nil)
	eventually(t, "the level tells it", func() bool { return caller.port.Level().Voice == v })
}

func TestMeasuringCostsNoAllocation(t *testing.T) {
	e := openEngine(t, 2)
	caller, agent := newPhone(t, e, PCMA), newPhone(t, e, PCMU)
	agent.port.Protect(guard.Settings{})
	caller.port.Meter(meter.Settings{})
	br := join(t, e, caller, agent)
	said := sentences(t, 10*time.Second)
	for _, way := range []string{"relayed", "relayed softer"} {
		caller.port.do(func(l *loop) {
			at := 0
			if n := testing.AllocsPerRun(400, func() {
				caller.hands(l, said[at%(len(said)-160):][:160])
				agent.hands(l, said[:160])
				l.tell(caller.port, caller.port.in.obeys)
				at += 160
			}); n != 0 {
				t.Errorf("%s: %v allocations, want 0", way, n)
			}
		})
		br.SetGain(caller.port, -20)
	}
}
