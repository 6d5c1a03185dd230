package media

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"breakwater/media/rtp"
)

// soon makes the port's next report due.
func (f *phone) soon() {
	f.port.do(func(l *loop) { f.port.in.reports.next = 1 })
}

// reads waits for one compound RTCP packet.
func reads(t *testing.T, c *net.UDPConn) []rtcp.Packet {
	t.Helper()
	b := make([]byte, biggest)
	_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	packets, err := rtcp.Unmarshal(b[:n])
	if err != nil {
		t.Fatal(err)
	}
	return packets
}

func TestReportsTellOfLossAndRoundTrip(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	control := listen(t, netip.AddrPortFrom(loopback, 0))
	defer func() { _ = control.Close() }()
	d := a.desc()
	d.RTCP = control.LocalAddr().(*net.UDPAddr).AddrPort()
	if err := a.port.Apply(d); err != nil {
		t.Fatal(err)
	}
	join(t, e, a, b)
	a.say(flat(1))
	a.h.Sequence++ // one is lost
	a.say(flat(2))
	b.mustHear()
	b.mustHear()
	b.say(flat(3))
	ours := a.mustHear().SSRC

	a.soon()
	packets := reads(t, control)
	sr, ok := packets[0].(*rtcp.SenderReport)
	if !ok || sr.SSRC != ours || sr.PacketCount != 1 || sr.OctetCount != 160 || len(sr.Reports) != 1 {
		t.Fatalf("report %+v", packets[0])
	}
	if r := sr.Reports[0]; r.SSRC != a.h.SSRC || r.TotalLost != 1 || r.FractionLost != 256/3 {
		t.Errorf("we say that we hear %+v; want 1 of 3 lost", r)
	}

	const away = 40 * time.Millisecond
	<-time.After(away)
	answer, err := rtcp.Marshal([]rtcp.Packet{&rtcp.SenderReport{
		SSRC: a.h.SSRC, NTPTime: rtp.NTP(time.Now()),
		Reports: []rtcp.ReceptionReport{{SSRC: ours, TotalLost: 5, Jitter: 80, LastSenderReport: rtp.Middle(sr.NTPTime)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	to := netip.AddrPortFrom(loopback, a.port.Local().Port()+1)
	if _, err := control.WriteToUDPAddrPort(answer, to); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the party's report was heard", func() bool { return !a.port.Heard().RTCP.IsZero() })
	q := a.port.Quality()
	if q.RoundTrip < away || q.RoundTrip > away+60*time.Millisecond || q.FarLost != 5 || q.FarJitter != 10*time.Millisecond || q.Lost != 1 {
		t.Errorf("quality %+v; want a round trip of %v, 5 lost there, 1 here", q, away)
	}

	a.soon() // nothing was sent meanwhile: a receiver report
	rr, ok := reads(t, control)[0].(*rtcp.ReceiverReport)
	if !ok || rr.Reports[0].LastSenderReport == 0 || rr.Reports[0].Delay > 1<<16 {
		t.Errorf("second report %+v", rr)
	}
	a.port.Close()
	packets = reads(t, control)
	if _, ok := packets[len(packets)-1].(*rtcp.Goodbye); !ok {
		t.Errorf("the end is %+v, want a goodbye", packets)
	}
}

func TestReportsAmongTheSoundAreHeardToo(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	a.write(rtp.Report{SSRC: 5}.Append(nil, "x"))
	eventually(t, "the report was heard", func() bool { return !a.port.Heard().RTCP.IsZero() })
	if !a.port.Heard().RTP.IsZero() {
		t.Error("a report is no sound")
	}
	a.write([]byte{0x80, 201, 0, 9, 0, 0, 0, 1}) // longer than it is
	eventually(t, "it was counted", func() bool { return e.Counters().Malformed == 1 })
}

func TestReportsOfStrangersAreDropped(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	evil := listen(t, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 2}), 0))
	defer func() { _ = evil.Close() }()
	to := netip.AddrPortFrom(loopback, a.port.Local().Port()+1)
	if _, err := evil.WriteToUDPAddrPort(rtp.Report{SSRC: 5, Bye: true}.Append(nil, "x"), to); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it was counted", func() bool { return e.Counters().Strangers == 1 })
	if !a.port.Heard().RTCP.IsZero() {
		t.Error("a stranger's report counts as a sign of life")
	}
}
