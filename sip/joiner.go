package sip

import (
	"context"
	"net"
	"sync"
)

// joiner gives connections that we dialled to sipgo as if they had been accepted:
// so every stream is one of ours, framed, counted and watched alike.
type joiner struct {
	conns chan *stream
	done  chan struct{}
	once  sync.Once
}

func newJoiner() *joiner {
	return &joiner{conns: make(chan *stream), done: make(chan struct{})}
}

// join hands s over and returns when sipgo reads it, hence has it in its pool.
func (j *joiner) join(ctx context.Context, s *stream) error {
	select {
	case j.conns <- s:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-j.done:
		return errClosing
	}
	select {
	case <-s.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-j.done:
		return errClosing
	}
}

// Accept implements net.Listener.
func (j *joiner) Accept() (net.Conn, error) {
	select {
	case s := <-j.conns:
		return s, nil
	case <-j.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (j *joiner) Close() error {
	j.once.Do(func() { close(j.done) })
	return nil
}

// Addr implements net.Listener; sipgo only looks for a port in it.
func (j *joiner) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv6loopback} }
