package acd

import (
	"context"
	"errors"
	"time"
)

// Stamp is a moment on both clocks. Wall alone survives a reboot; Boot and Mono
// let a restarted process measure true remaining time while the machine ran on.
type Stamp struct {
	Wall time.Time     `json:"wall"`
	Boot string        `json:"boot,omitempty"` // boot id of the machine
	Mono time.Duration `json:"mono,omitempty"` // CLOCK_BOOTTIME
}

// Event is one fact of the floor. Events are immutable once made; replayed in
// order they rebuild the floor.
type Event struct {
	Seq        uint64        `json:"seq"`
	At         Stamp         `json:"at"`
	Kind       string        `json:"kind"` // see the Kind* list in the floor
	Agent      string        `json:"agent,omitempty"`
	Phone      string        `json:"phone,omitempty"`
	Queue      string        `json:"queue,omitempty"`
	Call       string        `json:"call,omitempty"`
	Ticket     uint64        `json:"ticket,omitempty"`
	Assignment uint64        `json:"assignment,omitempty"`
	State      AgentState    `json:"state,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	Until      Stamp         `json:"until,omitzero"`
	Length     time.Duration `json:"length,omitempty"`
	Level      int           `json:"level,omitempty"`
	Max        time.Duration `json:"max,omitempty"`    // of a rest: may be extended to
	Talk       Talk          `json:"talk,omitzero"`    // of finished: the conversation
	Caller     string        `json:"caller,omitempty"` // of entered: a pseudonym of the number, the same for each of the caller's calls
	Who        *Caller       `json:"who,omitempty"`    // of entered and parked: how to reach them again; no part of the history
	Care       CareFact      `json:"care,omitzero"`
}

// Talk is a conversation that is over, as the floor knows it.
type Talk struct {
	Length    time.Duration `json:"length,omitempty"`    // from the answer on
	Protected bool          `json:"protected,omitempty"` // shielded from the agent's figures
	Raised    bool          `json:"raised,omitempty"`    // the caller's voice was raised
	Held      time.Duration `json:"held,omitempty"`      // of Length, how long the agent had the caller on hold
	Warnings  int           `json:"warnings,omitempty"`  // that the caller heard to the end in this conversation
}

// The kinds of event. The first group moves an agent, the second a caller.
const (
	KindLogIn          = "log-in"     // Phone
	KindMoved          = "moved"      // logged in at another phone: Phone
	KindLogOut         = "log-out"    //
	KindReady          = "ready"      //
	KindNotReady       = "not-ready"  // Reason
	KindOffered        = "offered"    // Queue, Call, Ticket, Assignment; Length is the ring time
	KindAnswered       = "answered"   // Length is how long the caller waited in this queue; of who is on no line it is 0, and Reason the kind of the callback
	KindMissed         = "missed"     // Reason is the Miss, Length its delay
	KindReleased       = "released"   // an offer that ended without the agent's doing: Reason
	KindStruckOut      = "struck-out" // one true no-answer too many
	KindEarned         = "earned"     // so far in this conversation, should it end now: Level, Length and Max of the rest, Talk, Care.Event
	KindRestGranted    = "rest-granted"
	KindFinished       = "finished" // Reason is the cause, Length the wrap-up, Talk the conversation
	KindWrapUpExtended = "wrap-up-extended"
	KindWrapUpOver     = "wrap-up-over" // by its clock
	KindRestExtended   = "rest-extended"
	KindRestDeclined   = "rest-declined"
	KindRestOver       = "rest-over"
	KindWrapUpEnded    = "wrap-up-ended" // by the agent
	KindWishLogOut     = "wish-log-out"  // for after the conversation
	KindWishNotReady   = "wish-not-ready"
	KindWishUndone     = "wish-undone"
	KindRecovered      = "recovered" // was on a call or offer when the process died: Length is the wrap-up, Talk what was known of the conversation
	KindPhoneBusy      = "phone-busy"
	KindPhoneFree      = "phone-free"
	KindBreakDue       = "break-due"   // Length is how long offers wait for the answer
	KindBreakLater     = "break-later" // by the agent
	KindTalkWanted     = "talk-wanted" // with the team leader, after hard calls: Reason
	KindTalkTaken      = "talk-taken"  // a team leader takes it on: Care.By
	KindTalked         = "talked"      // the team leader did: Care.By
	KindCapLifted      = "cap-lifted"  // Care.Cap for Length, Care.By, Reason

	KindEntered  = "entered"  // Length is the age already had, Level the extra priority, Reason the Again of the entry; Who
	KindRefused  = "refused"  // would have entered: Reason is the limit
	KindLeft     = "left"     // Reason; Length is the wait in this queue
	KindRemoved  = "removed"  // Reason is the limit, Length the wait in this queue
	KindOrphaned = "orphaned" // was waiting when the process died, and cannot be called back

	KindParked    = "parked"    // waits for a callback: Reason is its kind, Length the age, Until when it is dialled at the earliest; Who
	KindUnreached = "unreached" // was dialled in vain: Reason, Length is the pause, Level the tries so far
	KindReached   = "reached"   // the conversation of a callback begins, or of a message (Reason message), or that was heard (Reason heard): Length is the whole wait, Level the tries
	KindSaid      = "said"      // a message that was parked has been left: Length
)

// ErrAppended is what Append wraps when the first Seq is at or below the last in
// the ledger. After an attempt that failed half-way it tells the floor that the
// events did arrive.
var ErrAppended = errors.New("the ledger has these events already")

// ErrForgotten is what Append wraps when the ledger has lost events that it had
// acknowledged, as a server may that was restored from an older copy. What comes next
// would stand on nothing: the floor answers with a snapshot of its whole state.
var ErrForgotten = errors.New("the ledger has lost events")

// Ledger keeps the floor's events over a crash. store implements it; the floor's
// own goroutine never calls it.
type Ledger interface {
	// Append makes the events durable, in order, all or none. Their Seq is set
	// by the floor and strictly growing; a Seq at or below the last is
	// an error that wraps ErrAppended.
	Append(ctx context.Context, events []Event) error
	// Load gives the newest snapshot (nil if none) and the events after it. Event.Who it
	// gives at least to those of callers who still wait (StillWait).
	Load(ctx context.Context) (snapshot []byte, events []Event, err error)
	// Compact stores a snapshot of everything up to seq: Load gives those events
	// no more. They are kept as history, for figures, until they are forgotten, but
	// without Event.Who: only a replay needs it, and what it still needs of callers who
	// wait stands in the snapshot. Nothing may keep theirs for longer.
	Compact(ctx context.Context, seq uint64, snapshot []byte) error
}
