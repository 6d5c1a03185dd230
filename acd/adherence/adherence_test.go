package adherence

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
	"breakwater/acd/shift"
)

func at(minute int) time.Time { return time.Date(2026, 11, 2, 9, minute, 0, 0, time.UTC) }

// ev is an event of mei at a minute.
func ev(minute int, kind string, state acd.AgentState) acd.Event {
	return acd.Event{At: acd.Stamp{Wall: at(minute)}, Agent: "mei", Kind: kind, State: state}
}

func did(steps ...any) []shift.Stretch {
	var out []shift.Stretch
	from := at(0)
	for i := 0; i < len(steps); i += 2 {
		to := at(steps[i+1].(int))
		out = append(out, shift.Stretch{From: from, To: to, Doing: steps[i].(shift.Doing)})
		from = to
	}
	return out
}

func TestWhatAnAgentDid(t *testing.T) {
	rest := ev(30, acd.KindRestGranted, acd.OnCall)
	rest.Length = 10 * time.Minute
	meeting := ev(40, acd.KindNotReady, acd.NotReady)
	meeting.Reason = "meeting"
	lunch := ev(20, acd.KindNotReady, acd.NotReady)
	lunch.Reason = "lunch"
	longer := ev(42, acd.KindRestExtended, acd.Resting)
	longer.Length = 20 * time.Minute
	other := ev(5, acd.KindLogOut, acd.LoggedOut)
	other.Agent = "ben"
	for name, tt := range map[string]struct {
		events []acd.Event
		want   []shift.Stretch
	}{
		"nothing is known: not there":       {nil, did(shift.Gone, 59)},
		"somebody else's events":            {[]acd.Event{other}, did(shift.Gone, 59)},
		"logs in late":                      {[]acd.Event{ev(10, acd.KindLogIn, acd.Ready)}, did(shift.Gone, 10, shift.Ready, 59)},
		"was at work before the first word": {[]acd.Event{ev(10, acd.KindOffered, acd.Offered), ev(11, acd.KindAnswered, acd.OnCall)}, did(shift.Ready, 10, shift.Busy, 11, shift.Busy, 59)},
		"a break and no break":              {[]acd.Event{ev(0, acd.KindLogIn, acd.Ready), lunch, ev(30, acd.KindReady, acd.Ready), meeting}, did(shift.Ready, 20, shift.Pause, 30, shift.Ready, 40, shift.Away, 59)},
		"a rest after the wrap-up": {
			[]acd.Event{ev(0, acd.KindLogIn, acd.Ready), rest, ev(30, acd.KindFinished, acd.WrapUp), ev(40, acd.KindWrapUpOver, acd.Resting), ev(50, acd.KindRestOver, acd.Ready)},
			did(shift.Ready, 30, shift.Busy, 40, shift.Granted, 50, shift.Ready, 59),
		},
		"a rest runs on while logged out": {
			[]acd.Event{ev(0, acd.KindLogIn, acd.Ready), rest, ev(30, acd.KindFinished, acd.WrapUp), ev(40, acd.KindLogOut, acd.LoggedOut)},
			did(shift.Ready, 30, shift.Busy, 40, shift.Granted, 50, shift.Gone, 59),
		},
		"an extended rest, then gone": {
			[]acd.Event{ev(0, acd.KindLogIn, acd.Ready), rest, ev(30, acd.KindFinished, acd.WrapUp), ev(40, acd.KindWrapUpOver, acd.Resting), longer, ev(45, acd.KindLogOut, acd.LoggedOut)},
			did(shift.Ready, 30, shift.Busy, 40, shift.Granted, 42, shift.Granted, 45, shift.Granted, 59),
		},
		"struck out": {[]acd.Event{ev(0, acd.KindLogIn, acd.Ready), ev(9, acd.KindStruckOut, acd.Missed)}, did(shift.Ready, 9, shift.Away, 59)},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader("mei", at(0), []string{"lunch"})
			for _, e := range tt.events {
				r.Add(e)
			}
			if diff := cmp.Diff(tt.want, r.Stretches(at(59))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPromiseProtectedTimeIsAdherent holds a day with an hour of abuse, its rest and an
// early return home by the agent's choice of rest against the same day without.
func TestPromiseProtectedTimeIsAdherent(t *testing.T) {
	plan := []shift.Span{{From: at(0), To: at(59), Kind: shift.Work}}
	rest := ev(30, acd.KindRestGranted, acd.OnCall)
	rest.Length = 29 * time.Minute
	r := NewReader("mei", at(0), nil)
	for _, e := range []acd.Event{
		ev(0, acd.KindLogIn, acd.Ready), ev(5, acd.KindOffered, acd.Offered), ev(6, acd.KindAnswered, acd.OnCall), rest,
		ev(30, acd.KindFinished, acd.WrapUp), ev(35, acd.KindWrapUpOver, acd.Resting), ev(40, acd.KindLogOut, acd.LoggedOut),
	} {
		r.Add(e)
	}
	if a := shift.Adhere(plan, r.Stretches(at(59)), shift.Credit{}, at(59)); a.Adherent != a.Scheduled || a.Scheduled != 59*time.Minute {
		t.Errorf("%+v", a)
	}
}
