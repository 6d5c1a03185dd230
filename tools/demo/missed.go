package main

import (
	"breakwater/acd"
	"breakwater/call"
)

// missed is a caller whom one agent declines and another one does not hear. The
// place is kept: who came later is served later.
func missed(s *scene) {
	s.code("fay", "*14", "not ready")
	s.becomes("fay", acd.NotReady)
	caller := s.dials("Mr Doğan", "8300")
	s.rings("dora").declines()
	emil := s.rings("emil")
	later := s.dials("Ms Engel", "8300")
	s.waits(later)
	emil.isCut()
	s.waits(caller)
	s.say("nobody answers at the phone of Emil; %s waits on, in front of %s", caller.name, later.name)
	s.code("fay", "*13", "ready")
	fay := s.rings("fay")
	expect(s, "who is served first", caller.number, from(fay))
	fay.answers()
	s.talk(caller, fay)
	caller.hangsUp()
	fay.isCut()
	fay = s.rings("fay")
	expect(s, "who is served next", later.number, from(fay))
	fay.answers()
	s.talk(later, fay)
	later.hangsUp()

	r := s.record(caller)
	s.outcome = "declined, missed, served by " + shown(r.Agent)
	s.ended(r, call.CauseCallerEnded, call.ByCaller)
	s.attempts(r, "dora declined", "emil no-answer", "fay answered")
	s.recorded(r)
	r = s.record(later)
	s.ended(r, call.CauseCallerEnded, call.ByCaller)
	s.attempts(r, "fay answered")
}
