package call

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
	"breakwater/media"
	"breakwater/media/guard"
)

// fakeExposures keeps shifts, newest last.
type fakeExposures struct {
	mu   sync.Mutex // protects all following fields
	kept []EarShift
	fail error
}

func (f *fakeExposures) KeepExposure(_ context.Context, shifts ...EarShift) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail == nil {
		f.kept = append(f.kept, shifts...)
	}
	return f.fail
}

func (f *fakeExposures) Exposures(_ context.Context, agent string, limit int) (found []EarShift, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range slices.Backward(f.kept) {
		if s.Agent == agent && len(found) < limit {
			found = append(found, s)
		}
	}
	return found, f.fail
}

func (f *fakeExposures) setFail(err error) { f.mu.Lock(); f.fail = err; f.mu.Unlock() }

// hears lets an ear get so much energy (0 dBm0 × seconds).
func (s *fakeSounds) hears(leg *fakeLeg, energy float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ear := s.ears[leg]
	ear.got = media.Exposure{At: time.Now(), Account: guard.Account{
		Energy: ear.got.Energy + energy, Frames: ear.got.Frames + 100, MaxOut: -12,
	}}
	ear.got.Limited[guard.ByTone], ear.got.Events[guard.ByTone] = 7, 1
}

// dose is what anna's ears got.
func (r *room) dose() Dose { r.t.Helper(); return r.doseOf("anna") }

func (r *room) doseOf(agent string) Dose {
	r.t.Helper()
	d, err := r.x.Dose(context.Background(), agent)
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	return d
}

// hourAt is the energy of an hour at a level on the line, dBm0.
func hourAt(dBm0 float64) float64 { return 3600 * math.Pow(10, dBm0/10) }

func TestWhatAnEarGotIsAddedUpOverTheCallsOfAShift(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		for range 2 {
			caller, agent := r.talking("8100")
			r.sounds.hears(agent, hourAt(-20))
			wait(10 * time.Second)
			caller.hangUp()
			wait(2 * time.Minute)
		}
		// RLR 2: −20 dBm0 is 79.9 dB(A); two hours of eight are 6 dB less.
		if d := r.dose(); math.Abs(d.LEX8h-73.9) > 0.1 || math.Abs(d.Listened.Seconds()-20) > 2 || d.Limited != 14 {
			t.Errorf("after two calls: %+v", d)
		}
		if r.count("guard_frames_total") != 200 || r.count(`guard_events_total{rule="tone"}`) != 2 || r.x.Loudest() != -12 {
			t.Errorf("the metrics say %v, loudest %v", r.x.Tally().Counts(), r.x.Loudest())
		}
	})
}

func TestALongCallIsAddedUpWhileItLasts(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		r.sounds.hears(agent, hourAt(-14))
		wait(earsEvery + 2*time.Second)
		during := r.dose()
		if during.Exposure == 0 {
			t.Error("after a minute nothing was added")
		}
		caller.hangUp()
		wait(time.Second)
		if after := r.dose(); after.Exposure != during.Exposure || after.Listened < during.Listened {
			t.Errorf("during %+v, after %+v: something was added twice or lost", during, after)
		}
	})
}

// A dose does not ask which call it was: agents call each other, and supervisors listen.
func TestEveryConversationOfAnAgentIsInTheDose(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(r *room) cast
		ear   func(c cast) *fakeLeg
		agent string
	}{
		"an agent who calls a phone": {
			func(r *room) cast { return phases["in a direct call"](r) },
			func(c cast) *fakeLeg { return c.caller }, "anna",
		},
		"an agent who is called by a phone": {
			func(r *room) cast { return phases["in a direct call"](r) },
			func(c cast) *fakeLeg { return c.other }, "ben",
		},
		"a supervisor who listens in": {
			func(r *room) cast { return r.overheard() },
			func(c cast) *fakeLeg { return c.other }, "sofia",
		},
		"a supervisor who was called": {
			func(r *room) cast {
				k := r.pair("8100")
				k.agent.press("*5")
				k.other = r.rung()
				k.other.answer()
				return at(k, 10*time.Second)
			},
			func(c cast) *fakeLeg { return c.other }, "sofia",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				for agent, phone := range map[string]string{"anna": "1001", "ben": "1002", "sofia": "1003"} {
					if agent != "ben" || c.agent == "ben" {
						r.logIn(agent, phone)
					}
				}
				k := c.begin(r)
				r.sounds.hears(c.ear(k), hourAt(-20))
				wait(earsEvery + 2*time.Second)
				during := r.doseOf(c.agent)
				if during.Exposure == 0 {
					t.Error("a minute of it is not in the dose yet")
				}
				r.sounds.hears(c.ear(k), hourAt(-20))
				wait(20 * time.Second)
				k.caller.hangUp()
				wait(2 * time.Second)
				after := r.doseOf(c.agent)
				if ratio := after.Exposure / during.Exposure; math.Abs(ratio-2) > 0.01 {
					t.Errorf("after it %.2f times as much as during it, want twice", ratio)
				}
				if s := after.Listened.Seconds(); s < 80 || s > 100 {
					t.Errorf("%.0f s were listened to", s)
				}
				for _, rec := range r.journal.all() {
					for _, leg := range rec.Legs {
						if rec.Dialled == "1002" && leg.Agent != "" {
							t.Errorf("a call from phone to phone is %s's in the record", leg.Agent)
						}
					}
				}
			})
		})
	}
}

func TestANewShiftBeginsAfterAFewHoursWithoutACall(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		r.sounds.hears(agent, hourAt(-20))
		caller.hangUp()
		wait(betweenShifts / 2)
		if r.dose().Exposure == 0 {
			t.Error("a long break has ended the shift")
		}
		wait(betweenShifts)
		if d := r.dose(); d.Exposure != 0 || d.Budget != 80 {
			t.Errorf("the next day begins with %+v", d)
		}
	})
}

// slowExposures is a store whose every answer takes a while.
type slowExposures struct {
	fakeExposures
	words int
}

func (f *slowExposures) KeepExposure(ctx context.Context, shifts ...EarShift) error {
	<-time.After(20 * time.Millisecond)
	f.words++
	return f.fakeExposures.KeepExposure(ctx, shifts...)
}

func TestWhatManyEarsGotMeanwhileIsKeptInOneWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keep := &slowExposures{}
		d := newDoses(keep, newTally(), discard())
		settings := guard.DoseSettings{}.WithDefaults()
		got := func(agent string) {
			d.add(portion{agent: agent, energy: 1, listened: time.Second, at: time.Now(), settings: settings})
		}
		got("anna")
		synctest.Wait() // is on its way
		for range 3 {
			got("anna")
			got("ben")
		}
		wait(time.Second)
		if keep.words != 2 || len(keep.kept) != 3 {
			t.Errorf("%d words with %d shifts, want 2 with anna's first, then anna's and ben's", keep.words, len(keep.kept))
		}
		got("ben")
		d.close(context.Background())
		last := map[string]EarShift{}
		for _, s := range keep.kept {
			last[s.Agent] = s
		}
		if a, b := last["anna"], last["ben"]; a.Listened != 4*time.Second || b.Listened != 4*time.Second || a.Exposure != b.Exposure {
			t.Errorf("kept at the end: anna %+v, ben %+v; want the same", a, b)
		}
	})
}

func TestADoseGoesOnAfterARestart(t *testing.T) {
	inRoom(t, func(r *room) {
		r.ears.kept = []EarShift{{Agent: "anna", Began: time.Now().Add(-time.Hour), Last: time.Now(), Exposure: 0.1}}
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		r.sounds.hears(agent, hourAt(-20))
		caller.hangUp()
		wait(time.Second)
		if d := r.dose(); d.Exposure <= 0.1 || !d.Began.Before(time.Now().Add(-50*time.Minute)) {
			t.Errorf("after the restart: %+v", d)
		}
	})
}

func TestAStoreThatFailsLosesNoDose(t *testing.T) {
	inRoom(t, func(r *room) {
		r.means("exposures_failed_total")
		r.logIn("anna", "1001")
		r.ears.setFail(errors.New("the disk is full")) // it cannot even tell what was before
		caller, agent := r.talking("8100")
		r.sounds.hears(agent, hourAt(-20))
		wait(earsEvery + 2*time.Second)
		r.sounds.hears(agent, hourAt(-20))
		caller.hangUp()
		wait(2 * time.Minute)
		r.ears.setFail(nil)
		caller, agent = r.talking("8100")
		r.sounds.hears(agent, hourAt(-20))
		caller.hangUp()
		wait(time.Second)
		kept, err := r.ears.Exposures(t.Context(), "anna", 1)
		if err != nil || len(kept) != 1 || math.Abs(r.dose().LEX8h-75.6) > 0.1 {
			t.Errorf("three hours at −20 dBm0 are 75.6 dB(A); got %+v, %v", r.dose(), err)
		}
	})
}

func TestAHeadsetThatIsLouderCountsMore(t *testing.T) {
	edit := func(p *Plan, _ *acd.Plan) {
		p.Hearing.Headsets = map[string]guard.Profile{"loud": {Vol: 6}}
		anna := p.Agents["anna"]
		anna.Headset = "loud"
		p.Agents["anna"] = anna
	}
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		r.sounds.hears(agent, 8*hourAt(-20))
		caller.hangUp()
		wait(time.Second)
		if d := r.dose(); math.Abs(d.LEX8h-85.9) > 0.1 || d.Percent < 350 {
			t.Errorf("eight hours at −20 dBm0, 6 dB up: %+v", d)
		}
		asks := r.dial("1001", "*17")
		wait(10 * time.Second)
		if !asks.playedTo("hearing-full") {
			t.Errorf("the agent asks and hears %v", asks.heard)
		}
	}, edit)
}

func TestAHeadsetThatNobodyDescribedIsRefused(t *testing.T) {
	p := Plan{Agents: map[string]AgentAccess{"anna": {Headset: "loud"}}}
	if wrong := p.Check(); wrong["agents.anna.headset"] == "" {
		t.Errorf("found only %v", wrong)
	}
}

func TestAPINOpensTheOwnViewAndIsNotFoundByTrying(t *testing.T) {
	inRoom(t, func(r *room) {
		if name, ok := r.x.Recognise("7001", "1234", "192.0.2.1"); !ok || name != "anna" {
			t.Errorf("anna is %q, %v", name, ok)
		}
		for range pinTries {
			if _, ok := r.x.Recognise("7001", "0000", "192.0.2.1"); ok {
				t.Error("a wrong PIN is right")
			}
		}
		if _, ok := r.x.Recognise("7001", "1234", "192.0.2.1"); ok {
			t.Error("after five wrong ones the right PIN is still looked at")
		}
		if _, ok := r.x.Recognise("7001", "1234", "192.0.2.2"); !ok {
			t.Error("somebody else's guesses lock anna out")
		}
	})
}
