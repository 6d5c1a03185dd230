// Package crowd is the signalling of a load test: thousands of desk phones that
// register and answer at once, and callers on a trunk, by real SIP over one UDP
// socket, against any server. Each phone has an address of its own, at which its
// sound is, too (see flood). It does what a call needs and no more: no TCP, no
// transfer, no subscription; package siptest has phones that do.
package crowd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"

	"breakwater/loadtest/flood"
	"breakwater/sip/arrival"
	"breakwater/sip/siptest"
)

// Settings say whom the crowd calls.
type Settings struct {
	Server netip.AddrPort // its SIP address
	Trunk  netip.Addr     // where callers come from
	Sound  *flood.Flood   // what they say
	Law    string         // rtpmap name of what it speaks, PCMU or PCMA
}

// Counts are what went wrong that no single call's error tells.
type Counts struct {
	Doubles     atomic.Int64 // calls to a phone that has one
	Unknown     atomic.Int64 // calls to a phone that is not registered here
	Repeats     atomic.Int64 // requests sent once more, because no answer came in time
	Unreadable  atomic.Int64 // messages
	Unannounced atomic.Int64 // calls at a phone from a number that nobody called from
}

var (
	errNoReply = errors.New("no reply")
	errClosed  = errors.New("the crowd has gone")
)

// Crowd is the socket and everybody behind it.
type Crowd struct {
	set    Settings
	conn   *net.UDPConn
	port   uint16
	Counts Counts

	mu      sync.Mutex // protects all following fields; never held while waiting for anything
	phones  map[string]*Phone
	calls   map[string]*Call    // by Call-ID
	asked   map[string]*request // by branch
	callers map[string]*Call    // by the number that is shown
	numbers int
	over    bool
	mute    bool
	arrived time.Time // when the kernel had the message that is being taken
	waiting int       // callers who were answered, or told that it rings, before a phone rang for them
	times   *Times    // nil: nobody asks
}

// Open binds the socket. Run must be called.
func Open(s Settings) (*Crowd, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		return nil, fmt.Errorf("SIP socket: %w", err)
	}
	_ = conn.SetReadBuffer(4 << 20) // best effort: the kernel may give less
	if err := ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst, true); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("SIP socket: %w", err)
	}
	if err := arrival.Stamp(conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("SIP socket: %w", err)
	}
	return &Crowd{
		set: s, conn: conn, port: conn.LocalAddr().(*net.UDPAddr).AddrPort().Port(),
		phones: map[string]*Phone{}, calls: map[string]*Call{}, asked: map[string]*request{}, callers: map[string]*Call{},
	}, nil
}

// Run reads until ctx ends. Whoever waits for an answer then is told so.
func (c *Crowd) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	defer stop()
	defer c.end()
	buf, oob := make([]byte, 65535), make([]byte, 128)
	for {
		n, m, _, from, err := c.conn.ReadMsgUDPAddrPort(buf, oob)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil || n < 8: // an ICMP error, or a keep-alive
			continue
		}
		var to ipv4.ControlMessage
		if err := to.Parse(oob[:m]); err != nil {
			return fmt.Errorf("SIP socket: %w", err)
		}
		at, _ := netip.AddrFromSlice(to.Dst.To4())
		msg, err := siptest.ParseMessage(append([]byte(nil), buf[:n]...))
		if err != nil {
			c.Counts.Unreadable.Add(1)
			continue
		}
		c.take(msg, route{local: at, peer: netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}, arrival.Time(oob[:m]))
	}
}

// route is between which addresses a message goes.
type route struct {
	local netip.Addr
	peer  netip.AddrPort
}

func (c *Crowd) take(m *siptest.Message, r route, arrived time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arrived = arrived
	switch {
	case c.over:
	case m.Status != 0:
		c.replied(m)
	default:
		c.serve(m, r)
	}
}

// end lets everybody go who waits.
func (c *Crowd) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for _, r := range c.asked {
		r.finish(nil, errClosed)
	}
	for _, call := range c.calls {
		call.finish("the end of the run")
	}
}

// write sends a message; what the kernel refuses is lost, as on any network.
func (c *Crowd) write(raw []byte, r route) {
	m := ipv4.ControlMessage{Src: r.local.AsSlice()}
	_, _, _ = c.conn.WriteMsgUDPAddrPort(raw, m.Marshal(), r.peer)
}

// local is our SIP address at one of our addresses.
func (c *Crowd) local(a netip.Addr) string { return netip.AddrPortFrom(a, c.port).String() }

func (c *Crowd) via(a netip.Addr) string {
	return "SIP/2.0/UDP " + c.local(a) + ";rport;branch=z9hG4bK" + rand.Text()
}

// request is one that waits for its final answer.
type request struct {
	crowd *Crowd
	msg   *siptest.Message
	route route
	wait  time.Duration // until it is sent once more
	sent  time.Time
	clock *time.Timer
	on    func(*siptest.Message, error) // provisional answers, too; with the lock held; an error is the last
	heard bool                          // a provisional answer
}

const (
	t1       = 500 * time.Millisecond // RFC 3261 §17.1.1.1
	t2       = 4 * time.Second
	lifetime = 64 * t1
)

// ask sends a request and repeats it as RFC 3261 §17.1 says. The lock is held.
func (c *Crowd) ask(msg *siptest.Message, r route, on func(*siptest.Message, error)) {
	q := &request{crowd: c, msg: msg, route: r, wait: t1, sent: time.Now(), on: on}
	if c.over {
		on(nil, errClosed)
		return
	}
	c.asked[siptest.ParamOf(msg.Get("Via"), "branch")] = q
	c.write(msg.Bytes(), r)
	q.clock = time.AfterFunc(q.wait, q.repeat)
}

func (q *request) repeat() {
	q.crowd.mu.Lock()
	defer q.crowd.mu.Unlock()
	switch {
	case q.on == nil:
		return
	case time.Since(q.sent) > lifetime && !q.heard:
		q.finish(nil, errNoReply)
		return
	case q.heard && q.msg.Method == "INVITE":
		return // it rings; who called decides for how long
	}
	q.crowd.Counts.Repeats.Add(1)
	q.crowd.write(q.msg.Bytes(), q.route)
	q.wait *= 2
	if q.msg.Method != "INVITE" {
		q.wait = min(q.wait, t2)
	}
	q.clock.Reset(q.wait)
}

// finish ends the waiting; a later answer finds nobody.
func (q *request) finish(m *siptest.Message, err error) {
	if q.on == nil {
		return
	}
	on := q.on
	q.on = nil
	q.clock.Stop()
	on(m, err)
}

// replied takes every response. A final answer to an INVITE may come again as long
// as our ACK is lost, so its request is kept until it is forgotten by time.
func (c *Crowd) replied(m *siptest.Message) {
	branch := siptest.ParamOf(m.Get("Via"), "branch")
	q := c.asked[branch]
	if q == nil {
		return
	}
	if m.Status < 200 {
		q.heard = true
		if q.on != nil {
			q.on(m, nil)
		}
		return
	}
	if _, method := m.CSeq(); method == "INVITE" {
		c.acknowledge(q, m)
	}
	if q.on != nil {
		q.finish(m, nil)
		time.AfterFunc(lifetime, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.asked, branch)
		})
	}
}

// Talking counts the agents in a call.
func (c *Crowd) Talking() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.phones {
		if p.call != nil {
			n++
		}
	}
	return n
}
