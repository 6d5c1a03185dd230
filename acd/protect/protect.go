// Package protect decides how far an agent is protected from a caller. It hears
// nothing and hangs up nothing: it is told what happened and says what to do.
package protect

import "time"

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
	KeyWarn        Seen = iota + 1 // *1 *91 *92
	KeySettled                     // *2 *90
	KeyEnd                         // *3 *93
	KeyOneStrike                   // *94
	KeyConfirm                     // #
	KeyAssist                      // *5 *95, again: cancel
	KeyStepBack                    // *96
	KeyCrisis                      // *97
	KeyBookmark                    // *98
	KeyCompliment                  // **
	PromptEnded                    // the prompt the ladder asked for; not told after StopPrompt
	Spoke                          // caller speech: Observation.Spoken more since last told
	Hint                           // the meter: raised voice or monologue
	SupervisorIn                   // a supervisor joined
	SupervisorOut                  // a supervisor released the call (ends CRISIS)
	SupervisorLeft                 // a supervisor who had joined is no help any more; a crisis goes on
	OnHook                         // the agent's leg ended normally
	AgentLost                      // the agent's leg was proved gone
	CallerGone                     // the caller hung up
	Tick                           // time passed; see Ladder.Next
	KeyUnknown                     // a code that means nothing in a call
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
	Refuse                          // beep and speak Action.Why to the agent only: one of the Why* words
	Confirmed                       // short tone to the agent: the key was taken
	PermitOpened                    // tone to the agent, key green
	PermitClosed                    // key dark
	AgentHint                       // to the agent only
	ToggleStepBack                  // the caller quieter and softer for the agent, or back
	PageSupervisor                  // Action.Why: assist, crisis, emergency; while a page is out it changes nothing
	CancelPage                      // the agent needs no help any more
	BookmarkAudio                   // evidence, last 60 s
	BookmarkThanks                  // compliment
	EndCall                         // BYE to both; Action.Cause, Action.Rest
	ToSupervisor                    // emergency queue: transfer to the supervisor instead of an ending; Action.Cause, Action.Rest
	CloseCall                       // agent finished: closing prompt, press 1, goodbye, as the queue's on_agent_hangup says
	Rescue                          // bring the caller back to the queue at the original place; Action.Cause agent_lost, or agent_finished with Action.Why crisis or emergency
	CountAssistMissed               // nobody came for AssistMissed
	Enter                           // stage changed: Action.Stage; for the record
)

// Why a key was refused (Refuse), and why a supervisor is paged (PageSupervisor)
// or a caller rescued (Rescue).
const (
	WhyTooSoon        = "too_soon"        // the answer or the last warning is not long enough ago
	WhyCustomerSilent = "customer_silent" // the caller has not said enough since the last warning
	WhyNoPermit       = "no_permit"       // the ladder has not come to PERMIT
	WhyPermitOpen     = "permit_open"     // a warning is not needed: the call may be ended
	WhyCrisis         = "crisis"          // in CRISIS every way to an ending is closed
	WhyEmergency      = "emergency"       // this queue never disconnects a caller
	WhySpeaking       = "speaking"        // a prompt is playing
	WhyNoticeMissing  = "notice_missing"  // nothing may be recorded, so there is nothing to mark
	WhyUnknownKey     = "unknown_key"     // the code means nothing in a call
	WhyOver           = "over"            // this conversation has ended
	WhyAssist         = "assist"          // PageSupervisor: the agent asked
)

// The prompts the ladder asks for.
const (
	PromptWarning1          = "warning-1"
	PromptWarning2          = "warning-2"
	PromptWarning2Emergency = "warning-2-emergency" // does not threaten an ending
	PromptFarewell          = "farewell"
	PromptOneStrike         = "one-strike"
)

// The causes the ladder gives; the same words as in a call's record.
const (
	CauseCallerEnded          = "caller_ended"
	CauseAgentFinished        = "agent_finished"
	CauseAgentLost            = "agent_lost"
	CauseTransferred          = "transferred"
	CauseProtectedDisconnect  = "protected_disconnect"
	CauseOneStrike            = "one_strike"
	CauseCustomerAfterWarning = "customer_after_warning"
)

// Action is one thing to do, in order.
type Action struct {
	Do     Do
	Prompt string // one of the Prompt* words
	Why    string // one of the Why* words
	Cause  string // one of the Cause* words
	Rest   int    // cooldown level granted, 0–3; see Policy.RestFor
	Stage  Stage
}

// Limits is what the queue allows, fixed for the conversation.
type Limits struct {
	Emergency bool // never disconnects a caller
	Notice    bool // the recording notice was played: recording allowed
	Warnings  int  // completed earlier in this call (a rescued call keeps them)
	Hint      bool // the meter may raise ELEVATED
	Crisis    bool // the call is in a crisis already: it goes on with whoever answers
}
