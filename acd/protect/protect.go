// Package protect decides how far an agent is protected from a caller. It hears
// nothing and hangs up nothing: it is told what happened and says what to do.
package protect

import "time"

// Policy holds every number of the ladder; protection.md §1.4 gives the defaults.
type Policy struct {
	AfterAnswer    time.Duration `yaml:"after_answer"`     // earliest first warning; default 10s
	MinGap         time.Duration `yaml:"min_gap"`          // between warnings, and from the last one to a permit; default 10s
	CustomerSpeech time.Duration `yaml:"customer_speech"`  // caller speech needed since a warning; default 3s
	Calm           time.Duration `yaml:"calm"`             // OBS without hint or key until CALM; default 120s
	Elevated       time.Duration `yaml:"elevated"`         // ELEVATED without hint until CALM; default 60s
	PermitTTL      time.Duration `yaml:"permit_ttl"`       // default 180s
	Confirm        time.Duration `yaml:"confirm"`          // '#' after the one-strike key; default 5s
	AssistMissed   time.Duration `yaml:"assist_missed"`    // default 60s
	Rest1          time.Duration `yaml:"rest_1"`           // default 3m
	Rest2          time.Duration `yaml:"rest_2"`           // default 10m
	Rest2Max       time.Duration `yaml:"rest_2_max"`       // default 30m
	Rest3          time.Duration `yaml:"rest_3"`           // default 30m
	LongCall       bool          `yaml:"long_call"`        // default false
	LongCallNotice time.Duration `yaml:"long_call_notice"` // default 15m
	LongCallEnd    time.Duration `yaml:"long_call_end"`    // default 20m
}

// Stage is the state of the ladder (protection.md §1.2).
type Stage uint8

// The stages. Crisis dominates all others.
const (
	Calm Stage = iota
	Elevated
	W1
	Obs1
	W2
	Obs2
	Permit
	Farewell
	Over // ENDED
	Crisis
)

// Seen is the kind of an Observation.
type Seen uint8

// What the ladder can be told.
const (
	KeyWarn       Seen = iota + 1 // *1 *91 *92
	KeySettled                    // *2 *90
	KeyEnd                        // *3 *93
	KeyOneStrike                  // *94
	KeyConfirm                    // #
	KeyAssist                     // *5 *95, again: cancel
	KeyStepBack                   // *96
	KeyCrisis                     // *97
	KeyBookmark                   // *98
	KeyCompliment                 // **
	PromptEnded                   // the prompt the ladder asked for: Observation.Complete
	Spoke                         // caller speech: Observation.Spoken more since last told
	Hint                          // the meter: raised voice or monologue
	SupervisorIn                  // a supervisor joined
	SupervisorOut                 // a supervisor released the call (ends CRISIS)
	OnHook                        // the agent's leg ended normally
	AgentLost                     // the agent's leg was proved gone
	CallerGone                    // the caller hung up
	Tick                          // time passed; see Ladder.Next
)

// Observation is one thing that happened.
type Observation struct {
	Kind     Seen
	Complete bool          // PromptEnded: heard to the end
	Spoken   time.Duration // Spoke
}

// Do is the kind of an Action.
type Do uint8

// What the ladder can ask for.
const (
	PlayPrompt        Do = iota + 1 // Action.Prompt to the caller: agent muted to the caller, caller −20 dB to the agent
	StopPrompt                      // end the prompt now; the caller hears the agent again
	Refuse                          // beep and speak Action.Why to the agent only: too_soon, customer_silent, no_permit, crisis, emergency, notice_missing …
	Confirmed                       // short tone to the agent: the key was taken
	PermitOpened                    // tone to the agent, key green
	PermitClosed                    //
	AgentHint                       // to the agent only
	ToggleStepBack                  //
	PageSupervisor                  // Action.Why: assist, crisis
	CancelPage                      //
	BookmarkAudio                   // evidence, last 60 s
	BookmarkThanks                  // compliment
	EndCall                         // BYE to both; Action.Cause, Action.Rest
	ToSupervisor                    // emergency queue: transfer to the supervisor instead of an ending
	CloseCall                       // agent finished: closing prompt, press 1, goodbye, as the queue's on_agent_hangup says
	Rescue                          // bring the caller back to the queue at the original place; Action.Cause agent_lost, or crisis/emergency on-hook
	CountAssistMissed               //
	Enter                           // stage changed: Action.Stage; for the record
)

// Action is one thing to do, in order.
type Action struct {
	Do     Do
	Prompt string // warning-1, warning-2, warning-2-emergency, farewell, one-strike, long-call
	Why    string
	Cause  string // one of call's cause words
	Rest   int    // cooldown level granted, 0–3
	Stage  Stage
}

// Ladder is the state machine of one call's conversation with one agent. The
// call's goroutine owns it; it has no clock.
type Ladder struct{}

// Limits is what the queue allows, fixed for the conversation.
type Limits struct {
	Emergency bool // never disconnects a caller
	Notice    bool // the recording notice was played: recording allowed
	Warnings  int  // completed earlier in this call (a rescued call keeps them)
	Hint      bool // the meter may raise ELEVATED
}

// New starts a ladder at the moment the agent answered.
func New(p Policy, l Limits, answered time.Time) *Ladder { panic("not built yet") }

// Step tells the ladder what happened and gets what to do. It is idempotent for
// repeated keys: a second press in the same stage changes nothing but may Refuse.
func (l *Ladder) Step(now time.Time, o Observation) []Action { panic("not built yet") }

// Next is when the ladder wants a Tick; zero = never.
func (l *Ladder) Next() time.Time { panic("not built yet") }

// Stage, Warnings and Supervised describe where it stands.
func (l *Ladder) Stage() Stage { panic("not built yet") }

// Warnings completed in this call.
func (l *Ladder) Warnings() int { panic("not built yet") }

// Protected tells whether this call is shielded as a whole from agent figures.
func (l *Ladder) Protected() bool { panic("not built yet") }

// Rest is the cooldown level earned so far, should the call end now by the caller.
func (l *Ladder) Rest() int { panic("not built yet") }
