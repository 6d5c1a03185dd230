package main

import (
	"context"
	"sync"
)

// act is one story: who does what, and what must come of it.
type act struct {
	name string
	play func(*scene)
}

// program is everything that is shown.
var program = []act{
	{"plain", plain}, {"skill", skill}, {"missed", missed}, {"abuse", abuse}, {"on-hook", onHook}, {"crisis", crisis},
}

// aside is the act that runs beside all others: it takes as long as they together.
const aside = "abuse"

// play shows the program and then looks whether the house is tidy. It gives one scene
// for each act, and one more for the house.
func play(ctx context.Context, st *stage) []*scene {
	var scenes, row []*scene
	var beside sync.WaitGroup
	for i, a := range program {
		s := newScene(ctx, st, a)
		s.no = i + 1
		scenes = append(scenes, s)
		if a.name == aside {
			beside.Go(s.run)
			continue
		}
		row = append(row, s)
	}
	for _, s := range row {
		s.run()
	}
	beside.Wait()
	house := newScene(ctx, st, act{"house", tidy})
	house.run()
	return append(scenes, house)
}

// tidy asks the server itself: no promise was broken and nothing is left over.
func tidy(s *scene) {
	s.do("all lines are down", func(ctx context.Context) error {
		return until(ctx, func() (bool, error) {
			ports, _, _ := s.house.Engine.Usage()
			return ports == 0 && s.house.SIP.Counters().Legs == 0 && len(s.house.Exchange.Calls()) == 0, nil
		})
	})
	promises, wire := s.house.Floor.Counters(), s.house.SIP.Counters()
	expect(s, "double offers", 0, promises.DoubleOffers)
	expect(s, "rests cut short", 0, promises.RestsCutShort)
	expect(s, "wrap-ups cut short", 0, promises.WrapUpsCutShort)
	expect(s, "agents stuck", 0, promises.StuckAgents)
	expect(s, "panics", 0, wire.Panics)
	expect(s, "malformed messages", 0, wire.Malformed)
	s.outcome = "no promise broken, no call, port or leg left over"
}
