package shift

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// morning is 2026-11-02 00:00 UTC; h and m count from it.
func at(h, m int) time.Time { return time.Date(2026, 11, 2, h, m, 0, 0, time.UTC) }

// done reads what was done one after the other: each until the given hour and minute.
func done(from time.Time, steps ...any) []Stretch {
	var out []Stretch
	for i := 0; i < len(steps); i += 2 {
		to := steps[i+1].(time.Time)
		out = append(out, Stretch{from, to, steps[i].(Doing)})
		from = to
	}
	return out
}

// split is 9 to 13 with a break at 11, and 15 to 18.
func split() []Span {
	return []Span{{at(9, 0), at(11, 0), Work}, {at(11, 0), at(11, 15), Break}, {at(11, 15), at(13, 0), Work}, {at(15, 0), at(18, 0), Work}}
}

func TestHowCloselyAPlanWasKept(t *testing.T) {
	const all = 7 * time.Hour
	tests := map[string]struct {
		did    []Stretch
		credit Credit
		now    time.Time
		want   Adherence
	}{
		"nothing is over yet":                  {nil, Credit{}, at(9, 0), Adherence{}},
		"to the minute":                        {done(at(9, 0), Ready, at(11, 0), Pause, at(11, 15), Busy, at(13, 0), Gone, at(15, 0), Ready, at(18, 0)), Credit{}, at(20, 0), Adherence{Scheduled: all, Adherent: all}},
		"nobody came":                          {nil, Credit{}, at(20, 0), Adherence{Scheduled: all, Adherent: 15 * time.Minute}},
		"half an hour late":                    {done(at(9, 30), Ready, at(18, 0)), Credit{}, at(20, 0), Adherence{Scheduled: all, Adherent: all - 30*time.Minute}},
		"a break worked through":               {done(at(9, 0), Ready, at(18, 0)), Credit{}, at(20, 0), Adherence{Scheduled: all, Adherent: all}},
		"a rest is granted":                    {done(at(9, 0), Ready, at(10, 0), Granted, at(10, 30), Ready, at(18, 0)), Credit{}, at(20, 0), Adherence{Scheduled: all, Adherent: all, Granted: 30 * time.Minute}},
		"a call ran into the break":            {done(at(9, 0), Ready, at(10, 50), Busy, at(11, 10), Pause, at(11, 25), Ready, at(18, 0)), Credit{}, at(20, 0), Adherence{Scheduled: all, Adherent: all, Granted: 10 * time.Minute}},
		"a longer break than was owed":         {done(at(9, 0), Ready, at(10, 50), Busy, at(11, 10), Pause, at(11, 30), Ready, at(18, 0)), Credit{}, at(20, 0), Adherence{Scheduled: all, Adherent: all - 5*time.Minute, Granted: 10 * time.Minute}},
		"a call over the end of the half":      {done(at(9, 0), Ready, at(12, 50), Busy, at(13, 30), Gone, at(15, 30), Ready, at(18, 0)), Credit{}, at(20, 0), Adherence{Scheduled: all, Adherent: all, Granted: 30 * time.Minute, Over: 30 * time.Minute}},
		"a call over the end of the shift":     {done(at(9, 0), Ready, at(17, 50), Busy, at(18, 20)), Credit{}, at(20, 0), Adherence{Scheduled: all, Adherent: all, Over: 20 * time.Minute}},
		"earned breaks":                        {done(at(9, 0), Ready, at(9, 55), Pause, at(10, 0), Ready, at(18, 0)), Credit{5 * time.Minute, 55 * time.Minute}, at(20, 0), Adherence{Scheduled: all, Adherent: all, Granted: 5 * time.Minute}},
		"a break that is not earned yet":       {done(at(9, 0), Ready, at(9, 54), Pause, at(9, 59), Ready, at(18, 0)), Credit{5 * time.Minute, 55 * time.Minute}, at(20, 0), Adherence{Scheduled: all, Adherent: all - 5*time.Minute}},
		"an earned break is no time elsewhere": {done(at(9, 0), Ready, at(9, 55), Away, at(10, 0), Ready, at(18, 0)), Credit{5 * time.Minute, 55 * time.Minute}, at(20, 0), Adherence{Scheduled: all, Adherent: all - 5*time.Minute}},
		"half of the day is over":              {done(at(9, 0), Ready, at(10, 0)), Credit{}, at(10, 0), Adherence{Scheduled: time.Hour, Adherent: time.Hour}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.want.Formula = FormulaAdherence
			if diff := cmp.Diff(tt.want, Adhere(split(), tt.did, tt.credit, tt.now)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := (Adherence{}).Share(); got != 1 {
		t.Errorf("nothing scheduled is kept by %v", got)
	}
}

// anyDay draws what somebody did from 8 to 20.
func anyDay(t *rapid.T) []Stretch {
	var out []Stretch
	for now := at(8, 0); now.Before(at(20, 0)); {
		to := now.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes")) * time.Minute)
		out = append(out, Stretch{now, to, rapid.SampledFrom([]Doing{Ready, Busy, Granted, Pause, Away, Gone}).Draw(t, "doing")})
		now = to
	}
	return out
}

func TestPromiseARestOrALongCallNeverCostsAdherence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		did, credit := anyDay(t), Credit{5 * time.Minute, 55 * time.Minute}
		before := Adhere(split(), did, credit, at(20, 0))
		if before.Adherent < before.Granted || before.Adherent > before.Scheduled || before.Scheduled != 7*time.Hour || before.Over < 0 {
			t.Fatalf("%+v", before)
		}
		none := Adhere(split(), did, Credit{}, at(20, 0))
		if before.Adherent < none.Adherent {
			t.Fatalf("earned breaks cost: %+v, without %+v", before, none)
		}
		i := rapid.IntRange(0, len(did)-1).Draw(t, "which")
		if did[i].Doing == Ready || did[i].Doing == Busy {
			return // what earned a break cannot be taken away and be compared
		}
		did[i].Doing = Granted
		if after := Adhere(split(), did, Credit{}, at(20, 0)); after.Adherent < none.Adherent {
			t.Fatalf("a rest costs: %+v, before %+v", after, none)
		}
		did[i].Doing = Busy
		if after := Adhere(split(), did, Credit{}, at(20, 0)); after.Adherent < none.Adherent {
			t.Fatalf("a call costs: %+v, before %+v", after, none)
		}
	})
}
