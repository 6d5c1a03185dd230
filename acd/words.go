package acd

import (
	"errors"
	"time"
)

// AgentState is where an agent is in the working day.
type AgentState string

// The states of queues.md §1.
const (
	LoggedOut AgentState = "logged-out"
	Ready     AgentState = "ready"
	Offered   AgentState = "offered"
	OnCall    AgentState = "on-call"
	WrapUp    AgentState = "wrap-up"
	Resting   AgentState = "resting"
	NotReady  AgentState = "not-ready"
	Missed    AgentState = "missed"
)

// Miss is why an offer did not become a conversation.
type Miss string

// The kinds of miss; each has its own delay and only NoAnswer is a strike.
const (
	MissBusy          Miss = "busy"
	MissDeclined      Miss = "declined"
	MissNotRegistered Miss = "not-registered"
	MissUnreachable   Miss = "unreachable"
	MissCallerLeft    Miss = "caller-left"
	MissNoAnswer      Miss = "no-answer"
	MissOtherAnswered Miss = "other-answered" // rung together: somebody else won
)

// Errors of the floor. They are wrapped with the facts.
var (
	ErrStale     = errors.New("assignment is over")         // counted, harmless
	ErrNoQueue   = errors.New("no such queue")              //
	ErrNoAgent   = errors.New("no such agent")              //
	ErrNotNow    = errors.New("not possible in this state") // text says which state and why
	ErrStopped   = errors.New("floor has stopped")          //
	ErrPhoneUsed = errors.New("another agent is logged in at this phone")
	ErrNoTalk    = errors.New("no such talk is asked for") // text says why
	ErrBadLift   = errors.New("this cannot be lifted so")  // text says why

	// ErrNoTicket is for a caller who waits nowhere (any more).
	ErrNoTicket = errors.New("no such caller waits")
	// ErrNotDurable says that the state holds in memory but is not yet on disk:
	// a crash now would forget it. The ledger goes on trying.
	ErrNotDurable = errors.New("done, but not yet durable")
)

// Refused is the error of Enter when a limit of the queue keeps the caller out.
type Refused struct {
	Queue, Limit, Target string // Limit: empty, full, ewt, ratio
}

// Error says which limit.
func (r *Refused) Error() string { return "queue " + r.Queue + ": " + r.Limit }

// Entry is a caller who wants to wait.
type Entry struct {
	Call     string
	Queue    string
	Caller   string
	Data     map[string]any // call data that skill expressions may name
	Since    time.Time      // original age; zero = now
	Priority int            // extra minutes
	Head     bool           // bounced or rescued: back to the head
	Prefer   string         // agent to prefer for a while
	Again    string         // why a call enters that was with an agent before: one of the Again words; empty = it was not
	Tier     Tier           // how hard the caller is known to be; T0 when nothing is known
	Event    bool           // this call had a protection event with an agent before
	Urgent   bool           // an emergency or crisis, whatever the queue: no rule of floor.care keeps the caller from anybody who is free
}

// Why a call enters a queue again, for figures.
const (
	AgainWanted      = "wanted-more" // the caller pressed 1 in the closing
	AgainLost        = "agent-lost"  // the agent's phone or line failed
	AgainRescued     = "rescued"     // the agent left a caller who may not be left
	AgainTransferred = "transferred" // an agent sent the call here
)

// Offer asks the call to ring agents. One offer is out per ticket at a time.
type Offer struct {
	Seats []Seat        // one, or several for ring-all
	More  bool          // ring-progressively: the offer that was taken, with one more seat to ring
	Ring  time.Duration // how long to ring
	Queue QueueSpec     // the spec in force, which this call keeps
}

// Seat is one reserved agent of an offer.
type Seat struct {
	Assignment uint64
	Agent      string
	Phone      string
	Reason     string          // why this agent, for the record
	Revoked    *News[struct{}] // the floor takes this seat back: stop ringing it
}

// Removal says the floor took a waiting caller out of the queue.
type Removal struct {
	Limit  string // wait, empty
	Target string // from the queue's spec
}

// Outcome is how a conversation ended for the agent.
type Outcome struct {
	Cause     string        // one of call's causes
	Protected bool          // shielded from the agent's figures
	Raised    bool          // the caller's voice was raised
	Event     bool          // a protection event: a warning, one strike, a crisis; a lost agent is none
	Rest      int           // 0 = none, else cooldown level 1–3
	RestFor   time.Duration // granted length
	RestMax   time.Duration // may be extended to; zero = RestFor
	Held      time.Duration // how long the agent had the caller on hold
	Warnings  int           // that the caller heard to the end in this conversation
}

// Place is where a waiting caller stands.
type Place struct {
	Position int // 1 = next
	Waiting  int
	Since    time.Time
	P50, P90 time.Duration // of callers in this place half, nine of ten, wait no longer; never growing; 0 = not known
}

// Verb is what an agent asks for.
type Verb string

// What an agent can ask for, from the phone or the API.
const (
	LogIn        Verb = "log-in" // Command.Phone
	LogOut       Verb = "log-out"
	GoReady      Verb = "ready"
	GoNotReady   Verb = "not-ready" // Command.Reason
	EndWrapUp    Verb = "end-wrap-up"
	ExtendWrapUp Verb = "extend-wrap-up"
	ExtendRest   Verb = "extend-rest"  // take the rest up to RestMax
	DeclineRest  Verb = "decline-rest" // levels 1 and 2; ends level 3
)

// Command is one request of an agent.
type Command struct {
	Verb   Verb
	Phone  string
	Reason string
}

// AgentView is an agent as others may see it. It holds no figure.
type AgentView struct {
	Name      string        `json:"name"`
	State     AgentState    `json:"state"`
	Reason    string        `json:"reason,omitempty"`
	Phone     string        `json:"phone,omitempty"`
	Since     time.Time     `json:"since"`
	Until     time.Time     `json:"until,omitzero"` // wrap-up and rest
	Next      AgentState    `json:"next,omitempty"` // what the agent asked to become afterwards
	Call      string        `json:"call,omitempty"`
	Level     int           `json:"level,omitempty"` // of a rest
	Left      time.Duration `json:"-"`
	Offerable bool          `json:"offerable"`
	Blocked   string        `json:"blocked,omitempty"` // why not offerable

	ShiftEnd time.Time `json:"shift_end,omitzero"` // of the stretch of work that goes on by the plan
	BreakAt  time.Time `json:"break_at,omitzero"`  // when the next break before it begins, or the one that goes on began
	Lifted   []Lifted  `json:"lifted,omitempty"`   // caps that a supervisor has lifted
	Talk     bool      `json:"talk,omitempty"`     // the team leader is asked to talk with the agent
}

// QueueView is a queue as others may see it.
type QueueView struct {
	Name          string    `json:"name"`
	Waiting       int       `json:"waiting"` // on the line
	Callbacks     int       `json:"callbacks"`
	Messages      int       `json:"messages,omitempty"`      // left by callers, and not heard yet
	OldestMessage time.Time `json:"oldest_message,omitzero"` // when its caller came
	Oldest        time.Time `json:"oldest,omitzero"`
	Ready         int       `json:"ready"`   // offerable capable agents
	Capable       int       `json:"capable"` // logged-in capable agents

	Estimates    Accuracy `json:"estimates,omitzero"`      // of the waits that callers were told
	ServiceLevel float64  `json:"service_level,omitempty"` // percent, where there is a reserve
	Reserve      bool     `json:"reserve,omitempty"`       // reserve agents are called
}

// Counters are the promises of queues.md §3 and facts for metrics.
type Counters struct {
	DoubleOffers, WrapUpsCutShort, RestsCutShort uint64
	StarvedCallers, StuckAgents                  uint64
	StaleFinishes, Offers, Answers, Misses       uint64
	Entered, Left, Removed                       uint64
	LedgerFailures                               uint64
	Untaken                                      uint64 // offers the call did not take within 2 s
	Care                                         CareCounters
}

// CareCounters are what the rules of care did. RowsBroken is a promise and must stay 0.
type CareCounters struct {
	RowsBroken  uint64 // hard calls offered to who has had as many in a row as there may be, without a lift and not of an urgent queue
	BreaksDue   uint64 // agents asked to take a break
	TalksWanted uint64 // team leaders asked to talk with an agent
	TalksTaken  uint64 // of them, taken on by a supervisor
	Lifted      uint64 // caps lifted by a supervisor
}

// Orphan is a caller who was waiting when the process before this one died.
// and whose number is not known or may not be dialled; the others are called back.
type Orphan struct {
	Ticket      uint64
	Call, Queue string
	Since       time.Time
}

// Ticket is one caller's place. Its channel is made by the floor and never closed.
type Ticket struct {
	ID      uint64
	Queue   string
	Offers  <-chan Offer // capacity 1; take it within 2 s by Taken, else it is revoked
	Removed *News[Removal]
}

// Whom is the subject of Why; exactly one field is set.
type Whom struct{ Call, Agent string }
