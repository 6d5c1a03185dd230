package acd

import (
	"context"
	"errors"
	"log/slog"
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
	MissOtherAnswered Miss = "other-answered" // ring-all: somebody else won
)

// Errors of the floor. They are wrapped with the facts.
var (
	ErrStale     = errors.New("assignment is over")         // counted, harmless
	ErrNoQueue   = errors.New("no such queue")              //
	ErrNoAgent   = errors.New("no such agent")              //
	ErrNotNow    = errors.New("not possible in this state") // text says which state and why
	ErrStopped   = errors.New("floor has stopped")          //
	ErrPhoneUsed = errors.New("another agent is logged in at this phone")
)

// Refused is the error of Enter when a limit of the queue keeps the caller out.
type Refused struct {
	Queue, Limit, Target string // Limit: full, empty
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
}

// Offer asks the call to ring agents. One offer is out per ticket at a time.
type Offer struct {
	Seats []Seat        // one, or several for ring-all
	Ring  time.Duration // how long to ring
	Queue QueueSpec     // the spec in force, which this call keeps
}

// Seat is one reserved agent of an offer.
type Seat struct {
	Assignment uint64
	Agent      string
	Phone      string
	Reason     string          // why this agent, for the record
	Revoked    <-chan struct{} // closed when the floor takes this seat back: stop ringing it
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
	Rest      int           // 0 = none, else cooldown level 1–3
	RestFor   time.Duration // granted length
	RestMax   time.Duration // may be extended to; zero = RestFor
}

// Place is where a waiting caller stands.
type Place struct {
	Position int // 1 = next
	Waiting  int
	Since    time.Time
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
	Call      string        `json:"call,omitempty"`
	Level     int           `json:"level,omitempty"` // of a rest
	Left      time.Duration `json:"-"`
	Offerable bool          `json:"offerable"`
	Blocked   string        `json:"blocked,omitempty"` // why not offerable
}

// QueueView is a queue as others may see it.
type QueueView struct {
	Name    string    `json:"name"`
	Waiting int       `json:"waiting"`
	Oldest  time.Time `json:"oldest,omitzero"`
	Ready   int       `json:"ready"`   // offerable capable agents
	Capable int       `json:"capable"` // logged-in capable agents
}

// Counters are the promises of queues.md §3 and facts for metrics.
type Counters struct {
	DoubleOffers, WrapUpsCutShort, RestsCutShort uint64
	StarvedCallers, StuckAgents                  uint64
	StaleFinishes, Offers, Answers, Misses       uint64
	Entered, Left, Removed                       uint64
	LedgerFailures                               uint64
}

// Floor owns every queue and every agent; its state is touched by Run alone.
type Floor struct {
	log *slog.Logger
}

// Ticket is one caller's place. Its channels are made by the floor and never closed
// while the caller waits.
type Ticket struct {
	ID      uint64
	Queue   string
	Offers  <-chan Offer   // capacity 1; take it within 2 s by Taken, else it is revoked
	Removed <-chan Removal // capacity 1
}

// NewFloor makes a floor that starts from what the ledger holds.
func NewFloor(ctx context.Context, p Plan, l Ledger, log *slog.Logger) (*Floor, error) {
	panic("not built yet")
}

// Run serves the floor until ctx ends, then writes what is left. It returns when
// everything announced is durable.
func (f *Floor) Run(ctx context.Context) error { panic("not built yet") }

// Prepare checks a new plan; commit cannot fail. Waiting callers are judged by
// the new specs at once; conversations, wrap-ups and rests keep their clocks.
func (f *Floor) Prepare(next Plan) (commit func(), err error) { panic("not built yet") }

// Enter puts a caller in a queue. Errors: ErrNoQueue, *Refused, ErrStopped.
func (f *Floor) Enter(ctx context.Context, e Entry) (*Ticket, error) { panic("not built yet") }

// Leave takes a caller out: why is abandoned, answered elsewhere, a target. Any
// offer out is ended as MissCallerLeft. Leaving twice is a no-op.
func (f *Floor) Leave(ctx context.Context, ticket uint64, why string) error { panic("not built yet") }

// Place tells where the caller stands; the position never grows for a waiting caller
// by what it was told before (announcements never go backwards).
func (f *Floor) Place(ctx context.Context, ticket uint64) (Place, error) { panic("not built yet") }

// Taken says the call has taken the offer and rings the seats.
func (f *Floor) Taken(ctx context.Context, ticket uint64) error { panic("not built yet") }

// Answered says the seat's phone was answered. The first answer of an offer wins;
// the others are released as MissOtherAnswered. ErrStale: hang that phone up.
func (f *Floor) Answered(ctx context.Context, assignment uint64) error { panic("not built yet") }

// Missed ends one seat of an offer with its true reason. When the last seat is
// missed the ticket is waiting again at its place.
func (f *Floor) Missed(ctx context.Context, assignment uint64, why Miss) error {
	panic("not built yet")
}

// Finish ends a conversation: WrapUp, then Resting where granted. It returns when
// that is durable. ErrStale is a counted no-op.
func (f *Floor) Finish(ctx context.Context, assignment uint64, o Outcome) error {
	panic("not built yet")
}

// Do carries out an agent's command and returns the state after it, durable.
func (f *Floor) Do(ctx context.Context, agent string, c Command) (AgentView, error) {
	panic("not built yet")
}

// PhoneReachable tells whether a phone is registered and answers.
func (f *Floor) PhoneReachable(phone string, yes bool) { panic("not built yet") }

// PhoneBusy tells that a phone is in a call that is not from a queue, or no longer.
func (f *Floor) PhoneBusy(phone string, yes bool) { panic("not built yet") }

// Agents, Queues and Counters are snapshots.
func (f *Floor) Agents(ctx context.Context) ([]AgentView, error) { panic("not built yet") }

// Queues gives every queue, by name.
func (f *Floor) Queues(ctx context.Context) ([]QueueView, error) { panic("not built yet") }

// Counters gives the promise counters.
func (f *Floor) Counters() Counters { panic("not built yet") }

// Watch gives the newest state of one agent, latest value only, until ctx ends.
func (f *Floor) Watch(ctx context.Context, agent string) <-chan AgentView { panic("not built yet") }

// Why explains, from the code that decides: a waiting ticket (which condition
// failed for whom) or an agent (why no call). One sentence a line.
func (f *Floor) Why(ctx context.Context, w Whom) ([]string, error) { panic("not built yet") }

// Whom is the subject of Why; exactly one field is set.
type Whom struct{ Call, Agent string }
