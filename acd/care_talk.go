package acd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// askTalk asks a team leader to talk with an agent: after as many protected calls in a
// working day as the settings name, and again with the one that takes the agent off hostile
// queues. Who is waiting for a talk already waits for no second one.
func (b *board) askTalk(a *agent) {
	c := &b.routes.settings.Care
	if n := a.Care.Events; c.TalkAfter <= 0 || a.Care.Talk || n == 0 || n != c.TalkAfter && n != c.OffHostileAfter {
		return
	}
	b.count.Care.TalksWanted++
	b.sure(a, Event{Kind: KindTalkWanted, Reason: fmt.Sprintf("%d protected calls in this working day", a.Care.Events)})
}

// takeTalk notes that a supervisor takes a talk on. The first one has it.
func (b *board) takeTalk(agent, by string) error {
	a := b.agents[agent]
	switch {
	case a == nil:
		return fmt.Errorf("agent %s: %w", agent, ErrNoAgent)
	case by == "" || by == agent:
		return fmt.Errorf("a talk with %s takes another person: %w", agent, ErrNoTalk)
	case !a.Care.Talk:
		return fmt.Errorf("no talk with %s is asked for (any more): %w", agent, ErrNoTalk)
	case a.Care.TalkBy == by:
		return nil
	case a.Care.TalkBy != "":
		return fmt.Errorf("%s has taken the talk with %s: %w", a.Care.TalkBy, agent, ErrNoTalk)
	}
	b.count.Care.TalksTaken++
	return b.change(a, Event{Kind: KindTalkTaken, Care: CareFact{By: by}})
}

// talked notes that the team leader has talked with an agent who needed it.
func (b *board) talked(agent, by string) error {
	a := b.agents[agent]
	switch {
	case a == nil:
		return fmt.Errorf("agent %s: %w", agent, ErrNoAgent)
	case !a.Care.Talk:
		return nil
	}
	return b.change(a, Event{Kind: KindTalked, Care: CareFact{By: by}})
}

// whyTalk says that a talk is asked for; empty = none is.
func (a *agent) whyTalk() string {
	switch {
	case !a.Care.Talk:
		return ""
	case a.Care.TalkBy != "":
		return fmt.Sprintf("%s has taken on to talk with %s after hard calls", a.Care.TalkBy, a.Name)
	}
	return fmt.Sprintf("a team leader is asked to talk with %s after hard calls", a.Name)
}

// TalkWish is an agent with whom a team leader is asked to talk after hard calls. It is open
// until somebody has, or until the next working day, and tells nothing of the calls.
type TalkWish struct {
	Agent string     `json:"agent"`
	Phone string     `json:"phone,omitempty"` // where they are logged in
	State AgentState `json:"state"`
	Since time.Time  `json:"since"`        // asked for
	By    string     `json:"by,omitempty"` // the supervisor who has taken it on; empty = nobody yet
}

// Talks gives the talks that are asked for, by the agent's name.
func (f *Floor) Talks(ctx context.Context) (wishes []TalkWish, err error) {
	err = f.do(ctx, &errand{act: func(b *board) error {
		wishes = b.talks()
		return nil
	}})
	return wishes, err
}

func (b *board) talks() []TalkWish {
	wishes := []TalkWish{}
	for _, name := range slices.Sorted(maps.Keys(b.agents)) {
		if a := b.agents[name]; a.Care.Talk {
			wishes = append(wishes, TalkWish{Agent: name, Phone: a.Phone, State: a.State, Since: b.stamp(a.Care.TalkAt).Wall, By: a.Care.TalkBy})
		}
	}
	return wishes
}

// TakeTalk says that a supervisor takes on to talk with an agent: nobody else is asked any
// more. Errors: ErrNoAgent, ErrNoTalk (none is asked for, another one has it), ErrNotDurable
// (see Do).
func (f *Floor) TakeTalk(ctx context.Context, agent, by string) (AgentView, error) {
	return f.change(ctx, agent, Input{Kind: InTakeTalk, Agent: agent, Why: by})
}

// Talked says that a team leader has talked with an agent after hard calls. It is a
// no-op where no talk is asked for. Errors: ErrNoAgent, ErrNotDurable (see Do).
func (f *Floor) Talked(ctx context.Context, agent, by string) (AgentView, error) {
	return f.change(ctx, agent, Input{Kind: InTalked, Agent: agent, Why: by})
}
