package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// Calls come and go on all loops at once, and each is closed in the middle of
// something; afterwards nothing is left.
func TestCallsThatComeAndGoLeaveNothingBehind(t *testing.T) {
	e := openEngine(t, 60)
	folder := t.TempDir()
	var wg sync.WaitGroup
	for caller := range 6 {
		wg.Go(func() {
			for i := range 15 {
				if err := oneCall(e, filepath.Join(folder, fmt.Sprintf("%d-%d.wav", caller, i)), i); err != nil && !errors.Is(err, ErrNoPorts) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	eventually(t, "every port is free", func() bool {
		open, draining, _ := e.Usage()
		return open == 0 && draining == 0
	})
	for _, l := range e.loops {
		if n := l.load.Load(); n != 0 {
			t.Errorf("a loop still serves %d ports", n)
		}
		left := 0
		ended := make(chan *broken)
		l.post(job{run: func(l *loop) { left = l.wheel.armed }, done: ended})
		if <-ended; left != 0 {
			t.Errorf("%d timers are left", left)
		}
	}
}

// oneCall is a call that ends as its number says.
func oneCall(e *Engine, path string, number int) error {
	a, err := e.Port(loopback)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := e.Port(loopback)
	if err != nil {
		return err
	}
	defer b.Close()
	desk, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		return err
	}
	defer func() { _ = desk.Close() }()
	for _, p := range []*Port{a, b} { // one desk is the phone of both parties
		remote := desk.LocalAddr().(*net.UDPAddr).AddrPort()
		if err := p.Apply(Desc{Remote: remote, Codec: PCMU, Send: true, Recv: true}); err != nil {
			return err
		}
	}
	talk := func() {
		packet := append(make([]byte, rtp.HeaderSize), flat(1)...)
		for i := range 10 {
			rtp.Header{SSRC: 1, Sequence: uint16(i), Timestamp: uint32(i) * 160}.Put(packet)
			_, _ = desk.WriteToUDPAddrPort(packet, a.Local())
			_, _ = desk.WriteToUDPAddrPort(packet, b.Local())
		}
	}
	talk()
	rec, err := a.Record(path)
	if err != nil {
		return err
	}
	play := a.Play(Sound{Clips: []*wav.Clip{clip(320)}, Loop: number%5 != 1})
	br, err := e.Join(a, b)
	if err != nil {
		return err
	}
	talk()
	br.SetGain(a, -20)
	switch number % 5 {
	case 0:
		a.Close()
	case 1:
		<-play.Done()
		br.Close()
	case 2:
		play.Stop()
		b.Close()
	case 3:
		b.Play(Sound{Clips: []*wav.Clip{clip(160)}})
	case 4:
		if _, err := e.Join(b, a); err == nil {
			return errors.New("joined twice")
		}
	}
	_ = a.Quality()
	if _, err := rec.Close(); err != nil {
		return err
	}
	a.Close()
	<-play.Done()
	return nil
}

// A range that is used up refuses and never gives a pair twice, while ports close and
// their phones go on sending.
func TestAFullRangeGivesEveryPairToOneCallAtATime(t *testing.T) {
	const pairs = 6
	e := openEngine(t, pairs)
	desk, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = desk.Close() }()
	packet := append(make([]byte, rtp.HeaderSize), flat(1)...)
	rtp.Header{SSRC: 1}.Put(packet)
	var mu sync.Mutex
	taken := map[netip.AddrPort]bool{}
	refused := 0
	var wg sync.WaitGroup
	for range pairs + 2 {
		wg.Go(func() {
			for range 8 {
				p, err := e.Port(loopback)
				if errors.Is(err, ErrNoPorts) {
					mu.Lock()
					refused++
					mu.Unlock()
					<-time.After(20 * time.Millisecond)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if taken[p.Local()] {
					t.Errorf("%v is in two calls", p.Local())
				}
				taken[p.Local()] = true
				mu.Unlock()
				_, _ = desk.WriteToUDPAddrPort(packet, p.Local())
				mu.Lock()
				delete(taken, p.Local())
				mu.Unlock()
				p.Close()
				_, _ = desk.WriteToUDPAddrPort(packet, p.Local()) // late
			}
		})
	}
	wg.Wait()
	if got := e.Counters().Refused; got != uint64(refused) || refused == 0 {
		t.Errorf("%d refusals counted, want %d and more than none", got, refused)
	}
	eventually(t, "every port is free", func() bool {
		open, draining, _ := e.Usage()
		return open == 0 && draining == 0
	})
	for range pairs {
		if _, err := e.Port(loopback); err != nil {
			t.Errorf("a pair was lost: %v", err)
		}
	}
}

// A machine that can watch no more sockets refuses calls and loses no port.
func TestAPortThatCannotBeServedIsGivenBack(t *testing.T) {
	e := openEngine(t, 4)
	a := newPhone(t, e, PCMU)
	a.port.do(func(l *loop) {
		broken := newPort(e, a.port.Local(), noSocket(), noSocket())
		before := l.load.Load()
		if err := l.adopt(broken); err == nil {
			t.Error("a socket that is none is served")
		}
		l.release(broken)
		l.release(broken)
		if l.load.Load() != before || l.slots[a.port.in.slot] != a.port {
			t.Error("another port has lost its place")
		}
	})
	a.say(flat(1))
	eventually(t, "the other port is served", func() bool { return !a.port.Heard().RTP.IsZero() })
}

// Who is to move to a loop that has just ended stays where it was, and is closed there.
func TestAPortThatCannotMoveIsNotLost(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	to := a.port.home.Load()
	if to == b.port.home.Load() {
		t.Fatal("both ports are on one loop")
	}
	to.post(job{run: func(l *loop) { l.stop = true }, done: make(chan *broken)})
	<-to.done
	if _, err := e.Join(a.port, b.port); !errors.Is(err, ErrClosed) {
		t.Errorf("joined by a loop that has ended: %v", err)
	}
	b.say(flat(1))
	eventually(t, "the port is served where it was", func() bool { return !b.port.Heard().RTP.IsZero() })
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if !free(e.settings.PortLow, 8) {
		t.Error("a port was left open")
	}
}
