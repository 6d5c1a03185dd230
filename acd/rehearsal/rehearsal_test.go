package rehearsal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/acd/chronicle"
)

// oneAgent is a queue with anna alone; help has bert as well.
func oneAgent() acd.Plan {
	return acd.Plan{
		Settings: acd.Settings{Gap: -1, Care: acd.Care{Occupancy: -1, Break: -1}},
		Agents:   map[string]acd.AgentSpec{"anna": {}, "bert": {}},
		Queues: map[string]acd.QueueSpec{"help": {
			Agents: []string{"anna"}, WrapUp: 10 * time.Second, LeaveOn: []acd.AgentState{}, MaxWait: time.Hour, OnWait: "queue:second",
		}, "second": {Agents: []string{"bert"}, LeaveOn: []acd.AgentState{}, WrapUp: -1}},
	}
}

// logged is a morning of callers under a plan: one every 30 s, who talks for 50 s and
// hangs up after 4 minutes of waiting. Anna answers after 3 s; every seventh call she
// declines first.
func logged(t *testing.T, plan acd.Plan, callers int) []byte {
	t.Helper()
	begin := acd.Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "b", Mono: time.Hour}
	start, err := acd.NewRerun(plan, begin)
	if err != nil {
		t.Fatal(err)
	}
	day := &Day{Begin: start.Picture(), callers: map[string]*caller{}, habits: map[string][]answer{}}
	for i := range 7 {
		a := answer{after: 3 * time.Second}
		if i == 6 {
			a.miss = acd.MissDeclined
		}
		day.habits["anna"] = append(day.habits["anna"], a)
	}
	for _, name := range []string{"anna", "bert"} {
		day.moments = append(day.moments, moment{begin.Mono + time.Second, nil, acd.Input{
			Kind: acd.InCommand, Agent: name, Command: &acd.Command{Verb: acd.LogIn, Phone: "p-" + name},
		}})
	}
	for i := range callers {
		call := fmt.Sprintf("c%03d", i)
		day.callers[call] = &caller{talk: 50 * time.Second, patience: 4 * time.Minute, leaves: "abandoned", outcome: acd.Outcome{Cause: "caller_ended"}}
		day.moments = append(day.moments, moment{
			begin.Mono + time.Duration(i+1)*30*time.Second, nil, acd.Input{Kind: acd.InEnter, Entry: &acd.Entry{Call: call, Queue: "help"}},
		})
	}
	day.end = acd.Stamp{Mono: begin.Mono + 4*time.Hour}
	folder := t.TempDir()
	w, err := chronicle.New(chronicle.Settings{Folder: folder}, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.Begin(day.Begin)
	if _, err := day.play(nil, func(turn *acd.Turn) { w.Note(turn) }); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
	files, err := chronicle.Files(folder)
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func read(t *testing.T, text []byte) *Day {
	t.Helper()
	d, err := Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func judged(t *testing.T, d *Day, events []acd.Event) Outcome {
	t.Helper()
	o, err := d.Judge(events)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func played(t *testing.T, d *Day, plan *acd.Plan) Outcome {
	t.Helper()
	events, err := d.Play(plan)
	if err != nil {
		t.Fatal(err)
	}
	return judged(t, d, events)
}

// TestADayPlayedUnchangedComesOutAsItWas: with no edit nothing may change, or what an
// edit changes means nothing.
func TestADayPlayedUnchangedComesOutAsItWas(t *testing.T) {
	d := read(t, logged(t, oneAgent(), 60))
	was, again := judged(t, d, d.Events), played(t, d, nil)
	a, b := was.Queues["help"], again.Queues["help"]
	if a.Callers.Answered < 20 || a.Callers.Abandoned < 5 {
		t.Fatalf("the day has too little in it: %+v", a.Callers)
	}
	if a.Callers != b.Callers || a.Waits != b.Waits || a.P50 != b.P50 || a.P90 != b.P90 || a.Level != b.Level {
		t.Errorf("was\n%+v\nand is\n%+v", a, b)
	}
	if was.Load["anna"] != again.Load["anna"] || was.Load["anna"] < 0.5 {
		t.Errorf("anna's load was %v and is %v", was.Load["anna"], again.Load["anna"])
	}
}

func TestASecondAgentShortensTheWaits(t *testing.T) {
	d := read(t, logged(t, oneAgent(), 60))
	edit := oneAgent()
	help := edit.Queues["help"]
	help.Agents = []string{"anna", "bert"}
	edit.Queues["help"] = help
	was, edited := played(t, d, nil), played(t, d, &edit)
	a, b := was.Queues["help"], edited.Queues["help"]
	if b.Callers.Answered <= a.Callers.Answered || b.P90 >= a.P90 || b.Callers.Entered != a.Callers.Entered {
		t.Errorf("one agent %+v P90 %s, two %+v P90 %s", a.Callers, a.P90, b.Callers, b.P90)
	}
	if edited.Load["anna"] >= was.Load["anna"] || edited.Load["bert"] <= was.Load["bert"] {
		t.Errorf("load was %v and is %v", was.Load, edited.Load)
	}
}

func TestALongerWrapUpCostsService(t *testing.T) {
	d := read(t, logged(t, oneAgent(), 60))
	edit := oneAgent()
	help := edit.Queues["help"]
	help.WrapUp = 2 * time.Minute
	edit.Queues["help"] = help
	if a, b := played(t, d, nil).Queues["help"], played(t, d, &edit).Queues["help"]; b.Callers.Abandoned <= a.Callers.Abandoned {
		t.Errorf("hung up: %d with 10 s, %d with 2 m", a.Callers.Abandoned, b.Callers.Abandoned)
	}
}

// TestTheServedAreAsPatientAsThoseWhoHungUp: of four callers one hung up after 60 s and
// one after 120 s, so half of all who were served at once leave by 60 s to 120 s.
func TestTheServedAreAsPatientAsThoseWhoHungUp(t *testing.T) {
	d := &Day{callers: map[string]*caller{}}
	add := func(c *caller) {
		call := fmt.Sprint(len(d.order))
		d.callers[call], d.order = c, append(d.order, call)
	}
	for range 50 {
		add(&caller{patience: time.Minute})
		add(&caller{patience: 2 * time.Minute})
	}
	for range 100 {
		add(&caller{waited: 3 * time.Minute})
	}
	quick, slow := &caller{waited: time.Second}, &caller{waited: 90 * time.Second}
	add(quick)
	add(slow)
	d.guessPatience()
	never := 0
	for _, call := range d.order[100:200] {
		if d.callers[call].patience == 0 {
			never++
		}
	}
	if never != 100 {
		t.Errorf("%d of those who waited longer than anybody are patient", never)
	}
	for name, c := range map[string]*caller{"quick": quick, "slow": slow} {
		if c.patience > 0 && c.patience <= c.waited {
			t.Errorf("%s: patient for %s after %s", name, c.patience, c.waited)
		}
	}
	if s := leftAt(d.survival(), 90*time.Second); s < 0.7 || s > 0.8 {
		t.Errorf("%.2f are left after 90 s, want three quarters", s)
	}
	if s := leftAt(d.survival(), time.Hour); s < 0.45 || s > 0.55 {
		t.Errorf("%.2f are left in the end, want half", s)
	}
}

func TestACallerTakenOutByALimitGoesOnInTheOtherQueue(t *testing.T) {
	d := read(t, logged(t, oneAgent(), 60))
	edit := oneAgent()
	help := edit.Queues["help"]
	help.MaxWait = time.Minute
	edit.Queues["help"] = help
	o := played(t, d, &edit)
	if n := o.Queues["help"].Callers.Removed; n == 0 || o.Queues["second"].Callers.Entered != n || o.Queues["second"].Callers.Answered == 0 {
		t.Errorf("%d were taken out; the second queue has %+v", n, o.Queues["second"].Callers)
	}
}

func TestPrintNamesNobodyUnlessAsked(t *testing.T) {
	d := read(t, logged(t, oneAgent(), 10))
	o := judged(t, d, d.Events)
	var plain, named strings.Builder
	if err := Print(&plain, false, Column{"as it was", o}, Column{"with the edit", o}); err != nil {
		t.Fatal(err)
	}
	if err := Print(&named, true, Column{"as it was", o}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"queue help", "SL-A", "ASA", "P50, P90", "hung up", "with the edit", "load of agents"} {
		if !strings.Contains(plain.String(), want) {
			t.Errorf("%q is missing in\n%s", want, plain.String())
		}
	}
	if strings.Contains(plain.String(), "anna") || !strings.Contains(named.String(), "anna") {
		t.Errorf("%s\n%s", plain.String(), named.String())
	}
}

func TestALogWithoutAPictureIsAnError(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "torn": `{"pict`} {
		if _, err := Read(io.Reader(strings.NewReader(text))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
