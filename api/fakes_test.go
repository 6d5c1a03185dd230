package api

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

const token = "a-token-that-nobody-guesses"

var dawn = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

type fakeFloor struct {
	agents []acd.AgentView
	queues []acd.QueueView
	ahead  []acd.Outlook
	counts acd.Counters
	err    error
	asked  acd.Whom

	lifted  acd.Lift
	liftErr error
	talked  string
	took    string
	talks   []acd.TalkWish
}

func (f *fakeFloor) Agents(context.Context) ([]acd.AgentView, error) { return f.agents, f.err }
func (f *fakeFloor) Queues(context.Context) ([]acd.QueueView, error) { return f.queues, f.err }
func (f *fakeFloor) Outlook(context.Context) ([]acd.Outlook, error)  { return f.ahead, f.err }
func (f *fakeFloor) Counters() acd.Counters                          { return f.counts }

func (f *fakeFloor) Why(_ context.Context, w acd.Whom) ([]string, error) {
	f.asked = w
	switch {
	case f.err != nil:
		return nil, f.err
	case w.Agent == "anna", w.Call == "W1":
		return []string{"because"}, nil
	case w.Agent != "":
		return nil, acd.ErrNoAgent
	}
	return nil, acd.ErrNoTicket
}

type fakeCalls []call.View

func (f fakeCalls) Calls() []call.View { return f }

func (f fakeCalls) Callbacks(context.Context) ([]acd.CallbackView, error) {
	return []acd.CallbackView{{Ticket: 7, Queue: "orders", Number: "0301234", Kind: acd.BackAsked}}, nil
}

func (f fakeCalls) Schedule(_ context.Context, queue, number string, at time.Time) (uint64, error) {
	switch {
	case queue != "orders":
		return 0, acd.ErrNoQueue
	case number != "0301234" || at.IsZero():
		return 0, acd.ErrNoCallback
	}
	return 8, nil
}

func (f fakeCalls) CancelCallback(_ context.Context, ticket uint64) error {
	if ticket != 7 {
		return acd.ErrNoTicket
	}
	return nil
}

type fakeRecords struct {
	kept  []call.Record
	asked call.Query
	err   error
}

func (f *fakeRecords) Records(_ context.Context, q call.Query) ([]call.Record, error) {
	f.asked = q
	var found []call.Record
	for _, r := range f.kept {
		if q.ID == "" || q.ID == r.ID {
			found = append(found, r)
		}
	}
	return found, f.err
}

// office is a house of fakes.
type office struct {
	floor    *fakeFloor
	records  *fakeRecords
	parts    Parts
	problems []string
	kept     Store
	reload   error
	unready  error
	log      strings.Builder
}

func newOffice() *office {
	o := &office{
		kept: Store{Engine: "redis", Since: dawn, Why: "it is away", Records: 3, Events: 20},
		floor: &fakeFloor{
			agents: []acd.AgentView{{Name: "ben", State: acd.OnCall, Since: dawn, Call: "T1"}, {Name: "anna", State: acd.Ready, Since: dawn, Offerable: true}},
			queues: []acd.QueueView{{Name: "orders", Waiting: 2, Oldest: dawn, Ready: 1, Capable: 2}},
		},
		records: &fakeRecords{kept: []call.Record{{ID: "R1", Caller: "0301234", Start: dawn}}},
	}
	o.parts = Parts{
		Floor:   o.floor,
		Calls:   fakeCalls{{ID: "T1", Phase: "talking", Agent: "ben", Start: dawn, Since: dawn}, {ID: "N1", Start: dawn, Since: dawn}},
		Records: o.records,
		Phones: func() []Phone {
			return []Phone{{Name: "1001", Reachable: true, Contacts: []string{"sip:a"}}, {Name: "1002"}}
		},
		Config:   func() any { return map[string]string{"version": "abc"} },
		Problems: func() []string { return o.problems },
		Store:    func() Store { return o.kept },
		Reload:   func(context.Context) error { return o.reload },
		Health:   func(context.Context) error { return o.unready },
		Gauges:   func() map[string]float64 { return map[string]float64{"media_ports_open": 4} },
		Counts: func() map[string]float64 {
			return map[string]float64{"calls_total": 7, `protect_warnings_total{n="1",queue="a\"b"}`: 3}
		},
		Figures: someFigures(),
		Members: func() map[string][]string { return map[string][]string{"anna": {"orders"}} },
		Token:   token,
		Version: "1.2.3",
		Started: dawn,
	}
	return o
}

func (o *office) open() *Server {
	return New(o.parts, slog.New(slog.NewTextHandler(&o.log, nil)))
}

// request is one as an admin on this machine sends it.
func request(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

func ask(s *Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.face.ServeHTTP(w, r)
	return w
}

// errorIn is the error text of an answer that must be JSON.
func errorIn(t *testing.T, body io.Reader) string {
	t.Helper()
	var p problem
	if err := json.NewDecoder(body).Decode(&p); err != nil {
		t.Fatalf("the answer is no JSON: %v", err)
	}
	if p.Error == "" {
		t.Error("the error says nothing")
	}
	return p.Error
}
