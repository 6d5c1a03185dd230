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
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"breakwater/acd"
	"breakwater/call/lookup"
	"breakwater/ivr"
	"breakwater/media/prompt"
)

// Parts are what an Exchange needs of the house. All but Spill are required.
type Parts struct {
	Floor   *acd.Floor
	Dialer  Dialer
	Journal Journal
	Sounds  Sounds
	Archive Archive
	Ears    Ears
	Doses   Exposures
	Book    *prompt.Book
	Log     *slog.Logger
	Version string // software version, for records
	Folder  string // recordings are made below it
	Spill   string // file for records that the journal does not take; empty = records.spill next to Folder
}

// Exchange takes every incoming leg, gives each call its own goroutine and is
// the way to reach a call from outside. It implements sip.Switchboard.
type Exchange struct {
	parts  Parts
	plan   atomic.Pointer[Plan]
	desk   *recordDesk
	tally  *Tally
	pins   *pinGuard
	phones *phones
	doses  *doses
	disk   *disk

	// mu protects all following fields.
	mu      sync.Mutex
	calls   map[string]*Call
	closing bool
	down    bool           // another server has taken over
	ended   sync.WaitGroup // of calls, and of their words to the floor
}

// NewExchange seals what the last process left open, and what it could not write,
// and is then ready for Incoming. It fails only when the plan is wrong or the journal
// cannot be read or written.
func NewExchange(ctx context.Context, p Plan, parts Parts) (*Exchange, error) {
	x := &Exchange{
		parts:  parts,
		tally:  newTally(),
		pins:   newPinGuard(),
		phones: newPhones(parts.Floor),
		disk:   newDisk(),
		calls:  map[string]*Call{},
	}
	commit, err := x.Prepare(p)
	if err != nil {
		return nil, err
	}
	commit()
	kept := spillBeside(parts.Folder)
	if parts.Spill != "" {
		kept.path = parts.Spill
	}
	// First what is known in full: a draft of the same call says less.
	if err := kept.readIn(ctx, parts.Journal, parts.Log); err != nil {
		return nil, err
	}
	if err := sealTheDead(ctx, parts.Journal, parts.Log); err != nil {
		return nil, err
	}
	x.desk = newRecordDesk(parts.Journal, kept, x.tally, parts.Log)
	x.doses = newDoses(parts.Doses, x.tally, parts.Log)
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
		r.End = lastKnown(r)
		r.Protected = r.Protected || r.Warnings > 0
		for i := range r.Legs {
			if r.Legs[i].End.IsZero() {
				r.Legs[i].End, r.Legs[i].Cause = r.End, r.Cause
			}
		}
		if err := j.Seal(ctx, r); err != nil && !errors.Is(err, ErrSealed) {
			return fmt.Errorf("seal record %s of a call that died: %w", r.ID, err)
		}
		log.Warn("sealed a call that the last process left open", "call", r.ID, "caller", r.Caller)
	}
	return nil
}

// lastKnown is the newest moment of which a draft tells: a server that was down over
// night makes no call eight hours long.
func lastKnown(r Record) time.Time {
	last := r.Start
	see := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	see(r.Answered)
	for _, s := range r.Steps {
		see(s.At)
	}
	for _, s := range r.Segments {
		see(s.From)
		see(s.To)
	}
	for _, l := range r.Legs {
		see(l.Answer)
		see(l.End)
	}
	return last
}

// Prepare checks a new plan; commit cannot fail. Calls in progress keep the plan
// they began with.
func (x *Exchange) Prepare(next Plan) (commit func(), err error) {
	next = next.WithDefaults()
	if problems := next.Check(); len(problems) > 0 {
		first := slices.Sorted(maps.Keys(problems))[0]
		return nil, fmt.Errorf("call plan: %s: %s", first, problems[first])
	}
	next.menus = ivr.Open(next.Menus)
	next.policy = next.Protect.Hash()
	before := x.plan.Load()
	if before != nil && before.book.Same(next.Lookups) {
		next.book = before.book // with what it knows already
	} else {
		book, err := lookup.Open(next.Lookups, x.parts.Log)
		if err != nil {
			return nil, fmt.Errorf("call plan: %w", err)
		}
		next.book = book
	}
	return func() {
		x.plan.Store(&next)
		if before != nil && before.book != next.book {
			before.book.Close()
		}
	}, nil
}

// Lookups are what became of the callers that each lookup of the plan was to tell about.
func (x *Exchange) Lookups() map[string]lookup.Counts {
	if p := x.plan.Load(); p != nil {
		return p.book.Counts()
	}
	return nil
}

// errFull and errStopping are why the next call would be refused.
var (
	errFull     = errors.New("as many as max_calls allows are in progress")
	errStopping = errors.New("the server stops")
)

// RecordsWaiting counts the records that are sealed and not yet in the journal.
func (x *Exchange) RecordsWaiting() int { return x.desk.waiting() }

// Ready is nil when the next call would be taken.
func (x *Exchange) Ready() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.closing:
		return errStopping
	case x.down:
		return errStandsDown
	case len(x.calls) >= x.plan.Load().Settings.MaxCalls:
		return errFull
	}
	return nil
}

// Incoming begins a call for the leg. false = no: stopping, standing down, or too many calls.
func (x *Exchange) Incoming(leg Leg) bool {
	return x.begin(newCall(x, leg))
}

// begin runs a call. false = no: stopping, standing down, or too many calls.
func (x *Exchange) begin(c *Call) bool {
	x.mu.Lock()
	if x.closing || x.down || len(x.calls) >= c.plan.Settings.MaxCalls {
		x.mu.Unlock()
		x.tally.Add("calls_refused_total")
		return false
	}
	x.calls[c.ID] = c
	x.ended.Add(1)
	x.mu.Unlock()
	switch {
	case isCode(c.account.r.Dialled):
		x.tally.Add("codes_total") // a dialled code never counts as a call
	case c.story.talk != nil:
		x.tally.Add("talk_calls_total")
	default:
		x.tally.Add("calls_total")
	}
	go func() {
		defer x.ended.Done()
		makeRoom()
		c.run()
		x.forget(c)
	}()
	return true
}

// makeRoom lets a new goroutine's stack grow to what a call takes while there is little on
// it: later it would be copied twice, each time with all that stands on it.
//
//go:noinline
func makeRoom() {
	var room [5 << 10]byte
	runtime.KeepAlive(&room)
}

func (x *Exchange) forget(c *Call) {
	x.mu.Lock()
	delete(x.calls, c.ID)
	x.mu.Unlock()
	x.phones.codeServed(c)
}

// PhoneReachable passes a phone's reachability on to the floor.
func (x *Exchange) PhoneReachable(phone string, yes bool) {
	x.parts.Floor.PhoneReachable(phone, yes)
}

// Post runs f in the call's goroutine, between two lines of its journey. f must
// not wait. false = no such call any more, or no room in its inbox; a call that ends
// meanwhile does not run it.
func (x *Exchange) Post(id string, f func(*Call)) bool {
	c := x.live(id)
	return c != nil && c.post(func() { f(c) })
}

// live finds a call that is in progress; nil = there is none.
func (x *Exchange) live(id string) *Call {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.calls[id]
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
// returns when every record is sealed, or when ctx ends: then what the journal has
// not taken is in the spill file, and the error says so.
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
	var late error
	select {
	case <-done:
	case <-ctx.Done():
		late = fmt.Errorf("%d calls did not end, or the floor has not written the end of one: %w", len(x.Calls()), context.Cause(ctx))
	}
	x.plan.Load().book.Close()
	x.doses.close(ctx)
	err := x.desk.close(ctx)
	x.disk.settled(ctx)
	return errors.Join(late, err)
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
