package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
	"breakwater/call"
)

func TestEveryPathAnswersAndNeedsTheToken(t *testing.T) {
	public := map[string]bool{"/health": true, "/ready": true}
	paths := map[string]string{ // path of the table: how it is asked
		"/v1/records/{id}": "/v1/records/R1",
		"/v1/why":          "/v1/why?agent=anna",

		"/v1/callbacks/schedule":        "/v1/callbacks/schedule?queue=orders&number=0301234&at=2026-03-01T10:00:00Z",
		"/v1/callbacks/{ticket}/cancel": "/v1/callbacks/7/cancel",

		"/v1/figures/teams/{team}": "/v1/figures/teams/north?from=2026-03-01",
		"/v1/figures/queue_log":    "/v1/figures/queue_log?from=2026-03-01",
	}
	s := newOffice().open()
	for _, one := range append(s.table(), route{method: http.MethodGet, path: "/metrics"}) {
		if strings.HasPrefix(one.path, ownPaths) || strings.HasPrefix(one.path, leadPaths) {
			continue // which the token does not open: own_test.go, lead_test.go
		}
		target, ok := paths[one.path]
		if !ok {
			target = one.path
		}
		t.Run(one.method+" "+one.path, func(t *testing.T) {
			if w := ask(s, request(one.method, target)); w.Code != http.StatusOK || w.Body.Len() == 0 {
				t.Errorf("with the token: %d %s", w.Code, w.Body)
			}
			r := request(one.method, target)
			r.Header.Del("Authorization")
			w := ask(s, r)
			if public[one.path] {
				if w.Code != http.StatusOK {
					t.Errorf("without a token: %d, want 200", w.Code)
				}
				return
			}
			if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("without a token: %d, WWW-Authenticate %q", w.Code, w.Header().Get("WWW-Authenticate"))
			}
			errorIn(t, w.Body)

			w = ask(s, request(http.MethodDelete, target))
			if w.Code != http.StatusMethodNotAllowed || !strings.HasPrefix(w.Header().Get("Allow"), one.method) {
				t.Errorf("by DELETE: %d, Allow %q", w.Code, w.Header().Get("Allow"))
			}
			errorIn(t, w.Body)
		})
	}
}

func TestWhatIsAskedIsAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		path string
		want string // what the JSON holds
	}{
		"agents by name, state only": {"/v1/agents", `[{"name":"anna","state":"ready","since":"2026-03-01T06:00:00Z","offerable":true},` +
			`{"name":"ben","state":"on-call","since":"2026-03-01T06:00:00Z","call":"T1","offerable":false}]`},
		"queues":                          {"/v1/queues", `[{"name":"orders","waiting":2,"callbacks":0,"oldest":"2026-03-01T06:00:00Z","ready":1,"capable":2}]`},
		"why an agent":                    {"/v1/why?agent=anna", `{"why":["because"]}`},
		"why a caller":                    {"/v1/why?call=W1", `{"why":["because"]}`},
		"why a call that does not wait":   {"/v1/why?call=T1", `{"why":["call T1 waits in no queue: talking since 2026-03-01T06:00:00Z with ben"]}`},
		"why a call that has just begun":  {"/v1/why?call=N1", `{"why":["call N1 waits in no queue: begin since 2026-03-01T06:00:00Z"]}`},
		"the config":                      {"/v1/config", `{"version":"abc"}`},
		"phones, the unreachable as well": {"/v1/phones", `[{"name":"1001","reachable":true,"contacts":["sip:a"]},{"name":"1002","reachable":false,"contacts":null}]`},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(newOffice().open(), request(http.MethodGet, c.path))
			if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusOK || got != c.want {
				t.Errorf("%d\n got %s\nwant %s", w.Code, got, c.want)
			}
		})
	}
}

func TestNothingIsAnEmptyList(t *testing.T) {
	o := newOffice()
	o.floor.agents, o.floor.queues, o.records.kept = nil, nil, nil
	o.parts.Calls, o.parts.Phones = fakeCalls(nil), func() []Phone { return nil }
	s := o.open()
	for _, what := range []string{"calls", "agents", "queues", "phones", "records"} {
		w := ask(s, request(http.MethodGet, "/v1/"+what))
		if got, want := strings.TrimSpace(w.Body.String()), "[]"; got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
}

func TestABadQuestionIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		path   string
		status int
		names  string // what the error must say
	}{
		"a path that is not there":      {"/v1/ranking", 404, "/v1/ranking"},
		"an order of records":           {"/v1/records?sort=talk", 400, `"sort"`},
		"a time that is none":           {"/v1/records?from=yesterday", 400, "from"},
		"an end that is none":           {"/v1/records?to=2026-13-01T00:00:00Z", 400, "to"},
		"an end before the beginning":   {"/v1/records?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", 400, "to"},
		"a limit that is no number":     {"/v1/records?limit=many", 400, "limit"},
		"a limit of nothing":            {"/v1/records?limit=0", 400, "limit"},
		"a limit beyond the most":       {"/v1/records?limit=1001", 400, "limit"},
		"a filter given twice":          {"/v1/records?agent=anna&agent=ben", 400, "agent"},
		"an empty filter":               {"/v1/records?caller=", 400, "caller"},
		"a filter that is far too long": {"/v1/records?queue=" + strings.Repeat("x", 300), 400, "queue"},
		"a parameter with a long name":  {"/v1/records?" + strings.Repeat("x", 3000) + "=1", 400, "…"},
		"a record that is not there":    {"/v1/records/R2", 404, "R2"},
		"why nobody":                    {"/v1/why", 400, "exactly one"},
		"why both":                      {"/v1/why?call=W1&agent=anna", 400, "exactly one"},
		"why an agent that is not":      {"/v1/why?agent=zoe", 404, "no such agent"},
		"why a call that is not":        {"/v1/why?call=X", 404, "no such caller"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(newOffice().open(), request(http.MethodGet, c.path))
			if text := errorIn(t, w.Body); w.Code != c.status || !strings.Contains(text, c.names) || len(text) > 400 {
				t.Errorf("%d %q, want %d naming %q", w.Code, text, c.status, c.names)
			}
		})
	}
}

func TestFiltersReachTheStore(t *testing.T) {
	o := newOffice()
	s := o.open()
	ask(s, request(http.MethodGet, "/v1/records"))
	if d := cmp.Diff(call.Query{Limit: 100}, o.records.asked); d != "" {
		t.Error(d)
	}
	ask(s, request(http.MethodGet, "/v1/records?id=a&caller=b&agent=c&queue=d&from=2026-03-01T07:00:00%2B01:00&to=2026-03-02T06:00:00Z&limit=1000"))
	got := o.records.asked
	if !got.From.Equal(dawn) || !got.To.Equal(dawn.AddDate(0, 0, 1)) {
		t.Errorf("from %v to %v", got.From, got.To)
	}
	got.From, got.To = time.Time{}, time.Time{}
	if d := cmp.Diff(call.Query{ID: "a", Caller: "b", Agent: "c", Queue: "d", Limit: 1000}, got); d != "" {
		t.Error(d)
	}
}

func TestErrorsOfTheHouse(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"the floor has stopped":        {acd.ErrStopped, 503},
		"the floor is too slow":        {context.DeadlineExceeded, 503},
		"the floor has another sorrow": {errors.New("out of paper"), 500},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice()
			o.floor.err = c.err
			w := ask(o.open(), request(http.MethodGet, "/v1/agents"))
			errorIn(t, w.Body)
			if logged := strings.Contains(o.log.String(), "cannot answer"); w.Code != c.want || logged != (c.want == 500) {
				t.Errorf("%d, logged %v; want %d", w.Code, logged, c.want)
			}
		})
	}
}

func TestReadyTellsWhyNot(t *testing.T) {
	o := newOffice()
	o.unready = errors.New("sound: all 10 ports are in use")
	w := ask(o.open(), request(http.MethodGet, "/ready"))
	if text := errorIn(t, w.Body); w.Code != http.StatusServiceUnavailable || text != o.unready.Error() {
		t.Errorf("%d %q", w.Code, text)
	}
	if w := ask(o.open(), request(http.MethodGet, "/health")); w.Code != http.StatusOK {
		t.Errorf("a server that is not ready is alive all the same: %d", w.Code)
	}
}

func TestARefusedEditIsVisible(t *testing.T) {
	o := newOffice()
	texts := []string{"queues.yaml:3:5: unknown key \"rign\" (did you mean \"ring\"?)", "phones.yaml:1:1: x"}
	o.problems, o.reload = texts, Refusal(texts)
	s := o.open()

	w := ask(s, request(http.MethodPost, "/v1/config/reload"))
	var refused problem
	if err := json.NewDecoder(w.Body).Decode(&refused); err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusConflict || !slices.Equal(refused.Problems, texts) {
		t.Errorf("reload: %d %v", w.Code, refused)
	}

	var shown struct {
		Config struct {
			Refused  bool
			Problems []string
		}
	}
	if err := json.NewDecoder(ask(s, request(http.MethodGet, "/v1/status")).Body).Decode(&shown); err != nil {
		t.Fatal(err)
	}
	if !shown.Config.Refused || !slices.Equal(shown.Config.Problems, texts) {
		t.Errorf("status: %+v", shown)
	}
}

func TestStatusAnswersAlsoWhenTheFloorDoesNot(t *testing.T) {
	o := newOffice()
	s := o.open()
	var healthy, sick status
	decode := func(v *status) {
		t.Helper()
		w := ask(s, request(http.MethodGet, "/v1/status"))
		if err := json.NewDecoder(w.Body).Decode(v); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %v", w.Code, err)
		}
	}
	decode(&healthy)
	if healthy.Agents[acd.Ready] != 1 || healthy.Agents[acd.OnCall] != 1 || len(healthy.Agents) != 8 {
		t.Errorf("agents by state: %v", healthy.Agents)
	}
	if healthy.Calls.Live != 2 || healthy.Calls.ByPhase["talking"] != 1 || healthy.Phones != (phoneCount{Known: 2, Reachable: 1}) {
		t.Errorf("calls %v, phones %v", healthy.Calls, healthy.Phones)
	}
	if len(healthy.Promises) != 7 || healthy.Goroutines == 0 || healthy.Memory.Heap == 0 || healthy.Uptime <= 0 || healthy.Version != "1.2.3" {
		t.Errorf("%+v", healthy)
	}
	o.floor.err = acd.ErrStopped
	o.unready = acd.ErrStopped
	decode(&sick)
	if sick.Ready || sick.NotReady != acd.ErrStopped.Error() || sick.Calls.Live != 2 {
		t.Errorf("%+v", sick)
	}
}

// TestNoFigureOfAnAgentCanBeShown holds the types to the law that the api cannot
// return a ranking: what it knows of an agent is a state, no count and no duration
// but the level of the rest that the agent has. A list says what others decided, in
// words and moments.
func TestNoFigureOfAnAgentCanBeShown(t *testing.T) {
	plain := map[string]bool{"Level": true, "Left": true} // Left has no JSON
	var see func(reflect.Type)
	see = func(view reflect.Type) {
		for f := range view.Fields() {
			switch f.Type.Kind() {
			case reflect.String, reflect.Bool: // a name, a yes or no
			case reflect.Struct:
				if f.Type != reflect.TypeFor[time.Time]() {
					see(f.Type)
				}
			case reflect.Slice:
				if f.Type.Elem().Kind() != reflect.Struct {
					t.Errorf("an agent as others see it holds %s %s: are they figures?", f.Name, f.Type)
					continue
				}
				see(f.Type.Elem())
			default:
				if !plain[f.Name] {
					t.Errorf("an agent as others see it holds %s %s: is it a figure?", f.Name, f.Type)
				}
			}
		}
	}
	see(reflect.TypeFor[acd.AgentView]())
	for _, r := range newOffice().open().table() {
		for _, word := range []string{"rank", "score", "top", "figures/agents", "stat/", "kpi"} {
			if strings.Contains(r.path, word) {
				t.Errorf("%s sounds like a ranking", r.path)
			}
		}
	}
}

func TestABodyBeyondTheLimitIsRefused(t *testing.T) {
	r := request(http.MethodPost, "/v1/config/reload")
	r.Body = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", mostBody+1))).Body
	w := ask(newOffice().open(), r)
	errorIn(t, w.Body)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d", w.Code)
	}
}

func TestAPanicIsOneAnswerOnly(t *testing.T) {
	o := newOffice()
	o.parts.Config = func() any { panic("a bug") }
	s := o.open()
	w := ask(s, request(http.MethodGet, "/v1/config"))
	errorIn(t, w.Body)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("%d", w.Code)
	}
	for _, want := range []string{"path=/v1/config", "a bug", "level=ERROR"} {
		if !strings.Contains(o.log.String(), want) {
			t.Errorf("the log does not tell %q: %s", want, &o.log)
		}
	}
	if w := ask(s, request(http.MethodGet, "/v1/agents")); w.Code != http.StatusOK {
		t.Errorf("the next request: %d", w.Code)
	}
}
