package house_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/sip/siptest"
)

// direct is a call between two desk phones at which nobody is logged in.
func (s *stage) direct(from, to *person) {
	s.Helper()
	from.number = desks[from.name].phone
	from.dials(siptest.Dial{Number: desks[to.name].phone})
	to.rings()
	s.does("it rings", from.call.WaitRinging)
	to.answers()
	from.isAnswered()
	s.talk(from, to)
}

func TestPhonesCallEachOtherWithDigitsAndHold(t *testing.T) {
	s := open(t)
	anna, ben := s.desk("anna"), s.desk("ben")
	s.direct(anna, ben)
	anna.presses("12*")
	s.does("ben gets the digits", func(ctx context.Context) error { return ben.call.WaitDigits(ctx, "12*") })
	ben.presses("#3")
	s.does("anna gets the digits", func(ctx context.Context) error { return anna.call.WaitDigits(ctx, "#3") })
	for _, style := range []siptest.HoldStyle{siptest.SendOnly, siptest.Inactive, siptest.ZeroIP} {
		for holder, held := range map[*person]*person{anna: ben, ben: anna} {
			holder.holds(style)
			held.hearsMusic()
			holder.resumes()
			s.talk(anna, ben)
		}
	}
	ben.hangsUp()
	anna.isCut()
	if r := s.record(anna); r.Phone != "201" || r.Dialled != "202" {
		t.Errorf("record says phone %s, dialled %s", r.Phone, r.Dialled)
	}
}

func TestACallBetweenPhonesIsCancelled(t *testing.T) {
	s := open(t)
	anna, ben := s.desk("anna"), s.desk("ben")
	anna.dials(siptest.Dial{Number: "202"})
	ben.rings()
	s.does("it rings", anna.call.WaitRinging)
	s.does("anna cancels", anna.call.Cancel)
	ben.isCut()
	if end := anna.call.End(); end.Status != 487 {
		t.Errorf("anna's call ended with %s, want 487", end)
	}
}

func TestAPhoneThatSaysNoIsHeardByItsStatus(t *testing.T) {
	s := open(t)
	anna, ben := s.desk("anna"), s.desk("ben")
	for _, status := range []int{486, 603} {
		anna.dials(siptest.Dial{Number: "202"})
		ben.rings()
		ben.declines(status)
		s.does("anna is told", func(ctx context.Context) error { _, err := anna.call.WaitEnded(ctx); return err })
		if end := anna.call.End(); end.Status != status {
			t.Errorf("anna's call ended with %s, want %d", end, status)
		}
	}
}

func TestAnAgentWhoTalksOutsideTheQueuesIsNotRung(t *testing.T) {
	s := open(t)
	crew := s.seats("anna")
	anna, carla := crew[0], s.desk("carla")
	s.direct(anna, carla)
	caller := s.caller("8100")
	caller.hearsMusic()
	anna.isLeftAlone()
	if v := s.agent("anna"); v.Offerable {
		t.Errorf("anna, who talks, is offerable (%s)", v.State)
	}
	carla.hangsUp()
	anna.isCut()
	anna.rings()
	anna.answers()
	s.talk(caller, anna)
}

func TestAWrongPINIsRefusedLikeAWrongNumber(t *testing.T) {
	s := open(t)
	anna := s.desk("anna")
	for _, typed := range []string{"1#1234#", "77#4711#"} {
		if err := anna.dialsCode("*11", typed); err != nil {
			t.Fatal(err)
		}
		anna.hears("tone-beep", "wrong-pin")
		if v := s.agent("anna"); v.State != acd.LoggedOut {
			t.Errorf("anna is %s", v.State)
		}
	}
	s.logIn(anna)
}

func TestAnAgentMovesToAnotherPhone(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	other := s.person("anna", s.desk("ben").phone)
	s.logIn(other)
	if v := s.agent("anna"); v.Phone != "202" {
		t.Errorf("anna is at phone %s, want 202", v.Phone)
	}
	s.connects("8100", other)
	anna.isLeftAlone()
}

func TestAPhoneHasOneAgent(t *testing.T) {
	s := open(t)
	anna := s.seat("anna")
	if err := anna.dialsCode("*11", desks["ben"].number+"#"+pin+"#"); err != nil {
		t.Fatal(err)
	}
	anna.hears("tone-beep", "not-possible-now")
	if v := s.agent("ben"); v.State != acd.LoggedOut {
		t.Errorf("ben is %s", v.State)
	}
}

func TestACallFromAPhoneThatIsNotOursIsRefused(t *testing.T) {
	s := open(t)
	stranger := s.person("stranger", s.phone(siptest.Options{Name: "201", Password: "guessed"}))
	stranger.dials(siptest.Dial{Number: "8100"})
	s.does("the stranger is refused", func(ctx context.Context) error {
		err := stranger.call.WaitAnswered(ctx)
		if refused := (*siptest.Unanswered)(nil); errors.As(err, &refused) && (refused.End.Status == 401 || refused.End.Status == 403) {
			return nil
		}
		return errors.Join(errors.New("not refused with 401 or 403"), err)
	})
	s.hasNoCalls()
}

// hasNoCalls waits until no call is left.
func (s *stage) hasNoCalls() {
	s.Helper()
	s.sees("no call is left", func() bool { return len(s.house.Exchange.Calls()) == 0 })
	if !holds(5*time.Second, func() bool { open, _, _ := s.house.Engine.Usage(); return open == 0 }) {
		s.Error("a port is left open")
	}
}
