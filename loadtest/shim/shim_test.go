package shim

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// stand puts a line between two sockets.
func stand(t *testing.T, far *net.UDPConn, there, back Faults) *Shim {
	t.Helper()
	s, err := Open(Route{Listen: netip.MustParseAddrPort("127.0.0.1:0"), Target: local(far), There: there, Back: back})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// numbers reads packets, from now on, until nothing comes for half a second.
func numbers(t *testing.T, c *net.UDPConn) <-chan []uint16 {
	t.Helper()
	heard := make(chan []uint16, 1)
	go func() {
		var all []uint16
		b := make([]byte, 64)
		for {
			_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
			n, err := c.Read(b)
			if err != nil {
				heard <- all
				return
			}
			if n != 2 {
				t.Errorf("%d bytes", n)
			}
			all = append(all, binary.BigEndian.Uint16(b))
		}
	}()
	return heard
}

// say sends numbered packets, one a millisecond.
func say(t *testing.T, c *net.UDPConn, to netip.AddrPort, n int) {
	t.Helper()
	beat := time.NewTicker(time.Millisecond)
	defer beat.Stop()
	for i := range n {
		<-beat.C
		if _, err := c.WriteToUDPAddrPort(binary.BigEndian.AppendUint16(nil, uint16(i)), to); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatArrivesIsWhatTheSeedSays(t *testing.T) {
	near, far := listen(t), listen(t)
	f := Faults{Seed: 3, Loss: 0.1, Jitter: 20 * time.Millisecond, Reorder: 0.05, Double: 0.05}
	s := stand(t, far, f, Faults{})
	const n = 400
	heard := numbers(t, far)
	say(t, near, s.Near(), n)
	got := <-heard

	copies, want := map[uint16]int{}, map[uint16]int{}
	for _, i := range got {
		copies[i]++
	}
	total := 0
	for i, one := range fates(f, n) {
		if one.Lost {
			continue
		}
		want[uint16(i)] = 1
		if one.Again > 0 {
			want[uint16(i)] = 2
		}
		total += want[uint16(i)]
	}
	for i := range uint16(n) {
		if copies[i] != want[i] {
			t.Errorf("packet %d arrived %d times, want %d", i, copies[i], want[i])
		}
	}
	if c := s.There(); c.Sent != n || c.Delivered != uint64(total) || c.Refused != 0 {
		t.Errorf("%+v, want %d sent and %d delivered", c, n, total)
	}
}

func TestAGoodLineKeepsOrderBothWays(t *testing.T) {
	near, far := listen(t), listen(t)
	s := stand(t, far, Faults{}, Faults{Jitter: 5 * time.Millisecond})
	say(t, near, s.Near(), 100)
	say(t, far, s.Far(), 100)
	for name, c := range map[string]*net.UDPConn{"there": far, "back": near} {
		got := <-numbers(t, c)
		if len(got) != 100 {
			t.Fatalf("%s: %d packets of 100", name, len(got))
		}
		for i, v := range got {
			if int(v) != i {
				t.Fatalf("%s: packet %d in place of %d", name, v, i)
			}
		}
	}
}

func TestTheFarPartyIsOnlyTheTarget(t *testing.T) {
	near, far, evil := listen(t), listen(t), listen(t)
	s := stand(t, far, Faults{}, Faults{})
	hears := numbers(t, far)
	say(t, near, s.Near(), 1)
	if got := <-hears; len(got) != 1 { // now it is known where near is
		t.Fatalf("%d packets there, want 1", len(got))
	}
	say(t, evil, s.Far(), 5)
	say(t, far, s.Far(), 2)
	if got := <-numbers(t, near); len(got) != 2 {
		t.Errorf("%d packets, want 2", len(got))
	}
}

func TestALineWhoseTargetIsGoneGoesOn(t *testing.T) {
	near, far := listen(t), listen(t)
	s := stand(t, far, Faults{}, Faults{})
	say(t, near, s.Near(), 1)
	if got := <-numbers(t, far); len(got) != 1 {
		t.Fatalf("%d packets, want 1", len(got))
	}
	_ = far.Close()
	say(t, near, s.Near(), 20)
	for end := time.Now().Add(20 * time.Second); s.There().Sent < 21; <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v: the line has died", s.There())
		}
	}
}
