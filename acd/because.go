package acd

import (
	"strconv"
	"time"
)

// sentence is a reason in the making. Every offer has one, made on the floor's goroutine:
// it costs the memory of its text and no more.
type sentence []byte

func (s sentence) text(parts ...string) sentence {
	for _, p := range parts {
		s = append(s, p...)
	}
	return s
}

func (s sentence) number(n int64) sentence { return strconv.AppendInt(s, n, 10) }

// length writes whole seconds.
func (s sentence) length(d time.Duration) sentence {
	return append(s, d.Round(time.Second).String()...)
}

// because says in words why this agent.
func (b *board) because(c *condition, a *agent) string {
	var room [128]byte
	free := int64(c.free())
	idle := max(0, b.now.Mono-a.Idle)
	of := func(what string) sentence { return sentence(room[:0]).text(what, " of ").number(free).text(" free") }
	var s sentence
	switch c.queue.spec.Strategy {
	case LeastOccupied:
		load := a.ranked.Load
		s = of("least occupied today").text(": ").number(load / 10).text(".").number(load % 10).text(" %, idle ").length(idle)
	case FewestCalls:
		s = of("fewest calls today").text(": ").number(a.ranked.Calls).text(", idle ").length(idle)
	case LeastTalk:
		s = of("least talk today").text(": ").length(a.ranked.Talk).text(", idle ").length(idle)
	case Gentlest:
		s = of("least strain in two hours").text(": like ").length(a.ranked.Strain).text(" of talk, idle ").length(idle)
	case WeightedRandom:
		s = of("drawn by lot").text(": share ").number(int64(share(c.queue.spec, a.Name)))
	case RingProgressively:
		s = of("next to ring").text(": idle ").length(idle)
	case RoundRobin:
		if last := b.recent[c.queue.spec.Name]; last != "" {
			s = of("next").text(" in turn after ", last)
		} else {
			s = of("first in turn")
		}
	case Linear:
		s = of("first").text(" in order, place ").number(c.order[a.rank] + 1)
	case BestSkill:
		s = of("best skilled").text(": level sum ").number(-c.order[a.rank]).text(", idle ").length(idle)
	case RingAll:
		s = sentence(room[:0]).text("everybody rings: ").number(free).text(" free")
		if free > mostRung {
			s = of("idle longest").text(": ").number(mostRung).text(" ring at once")
		}
	default: // LongestIdle
		s = of("longest idle").text(": ").length(idle)
	}
	return string(s)
}
