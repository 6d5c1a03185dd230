package figures

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestStaffing(t *testing.T) {
	tests := []struct {
		name      string
		load      Load
		goal      Goal
		agents    int
		scheduled int
	}{
		{"80 % in 20 s by Erlang C", load(100, 180), Goal{Level: .80, Target: target}, 14, 14},
		{"with a third of the time elsewhere", load(100, 180), Goal{Level: .80, Target: target, Shrinkage: .30}, 14, 20},
		{"callers who leave need fewer agents than the 32 of Erlang C", load(200, 240), Goal{Level: .80, Target: target, Patience: patience}, 29, 29},
		{"an occupancy of 70 % needs more agents than the level", load(100, 180), Goal{Level: .80, Target: target, Occupancy: .70}, 15, 15},
		{"a wait of 8 s", load(100, 180), Goal{ASA: 8 * time.Second}, 14, 14},
		{"2.3 % abandoned", load(100, 180), Goal{Abandoned: .023, Patience: patience}, 14, 14},
		{"no calls", load(0, 180), Goal{Level: .80, Target: target}, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Staff(tt.load, tt.goal)
			if err != nil {
				t.Fatal(err)
			}
			if s.Agents != tt.agents || s.Scheduled != tt.scheduled {
				t.Errorf("%d agents, %d scheduled; want %d and %d: %+v", s.Agents, s.Scheduled, tt.agents, tt.scheduled, s)
			}
		})
	}
}

func TestOneAgentLessIsTooFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := load(rapid.Float64Range(1, 400).Draw(t, "calls"), rapid.Float64Range(10, 900).Draw(t, "aht"))
		g := Goal{
			Level: rapid.Float64Range(0.1, 0.99).Draw(t, "level"), Target: target,
			Patience: rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour}).Draw(t, "patience"),
		}
		s, err := Staff(l, g)
		if err != nil {
			t.Fatal(err)
		}
		if s.Waiting.Level < g.Level {
			t.Fatalf("%d agents reach %v of %v", s.Agents, s.Waiting.Level, g.Level)
		}
		if s.Agents > 1 && g.reached(l, s.Agents-1) {
			t.Fatalf("%d agents are one too many", s.Agents)
		}
	})
}

func TestAGoalThatAsksForNothingOrTheImpossibleIsRefused(t *testing.T) {
	for name, g := range map[string]Goal{
		"nothing":                    {},
		"all callers":                {Level: 1, Target: target},
		"negative shrinkage":         {Level: .8, Shrinkage: -.1},
		"all time elsewhere":         {Level: .8, Shrinkage: 1},
		"abandoned without patience": {Abandoned: .05},
		"negative time":              {Level: .8, Target: -1},
		"answered at once, always":   {Level: .9, Target: 0, Patience: time.Second, ASA: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := Staff(load(100, 180), g); err == nil {
				t.Errorf("staffed: %+v", s)
			}
		})
	}
}
