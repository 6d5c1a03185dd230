package call

import (
	"context"
	"net/netip"
	"time"

	"breakwater/media"
)

// Leg is one party: signalling and sound together. sip implements it. Its methods
// may be called from the call's goroutine only; none of them waits for the
// network except where it says so.
type Leg interface {
	// Party tells who this is and how the leg came about. It never changes.
	Party() Party
	// Listen gives the leg its one listener: sink is called in order, once per
	// signal, from the leg's own goroutine, and must not block. Signals that
	// came before are delivered first. A second Listen replaces the first: that
	// is how a leg moves to another call.
	Listen(sink func(Signal))
	// Ring tells an incoming caller that somebody is being called (180).
	Ring()
	// Answer accepts an incoming leg. It returns when the 200 is sent and media
	// may flow, or with the Cause that ended the leg before.
	Answer(ctx context.Context) error
	// HangUp ends the leg in whatever way fits its state: CANCEL, a final error
	// response, or BYE. It may be called at any time and any number of times.
	HangUp(Cause)
	// Port is the leg's sound; nil before an outgoing leg has one.
	Port() *media.Port
}

// Party is who is at the end of a leg.
type Party struct {
	ID       string     // unique per leg, for logs and the record
	Incoming bool       // true: they called us
	Phone    string     // name of the registered phone, when it is one of ours
	Trunk    string     // name of the trunk it came through or goes through
	Number   string     // caller's number (incoming) or the number dialled (outgoing)
	Name     string     // display name as sent; may be empty
	Dialled  string     // digits the caller dialled (incoming)
	Remote   netip.Addr // where its signalling comes from
	Since    time.Time
	Hops     int // Max-Forwards that remains of an incoming leg, for Target.Hops; negative = none
}

// SignalKind is what a leg can report.
type SignalKind uint8

// The signals of a leg. Ended is always the last.
const (
	Ringing  SignalKind = iota + 1 // outgoing: 180 or 183 arrived
	Answered                       // outgoing: 2xx arrived and media is applied
	Pressed                        // a digit: Signal.Digit
	Held                           // the party put us on hold
	Resumed                        // the party took us back
	Asked                          // the party asks for a transfer: Signal.Target (REFER)
	Ended                          // the leg is gone: Signal.Cause
)

// Signal is one thing that happened on a leg.
type Signal struct {
	Kind   SignalKind
	Digit  byte
	Target string
	Cause  Cause
	Decide func(granted bool) // Asked: tells the party whether it may go; nil = it wants no word
}

// decide answers a transfer that was asked for: granted, and the other party is ours
// from here; or not, and the call goes on as it was. Whoever says nothing grants
// nothing.
func (s Signal) decide(granted bool) {
	if s.Decide != nil {
		s.Decide(granted)
	}
}

// Dialer makes outgoing legs. sip implements it.
type Dialer interface {
	// Dial starts to call and returns at once; how it goes arrives as signals
	// (Ringing, Answered, Ended). A target that cannot be tried at all (no
	// contact, no such trunk) is a leg that ends at once with the reason.
	Dial(ctx context.Context, t Target) Leg
}

// Target is whom to call and what their phone shows.
type Target struct {
	Phone  string            // one of our phones: all its contacts ring, the first answer wins
	Trunk  string            // or: a trunk …
	Number string            // … and the number to dial there
	From   string            // caller number shown
	Name   string            // caller name shown, e.g. "Refunds: 0123"
	Alert  string            // Alert-Info text, for a distinctive ring; empty = none
	Ring   time.Duration     // give up after; zero = until hung up
	Call   string            // the call's id, for logs
	Extra  map[string]string // X- headers; names and values are sanitised by sip
	Near   *media.Port       // of whom it is to talk with: one thread will move the sound of both; nil = unknown
	Hops   int               // Max-Forwards: the Party.Hops of whoever is passed on; zero = 70, negative = not dialled
}

// Binding is one registered contact, opaque to everybody but sip.
type Binding struct {
	AOR     string    // the phone's name
	ID      string    // unique per contact of the AOR
	Expires time.Time // wall clock
	Wire    []byte
}

// Directory keeps registrations over a restart. store implements it. All
// methods are safe for concurrent use; an error means nothing was changed.
type Directory interface {
	Bindings(ctx context.Context) ([]Binding, error) // all that have not expired
	Bind(ctx context.Context, b Binding) error       // adds, or replaces the same AOR and ID
	Unbind(ctx context.Context, aor, id string) error
}
