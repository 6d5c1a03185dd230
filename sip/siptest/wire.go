package siptest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// wire carries whole messages. Its goroutines end when it is closed and are
// counted in the phone's threads.
type wire interface {
	// reach makes sure that a message can be sent there; for a stream it connects.
	reach(ctx context.Context, to netip.AddrPort) error
	send(to netip.AddrPort, raw []byte) error
	local() netip.AddrPort
	close()
}

// heard takes what came in; it may block, but not longer than the phone lives.
type heard func(raw []byte, from netip.AddrPort)

const largest = 65535 // a UDP datagram, and our bound for a message on a stream

type udpWire struct{ conn *net.UDPConn }

func openUDP(local netip.Addr, threads *sync.WaitGroup, take heard) (*udpWire, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		return nil, fmt.Errorf("phone socket: %w", err)
	}
	_ = conn.SetReadBuffer(4 << 20) // best effort: the kernel may give less
	threads.Go(func() {
		buf := make([]byte, largest)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil || n < 8 { // an ICMP error, or a keep-alive
				continue
			}
			take(bytes.Clone(buf[:n]), plain(from))
		}
	})
	return &udpWire{conn}, nil
}

func (w *udpWire) reach(context.Context, netip.AddrPort) error { return nil }

func (w *udpWire) send(to netip.AddrPort, raw []byte) error {
	_, err := w.conn.WriteToUDPAddrPort(raw, to)
	return err
}

func (w *udpWire) local() netip.AddrPort { return plain(w.conn.LocalAddr().(*net.UDPAddr).AddrPort()) }

func (w *udpWire) close() { _ = w.conn.Close() }

// tcpWire keeps one connection per peer, whoever opened it.
type tcpWire struct {
	listener net.Listener
	threads  *sync.WaitGroup
	take     heard

	mu     sync.Mutex // protects all following fields
	conns  map[netip.AddrPort]net.Conn
	closed bool
}

var errNoConnection = errors.New("no connection")

func openTCP(local netip.Addr, threads *sync.WaitGroup, take heard) (*tcpWire, error) {
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		return nil, fmt.Errorf("phone listener: %w", err)
	}
	w := &tcpWire{listener: listener, threads: threads, take: take, conns: map[netip.AddrPort]net.Conn{}}
	threads.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			w.keep(conn)
		}
	})
	return w, nil
}

func (w *tcpWire) reach(ctx context.Context, to netip.AddrPort) error {
	w.mu.Lock()
	_, have := w.conns[to]
	w.mu.Unlock()
	if have {
		return nil
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: w.local().Addr().AsSlice()}}
	conn, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return fmt.Errorf("connect %s: %w", to, err)
	}
	w.keep(conn)
	return nil
}

// keep remembers a connection and reads it until it ends.
func (w *tcpWire) keep(conn net.Conn) {
	peer := plain(conn.RemoteAddr().(*net.TCPAddr).AddrPort())
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		conn.Close()
		return
	}
	w.conns[peer] = conn
	w.threads.Go(func() {
		in := bufio.NewReaderSize(conn, largest)
		for {
			raw, err := readFramed(in)
			if err != nil {
				break
			}
			w.take(raw, peer)
		}
		conn.Close()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.conns[peer] == conn {
			delete(w.conns, peer)
		}
	})
}

func (w *tcpWire) send(to netip.AddrPort, raw []byte) error {
	w.mu.Lock()
	conn := w.conns[to]
	w.mu.Unlock()
	if conn == nil {
		return fmt.Errorf("send to %s: %w", to, errNoConnection)
	}
	if err := conn.SetWriteDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	_, err := conn.Write(raw)
	return err
}

func (w *tcpWire) local() netip.AddrPort {
	return plain(w.listener.Addr().(*net.TCPAddr).AddrPort())
}

func (w *tcpWire) close() {
	w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, conn := range w.conns {
		conn.Close()
	}
}

// readFramed reads one message from a stream: a head up to the empty line, then
// as many bytes as Content-Length says. Keep-alive line ends between messages
// are skipped (RFC 5626 §3.5.1).
func readFramed(in *bufio.Reader) ([]byte, error) {
	var raw []byte
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(raw) == 0 && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		raw = append(raw, line...)
		if len(raw) > largest {
			return nil, fmt.Errorf("%w: head too long", errNotSIP)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		name, value, _ := strings.Cut(string(line), ":")
		if strings.EqualFold(longName(strings.TrimSpace(name)), "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || length < 0 || length > largest {
				return nil, fmt.Errorf("%w: Content-Length %q", errNotSIP, value)
			}
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(in, body); err != nil {
		return nil, err
	}
	return append(raw, body...), nil
}

// plain removes the IPv4-in-IPv6 form, so that addresses can be compared.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
