package main

import "breakwater/call"

// plain is the everyday call: menu, queue, agent, and both hear each other.
func plain(s *scene) {
	caller := s.dials("Ms Adler", "8000")
	caller.hears("welcome")
	caller.presses("1", "orders, without waiting for the end of the menu")
	anna := s.rings("anna")
	anna.answers()
	s.talk(caller, anna)
	s.pause(second)
	caller.hangsUp()
	anna.isCut()

	r := s.record(caller)
	s.outcome = "served by " + shown(r.Agent)
	s.ended(r, call.CauseCallerEnded, call.ByCaller)
	expect(s, "queue", "orders", r.Queue)
	s.attempts(r, "anna answered")
	expect(s, "protected", false, r.Protected)
	s.recorded(r)
	s.voices(r, caller, anna)
	s.quality(caller, anna)
}
