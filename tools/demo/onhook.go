package main

import (
	"breakwater/acd"
	"breakwater/call"
)

// onHook is an agent who puts the receiver down without a permit: the caller is not
// cut off, can have more, and keeps the place.
func onHook(s *scene) {
	caller := s.dials("Ms Greco", "8500")
	hugo := s.rings("hugo")
	hugo.answers()
	s.talk(caller, hugo)
	later := s.dials("Mr Hoang", "8500")
	later.hears("position:1")
	hugo.hangsUp()
	caller.hears("closing")
	caller.presses("1", "she still needs help")
	s.that("the line of Ms Greco", caller.talking(), "expected to be up, but it was ended")
	s.waits(caller)
	s.becomes("hugo", acd.WrapUp)
	s.code("hugo", "*15", "wrap-up is done")
	hugo = s.rings("hugo")
	expect(s, "who is served first", caller.number, from(hugo))
	hugo.answers()
	s.talk(caller, hugo)
	caller.hangsUp()
	hugo.isCut()
	s.becomes("hugo", acd.WrapUp)
	s.code("hugo", "*15", "wrap-up is done")
	hugo = s.rings("hugo")
	expect(s, "who is served next", later.number, from(hugo))
	hugo.answers()
	s.talk(later, hugo)
	later.hangsUp()

	r := s.record(caller)
	s.outcome = "closing, 1, served again at the old place"
	s.ended(r, call.CauseCallerEnded, call.ByCaller)
	expect(s, "caller wanted more", true, r.WantedMore)
	s.attempts(r, "hugo answered", "hugo answered")
	expect(s, "warnings", 0, r.Warnings)
	expect(s, "protected", false, r.Protected)
	s.noted(r, "closing", "")
	s.recorded(r, "closing")
	r = s.record(later)
	s.attempts(r, "hugo answered")
}
