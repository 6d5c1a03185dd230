package siptest

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pion/rtcp"
)

// reportTicks is how many packets lie between two sender reports: 5 s.
const reportTicks = 250

func (s *sound) hearRTCP() {
	buf := make([]byte, 2048)
	for {
		n, from, err := s.rtcp.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || s.phone.away.Load() {
			continue
		}
		if packets, err := rtcp.Unmarshal(buf[:n]); err == nil {
			s.ear.reported(plain(from), packets)
		}
	}
}

// heardReport is the other side's last sender report, to be echoed in ours.
type heardReport struct {
	ssrc uint32
	time uint32 // middle of its NTP time
	at   time.Time
}

func (e *ear) reported(_ netip.AddrPort, packets []rtcp.Packet) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range packets {
		e.stats.Reports++
		if sr, ok := p.(*rtcp.SenderReport); ok {
			e.lastReport = heardReport{sr.SSRC, uint32(sr.NTPTime >> 16), time.Now()}
		}
	}
	e.wake()
}

// report sends a sender report with what we received, RFC 3550 §6.4.1.
func (s *sound) report(w *writer, f *flow) {
	if f == nil || s.phone.away.Load() || w.sent == 0 {
		return
	}
	e := s.ear
	e.mu.Lock()
	block := rtcp.ReceptionReport{
		SSRC: e.stream.ssrc, TotalLost: uint32(max(e.stats.Lost, 0)), LastSequenceNumber: uint32(e.stream.newest),
	}
	if e.lastReport.time != 0 {
		block.LastSenderReport = e.lastReport.time
		block.Delay = uint32(time.Since(e.lastReport.at).Seconds() * 65536)
	}
	heard := e.stream.running
	e.mu.Unlock()
	sr := &rtcp.SenderReport{
		SSRC: w.ssrc, NTPTime: ntp(time.Now()), RTPTime: w.ts, PacketCount: w.sent, OctetCount: w.bytes,
	}
	if heard {
		sr.Reports = []rtcp.ReceptionReport{block}
	}
	name := &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: w.ssrc,
		Items:  []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: s.phone.opts.Name}},
	}}}
	raw, err := rtcp.Marshal([]rtcp.Packet{sr, name})
	if err != nil {
		return
	}
	_, _ = s.rtcp.WriteToUDPAddrPort(raw, netip.AddrPortFrom(f.to.Addr(), f.to.Port()+1))
}

// ntp is seconds since 1900 in 32.32 fixed point.
func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/1e9
}
