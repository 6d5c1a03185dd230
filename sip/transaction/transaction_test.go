package transaction

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var timing = Timing{T1: 500 * time.Millisecond, T2: 4 * time.Second, T4: 5 * time.Second}

var kindNames = [kinds]string{"ict", "nict", "ist", "nist"}

var stateNames = [states]string{"calling", "trying", "proceeding", "completed", "confirmed", "accepted", "terminated"}

var eventNames = [events]string{"1xx", "2xx", "3-6xx", "request", "ack", "retransmit", "expire", "linger", "broken"}

var verbNames = map[Verb]string{
	Send: "send", SendAck: "sendack", Deliver: "deliver", TellTimeout: "timeout", TellBroken: "broken",
	ArmRetransmit: "again", ArmExpire: "expire", ArmLinger: "linger", Disarm: "disarm", End: "end",
}

// cells is every cell that does something, on a datagram transport, written from
// figures 5 to 8 of RFC 3261 as amended by RFC 6026. What is not here must do nothing.
const cells = `
ict calling 1xx        -> proceeding: disarm deliver
ict calling 2xx        -> accepted: disarm linger=32s deliver
ict calling 3-6xx      -> completed: disarm sendack deliver linger=32s
ict calling retransmit -> calling: send again=1s
ict calling expire     -> terminated: timeout end
ict calling broken     -> terminated: broken end
ict proceeding 1xx     -> proceeding: deliver
ict proceeding 2xx     -> accepted: linger=32s deliver
ict proceeding 3-6xx   -> completed: sendack deliver linger=32s
ict completed 3-6xx    -> completed: sendack
ict completed linger   -> terminated: end
ict completed broken   -> terminated: end
ict accepted 2xx       -> accepted: deliver
ict accepted linger    -> terminated: end
nict trying 1xx        -> proceeding: deliver
nict trying 2xx        -> completed: disarm deliver linger=5s
nict trying 3-6xx      -> completed: disarm deliver linger=5s
nict trying retransmit -> trying: send again=1s
nict trying expire     -> terminated: timeout end
nict trying broken     -> terminated: broken end
nict proceeding 1xx    -> proceeding: deliver
nict proceeding 2xx    -> completed: disarm deliver linger=5s
nict proceeding 3-6xx  -> completed: disarm deliver linger=5s
nict proceeding retransmit -> proceeding: send again=4s
nict proceeding expire -> terminated: timeout end
nict proceeding broken -> terminated: broken end
nict completed linger  -> terminated: end
ist proceeding 1xx     -> proceeding: send
ist proceeding 2xx     -> accepted: send linger=32s
ist proceeding 3-6xx   -> completed: send again=1s expire=32s
ist proceeding request -> proceeding: send
ist proceeding broken  -> terminated: broken end
ist completed request  -> completed: send
ist completed ack      -> confirmed: disarm linger=5s
ist completed retransmit -> completed: send again=1s
ist completed expire   -> terminated: timeout end
ist completed broken   -> terminated: broken end
ist confirmed linger   -> terminated: end
ist accepted 2xx       -> accepted: send
ist accepted ack       -> accepted: deliver
ist accepted linger    -> terminated: end
ist accepted broken    -> accepted: broken
nist trying 1xx        -> proceeding: send
nist trying 2xx        -> completed: send linger=32s
nist trying 3-6xx      -> completed: send linger=32s
nist proceeding 1xx    -> proceeding: send
nist proceeding 2xx    -> completed: send linger=32s
nist proceeding 3-6xx  -> completed: send linger=32s
nist proceeding request -> proceeding: send
nist proceeding broken -> terminated: broken end
nist completed request -> completed: send
nist completed linger  -> terminated: end
nist completed broken  -> terminated: broken end
`

// wanted reads cells into "kind state event" -> "state: actions".
func wanted(t *testing.T) map[string]string {
	t.Helper()
	want := map[string]string{}
	for line := range strings.Lines(cells) {
		from, to, ok := strings.Cut(strings.TrimSpace(line), "->")
		if ok {
			want[strings.TrimSpace(from)] = strings.TrimSpace(to)
		}
	}
	return want
}

func show(s State, actions []Action) string {
	out := stateNames[s] + ":"
	for _, a := range actions {
		out += " " + verbNames[a.Verb]
		if a.After != 0 {
			out += "=" + a.After.String()
		}
	}
	return out
}

// TestEveryCell walks all kinds, states and events: 4 × 7 × 9 cells.
func TestEveryCell(t *testing.T) {
	want := wanted(t)
	seen := 0
	for k := range kinds {
		for s := range states {
			for e := range events {
				name := fmt.Sprintf("%s %s %s", kindNames[k], stateNames[s], eventNames[e])
				m := &Machine{kind: k, state: s, timing: timing, gap: time.Second}
				got := show(s, m.Step(e))
				got = strings.Replace(got, stateNames[s], stateNames[m.State()], 1)
				w, listed := want[name]
				if !listed {
					w = stateNames[s] + ":"
				} else {
					seen++
				}
				if got != w {
					t.Errorf("%s: got %q, want %q", name, got, w)
				}
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d cells of the list were met, want %d", seen, len(want))
	}
}

func TestBeginning(t *testing.T) {
	for name, tc := range map[string]struct {
		kind     Kind
		reliable bool
		want     string
	}{
		"an INVITE is sent and repeated until T1 times 64": {InviteClient, false, "calling: send again=500ms expire=32s"},
		"an INVITE on a stream is sent once":               {InviteClient, true, "calling: send expire=32s"},
		"a request is sent and repeated":                   {NonInviteClient, false, "trying: send again=500ms expire=32s"},
		"a request on a stream is sent once":               {NonInviteClient, true, "trying: send expire=32s"},
		"an INVITE that came waits for its user":           {InviteServer, false, "proceeding:"},
		"a request that came waits for its user":           {NonInviteServer, false, "trying:"},
	} {
		t.Run(name, func(t *testing.T) {
			m, actions := New(tc.kind, timing, tc.reliable)
			if got := show(m.State(), actions); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestRepetitionGaps(t *testing.T) {
	for name, tc := range map[string]struct {
		kind   Kind
		before []Event
		want   []time.Duration
	}{
		"timer A doubles without ceiling": {
			InviteClient, nil,
			[]time.Duration{1e9, 2e9, 4e9, 8e9, 16e9},
		},
		"timer E doubles up to T2": {
			NonInviteClient, nil,
			[]time.Duration{1e9, 2e9, 4e9, 4e9, 4e9},
		},
		"timer G doubles up to T2": {
			InviteServer,
			[]Event{Failure},
			[]time.Duration{1e9, 2e9, 4e9, 4e9, 4e9},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := New(tc.kind, timing, false)
			for _, e := range tc.before {
				m.Step(e)
			}
			var got []time.Duration
			for range tc.want {
				for _, a := range m.Step(Retransmit) {
					if a.Verb == ArmRetransmit {
						got = append(got, a.After)
					}
				}
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestStreamsDoNotLinger(t *testing.T) {
	for name, tc := range map[string]struct {
		kind   Kind
		events []Event
		want   string
	}{
		"timer D is zero":      {InviteClient, []Event{Failure}, "terminated: disarm sendack deliver end"},
		"timer K is zero":      {NonInviteClient, []Event{Success}, "terminated: disarm deliver end"},
		"timer I is zero":      {InviteServer, []Event{Failure, Ack}, "terminated: disarm end"},
		"timer J is zero":      {NonInviteServer, []Event{Success}, "terminated: send end"},
		"timer L is 64 T1":     {InviteServer, []Event{Success}, "accepted: send linger=32s"},
		"timer M is 64 T1":     {InviteClient, []Event{Success}, "accepted: disarm linger=32s deliver"},
		"a 486 is sent once":   {InviteServer, []Event{Failure}, "completed: send expire=32s"},
		"H ends a missing ACK": {InviteServer, []Event{Failure, Expire}, "terminated: timeout end"},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := New(tc.kind, timing, true)
			var last []Action
			for _, e := range tc.events {
				last = m.Step(e)
			}
			if got := show(m.State(), last); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestAnyHistory: whatever happens in whatever order, a machine that ended stays
// ended and silent, ends at most once, and never sends twice in one step.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := Kind(rapid.IntRange(0, int(kinds)-1).Draw(t, "kind"))
		m, _ := New(kind, timing, rapid.Bool().Draw(t, "reliable"))
		ends := 0
		for range 30 {
			was := m.State()
			actions := m.Step(Event(rapid.IntRange(0, int(events)-1).Draw(t, "event")))
			if was == Terminated && (len(actions) > 0 || m.State() != Terminated) {
				t.Fatalf("a dead %s did %v", kindNames[kind], actions)
			}
			sent := 0
			for _, a := range actions {
				switch a.Verb {
				case Send, SendAck:
					sent++
				case End:
					ends++
				case ArmRetransmit, ArmExpire, ArmLinger:
					if a.After <= 0 {
						t.Fatalf("a timer of %v", a.After)
					}
				case Deliver, TellTimeout, TellBroken, Disarm:
				}
			}
			if sent > 1 {
				t.Fatalf("sent %d messages in one step", sent)
			}
			if (m.State() == Terminated) != (ends == 1) {
				t.Fatalf("state %s after %d ends", stateNames[m.State()], ends)
			}
		}
	})
}
