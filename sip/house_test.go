package sip

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/siptest"
)

// patience is how long a test waits for what must happen; the machine is shared.
const patience = 20 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// directory is a call.Directory in memory.
type directory struct {
	mu   sync.Mutex
	all  map[string]call.Binding
	fail error
}

func (d *directory) Bindings(context.Context) ([]call.Binding, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []call.Binding
	for _, b := range d.all {
		out = append(out, b)
	}
	return out, d.fail
}

func (d *directory) Bind(_ context.Context, b call.Binding) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail == nil {
		d.all[b.AOR+" "+b.ID] = b
	}
	return d.fail
}

func (d *directory) Unbind(_ context.Context, aor, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, aor+" "+id)
	return d.fail
}

// turn is a PhoneReachable that the board heard.
type turn struct {
	phone string
	yes   bool
}

// board is a Switchboard that shows everything to the test.
type board struct {
	legs   chan *ear
	turns  chan turn
	refuse atomic.Bool
}

func (b *board) Incoming(l call.Leg) bool {
	if b.refuse.Load() {
		return false
	}
	b.legs <- listenTo(l)
	return true
}

func (b *board) PhoneReachable(phone string, yes bool) { b.turns <- turn{phone, yes} }

// ear is a leg and what was heard of it.
type ear struct {
	call.Leg
	signals chan call.Signal
}

// bearable is how late this machine may be without a test of real time that fails being judged
// again: half a packet.
const bearable = 10 * time.Millisecond

func listenTo(l call.Leg) *ear {
	e := &ear{Leg: l, signals: make(chan call.Signal, 100)}
	l.Listen(func(s call.Signal) { e.signals <- s })
	return e
}

// next waits for a signal of a kind; others before it fail the test.
func (e *ear) next(t testing.TB, kind call.SignalKind) call.Signal {
	t.Helper()
	select {
	case s := <-e.signals:
		if s.Kind != kind {
			t.Fatalf("signal %+v, want kind %d", s, kind)
		}
		return s
	case <-time.After(patience):
		t.Fatalf("no signal of kind %d", kind)
	}
	return call.Signal{}
}

// house is a server in a test, on free ports of loopback.
type house struct {
	*Server

	t     testing.TB
	ctx   context.Context
	board *board
	dir   *directory
	stop  func()
	late  floor
}

// floor is who routes calls, always as late as the test says.
type floor struct {
	by, times, spent atomic.Int64
}

// lateness is Parts.Floor.
func (f *floor) lateness() (times uint64, late time.Duration) {
	const turns = 100
	return uint64(f.times.Add(turns)), time.Duration(f.spent.Add(turns * f.by.Load()))
}

func quick(p Plan) Plan {
	if len(p.Settings.Listen) == 0 {
		p.Settings.Listen = []Listener{{Transport: "udp", Address: "127.0.0.1:0"}, {Transport: "tcp", Address: "127.0.0.1:0"}}
	}
	if p.Settings.T1 == 0 {
		p.Settings.T1 = 100 * time.Millisecond
	}
	if p.Phones == nil {
		p.Phones = map[string]PhoneSpec{
			"1001": {Password: "secret-1001"}, "1002": {Password: "secret-1002"},
			"1003": {Password: "secret-1003", Digest: "sha256"},
		}
	}
	return p
}

func open(t testing.TB, p Plan) *house {
	return openIn(t, p, &directory{all: map[string]call.Binding{}})
}

func openIn(t testing.TB, p Plan, dir *directory) *house {
	t.Helper()
	return openOn(t, p, dir, engine(t, media.Settings{}))
}

func openOn(t testing.TB, p Plan, dir *directory, sounds *media.Engine) *house {
	t.Helper()
	var err error
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	h := &house{t: t, ctx: ctx, dir: dir, board: &board{legs: make(chan *ear, 100), turns: make(chan turn, 1000)}}
	h.Server, err = Open(ctx, quick(p), Parts{Engine: sounds, Directory: dir, Log: quiet(), Floor: h.late.lateness})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	serving, end := context.WithCancel(ctx)
	go func() { served <- h.Serve(serving, h.board) }()
	<-h.up
	var once sync.Once
	h.stop = func() {
		once.Do(func() {
			end()
			if err := <-served; err != nil {
				t.Error(err)
			}
			if c := h.Counters(); c.Panics != 0 || c.Legs != 0 || c.Transactions != 0 || c.Mailboxes != 0 {
				t.Errorf("something is left: %+v", c)
			}
			cancel()
		})
	}
	t.Cleanup(h.stop)
	return h
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func engine(tb testing.TB, s media.Settings) *media.Engine {
	tb.Helper()
	s.Recordings = tb.TempDir()
	e, err := media.Open(s.WithDefaults(), quiet())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil && !errors.Is(err, media.ErrClosed) {
			tb.Error(err)
		}
	})
	return e
}

// at is the address of our listener of a network.
func (h *house) at(network string) netip.AddrPort {
	h.t.Helper()
	for _, a := range h.Addresses() {
		if where, ok := strings.CutPrefix(a, network+" "); ok {
			return netip.MustParseAddrPort(where)
		}
	}
	h.t.Fatalf("no %s listener in %v", network, h.Addresses())
	return netip.AddrPort{}
}

// phone opens a phone of ours, by UDP unless told otherwise.
func (h *house) phone(name string, change ...func(*siptest.Options)) *siptest.Phone {
	h.t.Helper()
	o := siptest.Options{Name: name, Password: "secret-" + name, Transport: "udp", T1: 100 * time.Millisecond}
	for _, f := range change {
		f(&o)
	}
	if !o.Server.IsValid() {
		o.Server = h.at(o.Transport)
	}
	p, err := siptest.New(o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(p.Close)
	return p
}

// registered opens a phone and registers it.
func (h *house) registered(name string, change ...func(*siptest.Options)) *siptest.Phone {
	h.t.Helper()
	p := h.phone(name, change...)
	if err := p.Register(h.ctx); err != nil {
		h.t.Fatalf("register %s: %v", name, err)
	}
	return p
}

// rung waits for the next call at a phone.
func rung(t *testing.T, p *siptest.Phone) *siptest.Call {
	t.Helper()
	select {
	case c := <-p.Incoming():
		return c
	case <-time.After(patience):
		t.Fatal("no call came")
		return nil
	}
}

// came waits for an incoming leg.
func (h *house) came() *ear {
	h.t.Helper()
	select {
	case l := <-h.board.legs:
		return l
	case <-time.After(patience):
		h.t.Fatal("no leg came")
	}
	return nil
}

// turned waits for a PhoneReachable.
func (h *house) turned(phone string, yes bool) {
	h.t.Helper()
	for {
		select {
		case got := <-h.board.turns:
			if got == (turn{phone, yes}) {
				return
			}
		case <-time.After(patience):
			h.t.Fatalf("phone %s never turned %v", phone, yes)
		}
	}
}

func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
