package arrival

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestADatagramCameWhenTheKernelHadIt(t *testing.T) {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := Stamp(c); err != nil {
		t.Fatal(err)
	}
	// A kernel of which nobody else has asked it begins to note the time a moment later.
	const moments = 10
	var late time.Duration
	for range moments {
		if late = waited(t, c, 50*time.Millisecond); late <= 25*time.Millisecond {
			return
		}
	}
	t.Errorf("it came %v after it was sent, want what the kernel says and not what its reader does", late)
}

// waited lets a datagram wait in a socket, and tells by how much it came after it was sent.
func waited(t *testing.T, c *net.UDPConn, wait time.Duration) time.Duration {
	t.Helper()
	if _, err := c.WriteTo([]byte("x"), c.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	sent := time.Now()
	<-time.After(wait)
	aside := make([]byte, 128)
	_, n, _, _, err := c.ReadMsgUDPAddrPort(make([]byte, 1), aside)
	if err != nil {
		t.Fatal(err)
	}
	return Time(aside[:n]).Sub(sent.Round(0))
}
