package acd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// caller is a call as the call package leads it: waits, rings, talks, ends.
func (d *desk) caller(id int, missEvery int) error {
	t, err := d.Enter(d.ctx, Entry{Call: fmt.Sprint("c", id), Queue: []string{"help", "all"}[id%2]})
	if err != nil {
		return err
	}
	removed := make(chan Removal, 1)
	t.Removed.Hear(func(r Removal) { removed <- r })
	for try := 0; ; try++ {
		var o Offer
		select {
		case o = <-t.Offers:
		case r := <-removed:
			return fmt.Errorf("removed: %s", r.Limit)
		}
		if err := d.Taken(d.ctx, t.ID); errors.Is(err, ErrStale) {
			continue
		} else if err != nil {
			return err
		}
		if missEvery > 0 && (id+try)%missEvery == 0 {
			for _, s := range o.Seats {
				if err := d.Missed(d.ctx, s.Assignment, MissBusy); err != nil {
					return err
				}
			}
			continue
		}
		won := o.Seats[id%len(o.Seats)]
		if err := d.Answered(d.ctx, won.Assignment); err != nil {
			return err
		}
		<-time.After(time.Minute)
		return d.Finish(d.ctx, won.Assignment, Outcome{Cause: "caller_ended", Rest: id % 4, RestFor: time.Minute})
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	p := Plan{Queues: map[string]QueueSpec{"help": {}, "all": {Strategy: RingAll}}, Agents: map[string]AgentSpec{}}
	for i := range 8 {
		p.Agents[fmt.Sprint("a", i)] = AgentSpec{}
	}
	bubble(t, p, func(d *desk) {
		for name := range p.Agents {
			d.logIn(name)
		}
		const calls = 60
		results := make(chan error, calls)
		var all sync.WaitGroup
		for i := range calls {
			all.Go(func() { results <- d.caller(i, 5) })
		}
		all.Wait()
		close(results)
		for err := range results {
			if err != nil {
				t.Error(err)
			}
		}
		c := d.Counters()
		if c.Answers != calls || c.Entered != calls || c.Removed+c.Left != 0 {
			t.Errorf("counters %+v", c)
		}
		if c.DoubleOffers+c.StarvedCallers+c.StuckAgents+c.WrapUpsCutShort+c.RestsCutShort > 0 {
			t.Errorf("broken promises %+v", c)
		}
		if found, err := d.Audit(d.ctx); err != nil || len(found) > 0 {
			t.Errorf("audit %q, %v", found, err)
		}
		d.pass(time.Hour)
		if n := len(d.slots) + len(d.bells); n > 0 {
			t.Errorf("%d channels are left", n)
		}
	})
}

func TestAPlanChangesUnderTheFloorsFeet(t *testing.T) {
	bubble(t, help(), func(d *desk) {
		d.logIn("anna")
		seat := d.talk("c1")
		waiting := d.enter(Entry{Call: "c2", Queue: "help"})
		if _, err := d.Prepare(help(func(p *Plan) { p.Queues["help"] = QueueSpec{Needs: "nothing"} })); err == nil {
			t.Error("a wrong plan is prepared")
		}
		commit, err := d.Prepare(help(func(p *Plan) { p.Queues["help"] = QueueSpec{Agents: []string{"bert"}, WrapUp: time.Hour} }))
		d.must(err)
		d.logIn("bert")
		o := d.offered(waiting) // not committed: the old plan
		d.miss(o.Seats[0], MissBusy)
		commit()
		commit() // twice is once
		d.finish(seat, Outcome{})
		if v := d.agent("anna"); v.Left != 30*time.Second {
			t.Errorf("the wrap-up is %s", v.Left)
		}
		d.pass(20 * time.Second)
		if o := d.offered(waiting); o.Seats[0].Agent != "bert" || o.Queue.WrapUp != time.Hour {
			t.Errorf("offer %+v", o)
		}
		p, err := d.Place(d.ctx, waiting.ID)
		if err != nil || p.Position != 1 || p.Waiting != 1 {
			t.Errorf("place %+v, %v", p, err)
		}
		views, err := d.Queues(d.ctx)
		if err != nil || len(views) != 1 || views[0].Waiting != 1 {
			t.Errorf("queues %+v, %v", views, err)
		}
		lines, err := d.Why(d.ctx, Whom{Agent: "anna"})
		if err != nil || !strings.Contains(strings.Join(lines, "\n"), "anna is not an agent of queue help") {
			t.Errorf("why %q, %v", lines, err)
		}
	})
}

func TestTheFloorLeavesNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t)
	f, err := NewFloor(t.Context(), help(), nil, slog.New(slog.DiscardHandler), WithAudit(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	ended, stop := runFloor(t, f)
	watching, enough := context.WithCancel(t.Context())
	w := f.Watch(watching, "anna")
	if _, err := f.Do(t.Context(), "anna", Command{Verb: LogIn, Phone: "1"}); err != nil {
		t.Fatal(err)
	}
	for v := range w {
		if v.State == Ready {
			break
		}
	}
	enough()
	for range w { // closed
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWhatCouldNotBeWrittenAtTheEndIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &memory{}
		d := open(t, help(), l)
		l.set(errors.New("disk gone"))
		if _, err := d.Do(d.ctx, "anna", Command{Verb: LogIn, Phone: "1"}); !errors.Is(err, ErrNotDurable) {
			t.Errorf("log-in: %v", err)
		}
		from := time.Now()
		d.stop()
		if took := time.Since(from); took > lastWords+time.Second {
			t.Errorf("the end took %s", took)
		}
	})
}

// TestAFullFloorIsQuick is a gate far above what it takes: a floor of the size that
// was promised does not slow down by orders of magnitude.
func TestAFullFloorIsQuick(t *testing.T) {
	b, now := crowd(t, 2000, 50, LongestIdle)
	for i := range 2000 { // everybody talks
		now.Mono += time.Millisecond
		e := Entry{Call: fmt.Sprint("t", i), Queue: fmt.Sprintf("q%d", i%50)}
		out := do(t, b, *now, func(b *board) error { _, err := b.enter(e); return err })
		for _, o := range append([]outgoing(nil), out.offers...) {
			do(t, b, *now, func(b *board) error { return b.answered(o.offer.seats[0].id) })
		}
	}
	from := time.Now()
	for i := range 5000 {
		now.Mono += time.Millisecond
		e := Entry{Call: fmt.Sprint("c", i), Queue: fmt.Sprintf("q%d", i%50)}
		do(t, b, *now, func(b *board) error { _, err := b.enter(e); return err })
	}
	if each := time.Since(from) / 5000; each > 2*time.Millisecond {
		t.Errorf("a caller who waits costs %s", each)
	}
	from = time.Now()
	lines, err := b.why(Whom{Call: "c4999"})
	if took := time.Since(from); err != nil || len(lines) > 20 || took > 200*time.Millisecond {
		t.Errorf("why takes %s and %d lines: %v", took, len(lines), err)
	}
	t.Logf("why took %s", time.Since(from))
	r, err := prepare(Plan{Queues: b.plan(), Agents: b.people()})
	if err != nil {
		t.Fatal(err)
	}
	from = time.Now()
	do(t, b, *now, func(b *board) error { b.adopt(r); return nil })
	if took := time.Since(from); took > 2*time.Second {
		t.Errorf("a new plan costs %s", took)
	}
	t.Logf("a new plan took %s", time.Since(from))
}

func (b *board) plan() map[string]QueueSpec {
	out := map[string]QueueSpec{}
	for name, q := range b.routes.queues {
		out[name] = q.spec
	}
	return out
}

func (b *board) people() map[string]AgentSpec {
	out := map[string]AgentSpec{}
	for rank, name := range b.routes.names {
		out[name] = b.routes.specs[rank]
	}
	return out
}
