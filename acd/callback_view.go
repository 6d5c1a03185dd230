package acd

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// CallbackView is a callback or message as others may see it.
type CallbackView struct {
	Ticket uint64    `json:"ticket"`
	Queue  string    `json:"queue"`
	Number string    `json:"number"`
	Kind   string    `json:"kind"`
	Since  time.Time `json:"since"`
	Tries  int       `json:"tries"`
	Held   string    `json:"held,omitempty"` // what keeps it from an agent; empty = its turn
	Agent  string    `json:"agent,omitempty"`

	Message string        `json:"message,omitempty"` // of a message: its recording
	Length  time.Duration `json:"length_ns,omitempty"`
}

// callbackViews gives every callback, the first to be served first.
func (b *board) callbackViews() []CallbackView {
	var all []*ticket
	for _, t := range b.inOrder() {
		if t.isBack() {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(x, y *ticket) int { return cmp.Compare(x.since, y.since) })
	out := make([]CallbackView, 0, len(all))
	for _, t := range all {
		v := CallbackView{
			Ticket: t.id, Queue: t.entry.Queue, Number: t.back.Number, Kind: t.back.Kind,
			Since: b.stamp(t.since).Wall, Tries: t.back.Tries, Message: t.back.Message, Length: t.back.Length,
		}
		_, v.Held = b.held(t)
		if t.back.seat != nil {
			v.Agent = t.back.seat.agent.Name
		}
		out = append(out, v)
	}
	return out
}

// whyBack says what is special about a callback.
func (b *board) whyBack(t *ticket) []string {
	out := []string{fmt.Sprintf("is a callback to %s (%s), dialled %d times; it goes behind every caller on the line who is older",
		t.back.Number, t.back.Kind, t.back.Tries)}
	if t.isMessage() {
		out[0] = t.back.whyMessage()
	}
	if _, why := b.held(t); why != "" {
		out = append(out, why)
	}
	return out
}
