package main

import (
	"slices"
	"strings"

	"breakwater/call"
)

// skill is a caller who waits for the one agent who can help, although another one
// is free.
func skill(s *scene) {
	first := s.dials("Mr Bauer", "8200")
	busy := s.rings("carla")
	busy.answers()
	s.talk(first, busy)

	caller := s.dials("Ms Celik", "8200")
	caller.hears("position:1")
	why := s.why(caller)
	for _, sentence := range why {
		if strings.Contains(sentence, "ben") || strings.Contains(sentence, "carla") {
			s.say("why does she wait? %s", sentence)
		}
	}
	lacks := slices.ContainsFunc(why, func(sentence string) bool {
		return strings.Contains(sentence, "not meet refunds") && strings.Contains(sentence, "ben (refunds is 2)")
	})
	s.that("why ben is not asked", lacks, "expected the skill that he lacks, saw "+strings.Join(why, "; "))
	first.hangsUp()
	carla := s.rings("carla")
	carla.answers()
	s.talk(caller, carla)
	s.pause(second)
	caller.hangsUp()
	carla.isCut()

	r := s.record(caller)
	s.outcome = "waited for the skill, served by " + shown(r.Agent)
	s.ended(r, call.CauseCallerEnded, call.ByCaller)
	s.attempts(r, "carla answered")
	s.that("ben's phone", s.desks["ben"].silent(), "expected silence, but it rang")
	s.noted(r, "queue.position", "1")
	s.recorded(r)
	s.ended(s.record(first), call.CauseCallerEnded, call.ByCaller)
}
