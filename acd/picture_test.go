package acd

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPromiseALogDecidesTheSameAgain takes a picture in the middle of any day, sends it
// and every turn after it through a log's form, and lets the same happen again: each
// turn must come to the same events and offers.
func TestPromiseALogDecidesTheSameAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDay(t)
		length := rapid.IntRange(5, 80).Draw(t, "length")
		cut := rapid.IntRange(0, length-1).Draw(t, "picture after")
		var wire []byte
		from := 0
		for i := range length {
			if i == cut {
				wire, from = mustJSON(t, d.b.picture()), len(d.turns)
			}
			d.live()
		}
		var p Picture
		if err := json.Unmarshal(wire, &p); err != nil {
			t.Fatal(err)
		}
		again, err := Resume(&p)
		if err != nil {
			t.Fatal(err)
		}
		if broken := again.Audit(); len(broken) > 0 {
			t.Fatalf("the floor of the picture: %q", broken)
		}
		for _, turn := range d.turns[from:] {
			var logged Turn
			if err := json.Unmarshal(mustJSON(t, turn), &logged); err != nil {
				t.Fatal(err)
			}
			got := again.Again(&logged)
			if same, err := got.Same(turn); !same || err != nil {
				t.Fatalf("%s: decided %s, now %s (%v)", mustJSON(t, turn.In), decided(t, turn), decided(t, got), err)
			}
		}
		before, after := sorted(d.b.picture()), sorted(again.Picture())
		after.At = before.At // a turn that is not in a log moves the clock alone
		if string(mustJSON(t, before)) != string(mustJSON(t, after)) {
			t.Fatalf("the floor is\n%s\nand was\n%s", mustJSON(t, after), mustJSON(t, before))
		}
	})
}

// sorted puts a picture's parts in order: it is taken from maps. What callers were told
// of their place is no decision, and asking is no input.
func sorted(p *Picture) *Picture {
	slices.SortFunc(p.Agents, func(x, y pictured) int { return cmp.Compare(x.Name, y.Name) })
	slices.SortFunc(p.Phones, func(x, y picturedPhone) int { return cmp.Compare(x.Name, y.Name) })
	slices.SortFunc(p.Tickets, func(x, y picturedTicket) int { return cmp.Compare(x.ID, y.ID) })
	slices.SortFunc(p.Seats, func(x, y picturedSeat) int { return cmp.Compare(x.ID, y.ID) })
	for i := range p.Tickets {
		p.Tickets[i].Told = 0
		slices.SortFunc(p.Tickets[i].Missed, func(x, y picturedMiss) int { return cmp.Compare(x.Agent, y.Agent) })
	}
	return p
}

func mustJSON(t interface{ Fatal(...any) }, v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func decided(t interface{ Fatal(...any) }, turn *Turn) []byte {
	out, err := turn.Decisions()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// pictured is the floor of a board's picture, sent through a log's form.
func (y *play) pictured() *Rerun {
	y.Helper()
	var p Picture
	if err := json.Unmarshal(mustJSON(y, y.b.picture()), &p); err != nil {
		y.Fatal(err)
	}
	again, err := Resume(&p)
	if err != nil {
		y.Fatal(err)
	}
	return again
}

// TestWhatIsRememberedOfCallersDecidesNothing: the floor remembers for a while what callers
// asked for who are gone, and a picture does not. Who is drawn next, and how long a wait is
// taken to be, must not hang on that.
func TestWhatIsRememberedOfCallersDecidesNothing(t *testing.T) {
	plan := team(map[string]QueueSpec{
		"drawn": {Strategy: WeightedRandom, WrapUp: -1, Needs: "x >= int(data.least)", LeaveOn: []AgentState{}},
		"plain": {WrapUp: -1},
		"gone":  {WrapUp: -1, Agents: []string{"eve"}},
	}, "anna: x=1", "bert: x=1", "carl: x=1", "dora: x=1", "fred: x=1", "gina: x=1", "eve: x=0")
	plan.Settings.Gap, plan.Settings.Care = -1, carefree()
	y := start(t, plan)
	asks := func(call, least string) Entry {
		return Entry{Call: call, Queue: "drawn", Data: map[string]any{"least": least}}
	}
	y.logIn("anna", "bert", "carl", "dora", "fred", "gina", "eve")
	y.enter(Entry{Call: "rings", Queue: "gone"})
	delete(plan.Queues, "gone")
	y.plan(plan) // while eve rings
	y.enter(asks("nobody's", "9"))
	y.enter(asks("first", "1")) // six could serve it
	y.talk("first")
	y.end("first") // and it is remembered

	again := y.pictured()
	_, before := y.b.crew(y.b.routes.queues["plain"].widest())
	_, after := again.b.crew(again.b.routes.queues["plain"].widest())
	if before != after {
		t.Errorf("the crew of a queue are %v, and %v in the picture", before, after)
	}
	for i := range 5 {
		e := asks(string(rune('a'+i)), "1")
		in := Input{Kind: InEnter, Entry: &e}
		want, got := (&Rerun{y.b}).Apply(y.now, nil, in), again.Apply(y.now, nil, in)
		if same, err := got.Same(want); !same || err != nil {
			t.Errorf("caller %s: decided %s, now %s (%v)", e.Call, decided(t, want), decided(t, got), err)
		}
	}
}

// TestAPictureKnowsEveryFieldOfTheBoard: a field that is added to the board must be in
// the picture, or follow from what is in it; else a replay goes another way. Say which
// here.
func TestAPictureKnowsEveryFieldOfTheBoard(t *testing.T) {
	known := []struct {
		of            any
		kept, follows []string
	}{
		{
			board{},
			[]string{"now", "zero", "routes", "agents", "phones", "tickets", "seats", "recent", "paces", "levels", "outages", "carriers", "weighing", "reckon", "reckoned", "ids", "count"},
			[]string{"calls", "backs", "askers", "alarms", "touched", "fresh", "turn", "room", "kept", "planned", "ending"},
		},
		{agent{}, []string{"person", "ranked", "shifts"}, []string{"alarm", "rank", "spec", "posts", "pools", "apart", "seat", "listed", "counted", "touched", "wanted", "career", "spared"}},
		{phone{}, []string{"away", "told", "heard", "busy", "since", "agent"}, nil},
		{
			ticket{},
			[]string{"id", "entry", "since", "entered", "step", "offer", "missed", "prefer", "pausedTil", "untaken", "told", "class", "back"},
			[]string{"alarm", "listed", "late"},
		},
		{parked{}, []string{"Callback", "next", "end", "seat", "dialled", "doubt"}, nil},
		{barred{}, []string{"until", "turn"}, nil},
		{offer{}, []string{"at", "more", "until", "taken", "spec", "seats"}, nil},
		{seat{}, []string{"id", "agent", "number", "spec", "queue", "call", "reason", "answered"}, []string{"ticket"}},
		{routes{}, []string{"plan"}, []string{"settings", "names", "specs", "envs", "queues", "pools", "order", "draws", "dial", "careers", "farthest"}},
		{
			queue{},
			[]string{"spec", "pace", "lots", "reserve", "reach"},
			[]string{"steps", "all", "classes", "leave", "join", "boosts", "turnout", "idle", "recent", "hours"},
		},
		{condition{}, nil, []string{
			"queue", "step", "need", "data", "able", "order", "pool", "apart", "waiting", "tickets", "marked", "dead", "kind",
		}},
		{ids{}, []string{"Seq", "Ticket", "Seat", "Turn"}, nil},
	}
	for _, k := range known {
		kind := reflect.TypeOf(k.of)
		for i := range kind.NumField() {
			name := kind.Field(i).Name
			if !slices.Contains(k.kept, name) && !slices.Contains(k.follows, name) {
				t.Errorf("%s.%s is new: keep it in Picture and restore it, or say here that it follows from the rest", kind.Name(), name)
			}
		}
	}
}
