package media

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// asleep waits until a loop sleeps, and for longer than the test lasts.
func asleep(t *testing.T, l *loop) {
	t.Helper()
	eventually(t, "the loop sleeps", func() bool {
		if !l.helm.TryLock() {
			return false
		}
		defer l.helm.Unlock()
		return l.wakes == never
	})
}

func TestAJobIsDoneInTheSteadOfALoopThatSleeps(t *testing.T) {
	e := openEngine(t, 1)
	l := e.loops[0]
	asleep(t, l)
	if n := testing.AllocsPerRun(100, func() { l.order(func(*loop) {}) }); n != 0 {
		t.Errorf("%v allocations for a job, want none: somebody waited for somebody", n)
	}
	var ran []int
	l.order(func(l *loop) {
		for i := range 3 { // by who is at the helm already
			l.post(job{run: func(*loop) { ran = append(ran, i) }})
		}
		if len(ran) > 0 {
			t.Error("a job was done within another one")
		}
	})
	if !slices.Equal(ran, []int{0, 1, 2}) {
		t.Errorf("jobs were done in the order %v", ran)
	}
}

func TestJobsOfOneSenderKeepTheirOrder(t *testing.T) {
	e := openEngine(t, 4)
	newPhone(t, e, PCMU) // with chores: its loop is awake now and then
	l := e.loops[0]
	const senders, jobs = 8, 2000
	var last [senders]int // the loop's: without a lock of their own
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for i := 1; i <= jobs; i += 2 {
				l.post(job{run: func(*loop) {
					if last[s] != i-1 {
						t.Errorf("sender %d: job %d came after job %d", s, i, last[s])
					}
					last[s] = i
				}})
				before := 0
				if !l.order(func(*loop) { before, last[s] = last[s], i+1 }) || before != i {
					t.Errorf("sender %d: who waited for job %d finds %d done", s, i+1, before)
					return
				}
			}
		})
	}
	all.Wait()
	l.order(func(*loop) {
		for s, n := range last {
			if n != jobs {
				t.Errorf("sender %d: %d jobs done of %d", s, n, jobs)
			}
		}
	})
}

func TestWhatAStandInArmsIsServedInTime(t *testing.T) {
	e := openEngine(t, 4)
	l := e.loops[0]
	asleep(t, l)
	<-time.After(3 * wheelSize * time.Millisecond) // its wheel has stood still for longer than a timer goes
	p := newPhone(t, e, PCMU)
	began := time.Now()
	p.port.Play(Sound{Clips: clips(800)})
	for range 5 {
		p.mustHear()
	}
	if took := time.Since(began); took < 75*time.Millisecond {
		t.Errorf("100 ms of sound were sent within %v", took)
	}
	_ = p.port.do(func(l *loop) {
		if behind := ms(l.now) - l.wheel.now; behind > wheelSize {
			t.Errorf("the wheel is %d ms behind", behind)
		}
	})
}

// TestALoopOutlivesAJobThatBreaks: a call may end by a broken program; the sound of all others goes on, whoever
// does the job, and nobody but its sender breaks.
func TestALoopOutlivesAJobThatBreaks(t *testing.T) {
	for name, does := range map[string]func(l *loop){
		"its sender":        nil,
		"another stand-in":  (*loop).seeTo,
		"the loop's thread": func(l *loop) { l.poll.ring() },
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 4)
			l := e.loops[0]
			asleep(t, l)
			if does != nil {
				l.helm.Lock() // the sender does not get it
			}
			broke := make(chan any)
			go func() {
				defer func() { broke <- recover() }()
				l.order(func(*loop) { panic("broken") })
			}()
			if does != nil {
				eventually(t, "the job waits", l.inbox.pending.Load)
				l.helm.Unlock()
				does(l)
			}
			if told := fmt.Sprint(<-broke); !strings.Contains(told, "broken") {
				t.Errorf("its sender is told %s", told)
			}
			if !l.order(func(*loop) {}) {
				t.Error("the loop has ended")
			}
			if n := e.Counters().Panics; n != 0 {
				t.Errorf("%d faults counted that somebody was told", n)
			}
			a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
			join(t, e, a, b)
			a.say(flat(1))
			b.mustHear()
		})
	}
}

func TestAJobThatBreaksAndThatNobodyWaitsForIsToldToTheOperator(t *testing.T) {
	told := make(chan string, 1)
	e := openEngine(t, 4)
	e.clerk.log = slog.New(slog.NewTextHandler(teller(told), nil))
	l, behind := e.loops[0], make(chan *broken)
	asleep(t, l)
	l.order(func(l *loop) { // what is put while this is at the helm waits for its end
		l.post(job{run: func(*loop) { panic("broken") }})
		l.post(job{run: func(*loop) {}, done: behind})
	})
	select {
	case <-behind:
	default:
		t.Error("who waits for the job behind it waits for ever")
	}
	if line := <-told; !strings.Contains(line, "broken") || !strings.Contains(line, "stead_test.go") {
		t.Errorf("the log says %s, and not what broke where", line)
	}
	if n := e.Counters().Panics; n != 1 {
		t.Errorf("%d faults counted", n)
	}
}

// teller hands on what is written.
type teller chan string

func (w teller) Write(b []byte) (int, error) {
	w <- string(b)
	return len(b), nil
}

func TestALoopThatIsToldToStopInItsSteadStops(t *testing.T) {
	e := openEngine(t, 1)
	l := e.loops[0]
	asleep(t, l)
	l.post(job{run: func(l *loop) { l.stop = true }})
	<-l.done
	if l.order(func(*loop) {}) || l.post(job{run: func(*loop) {}}) {
		t.Error("a loop that has ended takes jobs")
	}
}

// Nobody is at the helm beside another one, whoever comes and however.
func TestPromiseOneAtTheHelm(t *testing.T) {
	e := openEngine(t, 8)
	var at [2]atomic.Int32
	inside := func(l *loop) {
		if at[l.number%2].Add(1) != 1 {
			t.Error("two are at the helm of one loop")
		}
		at[l.number%2].Add(-1)
	}
	ports := [4]*Port{}
	for i := range ports {
		ports[i] = newPhone(t, e, PCMU).port
	}
	var all sync.WaitGroup
	for _, p := range ports {
		all.Go(func() {
			for i := range 500 {
				to := e.loops[i%min(2, len(e.loops))]
				if !p.move(to) {
					t.Error("a port cannot be moved")
					return
				}
				p.do(inside)
				p.tell(inside)
				to.order(inside)
			}
		})
	}
	all.Wait()
	for _, p := range ports {
		p.do(func(l *loop) {
			if l.slots[p.in.slot] != p {
				t.Error("a port is not served where it is at home")
			}
		})
	}
}
