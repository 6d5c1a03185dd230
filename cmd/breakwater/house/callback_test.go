package house_test

import (
	"context"
	"strings"
	"testing"

	"breakwater/call"
)

// dialsOut gives the carrier a way in: the server can call numbers that begin with 0301
// through it.
func (s *stage) dialsOut() {
	s.Helper()
	contact := strings.Trim(s.city.Contact(), "<>")
	_, proxy, _ := strings.Cut(contact, "@")
	s.configure("proxy", proxy)
	s.does("reload", func(ctx context.Context) error { _, err := s.house.Keeper.Reload(ctx); return err })
}

func TestACallerIsCalledBackOnTheWireAndBothHearEachOther(t *testing.T) {
	s := open(t, "leave_on", "[]")
	s.dialsOut()
	caller := s.caller("8100")
	caller.hearsMusic()
	caller.presses("5")
	caller.hears("callback-number")
	caller.presses("1")
	caller.hears("callback-kept")
	caller.isCut()
	asked := s.record(caller)
	if asked.Cause.Metric != call.CauseCallback {
		t.Errorf("cause %s, want %s", asked.Cause.Metric, call.CauseCallback)
	}
	anna := s.seat("anna")
	anna.rings()
	if got := anna.call.From(); got != caller.number {
		t.Errorf("anna's phone shows %s, want %s", got, caller.number)
	}
	anna.answers()
	anna.hears("callback-agent")
	caller.rings() // only now
	caller.answers()
	caller.hears("callback-here")
	s.talk(caller, anna)
	caller.hangsUp()
	anna.isCut()
	s.hasNoCalls()
	r := s.recordAfter(caller, asked.ID)
	if r.Callback != "asked" || r.Agent != "anna" || r.Cause.Metric != call.CauseCallerEnded || r.Trunk != "city" {
		t.Errorf("callback %s, agent %s, cause %s, trunk %s", r.Callback, r.Agent, r.Cause.Metric, r.Trunk)
	}
}
