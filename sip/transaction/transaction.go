// Package transaction decides what a SIP transaction does next: when to send
// again, when to give up, what its user hears (RFC 3261 §17, RFC 6026). It sends
// nothing, holds no clock and no lock: its owner feeds it events and carries out
// the actions.
package transaction

import "time"

// Kind is which of the four machines a transaction runs.
type Kind uint8

// The four machines.
const (
	InviteClient    Kind = iota // RFC 3261 §17.1.1, RFC 6026 §8.4
	NonInviteClient             // RFC 3261 §17.1.2
	InviteServer                // RFC 3261 §17.2.1, RFC 6026 §8.5
	NonInviteServer             // RFC 3261 §17.2.2
	kinds
)

// State is where a transaction is.
type State uint8

// The states; not every machine has every one.
const (
	Calling    State = iota // INVITE client: no response yet
	Trying                  // non-INVITE: no response yet
	Proceeding              // a provisional response came or went
	Completed               // a final response came or went; for INVITE: 300–699
	Confirmed               // INVITE server: the ACK for a 300–699 came
	Accepted                // INVITE: a 2xx came or went (RFC 6026)
	Terminated              // nothing more happens
	states
)

// Event is what can happen to a transaction. For a client the three kinds of
// response come from the wire; for a server they come from its user.
type Event uint8

// The events.
const (
	Provisional     Event = iota // 1xx
	Success                      // 2xx
	Failure                      // 300–699
	Request                      // server: the request came again
	Ack                          // server: ACK with the branch of the INVITE
	Retransmit                   // timers A, E, G
	Expire                       // timers B, F, H: nobody answers
	Linger                       // timers D, I, J, K, L, M: no repetition is expected any more
	TransportFailed              // the message could not be sent
	events
)

// Verb is one thing that the owner does for the machine.
type Verb uint8

// The verbs. A machine never sends two messages in one step.
const (
	Send          Verb = iota + 1 // client: the request; server: the newest response
	SendAck                       // INVITE client: the ACK for a 300–699
	Deliver                       // tell the user of the response or ACK at hand
	TellTimeout                   // tell the user that nobody answered
	TellBroken                    // tell the user that the transport failed
	ArmRetransmit                 // Retransmit is due after Action.After
	ArmExpire                     // Expire is due after Action.After
	ArmLinger                     // Linger is due after Action.After
	Disarm                        // Retransmit and Expire are not due any more
	End                           // forget the transaction and its timers
)

// Action is a verb, and for the Arm verbs the time until the event is due.
type Action struct {
	Verb  Verb
	After time.Duration
}

// Timing is what every timer derives from.
type Timing struct {
	T1 time.Duration // round trip estimate, RFC 3261 §17.1.1.1: 500 ms
	T2 time.Duration // longest gap between repetitions: 4 s
	T4 time.Duration // longest life of a message in the network: 5 s
}

// Machine is the state of one transaction. Its owner is one goroutine at a time.
type Machine struct {
	kind     Kind
	state    State
	reliable bool
	timing   Timing
	gap      time.Duration // between the last repetition and the next
}

// New begins a transaction and tells the first actions. reliable means a stream:
// the transport repeats for us, so we neither repeat nor linger.
func New(kind Kind, timing Timing, reliable bool) (*Machine, []Action) {
	m := &Machine{kind: kind, reliable: reliable, timing: timing, gap: timing.T1}
	first := begin[kind]
	m.state = first.next
	return m, m.actions(first.do)
}

// State tells where the transaction is.
func (m *Machine) State() State { return m.state }

// Step tells what follows from e. An event that means nothing in the present
// state gives no action.
func (m *Machine) Step(e Event) []Action {
	c := &table[m.kind][m.state][e]
	if c.do == nil {
		return nil
	}
	m.state = c.next
	return m.actions(c.do)
}

// actions turns the verbs of a cell into actions with times. On a stream timers
// D, I, J and K are zero (RFC 3261 §17): the transaction ends in the same step.
func (m *Machine) actions(do []Verb) []Action {
	if len(do) == 0 {
		return nil
	}
	out := make([]Action, 0, len(do))
	for _, v := range do {
		switch v {
		case ArmRetransmit:
			if m.reliable {
				continue
			}
			out = append(out, Action{v, m.gapNow()})
		case ArmExpire:
			out = append(out, Action{v, 64 * m.timing.T1})
		case ArmLinger:
			after := m.linger()
			if after == 0 {
				m.state = Terminated
				return append(out, Action{Verb: End})
			}
			out = append(out, Action{v, after})
		default:
			out = append(out, Action{Verb: v})
		}
	}
	return out
}

// gapNow gives the time to the next repetition and doubles the one after it. Timer A
// has no ceiling, timer B ends it (RFC 3261 §17.1.1.2); a request that had a
// provisional response is repeated every T2 (§17.1.2.2).
func (m *Machine) gapNow() time.Duration {
	if m.kind == NonInviteClient && m.state == Proceeding {
		return m.timing.T2
	}
	gap := m.gap
	m.gap *= 2
	if m.kind != InviteClient {
		m.gap = min(m.gap, m.timing.T2)
	}
	return gap
}

// linger is timer D, I, J, K, L or M, by state.
func (m *Machine) linger() time.Duration {
	switch {
	case m.state == Accepted: // L and M hold on streams too, because a proxy may have forked
		return 64 * m.timing.T1
	case m.reliable:
		return 0
	case m.kind == InviteServer, m.kind == NonInviteClient: // I and K
		return m.timing.T4
	default: // D and J
		return 64 * m.timing.T1
	}
}
