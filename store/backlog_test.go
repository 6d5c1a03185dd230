package store

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"breakwater/acd"
	"breakwater/store/memory"
	"breakwater/store/redis"
)

// far is a ledger on another machine: it takes events, or does not, or takes them without
// anybody hearing of it.
type far struct {
	*memory.Store

	mu    sync.Mutex // protects what follows
	fault func(context.Context) error
	late  bool // the fault comes after the events have arrived
}

func (f *far) is(fault func(context.Context) error, late bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.late = fault, late
}

func (f *far) Append(ctx context.Context, events []acd.Event) error {
	f.mu.Lock()
	fault, late := f.fault, f.late
	f.mu.Unlock()
	if fault == nil || late {
		if err := f.Store.Append(ctx, events); err != nil {
			return err
		}
	}
	if fault != nil {
		return fault(ctx)
	}
	return nil
}

var errAway = errors.New("the ledger is away")

func away(context.Context) error { return errAway }

func silent(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (f *far) seqs(t interface{ Fatal(...any) }) (seqs []uint64) {
	for e, err := range f.Events(context.Background(), time.Time{}, time.Unix(1<<40, 0)) {
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func numbered(from, to uint64) (events []acd.Event) {
	for seq := from; seq <= to; seq++ {
		events = append(events, acd.Event{Seq: seq, Kind: acd.KindReady, Agent: "anna", Who: &acd.Caller{Number: "0301"}})
	}
	return events
}

func openedBacklog(t *testing.T, l acd.Ledger, path string) *Backlog {
	t.Helper()
	b, err := OpenBacklog(t.Context(), l, path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// runningBacklog is one that brings what waits until the test ends.
func runningBacklog(t *testing.T, l acd.Ledger, path string) *Backlog {
	t.Helper()
	b := openedBacklog(t, l, path)
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go func() { _ = b.Run(ctx) }()
	return b
}

// TestEventsOfAnOutageComeInOrderAndOnce: whatever the outage is like, with Run or with a
// kill and another start.
func TestEventsOfAnOutageComeInOrderAndOnce(t *testing.T) {
	for name, f := range map[string]*far{
		"refused":                {fault: away},
		"silent":                 {fault: silent},
		"arrived, but not heard": {fault: away, late: true},
	} {
		for _, killed := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := &far{Store: memory.New()}
					path := filepath.Join(t.TempDir(), "new", "events.spill")
					b := openedBacklog(t, l, path)
					ctx, stop := context.WithCancel(t.Context())
					ran := make(chan error, 1)
					go func() { ran <- b.Run(ctx) }()
					take := func(from, to uint64) {
						t.Helper()
						began := time.Now()
						if err := b.Append(t.Context(), numbered(from, to)); err != nil {
							t.Fatal(err)
						}
						if took := time.Since(began); took >= 2*time.Second {
							t.Errorf("durable after %s", took)
						}
					}
					take(1, 3)
					l.is(f.fault, f.late)
					take(4, 5)
					take(6, 6)
					if n := b.Waiting(); n != 3 && !f.late {
						t.Errorf("%d events wait, want 3", n)
					}
					if !f.late {
						if err := b.Compact(t.Context(), 6, []byte("{}")); err == nil {
							t.Error("a snapshot passed the events that wait")
						}
					}
					if killed {
						stop()
						synctest.Wait()
						l.is(nil, false)
						b = openedBacklog(t, l, path)
					} else {
						<-time.After(time.Minute) // of the bubble: many attempts in vain
						l.is(nil, false)
						<-time.After(10 * time.Second)
					}
					if n := b.Waiting(); n != 0 {
						t.Errorf("%d events wait when the ledger is back", n)
					}
					take(7, 8)
					stop()
					if err := <-ran; err != nil {
						t.Error(err)
					}
					if d := cmp.Diff([]uint64{1, 2, 3, 4, 5, 6, 7, 8}, l.seqs(t)); d != "" {
						t.Error(d)
					}
					if _, events, err := b.Load(t.Context()); err != nil || cmp.Diff(numbered(1, 8), events) != "" {
						t.Errorf("a restart finds something else: %v", err)
					}
				})
			})
		}
	}
}

// TestPromiseABacklogLosesAndDoublesNothing: events, faults, kills and returns in any order.
func TestPromiseABacklogLosesAndDoublesNothing(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "events.spill")
		_ = os.Remove(path)
		l := &far{Store: memory.New()}
		open := func() *Backlog {
			b, err := OpenBacklog(context.Background(), l, path, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		b, seq := open(), uint64(0)
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				l.is(away, rapid.Bool().Draw(t, "late"))
			case 1:
				l.is(nil, false)
			case 2:
				_ = b.drain(context.Background()) // as Run does, in vain or not
			case 3: // kill -9, and a start that needs the ledger
				l.is(nil, false)
				b = open()
			default:
				n := uint64(rapid.IntRange(1, 5).Draw(t, "events"))
				if err := b.Append(context.Background(), numbered(seq+1, seq+n)); err != nil {
					t.Fatal(err)
				}
				seq += n
			}
		}
		l.is(nil, false)
		open()
		got := l.seqs(t)
		for i, s := range got {
			if s != uint64(i+1) {
				t.Fatalf("the ledger has %v", got)
			}
		}
		if uint64(len(got)) != seq {
			t.Fatalf("the ledger has %d events of %d", len(got), seq)
		}
	})
}

// TestWhatDoesNotFollowIsPutAside: another server took over during the outage, or the disk
// has damaged the file. Nothing is deleted, and nothing forks the ledger.
func TestWhatDoesNotFollowIsPutAside(t *testing.T) {
	for name, after := range map[string]func(l *far, path string) error{
		"another server wrote": func(l *far, _ string) error {
			return l.Store.Append(context.Background(), []acd.Event{{Seq: 4, Agent: "of another"}, {Seq: 5}, {Seq: 6}})
		},
		"another server wrote and compacted": func(l *far, _ string) error {
			return errors.Join(l.Store.Append(context.Background(), numbered(4, 9)), l.Compact(context.Background(), 9, []byte("{}")))
		},
		"a line is damaged": func(_ *far, path string) error {
			text, err := os.ReadFile(path)
			text[1] = 0
			return errors.Join(err, os.WriteFile(path, text, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, path := &far{Store: memory.New()}, filepath.Join(t.TempDir(), "events.spill")
			b := openedBacklog(t, l, path)
			l.is(away, false)
			if err := b.Append(t.Context(), numbered(4, 5)); err != nil {
				t.Fatal(err)
			}
			l.is(nil, false)
			if err := after(l, path); err != nil {
				t.Fatal(err)
			}
			before := len(l.seqs(t))
			openedBacklog(t, l, path)
			if aside, _ := filepath.Glob(path + ".*"); len(aside) != 1 {
				t.Errorf("put aside: %v", aside)
			}
			if n := len(l.seqs(t)); n != before {
				t.Errorf("the ledger has %d events, had %d", n, before)
			}
		})
	}
}

// terse is a ledger that gives back no more of callers than it must.
type terse struct{ *far }

func (l terse) Load(ctx context.Context) ([]byte, []acd.Event, error) {
	snapshot, events, err := l.far.Load(ctx)
	wait := acd.StillWait(events)
	for i := range events {
		if !slices.Contains(wait, i) {
			events[i].Who = nil
		}
	}
	return snapshot, events, err
}

// TestEventsAreKnownAgainWithoutTheirCallers: a server dies when the ledger has the first of
// what waits, of a caller who has left since. What the ledger has not is brought all the same.
func TestEventsAreKnownAgainWithoutTheirCallers(t *testing.T) {
	l, path := terse{&far{Store: memory.New(), fault: away, late: true}}, filepath.Join(t.TempDir(), "events.spill")
	b := openedBacklog(t, l, path)
	who := &acd.Caller{Number: "0301"}
	take := func(events ...acd.Event) {
		if err := b.Append(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	take(acd.Event{Seq: 1, Kind: acd.KindEntered, Ticket: 1, Who: who}, acd.Event{Seq: 2, Kind: acd.KindLeft, Ticket: 1}) // they arrive
	l.is(away, false)
	take(acd.Event{Seq: 3, Kind: acd.KindEntered, Ticket: 2, Who: who})
	l.is(nil, false)
	b = openedBacklog(t, l, path) // after a kill
	if d := cmp.Diff([]uint64{1, 2, 3}, l.seqs(t)); d != "" || b.Waiting() != 0 {
		t.Errorf("%d wait; the ledger has (-want +got):\n%s", b.Waiting(), d)
	}
	if kept, _ := filepath.Glob(path + ".*"); len(kept) != 0 {
		t.Errorf("put aside: %v", kept)
	}
}

// TestALedgerThatRefusesIsTold: what no second attempt mends is the floor's to know.
func TestALedgerThatRefusesIsTold(t *testing.T) {
	for name, refusal := range map[string]error{"forgotten": acd.ErrForgotten, "fenced": redis.ErrFenced} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, path := &far{Store: memory.New()}, filepath.Join(t.TempDir(), "events.spill")
				b := runningBacklog(t, l, path)
				refuse := func(context.Context) error { return refusal }
				l.is(refuse, false)
				if err := b.Append(t.Context(), numbered(1, 2)); !errors.Is(err, refusal) {
					t.Errorf("at once: %v", err)
				}
				l.is(away, false)
				if err := b.Append(t.Context(), numbered(1, 2)); err != nil {
					t.Fatal(err)
				}
				l.is(refuse, false)
				<-time.After(5 * time.Second)
				if err := b.Append(t.Context(), numbered(3, 3)); !errors.Is(err, refusal) {
					t.Errorf("after an outage: %v", err)
				}
				l.is(nil, false)
				err := b.Compact(t.Context(), 3, []byte("all"))
				if name == "fenced" {
					if err == nil || b.Waiting() != 2 {
						t.Errorf("%v, %d wait; what waits must stay", err, b.Waiting())
					}
					return
				}
				if err != nil || b.Waiting() != 0 {
					t.Errorf("a snapshot stands for what waits: %v, %d wait", err, b.Waiting())
				}
				if err := b.Append(t.Context(), numbered(4, 4)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestASnapshotMeetsNoEventsOnTheirWay: an event that came as the ledger refused asks Run for
// another attempt. Were it in flight when the snapshot ends the outage, its answer would be
// counted against a file that is empty by then.
func TestASnapshotMeetsNoEventsOnTheirWay(t *testing.T) {
	for name, answer := range map[string]error{"it has them": acd.ErrAppended, "it refuses": acd.ErrForgotten} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, path := &far{Store: memory.New(), fault: away}, filepath.Join(t.TempDir(), "events.spill")
				b := runningBacklog(t, l, path)
				if err := b.Append(t.Context(), numbered(1, 2)); err != nil {
					t.Fatal(err)
				}
				l.is(func(context.Context) error { return acd.ErrForgotten }, false)
				<-time.After(time.Second)
				answered := make(chan struct{})
				l.is(func(context.Context) error { <-answered; return answer }, false)
				b.kick <- struct{}{} // as that event left it
				synctest.Wait()
				if err := b.Compact(t.Context(), 3, []byte("all")); err != nil || b.Waiting() != 0 {
					t.Errorf("the snapshot: %v, %d wait", err, b.Waiting())
				}
				close(answered)
				synctest.Wait()
				l.is(nil, false)
				if err := b.Append(t.Context(), numbered(4, 4)); err != nil || b.Waiting() != 0 {
					t.Errorf("after the snapshot: %v, %d wait", err, b.Waiting())
				}
			})
		})
	}
}

// TestWhereTheDiskDoesNotTakeThemEither the floor keeps the events in memory, as it does
// without a file.
func TestWhereTheDiskDoesNotTakeThemEither(t *testing.T) {
	l := &far{Store: memory.New(), fault: away}
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := &Backlog{Ledger: l, path: filepath.Join(file, "events.spill"), log: slog.New(slog.DiscardHandler), kick: make(chan struct{}, 1)}
	err := b.Append(t.Context(), numbered(1, 2))
	if !errors.Is(err, errAway) || !strings.Contains(err.Error(), "keep events") {
		t.Errorf("%v", err)
	}
	l.is(nil, false)
	if err := b.Append(t.Context(), numbered(1, 2)); err != nil || b.Waiting() != 0 {
		t.Errorf("when the ledger is back: %v", err)
	}
}
