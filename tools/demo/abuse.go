package main

import (
	"fmt"
	"math"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// abuse goes the whole ladder: two warnings, which the machine speaks, then the
// permit, the farewell, and a rest for the agent.
func abuse(s *scene) {
	caller := s.dials("Mr Fuchs", "8400")
	caller.hears("notice")
	gina := s.rings("gina")
	gina.answers()
	s.talk(caller, gina)

	s.say("Mr Fuchs begins to shout and does not stop")
	caller.shouts()
	s.pause(2 * second)
	loud := gina.level(time.Now().Add(-3*second/2), time.Now())
	gina.presses("*1", "first warning")
	s.warns(caller, gina, "warning-1", loud)
	s.pause(3 * second)
	gina.presses("*1", "second warning")
	s.warns(caller, gina, "warning-2", loud)
	gina.hears("tone-permit")
	expect(s, "keys that reached Mr Fuchs", "", caller.keys())
	gina.presses("*3", "end the call")
	caller.hears("farewell")
	caller.isCut()
	gina.isCut()
	rest := s.becomes("gina", acd.Resting)
	minutes := time.Until(rest.Until).Minutes()
	s.say("Gina is shown as %s: level %d, %.0f minutes", rest.State, rest.Level, minutes)

	r := s.record(caller)
	s.outcome = fmt.Sprintf("%s after %d warnings, Gina rests", r.Cause.Metric, r.Warnings)
	s.ended(r, call.CauseProtectedDisconnect, call.ByPolicy)
	expect(s, "warnings", 2, r.Warnings)
	expect(s, "protected", true, r.Protected)
	s.ladder(r, "W1", "OBS1", "W2", "OBS2", "PERMIT", "FAREWELL", "ENDED")
	expect(s, "level of the rest", 2, rest.Level)
	s.within("length of the rest in minutes", 9.5, 10, minutes)
	s.recorded(r, "warning-1", "warning-2", "farewell")
}

// warns waits for a warning and measures what it promises: the caller hears nothing
// of the agent meanwhile, the agent hears the caller 20 dB softer, and afterwards
// they hear each other again.
func (s *scene) warns(caller, agent *party, phrase string, loud float64) {
	start, end := caller.hears(phrase)
	start, end = start.Add(second/2), end.Add(-second) // well within the warning
	s.within("agent's voice at the caller during "+phrase+" (dBm0)", math.Inf(-1), speaking-20, caller.loudness(agent, start, end))
	softer := agent.level(start, end)
	s.within("caller softer for the agent during "+phrase+" (dB)", 17, 23, loud-softer)
	s.say("meanwhile %s hears nothing of %s, who hears %.0f dB less of him", caller.name, agent.name, loud-softer)
	caller.hearsVoice(agent)
}
