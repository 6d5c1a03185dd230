package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/sip/siptest"
)

const second = time.Second

// patience is how long anything may take that should happen now.
const patience = 45 * time.Second // within longest

// scene is one story being played: a script's hands and eyes. When something could
// not be done, what follows in the script is left out, so that a script reads as
// what happens and not as what may fail. One goroutine owns it.
type scene struct {
	*stage
	ctx  context.Context // a scene lives only as long as its context
	act  act
	no   int  // 0 = not a call
	lost bool // something could not be done; the rest is left out

	checks
	parties    []*party
	outcome    string
	recordings []string
}

func newScene(ctx context.Context, st *stage, a act) *scene {
	return &scene{stage: st, ctx: ctx, act: a}
}

func (s *scene) title() string {
	if s.no == 0 {
		return s.act.name
	}
	return fmt.Sprintf("%d %s", s.no, s.act.name)
}

// run plays the story to its end, or to where it is lost.
func (s *scene) run() {
	s.act.play(s)
	if s.lost {
		s.giveUp()
	}
	switch {
	case s.failed():
		s.outcome = "NOT AS PROMISED"
	case s.no > 0:
		s.say("checked: all %d as promised", s.good)
	}
}

// giveUp ends what is left of a lost story and tells what its records say of it.
func (s *scene) giveUp() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 3*time.Second)
	defer cancel()
	for _, p := range s.parties {
		if p.call != nil {
			_ = p.call.Hangup(ctx) // the story is lost already
		}
	}
	for _, p := range s.parties {
		if p.number == "" {
			continue // an agent
		}
		r, err := s.sealed(ctx, p.number)
		if err != nil {
			s.tell.line(s.title(), "record of %s: %v", p.name, err)
		}
		for _, step := range r.Steps {
			s.tell.line(s.title(), "record of %s: %6.1f s  %s %s", p.name, step.Mono.Seconds(), step.Name, step.Note)
		}
	}
}

// say tells one line of the story.
func (s *scene) say(format string, args ...any) {
	if !s.lost {
		s.tell.line(s.title(), format, args...)
	}
}

// do carries out one step of the script, within patience, unless the story is lost.
func (s *scene) do(what string, step func(ctx context.Context) error) {
	if s.lost {
		return
	}
	ctx, cancel := context.WithTimeoutCause(s.ctx, patience, fmt.Errorf("nothing came of it within %v", patience))
	defer cancel()
	if err := step(ctx); err != nil {
		s.lost = true
		s.fail(fmt.Sprintf("%s: %v", what, err))
		s.tell.line(s.title(), "FAILED  %s: %v", what, err)
	}
}

// pause lets the story be for a moment.
func (s *scene) pause(d time.Duration) {
	s.do("pause", func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// party brings somebody into the story.
func (s *scene) party(name string, voice float64) *party {
	p := &party{s: s, name: name, voice: voice}
	s.parties = append(s.parties, p)
	return p
}

// dials lets a caller from outside dial a number and be answered by the server.
func (s *scene) dials(name, number string) *party {
	p := s.party(name, s.voice())
	p.number = fmt.Sprintf("0305550%04.0f", p.voice)
	s.do(name+" dials", func(ctx context.Context) (err error) {
		p.call, err = s.city.Dial(ctx, siptest.Dial{Number: number, From: p.number, Name: name})
		if err != nil {
			return err
		}
		p.since = time.Now()
		return p.call.WaitAnswered(ctx)
	})
	s.say("%s (%s) dials %s and is answered", name, p.number, number)
	return p
}

// rings waits until an agent's phone rings.
func (s *scene) rings(agent string) *party {
	d := s.desks[agent]
	p := s.party(shown(agent), d.voice)
	s.do("phone of "+p.name+" rings", func(ctx context.Context) error {
		select {
		case p.call = <-d.phone.Incoming():
			p.since = time.Now()
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	if !s.lost {
		s.say("the phone of %s rings and shows “%s”, %s", p.name, p.call.FromName(), p.call.From())
	}
	return p
}

// shown is an agent's name as people write it.
func shown(agent string) string {
	if agent == "" {
		return "nobody"
	}
	return strings.ToUpper(agent[:1]) + agent[1:]
}

// code lets an agent dial a code and gives no thought to what it says.
func (s *scene) code(agent, code, meaning string) {
	s.say("%s dials %s: %s", shown(agent), code, meaning)
	s.do(agent+" dials "+code, func(ctx context.Context) error { return s.desks[agent].dial(ctx, code, "") })
}

// becomes waits until an agent is shown in a state.
func (s *scene) becomes(agent string, state acd.AgentState) (view acd.AgentView) {
	s.do(agent+" becomes "+string(state), func(ctx context.Context) error {
		err := until(ctx, func() (bool, error) {
			var err error
			view, err = s.agent(ctx, agent)
			return view.State == state, err
		})
		if err != nil {
			return fmt.Errorf("is %s: %w", view.State, err)
		}
		return nil
	})
	return view
}

// why asks the floor why a caller waits.
func (s *scene) why(caller *party) (sentences []string) {
	s.do("why does "+caller.name+" wait", func(ctx context.Context) (err error) {
		sentences, err = s.house.Floor.Why(ctx, acd.Whom{Call: s.live(caller).ID})
		return err
	})
	return sentences
}

// live is a caller's call as the server shows it; the zero value when there is none.
func (s *scene) live(caller *party) call.View {
	for _, c := range s.house.Exchange.Calls() {
		if c.Caller == caller.number {
			return c
		}
	}
	return call.View{}
}

// waits looks until a caller stands in a queue, and nobody's phone rings for them.
func (s *scene) waits(caller *party) {
	s.do(caller.name+" waits", func(ctx context.Context) error {
		return until(ctx, func() (bool, error) { return s.live(caller).Phase == "waiting", nil })
	})
}

// record waits for the sealed record of a caller's call. The recordings it names
// belong to what is left to listen to.
func (s *scene) record(caller *party) (r call.Record) {
	s.do("record of "+caller.name, func(ctx context.Context) (err error) {
		r, err = s.sealed(ctx, caller.number)
		return err
	})
	if s.lost {
		return r
	}
	s.recordings = append(s.recordings, r.Recordings...)
	inOrder := slices.IsSortedFunc(r.Steps, func(a, b call.Step) int { return cmp.Compare(a.Mono, b.Mono) })
	s.that("steps of the record of "+caller.name, inOrder, "expected them in order, saw another one")
	return r
}

// sealed waits for the record of the only call from a number.
func (st *stage) sealed(ctx context.Context, number string) (r call.Record, err error) {
	err = until(ctx, func() (bool, error) {
		found, err := st.house.Store.Records(ctx, call.Query{Caller: number})
		if err != nil || len(found) == 0 {
			return false, err
		}
		r = found[0]
		return true, nil
	})
	return r, err
}
