package rehearsal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
)

// counted are the events of a kind.
func counted(events []acd.Event, kind string) (n int) {
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// same tells whether a day played unchanged has as many events of some kinds as it had.
func same(t *testing.T, d *Day, kinds ...string) {
	t.Helper()
	again, err := d.Play(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		was, is := counted(d.Events, kind), counted(again.Events, kind)
		if was == 0 || was != is {
			t.Errorf("%s: %d on the day, %d when it is played again", kind, was, is)
		}
	}
	if len(again.Lost) > 0 {
		t.Errorf("lost %v", again.Lost)
	}
}

// edited is a plan with another queue help.
func edited(plan acd.Plan, change func(*acd.QueueSpec)) acd.Plan {
	q := plan.Queues["help"]
	change(&q)
	plan.Queues["help"] = q
	return plan
}

// callable is oneAgent with callbacks.
func callable() acd.Plan {
	plan := edited(oneAgent(), func(q *acd.QueueSpec) {
		q.Callback = acd.CallbackSpec{Key: "5", Prefixes: []string{"0301"}, Hours: "00:00-24:00", Busy: time.Minute}
	})
	plan.Dial = []string{"0"}
	return plan
}

// asking lets every third caller ask to be called back after 40 s; the number is busy at
// first.
func asking(i int, v *visit) {
	if i%3 == 0 {
		v.waited, v.patience = 40*time.Second, 0
		v.asked = &wish{v.waited, acd.Callback{Number: fmt.Sprintf("0301%03d", i), Kind: acd.BackAsked}}
		v.dials = []dialled{{after: 9 * time.Second, why: acd.UnreachedBusy}, {after: 6 * time.Second}}
	}
}

func TestCallbacksArePlayed(t *testing.T) {
	d := read(t, written(t, callable(), 40, asking))
	same(t, d, acd.KindParked, acd.KindUnreached, acd.KindReached, acd.KindEntered, acd.KindAnswered, acd.KindFinished, acd.KindLeft)
	two := edited(callable(), func(q *acd.QueueSpec) { q.Agents = []string{"anna", "bert"} })
	out, err := d.Play(&two)
	if err != nil {
		t.Fatal(err)
	}
	if was, is := counted(d.Events, acd.KindParked), counted(out.Events, acd.KindParked); is >= was {
		t.Errorf("with two agents %d ask to be called back, with one %d", is, was)
	}
}

func TestWhoMayNotBeCalledBackWaitsOn(t *testing.T) {
	d := read(t, written(t, callable(), 40, asking))
	without := oneAgent()
	out, err := d.Play(&without)
	if err != nil {
		t.Fatal(err)
	}
	if n := counted(out.Events, acd.KindParked); n != 0 {
		t.Errorf("%d are called back, which the edit does not allow", n)
	}
	impatient := 0
	for _, e := range out.Events {
		var i int
		if _, err := fmt.Sscanf(e.Call, "c%d", &i); err == nil && e.Kind == acd.KindLeft && i%3 == 0 {
			impatient++
		}
	}
	if impatient == 0 {
		t.Error("nobody who wished to be called back hangs up: they would wait for ever")
	}
}

func TestACallbackIsTakenOutAsItWas(t *testing.T) {
	d := read(t, written(t, callable(), 40, func(i int, v *visit) {
		if asking(i, v); v.asked != nil && i%2 == 0 {
			v.cancel = time.Hour + time.Duration(i+1)*30*time.Second + 45*time.Second
		}
	}))
	same(t, d, acd.KindParked, acd.KindRemoved, acd.KindReached)
}

// sentOn lets every fourth caller go on to the second queue after a conversation.
func sentOn(i int, v *visit) {
	if i%4 == 0 {
		v.how, v.pause = byTalking, 2*time.Second
		v.next = &acd.Entry{Call: fmt.Sprintf("c%03d", i), Queue: "second", Again: acd.AgainTransferred, Since: time.Unix(1, 0)}
		v.then = &visit{talk: 20 * time.Second, outcome: acd.Outcome{Cause: "caller_ended"}}
	}
}

func TestATransferredCallerIsTransferredAgain(t *testing.T) {
	d := read(t, written(t, oneAgent(), 40, sentOn))
	same(t, d, acd.KindEntered, acd.KindAnswered, acd.KindFinished, acd.KindLeft)
	was, again := judged(t, d, d.Events), played(t, d, nil)
	if a, b := was.Queues["second"], again.Queues["second"]; a.Callers.Entered < 3 || a.Callers != b.Callers {
		t.Errorf("the second queue had %+v and has %+v", a.Callers, b.Callers)
	}
}

func TestWhoWasSentToAMenuComesBackAsOnTheDay(t *testing.T) {
	menu := edited(oneAgent(), func(q *acd.QueueSpec) { q.MaxWait, q.OnWait = 90*time.Second, "menu:other" })
	d := read(t, written(t, menu, 40, func(i int, v *visit) {
		if v.how = byLimit; i%2 == 0 {
			v.pause = 10 * time.Second
			v.next, v.then = &acd.Entry{Call: fmt.Sprintf("c%03d", i), Queue: "second"}, &visit{talk: 20 * time.Second}
		}
	}))
	again, err := d.Play(nil)
	if err != nil {
		t.Fatal(err)
	}
	was, is := judged(t, d, d.Events).Queues["second"].Callers, judged(t, d, again.Events).Queues["second"].Callers
	if was.Entered == 0 || was != is {
		t.Errorf("the second queue had %+v and has %+v", was, is)
	}
	if again.Lost["menu:other"] == 0 {
		t.Errorf("lost %v: who hung up in the menu is not told", again.Lost)
	}
}

func TestWhoIsKeptOutAtTheDoorGoesOnInTheOtherQueue(t *testing.T) {
	d := read(t, logged(t, oneAgent(), 40))
	small := edited(oneAgent(), func(q *acd.QueueSpec) { q.MaxSize, q.OnFull = 1, "queue:second" })
	o := played(t, d, &small)
	if n := o.Queues["second"].Callers; n.Entered == 0 || n.Answered == 0 {
		t.Errorf("the second queue has %+v", n)
	}
}

func TestCallersOfAQueueThatIsGoneAreCounted(t *testing.T) {
	d := read(t, logged(t, oneAgent(), 10))
	plan := oneAgent()
	delete(plan.Queues, "help")
	out, err := d.Play(&plan)
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Lost["queue help, which is not in the config"]; n != 10 {
		t.Errorf("lost %v", out.Lost)
	}
	wrong := oneAgent()
	wrong.Queues["help"] = acd.QueueSpec{Needs: "no_such_skill >"}
	if _, err := d.Play(&wrong); err == nil || !strings.Contains(err.Error(), "help") {
		t.Errorf("a plan that is wrong: %v", err)
	}
}

// TestWhatWentOnWhenTheLogBeganEnds: an agent who talked when the first file begins is
// free when the conversation ended on the day, not busy until midnight.
func TestWhatWentOnWhenTheLogBeganEnds(t *testing.T) {
	text := logged(t, oneAgent(), 30)
	whole := read(t, text)
	floor, err := acd.Resume(whole.Begin)
	if err != nil {
		t.Fatal(err)
	}
	var kept []*acd.Turn
	var middle *acd.Picture
	if _, err := whole.play(nil, func(turn *acd.Turn) {
		if middle != nil {
			kept = append(kept, turn)
			return
		}
		floor.Again(turn)
		if counted(turn.Events, acd.KindAnswered) > 0 {
			middle = floor.Picture()
		}
	}); err != nil {
		t.Fatal(err)
	}
	r := newReading()
	r.day.Begin, r.day.end = middle, middle.At
	for _, turn := range kept {
		r.turn(turn)
	}
	again, err := r.day.Play(nil)
	if err != nil {
		t.Fatal(err)
	}
	if was, is := counted(r.day.Events, acd.KindFinished), counted(again.Events, acd.KindFinished); was == 0 || was != is {
		t.Errorf("%d conversations ended on the day, %d when it is played again", was, is)
	}
}
