package main

import (
	"strings"
	"testing"
	"time"

	"breakwater/loadtest/flood"
	"breakwater/loadtest/trial"
)

// reading is one in which nothing is wrong.
func reading() *trial.Reading {
	return &trial.Reading{What: "server", Guarded: 50, Recorded: 1, Tally: &flood.Tally{}}
}

func TestACheapServerThatDropsSoundHasNotWon(t *testing.T) {
	lossy, deaf, careless, forgetful := reading(), reading(), reading(), reading()
	lossy.Loss = 0.001
	deaf.Tally.Unheard = 1
	careless.Guarded = 34
	forgetful.Recorded = 0.99
	tests := []struct {
		name   string
		server *trial.Reading
		ratio  float64
		wrong  string
	}{
		{"all is well", reading(), 1.4, ""},
		{"dear", reading(), 1.6, "times the floor"},
		{"frames were lost", lossy, 0.5, "lost"},
		{"somebody was not heard", deaf, 0.5, "unheard"},
		{"a third is not guarded", careless, 0.5, "34.0 frames a second were guarded"},
		{"a call is not recorded", forgetful, 0.5, "0.99 recordings ran"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := compareCommand{Most: 1.5, Rounds: 3}
			c.Record = true
			err := c.judge([]trial.Step{{Calls: 500, Sure: 2, Ratio: tt.ratio, Floor: []*trial.Reading{reading()}, Server: []*trial.Reading{tt.server}}})
			if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("judged: %v; want %q", err, tt.wrong)
			}
		})
	}
}

func TestRoundsInDoubtShowNothing(t *testing.T) {
	c := compareCommand{Most: 1.5, Rounds: 4}
	err := c.judge([]trial.Step{{Calls: 500, Sure: 2, Ratio: 1, Server: []*trial.Reading{reading()}}})
	if err == nil || !strings.Contains(err.Error(), "2 of 4 rounds are doubtful") {
		t.Errorf("judged: %v", err)
	}
}

func TestAChurnThatSawTooLittleProvesNothing(t *testing.T) {
	samples := func(n int, heap float64) (all []trial.Sample) {
		for i := range n {
			all = append(all, trial.Sample{After: time.Duration(i) * time.Minute, Heap: heap})
		}
		return all
	}
	tests := []struct {
		name    string
		samples []trial.Sample
		wrong   string
	}{
		{"long enough", samples(20, 1), ""},
		{"ended in the warm-up", samples(3, 1), "too few"},
		{"without the server's metrics", samples(20, 0), "metrics are needed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := churnCommand{Warm: 3 * time.Minute, MostHeap: 16, MostRSS: 32}
			err := c.judge(&trial.Churned{Samples: tt.samples})
			if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("judged: %v; want %q", err, tt.wrong)
			}
			if err := (&churnCommand{Warm: time.Hour}).judge(&trial.Churned{Samples: tt.samples}); err != nil {
				t.Errorf("without limits: %v", err)
			}
		})
	}
}

func TestProtectionOverItsBudgetFails(t *testing.T) {
	for name, tt := range map[string]struct {
		stage stage
		over  bool
	}{
		"within":               {stage{"media/guard", "ProtectFrame/people", 1990, 0, true}, false},
		"too slow":             {stage{"media/guard", "ProtectFrame/people", 2010, 0, true}, true},
		"allocates":            {stage{"media/guard", "ProtectFrame/people", 900, 1, true}, true},
		"nobody has looked":    {stage{"media/guard", "ProtectFrame/people", 900, 0, false}, true},
		"another, slow on its": {stage{"media", "FiveThousand", 1e9, 12, true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if over := overBudget([]stage{tt.stage}); (len(over) > 0) != tt.over {
				t.Errorf("%+v: %v", tt.stage, over)
			}
		})
	}
}
