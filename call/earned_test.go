package call

import (
	"context"
	"errors"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

// survives is a ledger of what was written before the server died.
type survives struct {
	forgetful
	events []acd.Event
}

func (s survives) Load(context.Context) ([]byte, []acd.Event, error) { return nil, s.events, nil }

// killed starts a floor from what the ledger holds now, as after kill -9, and gives an
// agent on it when the wrap-up is over.
func (r *room) killed(agent string) acd.AgentView {
	r.t.Helper()
	synctest.Wait()
	r.told.mu.Lock()
	events := append([]acd.Event(nil), r.told.events...)
	r.told.mu.Unlock()
	_, plan := roomPlans()
	ctx, stop := context.WithCancel(context.Background())
	floor, err := acd.NewFloor(ctx, plan, survives{events: events}, discard())
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- floor.Run(ctx) }()
	wait(31 * time.Second)
	all, err := floor.Agents(ctx)
	stop()
	if err := errors.Join(err, <-ended); err != nil {
		r.t.Fatalf("%v", err)
	}
	for _, a := range all {
		if a.Name == agent {
			return a
		}
	}
	r.t.Fatalf("%s is forgotten", agent)
	return acd.AgentView{}
}

// TestPromiseWhatTheLadderGaveOutlivesTheServer kills the server in the middle of a call:
// the agent has the rest that was earned up to then, after the wrap-up that follows.
func TestPromiseWhatTheLadderGaveOutlivesTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		until func(r *room)
		level int
		event bool // counts as a protected call of the day
	}{
		"a quiet call": {func(r *room) { r.talking("8100"); wait(time.Minute) }, 0, false},
		"the first warning is being played": {func(r *room) {
			_, agent := r.talking("8100")
			wait(11 * time.Second)
			agent.press("*1")
			wait(time.Second)
		}, 0, true},
		"one warning was heard":            {func(r *room) { r.warned("8100", 1) }, 1, true},
		"two were, and the permit is open": {func(r *room) { r.permitted("8100") }, 1, true},
		"the permitted farewell is being played": {func(r *room) {
			_, agent := r.permitted("8100")
			agent.press("*3")
			wait(time.Second)
		}, 2, true},
		"the agent has put down in the permit": {func(r *room) {
			_, agent := r.permitted("8100")
			agent.hangUp()
			wait(time.Second)
		}, 2, true},
		"the agent has forgiven in the farewell": {func(r *room) {
			_, agent := r.permitted("8100")
			agent.press("*3")
			wait(time.Second)
			agent.press("*2")
			wait(time.Second)
		}, 1, true},
		"a one strike is being said": {func(r *room) {
			_, agent := r.talking("8100")
			wait(3 * time.Second)
			agent.press("*94#")
			wait(time.Second)
		}, 3, true},
		"a crisis": {func(r *room) {
			_, agent := r.talking("8100")
			wait(3 * time.Second)
			agent.press("*97")
			wait(time.Second)
		}, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				c.until(r)
				last := acd.Event{}
				for _, e := range r.told.of(acd.KindEarned) {
					last = e
				}
				if last.Care.Event != c.event || last.Talk.Protected != c.event {
					t.Errorf("the floor was told %+v, want an event: %t", last, c.event)
				}
				r.journal.mu.Lock()
				drafts := maps.Clone(r.journal.drafts)
				r.journal.mu.Unlock()
				for _, d := range drafts {
					if d.Protected != c.event {
						t.Errorf("the draft is protected: %t, want %t", d.Protected, c.event)
					}
				}
				want := acd.Resting
				if c.level == 0 {
					want = acd.Ready
				}
				if a := r.killed("anna"); a.State != want || a.Level != c.level {
					t.Errorf("after the wrap-up anna is %s, level %d; want %s, level %d", a.State, a.Level, want, c.level)
				}
			})
		})
	}
}

// TestTheNextAgentOfAHardCallHasEarnedTheRestToo: the second agent of a caller who was
// warned has the same rest to come from the first second on.
func TestTheNextAgentOfAHardCallHasEarnedTheRestToo(t *testing.T) {
	inRoom(t, func(r *room) {
		r.warnedAndSentOn()
		if a := r.killed("ben"); a.State != acd.Resting || a.Level != 1 {
			t.Errorf("after the wrap-up ben is %s, level %d; want resting, level 1", a.State, a.Level)
		}
	})
}
