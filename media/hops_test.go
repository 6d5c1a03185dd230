package media

import (
	"slices"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/guard"
	"breakwater/media/meter"
	"breakwater/media/wav"
)

// steady is a sound of one sample, which tells in a stream whose turn it is.
func steady(sample int, length time.Duration) []*wav.Clip {
	return []*wav.Clip{wav.FromSamples("steady", slices.Repeat([]int16{int16(sample)}, int(length*8000/time.Second)))}
}

// A call as it is: a prompt, music, an agent, a supervisor who listens and leaves, hold, the
// agent again, a farewell. Neither the caller nor the agent hears a break in their streams,
// in number, in time, or for longer than two packets.
func TestAWholeCallIsOneStreamInBothDirections(t *testing.T) {
	referee.Judge(t, bearable, aWholeCallIsOneStreamInBothDirections)
}

func aWholeCallIsOneStreamInBothDirections(t testing.TB) {
	const prompt, music, bye = -1000, -3000, -9000
	e := openEngine(t, 3)
	caller, agent := newGuest(t, e, PCMA, low), newGuest(t, e, PCMU, middle)
	supervisor := newGuest(t, e, PCMU, high)
	protect(agent.phone)
	late := referee.Lateness()

	welcome := caller.port.Play(Sound{Clips: steady(prompt, 300*time.Millisecond)})
	caller.untilBelow(prompt)
	<-welcome.Done()
	held := caller.port.Play(Sound{Clips: steady(music, time.Second), Loop: true})
	caller.untilBelow(music)
	agent.port.Play(Sound{Clips: steady(prompt, 200*time.Millisecond)}) // who calls

	br := join(t, e, caller.phone, agent.phone)
	held.Stop()
	caller.untilMixed(middle)
	agent.untilMixed(low)
	add(t, br, supervisor, Listen)
	supervisor.untilMixed(low + middle)
	br.SetRole(supervisor.port, Whisper)
	agent.untilMixed(low + high)
	br.Remove(supervisor.port)
	agent.untilMixed(low)
	caller.untilMixed(middle)

	held = caller.port.Play(Sound{Clips: steady(music, time.Second), Loop: true}) // the agent asks for a moment
	br.SetGain(agent.port, Mute)
	caller.untilBelow(music)
	agent.untilMixed(low) // and hears the caller all the time
	br.SetGain(agent.port, 0)
	held.Stop()
	caller.untilMixed(middle)

	farewell := caller.port.Play(Sound{Clips: steady(bye, 200*time.Millisecond), Tail: 60 * time.Millisecond})
	br.Close()
	caller.untilBelow(bye)
	<-farewell.Done()
	agentHeard := len(agent.air)
	agent.listens(agentHeard)

	slack := 40*time.Millisecond + 2*late()
	caller.isWhole(slack)
	agent.isWhole(slack)
	if agent.port.Exposure().Frames == 0 {
		t.Error("the guard of the agent has heard nothing")
	}
}

// untilBelow is untilMixed for sound of our own, which lies below zero.
func (g *guest) untilBelow(want int) {
	g.t.Helper()
	var got [1]int16
	for range 150 {
		g.listens(1)
		p := g.heard[len(g.heard)-1]
		if g.codec.law().Decode(got[:], p.codes); near(-got[0], -want) {
			return
		}
	}
	g.t.Fatalf("%d was not heard within 150 packets, but %d", want, got[0])
}

// Whatever a meter finds: the sound that everybody hears is the same to the last bit, and
// nobody is told of it but by the level (protection, test 28).
func TestAMeterChangesNoSound(t *testing.T) {
	said := sentences(t, 12*time.Second)
	loud := PCMA.law().GainTable(14)
	for i := len(said) / 2; i < len(said); i++ {
		said[i] = loud[said[i]]
	}
	listen := func(measured bool) (heard []byte) {
		e := openEngine(t, 2)
		caller, agent := newPhone(t, e, PCMA), newPhone(t, e, PCMA)
		agent.port.Protect(guard.Settings{})
		if measured {
			caller.port.Meter(meter.Settings{Threshold: 0.01, Raised: 2, Of: 2})
		}
		join(t, e, caller, agent)
		hints := uint32(0)
		caller.port.do(func(l *loop) {
			for at := 0; at+160 <= len(said); at += 160 {
				caller.hands(l, said[at:][:160])
				heard = append(heard, l.air.packet[12:172]...)
				hints = caller.port.in.obeys.gauge.account().Hints
			}
		})
		if measured != (hints > 0) {
			t.Errorf("measured %v, and %d hints", measured, hints)
		}
		return heard
	}
	if !slices.Equal(listen(true), listen(false)) {
		t.Error("what the agent hears is not the same")
	}
}
