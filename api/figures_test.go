package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/acd/figures"
)

// aDay is a history in which anna answers one caller, protected, and one who hangs up.
type aDay struct{ begin time.Time }

func (d aDay) Events(_ context.Context, from, to time.Time) iter.Seq2[acd.Event, error] {
	events := []acd.Event{
		{Kind: acd.KindLogIn, Agent: "anna", State: acd.Ready},
		{Kind: acd.KindEntered, Queue: "orders", Call: "c", Ticket: 1},
		{Kind: acd.KindOffered, Queue: "orders", Call: "c", Ticket: 1, Assignment: 1, Agent: "anna", State: acd.Offered},
		{Kind: acd.KindAnswered, Queue: "orders", Call: "c", Ticket: 1, Assignment: 1, Agent: "anna", State: acd.OnCall, Length: time.Second},
		{Kind: acd.KindFinished, Queue: "orders", Call: "c", Ticket: 1, Agent: "anna", State: acd.WrapUp, Talk: acd.Talk{Length: time.Second, Protected: true}},
		{Kind: acd.KindWrapUpEnded, Agent: "anna", State: acd.Ready},
	}
	return func(yield func(acd.Event, error) bool) {
		for i, e := range events {
			e.Seq, e.At = uint64(i+1), acd.Stamp{Wall: d.begin.Add(time.Duration(i) * time.Second)}
			if !e.At.Wall.Before(from) && e.At.Wall.Before(to) && !yield(e, nil) {
				return
			}
		}
	}
}

func someFigures() *figures.Book {
	return figures.NewBook(aDay{dawn}, figures.Settings{
		TimeZone: "Europe/Berlin", Teams: map[string][]string{"north": {"anna", "b", "c", "d", "e"}},
	})
}

func TestFiguresOfADay(t *testing.T) {
	s := newOffice().open()
	for target, want := range map[string]string{
		"/v1/figures/queues?from=2026-03-01&queue=orders":                             `"sl_a":1,`,
		"/v1/figures/queues?from=2026-03-01T07:00:00%2B01:00&to=2026-03-01T06:00:02Z": `"entered":1,`,
		"/v1/figures/queues?from=2026-03-01&step=15m&format=csv":                      "from,to,queue,callers.entered",
		"/v1/figures/queues?from=2026-03-01&time_zone=Asia/Shanghai":                  `"time_zone":"Asia/Shanghai"`,
		"/v1/figures/queues?from=2026-03-01&repeats=true&within=5s":                   `"within_seconds":5`,
		"/v1/figures/queues?from=-15m":                                                `"formula":"` + figures.Formula + `"`,
		"/v1/figures/protection?from=2026-03-01":                                      `"protected":1,`,
		"/v1/figures/teams/north?from=2026-03-01":                                     `"work":null`,
		"/v1/figures/queue_log?from=2026-03-01":                                       "|c|orders|AGENT|CONNECT|2|c|1",
	} {
		t.Run(target, func(t *testing.T) {
			w := ask(s, request(http.MethodGet, target))
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%d %s; want %s in it", w.Code, w.Body, want)
			}
		})
	}
}

// breaking is a book whose history breaks while a queue log is written.
type breaking struct {
	*figures.Book
	after int // bytes
}

func (b breaking) QueueLog(_ context.Context, w io.Writer, _, _ time.Time, _ map[string][]string) error {
	if _, err := w.Write(make([]byte, b.after)); err != nil {
		return err
	}
	return errors.New("the disk is on fire")
}

// TestAReportThatBreaksDoesNotLookWhole: before anything was sent it is an error as any
// other, later the connection is cut.
func TestAReportThatBreaksDoesNotLookWhole(t *testing.T) {
	for name, after := range map[string]int{"at once": 0, "while it is held": 100, "when some was sent": 2 * mostHeld} {
		t.Run(name, func(t *testing.T) {
			o := newOffice()
			o.parts.Figures = breaking{someFigures(), after}
			face := httptest.NewServer(o.open().face)
			defer face.Close()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, face.URL+"/v1/figures/queue_log?from=2026-03-01", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = request(http.MethodGet, "/").Header
			answer, err := face.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			_, err = io.Copy(io.Discard, answer.Body)
			sent := after > mostHeld
			if told := answer.StatusCode == http.StatusInternalServerError && err == nil; told == sent {
				t.Errorf("status %d, the body ends with %v", answer.StatusCode, err)
			}
			if sent && err == nil {
				t.Error("a part of the log looks like the whole")
			}
		})
	}
}

func TestAQuestionAboutFiguresIsToldWhatIsWrong(t *testing.T) {
	s := newOffice().open()
	for target, word := range map[string]string{
		"/v1/figures/queues?from=yesterday":                        "from:",
		"/v1/figures/queues?from=2026-03-02&to=2026-03-01":         "to:",
		"/v1/figures/queues?from=2026-03-01&queue=nope":            "orders",
		"/v1/figures/queues?from=2026-03-01&step=x":                "step",
		"/v1/figures/queues?format=pdf":                            "format:",
		"/v1/figures/queues?within=1ms":                            "within:",
		"/v1/figures/queues?time_zone=Mars":                        "time_zone:",
		"/v1/figures/queues?agent=anna":                            "no such parameter",
		"/v1/figures/teams/south":                                  "no team",
		"/v1/figures/teams/north?from=2026-03-01&step=15m":         "whole days",
		"/v1/figures/teams/north?from=-15m":                        "whole days",
		"/v1/figures/teams/north?time_zone=Asia/Kathmandu":         "figures.time_zone",
		"/v1/figures/queues?from=2020-01-01&to=2026-01-01":         "93 days",
		"/v1/figures/queues?from=2026-01-01&to=2026-03-01&step=1m": "more than",
	} {
		w := ask(s, request(http.MethodGet, target))
		if text := errorIn(t, w.Body); w.Code != http.StatusBadRequest || !strings.Contains(text, word) {
			t.Errorf("%s: %d %s; want 400 and %s", target, w.Code, text, word)
		}
	}
}

func TestFiguresOfAPersonAreForThatPersonAlone(t *testing.T) {
	o := newOffice()
	o.parts.Agent = func(number, pin, _ string) (string, bool) { return "anna", number == "7001" && pin == "1234" }
	s := o.open()
	if w := ask(s, request(http.MethodGet, ownPaths+"figures")); w.Code != http.StatusUnauthorized {
		t.Errorf("with the admin's token: %d, want 401", w.Code)
	}
	r := request(http.MethodGet, ownPaths+"figures?from=2026-03-01")
	r.SetBasicAuth("7001", "1234")
	w := ask(s, r)
	var got figures.Report[struct {
		Work struct {
			Handling struct {
				Handled int `json:"handled"`
			} `json:"handling"`
		} `json:"work"`
		Left []struct{ Why string } `json:"left_out"`
	}]
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if f := got.Periods[0].Figures[0]; f.Work.Handling.Handled != 0 || len(f.Left) != 1 || f.Left[0].Why != "protected" {
		t.Errorf("anna's figures %+v; want no protected call in them, and why", f)
	}
}

// TestReportsHaveNoPlaceForAPerson: what the admin's token opens holds no field that
// names an agent, and a list only where it is one of periods or queues.
func TestReportsHaveNoPlaceForAPerson(t *testing.T) {
	for _, report := range []reflect.Type{
		reflect.TypeFor[figures.QueueFigures](), reflect.TypeFor[figures.TeamFigures](), reflect.TypeFor[figures.CareFigures](),
	} {
		var see func(reflect.Type, string)
		see = func(typ reflect.Type, at string) {
			for typ.Kind() == reflect.Pointer {
				typ = typ.Elem()
			}
			if k := typ.Kind(); k == reflect.Slice || k == reflect.Map {
				t.Errorf("%s is a list: of people?", at)
			}
			if typ.Kind() == reflect.Struct {
				for i := range typ.NumField() {
					f := typ.Field(i)
					if name := strings.ToLower(f.Name); strings.Contains(name, "agent") || strings.Contains(name, "person") {
						t.Errorf("%s.%s names a person", at, f.Name)
					}
					see(f.Type, at+"."+f.Name)
				}
			}
		}
		see(report, report.Name())
	}
}
