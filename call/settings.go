package call

import "time"

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
	Settings Settings
	Numbers  map[string]NumberSpec
	Phones   map[string]PhoneManners
	Trunks   map[string]TrunkManners
	Agents   map[string]AgentAccess
	Queues   map[string]QueueManners
}
