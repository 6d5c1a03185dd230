// Package acd decides who waits, who is ready and who gets whom. It knows no
// wire, no sound and no disk: it is told what happened and makes offers.
package acd

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

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
	RingAll       Strategy = "ring-all"       // everybody at once, 200 at most; one answer wins

	FewestCalls       Strategy = "fewest-calls"       // answered today
	LeastTalk         Strategy = "least-talk"         // least time in conversation today
	WeightedRandom    Strategy = "weighted-random"    // by lot, each with his share of QueueSpec.Shares
	RingProgressively Strategy = "ring-progressively" // longest idle first, one more every QueueSpec.RingNext until one answers
	Gentlest          Strategy = "gentlest"           // least strain in the last two hours
)

// agentStates are the words for states.
var agentStates = []string{
	string(LoggedOut), string(Ready), string(Offered), string(OnCall), string(WrapUp), string(Resting), string(NotReady), string(Missed),
}

// strategies are the words that are allowed; empty is the default.
var strategies = []string{
	"", string(LongestIdle), string(LeastOccupied), string(FewestCalls), string(LeastTalk), string(RoundRobin), string(Linear),
	string(WeightedRandom), string(BestSkill), string(RingAll), string(RingProgressively), string(Gentlest),
}

// QueueSpec is what the floor must know of a queue. It is immutable; a config
// edit brings a new one.
type QueueSpec struct {
	Name      string         `yaml:"-"`
	Strategy  Strategy       `yaml:"strategy"`  // default longest-idle
	Needs     string         `yaml:"needs"`     // skill expression, e.g. refunds >= 3 && (lang_zh >= 5 || lang_en >= 7); call data are text: data.tier == "gold", int(data.order) > 1000; empty = every agent of Agents
	Agents    []string       `yaml:"agents"`    // who may serve, in order for linear; empty = everybody who meets Needs
	Reserve   []string       `yaml:"reserve"`   // agents who serve, too, while the service level is below its objective
	Service   Service        `yaml:"service"`   // the level at which reserve agents are called
	Relax     []Relax        `yaml:"relax"`     // later, weaker (or stronger) conditions by waiting time
	Shares    map[string]int `yaml:"shares"`    // weighted-random: by agent, 1 to 100; default 1
	Ring      time.Duration  `yaml:"ring"`      // default 20s
	RingNext  time.Duration  `yaml:"ring_next"` // ring-progressively: until one more rings; default 8s
	WrapUp    time.Duration  `yaml:"wrap_up"`   // default 30s, -1 = none
	Handle    time.Duration  `yaml:"handle"`    // how long a call takes an agent, wrap-up included, for estimates until the queue has seen ten of its own; default 5m
	MaxWait   time.Duration  `yaml:"max_wait"`  // default 30m
	MaxSize   int            `yaml:"max_size"`  // waiting callers; 0 = no limit
	Priority  int            `yaml:"priority"`  // minutes of head start over other queues
	Weight    float64        `yaml:"weight"`    // how fast waiting counts; default 1
	Boosts    []Boost        `yaml:"boosts"`    // head starts by what is known of the call
	LeaveOn   []AgentState   `yaml:"leave_on"`  // leave (and do not join) when every capable agent is in one of these; default [logged-out]
	OnFull    string         `yaml:"on_full"`   // target of limits, an opaque word for call: "goodbye", "menu:x", "queue:x", "number:x"
	OnWait    string         `yaml:"on_wait"`   // target when MaxWait is reached
	OnEmpty   string         `yaml:"on_empty"`  // target when LeaveOn applies
	Callback  CallbackSpec   `yaml:"callback"`  // who is called back instead of waiting on the line
	Voicemail VoicemailSpec  `yaml:"voicemail"` // how messages are taken, which wait as callers do
	Intensity string         `yaml:"intensity"` // how hard its calls are on people: low, normal or hostile; after a call with a protection event low comes first, and who has had enough gets none of a hostile queue, see floor.care; default normal
	Urgent    bool           `yaml:"-"`         // an emergency queue: no rule of floor.care keeps its callers from anybody who is free; set by the config
	Door      `yaml:",inline"`
}

// AgentSpec is what the floor must know of a person.
type AgentSpec struct {
	Name   string         `yaml:"-"`
	Number string         `yaml:"number"` // what the agent dials to log in
	Skills map[string]int `yaml:"skills"` // levels 0–10
	Since  string         `yaml:"since"`  // first day here, e.g. 2026-10-01: newcomers are spared hard callers; empty = not new
	Back   string         `yaml:"back"`   // first day after a long absence, e.g. 2026-10-01: the load rises by floor.care.ramp; empty = was never away
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
	Care           Care          `yaml:"care"`            // how people are spared: caps on load, breaks, what follows a hard call
}

// Plan is everything the floor routes by: what a config edit replaces at once.
type Plan struct {
	Settings Settings
	Queues   map[string]QueueSpec
	Agents   map[string]AgentSpec
	Dial     []string // beginnings of the numbers that trunks take: nothing else is called back
}

// WithDefaults fills the fields that are zero.
func (s Settings) WithDefaults() Settings {
	setDefault(&s.Gap, 15*time.Second)
	setDefault(&s.ExtendWrapUp, 60*time.Second)
	setDefault(&s.Strikes, 3)
	setDefault(&s.DelayBusy, 20*time.Second)
	setDefault(&s.DelayDeclined, 10*time.Second)
	setDefault(&s.DelayUnreached, 30*time.Second)
	setDefault(&s.DelayNoAnswer, 5*time.Second)
	setDefault(&s.Prefer, 60*time.Second)
	s.Care = s.Care.WithDefaults()
	return s
}

// Check says what is wrong, by dotted key. Zero fields are their defaults.
func (s Settings) Check() map[string]string {
	w := wrongs{}
	w.length("extend_wrap_up", s.ExtendWrapUp, time.Hour)
	w.length("delay_busy", s.DelayBusy, time.Hour)
	w.length("delay_declined", s.DelayDeclined, time.Hour)
	w.length("delay_unreached", s.DelayUnreached, time.Hour)
	w.length("delay_no_answer", s.DelayNoAnswer, time.Hour)
	w.length("prefer", s.Prefer, time.Hour)
	w.under("care", s.Care.Check())
	if s.Gap > time.Hour {
		w["gap"] = fmt.Sprintf("%s is longer than 1h; allowed are -1 (none) to 1h", s.Gap)
	}
	if s.Strikes < 0 || s.Strikes > 100 {
		w["strikes"] = fmt.Sprintf("%d is not between 1 and 100", s.Strikes)
	}
	return w
}

// WithDefaults fills the fields that are zero. An empty but present leave_on
// means that nobody leaves.
func (q QueueSpec) WithDefaults() QueueSpec {
	setDefault(&q.Strategy, LongestIdle)
	q.Service = q.Service.WithDefaults()
	setDefault(&q.Ring, 20*time.Second)
	setDefault(&q.RingNext, 8*time.Second)
	setDefault(&q.WrapUp, 30*time.Second)
	setDefault(&q.Handle, 5*time.Minute)
	setDefault(&q.MaxWait, 30*time.Minute)
	setDefault(&q.Weight, 1)
	setDefault(&q.Intensity, "normal")
	q.Callback = q.Callback.WithDefaults()
	q.Voicemail = q.Voicemail.WithDefaults()
	if q.LeaveOn == nil {
		q.LeaveOn = []AgentState{LoggedOut}
	}
	return q
}

// Check says what is wrong with the queue by itself, by dotted key. What depends on
// the agents (skill names, Agents) is checked by Plan.Check.
func (q QueueSpec) Check() map[string]string {
	w := wrongs{}
	w.word("strategy", string(q.Strategy), strategies...)
	w.word("intensity", q.Intensity, "", "low", "normal", "hostile")
	w.under("callback", q.Callback.Check())
	w.under("voicemail", q.Voicemail.Check())
	if q.Voicemail.Key != "" && q.Voicemail.Key == q.Callback.Key {
		w["voicemail.key"] = fmt.Sprintf("%s asks for a callback already", q.Voicemail.Key)
	}
	maps.Copy(w, q.Door.Check())
	w.under("service", q.Service.Check())
	w.length("ring", q.Ring, 10*time.Minute)
	w.length("ring_next", q.RingNext, 10*time.Minute)
	if q.RingNext > 0 && q.RingNext < time.Second {
		w["ring_next"] = fmt.Sprintf("%s is shorter than 1s", q.RingNext)
	}
	for _, name := range slices.Sorted(maps.Keys(q.Shares)) {
		if n := q.Shares[name]; n < 1 || n > 100 {
			w["shares."+name] = fmt.Sprintf("%d is not between 1 and 100", n)
		}
	}
	w.length("max_wait", q.MaxWait, 24*time.Hour)
	w.length("handle", q.Handle, 4*time.Hour)
	if q.WrapUp > 4*time.Hour {
		w["wrap_up"] = fmt.Sprintf("%s is longer than 4h; allowed are -1 (none) to 4h", q.WrapUp)
	}
	if q.MaxSize < 0 {
		w["max_size"] = fmt.Sprintf("%d is negative; 0 means no limit", q.MaxSize)
	}
	if q.Priority < -1440 || q.Priority > 1440 {
		w["priority"] = fmt.Sprintf("%d minutes are more than a day", q.Priority)
	}
	if !(q.Weight == 0 || q.Weight >= 0.01 && q.Weight <= 100) {
		w["weight"] = fmt.Sprintf("%v is not between 0.01 and 100: a queue whose callers do not age would starve", q.Weight)
	}
	for i, s := range q.LeaveOn {
		w.word(fmt.Sprintf("leave_on.%d", i), string(s), agentStates...)
	}
	after := time.Duration(0)
	for i, r := range q.Relax {
		if r.After <= after {
			w[fmt.Sprintf("relax.%d.after", i)] = fmt.Sprintf("%s is not later than %s of the step before", r.After, after)
		}
		after = r.After
	}
	return w
}

// WithDefaults gives the spec itself: nothing of a person is assumed.
func (a AgentSpec) WithDefaults() AgentSpec { return a }

// Check says what is wrong, by dotted key.
func (a AgentSpec) Check() map[string]string {
	w := wrongs{}
	for s, level := range a.Skills {
		switch {
		case s == dataName:
			w["skills."+s] = "data names the call's data in expressions and cannot be a skill"
		case !skillName.MatchString(s):
			w["skills."+s] = fmt.Sprintf("%q is not a name: letters, digits and _, not beginning with a digit", s)
		case level < 0 || level > 10:
			w["skills."+s] = fmt.Sprintf("%d is not a level from 0 to 10", level)
		}
	}
	for key, date := range map[string]string{"since": a.Since, "back": a.Back} {
		if _, err := parseDay(date); err != nil {
			w[key] = err.Error()
		}
	}
	for _, r := range a.Number {
		if r < '0' || r > '9' {
			w["number"] = fmt.Sprintf("%q is not digits only: it is dialled to log in", a.Number)
		}
	}
	return w
}

// WithDefaults fills every spec and gives each its name.
func (p Plan) WithDefaults() Plan {
	out := Plan{Settings: p.Settings.WithDefaults(), Dial: p.Dial}
	out.Queues, out.Agents = map[string]QueueSpec{}, map[string]AgentSpec{}
	for name, q := range p.Queues {
		q.Name = name
		out.Queues[name] = q.WithDefaults()
	}
	for name, a := range p.Agents {
		a.Name = name
		out.Agents[name] = a.WithDefaults()
	}
	return out
}

// Check says what is wrong, by dotted key: settings.…, queues.NAME.…, agents.NAME.…
// A wrong skill expression is named with its column.
func (p Plan) Check() map[string]string {
	w := wrongs{}
	w.under("settings", p.Settings.Check())
	numbers := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.Agents)) {
		a := p.Agents[name]
		w.under("agents."+name, a.Check())
		if other, used := numbers[a.Number]; used && a.Number != "" {
			w["agents."+name+".number"] = fmt.Sprintf("%s is the number of %s too", a.Number, other)
		}
		numbers[a.Number] = name
	}
	d := newDictionary(p.Agents)
	for _, name := range slices.Sorted(maps.Keys(p.Queues)) {
		q, key := p.Queues[name], "queues."+name
		w.under(key, q.Check())
		for i, a := range q.Reserve {
			if _, ok := p.Agents[a]; !ok {
				w[fmt.Sprintf("%s.reserve.%d", key, i)] = fmt.Sprintf("there is no agent %s", a)
			} else if slices.Contains(q.Agents, a) || slices.Contains(q.Reserve[:i], a) {
				w[fmt.Sprintf("%s.reserve.%d", key, i)] = fmt.Sprintf("%s is named twice", a)
			}
		}
		for i, a := range q.Agents {
			if _, ok := p.Agents[a]; !ok {
				w[fmt.Sprintf("%s.agents.%d", key, i)] = fmt.Sprintf("there is no agent %s", a)
			} else if slices.Contains(q.Agents[:i], a) {
				w[fmt.Sprintf("%s.agents.%d", key, i)] = fmt.Sprintf("%s is named twice", a)
			}
		}
		for _, a := range slices.Sorted(maps.Keys(q.Shares)) {
			if _, ok := p.Agents[a]; !ok {
				w[key+".shares."+a] = fmt.Sprintf("there is no agent %s", a)
			}
		}
		d.checkNeeds(w, key, q)
	}
	return w
}

// checkNeeds compiles everything a queue asks for.
func (d dictionary) checkNeeds(w wrongs, key string, q QueueSpec) {
	_, wrong := d.needs(q)
	for at, err := range wrong {
		switch {
		case at == 0:
			w[key+".needs"] = err.Error()
		case q.Relax[at-1].changes():
			w[fmt.Sprintf("%s.relax.%d", key, at-1)] = err.Error()
		default:
			w[fmt.Sprintf("%s.relax.%d.needs", key, at-1)] = err.Error()
		}
	}
	if _, at, err := d.boosts(q); err != nil {
		w[fmt.Sprintf("%s.boosts.%d", key, at)] = err.Error()
	}
}

// wrongs collects what is wrong, by dotted key.
type wrongs map[string]string

func (w wrongs) under(key string, of map[string]string) {
	for k, text := range of {
		w[key+"."+k] = text
	}
}

func (w wrongs) length(key string, d, most time.Duration) {
	if d < 0 || d > most {
		w[key] = fmt.Sprintf("%s is not between 0 and %s", d, most)
	}
}

func (w wrongs) word(key, word string, allowed ...string) {
	if slices.Contains(allowed, word) {
		return
	}
	var list string
	for _, a := range allowed {
		if a == "" {
			continue
		}
		if list != "" {
			list += ", "
		}
		list += a
	}
	w[key] = fmt.Sprintf("%q is not one of %s", word, list)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
