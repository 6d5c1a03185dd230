package acd

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// machine is a computer whose clocks a test sets: wall time may jump, boot time goes on
// until it is restarted.
type machine struct{ Stamp }

func (m *machine) pass(d time.Duration) {
	m.Mono += d
	m.Wall = m.Wall.Add(d)
}

func (m *machine) set(by time.Duration) { m.Wall = m.Wall.Add(by) }

func (m *machine) reboot(id string, down time.Duration) {
	m.Boot, m.Mono, m.Wall = id, 20*time.Second, m.Wall.Add(down)
}

// rester is the ledger of an agent who began to rest for half an hour, now.
func rester(at Stamp) []Event {
	return []Event{
		{Seq: 1, At: at, Kind: KindLogIn, Agent: "anna", Phone: "1", State: Ready},
		{Seq: 2, At: at, Kind: KindOffered, Agent: "anna", Queue: "help", Call: "c1", Ticket: 1, Assignment: 1, State: Offered},
		{Seq: 3, At: at, Kind: KindAnswered, Agent: "anna", Ticket: 1, Assignment: 1, State: OnCall},
		{Seq: 4, At: at, Kind: KindRestGranted, Agent: "anna", Level: 3, Length: 30 * time.Minute, State: OnCall},
		{Seq: 5, At: at, Kind: KindFinished, Agent: "anna", State: WrapUp},
		{Seq: 6, At: at, Kind: KindWrapUpOver, Agent: "anna", State: Resting},
	}
}

// TestARestThroughJumpsOfTheClock: what was truly rested counts, as far as the clocks
// can tell; where they cannot, the rest is too long and never too short.
func TestARestThroughJumpsOfTheClock(t *testing.T) {
	const day = 24 * time.Hour
	sign := func(m *machine, events []Event) []Event { // of life: somebody else does something
		return append(events, Event{Seq: events[len(events)-1].Seq + 1, At: m.Stamp, Kind: KindLogIn, Agent: "bert", Phone: "2", State: Ready})
	}
	for name, tc := range map[string]struct {
		days func(m *machine, events []Event) []Event
		left time.Duration
	}{
		"the process was restarted": {func(m *machine, events []Event) []Event {
			m.pass(10 * time.Minute)
			return events
		}, 20 * time.Minute},
		"the process was restarted and the wall clock set on": {func(m *machine, events []Event) []Event {
			m.set(day)
			m.pass(10 * time.Minute)
			return events
		}, 20 * time.Minute},
		"the machine was restarted": {func(m *machine, events []Event) []Event {
			m.pass(5 * time.Minute)
			m.reboot("two", 5*time.Minute)
			return events
		}, 20 * time.Minute},
		"the wall clock was set on before the machine was restarted": {func(m *machine, events []Event) []Event {
			m.pass(4 * time.Minute)
			m.set(day)
			m.pass(time.Minute)
			events = sign(m, events)
			m.reboot("two", 5*time.Minute)
			return events
		}, 20 * time.Minute},
		"the wall clock was set back before the machine was restarted": {func(m *machine, events []Event) []Event {
			m.pass(4 * time.Minute)
			m.set(-day)
			m.pass(time.Minute)
			events = sign(m, events)
			m.reboot("two", 5*time.Minute)
			return events
		}, 20 * time.Minute},
		"the wall clock was set back while the machine was down": {func(m *machine, events []Event) []Event {
			m.pass(5 * time.Minute)
			events = sign(m, events)
			m.reboot("two", -day)
			m.pass(time.Minute)
			return events
		}, 25 * time.Minute},
		"two restarts, a jump in each boot": {func(m *machine, events []Event) []Event {
			m.set(day)
			m.pass(time.Minute)
			events = sign(m, events)
			m.reboot("two", 2*time.Minute)
			events = sign(m, events)
			m.set(-3 * day)
			m.pass(3 * time.Minute)
			events = sign(m, events)
			m.reboot("three", 4*time.Minute)
			return events
		}, 20 * time.Minute},
		"it was over long ago": {func(m *machine, events []Event) []Event {
			m.reboot("two", day)
			return events
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := &machine{Stamp{Wall: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Boot: "one", Mono: time.Hour}}
			events := tc.days(m, rester(m.Stamp))
			p, err := recall(nil, events, m.Stamp)
			if err != nil {
				t.Fatal(err)
			}
			if got := max(0, p.people["anna"].Rest.until()-m.Mono); got != tc.left {
				t.Errorf("%s of the rest are left, want %s", got, tc.left)
			}
		})
	}
}

// TestPromiseNoRestIsShortAcrossRestarts restarts a machine whose wall clock is set
// back or kept, at any moments, with or without snapshots: never less rest than granted.
func TestPromiseNoRestIsShortAcrossRestarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{Stamp{Wall: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Boot: "one", Mono: time.Hour}}
		events := rester(m.Stamp)
		var blob []byte
		rested := time.Duration(0)
		for i := range rapid.IntRange(1, 8).Draw(t, "things") {
			d := time.Duration(rapid.IntRange(0, 300).Draw(t, "seconds")) * time.Second
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				m.set(-d)
			case 1:
				m.reboot(string(rune('a'+i)), d)
				rested += d
			default:
				m.pass(d)
				rested += d
			}
			p, err := recall(blob, events, m.Stamp)
			if err != nil {
				t.Fatal(err)
			}
			if left := p.people["anna"].Rest.until() - m.Mono; left < 30*time.Minute-rested {
				t.Fatalf("%s of the rest are left after %s", left, rested)
			}
			if rapid.Bool().Draw(t, "snapshot") {
				s := snapshot{At: m.Stamp, IDs: p.ids, People: []person{*p.people["anna"]}}
				if blob, err = json.Marshal(s); err != nil {
					t.Fatal(err)
				}
				events = nil
			}
		}
	})
}

// TestWhoComesBackHow is every state over a crash: the state after it, and its clock.
func TestWhoComesBackHow(t *testing.T) {
	type look struct {
		State AgentState
		Left  time.Duration
		Next  AgentState
	}
	for state, want := range map[AgentState]look{
		LoggedOut: {State: LoggedOut},
		Ready:     {State: Ready},
		Offered:   {State: WrapUp, Left: time.Minute},
		OnCall:    {State: WrapUp, Left: time.Minute},
		WrapUp:    {State: WrapUp, Left: 20 * time.Second},
		Resting:   {State: Resting, Left: 50 * time.Second},
		NotReady:  {State: NotReady},
		Missed:    {State: Missed},
	} {
		for _, wish := range []Verb{"", GoNotReady, LogOut} {
			busy := state == Offered || state == OnCall
			if wish != "" && !busy {
				continue
			}
			t.Run(string(state)+" "+string(wish), func(t *testing.T) {
				y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
				var events []Event
				y.heard = func(e Event) { events = append(events, e) }
				y.bring(state)
				if wish != "" {
					y.say("anna", wish)
				}
				y.pass(10 * time.Second)
				p, err := recall(nil, events, y.now)
				if err != nil {
					t.Fatal(err)
				}
				plan := team(map[string]QueueSpec{"q": {WrapUp: time.Minute}}, "anna")
				r, err := prepare(plan)
				if err != nil {
					t.Fatal(err)
				}
				again := newBoard()
				do(t, again, y.now, func(b *board) error { b.adopt(r); b.resume(p); return nil })
				v := again.view(again.agents["anna"])
				want.Next = map[Verb]AgentState{GoNotReady: NotReady, LogOut: LoggedOut}[wish]
				if diff := cmp.Diff(want, look{v.State, v.Left, v.Next}); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				y.now.Mono += time.Hour
				y.now.Wall = y.now.Wall.Add(time.Hour)
				do(t, again, y.now, nil)
				if busy && wish != "" && again.agents["anna"].State != want.Next {
					t.Errorf("the wish is forgotten: %s", again.agents["anna"].State)
				}
				if broken := again.audit(); len(broken) > 0 {
					t.Errorf("broken: %q", broken)
				}
			})
		}
	}
}
