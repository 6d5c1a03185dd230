package sip

import (
	"net"
	"net/netip"
	"testing"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/siptest"
)

// TestACallerForWhomNoPortIsFreeIsToldSoAndNotAnswered: the only pair of RTP ports is in
// use by somebody else on this machine. Nobody hears of the call, and there is no 200 OK
// to take back.
func TestACallerForWhomNoPortIsFreeIsToldSoAndNotAnswered(t *testing.T) {
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, "a port of somebody else", err)
	defer func() { _ = other.Close() }()
	taken := uint16(other.LocalAddr().(*net.UDPAddr).Port) //nolint:forcetypeassert // of a UDP socket
	only := media.Settings{PortLow: taken &^ 1, PortHigh: taken | 1}
	gateway := netip.MustParseAddr("127.0.0.2")
	h := openOn(t, Plan{Trunks: map[string]TrunkSpec{"carrier": {Addresses: []string{gateway.String()}}}}, &directory{all: map[string]call.Binding{}}, engine(t, only))

	for who, c := range map[string]struct {
		phone *siptest.Phone
		want  int
	}{
		"a carrier":       {h.phone("0123", func(o *siptest.Options) { o.Password, o.Local = "", gateway }), 503}, // tries elsewhere
		"a phone of ours": {h.phone("1001"), 480},
	} {
		made, err := c.phone.Call(h.ctx, "700")
		must(t, who, err)
		end, err := made.WaitEnded(h.ctx)
		if must(t, who, err); end.Status != c.want {
			t.Errorf("%s is told %v, want %d", who, end, c.want)
		}
	}
	if n := len(h.board.legs); n > 0 {
		t.Errorf("%d calls without sound came to the board", n)
	}
	if c := h.Counters(); c.Overload != 2 {
		t.Errorf("%d refusals are counted, want 2", c.Overload)
	}
}
