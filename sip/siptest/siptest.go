// Package siptest is a desk phone without a desk: it registers, calls, rings,
// talks, presses keys and misbehaves, with real SIP and real RTP, as a script
// tells it. Tests, the demo and the load test use it to look at the server from
// outside; it shares no code with the server's own SIP.
//
// Nothing here sleeps: every wait is a channel or a context.
package siptest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"breakwater/media/g711"
)

// Options say what kind of phone it is. Only Name is needed.
type Options struct {
	Name      string         // user part of its address, and its digest user name
	Password  string         // empty: a trunk or a peer, which answers no challenge
	Server    netip.AddrPort // where it registers and calls; zero: it dials full addresses, user@ip:port
	Transport string         // udp (default) or tcp
	Local     netip.Addr     // default the address of the route to Server, else 127.0.0.1
	Codecs    []g711.Law     // in order of preference; default µ-law, then A-law
	Event     uint8          // payload type of telephone-event; default 101, NoEvent = not offered
	Policy    Policy         // what it does with incoming calls; default: it rings
	Silent    bool           // sends no RTP in any call until told to play
	Prefer    string         // digest algorithm to take when several are offered: MD5, SHA-256; default the first
	Expires   time.Duration  // of registrations; default 1 h
	T1        time.Duration  // RFC 3261 §17.1.1.1; default 500 ms
	Keep      time.Duration  // how much of the heard audio each call keeps; default 2 min

	// Rewrite changes every SDP before it is sent, to imitate strange phones.
	Rewrite func(sdp string) string
	// Trace sees every message as it passes, from the phone's own goroutine.
	Trace func(sent bool, raw []byte)
}

// NoEvent as Options.Event means that telephone-event is not offered.
const NoEvent = 255

// ErrClosed means that the phone was closed meanwhile.
var ErrClosed = errors.New("phone is closed")

// ErrNoReply means that a request was never answered (64·T1, RFC 3261 §17).
var ErrNoReply = errors.New("no reply")

// Phone is one device with its own socket. Its methods may be called from any
// goroutine.
type Phone struct {
	opts     Options
	wire     wire
	threads  sync.WaitGroup
	inbox    chan func()
	quit     chan struct{} // closed by Close
	gone     chan struct{} // closed when run has ended
	closing  sync.Once
	incoming chan *Call
	strays   chan *Message
	faults   atomic.Pointer[Faults]
	away     atomic.Bool // vanished: nothing in, nothing out
	missed   atomic.Int64

	desk desk
}

// desk is what only Phone.run touches.
type desk struct {
	alarms   alarms
	policy   Policy
	asked    map[string]*asked  // client transactions by branch and method
	served   map[string]*served // server transactions by branch and method
	calls    map[string]*Call   // by Call-ID
	register registration
	nonce    *challenge // the last one that let us in
}

// New opens a phone on a free port. It does not register by itself. Close it.
func New(o Options) (*Phone, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Phone{
		opts:     o,
		inbox:    make(chan func(), 256), // full: the reader waits, like a slow phone
		quit:     make(chan struct{}),
		gone:     make(chan struct{}),
		incoming: make(chan *Call, 64),
		strays:   make(chan *Message, 64),
		desk: desk{
			policy: o.Policy,
			asked:  map[string]*asked{},
			served: map[string]*served{},
			calls:  map[string]*Call{},
		},
	}
	p.faults.Store(&Faults{})
	switch o.Transport {
	case "udp":
		p.wire, err = openUDP(o.Local, &p.threads, p.take)
	case "tcp":
		p.wire, err = openTCP(o.Local, &p.threads, p.take)
	default:
		err = fmt.Errorf("transport %q: udp and tcp are known", o.Transport)
	}
	if err != nil {
		return nil, err
	}
	go p.run()
	return p, nil
}

func (o Options) withDefaults() (Options, error) {
	if o.Name == "" {
		return o, errors.New("phone has no name")
	}
	if o.Transport == "" {
		o.Transport = "udp"
	}
	if len(o.Codecs) == 0 {
		o.Codecs = []g711.Law{g711.Mu, g711.A}
	}
	if o.Event == 0 {
		o.Event = 101
	}
	o.Expires = orElse(o.Expires, time.Hour)
	o.T1 = orElse(o.T1, 500*time.Millisecond)
	o.Keep = orElse(o.Keep, 2*time.Minute)
	if o.Local.IsValid() {
		return o, nil
	}
	o.Local = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if o.Server.IsValid() {
		probe, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(o.Server)) // asks the routing table, sends nothing
		if err != nil {
			return o, fmt.Errorf("route to %s: %w", o.Server, err)
		}
		defer func() { _ = probe.Close() }()
		o.Local = plain(probe.LocalAddr().(*net.UDPAddr).AddrPort()).Addr()
	}
	return o, nil
}

func orElse(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// Close ends every call as well as one message can (BYE, CANCEL, 480), closes
// the sockets and returns when no goroutine is left.
func (p *Phone) Close() {
	p.closing.Do(func() { close(p.quit) })
	<-p.gone
}

// Address is where the phone listens, for peers that dial it directly.
func (p *Phone) Address() netip.AddrPort { return p.wire.local() }

// URI is the phone's own address without parameters: sip:name@ip:port.
func (p *Phone) URI() string { return "sip:" + p.opts.Name + "@" + p.wire.local().String() }

// Incoming gives each incoming call once, as soon as it is known. When nobody
// reads, the oldest is forgotten; the call itself goes on as the Policy says.
func (p *Phone) Incoming() <-chan *Call { return p.incoming }

// Strays gives the messages that belong to nothing: requests outside any call
// (OPTIONS and NOTIFY among them, which are answered 200) and responses to what
// was sent raw. When nobody reads, the oldest is forgotten.
func (p *Phone) Strays() <-chan *Message { return p.strays }

// run is the phone: it alone touches desk and the fields of calls that say so.
func (p *Phone) run() {
	defer close(p.gone)
	clock := time.NewTimer(time.Hour)
	defer clock.Stop()
	for {
		select {
		case f := <-p.inbox:
			f()
		case <-clock.C:
		case <-p.quit:
			p.shutDown()
			return
		}
		clock.Reset(p.desk.alarms.due(time.Now()))
	}
}

func (p *Phone) shutDown() {
	for _, c := range p.desk.calls {
		c.leave()
	}
	p.wire.close()
	p.threads.Wait()
}

// take hands a message from the wire to run.
func (p *Phone) take(raw []byte, from netip.AddrPort) {
	select {
	case p.inbox <- func() { p.receive(raw, from) }:
	case <-p.quit:
	}
}

// do runs f in the phone's goroutine and returns when it has run.
func (p *Phone) do(ctx context.Context, f func()) error {
	ran := make(chan struct{})
	select {
	case p.inbox <- func() { f(); close(ran) }:
	case <-p.quit:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-ran:
		return nil
	case <-p.gone:
		return ErrClosed
	}
}

// wait is the one place where a caller of this package waits.
func wait[T any](ctx context.Context, p *Phone, ch <-chan T) (T, error) {
	var none T
	select {
	case v := <-ch:
		return v, nil
	default:
	}
	select {
	case v := <-ch:
		return v, nil
	case <-p.gone:
		return none, ErrClosed
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// offer puts v into a bounded channel; when it is full the oldest leaves.
func offer[T any](ch chan T, v T) {
	for {
		select {
		case ch <- v:
			return
		default:
		}
		select {
		case <-ch:
		default:
		}
	}
}
