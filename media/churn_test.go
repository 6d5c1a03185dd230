package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"

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
		ended := make(chan struct{})
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
