package call

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"breakwater/acd/protect"
	"breakwater/ivr"
)

// NumberSpec says what a dialled number reaches: exactly one of Menu, Queue,
// Phone and External is set.
type NumberSpec struct {
	Menu     string `yaml:"menu"`     // a menu
	Queue    string `yaml:"queue"`    // straight into a queue; without notice given, the notice is played first
	Phone    string `yaml:"phone"`    // an extension
	External string `yaml:"external"` // another number, through the trunk that dials it
	Language string `yaml:"language"` // en or zh; default en
}

// PhoneManners is what a phone may do besides registering.
type PhoneManners struct {
	Number   string `yaml:"number"`   // its extension; default its name when that is digits
	Title    string `yaml:"title"`    // shown to whom it calls
	Language string `yaml:"language"` // of what the system says to it; default en
	External bool   `yaml:"external"` // may dial outside numbers
}

// TrunkManners is how calls through a trunk are treated.
type TrunkManners struct {
	Dial        []string `yaml:"dial"`         // number prefixes that go out here, longest match first
	NoticeGiven bool     `yaml:"notice_given"` // the carrier has already said that the call is recorded
	Language    string   `yaml:"language"`
}

// AgentAccess is how a person proves who they are and what they may do.
type AgentAccess struct {
	PIN        string `yaml:"pin" secret:"true"` // 4–12 digits
	Supervisor bool   `yaml:"supervisor"`
	Language   string `yaml:"language"`
}

// QueueManners is how a queue treats callers and agents, beyond routing.
type QueueManners struct {
	Title         string        `yaml:"title"`           // what the agent's phone shows; default the name
	Music         string        `yaml:"music"`           // a music of prompts.music, or none; default default
	Position      bool          `yaml:"position"`        // announce the position; default true
	AnnounceEvery time.Duration `yaml:"announce_every"`  // position and comfort; default 30s
	Comfort       []string      `yaml:"comfort"`         // phrases said in turn at each announcement
	Greeting      []string      `yaml:"greeting"`        // said once before waiting
	Notice        string        `yaml:"notice"`          // played (default), given or none; recording needs it
	Human         bool          `yaml:"human"`           // play the human prompt before the conversation
	Record        string        `yaml:"record"`          // after_notice (default) or never
	Whisper       bool          `yaml:"whisper"`         // zip tone to the agent before the conversation; default true
	Emergency     bool          `yaml:"emergency"`       // the server never ends a caller here
	OnAgentHangup string        `yaml:"on_agent_hangup"` // closing (default), rescue, end
	Supervisors   []string      `yaml:"supervisors"`     // agents paged in this order
}

// Settings are the call's own numbers.
type Settings struct {
	Language    string        `yaml:"language"`      // where nothing else says one; default en
	ClosingWait time.Duration `yaml:"closing_wait"`  // how long 1 may be pressed after the closing; default 8s
	PageRing    time.Duration `yaml:"page_ring"`     // a paged supervisor's phone; default 15s
	OfferTaken  time.Duration `yaml:"-"`             // see acd: 2 s
	HoldPrompt  time.Duration `yaml:"hold_prompt"`   // default 20s
	MaxCalls    int           `yaml:"max_calls"`     // calls at once; default 5000
	CollectWait time.Duration `yaml:"collect_wait"`  // from '*' to the last digit of an in-call key; default 3s
	RescueRing  time.Duration `yaml:"rescue_prefer"` // how long the same agent is preferred after a loss; default 60s
}

// Plan is everything a call is led by; a config edit replaces it at once. Calls in
// progress keep the plan they began with.
type Plan struct {
	Numbers map[string]NumberSpec
	Phones  map[string]PhoneManners
	Trunks  map[string]TrunkManners
	Agents  map[string]AgentAccess
	Queues  map[string]QueueManners
	Menus   map[string]ivr.Menu
	// AgentNumbers maps what an agent dials to log in to the agent's name.
	AgentNumbers map[string]string
	Protect      protect.Policy
	Settings     Settings
}

// Words of the queue's manners.
const (
	NoticePlayed = "played"
	NoticeGiven  = "given"
	NoticeNone   = "none"

	RecordAfterNotice = "after_notice"
	RecordNever       = "never"

	HangupClosing = "closing"
	HangupRescue  = "rescue"
	HangupEnd     = "end"

	MusicNone    = "none"
	MusicDefault = "default"
)

// WithDefaults fills the zero fields.
func (s Settings) WithDefaults() Settings {
	fill(&s.Language, "en")
	fill(&s.ClosingWait, 8*time.Second)
	fill(&s.PageRing, 15*time.Second)
	fill(&s.HoldPrompt, 20*time.Second)
	fill(&s.MaxCalls, 5000)
	fill(&s.CollectWait, 3*time.Second)
	fill(&s.RescueRing, time.Minute)
	return s
}

// Check says what is wrong with the settings, by key.
func (s Settings) Check() map[string]string {
	wrong := map[string]string{}
	for key, d := range map[string]time.Duration{
		"closing_wait": s.ClosingWait, "page_ring": s.PageRing, "hold_prompt": s.HoldPrompt,
		"collect_wait": s.CollectWait, "rescue_prefer": s.RescueRing,
	} {
		if d < 0 {
			wrong[key] = "must not be negative"
		}
	}
	if s.MaxCalls < 0 {
		wrong["max_calls"] = "must not be negative"
	}
	return wrong
}

// WithDefaults fills the zero fields. Position and Whisper are true by default: who
// reads a file fills them before the file speaks (see DefaultManners).
func (m QueueManners) WithDefaults() QueueManners {
	fill(&m.Music, MusicDefault)
	fill(&m.AnnounceEvery, 30*time.Second)
	fill(&m.Notice, NoticePlayed)
	fill(&m.Record, RecordAfterNotice)
	fill(&m.OnAgentHangup, HangupClosing)
	if m.Emergency {
		m.OnAgentHangup = HangupRescue
	}
	return m
}

// DefaultManners is a queue about which nothing was said.
func DefaultManners() QueueManners {
	return QueueManners{Position: true, Whisper: true}.WithDefaults()
}

// Check says what is wrong with the manners, by key.
func (m QueueManners) Check() map[string]string {
	wrong := map[string]string{}
	oneOf(wrong, "notice", m.Notice, NoticePlayed, NoticeGiven, NoticeNone)
	oneOf(wrong, "record", m.Record, RecordAfterNotice, RecordNever)
	oneOf(wrong, "on_agent_hangup", m.OnAgentHangup, HangupClosing, HangupRescue, HangupEnd)
	if m.AnnounceEvery < 0 {
		wrong["announce_every"] = "must not be negative"
	}
	if m.Emergency && (m.OnAgentHangup == HangupClosing || m.OnAgentHangup == HangupEnd) {
		wrong["on_agent_hangup"] = "an emergency queue never ends a caller: only rescue is allowed"
	}
	return wrong
}

// Check says what is wrong with the number, by key.
func (n NumberSpec) Check() map[string]string {
	set := 0
	for _, v := range []string{n.Menu, n.Queue, n.Phone, n.External} {
		if v != "" {
			set++
		}
	}
	if set != 1 {
		return map[string]string{"": "a number reaches exactly one of menu, queue, phone and external"}
	}
	return nil
}

// Check says what is wrong with the access, by key.
func (a AgentAccess) Check() map[string]string {
	if a.PIN != "" && (len(a.PIN) < 4 || len(a.PIN) > agentDigits || strings.Trim(a.PIN, "0123456789") != "") {
		return map[string]string{"pin": "must be 4 to 12 digits"}
	}
	return nil
}

// WithDefaults fills the zero fields everywhere in the plan.
func (p Plan) WithDefaults() Plan {
	p.Settings = p.Settings.WithDefaults()
	p.Protect = p.Protect.WithDefaults()
	queues := make(map[string]QueueManners, len(p.Queues))
	for name, m := range p.Queues {
		queues[name] = m.WithDefaults()
	}
	p.Queues = queues
	return p
}

// Check says what is wrong with the plan, by key.
func (p Plan) Check() map[string]string {
	wrong := map[string]string{}
	add := func(prefix string, found map[string]string) {
		for k, v := range found {
			wrong[strings.TrimSuffix(prefix+"."+k, ".")] = v
		}
	}
	add("calls", p.Settings.Check())
	add("protect", p.Protect.Check())
	for name, m := range p.Queues {
		add("queues."+name, m.Check())
	}
	for name, n := range p.Numbers {
		add("numbers."+name, n.Check())
	}
	for name, a := range p.Agents {
		add("agents."+name, a.Check())
	}
	return wrong
}

// queue gives a queue's manners; a queue that nobody described has the defaults.
func (p *Plan) queue(name string) QueueManners {
	if m, ok := p.Queues[name]; ok {
		return m
	}
	return DefaultManners()
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func oneOf(wrong map[string]string, key, got string, allowed ...string) {
	if !slices.Contains(allowed, got) {
		wrong[key] = fmt.Sprintf("is %q, must be one of %s", got, strings.Join(allowed, ", "))
	}
}
