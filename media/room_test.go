package media

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/guard"
	"breakwater/media/wav"
)

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
	referee.Judge(t, bearable, aSupervisorComesAndGoesUnnoticed)
}

func aSupervisorComesAndGoesUnnoticed(t testing.TB) {
	e := openEngine(t, 3)
	caller, agent := newGuest(t, e, PCMA, low), newGuest(t, e, PCMU, middle)
	supervisor := newGuest(t, e, PCMU, high)
	late := referee.Lateness()
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

func TestGainsInAMixAreForOneEarOrForAllAndDoNotClick(t *testing.T) {
	referee.Judge(t, bearable, gainsInAMixAreForOneEarOrForAllAndDoNotClick)
}

func gainsInAMixAreForOneEarOrForAllAndDoNotClick(t testing.TB) {
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
	referee.Judge(t, bearable, aPromptInARoomIsForOneEarOnly)
}

func aPromptInARoomIsForOneEarOnly(t testing.TB) {
	e := openEngine(t, 3)
	caller, agent := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, middle)
	supervisor := newGuest(t, e, PCMU, high)
	late := referee.Lateness()
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
			referee.Promise(t).Error("the agent hears the prompt")
			return
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
			referee.Judge(t, bearable, func(t testing.TB) {
				e := openEngine(t, 2)
				a, b := newGuest(t, e, PCMU, low), newGuest(t, e, PCMA, middle)
				b.agrees(ptime)
				late := referee.Lateness()
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
		})
	}
}

// What is agreed anew in a conversation turns a relay into a mix and back.
func TestAReinviteWithAnotherPacketTimeIsMixed(t *testing.T) {
	referee.Judge(t, bearable, aReinviteWithAnotherPacketTimeIsMixed)
}

func aReinviteWithAnotherPacketTimeIsMixed(t testing.TB) {
	e := openEngine(t, 2)
	a, b := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, middle)
	late := referee.Lateness()
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
	referee.Judge(t, bearable, whoRemainsAloneHearsSilence)
}

func whoRemainsAloneHearsSilence(t testing.TB) {
	e := openEngine(t, 3)
	a, b, c := newGuest(t, e, PCMU, low), newGuest(t, e, PCMU, middle), newGuest(t, e, PCMU, high)
	late := referee.Lateness()
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
