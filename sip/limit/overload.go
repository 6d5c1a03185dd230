package limit

import (
	"math/rand/v2"
	"time"
)

// Load is how full the server is.
type Load struct {
	Calls, MaxCalls         int // legs
	Mailboxes, MaxMailboxes int // conversations with work waiting
}

// calls tells whether new work must be refused: no room for a call, or so many
// conversations waiting that calls in progress would suffer.
func (l Load) calls() bool {
	return l.MaxCalls > 0 && l.Calls >= l.MaxCalls || l.crowded(1)
}

// crowded tells whether the waiting work is above share of what is allowed.
func (l Load) crowded(share float64) bool {
	return l.MaxMailboxes > 0 && float64(l.Mailboxes) >= share*float64(l.MaxMailboxes)
}

// Asked is a new request as far as overload is concerned.
type Asked struct {
	Method   string
	InDialog bool // has a To-tag, or is an ACK or CANCEL
	Trunk    bool // comes from a carrier
}

// Answer is what an overloaded server says; the zero Answer lets it through.
type Answer struct {
	Status     int           // 0 = let through
	Reason     string        // for the status line
	RetryAfter time.Duration // 0 = no header; whole seconds
}

// How long a refused sender should stay away.
const (
	trunkRetry  = 5 * time.Second  // a carrier takes its next route meanwhile
	phoneSoon   = 5 * time.Second  // a phone registers again between these two, at a
	phoneLatest = 30 * time.Second // moment of its own: after a power cut all come at once
)

// Overload decides about one request. Requests inside a dialog always pass: they
// end calls, or keep them alive. Registrations give way first, at three quarters
// of what can wait, because a phone can register a little later and a caller
// cannot call a little later. A trunk gets 503 with Retry-After and tries another
// way; a phone gets 480, because many phones take 503 for a dead server and go
// away for minutes.
func Overload(load Load, a Asked) Answer {
	if a.InDialog {
		return Answer{}
	}
	switch a.Method {
	case "ACK", "CANCEL", "BYE":
		return Answer{}
	case "INVITE":
		if !load.calls() {
			return Answer{}
		}
		if a.Trunk {
			return TooLate()
		}
		return Answer{Status: 480, Reason: "Temporarily Unavailable"}
	case "REGISTER":
		if !load.crowded(0.75) {
			return Answer{}
		}
		return Answer{Status: 503, Reason: "Service Unavailable", RetryAfter: spread()}
	}
	if !load.crowded(1) {
		return Answer{}
	}
	return Answer{Status: 503, Reason: "Service Unavailable", RetryAfter: spread()}
}

// TooLate is what a new call of a trunk is told while the server is late: the same as
// when it is full.
func TooLate() Answer {
	return Answer{Status: 503, Reason: "Service Unavailable", RetryAfter: trunkRetry}
}

// spread is a whole number of seconds from phoneSoon to phoneLatest.
func spread() time.Duration {
	steps := int((phoneLatest-phoneSoon)/time.Second) + 1
	return phoneSoon + time.Duration(rand.IntN(steps))*time.Second
}
