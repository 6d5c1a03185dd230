package crowd

import (
	"context"
	"errors"
	"testing"
	"time"

	"breakwater/sip/siptest"
)

func TestACallTellsHowFastTheServerWas(t *testing.T) {
	server := phone(t, siptest.Options{Name: "server", Policy: siptest.AnswerAfter(30 * time.Millisecond)})
	c, _, ctx := opened(t, at(t, server))
	if c.Count() != nil {
		t.Error("times that nobody asked for")
	}
	call, err := c.Dial(ctx, "8100")
	if err != nil {
		t.Fatal(err)
	}
	if n := c.Waiting(); n != 1 {
		t.Errorf("%d wait for an agent", n)
	}
	if err := call.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	got := c.Count()
	if n := got.Answered.Count(); n != 1 || got.Answered.Max() < 30*time.Millisecond {
		t.Errorf("answered %v", &got.Answered)
	}
	if got.Ended.Count() != 1 || got.Offered.Count() != 0 || c.Waiting() != 0 {
		t.Errorf("ended %v, offered %v, %d wait", &got.Ended, &got.Offered, c.Waiting())
	}
}

func TestACallWithoutAnAgentSaysSo(t *testing.T) {
	server := phone(t, siptest.Options{Name: "server", Policy: siptest.AnswerAfter(0)})
	c, _, ctx := opened(t, at(t, server))
	call, err := c.Dial(ctx, "8100")
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if err := call.AwaitAgent(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no agent: %v", err)
	}
	if err := call.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	if err := call.AwaitAgent(ctx); !errors.Is(err, errNoAgent) {
		t.Errorf("after its end: %v", err)
	}
}

// TestAFreedPhoneCountsWhileSomebodyWaits: a phone puts down and is called again, with
// a caller waiting and without one.
func TestAFreedPhoneCountsWhileSomebodyWaits(t *testing.T) {
	for name, want := range map[string]uint64{"while a caller waits": 1, "while nobody waits": 0} {
		t.Run(name, func(t *testing.T) {
			server := phone(t, siptest.Options{Name: "server", Policy: siptest.AnswerAfter(0)})
			c, _, ctx := opened(t, at(t, server))
			desk, err := c.Phone("2001", "secret")
			if err != nil {
				t.Fatal(err)
			}
			if want > 0 {
				if _, err := c.Dial(ctx, "8100"); err != nil {
					t.Fatal(err)
				}
			}
			c.Count()
			for range 2 {
				call, err := server.Call(ctx, "2001@"+c.local(desk.addr))
				if err != nil {
					t.Fatal(err)
				}
				if err := call.WaitAnswered(ctx); err != nil {
					t.Fatal(err)
				}
				c.mu.Lock()
				mine := desk.call
				c.mu.Unlock()
				if err := mine.Hangup(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if got := c.Count(); got.FreedByAgent.Count() != want || got.FreedByCaller.Count() != 0 {
				t.Errorf("by the agent %v, by the caller %v; want %d", &got.FreedByAgent, &got.FreedByCaller, want)
			}
		})
	}
}
