package figures

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"breakwater/acd"
)

// rush is a house in which ten calls a second come and go, of callers who never called
// before: most are answered, and some leave, miss, are sent on, are protected, or are
// called back.
type rush struct {
	tell    func(acd.Event)
	seq     uint64
	calls   int
	pending []acd.Event
}

const rushAgents = 200

func newRush(tell func(acd.Event)) *rush {
	r := &rush{tell: tell}
	for i := range rushAgents {
		r.at(0, acd.Event{Kind: acd.KindLogIn, Agent: fmt.Sprint("a", i), State: acd.Ready})
	}
	return r
}

func (r *rush) at(at time.Duration, e acd.Event) {
	e.At = acd.Stamp{Wall: noon.Add(at), Boot: "b", Mono: at}
	r.pending = append(r.pending, e)
}

// call is the next one.
func (r *rush) call() {
	r.calls++
	begin := time.Duration(r.calls) * 100 * time.Millisecond
	r.plan(r.calls, begin)
	r.flow(begin)
}

// plan is what will become of a call.
func (r *rush) plan(n int, begin time.Duration) {
	e := acd.Event{
		Call: fmt.Sprintf("01JD%022d", n), Queue: fmt.Sprint("q", n%20), Ticket: uint64(n), Assignment: uint64(n),
	}
	came := e
	came.Kind, came.Caller = acd.KindEntered, fmt.Sprintf("%016x", n)
	r.at(begin, came)
	agent := func(after time.Duration, kind string, state acd.AgentState, more func(*acd.Event)) {
		e := e
		if e.Kind, e.Agent, e.State = kind, fmt.Sprint("a", n%rushAgents), state; more != nil {
			more(&e)
		}
		r.at(begin+after, e)
	}
	second := time.Second
	switch {
	case n%23 == 0:
		e.Kind, e.Reason, e.Length = acd.KindLeft, leftAbandoned, 7*second
		r.at(begin+7*second, e)
		return
	case n%29 == 0:
		e.Kind = acd.KindParked
		r.at(begin+second, e)
		e.Kind, e.Reason = acd.KindRemoved, "callback-cancelled"
		r.at(begin+9*second, e)
		return
	case n%31 == 0:
		agent(0, acd.KindOffered, acd.Offered, nil)
		agent(2*second, acd.KindMissed, acd.Ready, func(e *acd.Event) { e.Reason = string(acd.MissNoAnswer) })
		e.Assignment += 1 << 40
	}
	hard := n%101 == 0
	agent(3*second, acd.KindOffered, acd.Offered, nil)
	agent(5*second, acd.KindAnswered, acd.OnCall, func(e *acd.Event) { e.Length = 5 * second })
	if hard {
		agent(10*second, acd.KindRestGranted, acd.OnCall, func(e *acd.Event) { e.Level, e.Length = 1, second })
	}
	agent(10*second, acd.KindFinished, acd.WrapUp, func(e *acd.Event) {
		e.Reason, e.Length, e.Talk = "caller_ended", second, acd.Talk{Length: 5 * second, Protected: hard}
	})
	agent(11*second, acd.KindWrapUpOver, map[bool]acd.AgentState{true: acd.Resting, false: acd.Ready}[hard], nil)
	if hard {
		agent(12*second, acd.KindRestOver, acd.Ready, nil)
	}
}

// flow tells in order what has happened until a moment.
func (r *rush) flow(until time.Duration) {
	slices.SortStableFunc(r.pending, func(a, b acd.Event) int { return a.At.Wall.Compare(b.At.Wall) })
	i := 0
	for ; i < len(r.pending) && r.pending[i].At.Mono < until; i++ {
		r.seq++
		r.pending[i].Seq = r.seq
		r.tell(r.pending[i])
	}
	r.pending = slices.Delete(r.pending, 0, i)
}

// TestPromiseTheMemoryOfWhatIsAtHandIsFlat while calls come and go: once it is full, and so
// is the last quarter of an hour, only the protected calls of the day are more and more.
// Six bytes more a call would be seen.
func TestPromiseTheMemoryOfWhatIsAtHandIsFlat(t *testing.T) {
	b := opened(t, past(nil), Settings{AtHand: fewestAtHand, TimeZone: "UTC"}, noon)
	r := newRush(func(e acd.Event) {
		b.Heard([]acd.Event{e})
		b.mu.Lock()
		defer b.mu.Unlock()
		b.takeIn()
	})
	none := heapInUse()
	most := func(from, to int) (most uint64) {
		for r.calls < to {
			if r.call(); r.calls >= from && r.calls%250 == 0 {
				most = max(most, heapInUse()-none)
			}
		}
		return most
	}
	early, late := most(10_000, 15_000), most(35_000, 40_000)
	c := b.Counts()
	t.Logf("%d KiB after 15,000 calls, %d KiB after 40,000; %+v, %d callers", early>>10, late>>10, c, len(b.live.called))
	if late > early+early/12 {
		t.Errorf("%d KiB after 15,000 calls, %d KiB after 40,000", early>>10, late>>10)
	}
	if waiting := len(b.live.inside); waiting > rushAgents || c.Cut == 0 {
		t.Errorf("%d wait in the end; cut %d times", waiting, c.Cut)
	}
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestWhoCallsAgainIsKnownOfTheNewestCallers: where too many have called, who called first
// is forgotten, and nothing is said of the time before.
func TestWhoCallsAgainIsKnownOfTheNewestCallers(t *testing.T) {
	l := newLive(Settings{AtHand: 8}.WithDefaults(), noon, time.UTC)
	calls := func(after time.Duration, caller string) {
		at := acd.Stamp{Wall: noon.Add(after), Boot: "b", Mono: after}
		l.Add(acd.Event{Seq: l.seq + 1, At: at, Kind: acd.KindEntered, Queue: "q", Call: fmt.Sprint(caller, after), Ticket: l.seq + 1, Caller: caller})
	}
	for i, caller := range []string{"a", "b", "c", "d", "e"} { // half of eight are four
		l.boundCallers()
		calls(time.Duration(i)*time.Minute, caller)
	}
	if l.cut != 0 || len(l.called) != 5 {
		t.Fatalf("%d callers are known, cut %d times", len(l.called), l.cut)
	}
	l.boundCallers()
	calls(10*time.Minute, "a") // forgotten
	calls(11*time.Minute, "e")
	q := l.tally(Cuts{noon.Add(5 * time.Minute), noon.Add(time.Hour)}, scope{queues: true}, noon).row("q")[0].known
	if len(l.called) != 4 || q.callers != 2 || q.repeats != 1 {
		t.Errorf("%d callers are known; %d of %d called again, want 1 of 2", len(l.called), q.repeats, q.callers)
	}
	if sure := noon.Add(time.Minute + repeatWithin); l.known().remembers(sure) || !l.known().remembers(sure.Add(time.Second)) {
		t.Errorf("who called is known from %s on", l.known().since)
	}
}
