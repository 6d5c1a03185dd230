package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/acd/figures"
	"breakwater/store"
)

// answering is a server that gives one answer and keeps how it was asked.
func answering(t *testing.T, body string) (server, *string) {
	t.Helper()
	asked := new(string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = r.URL.String()
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return server{API: s.URL, Token: token}, asked
}

const twoHalves = `{"formula":"2026-11.3","time_zone":"UTC","periods":[
	{"from":"2026-03-01T09:00:00Z","figures":[{"queue":"orders","callers":{"entered":70,"offered":60,"refused":2,"answered":50,"abandoned":12},
	 "service_level":{"sl_a":0.812,"sl_b":null},"waits":{"asa_seconds":12.3},"handling":{"handled":40,"aht_seconds":200}}]},
	{"from":"2026-03-01T09:30:00Z","figures":[{"queue":"orders","callers":{"offered":30,"refused":0},
	 "handling":{"handled":10,"aht_seconds":100}}]}]}`

func TestFiguresAreAskedForAndPrinted(t *testing.T) {
	at, asked := answering(t, twoHalves)
	var out strings.Builder
	c := figuresCommand{server: at, span: span{From: "2026-03-01"}, Report: "queues", Queue: "orders", Step: "30m"}
	if err := c.print(&out); err != nil {
		t.Fatal(err)
	}
	if *asked != "/v1/figures/queues?from=2026-03-01&queue=orders&step=30m" {
		t.Errorf("asked %s", *asked)
	}
	for _, want := range []string{"2026-03-01 09:00", "orders", "81.2 %", "12.3 s", "200.0 s", "-", "formulas 2026-11.3"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing:\n%s", want, out.String())
		}
	}
	for report, want := range map[string]string{
		"protection": "/v1/figures/protection?format=csv", "queue-log": "/v1/figures/queue_log?format=csv", "team": "/v1/figures/teams/n%2Fs?format=csv",
	} {
		c := figuresCommand{server: at, Report: report, Team: "n/s", CSV: true}
		if err := c.print(&out); err != nil || *asked != want {
			t.Errorf("%s: asked %s, %v; want %s", report, *asked, err, want)
		}
	}
	if err := (figuresCommand{server: at, Report: "team"}).print(&out); err == nil || !strings.Contains(err.Error(), "own") {
		t.Errorf("figures of nobody in particular: %v", err)
	}
}

func TestStaffTakesTheBusiestIntervalOfAQueue(t *testing.T) {
	at, asked := answering(t, twoHalves)
	var out strings.Builder
	c := staffCommand{history: history{server: at, span: span{From: "2026-03-01"}, Queue: "orders"}, Per: 30 * time.Minute}
	got, err := c.offered(&out)
	if err != nil {
		t.Fatal(err)
	}
	want := figures.Load{Calls: 62, Per: 30 * time.Minute, AHT: 180 * time.Second}
	if got != want || !strings.Contains(*asked, "step=30m0s") || !strings.Contains(out.String(), "62 calls of 3m0s") {
		t.Errorf("load %+v, asked %s, said %s; want %+v", got, *asked, out.String(), want)
	}
	c.Calls, c.AHT = 100, time.Minute
	if got, err = c.offered(&out); err != nil || got.Calls != 100 || got.AHT != time.Minute {
		t.Errorf("what is given counts before the past: %+v, %v", got, err)
	}
	c = staffCommand{Per: 30 * time.Minute}
	if _, err := c.offered(&out); err == nil {
		t.Error("neither calls nor a queue, and it was computed")
	}
}

func TestStaffReadsAStoreThatNoServerUses(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	s, err := store.Open(context.Background(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	nine := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	event := func(seq uint64, after time.Duration, e acd.Event) acd.Event {
		e.Seq, e.At, e.Queue, e.Call, e.Ticket = seq, acd.Stamp{Wall: nine.Add(after)}, "orders", "c", 1
		return e
	}
	if err := s.Append(context.Background(), []acd.Event{
		event(1, 0, acd.Event{Kind: acd.KindEntered}),
		event(2, 0, acd.Event{Kind: acd.KindOffered, Agent: "anna", State: acd.Offered}),
		event(3, time.Second, acd.Event{Kind: acd.KindAnswered, Agent: "anna", State: acd.OnCall}),
		event(4, time.Minute, acd.Event{Kind: acd.KindFinished, Agent: "anna", State: acd.WrapUp, Talk: acd.Talk{Length: time.Minute}}),
		event(5, 2*time.Minute, acd.Event{Kind: acd.KindWrapUpOver, Agent: "anna", State: acd.Ready}),
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	h := history{span: span{From: "2026-03-01", TimeZone: "UTC"}, Queue: "orders", Store: url}
	got, at, err := h.load(30 * time.Minute)
	if want := (figures.Load{Calls: 1, Per: 30 * time.Minute, AHT: 2 * time.Minute}); err != nil || got != want || !at.Equal(nine) {
		t.Errorf("load %+v at %s, %v; want %+v at 9", got, at, err, want)
	}
	h.From = "last week"
	if _, _, err := h.load(time.Hour); err == nil {
		t.Error("no date, and it was read")
	}
}
