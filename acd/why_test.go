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
		"refunds": {Needs: "refunds >= 3 && (lang_zh >= 5 || lang_en >= 7)", Relax: []Relax{{time.Minute, "refunds >= 1"}}},
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
		"anna missed a call and is left alone for 9s",
		"bert does not meet refunds >= 3 (refunds is 2)",
		"carl is not ready: lunch",
		"dora cannot be reached: phone p-dora is not registered or does not answer")
	has(why(Whom{Agent: "bert"}), "bert is free since", "before the condition relaxes bert does not meet refunds >= 3 (refunds is 2)",
		"queue named: 0 wait whom bert can serve")
	has(why(Whom{Agent: "anna"}), "queue refunds: 1 wait whom anna can serve; anna missed this caller", "queue named: anna is not an agent of queue named")
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
