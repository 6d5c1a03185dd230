package call

import (
	"context"
	"slices"
	"strings"
	"time"

	"breakwater/acd"
)

// nothingLeft is what must be true after every test, whatever happened in it: no leg
// is up, nothing plays, no bridge and no recording is open, no phone is kept from
// queue calls, no agent is held, and every call has one sealed record that is whole.
func (r *room) nothingLeft() {
	r.t.Helper()
	for _, l := range slices.Concat(r.callers, r.dialer.all()) {
		if l.up() {
			r.t.Errorf("leg %s %s is still up", l.party.ID, l.party.Number)
		}
		if playing := l.hears(); playing != nil {
			r.t.Errorf("leg %s still hears %v", l.party.ID, playing)
		}
	}
	if n := r.sounds.bridges(); n != 0 {
		r.t.Errorf("%d bridges are still open", n)
	}
	if n := r.sounds.running(); n != 0 {
		r.t.Errorf("%d recordings still run", n)
	}
	r.phonesAreFree()
	r.agentsAreFree()
	r.recordsAreWhole()
	for _, name := range []string{"call_panics_total", "call_inbox_full_total", "records_sealed_twice_total", "records_lost_total"} {
		if n := r.count(name); n != 0 && !r.meant[name] {
			r.t.Errorf("%s is %d", name, n)
		}
	}
}

func (r *room) phonesAreFree() {
	r.t.Helper()
	r.x.phones.mu.Lock()
	defer r.x.phones.mu.Unlock()
	for phone, n := range r.x.phones.busy {
		r.t.Errorf("phone %s is still engaged %d times", phone, n)
	}
	for phone, n := range r.x.phones.paged {
		r.t.Errorf("phone %s is still paged %d times", phone, n)
	}
}

func (r *room) agentsAreFree() {
	r.t.Helper()
	agents, err := r.floor.Agents(context.Background())
	if err != nil {
		r.t.Errorf("agents: %v", err)
	}
	for _, a := range agents {
		if a.State == acd.Offered || a.State == acd.OnCall {
			r.t.Errorf("agent %s is still %s (call %s)", a.Name, a.State, a.Call)
		}
	}
	queues, err := r.floor.Queues(context.Background())
	if err != nil {
		r.t.Errorf("queues: %v", err)
	}
	for _, q := range queues {
		if q.Waiting != 0 {
			r.t.Errorf("%d callers still wait in %s", q.Waiting, q.Name)
		}
	}
	if c := r.floor.Counters(); c.DoubleOffers+c.WrapUpsCutShort+c.RestsCutShort+c.StuckAgents != 0 {
		r.t.Errorf("broken promises of the floor: %+v", c)
	}
}

func (r *room) recordsAreWhole() {
	r.t.Helper()
	if r.kept {
		return
	}
	all := r.journal.all()
	called := slices.DeleteFunc(slices.Clone(all), func(r Record) bool { return r.Callback != "" || r.TalkWith != "" })
	if len(called) != len(r.callers) || r.journal.twice != 0 {
		r.t.Errorf("%d records of %d calls, %d sealed twice", len(all), len(r.callers), r.journal.twice)
	}
	legs := 0
	for i := range all {
		for _, l := range all[i].Legs {
			if !l.Lent { // that call accounts for it
				legs++
			}
		}
		for _, complaint := range faults(&all[i]) {
			r.t.Errorf("record of the call from %s: %s", all[i].Caller, complaint)
		}
	}
	if want := len(r.callers) + len(r.dialer.all()); legs != want {
		r.t.Errorf("the records account for %d legs, there were %d", legs, want)
	}
}

// faults says what is not whole or not possible in a record.
func faults(r *Record) (all []string) {
	complain := func(bad bool, what string) {
		if bad {
			all = append(all, what)
		}
	}
	complain(r.Cause.Metric == "" || r.Cause.By == 0, "no cause")
	complain(r.End.Before(r.Start), "ended before it began")
	incoming := 0
	for _, l := range r.Legs {
		if l.Party.Incoming && !l.Lent {
			incoming++
		}
		complain(l.End.IsZero() || l.Cause.Metric == "", "leg "+l.Party.ID+" has no end")
		complain(!l.Answer.IsZero() && l.End.Before(l.Answer), "leg "+l.Party.ID+" ended before its answer")
	}
	outgoing := r.Callback != "" || r.TalkWith != ""
	complain(incoming != 1 && !outgoing || incoming != 0 && outgoing, "not exactly one caller")
	for _, a := range r.Attempts {
		complain(a.Result == "" || a.Rang < 0, "attempt at "+a.Agent+" has no result")
	}
	for i, s := range r.Segments {
		complain(s.To.Before(s.From) || s.To.IsZero(), "segment "+s.Kind+" has no end")
		if i > 0 && s.Kind != "supervise" { // which runs beside them, and stands behind them
			before := r.Segments[i-1]
			complain(before.Kind == "supervise" || s.From.Before(before.To), "segment "+s.Kind+" begins in the one before")
		}
	}
	return append(all, faultySteps(r)...)
}

// faultySteps holds the steps against what can happen: time goes on, what begins
// ends, and the ladder never stands still between two stages.
func faultySteps(r *Record) (all []string) {
	open := ""
	taped := 0
	var last time.Duration
	for _, s := range r.Steps {
		if s.Mono < last {
			all = append(all, "step "+s.Name+" is before the one before it")
		}
		last = s.Mono
		switch s.Name {
		case "prompt.start":
			if open != "" {
				all = append(all, "prompt "+s.Note+" begins in "+open)
			}
			open = s.Note
		case "prompt.end", "prompt.cut", "prompt.stop":
			if open != s.Note {
				all = append(all, s.Name+" of "+s.Note+" while "+open+" plays")
			}
			open = ""
		case "recording.start":
			taped++
		case "recording.end":
			taped--
		}
	}
	if open != "" {
		all = append(all, "prompt "+open+" never ended")
	}
	if taped != 0 {
		all = append(all, "a recording has no end")
	}
	return all
}

// stepNames are the names of the steps, in order.
func stepNames(r Record) (names []string) {
	for _, s := range r.Steps {
		names = append(names, s.Name)
	}
	return names
}

// stages are the stages of the ladder that the record tells of, in order.
func stages(r Record) string {
	var all []string
	for _, s := range r.Steps {
		if stage, ok := strings.CutPrefix(s.Name, "protect."); ok {
			all = append(all, stage)
		}
	}
	return strings.Join(all, " ")
}

// noted tells whether the record has a step with this note.
func noted(r Record, name, note string) bool {
	return slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Name == name && s.Note == note })
}

// talked are the agents of the record's conversations, in order.
func talked(r Record) (agents []string) {
	for _, s := range r.Segments {
		if s.Kind == "talk" {
			agents = append(agents, s.Agent)
		}
	}
	return agents
}
