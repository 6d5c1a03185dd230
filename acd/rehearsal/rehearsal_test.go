package rehearsal

import (
	"bytes"
	"context"
	"fmt"
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
	return written(t, plan, callers, nil)
}

// written is logged where some callers do otherwise.
func written(t *testing.T, plan acd.Plan, callers int, change func(i int, v *visit)) []byte {
	t.Helper()
	begin := acd.Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "b", Mono: time.Hour}
	start, err := acd.NewRerun(plan, begin)
	if err != nil {
		t.Fatal(err)
	}
	day := &Day{Begin: start.Picture(), habits: map[string][]answer{}}
	for i := range 7 {
		a := answer{after: 3 * time.Second}
		if i == 6 {
			a.miss = acd.MissDeclined
		}
		day.habits["anna"] = append(day.habits["anna"], a)
	}
	for _, name := range []string{"anna", "bert"} {
		day.moments = append(day.moments, moment{at: begin.Mono + time.Second, in: acd.Input{
			Kind: acd.InCommand, Agent: name, Command: &acd.Command{Verb: acd.LogIn, Phone: "p-" + name},
		}})
	}
	for i := range callers {
		call := fmt.Sprintf("c%03d", i)
		v := &visit{talk: 50 * time.Second, patience: 4 * time.Minute, leaves: "abandoned", outcome: acd.Outcome{Cause: "caller_ended"}}
		m := moment{at: begin.Mono + time.Duration(i+1)*30*time.Second, visit: v}
		m.in = acd.Input{Kind: acd.InEnter, Entry: &acd.Entry{Call: call, Queue: "help", Caller: fmt.Sprintf("0301%03d", i)}}
		if change != nil {
			change(i, v)
		}
		day.visits, day.moments = append(day.visits, v), append(day.moments, m)
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
	d, err := Read(File{"day.jsonl", bytes.NewReader(text)})
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
	out, err := d.Play(plan)
	if err != nil {
		t.Fatal(err)
	}
	return judged(t, d, out.Events)
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
	d := &Day{}
	add := func(v *visit) { d.visits = append(d.visits, v) }
	for range 50 {
		add(&visit{patience: time.Minute})
		add(&visit{patience: 2 * time.Minute})
	}
	for range 100 {
		add(&visit{waited: 3 * time.Minute})
	}
	quick, slow := &visit{waited: time.Second}, &visit{waited: 90 * time.Second}
	add(quick)
	add(slow)
	d.guessPatience()
	never := 0
	for _, v := range d.visits[100:200] {
		if v.patience == 0 {
			never++
		}
	}
	if never != 100 {
		t.Errorf("%d of those who waited longer than anybody are patient", never)
	}
	for name, v := range map[string]*visit{"quick": quick, "slow": slow} {
		if v.patience > 0 && v.patience <= v.waited {
			t.Errorf("%s: patient for %s after %s", name, v.patience, v.waited)
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
	for _, want := range []string{"queue help", "SL-A", "ASA", "nine of ten", "hung up", "with the edit", "load of agents", "change"} {
		if !strings.Contains(plain.String(), want) {
			t.Errorf("%q is missing in\n%s", want, plain.String())
		}
	}
	if strings.Contains(plain.String(), "anna") || !strings.Contains(named.String(), "anna") {
		t.Errorf("%s\n%s", plain.String(), named.String())
	}
}

func TestALogThatIsNoneIsNamed(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "torn": `{"pict`, "other text": "hello\nworld\n"} {
		if _, err := Read(File{"day.jsonl", strings.NewReader(text)}); err == nil || !strings.HasPrefix(err.Error(), "day.jsonl: this is no decision log") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(); err == nil {
		t.Error("no file at all is no error")
	}
}

func TestALineThatCannotBeReadIsNamedAndTheRestIsPlayed(t *testing.T) {
	lines := bytes.SplitAfter(logged(t, oneAgent(), 10), []byte("\n"))
	lines[3] = []byte("{half of a li\n")
	d := read(t, bytes.Join(lines, nil))
	if len(d.Unread) != 1 || !strings.HasPrefix(d.Unread[0], "day.jsonl:4: ") {
		t.Errorf("unread %q", d.Unread)
	}
	if n := judged(t, d, d.Events).Queues["help"].Callers.Entered; n < 8 {
		t.Errorf("%d callers are left", n)
	}
}

// TestTheTableReadsWell holds the whole output of one small day: labels, units, columns
// under each other, and what changes.
func TestTheTableReadsWell(t *testing.T) {
	d := read(t, logged(t, oneAgent(), 12))
	edit := edited(oneAgent(), func(q *acd.QueueSpec) { q.Agents = []string{"anna", "bert"} })
	var got strings.Builder
	if err := Print(&got, true, Column{"as it was", judged(t, d, d.Events)}, Column{"with the edit", played(t, d, &edit)}); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/table.txt")
	if err != nil {
		t.Fatal(err)
	}
	if text := trimmed(got.String()); text != string(want) {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// trimmed is a text without blanks at the ends of lines.
func trimmed(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
