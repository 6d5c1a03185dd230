package acd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPositionsNeverGrow(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {}}, "anna"))
	y.logIn("anna")
	y.say("anna", GoNotReady)
	at := func(call string) string {
		p, err := y.b.place(y.ids[call])
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d of %d", p.Position, p.Waiting)
	}
	for _, c := range []string{"c1", "c2", "c3"} {
		y.enter(Entry{Call: c, Queue: "q"})
		y.pass(time.Second)
	}
	if got := at("c3"); got != "3 of 3" {
		t.Errorf("c3 is %s", got)
	}
	y.say("anna", GoReady) // c1 rings and does not count
	if got := at("c3"); got != "2 of 3" {
		t.Errorf("while c1 rings c3 is %s", got)
	}
	y.miss("c1", MissDeclined)
	y.enter(Entry{Call: "c0", Queue: "q", Head: true})
	if got := at("c3"); got != "2 of 4" {
		t.Errorf("c3 goes back to %s", got)
	}
	if got := at("c1"); got != "2 of 4" {
		t.Errorf("c1 is %s", got)
	}
}

func TestWhySpeaksOfEverybody(t *testing.T) {
	queues := map[string]QueueSpec{
		"refunds": {Needs: "refunds >= 3 && (lang_zh >= 5 || lang_en >= 7)", Relax: []Relax{{After: time.Minute, Needs: "refunds >= 1"}}},
		"named":   {Agents: []string{"bert"}},
	}
	y := start(t, team(queues, "anna: refunds=3 lang_en=7", "bert: refunds=2 lang_zh=5", "carl: refunds=4 lang_zh=9", "dora: refunds=5 lang_en=9"))
	y.logIn("anna", "bert", "carl", "dora")
	y.say("carl", GoNotReady)
	y.must(func(b *board) error { b.phoneReachable("p-dora", false); return nil })
	y.enter(Entry{Call: "c1", Queue: "refunds"})
	y.want("c1>anna")
	why := func(w Whom) string {
		lines, err := y.b.why(w)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "\n")
	}
	has := func(text string, parts ...string) {
		t.Helper()
		for _, p := range parts {
			if !strings.Contains(text, p) {
				t.Errorf("%q is missing in:\n%s", p, text)
			}
		}
	}
	has(why(Whom{Call: "c1"}), "is offered to anna: longest idle of 1 free: 4s")
	y.miss("c1", MissDeclined)
	y.pass(time.Second)
	has(why(Whom{Call: "c1"}),
		"call c1 has waited 1s in queue refunds, 0 ahead, for refunds >= 3 &&",
		"in 59s the condition becomes refunds >= 1 (relaxed, step 1)",
		"1 of 3 capable agents is left alone after a miss: anna (9s)",
		"1 of 4 agents of queue refunds does not meet refunds >= 3: bert (refunds is 2)",
		"1 of 3 capable agents is not ready: carl (lunch)",
		"1 of 3 capable agents is at a phone that is not registered or does not answer: dora")
	has(why(Whom{Agent: "bert"}), "bert is free since", "nobody waits whom bert can serve in queue named",
		"bert does not meet what is asked by queue refunds (refunds >= 3 (refunds is 2), until it relaxes)")
	has(why(Whom{Agent: "anna"}), "queue refunds: 1 wait whom anna can serve; anna missed this caller", "anna is not an agent of queue named")
	y.pass(9 * time.Second)
	y.talk("c1")
	has(why(Whom{Call: "c1"}), "call c1 talks with anna of queue refunds: longest idle")
	has(why(Whom{Agent: "anna"}), "anna has call c1 of queue refunds", "anna is on-call (call c1)")
	if _, err := y.b.why(Whom{Call: "nobody"}); !errors.Is(err, ErrNoTicket) {
		t.Errorf("unknown call: %v", err)
	}
	if _, err := y.b.why(Whom{Agent: "nobody"}); !errors.Is(err, ErrNoAgent) {
		t.Errorf("unknown agent: %v", err)
	}
}

// TestWhyOfAHouseFullOfAgentsIsAPage: counted, few named, and nobody who has nothing
// to do with the queue.
func TestWhyOfAHouseFullOfAgentsIsAPage(t *testing.T) {
	for name, spec := range map[string]QueueSpec{
		"a queue that names its agents": {Needs: "refunds >= 3"},
		"a queue for who has the skill": {Needs: "refunds >= 3", Relax: []Relax{{After: time.Hour, Needs: "refunds >= 1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var team300 []string
			for i := range 300 {
				switch {
				case i < 12:
					team300 = append(team300, fmt.Sprintf("able%02d: refunds=3", i))
				case i < 20:
					team300 = append(team300, fmt.Sprintf("weak%02d: refunds=1", i))
				default:
					team300 = append(team300, fmt.Sprintf("other%03d: sales=5", i))
				}
			}
			if spec.Relax == nil {
				for _, a := range team300[:20] {
					spec.Agents = append(spec.Agents, a[:6])
				}
			}
			y := start(t, team(map[string]QueueSpec{"refunds": spec, "quiet": {Agents: []string{"able00"}}}, team300...))
			for i := range 12 {
				y.logIn(fmt.Sprintf("able%02d", i))
			}
			y.logIn("weak12", "other020")
			for i := range 9 {
				y.enter(Entry{Call: fmt.Sprint("t", i), Queue: "refunds"})
				y.talk(fmt.Sprint("t", i))
				y.pass(time.Second)
			}
			for i := range 3 {
				y.end(fmt.Sprint("t", i))
				y.pass(time.Second)
			}
			y.say("able09", GoNotReady)
			y.say("able10", LogOut)
			y.must(func(b *board) error { b.phoneBusy("p-able11", true); return nil })
			y.enter(Entry{Call: "c1", Queue: "refunds"})
			got, err := y.b.why(Whom{Call: "c1"})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				"call c1 has waited 0s in queue refunds, 0 ahead, for refunds >= 3",
				"6 of 12 capable agents are on a call: able03, able04, able05, able06, able07 and 1 more",
				"3 of 12 capable agents are in wrap-up: able00 (27s), able01 (28s), able02 (29s)",
				"1 of 12 capable agents is not ready: able09 (lunch)",
				"1 of 12 capable agents is logged out: able10",
				"1 of 12 capable agents is in a call that is not from a queue: able11",
				"8 of 20 agents of queue refunds do not meet refunds >= 3: weak12 (refunds is 1), weak13 (refunds is 1), " +
					"weak14 (refunds is 1), weak15 (refunds is 1), weak16 (refunds is 1) and 3 more",
			}
			if spec.Relax != nil {
				want = slices.Insert(want, 1, "in 1h0m0s the condition becomes refunds >= 1 (relaxed, step 1)")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("why (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhyAnAgentOfManyQueuesIsAPage(t *testing.T) {
	queues := map[string]QueueSpec{"busy": {Needs: "x >= 1"}, "data": {Needs: `data.tier == "T2"`}}
	for i := range 20 {
		queues[fmt.Sprintf("mine%02d", i)] = QueueSpec{Agents: []string{"anna"}}
		queues[fmt.Sprintf("theirs%02d", i)] = QueueSpec{Agents: []string{"bert"}}
		queues[fmt.Sprintf("hard%02d", i)] = QueueSpec{Needs: "x >= 9"}
	}
	y := start(t, team(queues, "anna: x=1", "bert: x=2"))
	y.logIn("anna")
	y.say("anna", GoNotReady)
	y.enter(Entry{Call: "c1", Queue: "busy"})
	y.enter(Entry{Call: "c2", Queue: "busy"})
	got, err := y.b.why(Whom{Agent: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"anna is not ready: lunch",
		"queue busy: 2 wait whom anna can serve",
		"nobody waits whom anna can serve in 21 queues: data, mine00, mine01, mine02, mine03 and 16 more",
		"anna does not meet what is asked by 20 queues: hard00 (x >= 9 (x is 1)), hard01 (x >= 9 (x is 1)), " +
			"hard02 (x >= 9 (x is 1)), hard03 (x >= 9 (x is 1)), hard04 (x >= 9 (x is 1)) and 15 more",
		"anna is not an agent of 20 queues: theirs00, theirs01, theirs02, theirs03, theirs04 and 15 more",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("why (-want +got):\n%s", diff)
	}
}

// TestWhyInEveryLifeOfACaller is one sentence of each kind.
func TestWhyInEveryLifeOfACaller(t *testing.T) {
	relaxed := QueueSpec{Needs: "x >= 3", Relax: []Relax{{After: time.Minute, Needs: "x >= 1"}, {After: 2 * time.Minute, Needs: ""}}, LeaveOn: []AgentState{}}
	for name, tc := range map[string]struct {
		spec QueueSpec
		act  func(*play)
		want string
	}{
		"a rescued caller": {QueueSpec{}, func(y *play) {
			y.say("anna", GoNotReady)
			y.say("bert", GoNotReady)
			y.enter(Entry{Call: "c1", Queue: "q", Head: true})
		}, "goes first: came back from an agent"},
		"everybody rings": {QueueSpec{Strategy: RingAll}, func(y *play) {
			y.enter(Entry{Call: "c1", Queue: "q"})
		}, "is offered to anna, bert: everybody rings: 2 free"},
		"a call that takes no offers": {QueueSpec{}, func(y *play) {
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.b.tickets[y.ids["c1"]].offer.taken = false
			y.b.arm(y.b.tickets[y.ids["c1"]])
			y.pass(2 * time.Second)
		}, "its call did not take the last offer in time; tried again in 4s"},
		"nobody has the skill": {QueueSpec{Needs: "x >= 3", Agents: []string{"anna", "bert"}, LeaveOn: []AgentState{}}, func(y *play) {
			y.enter(Entry{Call: "c1", Queue: "q"})
		}, "none of the 2 agents of queue q meets x >= 3"},
		"nobody is of the queue": {QueueSpec{Needs: "x >= 3", LeaveOn: []AgentState{}}, func(y *play) {
			y.enter(Entry{Call: "c1", Queue: "q"})
		}, "nobody meets x >= 3"},
		"a relaxed condition": {relaxed, func(y *play) {
			y.say("bert", LogOut)
			y.say("anna", GoNotReady)
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.pass(time.Minute)
		}, "in 1m0s the condition becomes any agent of the queue"},
		"before it relaxes": {relaxed, func(y *play) {
			y.enter(Entry{Call: "c1", Queue: "q"})
		}, "2 of 2 agents of queue q do not meet x >= 3: anna (x is 1), bert (x is 0)"},
		"a call that takes no offers, after a miss": {QueueSpec{}, func(y *play) {
			y.say("bert", GoNotReady)
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.miss("c1", MissNoAnswer)
			y.pass(5 * time.Second)
			y.b.tickets[y.ids["c1"]].offer.taken = false
			y.b.arm(y.b.tickets[y.ids["c1"]])
			y.pass(2 * time.Second)
			y.say("bert", GoReady)
		}, "1 of 2 capable agents is free, but missed this caller, and others did not: anna"},
		"a conversation": {QueueSpec{}, func(y *play) {
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.talk("c1")
		}, "call c1 talks with anna of queue q: longest idle of 2 free: 2s"},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": tc.spec}, "anna: x=1", "bert"))
			y.logIn("anna", "bert")
			tc.act(y)
			got, err := y.b.why(Whom{Call: "c1"})
			if err != nil || !slices.Contains(got, tc.want) {
				t.Errorf("%q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestQueuesShowWhoCanServe(t *testing.T) {
	queues := map[string]QueueSpec{"q": {Needs: "x >= 1"}, "r": {}}
	y := start(t, team(queues, "anna: x=1", "bert: x=1", "carl"))
	y.logIn("anna", "bert")
	y.say("bert", GoNotReady)
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.enter(Entry{Call: "c2", Queue: "q"})
	want := []QueueView{
		{Name: "q", Waiting: 2, Oldest: y.now.Wall, Ready: 0, Capable: 2},
		{Name: "r", Ready: 0, Capable: 2},
	}
	if diff := cmp.Diff(want, y.b.queueViews()); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
}

func TestTheAuditSeesWhatIsBroken(t *testing.T) {
	for name, tc := range map[string]struct {
		damage func(*board)
		want   string
	}{
		"a caller is forgotten":             {func(b *board) { b.tickets[2].condition().waiting.items = nil; b.agents["bert"].State = Ready }, "call c2 waits in queue q while bert is free for it"},
		"an assignment is lost":             {func(b *board) { delete(b.seats, 1) }, "agent anna is offered without an assignment"},
		"a call left and its agent rings":   {func(b *board) { delete(b.tickets, 1) }, "agent anna is offered a caller who has left"},
		"an agent has two assignments":      {func(b *board) { b.seats[9] = b.seats[1] }, "agent anna has assignments 1 and 9"},
		"a caller has two offers":           {func(b *board) { b.tickets[1].offer = &offer{} }, "call c1 has two offers"},
		"a wrap-up does not end":            {func(b *board) { b.agents["bert"].State = WrapUp }, "agent bert is wrap-up beyond its end"},
		"a call is over for one of the two": {func(b *board) { b.agents["anna"].State = NotReady }, "agent anna is not-ready with an assignment"},
	} {
		t.Run(name, func(t *testing.T) {
			y := start(t, team(map[string]QueueSpec{"q": {}}, "anna", "bert"))
			y.logIn("anna", "bert")
			y.say("bert", GoNotReady)
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.enter(Entry{Call: "c2", Queue: "q"})
			tc.damage(y.b)
			if got := y.b.audit(); !slices.Contains(got, tc.want) {
				t.Errorf("audit %q, want %q", got, tc.want)
			}
		})
	}
}

// TestALongLineIsAuditedPieceByPiece: a piece is as small as it must be, also where it ends
// among the agents of one caller, and all of them together are a look at everybody.
func TestALongLineIsAuditedPieceByPiece(t *testing.T) {
	const free, callers = 3, 20
	for _, most := range []int{1, 2, 3, 7, 1000} {
		y := start(t, team(map[string]QueueSpec{"rare": {Needs: "x >= 5", LeaveOn: []AgentState{}}, "q": {Needs: "x >= 2", LeaveOn: []AgentState{}}}, "anna: x=1", "bert: x=1", "carl: x=2", "zoe: x=5"))
		for n := range callers {
			y.enter(Entry{Call: fmt.Sprint("c", n), Queue: "rare"})
		}
		y.enter(Entry{Call: "lost", Queue: "q"})
		y.b.tickets[callers+1].condition().waiting.items = nil
		for _, name := range []string{"anna", "bert", "carl"} {
			y.b.agents[name].State = Ready
		}
		var found []string
		pieces := 0
		for from := (pair{}); pieces == 0 || from != (pair{}); pieces++ {
			var more []string
			more, from = y.b.auditFrom(from, most)
			found = append(found, more...)
		}
		if want := ((callers+1)*free + most - 1) / most; pieces != want || !slices.Equal(found, []string{"call lost waits in queue q while carl is free for it"}) {
			t.Errorf("%d pairs a piece: %d pieces, want %d; found %q", most, pieces, want, found)
		}
	}
}

// TestAnAuditGoesOnWhereItWasThoughNobodyIsFreeForAMoment: else only its first piece is ever looked at.
func TestAnAuditGoesOnWhereItWasThoughNobodyIsFreeForAMoment(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {Needs: "x >= 5", LeaveOn: []AgentState{}}}, "anna: x=1", "zoe: x=5"))
	for n := range 3 {
		y.enter(Entry{Call: fmt.Sprint("c", n), Queue: "q"})
	}
	y.b.agents["anna"].State = Ready
	_, from := y.b.auditFrom(pair{}, 2)
	y.b.agents["anna"].State = OnCall
	if _, next := y.b.auditFrom(from, 2); from == (pair{}) || next != from {
		t.Errorf("goes on from %+v, want %+v", next, from)
	}
}
