package call

import (
	"time"

	"breakwater/acd"
	"breakwater/acd/protect"
	"breakwater/call/lookup"
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
	PIN        string   `yaml:"pin" secret:"true"` // 4–12 digits
	Supervisor bool     `yaml:"supervisor"`
	Language   string   `yaml:"language"`
	Headset    string   `yaml:"headset"` // one of hearing.headsets; empty = hearing.dose.profile
	Leaders    []string `yaml:"leaders"` // supervisors who are asked to talk with this agent after hard calls, in this order; empty = every supervisor, by name
}

// QueueManners is how a queue treats callers and agents, beyond routing.
type QueueManners struct {
	Title         string        `yaml:"title"`           // what the agent's phone shows; default the name
	Music         string        `yaml:"music"`           // a music of prompts.music, or none; default default
	Position      bool          `yaml:"position"`        // announce the position; default true
	Estimate      string        `yaml:"estimate"`        // announce the wait that nine of ten (p90, default) or half of the callers (p50) do not exceed, or none
	AnnounceEvery time.Duration `yaml:"announce_every"`  // position and comfort; default 30s
	Comfort       []string      `yaml:"comfort"`         // phrases said in turn at each announcement
	Greeting      []string      `yaml:"greeting"`        // said once before waiting
	Notice        string        `yaml:"notice"`          // played (default), given or none; recording needs it
	Human         bool          `yaml:"human"`           // play the human prompt, once a call, before the wait
	Record        string        `yaml:"record"`          // after_notice (default) or never
	Whisper       bool          `yaml:"whisper"`         // zip tone to the agent before the conversation; default true
	Emergency     bool          `yaml:"emergency"`       // the server never ends a caller here
	OnAgentHangup string        `yaml:"on_agent_hangup"` // closing (default), rescue, end
	Supervisors   []string      `yaml:"supervisors"`     // agents paged in this order
	LastAgent     time.Duration `yaml:"last_agent"`      // who calls again within this time is given to the same agent where they are free, and never waits for them; not after a protected call; default 0: not at all
}

// Settings are the call's own numbers.
type Settings struct {
	Language    string        `yaml:"language"`     // where nothing else says one; default en
	ClosingWait time.Duration `yaml:"closing_wait"` // how long 1 may be pressed after the closing; default 8s
	PageRing    time.Duration `yaml:"page_ring"`    // a paged supervisor's phone; default 15s
	TalkAgain   time.Duration `yaml:"talk_again"`   // when nobody has taken on to talk with an agent after hard calls, supervisors are asked again after this time; default 10m, -1 = nobody is rung
	MaxCalls    int           `yaml:"max_calls"`    // calls at once; default 5000
	CollectWait time.Duration `yaml:"collect_wait"` // from '*' to the last digit of an in-call key; default 3s
	ListenIn    *bool         `yaml:"listen_in"`    // supervisors may listen to conversations of queues unasked, by *60; false = nobody may, the phone is told 403; whom an agent calls for help may still come in; default true
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
	// Callbacks says how each queue calls back.
	Callbacks map[string]acd.CallbackSpec
	// Voicemails says how each queue takes messages.
	Voicemails map[string]acd.VoicemailSpec
	// AgentNumbers maps what an agent dials to log in to the agent's name.
	AgentNumbers map[string]string
	// Lookups are asked about callers from outside before anything else.
	Lookups  map[string]lookup.Spec
	Protect  protect.Policy
	Hearing  Hearing
	Settings Settings

	book   *lookup.Book // of Lookups
	policy string       // names Protect in every record
	menus  *ivr.Book    // of Menus
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

	EstimateP50  = "p50"
	EstimateP90  = "p90"
	EstimateNone = "none"

	MusicNone    = "none"
	MusicDefault = "default"
)

// WithDefaults fills the zero fields.
func (s Settings) WithDefaults() Settings {
	fill(&s.Language, "en")
	fill(&s.ClosingWait, 8*time.Second)
	fill(&s.PageRing, 15*time.Second)
	fill(&s.TalkAgain, 10*time.Minute)
	fill(&s.MaxCalls, 5000)
	fill(&s.CollectWait, 3*time.Second)
	if s.ListenIn == nil {
		may := true
		s.ListenIn = &may
	}
	return s
}

// WithDefaults fills the zero fields. Position and Whisper are true by default: who
// reads a file fills them before the file speaks (see DefaultManners).
func (m QueueManners) WithDefaults() QueueManners {
	fill(&m.Music, MusicDefault)
	fill(&m.Estimate, EstimateP90)
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

// WithDefaults fills the zero fields everywhere in the plan.
func (p Plan) WithDefaults() Plan {
	p.Settings = p.Settings.WithDefaults()
	p.Protect = p.Protect.WithDefaults()
	p.Hearing = p.Hearing.WithDefaults()
	queues := make(map[string]QueueManners, len(p.Queues))
	for name, m := range p.Queues {
		queues[name] = m.WithDefaults()
	}
	p.Queues = queues
	return p
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
