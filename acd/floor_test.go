package acd

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memory is a ledger in memory that can be told to fail or to hang.
type memory struct {
	mu     sync.Mutex
	blob   []byte
	events []Event
	last   uint64
	fail   error
	hang   chan struct{} // closed: go on
	tries  int
	packed int
}

func (m *memory) Append(ctx context.Context, events []Event) error {
	m.mu.Lock()
	hang := m.hang
	m.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tries++
	if m.fail != nil {
		return m.fail
	}
	for _, e := range events {
		if e.Seq <= m.last {
			return ErrAppended
		}
		m.last = e.Seq
	}
	m.events = append(m.events, events...)
	return nil
}

func (m *memory) Load(context.Context) ([]byte, []Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.blob), slices.Clone(m.events), m.fail
}

func (m *memory) Compact(_ context.Context, seq uint64, blob []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.packed++
	m.blob, m.last = blob, max(m.last, seq)
	m.events = slices.DeleteFunc(m.events, func(e Event) bool { return e.Seq <= seq })
	return nil
}

func (m *memory) set(fail error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

func (m *memory) kinds(agent string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, e := range m.events {
		if e.Agent == agent {
			out = append(out, e.Kind)
		}
	}
	return out
}

// desk is a floor in a synctest bubble, with a test that speaks to it.
type desk struct {
	*testing.T
	*Floor
	ctx    context.Context
	ledger *memory
	stop   func()
}

func open(t *testing.T, p Plan, l *memory, options ...Option) *desk {
	t.Helper()
	return openWith(t, p, l, slog.New(slog.DiscardHandler), options...)
}

func openWith(t *testing.T, p Plan, l *memory, log *slog.Logger, options ...Option) *desk {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f, err := NewFloor(ctx, p, l, log, options...)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	d := &desk{T: t, Floor: f, ctx: t.Context(), ledger: l}
	d.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil && l.fail == nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(d.stop)
	return d
}

func (d *desk) do(agent string, c Command) AgentView {
	d.Helper()
	v, err := d.Do(d.ctx, agent, c)
	if err != nil {
		d.Fatalf("%s %s: %v", agent, c.Verb, err)
	}
	return v
}

func (d *desk) logIn(agents ...string) {
	d.Helper()
	for _, a := range agents {
		d.do(a, Command{Verb: LogIn, Phone: "phone-" + a})
	}
}

func (d *desk) enter(e Entry) *Ticket {
	d.Helper()
	t, err := d.Enter(d.ctx, e)
	if err != nil {
		d.Fatalf("enter %s: %v", e.Call, err)
	}
	return t
}

// offered takes the offer that must come to the ticket without time passing.
func (d *desk) offered(t *Ticket) Offer {
	d.Helper()
	synctest.Wait()
	select {
	case o := <-t.Offers:
		if err := d.Taken(d.ctx, t.ID); err != nil {
			d.Fatalf("taken: %v", err)
		}
		return o
	default:
		d.Fatalf("ticket %d is not offered", t.ID)
		return Offer{}
	}
}

func (d *desk) notOffered(t *Ticket) {
	d.Helper()
	synctest.Wait()
	select {
	case o := <-t.Offers:
		d.Fatalf("ticket %d is offered to %s", t.ID, o.Seats[0].Agent)
	default:
	}
}

// talk brings a caller to an agent's ear.
func (d *desk) talk(call string) Seat {
	d.Helper()
	o := d.offered(d.enter(Entry{Call: call, Queue: "help"}))
	d.must(d.Answered(d.ctx, o.Seats[0].Assignment))
	return o.Seats[0]
}

// pass lets time go by. In a bubble it takes none.
func (d *desk) pass(t time.Duration) {
	<-time.After(t)
	synctest.Wait()
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) state(agent string) AgentState {
	d.Helper()
	return d.agent(agent).State
}

func (d *desk) agent(name string) AgentView {
	d.Helper()
	views, err := d.Agents(d.ctx)
	d.must(err)
	for _, v := range views {
		if v.Name == name {
			return v
		}
	}
	d.Fatalf("no agent %s", name)
	return AgentView{}
}

func (d *desk) want(agent string, s AgentState) {
	d.Helper()
	if got := d.state(agent); got != s {
		d.Fatalf("%s is %s, want %s", agent, got, s)
	}
}

// help is a plan with one queue, help, that anna, bert and carl serve.
func help(change ...func(*Plan)) Plan {
	p := Plan{
		Queues: map[string]QueueSpec{"help": {}},
		Agents: map[string]AgentSpec{"anna": {}, "bert": {}, "carl": {}},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func TestACallGoesItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, help(), &memory{})
		d.logIn("anna")
		o := d.offered(d.enter(Entry{Call: "c1", Queue: "help"}))
		d.want("anna", Offered)
		d.must(d.Answered(d.ctx, o.Seats[0].Assignment))
		d.want("anna", OnCall)
		d.pass(time.Minute)
		d.must(d.Finish(d.ctx, o.Seats[0].Assignment, Outcome{Cause: "caller_ended"}))
		d.want("anna", WrapUp)
		d.pass(30*time.Second - time.Millisecond)
		d.want("anna", WrapUp)
		d.pass(2 * time.Millisecond)
		d.want("anna", Ready)
		if err := d.Finish(d.ctx, o.Seats[0].Assignment, Outcome{}); !errors.Is(err, ErrStale) {
			t.Errorf("second finish: %v, want stale", err)
		}
		if c := d.Counters(); c.StaleFinishes != 1 || c.Offers != 1 || c.Answers != 1 {
			t.Errorf("counters %+v", c)
		}
	})
}

// liar is a ledger whose first Append arrives, but answers with an error.
type liar struct {
	*memory
	lied bool
}

func (l *liar) Append(ctx context.Context, events []Event) error {
	err := l.memory.Append(ctx, events)
	if !l.lied {
		l.lied = true
		return errors.New("timeout")
	}
	return err
}

func runFloor(t *testing.T, f *Floor) (<-chan error, func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	return ended, stop
}

func TestTheFloorKnowsHowLongErrandsWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, help(), &memory{})
		d.logIn("anna")
		times, late := d.Lateness()
		if times == 0 || late != 0 {
			t.Errorf("%d errands waited %v for a floor that has nothing to do", times, late)
		}
		slow := func(*board) error { time.Sleep(300 * time.Millisecond); return nil } //nolint:forbidigo // the bubble's time
		var both sync.WaitGroup
		both.Go(func() { d.must(d.Floor.do(d.ctx, &errand{act: slow})) })
		synctest.Wait()
		both.Go(func() { d.must(d.Floor.do(d.ctx, &errand{act: func(*board) error { return nil }})) })
		both.Wait()
		more, waited := d.Lateness()
		if more != times+2 || waited != 300*time.Millisecond {
			t.Errorf("%d more errands waited %v, want 2 and 300 ms", more-times, waited)
		}
	})
}
