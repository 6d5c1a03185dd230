package rtp

import (
	"encoding/binary"
	"time"
)

// Types of RTCP packets (RFC 3550 §12.1).
const (
	typeSender   = 200
	typeReceiver = 201
	typeSource   = 202
	typeBye      = 203
)

// Reception is one report block (RFC 3550 §6.4.1): how SSRC is heard.
type Reception struct {
	SSRC     uint32
	Fraction uint8  // lost since the last report, in 1/256
	Lost     int32  // since the beginning; negative when packets were doubled
	Highest  uint32 // extended highest sequence number
	Jitter   uint32 // timestamp units
	LastSR   uint32 // middle 32 bits of the NTP time of the last sender report
	Delay    uint32 // since that report arrived, in 1/65536 s
}

// Sending is what a sender report tells of its sender.
type Sending struct {
	NTP       uint64 // when, in NTP format
	Timestamp uint32 // the same moment on the RTP clock
	Packets   uint32
	Octets    uint32
}

// Report is a compound RTCP packet as far as a telephone leg needs it.
type Report struct {
	SSRC      uint32
	Sender    bool // Sending is told
	Sending   Sending
	Heard     bool // Reception is told: the block about us, when read
	Reception Reception
	Bye       bool
}

// Append writes the report as a compound packet: SR or RR, SDES with the CNAME, and
// BYE if asked for.
func (r Report) Append(b []byte, cname string) []byte {
	kind, blocks, words := byte(typeReceiver), byte(0), 1
	if r.Sender {
		kind, words = typeSender, 6
	}
	if r.Heard {
		blocks, words = 1, words+6
	}
	b = append(b, 2<<6|blocks, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(words))
	b = binary.BigEndian.AppendUint32(b, r.SSRC)
	if r.Sender {
		b = binary.BigEndian.AppendUint64(b, r.Sending.NTP)
		b = binary.BigEndian.AppendUint32(b, r.Sending.Timestamp)
		b = binary.BigEndian.AppendUint32(b, r.Sending.Packets)
		b = binary.BigEndian.AppendUint32(b, r.Sending.Octets)
	}
	if r.Heard {
		b = r.Reception.append(b)
	}
	b = appendSource(b, r.SSRC, cname)
	if r.Bye {
		b = append(b, 2<<6|1, typeBye, 0, 1)
		b = binary.BigEndian.AppendUint32(b, r.SSRC)
	}
	return b
}

func (r Reception) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, r.SSRC)
	b = append(b, r.Fraction, byte(r.Lost>>16), byte(r.Lost>>8), byte(r.Lost))
	b = binary.BigEndian.AppendUint32(b, r.Highest)
	b = binary.BigEndian.AppendUint32(b, r.Jitter)
	b = binary.BigEndian.AppendUint32(b, r.LastSR)
	return binary.BigEndian.AppendUint32(b, r.Delay)
}

// appendSource writes SDES with one CNAME (RFC 3550 §6.5).
func appendSource(b []byte, ssrc uint32, cname string) []byte {
	cname = cname[:min(len(cname), 255)]
	size := 4 + 2 + len(cname) + 1 // SSRC, item head, text, end
	size += (4 - size%4) % 4
	b = append(b, 2<<6|1, typeSource)
	b = binary.BigEndian.AppendUint16(b, uint16(size/4))
	b = binary.BigEndian.AppendUint32(b, ssrc)
	b = append(b, 1, byte(len(cname)))
	b = append(b, cname...)
	for range size - 4 - 2 - len(cname) {
		b = append(b, 0)
	}
	return b
}

// ParseReport reads a compound packet: who reports, what it sent, the block about
// us, and whether it leaves. Parts that we do not know are stepped over; ok is false
// when the datagram is no RTCP at all.
func ParseReport(b []byte, us uint32) (r Report, ok bool) {
	for len(b) >= 4 && b[0]>>6 == 2 {
		size := 4 + 4*int(binary.BigEndian.Uint16(b[2:]))
		if size > len(b) {
			break
		}
		part, blocks := b[:size], int(b[0]&0x1F)
		if r.part(part, blocks, us) {
			ok = true
		}
		b = b[size:]
	}
	return r, ok
}

func (r *Report) part(b []byte, blocks int, us uint32) bool {
	at := 8
	switch b[1] {
	case typeSender:
		if len(b) < 28 {
			return false
		}
		r.Sender = true
		r.Sending = Sending{
			NTP:       binary.BigEndian.Uint64(b[8:]),
			Timestamp: binary.BigEndian.Uint32(b[16:]),
			Packets:   binary.BigEndian.Uint32(b[20:]),
			Octets:    binary.BigEndian.Uint32(b[24:]),
		}
		at = 28
	case typeReceiver:
		if len(b) < 8 {
			return false
		}
	case typeBye:
		r.Bye = true
		return true
	default:
		return false
	}
	r.SSRC = binary.BigEndian.Uint32(b[4:])
	for ; blocks > 0 && len(b) >= at+24; at, blocks = at+24, blocks-1 {
		if binary.BigEndian.Uint32(b[at:]) == us {
			r.Heard, r.Reception = true, reception(b[at:])
		}
	}
	return true
}

func reception(b []byte) Reception {
	return Reception{
		SSRC:     binary.BigEndian.Uint32(b),
		Fraction: b[4],
		Lost:     int32(uint32(b[5])<<24|uint32(b[6])<<16|uint32(b[7])<<8) >> 8,
		Highest:  binary.BigEndian.Uint32(b[8:]),
		Jitter:   binary.BigEndian.Uint32(b[12:]),
		LastSR:   binary.BigEndian.Uint32(b[16:]),
		Delay:    binary.BigEndian.Uint32(b[20:]),
	}
}

// NTP is a moment in the 64-bit format of RFC 3550 §4.
func NTP(t time.Time) uint64 {
	const since1900 = 2208988800 // seconds from 1900 to 1970
	sec := uint64(t.Unix() + since1900)
	return sec<<32 | uint64(t.Nanosecond())<<32/1e9
}

// Middle is the part of an NTP time that reports carry: 1/65536 s.
func Middle(ntp uint64) uint32 { return uint32(ntp >> 16) }

// RoundTrip is the time that a packet needs to the reporter and back (RFC 3550
// §6.4.1), for a report that arrives now; false when the report names no sender
// report of ours or its clock makes no sense.
func (r Reception) RoundTrip(now uint64) (time.Duration, bool) {
	if r.LastSR == 0 {
		return 0, false
	}
	units := Middle(now) - r.LastSR - r.Delay
	if units > 60<<16 { // negative, or over a minute
		return 0, false
	}
	return time.Duration(units) * time.Second >> 16, true
}
