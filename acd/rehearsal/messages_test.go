package rehearsal

import (
	"fmt"
	"testing"
	"time"

	"breakwater/acd"
)

// speaking lets every third caller leave a message after waiting for 40 s. Every second of
// these says nothing; the others speak for 15 s, and an agent deals with it in 25 s.
func speaking(i int, v *visit) {
	if i%3 != 0 {
		return
	}
	v.patience, v.leaves, v.how = 40*time.Second, "voicemail", byLeaving
	v.next = &acd.Entry{Call: fmt.Sprintf("c%03d", i), Queue: "help", Caller: fmt.Sprintf("0301%03d", i)}
	v.then = message(i)
}

// message is the i-th of a day.
func message(i int) *visit {
	v := &visit{
		asked: &wish{callback: acd.Callback{Kind: acd.BackMessage, Message: fmt.Sprint("m", i, ".wav")}},
		said:  &said{20 * time.Second, 15 * time.Second}, dials: []dialled{{after: 25 * time.Second, heard: true}},
	}
	if i%2 == 0 {
		v.said.length = 0
	}
	return v
}

func TestMessagesArePlayed(t *testing.T) {
	d := read(t, written(t, oneAgent(), 40, speaking))
	same(t, d, acd.KindParked, acd.KindSaid, acd.KindReached, acd.KindLeft, acd.KindEntered, acd.KindAnswered, acd.KindFinished)
	was, is := judged(t, d, d.Events).Queues["help"].Callers, played(t, d, nil).Queues["help"].Callers
	if was.Messages < 3 || was.Heard != was.Messages || was.Messages != is.Messages || was.Heard != is.Heard {
		t.Errorf("%d left and %d heard on the day, %d and %d when it is played again", was.Messages, was.Heard, is.Messages, is.Heard)
	}
}

// TestWhoIsAnsweredSoonerLeavesNoMessage: with two agents nobody waits for 40 s.
func TestWhoIsAnsweredSoonerLeavesNoMessage(t *testing.T) {
	d := read(t, written(t, oneAgent(), 40, speaking))
	two := edited(oneAgent(), func(q *acd.QueueSpec) { q.Agents = []string{"anna", "bert"} })
	was, is := judged(t, d, d.Events).Queues["help"].Callers, played(t, d, &two).Queues["help"].Callers
	if is.Messages >= was.Messages || is.Answered <= was.Answered {
		t.Errorf("%d messages and %d answers with one agent, %d and %d with two", was.Messages, was.Answered, is.Messages, is.Answered)
	}
}

// TestAMessageFromAMenuIsPlayed: who left one without having waited does it all the same,
// and one that nobody heard on the day is heard in the usual time when somebody is free.
func TestAMessageFromAMenuIsPlayed(t *testing.T) {
	d := read(t, written(t, oneAgent(), 0, nil))
	v := message(1)
	v.dials = nil
	d.moments = append(d.moments, moment{at: time.Hour + time.Minute, visit: v, in: acd.Input{
		Kind: acd.InCallBack, Entry: &acd.Entry{Call: "m", Queue: "help", Caller: "0301999"}, Callback: &v.asked.callback,
	}})
	d.end.Mono = 2 * time.Hour
	out, err := d.Play(nil)
	if err != nil {
		t.Fatal(err)
	}
	var answered, finished acd.Event
	for _, e := range out.Events {
		switch e.Kind {
		case acd.KindAnswered:
			answered = e
		case acd.KindFinished:
			finished = e
		}
	}
	if took := finished.At.Mono - answered.At.Mono; took != time.Minute || finished.Reason != "message_heard" {
		t.Errorf("heard in %s, ended as %q", took, finished.Reason)
	}
}

// TestAMessageInsteadOfAWaitIsPlayed: who gives their place for that of a message does so
// again; who found no room for one waits on, also when the day is played.
func TestAMessageInsteadOfAWaitIsPlayed(t *testing.T) {
	now := acd.Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "b", Mono: time.Hour}
	plan := edited(oneAgent(), func(q *acd.QueueSpec) { q.Voicemail.Most = 1 })
	floor, err := acd.NewRerun(plan, now)
	if err != nil {
		t.Fatal(err)
	}
	r := newReading()
	r.begin(floor.Picture())
	apply := func(after time.Duration, in acd.Input) *acd.Turn {
		now.Wall, now.Mono = now.Wall.Add(after), now.Mono+after
		turn := floor.Apply(now, nil, in)
		r.turn(turn)
		return turn
	}
	refused := 0
	for _, call := range []string{"c1", "c2"} {
		e := acd.Entry{Call: call, Queue: "help", Caller: "0301" + call}
		waits := apply(time.Second, acd.Input{Kind: acd.InEnter, Entry: &e}).Events[0].Ticket
		wish := acd.Callback{Kind: acd.BackMessage, Message: call + ".wav"}
		if turn := apply(time.Minute, acd.Input{Kind: acd.InCallBack, Ticket: waits, Entry: &e, Callback: &wish}); turn.Refused != "" {
			refused++
			apply(time.Minute, acd.Input{Kind: acd.InLeave, Ticket: waits, Why: "abandoned"})
			continue
		}
		apply(20*time.Second, acd.Input{Kind: acd.InSpoken, Ticket: waits + 1, Length: 15 * time.Second})
	}
	if refused != 1 || r.day.Unplayed != 0 {
		t.Fatalf("%d were refused, %d are not played", refused, r.day.Unplayed)
	}
	for _, m := range r.day.moments {
		if m.in.Kind == acd.InCallBack {
			t.Error("a message comes by the clock, not when its caller has waited as long")
		}
	}
	if first, second := r.day.visits[0], r.day.visits[1]; !first.then.isMessage() || second.next != nil {
		t.Errorf("after the visits come %+v and %+v", first.then, second.next)
	}
	same(t, r.day, acd.KindEntered, acd.KindLeft, acd.KindParked, acd.KindSaid)
}

// TestWhatWaitedWhenTheLogBeganIsServed: messages and callbacks of the day before are in the
// picture alone. An agent who has one is free again, and it is over.
func TestWhatWaitedWhenTheLogBeganIsServed(t *testing.T) {
	for name, tc := range map[string]struct {
		plan   acd.Plan
		change func(int, *visit)
		begins func(*acd.Turn, *acd.Picture) bool
	}{
		"messages that were said":         {oneAgent(), speaking, after(acd.KindSaid)},
		"messages that were being said":   {oneAgent(), speaking, after(acd.KindParked)},
		"callbacks":                       {callable(), asking, after(acd.KindParked)},
		"callbacks, one tried in vain":    {callable(), asking, after(acd.KindUnreached)},
		"a message, while it is heard":    {oneAgent(), speaking, inHand},
		"a callback, while it is dialled": {callable(), asking, inHand},
	} {
		t.Run(name, func(t *testing.T) {
			later := from(t, read(t, written(t, tc.plan, 40, tc.change)), tc.begins)
			same(t, later, acd.KindReached, acd.KindFinished, acd.KindAnswered)
		})
	}
}

// after the first event of a kind.
func after(kind string) func(*acd.Turn, *acd.Picture) bool {
	return func(turn *acd.Turn, _ *acd.Picture) bool { return counted(turn.Events, kind) > 0 }
}

// inHand: an agent is on the line for a callback or message.
func inHand(_ *acd.Turn, p *acd.Picture) bool {
	for _, one := range p.Tickets {
		if one.Back != nil && one.Back.Seat != 0 {
			return true
		}
	}
	return false
}

// from is a day that begins where begins first says so.
func from(t *testing.T, whole *Day, begins func(*acd.Turn, *acd.Picture) bool) *Day {
	t.Helper()
	floor, err := acd.Resume(whole.Begin)
	if err != nil {
		t.Fatal(err)
	}
	r := newReading()
	if _, err := whole.play(nil, func(turn *acd.Turn) {
		if r.day.Begin != nil {
			r.turn(turn)
			return
		}
		floor.Again(turn)
		if p := floor.Picture(); begins(turn, p) {
			r.begin(p)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return r.day
}
