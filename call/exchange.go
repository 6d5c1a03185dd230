package call

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"breakwater/acd"
	"breakwater/media/prompt"
)

// Parts are what an Exchange needs of the house. All are required.
type Parts struct {
	Floor   *acd.Floor
	Dialer  Dialer
	Journal Journal
	Sounds  Sounds
	Book    *prompt.Book
	Log     *slog.Logger
	Version string // software version, for records
	Folder  string // recordings are made below it
}

// Exchange takes every incoming leg, gives each call its own goroutine and is
// the way to reach a call from outside. It implements sip.Switchboard.
type Exchange struct {
	parts Parts
	plan  atomic.Pointer[Plan]
	desk  *recordDesk
	tally *Tally
	pins  *pinGuard

	// mu protects all following fields.
	mu      sync.Mutex
	calls   map[string]*Call
	codes   map[string]*Call // by phone: a call that only speaks to its caller
	busy    map[string]int   // by phone: conversations that are not from a queue
	closing bool
	ended   sync.WaitGroup
}

// NewExchange seals what a crash left open and is then ready for Incoming. It
// fails only when the journal cannot be read.
func NewExchange(ctx context.Context, p Plan, parts Parts) (*Exchange, error) {
	x := &Exchange{
		parts: parts,
		tally: newTally(),
		pins:  newPinGuard(),
		calls: map[string]*Call{},
		codes: map[string]*Call{},
		busy:  map[string]int{},
	}
	commit, err := x.Prepare(p)
	if err != nil {
		return nil, err
	}
	commit()
	if err := sealTheDead(ctx, parts.Journal, parts.Log); err != nil {
		return nil, err
	}
	x.desk = newRecordDesk(parts.Journal, x.tally, parts.Log)
	return x, nil
}

// sealTheDead gives every call that was alive when the last process ended a
// sealed record that says so.
func sealTheDead(ctx context.Context, j Journal, log *slog.Logger) error {
	open, err := j.Unsealed(ctx)
	if err != nil {
		return fmt.Errorf("read unsealed records: %w", err)
	}
	for _, r := range open {
		r.Cause = Cause{By: ByUs, Metric: CauseServerDied, Text: "the server ended during the call"}
		r.End = time.Now()
		if err := j.Seal(ctx, r); err != nil && !errors.Is(err, ErrSealed) {
			return fmt.Errorf("seal record %s of a call that died: %w", r.ID, err)
		}
		log.Warn("sealed a call that the last process left open", "call", r.ID, "caller", r.Caller)
	}
	return nil
}

// Prepare checks a new plan; commit cannot fail. Calls in progress keep the plan
// they began with.
func (x *Exchange) Prepare(next Plan) (commit func(), err error) {
	next = next.WithDefaults()
	if problems := next.Check(); len(problems) > 0 {
		first := slices.Sorted(maps.Keys(problems))[0]
		return nil, fmt.Errorf("call plan: %s: %s", first, problems[first])
	}
	return func() { x.plan.Store(&next) }, nil
}

// Incoming begins a call for the leg. false = no: stopping, or too many calls.
func (x *Exchange) Incoming(leg Leg) bool {
	c := newCall(x, leg)
	x.mu.Lock()
	if x.closing || len(x.calls) >= c.plan.Settings.MaxCalls {
		x.mu.Unlock()
		x.tally.Add("calls_refused_total")
		return false
	}
	x.calls[c.ID] = c
	x.ended.Add(1)
	x.mu.Unlock()
	x.tally.Add("calls_total")
	go func() {
		defer x.ended.Done()
		c.run()
		x.forget(c)
	}()
	return true
}

func (x *Exchange) forget(c *Call) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.calls, c.ID)
	if c.parted != nil {
		time.AfterFunc(partingTime, func() { x.partCode(c) })
	}
}

// PhoneReachable passes a phone's reachability on to the floor.
func (x *Exchange) PhoneReachable(phone string, yes bool) {
	x.parts.Floor.PhoneReachable(phone, yes)
}

// Post runs f in the call's goroutine, between two lines of its journey. f must
// not wait. false = no such call any more.
func (x *Exchange) Post(id string, f func(*Call)) bool {
	x.mu.Lock()
	c := x.calls[id]
	x.mu.Unlock()
	return c != nil && c.post(func() { f(c) })
}

// Calls gives every live call, oldest first.
func (x *Exchange) Calls() []View {
	x.mu.Lock()
	live := slices.Collect(maps.Values(x.calls))
	x.mu.Unlock()
	views := make([]View, 0, len(live))
	for _, c := range live {
		views = append(views, *c.view.Load())
	}
	slices.SortFunc(views, func(a, b View) int { return a.Start.Compare(b.Start) })
	return views
}

// Tally gives the exchange's counters.
func (x *Exchange) Tally() *Tally { return x.tally }

// Close refuses new calls, ends those in progress with a goodbye of the wire, and
// returns when every record is sealed or ctx ends.
func (x *Exchange) Close(ctx context.Context) error {
	x.mu.Lock()
	x.closing = true
	live := slices.Collect(maps.Values(x.calls))
	x.mu.Unlock()
	for _, c := range live {
		c.cancel(Cause{By: ByUs, Metric: CauseServerDied, Text: "server stops"})
	}
	done := make(chan struct{})
	go func() { x.ended.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		return fmt.Errorf("%d calls did not end: %w", len(x.Calls()), context.Cause(ctx))
	}
	return x.desk.close(ctx)
}

// engage marks a phone as talking outside the queues until the function it
// returns is called, so that no queue rings it meanwhile.
func (x *Exchange) engage(phone string) (release func()) {
	if phone == "" {
		return func() {}
	}
	x.count(phone, +1)
	return sync.OnceFunc(func() { x.count(phone, -1) })
}

func (x *Exchange) count(phone string, d int) {
	x.mu.Lock()
	before := x.busy[phone]
	x.busy[phone] += d
	now := x.busy[phone]
	if now == 0 {
		delete(x.busy, phone)
	}
	x.mu.Unlock()
	if before == 0 || now == 0 {
		x.parts.Floor.PhoneBusy(phone, now > 0)
	}
}

// serveCode notes that c only speaks to its phone, so that an offer may end it.
func (x *Exchange) serveCode(phone string, c *Call) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.codes[phone] = c
	c.parted = make(chan struct{})
}

// partingTime is how long the wire may take to end a spoken confirmation: an ACK and
// a BYE to a phone far away. A phone with one line is busy until then.
const partingTime = 250 * time.Millisecond

// partCode makes the phone of a code that was served free for the next call.
func (x *Exchange) partCode(c *Call) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if phone := c.caller.Party().Phone; x.codes[phone] == c {
		delete(x.codes, phone)
	}
	close(c.parted)
}

// freeForOffer ends a spoken confirmation that is still playing at the phone: a
// queue call must never be the second call on it. It gives what is closed when the
// phone has put down; nil = the phone is free.
func (x *Exchange) freeForOffer(phone string) <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := x.codes[phone]
	if c == nil {
		return nil
	}
	c.cancel(Cause{By: ByUs, Metric: LegNormal, Text: "a queue call takes the phone"})
	return c.parted
}

// takePhones makes phones free for a call and waits until they are.
func (c *Call) takePhones(ctx context.Context, phones ...string) error {
	var speaking []<-chan struct{}
	for _, phone := range phones {
		if parted := c.x.freeForOffer(phone); parted != nil {
			speaking = append(speaking, parted)
		}
	}
	for _, parted := range speaking {
		if _, err := await(ctx, c, parted); err != nil {
			return err
		}
	}
	return nil
}

// newID makes a call id: 10 characters of time, 16 of chance, in the alphabet
// that sorts (Crockford's base 32, as ULID).
func newID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // never fails (crypto/rand)
	return crockford.EncodeToString(b[:])
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)
