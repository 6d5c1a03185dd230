package call

import (
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
	"breakwater/media"
	"breakwater/media/guard"
)

// Protect implements Ears.
func (s *fakeSounds) Protect(leg Leg, g guard.Settings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := bare(leg)
	if s.ears[f] == nil {
		f.mu.Lock()
		s.ears[f] = &fakeEar{ceiling: g.LevelCeiling, first: len(f.heard) == 0}
		f.mu.Unlock()
	}
}

// StepBack implements Ears.
func (s *fakeSounds) StepBack(leg Leg, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ear := s.ears[bare(leg)]; ear != nil {
		ear.stepBack = on
	}
}

// Exposure implements Ears.
func (s *fakeSounds) Exposure(leg Leg) media.Exposure {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ear := s.ears[bare(leg)]; ear != nil {
		return ear.got
	}
	return media.Exposure{}
}

// fakeEar is a protected ear.
type fakeEar struct {
	ceiling  float64
	stepBack bool
	got      media.Exposure
	first    bool // before anything was played
}

// ear tells how the ear at a leg is protected; nil = not at all.
func (s *fakeSounds) ear(leg *fakeLeg) *fakeEar {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ear := s.ears[leg]; ear != nil {
		seen := *ear
		return &seen
	}
	return nil
}

func TestEveryEarAtOneOfOurPhonesIsProtected(t *testing.T) {
	edit := func(p *Plan, _ *acd.Plan) { p.Hearing.Guard.LevelCeiling = -12 }
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		if ear := r.sounds.ear(agent); ear == nil || ear.ceiling != -12 {
			t.Errorf("the agent's ear: %+v", ear)
		}
		if r.sounds.ear(caller) != nil {
			t.Error("a caller from outside is guarded")
		}
		caller.hangUp()
	}, edit)
}

func TestAnEarIsProtectedBeforeItHearsAnything(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.dial("0123", "8100")
		agent := r.rung()
		if r.sounds.ear(agent) != nil {
			t.Error("a phone that rings has no sound yet")
		}
		agent.answer()
		synctest.Wait()
		if r.sounds.ear(agent) == nil || !r.sounds.ear(agent).first {
			t.Error("something was played before the guard was there")
		}
	})
}

func TestSteppingBackIsTheGuardsWorkAndAGainWithoutOne(t *testing.T) {
	for name, off := range map[string]bool{"with the guard": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				caller, agent := r.talking("8100")
				for _, stepped := range []bool{true, false} {
					agent.press("*96")
					wait(time.Millisecond)
					gain, ear := 0.0, r.sounds.ear(agent)
					if stepped && off {
						gain = -6
					}
					if got := r.sounds.gain(agent, caller); got != gain {
						t.Errorf("stepped back %v: caller toward agent %v dB, want %v", stepped, got, gain)
					}
					if (ear == nil) != off || ear != nil && ear.stepBack != stepped {
						t.Errorf("stepped back %v: ear %+v", stepped, ear)
					}
				}
				caller.hangUp()
			}, func(p *Plan, _ *acd.Plan) { p.Hearing.Off = off })
		})
	}
}
