package sip

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of streams (libraries.md §2.16: sipgo has none).
const (
	maxStreams = 16384
	maxHead    = 16 << 10 // bytes of start line and headers
)

// bounds are what a stream may take of us.
type bounds struct {
	first time.Duration // a stranger must have proved itself in this time
	whole time.Duration // whoever begins a message must finish it
	idle  time.Duration // silence of somebody who proved itself
	each  int           // streams of one address: a whole office behind one NAT
}

// usual bounds. A registration lasts 60 minutes; qualify makes traffic long before.
func usual() bounds {
	return bounds{first: 30 * time.Second, whole: 10 * time.Second, idle: 65 * time.Minute, each: 1024}
}

var (
	errFraming  = errors.New("no message boundary can be found")
	crlf        = []byte("\r\n")
	endOfHeader = []byte("\r\n\r\n")
)

// stream is one TCP connection. Each Read gives one whole message: so it is judged as
// a whole before sipgo parses it, and a bad one costs itself, not the connection.
// Keep-alives end here.
type stream struct {
	net.Conn

	listener *listener
	remote   netip.AddrPort
	trusted  atomic.Bool
	closed   func(*stream)
	once     sync.Once
	ready    chan struct{} // closed when somebody reads
	reading  sync.Once

	bounds bounds
	start  time.Time
	buf    []byte // belongs to the reader, as the next
	blank  int    // line ends since the last message or pong
}

func newStream(c net.Conn, l *listener, b bounds, closed func(*stream)) *stream {
	return &stream{
		Conn: c, listener: l, remote: addrPort(c.RemoteAddr()), bounds: b, closed: closed,
		ready: make(chan struct{}), start: time.Now(),
	}
}

// Read implements net.Conn.
func (s *stream) Read(b []byte) (int, error) {
	s.reading.Do(func() { close(s.ready) })
	for {
		n, err := frame(s.buf)
		if err != nil || n > len(b) {
			return 0, errFraming
		}
		if n == 0 {
			if err := s.more(); err != nil {
				return 0, err
			}
			continue
		}
		blank := bytes.HasPrefix(s.buf, crlf)
		copy(b, s.buf[:n])
		s.buf = append(s.buf[:0], s.buf[n:]...)
		if !blank {
			s.blank = 0
			return n, nil
		}
		if err := s.keptAlive(n / len(crlf)); err != nil {
			return 0, err
		}
	}
}

// keptAlive takes one or two line ends between messages. Two are a ping and get their
// pong, one line end (RFC 5626 §3.5.1), though they may come one by one.
func (s *stream) keptAlive(ends int) error {
	s.blank += ends
	if s.blank < 2 {
		return nil
	}
	s.blank -= 2
	if err := s.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := s.Write(crlf)
	return err
}

// more reads what the network has, in the time that the state of the stream allows.
func (s *stream) more() error {
	for {
		stranger := len(s.buf) == 0 && !s.trusted.Load()
		if err := s.SetReadDeadline(s.deadline(stranger)); err != nil {
			return err
		}
		s.buf = slices.Grow(s.buf, 4096)
		n, err := s.Conn.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if n > 0 || err == nil {
			return nil
		}
		var late net.Error
		if !errors.As(err, &late) || !late.Timeout() {
			return err
		}
		if !stranger || !s.trusted.Load() {
			return io.EOF
		}
		// it proved itself while we read with a stranger's deadline
	}
}

func (s *stream) deadline(stranger bool) time.Time {
	switch {
	case len(s.buf) > 0:
		return time.Now().Add(s.bounds.whole)
	case stranger:
		return s.start.Add(s.bounds.first)
	}
	return time.Now().Add(s.bounds.idle)
}

// Close implements net.Conn; the owner hears of the first.
func (s *stream) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() { s.closed(s) })
	return err
}

// frame is the length of the first thing in buf: a keep-alive, or a message with
// its body. Zero means that more is needed.
func frame(buf []byte) (int, error) {
	blank := 0
	for bytes.HasPrefix(buf[blank:], crlf) {
		blank += len(crlf)
	}
	if blank > 0 {
		return min(blank, 2*len(crlf)), nil
	}
	head := bytes.Index(buf, endOfHeader)
	if head < 0 {
		if len(buf) > maxHead {
			return 0, errFraming
		}
		return 0, nil
	}
	head += len(endOfHeader)
	body, err := contentLength(buf[:head])
	if err != nil || head > maxHead || head+body > maxMessage {
		return 0, errFraming
	}
	if len(buf) < head+body {
		return 0, nil
	}
	return head + body, nil
}

// contentLength finds the length of the body in a message head. RFC 3261 §20.14
// demands one on a stream; without it there is no body, and the validator answers.
func contentLength(head []byte) (int, error) {
	for line := range bytes.SplitSeq(head, crlf) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		name = bytes.TrimSpace(name)
		if !bytes.EqualFold(name, []byte("content-length")) && !bytes.EqualFold(name, []byte("l")) {
			continue
		}
		n, err := strconv.Atoi(string(bytes.TrimSpace(value))) // phones pad it with blanks
		if err != nil || n < 0 {
			return 0, errFraming
		}
		return n, nil
	}
	return 0, nil
}
