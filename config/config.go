// Package config reads the files that an admin writes, says everything that is
// wrong with them at once and where, and keeps the last good version running when
// an edit goes wrong. What an option means stands beside the code that obeys it, in
// the Settings, Spec and Policy types of the other rooms; this package only reads
// files into them and checks what no room can check alone.
package config

import (
	"net/url"
	"slices"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
	"breakwater/acd/figures"
	"breakwater/acd/protect"
	"breakwater/acd/shift"
	"breakwater/api"
	"breakwater/call"
	lookups "breakwater/call/lookup"
	"breakwater/ivr"
	"breakwater/media"
	"breakwater/media/prompt"
	"breakwater/sip"
)

// Config is one version of all files, checked and complete: every default is
// filled in and every secret read. It is immutable. Each field is a top-level key.
type Config struct {
	SIP     sip.Settings               `yaml:"sip"`     // listeners, registration and dialog timers
	Media   media.Settings             `yaml:"media"`   // RTP ports and recordings
	Trunks  map[string]Trunk           `yaml:"trunks"`  // carriers and other PBXs, by name
	Phones  map[string]Phone           `yaml:"phones"`  // devices that may register, by name: the user part of their address
	Agents  map[string]Agent           `yaml:"agents"`  // people who take calls, by name
	Queues  map[string]Queue           `yaml:"queues"`  // where callers wait, by name
	Menus   map[string]ivr.Menu        `yaml:"menus"`   // what callers hear and press, by name
	Numbers map[string]call.NumberSpec `yaml:"numbers"` // what a dialled number reaches, by number
	Lookups map[string]lookups.Spec    `yaml:"lookups"` // what is known of a caller from outside, by name: a table or another system, asked before the first menu or queue
	Prompts prompt.Settings            `yaml:"prompts"` // own prompts and music
	Protect protect.Policy             `yaml:"protect"` // the ladder that protects agents from abuse
	Hearing call.Hearing               `yaml:"hearing"` // how the ears of agents are protected
	Calls   call.Settings              `yaml:"calls"`   // how calls are led
	Floor   Floor                      `yaml:"floor"`   // how offers are made, for all queues
	Shifts  map[string]shift.Settings  `yaml:"shifts"`  // working hours, by name of the team or agent
	Store   Store                      `yaml:"store"`   // where records and states are kept
	API     api.Settings               `yaml:"api"`     // the admin face
	Figures figures.Settings           `yaml:"figures"` // what is reported, and of whom never

	ShiftRules shift.Rules `yaml:"shift_rules"` // beyond which limits breakwater shifts check warns

	// Version names the files' content: the first 12 hex digits of their SHA-256.
	// Secrets kept elsewhere are not part of it.
	Version string `yaml:"-"`
}

// Floor is how offers are made, and where what was decided is kept.
type Floor struct {
	acd.Settings `yaml:",inline"`
	Decisions    chronicle.Settings `yaml:"decisions"` // what the floor was told and decided, to be replayed
}

// Phone is a device that may register, and what it may do.
type Phone struct {
	sip.PhoneSpec     `yaml:",inline"`
	call.PhoneManners `yaml:",inline"`
}

// Trunk is a carrier or another PBX, and how its calls are treated.
type Trunk struct {
	sip.TrunkSpec     `yaml:",inline"`
	call.TrunkManners `yaml:",inline"`
}

// Agent is a person: what the floor routes by, and how they prove who they are.
type Agent struct {
	acd.AgentSpec    `yaml:",inline"`
	call.AgentAccess `yaml:",inline"`
}

// Queue is where callers wait: how it routes, and how it treats people.
type Queue struct {
	acd.QueueSpec     `yaml:",inline"`
	call.QueueManners `yaml:",inline"`
}

// preset is a queue of which the file says nothing yet: position and whisper are on
// unless it says otherwise.
func (q *Queue) preset() {
	usual := call.DefaultManners()
	q.Position, q.Whisper = usual.Position, usual.Whisper
}

// spec is what the floor routes by.
func (q Queue) spec() acd.QueueSpec {
	q.Urgent = q.Emergency
	return q.QueueSpec
}

// Store says where records, registrations and the floor's events are kept.
type Store struct {
	URL string `yaml:"url"` // sqlite:FILE keeps everything in one file, relative to where the server was started; memory: forgets at the end; redis://HOST:PORT/DB (rediss:// with TLS) keeps everything in a Redis 7.0 or newer, where name=, lease=, wait= and cluster=true may follow a ? (see docs/operations.md); default sqlite:var/breakwater.db
	// Password goes with the user of the URL, where it names one.
	Password string `yaml:"password" secret:"true"` // of the Redis; empty = none
	// History is how long the floor's events are kept for figures. They tell when each
	// person worked: keep them no longer than needed.
	History time.Duration `yaml:"history"` // how long events are kept for figures; at least 48h; default 9600h, which is 400 days: this month and the same a year ago
	// Records is how long the records of calls are kept, with the names of their recordings.
	// They name callers and agents: keep them no longer than needed.
	Records time.Duration `yaml:"records"` // how long records of calls are kept, by their start; at least 168h; those of protected calls at least 4320h, which is 180 days: so long a caller's suspension may be reviewed; default 9600h, which is 400 days
	// Hearing is how long what agents' ears got is kept. It is the agents' own, and nobody
	// else needs it.
	Hearing time.Duration `yaml:"hearing"` // how long what agents' ears got is kept, by the start of the shift; at least 168h; default 9600h, which is 400 days
}

// protectedKept is how long what happened to an agent can be shown at least: a caller's
// tier is reviewed within half a year.
const protectedKept = 180 * 24 * time.Hour

// Protected is how long the records of protected calls are kept.
func (s Store) Protected() time.Duration { return max(s.Records, protectedKept) }

// WithDefaults fills what is empty.
func (s Store) WithDefaults() Store {
	if s.URL == "" {
		s.URL = "sqlite:var/breakwater.db"
	}
	if s.History == 0 {
		s.History = 400 * 24 * time.Hour
	}
	if s.Records == 0 {
		s.Records = 400 * 24 * time.Hour
	}
	if s.Hearing == 0 {
		s.Hearing = 400 * 24 * time.Hour
	}
	return s
}

// Address is the URL with its password, for whoever opens the store. It is never shown.
func (s Store) Address() string {
	if s.Password == "" {
		return s.URL
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return s.URL // refused by the check
	}
	u.User = url.UserPassword(u.User.Username(), s.Password)
	return u.String()
}

// oneOf names one entry of a section that holds entries by name.
var oneOf = map[string]string{
	"trunks": "trunk", "phones": "phone", "agents": "agent", "queues": "queue",
	"menus": "menu", "numbers": "number", "lookups": "lookup", "shifts": "shift",
}

// SIPPlan is what the wire needs of the config.
func (c *Config) SIPPlan() sip.Plan {
	return sip.Plan{
		Settings: c.SIP,
		Phones:   pick(c.Phones, func(p Phone) sip.PhoneSpec { return p.PhoneSpec }),
		Trunks:   pick(c.Trunks, func(t Trunk) sip.TrunkSpec { return t.TrunkSpec }),
	}
}

// FloorPlan is what the floor needs of the config.
func (c *Config) FloorPlan() acd.Plan {
	return acd.Plan{
		Settings: c.Floor.Settings,
		Queues:   pick(c.Queues, Queue.spec),
		Agents:   pick(c.Agents, func(a Agent) acd.AgentSpec { return a.AgentSpec }),
		Dial:     c.dialled(),
	}
}

// dialled lists the beginnings of the numbers that trunks take.
func (c *Config) dialled() []string {
	var all []string
	for _, t := range c.Trunks {
		all = append(all, t.Dial...)
	}
	slices.Sort(all)
	return all
}

// FiguresPlan is how figures are computed: an answer in time is what each queue says.
func (c *Config) FiguresPlan() figures.Settings {
	s := c.Figures
	s.Queues = pick(c.Queues, func(q Queue) time.Duration { return q.Service.Within })
	return s
}

// CallPlan is what calls are led by.
func (c *Config) CallPlan() call.Plan {
	numbers := make(map[string]string, len(c.Agents))
	for name, a := range c.Agents {
		numbers[a.Number] = name
	}
	return call.Plan{
		AgentNumbers: numbers,
		Settings:     c.Calls,
		Protect:      c.Protect,
		Hearing:      c.Hearing,
		Menus:        c.Menus,
		Lookups:      c.Lookups,
		Numbers:      c.Numbers,
		Phones:       pick(c.Phones, func(p Phone) call.PhoneManners { return p.PhoneManners }),
		Trunks:       pick(c.Trunks, func(t Trunk) call.TrunkManners { return t.TrunkManners }),
		Agents:       pick(c.Agents, func(a Agent) call.AgentAccess { return a.AgentAccess }),
		Queues:       pick(c.Queues, func(q Queue) call.QueueManners { return q.QueueManners }),
		Voicemails:   pick(c.Queues, func(q Queue) acd.VoicemailSpec { return q.Voicemail }),
		Callbacks:    pick(c.Queues, func(q Queue) acd.CallbackSpec { return q.Callback }),
	}
}

func pick[T, U any](from map[string]T, part func(T) U) map[string]U {
	out := make(map[string]U, len(from))
	for name, v := range from {
		out[name] = part(v)
	}
	return out
}
