package siptest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"breakwater/media/g711"
)

const (
	frame       = 160                   // samples of 20 ms
	frameLength = 20 * time.Millisecond // a packet
)

// flow is where sound goes and how; immutable, replaced as a whole.
type flow struct {
	to    netip.AddrPort
	law   g711.Law
	event uint8   // payload type of events we send; NoEvent = none
	send  bool    // they listen and we do not hold
	hears []uint8 // payload types of events that may come
}

// sound is one call's RTP: a socket pair, one goroutine that hears and, once the
// call is answered, one that speaks.
type sound struct {
	phone     *Phone
	rtp, rtcp *net.UDPConn
	flow      atomic.Pointer[flow]
	ear       *ear
	mouth     mouth
	begin     sync.Once
	end       sync.Once
	quit      chan struct{}
}

// openSound binds an even RTP port and the odd one above it.
func openSound(p *Phone) (*sound, error) {
	s := &sound{phone: p, ear: newEar(p.opts.Keep), quit: make(chan struct{})}
	for range 50 {
		first, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.opts.Local, 0)))
		if err != nil {
			return nil, fmt.Errorf("RTP socket: %w", err)
		}
		port := plain(first.LocalAddr().(*net.UDPAddr).AddrPort()).Port()
		second, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.opts.Local, port^1)))
		if err != nil {
			_ = first.Close()
			continue
		}
		s.rtp, s.rtcp = first, second
		if port%2 == 1 {
			s.rtp, s.rtcp = second, first
		}
		p.threads.Go(s.hearRTP)
		p.threads.Go(s.hearRTCP)
		return s, nil
	}
	return nil, errors.New("RTP socket: no free pair of ports")
}

func (s *sound) address() netip.AddrPort {
	return plain(s.rtp.LocalAddr().(*net.UDPAddr).AddrPort())
}

func (s *sound) aim(f flow) { s.flow.Store(&f) }

func (s *sound) stopSending() {
	if f := s.flow.Load(); f != nil {
		quiet := *f
		quiet.send = false
		s.aim(quiet)
	}
}

func (s *sound) start() { s.begin.Do(func() { s.phone.threads.Go(s.speak) }) }

// lingering is how long the ear stays open after the end: a BYE overtakes sound that
// was sent before it, because it comes by another socket.
const lingering = 100 * time.Millisecond

func (s *sound) close() {
	s.end.Do(func() {
		close(s.quit)
		_ = s.rtcp.Close()
		s.mouth.play(nil)
		_ = s.rtp.SetReadDeadline(time.Now().Add(lingering)) // fails only on a closed socket
	})
}

func (s *sound) hearRTP() {
	defer s.ear.ended()
	defer func() { _ = s.rtp.Close() }() // nothing was written that could be lost
	buf := make([]byte, 2048)
	var h rtp.Header
	for {
		n, from, err := s.rtp.ReadFromUDPAddrPort(buf)
		at := time.Now()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if err != nil || s.phone.away.Load() {
			continue
		}
		head, err := h.Unmarshal(buf[:n])
		if err != nil {
			continue
		}
		s.ear.packet(at, plain(from), s.flow.Load(), &h, buf[head:n])
	}
}

// speak sends a packet every 20 ms by an absolute schedule, so that it never
// drifts; when the machine was too busy it skips instead of bunching.
func (s *sound) speak() {
	w := &writer{ssrc: rand.Uint32(), seq: uint16(rand.Uint32()), ts: rand.Uint32(), marker: true}
	next := time.Now()
	clock := time.NewTimer(0)
	defer clock.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-clock.C:
		}
		s.tick(w)
		next = next.Add(frameLength)
		for late := time.Since(next); late > 5*frameLength; late -= frameLength {
			next = next.Add(frameLength)
			w.ts += frame
			w.marker = true // what follows a pause says so, RFC 3550 §5.1
		}
		clock.Reset(time.Until(next))
	}
}

// writer is the sending side's state; speak owns it.
type writer struct {
	ssrc   uint32
	seq    uint16
	ts     uint32
	marker bool
	sent   uint32
	bytes  uint32
	ticks  int
	key    *key // being pressed
	pcm    [frame]int16
	codes  [frame]byte
	packet [12 + frame]byte
}

func (s *sound) tick(w *writer) {
	f := s.flow.Load()
	defer func() { w.ts += frame }()
	if w.ticks++; w.ticks%reportTicks == 0 {
		s.report(w, f)
	}
	muted := s.mouth.next(w)
	if f == nil || !f.send || s.phone.away.Load() {
		w.marker = true
		return
	}
	if w.key != nil {
		s.tickKey(w, f)
		return
	}
	if muted {
		w.marker = true
		return
	}
	n := f.law.Encode(w.codes[:], w.pcm[:])
	s.write(w, f, payloadType(f.law), w.ts, w.codes[:n])
}

func (s *sound) write(w *writer, f *flow, pt uint8, ts uint32, payload []byte) {
	b := w.packet[:12+len(payload)]
	b[0], b[1] = 0x80, pt
	if w.marker {
		b[1] |= 0x80
		w.marker = false
	}
	binary.BigEndian.PutUint16(b[2:], w.seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], w.ssrc)
	copy(b[12:], payload)
	w.seq++
	w.sent++
	w.bytes += uint32(len(payload))
	_, _ = s.rtp.WriteToUDPAddrPort(b, f.to) // a closed far port is their business
}

// mouth is what the phone says: one sound at a time, and keys before all.
type mouth struct {
	mu    sync.Mutex // protects all following fields
	now   *utterance // nil: silence
	quiet bool       // no packets at all
	keys  []*key
}

// utterance is one thing to say: next fills a frame and tells whether there is more.
type utterance struct {
	next func(pcm []int16) bool
	done chan struct{}
}

// play replaces what is said; nil is silence, with packets.
func (m *mouth) play(u *utterance) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now != nil {
		close(m.now.done)
	}
	m.now, m.quiet = u, false
}

// next fills the writer's frame, or takes the next key. It tells whether no
// packet is to be sent.
func (m *mouth) next(w *writer) (muted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w.key == nil && len(m.keys) > 0 {
		w.key, m.keys = m.keys[0], m.keys[1:]
	}
	clear(w.pcm[:])
	if m.now != nil && w.key == nil && !m.now.next(w.pcm[:]) {
		close(m.now.done)
		m.now = nil
	}
	return m.quiet
}

func (s *sound) mute() {
	s.mouth.play(nil)
	s.mouth.mu.Lock()
	defer s.mouth.mu.Unlock()
	s.mouth.quiet = true
}

// PlayTone says a sine until something else is said. Its level is in dBm0; a
// sine that touches full scale has +3.14.
func (c *Call) PlayTone(freq, dBm0 float64) {
	amplitude := 32768 * math.Pow(10, (dBm0-3.14)/20)
	phase, step := 0.0, 2*math.Pi*freq/g711.Rate
	c.sound.mouth.play(&utterance{done: make(chan struct{}), next: func(pcm []int16) bool {
		for i := range pcm {
			pcm[i] = g711.Clip(math.Round(amplitude * math.Sin(phase)))
			phase = math.Mod(phase+step, 2*math.Pi)
		}
		return true
	}})
}

// Play says samples of 8000 Hz once, then silence. The channel is closed when
// they were said, something else was said instead, or the call ended.
func (c *Call) Play(pcm []int16) <-chan struct{} {
	u := &utterance{done: make(chan struct{}), next: func(out []int16) bool {
		n := copy(out, pcm)
		pcm = pcm[n:]
		return len(pcm) > 0
	}}
	if closed(c.sound.quit) {
		close(u.done)
		return u.done
	}
	c.sound.mouth.play(u)
	return u.done
}

// Quiet says silence: packets go on.
func (c *Call) Quiet() { c.sound.mouth.play(nil) }

// Mute sends no RTP until something is said again.
func (c *Call) Mute() { c.sound.mute() }
