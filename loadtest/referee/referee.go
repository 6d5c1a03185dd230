// Package referee is for tests that judge what happens in real time, on a machine that other
// work keeps busy. It measures how late the machine itself was, and has a test judge again
// what failed while it was; what fails on a machine in time has failed.
package referee

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Trials is how often a test judges at most. The last one counts however late the machine was:
// a test that nothing but a quiet machine lets pass is no test.
const Trials = 5

// Judge lets a test judge. If it fails and this machine was late by more than bearable
// meanwhile, the test judges again, with all of its own new; every failure is logged.
func Judge(t testing.TB, bearable time.Duration, judge func(t testing.TB)) {
	t.Helper()
	sit(t, Lateness, bearable, judge)
}

// Promise is for what no late machine excuses, such as that somebody hears a stranger: of a
// test that judges it gives the test itself, which fails whatever comes of further trials.
func Promise(t testing.TB) testing.TB {
	if x, judges := t.(*trial); judges {
		return x.TB
	}
	return t
}

// sit holds trials until one counts.
func sit(t testing.TB, lateness func() func() time.Duration, bearable time.Duration, judge func(testing.TB)) {
	t.Helper()
	for n := 1; ; n++ {
		measured := lateness()
		failed := try(t, judge)
		late := measured()
		switch {
		case !failed:
			return
		case late <= bearable:
			t.Fatalf("it failed while this machine was late by %v at worst", late)
		case n == Trials:
			t.Fatalf("it failed in each of %d trials; this machine was late by %v at worst in the last one", n, late)
		}
		t.Logf("it failed and is judged again, for this machine was late by %v", late)
	}
}

// try is one trial.
func try(t testing.TB, judge func(testing.TB)) (failed bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	x := &trial{TB: t, ctx: ctx, cancel: cancel}
	var wg sync.WaitGroup
	wg.Go(func() { // of its own, for FailNow ends it
		defer x.clean()
		judge(x)
	})
	wg.Wait()
	return x.Failed()
}

// trial is a test to those whom it calls; its failures are not yet the test's.
type trial struct {
	testing.TB
	ctx    context.Context // ends before what is cleaned up
	cancel context.CancelFunc

	mu       sync.Mutex // guards what follows
	failed   bool
	cleanups []func()
}

// Context is testing.TB's, as are all that follow.
func (x *trial) Context() context.Context { return x.ctx }

func (x *trial) Cleanup(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cleanups = append(x.cleanups, f)
}

// clean runs what is to be cleaned up, the newest first, whatever becomes of each.
func (x *trial) clean() {
	x.cancel()
	x.mu.Lock()
	n := len(x.cleanups)
	if n == 0 {
		x.mu.Unlock()
		return
	}
	f := x.cleanups[n-1]
	x.cleanups = x.cleanups[:n-1]
	x.mu.Unlock()
	defer x.clean()
	f()
}

func (x *trial) Fail() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.failed = true
}

func (x *trial) Failed() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.failed
}

func (x *trial) FailNow() {
	x.Fail()
	runtime.Goexit()
}

func (x *trial) Error(args ...any) {
	x.Helper()
	x.fault(fmt.Sprintln(args...))
}

func (x *trial) Errorf(format string, args ...any) {
	x.Helper()
	x.fault(fmt.Sprintf(format, args...))
}

func (x *trial) Fatal(args ...any) {
	x.Helper()
	x.fault(fmt.Sprintln(args...))
	runtime.Goexit()
}

func (x *trial) Fatalf(format string, args ...any) {
	x.Helper()
	x.fault(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (x *trial) fault(what string) {
	x.Helper()
	x.Log("fault:", what)
	x.Fail()
}

// Lateness measures how late this machine runs what is due, at worst, until it is stopped.
func Lateness() (stop func() time.Duration) {
	end, worst := make(chan struct{}), make(chan time.Duration)
	go func() {
		beat := time.NewTicker(every)
		defer beat.Stop()
		for w := (watch{last: time.Now()}); ; {
			select {
			case <-beat.C:
				w.ran(time.Now())
			case <-end:
				w.ran(time.Now())
				worst <- w.late
				return
			}
		}
	}()
	return func() time.Duration { close(end); return <-worst }
}

// every is how often lateness is measured: often within one packet.
const every = 5 * time.Millisecond

// watch is what is known of a machine that runs something every now and then.
type watch struct {
	last time.Time
	late time.Duration // at worst
}

// ran notes that it ran.
func (w *watch) ran(now time.Time) {
	w.late, w.last = max(w.late, now.Sub(w.last)-every), now
}
