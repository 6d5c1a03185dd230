package shield

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"breakwater/acd"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// told makes a past of events a second apart, unless they say otherwise by Until.
func told(events ...acd.Event) *Past {
	p := NewPast()
	at := time.Duration(0)
	for i := range events {
		e := events[i]
		at += time.Second + e.Max // Max is how much longer after the one before
		e.Max = 0
		e.At = acd.Stamp{Wall: noon.Add(at), Boot: "b", Mono: at}
		p.Add(&e)
	}
	return p
}

func of(kind, agent string, state acd.AgentState, ticket uint64) acd.Event {
	return acd.Event{Kind: kind, Agent: agent, State: state, Queue: "q", Call: "c", Ticket: ticket, Assignment: ticket}
}

// TestOwnTypesCanBeMadeNowhereElse: without an exported field no other package can fill
// one in.
func TestOwnTypesCanBeMadeNowhereElse(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[Work](), reflect.TypeFor[OwnWork](), reflect.TypeFor[OwnSpell](), reflect.TypeFor[spell]()} {
		for i := range typ.NumField() {
			if f := typ.Field(i); f.IsExported() {
				t.Errorf("%s.%s can be written from outside", typ, f.Name)
			}
		}
	}
	for i := range reflect.TypeFor[QueueWork]().NumField() {
		if f := reflect.TypeFor[QueueWork]().Field(i); f.Name == "Agent" {
			t.Error("a queue's figures know whose work it was")
		}
	}
}

func TestWhatIsProtectedIsNobodysOwn(t *testing.T) {
	begin := []acd.Event{of(acd.KindLogIn, "anna", acd.Ready, 0), of(acd.KindOffered, "anna", acd.Offered, 1)}
	answered, wrapped := of(acd.KindAnswered, "anna", acd.OnCall, 1), of(acd.KindWrapUpEnded, "anna", acd.Ready, 1)
	finished := func(change func(*acd.Event)) acd.Event {
		e := of(acd.KindFinished, "anna", acd.WrapUp, 1)
		change(&e)
		return e
	}
	for name, c := range map[string]struct {
		events []acd.Event
		own    bool
	}{
		"a plain conversation":            {[]acd.Event{answered, finished(func(*acd.Event) {}), wrapped}, true},
		"one that goes on":                {[]acd.Event{answered}, false},
		"one with a wrap-up that goes on": {[]acd.Event{answered, finished(func(*acd.Event) {})}, false},
		"a protected one":                 {[]acd.Event{answered, finished(func(e *acd.Event) { e.Talk.Protected = true }), wrapped}, false},
		"one that ends in a rest": {[]acd.Event{
			answered,
			{Kind: acd.KindRestGranted, Agent: "anna", State: acd.OnCall, Level: 1, Length: time.Minute},
			finished(func(*acd.Event) {}), of(acd.KindWrapUpEnded, "anna", acd.Resting, 1), of(acd.KindRestOver, "anna", acd.Ready, 0),
		}, false},
		"one whose rest was declined": {[]acd.Event{
			answered,
			{Kind: acd.KindRestGranted, Agent: "anna", State: acd.OnCall, Level: 1, Length: time.Minute},
			finished(func(*acd.Event) {}), of(acd.KindRestDeclined, "anna", acd.WrapUp, 0), wrapped,
		}, false},
		"one that the server's end cut off": {[]acd.Event{answered, of(acd.KindRecovered, "anna", acd.WrapUp, 1), wrapped}, false},
		"an offer that was missed":          {[]acd.Event{of(acd.KindMissed, "anna", acd.Ready, 1)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := told(append(begin[:2:2], c.events...)...)
			works, spells := p.Own("anna", acd.Stamp{})
			n := 0
			for range works {
				n++
			}
			inWork := false
			for s := range spells {
				inWork = inWork || s.Doing() == Ringing || s.Doing() == Talking || s.Doing() == Wrapping
			}
			if (n == 1) != c.own || inWork != c.own {
				t.Errorf("%d own works, time of it %v; want it own: %v", n, inWork, c.own)
			}
		})
	}
}

func TestAHoldOfThePhoneIsNoRest(t *testing.T) {
	p := told(
		of(acd.KindLogIn, "anna", acd.Ready, 0),
		acd.Event{Kind: acd.KindPhoneBusy, Agent: "anna", State: acd.OnCall, Max: 9 * time.Second},
		acd.Event{Kind: acd.KindPhoneFree, Agent: "anna", State: acd.Ready, Max: 4 * time.Second},
		of(acd.KindLogOut, "anna", acd.LoggedOut, 0),
	)
	got := map[Doing]time.Duration{}
	_, spells := p.Own("anna", acd.Stamp{})
	for s := range spells {
		_, took := s.Span()
		got[s.Doing()] += took
	}
	if len(got) != 2 || got[Idle] != 11*time.Second || got[Private] != 5*time.Second {
		t.Errorf("time %v; want 11s ready and 5s in another call", got)
	}
}

func TestBrokenPromisesAreReadFromTheEvents(t *testing.T) {
	wrap := of(acd.KindFinished, "anna", acd.WrapUp, 1)
	wrap.Length = 30 * time.Second
	over := func(after time.Duration) acd.Event {
		e := of(acd.KindWrapUpOver, "anna", acd.Ready, 0)
		e.Max = after
		return e
	}
	rest := acd.Event{Kind: acd.KindRestGranted, Agent: "anna", State: acd.OnCall, Level: 1, Length: time.Minute}
	unreached, ring, again := of(acd.KindFinished, "anna", acd.WrapUp, 1), of(acd.KindOffered, "ben", acd.Offered, 1), of(acd.KindAnswered, "ben", acd.OnCall, 1)
	unreached.Reason = "unreached"
	dialled := acd.Event{Kind: acd.KindUnreached, Queue: "q", Call: "c", Ticket: 1, Reason: acd.UnreachedBusy}
	talk := []acd.Event{of(acd.KindLogIn, "anna", acd.Ready, 0), of(acd.KindOffered, "anna", acd.Offered, 1), of(acd.KindAnswered, "anna", acd.OnCall, 1)}
	for name, c := range map[string]struct {
		events []acd.Event
		want   [3]int // double offers, wrap-ups and rests cut
	}{
		"a wrap-up of its length":       {[]acd.Event{wrap, over(29 * time.Second)}, [3]int{}},
		"one that was cut short":        {[]acd.Event{wrap, over(20 * time.Second)}, [3]int{0, 1, 0}},
		"one that was extended and cut": {[]acd.Event{wrap, {Kind: acd.KindWrapUpExtended, Agent: "anna", Length: time.Minute}, over(40 * time.Second)}, [3]int{0, 1, 0}},
		"a rest that was cut short": {[]acd.Event{
			rest, wrap, of(acd.KindWrapUpEnded, "anna", acd.Resting, 0), of(acd.KindRestOver, "anna", acd.Ready, 0),
		}, [3]int{0, 0, 1}},
		"a rest that was declined": {[]acd.Event{
			rest, wrap, of(acd.KindWrapUpEnded, "anna", acd.Resting, 0), of(acd.KindRestDeclined, "anna", acd.Ready, 0),
		}, [3]int{}},
		"a second offer": {[]acd.Event{of(acd.KindOffered, "anna", acd.Offered, 2)}, [3]int{1, 0, 0}},
		"a callback that is tried again, by another agent": {[]acd.Event{dialled, unreached, ring, again}, [3]int{}},
		"one that a crash cut off, and is tried again":     {[]acd.Event{of(acd.KindRecovered, "anna", acd.WrapUp, 1), ring, again}, [3]int{}},
		"two agents of one caller":                         {[]acd.Event{of(acd.KindOffered, "ben", acd.Offered, 1), of(acd.KindAnswered, "ben", acd.OnCall, 1)}, [3]int{1, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			b := told(append(talk[:3:3], c.events...)...).Broken()
			if got := [3]int{len(b.DoubleOffers), len(b.WrapUpsCut), len(b.RestsCut)}; got != c.want {
				t.Errorf("broken %v, want %v", got, c.want)
			}
		})
	}
}

func TestHowTalksFollowUponEachOtherNamesNobody(t *testing.T) {
	var events []acd.Event
	for n, gap := range []time.Duration{0, 2 * time.Second, 5 * time.Second, time.Minute, 3 * time.Second} {
		offer := of(acd.KindOffered, "anna", acd.Offered, uint64(n+1))
		offer.Max = gap
		events = append(events, offer, of(acd.KindAnswered, "anna", acd.OnCall, uint64(n+1)),
			of(acd.KindFinished, "anna", acd.WrapUp, uint64(n+1)), of(acd.KindWrapUpEnded, "anna", acd.Ready, 0))
	}
	var got []time.Duration
	for talk := range told(events...).Talks() {
		if got = append(got, talk.After); talk.Who != 1 {
			t.Errorf("a talk of person %d, where there is one", talk.Who)
		}
	}
	const usual = 2 * time.Second // of wrap-up and offer
	if want := []time.Duration{-1, 2*time.Second + usual, 5*time.Second + usual, time.Minute + usual, 3*time.Second + usual}; !slices.Equal(got, want) {
		t.Errorf("talks came %v after the one before, want %v", got, want)
	}
}

// TestACallThatACrashCutOffIsProtectedFromItsFirstConversationOn; a ring that a crash
// cut off says nothing of the call.
func TestACallThatACrashCutOffIsProtectedFromItsFirstConversationOn(t *testing.T) {
	for name, own := range map[string]bool{"while ben talked": false, "while it rang at ben's": true} {
		t.Run(name, func(t *testing.T) {
			events := []acd.Event{
				of(acd.KindOffered, "anna", acd.Offered, 1), of(acd.KindAnswered, "anna", acd.OnCall, 1),
				of(acd.KindFinished, "anna", acd.WrapUp, 1), of(acd.KindWrapUpEnded, "anna", acd.Ready, 1),
				of(acd.KindOffered, "ben", acd.Offered, 2), of(acd.KindAnswered, "ben", acd.OnCall, 2),
				of(acd.KindRecovered, "ben", acd.WrapUp, 0),
			}
			if own {
				events = slices.Delete(events, 5, 6)
			}
			works, _ := told(events...).Own("anna", acd.Stamp{})
			n := 0
			for range works {
				n++
			}
			if n != map[bool]int{true: 1}[own] {
				t.Errorf("anna's figures hold %d conversations of the call", n)
			}
		})
	}
}
