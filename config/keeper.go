package config

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"breakwater/media/prompt"
)

// Part is how a room takes a config edit. It looks at the whole new config and
// either refuses it, changing nothing, or answers with a commit that cannot fail.
// A nil commit means that the part has nothing to do.
type Part func(old, next *Config) (commit func(), err error)

// Status is what the keeper can show at any moment.
type Status struct {
	Dir      string    `json:"dir"`
	Version  string    `json:"version"`           // of the config that runs
	LoadedAt time.Time `json:"loaded_at"`         // when it began to run
	Effects  []Effect  `json:"effects,omitempty"` // what the last reload changed
	Pending  []Effect  `json:"pending,omitempty"` // on disk, but only after a restart
	Refusal  *Refusal  `json:"refusal,omitempty"` // nil = what is on disk is what runs
	Reloads  uint64    `json:"reloads_total"`     // reloads that were taken
	Refused  uint64    `json:"reloads_refused_total"`
}

// Refusal is an edit that was not taken. It stays until the files are good again.
type Refusal struct {
	At       time.Time `json:"at"`
	Problems Errors    `json:"problems"`
}

// Keeper owns the config that runs. Reload replaces it when the files are good and
// every part agrees, and leaves it alone otherwise; the refusal stays visible.
type Keeper struct {
	dir     string
	around  surroundings
	log     *slog.Logger
	book    *prompt.Book           // read at the start
	current atomic.Pointer[Config] // written in a turn only
	status  atomic.Pointer[Status] // written in a turn only

	// turn holds the one token of whoever reloads: reloads follow each other. It
	// protects seen and held.
	turn chan struct{}
	seen string          // fingerprint of the files at the last attempt, good or bad
	held map[string]bool // the files that held anything when they were last taken

	mu    sync.Mutex // mu protects all following fields.
	parts []registered
}

// registered is a part with the name that a refusal tells.
type registered struct {
	name string
	part Part
}

// Keep loads dir and keeps it. The error is that of Load: a server does not start
// on a config that is wrong.
func Keep(dir string, log *slog.Logger) (*Keeper, error) {
	return keep(dir, fromSystem{dir}, log)
}

func keep(dir string, around surroundings, log *slog.Logger) (*Keeper, error) {
	r, c, err := load(dir, around)
	if err != nil {
		return nil, err
	}
	k := &Keeper{dir: dir, around: around, log: log, turn: make(chan struct{}, 1), seen: c.Version, held: written(r.sources)}
	k.book, _ = r.sounds.(*prompt.Book)
	k.current.Store(c)
	k.status.Store(&Status{Dir: dir, Version: c.Version, LoadedAt: time.Now()})
	return k, nil
}

// Current is the config that runs.
func (k *Keeper) Current() *Config { return k.current.Load() }

// Book is the prompts and music that were read when the config was loaded first. New ones
// come with a restart.
func (k *Keeper) Book() *prompt.Book { return k.book }

// Status tells what runs, what waits for a restart, and what was refused.
func (k *Keeper) Status() Status { return *k.status.Load() }

// Register adds a part; parts prepare and commit in the order they came.
func (k *Keeper) Register(name string, p Part) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.parts = append(k.parts, registered{name, p})
}

// Reload reads the files again and, if they are good and every part agrees, makes
// them run. It returns when that is done, with what changed; the error of a
// refusal is Errors, and nothing has changed then. Waiting for another reload ends
// with ctx.
func (k *Keeper) Reload(ctx context.Context) ([]Effect, error) {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return k.reload()
}

// reload runs in a turn.
func (k *Keeper) reload() ([]Effect, error) {
	old := k.Current()
	sources, err := readDir(k.dir)
	if err != nil {
		k.seen = ""
		return nil, k.refuse(AsErrors(err))
	}
	k.seen = fingerprint(sources)
	if problems := k.emptied(sources); len(problems) > 0 {
		return nil, k.refuse(problems)
	}
	r, next, err := build(sources, k.around)
	if err != nil {
		return nil, k.refuse(AsErrors(err))
	}
	running, effects, pending := splitByRestart(old, next)
	if problems := r.withOldSounds(running, next, k.around); len(problems) > 0 {
		return nil, k.refuse(problems)
	}
	commits, problems := k.prepare(old, running)
	if len(problems) > 0 {
		return nil, k.refuse(problems)
	}
	for _, commit := range commits {
		commit()
	}
	k.current.Store(running)
	k.held = written(sources)
	k.accept(running, effects, pending)
	return append(effects, pending...), nil
}

// emptied finds the files that have lost their content: an editor that was stopped
// after it truncated, a full disk, a copy that broke off. Nobody means to remove
// every phone that way.
func (k *Keeper) emptied(sources []*source) (problems Errors) {
	for _, src := range sources {
		if src.isBlank() && k.held[src.name] {
			problems = append(problems, Problem{
				File: src.name, Message: "the file is empty and held config before",
				Hint: "bring its content back; if nothing of it is wanted, write {} into it or remove the file",
			})
		}
	}
	return problems
}

// written names the files that hold anything.
func written(sources []*source) map[string]bool {
	names := make(map[string]bool, len(sources))
	for _, src := range sources {
		names[src.name] = !src.isBlank()
	}
	return names
}

// prepare asks every part, also after one has refused: an admin wants to know all.
func (k *Keeper) prepare(old, next *Config) (commits []func(), problems Errors) {
	k.mu.Lock()
	parts := k.parts[:len(k.parts):len(k.parts)]
	k.mu.Unlock()
	for _, p := range parts {
		commit, err := p.part(old, next)
		if err != nil {
			problems = append(problems, Problem{Message: fmt.Sprintf("%s refuses the new config: %v", p.name, err)})
		}
		if commit != nil {
			commits = append(commits, commit)
		}
	}
	return commits, problems
}

// refuse makes the problems visible. The same ones again are the same refusal: it
// is logged and counted once.
func (k *Keeper) refuse(problems Errors) error {
	s := k.Status()
	if s.Refusal != nil && slices.Equal(s.Refusal.Problems, problems) {
		return problems
	}
	s.Refusal = &Refusal{At: time.Now(), Problems: problems}
	s.Refused++
	k.status.Store(&s)
	k.log.Error("config refused, the last good one runs on", "dir", k.dir, "running", s.Version, "problems", len(problems), "first", problems[0].String())
	return problems
}

func (k *Keeper) accept(c *Config, effects, pending []Effect) {
	s := k.Status()
	if c.Version != s.Version || len(effects) > 0 {
		s.LoadedAt = time.Now()
	}
	s.Version, s.Effects, s.Pending, s.Refusal = c.Version, effects, pending, nil
	s.Reloads++
	k.status.Store(&s)
	for _, e := range effects {
		k.log.Info("config changed", "what", e.Text, "when", e.When)
	}
	for _, e := range pending {
		k.log.Warn("config change waits for a restart", "what", e.Text)
	}
	k.log.Info("config loaded", "dir", k.dir, "version", c.Version, "changes", len(effects), "pending", len(pending))
}

// onDisk is the fingerprint of the files as they are now; empty when they cannot
// be read.
func (k *Keeper) onDisk() string {
	sources, err := readDir(k.dir)
	if err != nil {
		return ""
	}
	return fingerprint(sources)
}
