package call

import (
	"context"
	"errors"
	"log/slog"
	"path"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
	"breakwater/media"
	"breakwater/media/prompt"
)

// fakeLeg is a party that does what the test says.
type fakeLeg struct {
	party Party

	mu       sync.Mutex // protects all following fields
	sink     func(Signal)
	early    []Signal
	rang     bool
	answered bool
	hungUp   *Cause
	spoken   time.Duration
	heard    []string // what was played to it, by clip name
}

func (l *fakeLeg) Party() Party { return l.party }

func (l *fakeLeg) Listen(sink func(Signal)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sink = sink
	for _, s := range l.early {
		sink(s)
	}
	l.early = nil
}

func (l *fakeLeg) signal(s Signal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sink == nil {
		l.early = append(l.early, s)
		return
	}
	l.sink(s)
}

func (l *fakeLeg) Ring() { l.mu.Lock(); l.rang = true; l.mu.Unlock() }

func (l *fakeLeg) Answer(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hungUp != nil {
		return *l.hungUp
	}
	l.answered = true
	return nil
}

func (l *fakeLeg) HangUp(c Cause) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hungUp == nil {
		l.hungUp = &c
	}
}

func (l *fakeLeg) Port() *media.Port { return nil }

func (l *fakeLeg) ended() *Cause { l.mu.Lock(); defer l.mu.Unlock(); return l.hungUp }

func (l *fakeLeg) speak(d time.Duration) { l.mu.Lock(); l.spoken += d; l.mu.Unlock() }

// press types digits with a human pause between them.
func (l *fakeLeg) press(digits string) {
	for i := range len(digits) {
		l.signal(Signal{Kind: Pressed, Digit: digits[i]})
		time.Sleep(100 * time.Millisecond) //nolint:forbidigo // a person's pause, in the bubble's time
	}
}

// hangUp ends the leg from the party's side.
func (l *fakeLeg) hangUp() {
	l.signal(Signal{Kind: Ended, Cause: Cause{By: ByCaller, Metric: LegNormal}})
}

// playedTo tells whether a clip was played to the leg.
func (l *fakeLeg) playedTo(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.heard, name)
}

// fakeDialer gives a leg per dial and tells the test of it.
type fakeDialer struct {
	dialled chan *fakeLeg
	targets chan Target
}

func (d *fakeDialer) Dial(_ context.Context, t Target) Leg {
	l := &fakeLeg{party: Party{ID: "out-" + t.Phone, Phone: t.Phone, Number: t.Number}}
	d.dialled <- l
	d.targets <- t
	return l
}

// fakeSounds plays for as long as the clips last and remembers gains.
type fakeSounds struct {
	mu    sync.Mutex // protects gains
	gains map[Leg]float64
	parts int
}

type fakePlayback struct {
	done chan struct{}
	stop func(complete bool)
	mu   sync.Mutex // protects full
	full bool
}

func (p *fakePlayback) Done() <-chan struct{} { return p.done }
func (p *fakePlayback) Stop()                 { p.stop(false) }
func (p *fakePlayback) Complete() bool        { p.mu.Lock(); defer p.mu.Unlock(); return p.full }

func bare(l Leg) *fakeLeg {
	if s, ok := l.(*side); ok {
		l = s.Leg
	}
	return l.(*fakeLeg)
}

func (s *fakeSounds) Play(leg Leg, sound media.Sound) Playback {
	var length time.Duration
	l := bare(leg)
	l.mu.Lock()
	for _, c := range sound.Clips {
		length += time.Duration(len(c.ULaw)) * time.Second / 8000
		l.heard = append(l.heard, path.Base(c.Name))
	}
	l.mu.Unlock()
	p := &fakePlayback{done: make(chan struct{})}
	var once sync.Once
	p.stop = func(complete bool) {
		once.Do(func() { p.mu.Lock(); p.full = complete; p.mu.Unlock(); close(p.done) })
	}
	if !sound.Loop {
		time.AfterFunc(length, func() { p.stop(true) })
	}
	return p
}

func (s *fakeSounds) Join(a, b Leg) (Joined, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gains[bare(a)], s.gains[bare(b)] = 0, 0
	return &fakeJoined{s: s}, nil
}

func (s *fakeSounds) Record(Leg, string) (Tape, error) {
	return nil, errors.New("no disk in this test")
}

func (s *fakeSounds) Level(leg Leg) media.Level {
	l := bare(leg)
	l.mu.Lock()
	defer l.mu.Unlock()
	return media.Level{At: time.Now(), Spoken: l.spoken}
}

func (s *fakeSounds) Account(Leg) (string, media.Quality) { return "PCMU", media.Quality{} }

func (s *fakeSounds) gain(l *fakeLeg) float64 { s.mu.Lock(); defer s.mu.Unlock(); return s.gains[l] }

type fakeJoined struct{ s *fakeSounds }

func (j *fakeJoined) SetGain(from Leg, dB float64) {
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	j.s.gains[bare(from)] = dB
}
func (j *fakeJoined) RelayDigits(Leg, bool) {}
func (j *fakeJoined) Close()                { j.s.mu.Lock(); j.s.parts++; j.s.mu.Unlock() }

// fakeJournal keeps records in a slice; fail makes writing fail.
type fakeJournal struct {
	mu     sync.Mutex // protects all following fields
	drafts map[string]Record
	sealed []Record
	fail   error
}

func (j *fakeJournal) Begin(_ context.Context, r Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.drafts[r.ID] = r
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
			return ErrSealed
		}
	}
	delete(j.drafts, r.ID)
	j.sealed = append(j.sealed, r)
	return nil
}

func (j *fakeJournal) Unsealed(context.Context) (open []Record, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range j.drafts {
		open = append(open, r)
	}
	return open, nil
}

func (j *fakeJournal) Records(_ context.Context, q Query) (found []Record, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range j.sealed {
		if q.Agent == "" || r.Agent == q.Agent {
			found = append(found, r)
		}
	}
	return found, nil
}

func (j *fakeJournal) setFail(err error) { j.mu.Lock(); j.fail = err; j.mu.Unlock() }

func (j *fakeJournal) all() []Record { j.mu.Lock(); defer j.mu.Unlock(); return slices.Clone(j.sealed) }

// forgetful is a ledger that keeps nothing.
type forgetful struct{}

func (forgetful) Append(context.Context, []acd.Event) error         { return nil }
func (forgetful) Load(context.Context) ([]byte, []acd.Event, error) { return nil, nil, nil }
func (forgetful) Compact(context.Context, uint64, []byte) error     { return nil }

// theBook is read once: it is immutable, and reading 500 sounds takes a while.
var theBook = sync.OnceValues(func() (*prompt.Book, error) { return prompt.Open("") })

// room is a whole call centre without wire and sound, in a bubble of its own time.
type room struct {
	t       *testing.T
	x       *Exchange
	floor   *acd.Floor
	dialer  *fakeDialer
	sounds  *fakeSounds
	journal *fakeJournal
	callers int
}

// inRoom runs f in a synctest bubble with two agents, anna at phone 1001 and ben at
// 1002, a supervisor sofia at 1003, and three queues: orders, gentle (on_agent_hangup
// rescue) and crisis (emergency).
func inRoom(t *testing.T, f func(r *room), edit ...func(*Plan, *acd.Plan)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		plan, floorPlan := roomPlans()
		for _, e := range edit {
			e(&plan, &floorPlan)
		}
		floor, err := acd.NewFloor(t.Context(), floorPlan, forgetful{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() { stopped <- floor.Run(ctx) }()
		book, err := theBook()
		if err != nil {
			t.Fatal(err)
		}
		r := &room{
			t: t, floor: floor,
			dialer:  &fakeDialer{dialled: make(chan *fakeLeg, 64), targets: make(chan Target, 64)},
			sounds:  &fakeSounds{gains: map[Leg]float64{}},
			journal: &fakeJournal{drafts: map[string]Record{}},
		}
		r.x, err = NewExchange(t.Context(), plan, Parts{
			Floor: floor, Dialer: r.dialer, Journal: r.journal, Sounds: r.sounds, Book: book,
			Log: slog.New(slog.DiscardHandler), Version: "test", Folder: t.TempDir(),
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, phone := range []string{"1001", "1002", "1003"} {
			r.x.PhoneReachable(phone, true)
		}
		defer func() { // also after a Fatal: the bubble must not be left with goroutines
			if err := r.x.Close(context.Background()); err != nil {
				t.Error(err)
			}
			stop()
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		}()
		f(r)
	})
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
		Numbers: map[string]NumberSpec{"8100": {Queue: "orders"}, "8200": {Queue: "gentle"}, "8800": {Queue: "crisis"}},
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

// logIn makes an agent ready at a phone.
func (r *room) logIn(agent, phone string) {
	r.t.Helper()
	if _, err := r.floor.Do(r.t.Context(), agent, acd.Command{Verb: acd.LogIn, Phone: phone}); err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.floor.Do(r.t.Context(), agent, acd.Command{Verb: acd.GoReady}); err != nil {
		r.t.Fatal(err)
	}
}

// do lets an agent ask the floor for something.
func (r *room) do(agent string, c acd.Command) {
	r.t.Helper()
	if _, err := r.floor.Do(r.t.Context(), agent, c); err != nil {
		r.t.Fatal(err)
	}
}

// dial lets somebody call a number.
func (r *room) dial(from, number string) *fakeLeg {
	r.t.Helper()
	r.callers++
	l := &fakeLeg{party: Party{ID: "in-" + from, Incoming: true, Number: from, Dialled: number, Since: time.Now()}}
	if _, ours := r.x.plan.Load().Phones[from]; ours {
		l.party.Phone = from
	}
	if !r.x.Incoming(l) {
		r.t.Fatal("the call was not taken")
	}
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
		r.t.Fatal("no phone was dialled for an hour")
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
	agent.signal(Signal{Kind: Answered})
	synctest.Wait()
	return caller, agent
}

// record waits for the record of the only call.
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
			r.t.Fatal("no record was sealed in an hour")
		}
	}
}

// agent gives what the floor knows of an agent.
func (r *room) agent(name string) acd.AgentView {
	r.t.Helper()
	agents, err := r.floor.Agents(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, a := range agents {
		if a.Name == name {
			return a
		}
	}
	r.t.Fatalf("no agent %s", name)
	return acd.AgentView{}
}
