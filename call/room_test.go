package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
	"breakwater/ivr"
	"breakwater/media/prompt"
)

// fakeJournal keeps records in a slice; fail makes writing fail.
type fakeJournal struct {
	mu     sync.Mutex // protects all following fields
	drafts map[string]Record
	sealed []Record
	twice  int
	fail   error
}

func newFakeJournal() *fakeJournal { return &fakeJournal{drafts: map[string]Record{}} }

func (j *fakeJournal) Begin(_ context.Context, r Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail == nil {
		j.drafts[r.ID] = r
	}
	return j.fail
}

func (j *fakeJournal) Seal(_ context.Context, r Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return j.fail
	}
	for _, s := range j.sealed {
		if s.ID == r.ID {
			j.twice++
			return fmt.Errorf("seal %s: %w", r.ID, ErrSealed)
		}
	}
	delete(j.drafts, r.ID)
	j.sealed = append(j.sealed, r)
	return nil
}

func (j *fakeJournal) Keep(ctx context.Context, sheets []Sheet) []error {
	return KeepEach(ctx, j, sheets)
}

func (j *fakeJournal) Unsealed(context.Context) (open []Record, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range j.drafts {
		open = append(open, r)
	}
	return open, j.fail
}

func (j *fakeJournal) Records(_ context.Context, q Query) (found []Record, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range slices.Backward(j.sealed) {
		of := (q.Agent == "" || r.Agent == q.Agent) && (q.Caller == "" || r.Caller == q.Caller) && (q.Queue == "" || r.Queue == q.Queue)
		if of && !r.Start.Before(q.From) {
			found = append(found, r)
		}
	}
	return found, j.fail
}

func (j *fakeJournal) setFail(err error) { j.mu.Lock(); j.fail = err; j.mu.Unlock() }

func (j *fakeJournal) all() []Record { j.mu.Lock(); defer j.mu.Unlock(); return slices.Clone(j.sealed) }

// toldEvents is a ledger that can be asked what the floor was told.
type toldEvents struct {
	forgetful
	slow   atomic.Int64 // time.Duration that the disk takes
	mu     sync.Mutex   // guards events
	events []acd.Event
}

func (k *toldEvents) Append(_ context.Context, events []acd.Event) error {
	if slow := time.Duration(k.slow.Load()); slow > 0 {
		<-time.After(slow)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, events...)
	return nil
}

// of gives what was told of a kind.
func (k *toldEvents) of(kind string) (all []acd.Event) {
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range k.events {
		if e.Kind == kind {
			all = append(all, e)
		}
	}
	return all
}

// errorLog is a log that keeps the errors.
type errorLog struct {
	slog.Handler
	seen chan string
}

func (f errorLog) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (f errorLog) WithAttrs([]slog.Attr) slog.Handler           { return f }
func (f errorLog) WithGroup(string) slog.Handler                { return f }

func (f errorLog) Handle(_ context.Context, r slog.Record) error {
	select {
	case f.seen <- r.Message:
	default: // more than anybody looks at
	}
	return nil
}

// forgetful is a ledger that keeps nothing.
type forgetful struct{}

func (forgetful) Append(context.Context, []acd.Event) error         { return nil }
func (forgetful) Load(context.Context) ([]byte, []acd.Event, error) { return nil, nil, nil }
func (forgetful) Compact(context.Context, uint64, []byte) error     { return nil }

// theBook is read once: it is immutable, and reading 500 sounds takes a while.
var theBook = sync.OnceValues(func() (*prompt.Book, error) { return prompt.Open("") })

// failer is a testing.T or a rapid.T.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// room is a whole call centre without wire and sound, in a bubble of its own time.
type room struct {
	t       failer
	x       *Exchange
	floor   *acd.Floor
	dialer  *fakeDialer
	sounds  *fakeSounds
	journal *fakeJournal
	told    *toldEvents
	ears    *fakeExposures
	faults  errorLog
	folder  string
	callers []*fakeLeg
	kept    bool            // the journal fails at the end: records are in the spill file
	meant   map[string]bool // counters of faults that the test makes on purpose
}

// means says that a fault is made on purpose: its counter may rise.
func (r *room) means(counters ...string) {
	for _, name := range counters {
		r.meant[name] = true
	}
}

// inRoom runs f in a synctest bubble with two agents, anna at phone 1001 and ben at
// 1002, a supervisor sofia at 1003, and three queues: orders, gentle (on_agent_hangup
// rescue) and crisis (emergency). When f returns the server stops, and whatever it
// has left behind fails the test.
func inRoom(t *testing.T, f func(r *room), edit ...func(*Plan, *acd.Plan)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { openRoom(t.Context(), t, filepath.Join(t.TempDir(), "recordings"), f, edit...) })
}

func openRoom(ctx context.Context, t failer, folder string, f func(r *room), edit ...func(*Plan, *acd.Plan)) {
	t.Helper()
	plan, floorPlan := roomPlans()
	for _, e := range edit {
		e(&plan, &floorPlan)
	}
	told := &toldEvents{}
	floor, err := acd.NewFloor(ctx, floorPlan, told, discard())
	if err != nil {
		t.Fatalf("%v", err)
	}
	running, stop := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- floor.Run(running) }()
	book, err := theBook()
	if err != nil {
		t.Fatalf("%v", err)
	}
	r := &room{
		t: t, floor: floor, told: told, folder: folder,
		dialer: newFakeDialer(), sounds: newFakeSounds(), journal: newFakeJournal(),
		meant: map[string]bool{}, ears: &fakeExposures{}, faults: errorLog{seen: make(chan string, 16)},
	}
	r.x, err = NewExchange(ctx, plan, Parts{
		Floor: floor, Dialer: r.dialer, Journal: r.journal, Sounds: r.sounds, Archive: archive{}, Ears: r.sounds, Doses: r.ears, Book: book,
		Log: slog.New(r.faults), Version: "test", Folder: folder,
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	back, talks := make(chan error, 1), make(chan error, 1)
	go func() { back <- r.x.ServeCallbacks(running) }()
	go func() { talks <- r.x.ServeTalks(running) }()
	for _, phone := range []string{"1001", "1002", "1003"} {
		r.x.PhoneReachable(phone, true)
	}
	defer func() { // also after a Fatal: the bubble must not be left with goroutines
		closing, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := r.x.Close(closing); err != nil && !r.kept {
			t.Errorf("close: %v", err)
		}
		r.nothingLeft()
		stop()
		if err := errors.Join(<-stopped, <-back, <-talks); err != nil {
			t.Errorf("floor: %v", err)
		}
	}()
	f(r)
}

func roomPlans() (Plan, acd.Plan) {
	queue := func(name string, agents ...string) acd.QueueSpec {
		return acd.QueueSpec{Name: name, Agents: agents}
	}
	manners := DefaultManners()
	manners.Supervisors = []string{"sofia"}
	gentle, crisis := manners, manners
	gentle.OnAgentHangup = HangupRescue
	crisis.Emergency, crisis.OnAgentHangup = true, HangupRescue
	plan := Plan{
		Numbers: map[string]NumberSpec{"8100": {Queue: "orders"}, "8200": {Queue: "gentle"}, "8800": {Queue: "crisis"}, "8000": {Menu: "main"}},
		Menus:   map[string]ivr.Menu{"main": mainMenu()},
		Phones:  map[string]PhoneManners{"1001": {}, "1002": {}, "1003": {}},
		Agents: map[string]AgentAccess{
			"anna": {PIN: "1234"}, "ben": {PIN: "4321"}, "sofia": {PIN: "9999", Supervisor: true},
		},
		AgentNumbers: map[string]string{"7001": "anna", "7002": "ben", "7009": "sofia"},
		Queues:       map[string]QueueManners{"orders": manners, "gentle": gentle, "crisis": crisis},
	}
	floor := acd.Plan{
		Queues: map[string]acd.QueueSpec{
			"orders": queue("orders", "anna", "ben"), "gentle": queue("gentle", "anna", "ben"), "crisis": queue("crisis", "anna", "ben"),
		},
		Agents: map[string]acd.AgentSpec{
			"anna": {Name: "anna", Number: "7001"}, "ben": {Name: "ben", Number: "7002"}, "sofia": {Name: "sofia", Number: "7009"},
		},
	}
	return plan, floor
}

// mainMenu leads to orders with 1 and to phone 1002 with 2.
func mainMenu() ivr.Menu {
	return ivr.Menu{
		Greeting: []string{"menu-main"}, Then: "goodbye",
		Keys: map[string]string{"1": "queue:orders", "2": "phone:1002", "8": "queue:crisis"},
	}.WithDefaults()
}

// logIn makes an agent ready at a phone.
func (r *room) logIn(agent, phone string) {
	r.t.Helper()
	r.do(agent, acd.Command{Verb: acd.LogIn, Phone: phone})
}

// do lets an agent ask the floor for something.
func (r *room) do(agent string, c acd.Command) {
	r.t.Helper()
	if _, err := r.floor.Do(context.Background(), agent, c); err != nil {
		r.t.Fatalf("%v", err)
	}
}

// dial lets somebody call a number.
func (r *room) dial(from, number string) *fakeLeg {
	r.t.Helper()
	l := &fakeLeg{party: Party{ID: "in-" + from, Incoming: true, Number: from, Dialled: number, Since: time.Now(), Hops: 42}}
	if _, ours := r.x.plan.Load().Phones[from]; ours {
		l.party.Phone = from
	}
	if !r.x.Incoming(l) {
		r.t.Fatalf("the call was not taken")
	}
	r.callers = append(r.callers, l)
	return l
}

// rung waits for the next phone that is dialled.
func (r *room) rung() *fakeLeg {
	r.t.Helper()
	select {
	case l := <-r.dialer.dialled:
		<-r.dialer.targets
		return l
	case <-time.After(time.Hour):
		r.t.Fatalf("no phone was dialled for an hour")
		return nil
	}
}

// nobodyRung fails when a phone is dialled within d.
func (r *room) nobodyRung(d time.Duration) {
	r.t.Helper()
	select {
	case l := <-r.dialer.dialled:
		r.t.Fatalf("phone %s was dialled", l.party.Phone)
	case <-time.After(d):
	}
}

// talking brings a caller and an agent into a conversation.
func (r *room) talking(number string) (caller, agent *fakeLeg) {
	r.t.Helper()
	caller = r.dial("0123", number)
	agent = r.rung()
	agent.answer()
	synctest.Wait()
	return caller, agent
}

// record waits for the record that is sealed next, or was last.
func (r *room) record() Record {
	r.t.Helper()
	deadline := time.After(time.Hour)
	for {
		synctest.Wait()
		if all := r.journal.all(); len(all) > 0 {
			return all[len(all)-1]
		}
		select {
		case <-time.After(time.Second):
		case <-deadline:
			r.t.Fatalf("no record was sealed in an hour")
		}
	}
}

// agent gives what the floor knows of an agent.
func (r *room) agent(name string) acd.AgentView {
	r.t.Helper()
	agents, err := r.floor.Agents(context.Background())
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	for _, a := range agents {
		if a.Name == name {
			return a
		}
	}
	r.t.Fatalf("no agent %s", name)
	return acd.AgentView{}
}

// view gives the only live call.
func (r *room) view() View {
	r.t.Helper()
	calls := r.x.Calls()
	if len(calls) != 1 {
		r.t.Fatalf("%d calls, want one", len(calls))
	}
	return calls[0]
}

// count gives a counter of the exchange.
func (r *room) count(name string) uint64 { return r.x.Tally().Counts()[name] }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// wait lets d pass in the bubble's time.
func wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
