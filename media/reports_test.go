package media

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"breakwater/loadtest/referee"
	"breakwater/media/rtp"
)

// soon makes the port's next report due.
func (f *phone) soon() {
	f.port.do(func(l *loop) { f.port.in.reports.next = 1 })
}

// reads waits for one compound RTCP packet.
func reads(t testing.TB, c *net.UDPConn) []rtcp.Packet {
	t.Helper()
	b := make([]byte, biggest)
	_ = c.SetReadDeadline(time.Now().Add(ampleTime))
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
	referee.Judge(t, bearable, reportsTellOfLossAndRoundTrip)
}

func reportsTellOfLossAndRoundTrip(t testing.TB) {
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

// Both directions of a leg against RFC 3550: what we tell of loss and jitter is what
// pion's reader and the formulas of A.3 and A.8 say, report by report.
func TestReportsAgreeWithTheFormulas(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	control := listen(t, netip.AddrPortFrom(loopback, 0))
	defer func() { _ = control.Close() }()
	d := a.desc()
	d.RTCP = control.LocalAddr().(*net.UDPAddr).AddrPort()
	if err := a.port.Apply(d); err != nil {
		t.Fatal(err)
	}
	now := int64(time.Hour) // of the party's packets: a clock without any unevenness of its own
	for _, part := range []struct {
		drop     []int // of twenty packets
		uneven   time.Duration
		fraction uint8
		lost     uint32
		jitter   func(uint32) bool
	}{
		{nil, 0, 0, 0, func(j uint32) bool { return j == 0 }},
		{[]int{3, 4, 9, 15}, 0, 256 * 4 / 20, 4, func(j uint32) bool { return j == 0 }},
		{nil, 10 * time.Millisecond, 0, 4, func(j uint32) bool { return j > 55 && j < 81 }}, // |D| is 80 each time
		{[]int{19}, 0, 0, 4, func(j uint32) bool { return j < 60 }},                         // the last one is not known to be lost yet
		{nil, 0, 256 * 1 / 21, 5, func(j uint32) bool { return j < 20 }},
	} {
		a.port.do(func(l *loop) {
			present := l.now
			for i := range 20 {
				h := a.h
				a.h.Sequence, a.h.Timestamp = a.h.Sequence+1, a.h.Timestamp+160
				now += int64(20 * time.Millisecond)
				if slices.Contains(part.drop, i) {
					continue
				}
				l.now = now + int64(part.uneven)*int64(i%2)
				n := copy(l.air.packet[rtp.HeaderSize:], flat(1))
				h.Put(l.air.packet[:])
				l.receive(a.port, l.air.packet[:rtp.HeaderSize+n], a.addr())
			}
			l.now = present
		})
		a.soon()
		rr, ok := reads(t, control)[0].(*rtcp.ReceiverReport)
		if !ok || len(rr.Reports) != 1 {
			t.Fatalf("read %+v", rr)
		}
		r := rr.Reports[0]
		if r.FractionLost != part.fraction || r.TotalLost != part.lost || !part.jitter(r.Jitter) {
			t.Errorf("dropped %v, uneven by %v: fraction %d (want %d), lost %d (want %d), jitter %d", part.drop, part.uneven, r.FractionLost, part.fraction, r.TotalLost, part.lost, r.Jitter)
		}
	}
}

// A party that is heard from elsewhere now is told there how it is heard, and not where its
// reports came from before: somebody else may live there.
func TestReportsFollowAPartyThatMoved(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(1))
	b.mustHear()
	left := listen(t, netip.AddrPortFrom(loopback, 0))
	defer func() { _ = left.Close() }()
	to := netip.AddrPortFrom(loopback, a.port.Local().Port()+1)
	if _, err := left.WriteToUDPAddrPort(rtp.Report{SSRC: a.h.SSRC, Sender: true}.Append(nil, "x"), to); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the report was heard", func() bool { return !a.port.Heard().RTCP.IsZero() })
	a.soon()
	reads(t, left)

	moved := a.at([4]byte{127, 0, 0, 2})
	a.port.do(func(l *loop) { a.port.in.latch.at = l.now - 2*int64(longSilence); l.tie(a.port, l.follow(a.port)) })
	moved.say(flat(2))
	b.mustHear()
	moved.soon()
	moved.port.do(func(l *loop) {
		if got := l.reportsTo(moved.port); got.Addr() != moved.addr().Addr() {
			t.Errorf("reports go to %v, want them where the party is, %v", got, moved.addr())
		}
	})
}
