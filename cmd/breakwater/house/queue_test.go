package house_test

import (
	"testing"
)

func TestACallerReachesAnAgentAndBothHearEachOther(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	caller.hangsUp()
	anna.isCut()
	if r := s.record(caller); r.Cause.Metric != "caller_ended" || r.Agent != "anna" {
		t.Errorf("cause %s, agent %s", r.Cause.Metric, r.Agent)
	}
}
