// Package acd decides who waits, who is ready and who gets whom. It knows no
// wire, no sound and no disk: it is told what happened and makes offers.
package acd

import "time"

// Strategy is how a queue picks among capable, offerable agents. Ties are always
// broken by longest idle, then by name, so that every decision can be replayed.
type Strategy string

// The strategies of queues.md §2.
const (
	LongestIdle   Strategy = "longest-idle"
	LeastOccupied Strategy = "least-occupied" // share of today's logged-in time in ring, talk and wrap-up
	RoundRobin    Strategy = "round-robin"    // with memory of who was offered last
	Linear        Strategy = "linear"         // in the order of QueueSpec.Agents
	BestSkill     Strategy = "best-skill"     // highest sum of the levels the expression names
	RingAll       Strategy = "ring-all"       // everybody at once, one answer wins
)

// QueueSpec is what the floor must know of a queue. It is immutable; a config
// edit brings a new one.
type QueueSpec struct {
	Name      string        `yaml:"-"`
	Strategy  Strategy      `yaml:"strategy"`  // default longest-idle
	Needs     string        `yaml:"needs"`     // skill expression, e.g. refunds >= 3 && (lang_zh >= 5 || lang_en >= 7); empty = every agent of Agents
	Agents    []string      `yaml:"agents"`    // who may serve, in order for linear; empty = everybody who meets Needs
	Relax     []Relax       `yaml:"relax"`     // later, weaker (or stronger) conditions by waiting time
	Ring      time.Duration `yaml:"ring"`      // default 20s
	WrapUp    time.Duration `yaml:"wrap_up"`   // default 30s, -1 = none
	MaxWait   time.Duration `yaml:"max_wait"`  // default 30m
	MaxSize   int           `yaml:"max_size"`  // waiting callers; 0 = no limit
	Priority  int           `yaml:"priority"`  // minutes of head start over other queues
	Weight    float64       `yaml:"weight"`    // how fast waiting counts; default 1
	LeaveOn   []AgentState  `yaml:"leave_on"`  // leave (and do not join) when every capable agent is in one of these; default [logged-out]
	OnFull    string        `yaml:"on_full"`   // target of limits, an opaque word for call: "goodbye", "menu:x", "queue:x", "number:x"
	OnWait    string        `yaml:"on_wait"`   // target when MaxWait is reached
	OnEmpty   string        `yaml:"on_empty"`  // target when LeaveOn applies
	Intensity string        `yaml:"intensity"` // low, normal (default) or hostile
}

// Relax is one step by waiting time that replaces the condition.
type Relax struct {
	After time.Duration `yaml:"after"`
	Needs string        `yaml:"needs"`
}

// AgentSpec is what the floor must know of a person.
type AgentSpec struct {
	Name   string         `yaml:"-"`
	Number string         `yaml:"number"` // what the agent dials to log in
	Skills map[string]int `yaml:"skills"` // levels 0–10
}

// Settings are the floor's own numbers. The zero value of a field means its
// default except where it says so.
type Settings struct {
	Gap            time.Duration `yaml:"gap"`             // from the end of talk to the next offer; default 15s, -1 = none
	ExtendWrapUp   time.Duration `yaml:"extend_wrap_up"`  // one press; default 60s
	Strikes        int           `yaml:"strikes"`         // true no-answers until Missed; default 3
	DelayBusy      time.Duration `yaml:"delay_busy"`      // default 20s
	DelayDeclined  time.Duration `yaml:"delay_declined"`  // default 10s
	DelayUnreached time.Duration `yaml:"delay_unreached"` // default 30s
	DelayNoAnswer  time.Duration `yaml:"delay_no_answer"` // default 5s
	Prefer         time.Duration `yaml:"prefer"`          // how long Entry.Prefer counts; default 60s
}

// Plan is everything the floor routes by: what a config edit replaces at once.
type Plan struct {
	Settings Settings
	Queues   map[string]QueueSpec
	Agents   map[string]AgentSpec
}
