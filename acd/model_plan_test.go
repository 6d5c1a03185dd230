package acd_test

import (
	"time"

	"breakwater/acd"
)

// strategies are those of the random days.
var strategies = []acd.Strategy{
	acd.LongestIdle, acd.LeastOccupied, acd.RoundRobin, acd.Linear, acd.BestSkill, acd.RingAll,
	acd.FewestCalls, acd.LeastTalk, acd.WeightedRandom, acd.RingProgressively, acd.Gentlest,
	acd.RingAll, acd.RingAll, acd.RingProgressively, // whose promises are the hardest to keep
}

// uncapped switches off what keeps calls from free people on purpose. The model's
// offerable is that of the queue page before anybody is spared.
var uncapped = acd.Care{
	Occupancy: -1, Break: -1, HardInRow: -1, AfterEvent: "any", TalkAfter: -1, OffHostileAfter: -1, Newcomer: -1, Ramp: []int{},
	BreakGuard: -1, ShiftGuard: -1,

	HardRelief: 30 * time.Minute, // rows are counted all the same, and an edit may bring their limit back
}
