package arrival

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestWhereNothingTellsItCameNow(t *testing.T) {
	before := time.Now()
	for name, aside := range map[string][]byte{
		"nothing": nil, "half a header": make([]byte, 9), "cut": make([]byte, 20), "an empty message": make([]byte, 32),
		"nonsense": {255, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 35, 0, 0, 0, 1},
	} {
		if came := Time(aside); came.Before(before) || came.After(time.Now()) {
			t.Errorf("%s: it came at %v, want now", name, came)
		}
	}
}

func TestADatagramCameWhenTheKernelHadIt(t *testing.T) {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := Stamp(c); err != nil {
		t.Fatal(err)
	}
	if _, err := c.WriteTo([]byte("x"), c.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	sent := time.Now()
	<-time.After(50 * time.Millisecond) // it waits in the socket
	aside := make([]byte, 128)
	_, n, _, _, err := c.ReadMsgUDPAddrPort(make([]byte, 1), aside)
	if err != nil {
		t.Fatal(err)
	}
	if late := Time(aside[:n]).Sub(sent.Round(0)); late > 25*time.Millisecond {
		t.Errorf("it came %v after it was sent, want what the kernel says and not what its reader does", late)
	}
}
