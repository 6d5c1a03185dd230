package acd

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWhatACallerTypesMakesNoConditionOfItsOwn: else a thousand callers with a thousand
// order numbers made a thousand lines, each with every agent in it.
func TestWhatACallerTypesMakesNoConditionOfItsOwn(t *testing.T) {
	p := team(map[string]QueueSpec{"q": {
		Needs:  `x >= 1 && (int(data.order) < 1000 || x >= 2)`,
		Relax:  []Relax{{After: time.Minute, Needs: `x >= 1 && data.tongue != "zh"`}},
		Boosts: []Boost{{When: `data.order startsWith "7"`, Minutes: 1}},
	}}, "anna")
	p.Agents["anna"] = AgentSpec{Skills: map[string]int{"x": 3}}
	y := start(t, p)
	y.logIn("anna")
	for i := range 2000 {
		y.enter(Entry{Call: fmt.Sprint("c", i), Queue: "q", Data: map[string]any{"order": fmt.Sprint(i), "tongue": fmt.Sprint(i)}})
	}
	q := y.b.routes.queues["q"]
	if n := len(q.all); n > 5 { // two answers, one error of who says nothing; one more step
		t.Errorf("%d conditions", n)
	}
	if n := len(q.classes); n > 7 {
		t.Errorf("%d classes", n)
	}
}

func TestCallsAreAlikeWhenTheyAnswerAlike(t *testing.T) {
	d := newDictionary(map[string]AgentSpec{"anna": {Skills: map[string]int{"x": 3, "y": 1}}})
	for name, tc := range map[string]struct {
		text  string
		a, b  map[string]any
		alike bool
	}{
		"the same side of a limit":          {"int(data.n) > 5", map[string]any{"n": "6"}, map[string]any{"n": "7"}, true},
		"two sides of a limit":              {"int(data.n) > 5", map[string]any{"n": "5"}, map[string]any{"n": "6"}, false},
		"what is no number is neither":      {"int(data.n) > 5", map[string]any{"n": "x"}, map[string]any{"n": "1"}, false},
		"nothing said is no number either":  {"int(data.n) > 5", map[string]any{"n": "x"}, nil, true},
		"beside a skill the value counts":   {"x > int(data.n)", map[string]any{"n": "1"}, map[string]any{"n": "2"}, false},
		"one value in two spellings":        {"x > int(data.n)", map[string]any{"n": "1"}, map[string]any{"n": "01"}, true},
		"a field chosen by a skill":         {`data[x > 1 ? "a" : "b"] == "1"`, map[string]any{"a": "1"}, map[string]any{"a": "2"}, false},
		"each part of && by itself":         {`data.a == "1" && data.b == "1"`, map[string]any{"a": "1"}, map[string]any{"b": "1"}, false},
		"a skill between two questions":     {`data.a == "1" || x > 1 || data.b == "1"`, map[string]any{"a": "2", "b": "3"}, map[string]any{"a": "3", "b": "2"}, true},
		"a name for a part of the question": {`let n = int(data.n); x > 5 || n > 5`, map[string]any{"n": "1"}, map[string]any{"n": "2"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := d.compile(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := n.signature(tc.a) == n.signature(tc.b); got != tc.alike {
				t.Errorf("alike %v, want %v: %s, %s", got, tc.alike, n.signature(tc.a), n.signature(tc.b))
			}
		})
	}
}

// FuzzCallsOfOneSignature: whatever a condition asks, two calls of one signature are
// served by the same agents, and lack the same for the same reason.
func FuzzCallsOfOneSignature(f *testing.F) {
	f.Add("int(data.n) > 5 || x >= 3", "6", "7")
	f.Add(`data.n == "a" && x >= 1 && data.m != "b"`, "a", "b")
	f.Add(`x > 1 ? data.n == "1" : data.m == "1"`, "1", "2")
	f.Add(`not (data.n in ["1", "2"]) and x >= 3`, "1", "3")
	agents := map[string]AgentSpec{"anna": {Skills: map[string]int{"x": 3}}, "bert": {Skills: map[string]int{"x": 1}}, "cleo": {}}
	d := newDictionary(agents)
	f.Fuzz(func(t *testing.T, text, one, other string) {
		n, err := d.compile(text)
		if err != nil {
			return
		}
		a, b := map[string]any{"n": one, "m": other}, map[string]any{"n": other, "m": one}
		if n.signature(a) != n.signature(b) {
			return
		}
		for name, spec := range agents {
			env := d.env(spec)
			if n.met(env, a) != n.met(env, b) || n.lacking(env, a) != n.lacking(env, b) {
				t.Errorf("%q: %s meets %v: %v, %v: %v", text, name, a, n.met(env, a), b, n.met(env, b))
			}
		}
	})
}

func TestCallDataAreText(t *testing.T) {
	for text, wants := range map[string][]string{
		"data.order > 1000":               {"column 12", "int(data.NAME)"},
		"data.choice == 1":                {"column 13", `"1"`},
		"x >= data.level":                 {"column 3", "int(data.NAME)"},
		"int(data.order) > 1000":          nil,
		`data.choice == "1"`:              nil,
		"float(data.sum) > 0.5 && x >= 1": nil,
		`data.tier in ["gold", "silver"]`: nil,
	} {
		t.Run(text, func(t *testing.T) {
			p := team(map[string]QueueSpec{"q": {Needs: text}}, "anna")
			p.Agents["anna"] = AgentSpec{Skills: map[string]int{"x": 3}}
			if wrong := p.Check(); len(wrong) > 0 {
				t.Fatal(wrong)
			}
			got := p.CheckTexts()["queues.q.needs"]
			if (got != "") != (wants != nil) || slices.ContainsFunc(wants, func(w string) bool { return !strings.Contains(got, w) }) {
				t.Errorf("said %q, want all of %q", got, wants)
			}
		})
	}
}

// TestWhyNamesWhatThisCallerLacks: callers of one condition lack the same part of it.
func TestWhyNamesWhatThisCallerLacks(t *testing.T) {
	y := start(t, team(map[string]QueueSpec{"q": {Agents: []string{"anna"}, Needs: `data.a == "1" && data.b == "1"`, LeaveOn: []AgentState{}}}, "anna"))
	y.logIn("anna")
	for _, one := range []string{"a", "b"} {
		y.enter(Entry{Call: "has-" + one, Queue: "q", Data: map[string]any{one: "1"}})
	}
	for call, lack := range map[string]string{"has-a": `data.b == "1"`, "has-b": `data.a == "1"`} {
		lines, err := y.b.why(Whom{Call: call})
		if text := strings.Join(lines, "\n"); err != nil || !strings.Contains(text, "not meet "+lack) {
			t.Errorf("%s: want %s in\n%s (%v)", call, lack, text, err)
		}
	}
}
