package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
)

// led is an office where sue leads and anna does not.
func led() *office {
	o := newOffice()
	o.parts.Agent = func(number, pin, _ string) (string, bool) {
		return map[string]string{"201": "anna", "301": "sue"}[number], pin == "4711"
	}
	o.parts.Leads = func(agent string) bool { return agent == "sue" }
	return o
}

// bySupervisor is a request as sue sends it.
func bySupervisor(what string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://localhost/v1/lead/"+what, nil)
	r.SetBasicAuth("301", "4711")
	return r
}

func TestASupervisorLiftsACapUnderTheOwnName(t *testing.T) {
	o := led()
	s := o.open()
	w := ask(s, bySupervisor("lift?agent=anna&cap=occupancy&reason=storm+warning&for=45m"))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"name":"anna"`) || !strings.Contains(w.Body.String(), `"durable":true`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := acd.Lift{Agent: "anna", Cap: acd.CapLoad, By: "sue", Reason: "storm warning", For: 45 * time.Minute}
	if o.floor.lifted != want {
		t.Errorf("the floor is told %+v, want %+v", o.floor.lifted, want)
	}
	if log := o.log.String(); !strings.Contains(log, "by=sue") || !strings.Contains(log, `reason="storm warning"`) {
		t.Errorf("the log says %q", log)
	}
}

func TestASupervisorSaysThatTheyTalked(t *testing.T) {
	o := led()
	if w := ask(o.open(), bySupervisor("talked?agent=anna")); w.Code != http.StatusOK || o.floor.talked != "anna by sue" {
		t.Errorf("%d %s, told %q", w.Code, w.Body, o.floor.talked)
	}
	if !strings.Contains(o.log.String(), "agent=anna by=sue") {
		t.Errorf("the log says %q", o.log.String())
	}
}

func TestASupervisorSeesWhomToTalkWithAndTakesItOn(t *testing.T) {
	o := led()
	o.floor.talks = []acd.TalkWish{{Agent: "anna", Phone: "1001", State: acd.Resting}, {Agent: "ben", State: acd.Ready, By: "tom"}}
	r := bySupervisor("talks")
	r.Method = http.MethodGet
	w := ask(o.open(), r)
	if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, `"agent":"anna"`) || !strings.Contains(body, `"by":"tom"`) {
		t.Errorf("%d %s", w.Code, body)
	}
	if w := ask(o.open(), bySupervisor("take?agent=anna")); w.Code != http.StatusOK || o.floor.took != "anna by sue" {
		t.Errorf("%d %s, told %q", w.Code, w.Body, o.floor.took)
	}
	o.floor.liftErr = fmt.Errorf("tom has taken the talk with anna: %w", acd.ErrNoTalk)
	if w := ask(o.open(), bySupervisor("take?agent=anna")); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "tom has taken") {
		t.Errorf("%d %s, want 409 and who has it", w.Code, w.Body)
	}
}

func TestWhoMayNotLift(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*http.Request)
		status int
		text   string
	}{
		"an agent":    {func(r *http.Request) { r.SetBasicAuth("201", "4711") }, http.StatusForbidden, "anna is no supervisor"},
		"a wrong PIN": {func(r *http.Request) { r.SetBasicAuth("301", "0000") }, http.StatusUnauthorized, "under the own name"},
		"the admin's token": {
			func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, http.StatusUnauthorized, "under the own name",
		},
		"a page of somebody else": {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden, "cross-origin"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, what := range []string{"lift?agent=anna&cap=occupancy&reason=x", "talked?agent=anna", "take?agent=anna"} {
				o := led()
				r := bySupervisor(what)
				tc.change(r)
				w := ask(o.open(), r)
				if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.text) {
					t.Errorf("%s: %d %s; want %d and %s", what, w.Code, w.Body, tc.status, tc.text)
				}
				if o.floor.talked != "" || o.floor.took != "" || o.floor.lifted != (acd.Lift{}) {
					t.Errorf("%s: and yet it was done", what)
				}
			}
		})
	}
}

func TestALiftThatCannotBe(t *testing.T) {
	for name, tc := range map[string]struct {
		query  string
		err    error
		status int
		text   string
	}{
		"without a reason":    {"agent=anna&cap=occupancy", nil, http.StatusBadRequest, "reason is needed"},
		"with an empty one":   {"agent=anna&cap=occupancy&reason=", nil, http.StatusBadRequest, "reason: is empty"},
		"of nobody":           {"cap=occupancy&reason=x", nil, http.StatusBadRequest, "agent is needed"},
		"of a strange length": {"agent=anna&cap=occupancy&reason=x&for=long", nil, http.StatusBadRequest, "for:"},
		"in another name":     {"agent=anna&cap=occupancy&reason=x&by=zoe", nil, http.StatusBadRequest, "no such parameter"},
		"of a rest":           {"agent=anna&cap=rest&reason=x", fmt.Errorf("a rest: %w", acd.ErrBadLift), http.StatusBadRequest, "a rest"},
		"of a stranger":       {"agent=zoe&cap=ramp&reason=x", fmt.Errorf("agent zoe: %w", acd.ErrNoAgent), http.StatusNotFound, "zoe"},
		"not on disk yet":     {"agent=anna&cap=ramp&reason=x", acd.ErrNotDurable, http.StatusOK, `"durable":false`},
		"a floor that is off": {"agent=anna&cap=ramp&reason=x", errors.New("broken"), http.StatusInternalServerError, "broken"},
	} {
		t.Run(name, func(t *testing.T) {
			o := led()
			o.floor.liftErr = tc.err
			w := ask(o.open(), bySupervisor("lift?"+tc.query))
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.text) {
				t.Errorf("%d %s; want %d and %s", w.Code, w.Body, tc.status, tc.text)
			}
		})
	}
}

func (f *fakeFloor) Lift(_ context.Context, l acd.Lift) (acd.AgentView, error) {
	f.lifted = l
	return acd.AgentView{Name: l.Agent}, f.liftErr
}

func (f *fakeFloor) Talks(context.Context) ([]acd.TalkWish, error) { return f.talks, nil }

func (f *fakeFloor) TakeTalk(_ context.Context, agent, by string) (acd.AgentView, error) {
	f.took = agent + " by " + by
	return acd.AgentView{Name: agent}, f.liftErr
}

func (f *fakeFloor) Talked(_ context.Context, agent, by string) (acd.AgentView, error) {
	f.talked = agent + " by " + by
	return acd.AgentView{Name: agent}, nil
}
