package main

import (
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// crisis is a caller who must not be left alone: every way to an ending is closed, and a
// supervisor, who is called at once, joins. When the agent can go on no longer, the caller is
// with the supervisor, who says when it is over.
func crisis(s *scene) {
	caller := s.dials("Mr Ilić", "8600")
	ivan := s.rings("ivan")
	ivan.answers()
	s.talk(caller, ivan)
	ivan.presses("*97", "crisis")
	sofia := s.rings("sofia")
	ivan.presses("*93", "end the call, which is refused")
	ivan.hears("refused-crisis")
	s.that("the line of Mr Ilić", caller.talking(), "expected to be up, but it was ended")
	expect(s, "keys that reached Mr Ilić", "", caller.keys())
	sofia.answers()
	sofia.hears("supervisor-page-crisis")
	s.join(caller, ivan, sofia)
	ivan.hangsUp()
	s.talk(caller, sofia)
	rest := s.becomes("ivan", acd.Resting)
	s.say("Ivan is shown as %s: level %d, %.0f minutes", rest.State, rest.Level, time.Until(rest.Until).Minutes())
	sofia.presses("*90", "settled, the crisis is over")
	s.pause(second)
	caller.hangsUp()
	sofia.isCut()

	r := s.record(caller)
	s.outcome = "hang-up refused, joined and taken over by " + shown(r.Agent)
	s.ended(r, call.CauseCallerEnded, call.ByCaller)
	s.ladder(r, "CRISIS", "CALM", "ENDED")
	s.noted(r, "refused", "crisis")
	s.noted(r, "page", "crisis")
	s.noted(r, "page.answered", "sofia")
	s.noted(r, "supervisor.joins", "sofia")
	s.noted(r, "supervisor.takes", "sofia")
	expect(s, "last agent", "sofia", r.Agent)
	expect(s, "protected", true, r.Protected)
	expect(s, "level of the rest", 3, rest.Level)
	s.recorded(r)
}
