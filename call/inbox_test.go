package call

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestACallsLogNamesTheCallInEachLine(t *testing.T) {
	var out bytes.Buffer
	log := callLog{to: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})), call: "7"}
	log.Info("began", "caller", "0123")
	log.Debug("nobody asked")
	if got := out.String(); !strings.Contains(got, "level=INFO msg=began call=7 caller=0123") || strings.Contains(got, "nobody asked") {
		t.Errorf("written: %q", got)
	}
}

func TestWhatIsNotLoggedCostsNothingButItsArguments(t *testing.T) {
	log := callLog{to: slog.New(slog.DiscardHandler), call: "7"}
	if n := testing.AllocsPerRun(100, func() { log.Info("ended") }); n != 0 {
		t.Errorf("%v allocations for a line that nobody wants", n)
	}
}

// The runtime keeps stopped timers for a while, and would keep a call of an hour ago.
func TestWhatWasCalledOffKeepsNoCall(t *testing.T) {
	gone := make(chan struct{})
	stop := func() func() {
		c := &Call{inbox: newInbox()}
		runtime.AddCleanup(c, func(done chan struct{}) { close(done) }, gone)
		return c.after(time.Hour, func() { c.digits = nil })
	}()
	stop()
	runtime.GC()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("a moment that was called off keeps its call")
	}
	stop() // and may be called off again
}

func TestWhatIsDueIsDoneUnlessItWasCalledOffMeanwhile(t *testing.T) {
	c := &Call{inbox: newInbox()}
	c.life, c.cancel = context.WithCancelCause(t.Context())
	done := make(chan string, 2)
	c.after(0, func() { done <- "first" })
	(<-c.inbox.in)()
	stop := c.after(0, func() { done <- "second" })
	due := <-c.inbox.in
	stop()
	due()
	if got := <-done; got != "first" || len(done) > 0 {
		t.Errorf("done: %q and %d more", got, len(done))
	}
}

// goroutinesOfCalls are those of calls alone: not those of the exchange, nor of the test.
func goroutinesOfCalls() (all []string) {
	synctest.Wait()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, g := range strings.Split(string(stacks), "\n\n") {
		if strings.Contains(g, "/call.(*Call)") || strings.Contains(g, "/call.when") {
			all = append(all, g)
		}
	}
	return all
}

func TestPromiseACallOfAQueueIsOneGoroutine(t *testing.T) {
	inRoom(t, func(r *room) {
		want := func(when string, n int) {
			t.Helper()
			if all := goroutinesOfCalls(); len(all) != n {
				t.Errorf("%s: %d goroutines, want %d:\n%s", when, len(all), n, strings.Join(all, "\n\n"))
			}
		}
		caller := r.dial("0123", "8100")
		want("waiting", 1)
		r.logIn("anna", "1001")
		agent := r.rung()
		want("ringing", 1)
		agent.answer()
		want("talking", 1)
		caller.hangUp()
		want("over", 0)
		r.record()
	})
}
