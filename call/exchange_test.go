package call

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
)

func TestAnExchangeThatStopsTakesNoCall(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0123", "8000")
		wait(time.Second)
		if err := r.x.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if caller.up() {
			t.Error("the caller is still there")
		}
		if r.x.Incoming(&fakeLeg{party: Party{Incoming: true, Dialled: "8000"}}) {
			t.Error("a call was taken after the stop")
		}
	})
}

func TestMoreCallsThanAllowedAreRefused(t *testing.T) {
	inRoom(t, func(r *room) {
		r.dial("0123", "8000")
		r.dial("0124", "8000")
		if r.x.Incoming(&fakeLeg{party: Party{Incoming: true, Dialled: "8000"}}) {
			t.Error("a third call was taken")
		}
		if r.count("calls_refused_total") != 1 {
			t.Errorf("counters %v", r.x.Tally().Counts())
		}
		for _, l := range r.callers {
			l.hangUp()
		}
		wait(time.Second)
		again := r.dial("0125", "8000")
		again.hangUp()
	}, func(p *Plan, _ *acd.Plan) { p.Settings.MaxCalls = 2 })
}

func TestTheViewShowsWhereACallIs(t *testing.T) {
	for phase, want := range map[string]View{
		"in the menu":                    {Phase: "menu"},
		"in the notice":                  {Phase: "greeting", Queue: "orders"},
		"waiting":                        {Phase: "waiting", Queue: "orders"},
		"ringing":                        {Phase: "ringing", Queue: "orders", Agent: "anna"},
		"talking":                        {Phase: "talking", Queue: "orders", Agent: "anna"},
		"in the first warning":           {Phase: "talking", Queue: "orders", Agent: "anna", Stage: "W1"},
		"with a permit":                  {Phase: "talking", Queue: "orders", Agent: "anna", Stage: "PERMIT"},
		"in the closing":                 {Phase: "closing", Queue: "orders"},
		"with a supervisor who whispers": {Phase: "talking", Queue: "orders", Agent: "anna", Supervisor: "sofia"},
		"with a supervisor in a crisis":  {Phase: "talking", Queue: "orders", Agent: "anna", Stage: "CRISIS", Supervisor: "sofia"},
		"with a supervisor who has taken the call": {Phase: "talking", Queue: "orders", Agent: "sofia", Stage: "CRISIS"},
		"in a direct call":                         {Phase: "direct"},
		"while a direct call rings":                {Phase: "direct"},
		"in a rescue while a supervisor rings":     {Phase: "rescue", Queue: "crisis"},
		"while a code asks for digits":             {Phase: "code"},
	} {
		t.Run(phase, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.logIn("sofia", "1003")
				phases[phase](r)
				got := r.view()
				if got.Phase != want.Phase || got.Queue != want.Queue || got.Agent != want.Agent || got.Stage != want.Stage || got.Supervisor != want.Supervisor {
					t.Errorf("shows %+v, want %+v", got, want)
				}
				if got.ID == "" || got.Start.After(got.Since) {
					t.Errorf("id %q, start %s, since %s", got.ID, got.Start, got.Since)
				}
			})
		})
	}
}

func TestALegThatNobodyTookCareOfIsDownWhenTheCallIsOver(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0123", "8000")
		wait(time.Second)
		r.x.Post(r.view().ID, func(c *Call) {
			c.dial(c.life, "", Target{Phone: "1002"}) // and forgets it
			c.engage("1002")
			c.engagePaged("1003")
		})
		stray := r.rung()
		stray.answer()
		caller.hangUp()
		wait(time.Second)
		if stray.up() {
			t.Error("the leg is up without a call")
		}
	})
}

func TestACallerWhoIsGoneBeforeTheAnswerHasLeft(t *testing.T) {
	inRoom(t, func(r *room) {
		l := &fakeLeg{party: Party{ID: "in-0123", Incoming: true, Number: "0123", Dialled: "8000"}}
		l.hangUp()
		r.callers = append(r.callers, l)
		r.x.Incoming(l)
		if got := r.record().Cause; got.By != ByCaller || got.Metric != CauseCallerEnded {
			t.Errorf("cause %+v", got)
		}
	})
}

func TestCallsAreShownOldestFirst(t *testing.T) {
	inRoom(t, func(r *room) {
		for _, from := range []string{"01", "02", "03"} {
			r.dial(from, "8000")
			wait(time.Second)
		}
		var from []string
		for _, v := range r.x.Calls() {
			from = append(from, v.Caller)
		}
		if !slices.Equal(from, []string{"01", "02", "03"}) {
			t.Errorf("shown %v", from)
		}
	})
}

func TestPostReachesLiveCallsOnly(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0123", "8000")
		wait(time.Second)
		id := r.view().ID
		reached := make(chan string, 1)
		if !r.x.Post(id, func(c *Call) { reached <- c.ID }) || <-reached != id {
			t.Error("a live call was not reached")
		}
		caller.hangUp()
		wait(time.Second)
		if r.x.Post(id, func(*Call) { t.Error("ran in a call that is over") }) || r.x.Post("nobody", func(*Call) {}) {
			t.Error("a call that is over was reached")
		}
	})
}

func TestAConfigEditIsForTheNextCall(t *testing.T) {
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		next, _ := roomPlans()
		m := next.Queues["orders"]
		m.OnAgentHangup = HangupEnd
		next.Queues["orders"] = m
		commit, err := r.x.Prepare(next)
		if err != nil {
			t.Fatal(err)
		}
		commit()
		agent.hangUp()
		wait(time.Second)
		if !caller.playedTo(sayClosing) {
			t.Error("the call in progress has changed its plan")
		}
		caller.hangUp()
		r.endWrapUp("anna")
		wait(20 * time.Second)
		caller, agent = r.talking("8100")
		agent.hangUp()
		wait(time.Second)
		if caller.playedTo(sayClosing) || caller.up() {
			t.Error("the next call has the old plan")
		}
	})
}

func TestAPlanThatIsWrongChangesNothing(t *testing.T) {
	inRoom(t, func(r *room) {
		before := r.x.plan.Load()
		_, err := r.x.Prepare(Plan{Settings: Settings{MaxCalls: -1, PageRing: -1}})
		if err == nil || !strings.Contains(err.Error(), "calls.max_calls") {
			t.Errorf("says %v", err)
		}
		if r.x.plan.Load() != before {
			t.Error("the plan was changed nevertheless")
		}
	})
}

func TestTheFloorHearsOfAPhoneInTheOrderInWhichThingsHappen(t *testing.T) {
	floor, err := acd.NewFloor(t.Context(), acd.Plan{}, forgetful{}, discard())
	if err != nil {
		t.Fatal(err)
	}
	p := newPhones(floor)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				p.engage("1001", use{})
				p.release("1001", use{})
			}
		})
	}
	all.Wait()
	if len(p.busy) != 0 {
		t.Errorf("engaged: %v", p.busy)
	}
}

// Who watches calls by phase is told of each, also when no call is in it.
func TestEveryPhaseHasAName(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bc\.phase\("([a-z-]+)"`).FindAllSubmatch(text, -1) {
			seen[string(m[1])] = true
		}
	}
	named := Phases
	slices.Sort(named[:])
	if d := cmp.Diff(named[:], slices.Sorted(maps.Keys(seen))); d != "" {
		t.Error(d)
	}
}

func TestIDsSortByTime(t *testing.T) {
	now := time.Now()
	var made []string
	for i := range 100 {
		made = append(made, newID(now.Add(time.Duration(i)*time.Millisecond)))
	}
	if !slices.IsSorted(made) || len(made[0]) != 26 || len(slices.Compact(slices.Clone(made))) != 100 {
		t.Errorf("ids %v", made[:3])
	}
}

func TestAJournalThatFailsDoesNotKeepACallerFromBeingAnswered(t *testing.T) {
	inRoom(t, func(r *room) {
		r.journal.setFail(errDisk)
		caller := r.dial("0123", "8000")
		synctest.Wait()
		r.journal.setFail(nil)
		if !caller.answered || r.count("journal_failures_total") != 1 {
			t.Errorf("answered %v, counters %v", caller.answered, r.x.Tally().Counts())
		}
		caller.hangUp()
	})
}

func TestTheDraftSharesNothingWithTheCallThatGoesOn(t *testing.T) {
	c := &Call{caller: &side{Leg: &fakeLeg{party: Party{ID: "in-0123", Incoming: true}}}}
	c.account = newAccount("A", "v", Party{Number: "0123"})
	a := &c.account
	a.step("one", "")
	a.segment("menu", "", "")
	a.attempt(Attempt{Agent: "anna"})
	a.r.Data["customer"] = "1"
	draft := c.draft()
	a.r.Data["customer"] = "2"
	a.result(0, "answered")
	a.endSegment(time.Now())
	a.r.Steps[0].Name = "changed"
	if draft.Data["customer"] != "1" || draft.Attempts[0].Result != "" || !draft.Segments[0].To.IsZero() || draft.Steps[0].Name != "one" {
		t.Errorf("the draft has changed: %+v", draft)
	}
}

func TestACauseIsASentence(t *testing.T) {
	for want, c := range map[string]Cause{
		"agent: declined (603 Decline)": {By: ByAgent, Status: 603, Metric: LegDeclined, Text: "Decline"},
		"policy: protected_disconnect":  {By: ByPolicy, Metric: CauseProtectedDisconnect},
		"us: network: inbox full":       {By: ByUs, Metric: CauseNetwork, Text: "inbox full"},
		"network: lost":                 {By: ByNetwork, Metric: LegLost},
		"caller: caller_ended":          {By: ByCaller, Metric: CauseCallerEnded},
		"unknown: normal":               {Metric: LegNormal},
	} {
		asError := fmt.Errorf("call: %w", c)
		var back Cause
		if c.Error() != want || !errors.As(asError, &back) || back != c {
			t.Errorf("%q, want %q; through an error %+v", c.Error(), want, back)
		}
	}
}

func TestTheEndOfTheCallersLegIsReadForWhatItIs(t *testing.T) {
	for name, c := range map[string]struct{ leg, want Cause }{
		"a hang-up":        {Cause{By: ByCaller, Metric: LegNormal, Status: 200, Text: "BYE"}, Cause{By: ByCaller, Metric: CauseCallerEnded, Status: 200, Text: "BYE"}},
		"a CANCEL":         {Cause{By: ByCaller, Metric: LegCancelled}, Cause{By: ByCaller, Metric: CauseCallerEnded}},
		"a lost line":      {Cause{By: ByNetwork, Metric: LegLost, Text: "silent"}, Cause{By: ByNetwork, Metric: CauseNetwork, Text: "silent"}},
		"no ports of ours": {Cause{By: ByUs, Metric: LegOverload}, Cause{By: ByUs, Metric: CauseNetwork}},
	} {
		if got := callerCause(c.leg); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestTheCountersHaveLabelsInTheirOwnForm(t *testing.T) {
	tally := newTally()
	tally.Add("plain_total")
	tally.Add("plain_total")
	tally.Add("labelled_total", "queue", `or"de\rs`, "n", "1")
	got := tally.Counts()
	if got["plain_total"] != 2 || got[`labelled_total{queue="or\"de\\rs",n="1"}`] != 1 {
		t.Errorf("counts %v", got)
	}
}
