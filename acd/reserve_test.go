package acd

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// helped is a floor where anna serves and ruth is in reserve.
func helped(t *testing.T) *play {
	t.Helper()
	spec := QueueSpec{
		Agents: []string{"anna"}, Reserve: []string{"ruth"}, WrapUp: -1,
		Service: Service{Objective: 80, Within: 20 * time.Second, Over: 10 * time.Minute, Margin: 10},
	}
	y := start(t, team(map[string]QueueSpec{"q": spec}, "anna", "ruth"))
	y.logIn("ruth", "anna")
	return y
}

func (y *play) whyText(w Whom) string {
	y.Helper()
	lines, err := y.b.why(w)
	if err != nil {
		y.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func TestReserveAgentsComeWhenTheServiceIsBelowItsObjective(t *testing.T) {
	y := helped(t)
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.want("c1>anna") // though ruth is idle for longer
	y.talk("c1")
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.want("")
	says := "in reserve until less than 80 % are answered within 20s; of the last 10m0s it is 100 %"
	if text := y.whyText(Whom{Call: "c2"}); !strings.Contains(text, "1 of 2 capable agents is "+says+": ruth") {
		t.Errorf("why says:\n%s", text)
	}
	if text := y.whyText(Whom{Agent: "ruth"}); !strings.Contains(text, "queue q: 1 wait whom ruth can serve; ruth is "+says) {
		t.Errorf("why says:\n%s", text)
	}
	for range 6 { // c2 waits longer than 20 s: one of two is not served in time
		y.pass(5 * time.Second)
		if y.got() != "" {
			break
		}
	}
	y.want("c2>ruth")
	views := y.b.queueViews()
	if !views[0].Reserve || views[0].ServiceLevel != 50 {
		t.Errorf("shown as %+v", views[0])
	}
}

// TestACallbackIsNoReasonForTheReserve: like the report's SL-A, the level knows callers on
// the line. Who is called back after an hour, at the second try, was not late thrice.
func TestACallbackIsNoReasonForTheReserve(t *testing.T) {
	plan := callable()
	q := plan.Queues["help"]
	q.Agents, q.Reserve, q.Service = []string{"anna"}, []string{"bert"}, Service{Objective: 80, Within: 20 * time.Second, Over: 3 * time.Hour, Margin: 10}
	plan.Queues["help"] = q
	bubble(t, plan, func(d *desk) {
		level := func(when string) {
			d.pass(levelEvery)
			views, err := d.Queues(d.ctx)
			if d.must(err); views[0].ServiceLevel != 100 {
				t.Errorf("%s the service level is %v", when, views[0].ServiceLevel)
			}
		}
		d.asked("c1", "0301234")
		d.pass(time.Hour)
		level("while nobody is there to call back")
		d.logIn("anna")
		l := d.launched()
		s := d.dials(l, "b1")
		level("once a callback is dialled")
		d.must(d.Unreached(d.ctx, l.Ticket.ID, UnreachedBusy))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		level("after a try in vain")
	})
}

// TestReserveAgentsStayUntilItIsWellAbove: the level must pass the objective by the
// margin before they go, or they would come and go with every call.
func TestReserveAgentsStayUntilItIsWellAbove(t *testing.T) {
	y := helped(t)
	q := y.b.routes.queues["q"]
	for _, tc := range []struct {
		good, all uint32
		called    bool
	}{{9, 10, false}, {8, 10, false}, {79, 100, true}, {80, 100, true}, {89, 100, true}, {90, 100, false}, {81, 100, false}, {0, 1, true}, {0, 0, false}} {
		q.reserve.level.Good, q.reserve.level.All = [levelSlices]uint32{tc.good}, [levelSlices]uint32{tc.all}
		y.pass(levelEvery)
		if q.reserve.level.Called != tc.called {
			t.Errorf("at %d of %d the reserve is called: %v", tc.good, tc.all, q.reserve.level.Called)
		}
	}
}

func TestAReserveWhoTalksFinishes(t *testing.T) {
	y := helped(t)
	y.say("anna", GoNotReady)
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.pass(19 * time.Second)
	y.pass(levelEvery)
	y.want("c1>ruth")
	y.talk("c1")
	y.pass(15 * time.Minute) // the bad minutes are forgotten
	if y.b.routes.queues["q"].reserve.level.Called {
		t.Error("the reserve is still called")
	}
	if a := y.b.agents["ruth"]; a.State != OnCall {
		t.Errorf("ruth is %s", a.State)
	}
	y.end("c1")
	y.enter(Entry{Call: "c2", Queue: "q"})
	y.want("")
}

// TestTheReserveIsCalledBeforeAnybodyIsAskedAgain: at one moment anna may be asked again
// for a caller she missed, and a limit takes out another, which calls the reserve.
func TestTheReserveIsCalledBeforeAnybodyIsAskedAgain(t *testing.T) {
	spec := QueueSpec{
		Agents: []string{"anna"}, Reserve: []string{"ruth"}, Needs: "data.tongue != 1", LeaveOn: []AgentState{},
		MaxWait: 40 * time.Second, Service: Service{Within: time.Minute},
	}
	y := start(t, team(map[string]QueueSpec{"q": spec}, "anna", "ruth"))
	y.logIn("ruth", "anna")
	y.enter(Entry{Call: "latin", Queue: "q", Data: map[string]any{"tongue": 1}})
	y.pass(20 * time.Second)
	y.enter(Entry{Call: "c1", Queue: "q", Data: map[string]any{"tongue": 0}})
	y.want("c1>anna")
	y.miss("c1", MissBusy) // 20s
	y.pass(20 * time.Second)
	y.want("c1>ruth")
}

func TestTheReserveOfOneQueueServesAnother(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{
		"q": {Reserve: []string{"ruth"}}, "own": {Agents: []string{"ruth"}},
	}, "anna", "ruth"))
	y.logIn("ruth")
	y.enter(Entry{Call: "c1", Queue: "q"})
	y.want("")
	y.enter(Entry{Call: "c2", Queue: "own"})
	y.want("c2>ruth")
}

// TestAPlanKeepsTheLevel: an edit elsewhere neither calls the reserve nor sends it away.
func TestAPlanKeepsTheLevel(t *testing.T) {
	y := helped(t)
	level := y.b.routes.queues["q"].reserve.level
	level.All[0] = 10
	y.pass(levelEvery)
	p := Plan{Settings: Settings{Gap: -1}, Queues: y.b.plan(), Agents: y.b.people()}
	y.plan(p)
	if now := y.b.routes.queues["q"].reserve.level; !now.Called || now.All[0] != 10 {
		t.Errorf("after an edit: %+v", now)
	}
	q := p.Queues["q"]
	q.Service.Over = time.Hour
	p.Queues["q"] = q
	y.plan(p)
	y.pass(levelEvery)
	if now := y.b.routes.queues["q"].reserve.level; now.All[0] != 0 || now.Called {
		t.Errorf("counted over another time, yet %+v", now)
	}
}

func TestWhatCountsForTheServiceLevel(t *testing.T) {
	for name, tc := range map[string]struct {
		wait time.Duration
		how  string // how the caller's wait ends
		want float64
	}{
		"answered in time":                  {20 * time.Second, "answered", 100},
		"answered late":                     {21 * time.Second, "answered", 0},
		"gave up":                           {10 * time.Second, leftAbandoned, 0},
		"gave up at once":                   {4 * time.Second, leftAbandoned, 100},
		"left for something else":           {10 * time.Second, "elsewhere", 100},
		"still waits, not yet too long":     {20 * time.Second, "", 100},
		"still waits, and already too long": {25 * time.Second, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			y := helped(t)
			y.say("anna", GoNotReady)
			y.say("ruth", GoNotReady)
			y.enter(Entry{Call: "c1", Queue: "q"})
			y.pass(tc.wait)
			switch tc.how {
			case "":
			case "answered":
				y.say("anna", GoReady)
				y.talk("c1")
			default:
				y.must(func(b *board) error { b.leave(y.ids["c1"], tc.how); return nil })
			}
			if got := y.b.percent(y.b.routes.queues["q"]); got != tc.want {
				t.Errorf("the level is %v %%, want %v", got, tc.want)
			}
		})
	}
}

// TestWhoGaveUpLateCountsOnce: counted as still waiting, too, one caller called the
// reserve, and it stayed until the level was well above the objective.
func TestWhoGaveUpLateCountsOnce(t *testing.T) {
	y := helped(t)
	for i := range 4 {
		call := fmt.Sprint("served", i)
		y.enter(Entry{Call: call, Queue: "q"})
		y.talk(call)
		y.end(call)
	}
	y.say("anna", GoNotReady)
	y.enter(Entry{Call: "late", Queue: "q"})
	y.pass(19 * time.Second)
	y.must(func(b *board) error { b.now.Mono += 2 * time.Second; b.leave(y.ids["late"], leftAbandoned); return nil })
	if l := y.b.routes.queues["q"].reserve.level; l.Last != 80 || l.Called {
		t.Errorf("4 of 5 in time: the level is %v %%, and the reserve is called: %v", l.Last, l.Called)
	}
}

func TestServiceSettings(t *testing.T) {
	for name, s := range map[string]Service{
		"objective": {Objective: 101}, "margin": {Margin: -1}, "within": {Within: -1}, "over": {Over: time.Second},
	} {
		p := team(map[string]QueueSpec{"q": {Service: s}}, "anna")
		if w := p.Check(); w[fmt.Sprint("queues.q.service.", name)] == "" {
			t.Errorf("%s: %+v is allowed: %v", name, s, w)
		}
	}
	for _, reserve := range [][]string{{"nobody"}, {"anna"}, {"bert", "bert"}} {
		p := team(map[string]QueueSpec{"q": {Agents: []string{"anna"}, Reserve: reserve}}, "anna", "bert")
		if len(p.Check()) != 1 {
			t.Errorf("reserve %v: %v", reserve, p.Check())
		}
	}
}
