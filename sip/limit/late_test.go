package limit

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// tape plays windows to a Lateness: how many were done in each, and how late.
type tape struct {
	judge Lateness
	sum   Sum
}

func (t *tape) window(times int, late time.Duration) Verdict {
	t.sum.Times += uint64(times)
	t.sum.Late += time.Duration(times) * late
	return t.judge.Step([]Deed{{Name: "idle", Bound: time.Second}, {Name: "messages", Bound: 100 * time.Millisecond, Sum: t.sum}})
}

func TestWhenTheServerIsLate(t *testing.T) {
	const ms = time.Millisecond
	type window struct {
		times int
		late  time.Duration
		want  bool
	}
	for name, windows := range map[string][]window{
		"in time":                          {{500, ms, false}, {500, 90 * ms, false}, {500, 95 * ms, false}, {500, 99 * ms, false}},
		"a standing queue":                 {{500, 120 * ms, false}, {500, 120 * ms, false}, {500, 120 * ms, true}},
		"a pause is none":                  {{500, 900 * ms, false}, {500, 300 * ms, false}, {500, ms, false}, {500, ms, false}},
		"two pauses are none":              {{500, 900 * ms, false}, {500, 90 * ms, false}, {500, 900 * ms, false}, {500, 300 * ms, false}},
		"a late message now and then":      {{0, 0, false}, {1, 400 * ms, false}, {1, 400 * ms, false}, {1, 400 * ms, false}},
		"nothing at all":                   {{0, 0, false}, {0, 0, false}, {0, 0, false}},
		"below the bound it goes on":       {{500, 300 * ms, false}, {500, 300 * ms, false}, {500, 300 * ms, true}, {500, 60 * ms, true}, {500, 55 * ms, true}},
		"who is asked nothing is not late": {{500, 300 * ms, false}, {500, 300 * ms, false}, {0, 0, false}, {500, 300 * ms, false}},
	} {
		t.Run(name, func(t *testing.T) {
			tape := tape{}
			tape.window(0, 0)
			for i, w := range windows {
				v := tape.window(w.times, w.late)
				if v.Late != w.want || v.Share > 0 && !w.want {
					t.Errorf("window %d: %+v, want late %v", i, v, w.want)
				}
				if v.Late && (v.Worst != "messages" || v.Bound != 100*ms || v.By != v.Of["messages"]) {
					t.Errorf("window %d: the wrong thing is late: %+v", i, v)
				}
			}
		})
	}
}

func TestLatenessThatIsOverLetsGoInSeconds(t *testing.T) {
	tape := tape{}
	for range 200 {
		tape.window(500, 150*time.Millisecond)
	}
	if v := tape.window(500, 150*time.Millisecond); v.Share < 0.99 {
		t.Fatalf("after ten seconds of being too late: %+v", v)
	}
	before, windows := 1.0, 0
	for ; ; windows++ {
		v := tape.window(500, 40*time.Millisecond)
		if v.Share > before {
			t.Fatalf("it refuses more although it is in time: %+v", v)
		}
		if before = v.Share; !v.Late {
			break
		}
	}
	if took := time.Duration(windows) * Window; took < time.Second || took > 6*time.Second {
		t.Errorf("it let go within %v, want one to six seconds", took)
	}
	if v := tape.window(500, 90*time.Millisecond); v.Late {
		t.Errorf("it begins again below its bound: %+v", v)
	}
}

func TestWhatWasBeforeTheFirstStepIsNobodysBusiness(t *testing.T) {
	tape := tape{sum: Sum{Times: 1, Late: time.Hour}}
	if v := tape.window(0, 0); v.Late || v.By != 0 {
		t.Errorf("the first step: %+v", v)
	}
}

// TestPromiseTheShareGrowsWithLateness: never less is refused because more is late, and
// at twice the bound everything is.
func TestPromiseTheShareGrowsWithLateness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := rapid.SliceOfN(rapid.IntRange(0, 400), 0, 20).Draw(t, "ms of the windows before")
		less, more := rapid.IntRange(0, 400).Draw(t, "less"), rapid.IntRange(0, 400).Draw(t, "more")
		after := func(last int) Verdict {
			tape := tape{}
			tape.window(0, 0)
			for _, ms := range history {
				tape.window(100, time.Duration(ms)*time.Millisecond)
			}
			for range standing - 1 {
				tape.window(100, time.Duration(last)*time.Millisecond)
			}
			return tape.window(100, time.Duration(last)*time.Millisecond)
		}
		a, b := after(min(less, more)), after(max(less, more))
		if a.Share > b.Share || a.Share < 0 || b.Share > 1 || b.By >= 2*b.Bound && b.Share < 1 {
			t.Fatalf("more is late: %+v, less is: %+v", b, a)
		}
	})
}

// TestPromiseAnOverloadedServerServesWhatItCan plays a server that is asked more than it
// can do: it goes on working nearly as much as it can, answers in time, and is
// itself again soon after.
func TestPromiseAnOverloadedServerServesWhatItCan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := machine{gate: NewGate(), refusal: 0.03, clock: start}
		asked := rapid.Float64Range(1.2, 3).Draw(t, "asked, of what it can do")
		const begin, end = 80, 400 // windows: at first it finds its pace
		var done float64
		for i := range end {
			served := m.window(asked)
			if i >= begin {
				done += served
			}
			if i >= begin && m.age() > 450*time.Millisecond { // T1 is 500 ms
				t.Fatalf("window %d: messages are %v old: their senders send them again", i, m.age())
			}
		}
		can := (1 - m.refusal*(asked-1)) * (end - begin) // what refusing leaves
		if part := done / can; part < 0.75 {
			t.Fatalf("it did %.2f of what it could", part)
		}
		for range 100 {
			m.window(0.4)
		}
		if m.share > 0 || m.age() > 50*time.Millisecond {
			t.Fatalf("five seconds later it refuses %v of the calls and is %v late", m.share, m.age())
		}
	})
}

// machine works through calls in the order of their messages. Work is counted in
// windows of the whole machine; a call is a hundredth of one, in messages of eight windows, one
// after the other.
type machine struct {
	judge   Lateness
	gate    *Gate
	refusal float64 // what a refusal costs, of a call
	share   float64
	number  int
	clock   time.Time
	sum     Sum
	coming  [8]float64 // work that calls bring in the next windows
	backlog float64
}

// age is how long a message waits.
func (m *machine) age() time.Duration { return time.Duration(m.backlog * float64(Window)) }

// window plays one in which asked is how much work would come, and tells what was done of it
// that was no refusal.
func (m *machine) window(asked float64) (served float64) {
	const one = 0.01
	var refused float64
	for range int(asked / one) {
		m.number++
		if out, _ := m.gate.Refuses(m.clock, fmt.Sprint(m.number)); out {
			refused += one * m.refusal
			continue
		}
		for i := range m.coming {
			m.coming[i] += one / float64(len(m.coming))
		}
	}
	m.backlog += m.coming[0]
	copy(m.coming[:], m.coming[1:])
	m.coming[len(m.coming)-1] = 0
	served = min(m.backlog, max(0, 1-refused))
	m.backlog -= served
	m.sum.Times += 500
	m.sum.Late += 500 * m.age()
	v := m.judge.Step([]Deed{{Name: "messages", Bound: 100 * time.Millisecond, Sum: m.sum}})
	m.share = v.Share
	m.clock = m.clock.Add(Window)
	m.gate.Set(m.clock, v.Share)
	return served
}

func TestAGateRefusesItsShareEvenly(t *testing.T) {
	for share, want := range map[float64]string{0: "........", 0.25: "...x...x", 0.5: ".x.x.x.x", 1: "xxxxxxxx"} {
		g := NewGate()
		g.Set(start, share)
		got := ""
		for i := range 8 {
			if out, _ := g.Refuses(start, fmt.Sprint(i)); out {
				got += "x"
			} else {
				got += "."
			}
		}
		if got != want {
			t.Errorf("share %v: %s, want %s", share, got, want)
		}
	}
}

func TestWhoWasRefusedIsRefusedAgain(t *testing.T) {
	g := NewGate()
	if !g.Open() {
		t.Error("a new gate is not open")
	}
	g.Set(start, 1)
	if refused, again := g.Refuses(start, "a"); !refused || again {
		t.Fatal("let through")
	}
	g.Refused(start, "b")
	g.Set(start.Add(time.Second), 0)
	for _, invite := range []string{"a", "b"} {
		if refused, again := g.Refuses(start.Add(20*time.Second), invite); !refused || !again {
			t.Errorf("the repetition of %s is let through", invite)
		}
	}
	if refused, _ := g.Refuses(start.Add(20*time.Second), "c"); refused || g.Open() {
		t.Error("a new one is refused, or nothing is remembered")
	}
	g.Set(start.Add(repeatsFor), 0)
	if refused, _ := g.Refuses(start.Add(repeatsFor), "a"); !refused {
		t.Error("forgotten too soon")
	}
	g.Set(start.Add(2*repeatsFor), 0)
	if refused, _ := g.Refuses(start.Add(2*repeatsFor), "a"); refused || !g.Open() {
		t.Error("remembered for ever")
	}
}

func TestAGateIsBounded(t *testing.T) {
	g := NewGate()
	for i := range 3 * mostRefused {
		g.Refused(start, fmt.Sprint(i))
	}
	if n := len(g.young) + len(g.old); n > 2*mostRefused {
		t.Errorf("%d are remembered, want at most %d", n, 2*mostRefused)
	}
	if refused, _ := g.Refuses(start, fmt.Sprint(3*mostRefused-1)); !refused {
		t.Error("the newest is forgotten")
	}
}
