package acd

import (
	"context"
	"sync"
)

// watchers hand the newest look of each agent to those who follow it. A slow
// follower misses what lies between, never the newest.
type watchers struct {
	mu     sync.Mutex // guards the maps and every send; a few lines
	newest map[string]AgentView
	follow map[string]map[chan AgentView]bool
}

func newWatchers() *watchers {
	return &watchers{newest: map[string]AgentView{}, follow: map[string]map[chan AgentView]bool{}}
}

// show makes looks known.
func (w *watchers) show(views []AgentView) {
	if len(views) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range views {
		w.newest[v.Name] = v
		for ch := range w.follow[v.Name] {
			put(ch, v)
		}
	}
}

// put replaces what is in a slot. Only one goroutine puts at a time.
func put[T any](slot chan T, v T) {
	select {
	case <-slot:
	default:
	}
	slot <- v
}

// watch follows one agent until ctx ends; then the channel is closed.
func (w *watchers) watch(ctx context.Context, agent string) <-chan AgentView {
	ch := make(chan AgentView, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.follow[agent] == nil {
		w.follow[agent] = map[chan AgentView]bool{}
	}
	w.follow[agent][ch] = true
	if v, known := w.newest[agent]; known {
		ch <- v
	}
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.follow[agent], ch)
		if len(w.follow[agent]) == 0 {
			delete(w.follow, agent)
		}
		close(ch)
	})
	return ch
}
