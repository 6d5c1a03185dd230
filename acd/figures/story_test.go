package figures

import (
	"time"

	"breakwater/acd"
)

// story makes events by hand; every step takes place at its time after noon.
type story struct {
	events []acd.Event
	tick   uint64
}

func (s *story) at(after time.Duration, e acd.Event) *story {
	s.tick++
	e.Seq, e.At = s.tick, acd.Stamp{Wall: noon.Add(after), Boot: "b", Mono: after}
	s.events = append(s.events, e)
	return s
}

// call lets an agent take a call: it waits 10 s, of which it rings 4, talks, and wraps up 30 s.
func (s *story) call(from time.Duration, agent, queue string, n uint64, length time.Duration, talk acd.Talk, reason string) *story {
	id := string(rune('A' + n))
	e := acd.Event{Queue: queue, Call: id, Ticket: n, Assignment: n}
	as := func(kind string, state acd.AgentState) acd.Event {
		e := e
		e.Kind, e.Agent, e.State = kind, agent, state
		return e
	}
	in := e
	in.Kind = acd.KindEntered
	s.at(from, in)
	s.at(from+6*time.Second, as(acd.KindOffered, acd.Offered))
	answer := as(acd.KindAnswered, acd.OnCall)
	answer.Length = 10 * time.Second
	s.at(from+10*time.Second, answer)
	end := from + 10*time.Second + length
	done := as(acd.KindFinished, acd.WrapUp)
	talk.Length, done.Talk, done.Reason, done.Length = length, talk, reason, 30*time.Second
	s.at(end, done)
	return s.at(end+30*time.Second, acd.Event{Kind: acd.KindWrapUpOver, Agent: agent, State: acd.Ready})
}

func (s *story) says(after time.Duration, agent, kind string, state acd.AgentState) *story {
	return s.at(after, acd.Event{Kind: kind, Agent: agent, State: state, Reason: map[string]string{acd.KindNotReady: "toilet"}[kind]})
}
