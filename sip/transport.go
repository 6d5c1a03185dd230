package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/wire"
)

// Limits of the transports.
const (
	maxMessage   = 65535           // bytes of one message; a UDP datagram cannot be longer
	readBuffer   = 4 << 20         // a burst of re-registrations waits here, not in the network
	writeTimeout = 2 * time.Second // a phone that does not read its stream for this long is cut
	dialTimeout  = 5 * time.Second
)

var (
	errNoConnection = errors.New("the stream to the peer is gone")
	errNoListener   = errors.New("no listener for this transport and address family")
	errClosing      = errors.New("the server is stopping")
)

// sipgoOnce guards sipgo's limits and logger, which are package variables of its
// own: they are set once, before its first transport layer exists.
var sipgoOnce sync.Once //nolint:gochecknoglobals // it guards another package's globals, which cannot be per server

// tameSipgo sets sipgo's globals (libraries.md §2.17): without it a long message is cut,
// and each malformed one floods the log.
func tameSipgo() {
	sipgoOnce.Do(func() {
		sip.TransportBufferReadSize = maxMessage
		sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
	})
}

// hop is where messages to a peer go: through which of our listeners, to which
// address. On a stream the address names the connection, which must exist.
type hop struct {
	via    *listener
	remote netip.AddrPort
}

func (h hop) valid() bool    { return h.via != nil && h.remote.IsValid() }
func (h hop) reliable() bool { return h.via.network == "tcp" }

// String is for logs: "udp 192.0.2.1:5060".
func (h hop) String() string {
	if h.via == nil {
		return "nowhere"
	}
	return h.via.network + " " + h.remote.String()
}

// traffic is whom the transport tells. All are called from its readers.
type traffic struct {
	admit   func(from hop, raw []byte) []byte      // of a stream: nil = drop; may change the bytes
	read    func(from hop, raw []byte) sip.Message // of a datagram: nil = drop
	broke   func()                                 // the parser broke on a message
	message func(from hop, m sip.Message, came time.Time)
	gone    func(from hop) // a stream closed
}

// transport owns the sockets. It puts sipgo's layer between them and us, and
// keeps sipgo from the habits listed in libraries.md §2 by what it gives it: streams that
// deliver one whole message a read. Datagrams it reads, parses and sends itself: each is
// parsed once, nothing is looked up by the text of an address, and sipgo's pool, which
// forgets none (§2.8), has none of theirs.
type transport struct {
	layer     *sip.TransportLayer
	parser    *sip.Parser // ours, of streams, where a panic ends the message and not the process
	letters   sync.Pool   // *[]byte, of datagrams being written
	tell      traffic
	listeners []*listener
	joins     *joiner
	readers   sync.WaitGroup

	mu      sync.Mutex // protects the following
	streams map[netip.AddrPort]*stream
	hosts   map[netip.Addr]int // streams by address
	bounds  bounds
}

// openTransport binds every listener. Nothing is read yet.
func openTransport(ctx context.Context, specs []Listener, tell traffic) (*transport, error) {
	tameSipgo()
	t := &transport{parser: wire.NewParser(), tell: tell, joins: newJoiner()}
	t.letters.New = func() any { return new([]byte) }
	t.streams, t.hosts, t.bounds = map[netip.AddrPort]*stream{}, map[netip.Addr]int{}, usual()
	for _, spec := range specs {
		l, err := t.bind(ctx, spec)
		if err != nil {
			t.closeSockets()
			return nil, err
		}
		t.listeners = append(t.listeners, l)
	}
	t.layer = sip.NewTransportLayer(net.DefaultResolver, wire.NewParser(), nil,
		sip.WithTransportLayerLogger(slog.New(slog.DiscardHandler)),
		sip.WithTransportLayerReadFilter(t.filter),
		sip.WithTransportLayerTransports(sip.TransportsConfig{TCP: &sip.TransportTCP{WriteTimeout: writeTimeout}}))
	t.layer.OnMessage(t.handle)
	return t, nil
}

// serve starts one reader per listener.
func (t *transport) serve() {
	for _, l := range t.listeners {
		t.readers.Go(func() {
			if l.packets != nil {
				t.read(l)
				return
			}
			_ = t.layer.ServeTCP(l.accepts)
		})
	}
	t.readers.Go(func() { _ = t.layer.ServeTCP(t.joins) })
}

// read takes what comes by UDP, until the socket is closed.
func (t *transport) read(l *listener) {
	for d, open := l.packets.next(); open; d, open = l.packets.next() {
		t.take(l, d)
	}
}

func (t *transport) take(l *listener, d datagram) {
	from := hop{l, d.source}
	if m := t.tell.read(from, d.data); m != nil {
		m.SetTransport("UDP")
		t.tell.message(from, m, d.came)
	}
}

// close ends every socket and returns when no reader is left.
func (t *transport) close() {
	t.closeSockets()
	t.readers.Wait()
	_ = t.layer.Close() // only closed sockets are left in it
}

func (t *transport) closeSockets() {
	_ = t.joins.Close()
	for _, l := range t.listeners {
		l.close()
	}
	t.closeStreams()
}

func (t *transport) closeStreams() {
	t.mu.Lock()
	open := make([]*stream, 0, len(t.streams))
	for _, s := range t.streams {
		open = append(open, s)
	}
	t.mu.Unlock()
	for _, s := range open {
		_ = s.Close()
	}
}

// filter is sipgo's ReadFilter. It never returns an error, because an error stops
// the reader (libraries.md §2.9): empty means drop.
func (t *transport) filter(props sip.TransportReadProps, data []byte) ([]byte, error) {
	from, ok := t.streamHop(addrPort(props.RemoteAddr))
	if !ok {
		return nil, nil
	}
	raw := t.tell.admit(from, data)
	if raw != nil && !wire.Readable(t.parser, raw) {
		t.tell.broke()
		return nil, nil
	}
	return raw, nil
}

func (t *transport) streamHop(remote netip.AddrPort) (hop, bool) {
	t.mu.Lock()
	s, ok := t.streams[remote]
	t.mu.Unlock()
	if !ok {
		return hop{}, false
	}
	return hop{s.listener, remote}, true
}

// handle is sipgo's OnMessage, called in the reader of the stream that the message
// came by.
func (t *transport) handle(m sip.Message) {
	remote, err := netip.ParseAddrPort(m.Source())
	if err != nil {
		return
	}
	if from, ok := t.streamHop(remote); ok {
		t.tell.message(from, m, time.Now())
	}
}

// send writes m to h. What goes by UDP leaves from the listener that Via names
// (libraries.md §2.7); streams never get a Laddr, because there it may select another
// phone's connection (§2.6).
func (t *transport) send(m sip.Message, h hop) error {
	if !h.valid() {
		return errNoConnection
	}
	if !h.reliable() {
		return t.post(m, h)
	}
	m.SetDestination(h.remote.String())
	c, err := t.layer.GetConnection("tcp", h.remote.String())
	if err != nil {
		return fmt.Errorf("send to %s: %w", h, errNoConnection)
	}
	defer func() { _, _ = c.TryClose() }() // exactly one for the reference that GetConnection took
	if err := c.WriteMsg(m); err != nil {
		_ = c.Close() // a stream that took half a message is of no use
		return fmt.Errorf("send to %s: %w", h, err)
	}
	return nil
}

// post sends a datagram.
func (t *transport) post(m sip.Message, h hop) error {
	letter, _ := t.letters.Get().(*[]byte) // letters.New makes nothing else
	defer t.letters.Put(letter)
	*letter = wire.Append((*letter)[:0], m)
	return t.sendBytes(*letter, h)
}

// sendBytes sends what is a message already.
func (t *transport) sendBytes(raw []byte, to hop) error {
	if !to.valid() {
		return errNoConnection
	}
	if !to.reliable() {
		if _, err := to.via.packets.WriteToUDPAddrPort(raw, to.remote); err != nil {
			return fmt.Errorf("send to %s: %w", to, err)
		}
		return nil
	}
	t.mu.Lock()
	s := t.streams[to.remote]
	t.mu.Unlock()
	if s == nil {
		return fmt.Errorf("send to %s: %w", to, errNoConnection)
	}
	_ = s.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := s.Write(raw); err != nil {
		_ = s.Close() // a stream that took half a message is of no use
		return fmt.Errorf("send to %s: %w", to, err)
	}
	return nil
}

// connected tells whether a stream to remote exists.
func (t *transport) connected(remote netip.AddrPort) bool {
	_, ok := t.streamHop(remote)
	return ok
}

// pick finds the listener that reaches remote by network.
func (t *transport) pick(network string, remote netip.Addr) *listener {
	for _, l := range t.listeners {
		if l.network == network && l.reaches(remote) {
			return l
		}
	}
	return nil
}

// dial opens, or finds, a stream to remote. It blocks: never call it in a mailbox.
func (t *transport) dial(ctx context.Context, remote netip.AddrPort) (hop, error) {
	if h, ok := t.streamHop(remote); ok {
		return h, nil
	}
	l := t.pick("tcp", remote.Addr())
	if l == nil {
		return hop{}, fmt.Errorf("dial tcp %s: %w", remote, errNoListener)
	}
	d := net.Dialer{Timeout: dialTimeout}
	c, err := d.DialContext(ctx, "tcp", remote.String())
	if err != nil {
		return hop{}, err
	}
	s := t.adopt(c, l)
	if s == nil {
		return hop{}, errNoConnection
	}
	s.trusted.Store(true)
	if err := t.joins.join(ctx, s); err != nil {
		_ = s.Close()
		return hop{}, err
	}
	return hop{l, remote}, nil
}

// adopt makes c one of our streams; nil when there are too many.
func (t *transport) adopt(c net.Conn, l *listener) *stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := newStream(c, l, t.bounds, t.forget)
	if len(t.streams) >= maxStreams || t.hosts[s.remote.Addr()] >= t.bounds.each {
		_ = c.Close()
		return nil
	}
	t.streams[s.remote] = s
	t.hosts[s.remote.Addr()]++
	return s
}

func (t *transport) forget(s *stream) {
	t.mu.Lock()
	mine := t.streams[s.remote] == s
	if mine {
		delete(t.streams, s.remote)
		if t.hosts[s.remote.Addr()]--; t.hosts[s.remote.Addr()] == 0 {
			delete(t.hosts, s.remote.Addr())
		}
	}
	t.mu.Unlock()
	if mine {
		t.tell.gone(hop{s.listener, s.remote})
	}
}

// breathe waits a moment before a listener that is out of descriptors tries again.
func (t *transport) breathe() {
	select {
	case <-time.After(50 * time.Millisecond):
	case <-t.joins.done:
	}
}

// trust lets a stream that authenticated stay open while idle.
func (t *transport) trust(h hop) {
	t.mu.Lock()
	s := t.streams[h.remote]
	t.mu.Unlock()
	if s != nil && h.reliable() {
		s.trusted.Store(true)
	}
}
