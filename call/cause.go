package call

import (
	"errors"
	"fmt"
)

// By is who ended a leg or a call.
type By uint8

// Who can end a leg or a call.
const (
	ByCaller  By = iota + 1 // the caller's side
	ByAgent                 // the agent's side, or the called party
	ByPolicy                // protection, limits, opening hours
	ByNetwork               // lost, timed out, transport failed
	ByUs                    // our own fault or stop
)

// String gives the word used in records and metrics.
func (b By) String() string {
	switch b {
	case ByCaller:
		return "caller"
	case ByAgent:
		return "agent"
	case ByPolicy:
		return "policy"
	case ByNetwork:
		return "network"
	case ByUs:
		return "us"
	}
	return "unknown"
}

// Cause says how a leg or call ended. It is one type from the wire to the record
// and may travel as an error (context.WithCancelCause).
type Cause struct {
	By     By     `json:"by"`
	Status int    `json:"status,omitempty"` // SIP status where there was one, else 0
	Metric string `json:"metric"`           // one of the Cause* names; stable, for counters
	Text   string `json:"text,omitempty"`   // for people
}

// Error makes a Cause an error: "agent: declined (603 Decline)".
func (c Cause) Error() string {
	if c.Status != 0 {
		return fmt.Sprintf("%s: %s (%d %s)", c.By, c.Metric, c.Status, c.Text)
	}
	if c.Text == "" {
		return fmt.Sprintf("%s: %s", c.By, c.Metric)
	}
	return fmt.Sprintf("%s: %s: %s", c.By, c.Metric, c.Text)
}

// The ways a call can end (queues.md §3, one list everywhere).
const (
	CauseCallerEnded          = "caller_ended"
	CauseAgentFinished        = "agent_finished" // the only one that may ever be reviewed
	CauseAgentLost            = "agent_lost"
	CauseAbandoned            = "abandoned"
	CauseTransferred          = "transferred"
	CauseProtectedDisconnect  = "protected_disconnect"
	CauseOneStrike            = "one_strike"
	CauseCustomerAfterWarning = "customer_after_warning"
	CauseLongCallEnd          = "long_call_end"
	CauseNetwork              = "network"
	CauseServerDied           = "server_died"
	CauseCallback             = "callback"      // the caller waits on without a line, and is called back
	CauseMessage              = "message"       // the caller has left a message
	CauseMessageHeard         = "message_heard" // an agent has heard it
	CauseUnreached            = "unreached"     // of a callback: the number was dialled in vain, or given up
)

// The ways a leg can end, besides those above. sip chooses them.
const (
	LegNormal      = "normal"      // BYE, either way
	LegCancelled   = "cancelled"   // caller gave up before the answer
	LegBusy        = "busy"        // 486, 600
	LegDeclined    = "declined"    // 603, 480 pressed by a person
	LegNoAnswer    = "no_answer"   // rang until the ring time ended (408 from the phone as well)
	LegUnreachable = "unreachable" // no answer on the wire, transport failed
	LegNoContact   = "no_contact"  // not registered
	LegRefused     = "refused"     // any other final error
	LegLost        = "lost"        // silent, and the in-dialog probe proved it gone
	LegOverload    = "overload"    // we had no ports or were too busy
)

// ErrSealed means the record was sealed before and cannot change any more.
var ErrSealed = errors.New("record is sealed")
