package house_test

import (
	"context"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/loadtest/referee"
	"breakwater/sip/siptest"
)

func TestAHeldCallerHearsMusicAndThenTheAgentAgain(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	for _, style := range []siptest.HoldStyle{siptest.SendOnly, siptest.Inactive, siptest.ZeroIP, siptest.SendOnly} {
		anna.holds(style)
		caller.hearsMusic()
		anna.resumes()
		s.talk(caller, anna)
	}
}

func TestACallerWhoHoldsIsNotCutAndTalksOn(t *testing.T) {
	t.Parallel()
	referee.Judge(t, bearable, aCallerWhoHoldsIsNotCutAndTalksOn)
}

func aCallerWhoHoldsIsNotCutAndTalksOn(t testing.TB) {
	s := alone(t)
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	caller.holds(siptest.SendOnly)
	anna.hearsSilence(300 * time.Millisecond)
	caller.resumes()
	s.talk(caller, anna)
}

func TestABlindTransferSendsTheCallerOn(t *testing.T) {
	s := open(t)
	crew := s.seats("anna", "carla")
	anna, carla := crew[0], crew[1]
	caller := s.connects("8100", anna)
	s.does("anna transfers", func(ctx context.Context) error {
		_, err := anna.call.Request(ctx, "REFER", nil, siptest.Header{Name: "Refer-To", Value: "<sip:8300@127.0.0.1>"})
		return err
	})
	carla.rings()
	carla.answers()
	s.talk(caller, carla)
	anna.isCut()
	s.becomes("anna", acd.Ready)
	caller.hangsUp()
	caller.wasOffered("anna answered", "carla answered")
	if r := s.record(caller); r.Queue != "care" || r.Agent != "carla" {
		t.Errorf("record ends in queue %s with %s, want care with carla", r.Queue, r.Agent)
	}
}

func TestATransferToNowhereIsRefusedToTheAgent(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	s.does("anna transfers", func(ctx context.Context) error {
		_, err := anna.call.Request(ctx, "REFER", nil, siptest.Header{Name: "Refer-To", Value: "<sip:999@127.0.0.1>"})
		return err
	})
	anna.hears("refused-not-possible")
	s.talk(caller, anna)
}

func TestDigitsOfACallerAreNotRelayedToTheAgent(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	caller.presses("0123456789*#")
	caller.informs("12", siptest.DTMFRelay)
	s.talk(caller, anna)
	if n, digits := anna.call.Stats().Events, anna.call.HeardDigits(); n != 0 || digits != "" {
		t.Errorf("%d telephone-events reached anna: %q", n, digits)
	}
}

func TestAnAgentWhoHangsUpWithoutPermitLeavesTheCallerAWayBack(t *testing.T) {
	t.Parallel()
	t.Run("nothing is pressed: goodbye", func(t *testing.T) {
		s := open(t, "closing_wait", "300ms")
		anna := s.seat("anna")
		caller := s.connects("8100", anna)
		anna.hangsUp()
		caller.hears("closing")
		caller.hears("goodbye")
		caller.isCut()
		if r := s.record(caller); r.Cause.Metric != "agent_finished" || r.WantedMore {
			t.Errorf("cause %s, wanted more %v", r.Cause.Metric, r.WantedMore)
		}
		s.becomes("anna", acd.Ready)
	})
	t.Run("1 leads back to the original place, once", func(t *testing.T) {
		s := open(t, "wrap_up", "3s") // longer than the closing, also on a busy machine
		crew := s.seats("anna")
		anna := crew[0]
		caller := s.connects("8100", anna)
		other := s.caller("8100")
		other.hearsMusic()
		anna.hangsUp()
		caller.hears("closing")
		caller.presses("1")
		anna.rings()
		if got := anna.call.From(); got != caller.number {
			t.Errorf("the first to be served is %s, want the caller who was there first, %s", got, caller.number)
		}
		anna.answers()
		s.talk(caller, anna)
		anna.hangsUp()
		caller.hears("goodbye")
		caller.isCut()
		r := s.record(caller)
		if r.Cause.Metric != "agent_finished" || !r.WantedMore {
			t.Errorf("cause %s, wanted more %v", r.Cause.Metric, r.WantedMore)
		}
	})
	t.Run("on_agent_hangup: rescue leads back without asking", func(t *testing.T) {
		s := open(t, "on_agent_hangup", "rescue")
		anna := s.seat("anna")
		caller := s.connects("8100", anna)
		anna.hangsUp()
		anna.rings()
		anna.answers()
		s.talk(caller, anna)
		caller.neverHeard("closing", "goodbye")
	})
	t.Run("on_agent_hangup: end ends", func(t *testing.T) {
		s := open(t, "on_agent_hangup", "end")
		anna := s.seat("anna")
		caller := s.connects("8100", anna)
		anna.hangsUp()
		caller.isCut()
		caller.neverHeard("closing", "goodbye")
		if r := s.record(caller); r.Cause.Metric != "agent_finished" {
			t.Errorf("cause %s", r.Cause.Metric)
		}
	})
}

func TestACallerWhoVanishesFreesTheAgent(t *testing.T) {
	s := open(t, "silence", "400ms", "t1", "20ms")
	anna := s.seat("anna")
	caller := s.connects("8100", anna)
	s.city.Vanish()
	anna.isCut()
	s.becomes("anna", acd.Ready)
	if r := s.record(caller); r.Cause.Metric != "network" || r.Cause.By != call.ByNetwork {
		t.Errorf("cause %v, want the network", r.Cause)
	}
	s.hasNoCalls()
}
