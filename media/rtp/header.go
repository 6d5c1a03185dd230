// Package rtp is what RFC 3550 asks of one party's packets: the header read in
// place, what was lost and how unevenly it came, the numbering of what we send,
// and the reports both sides exchange. It owns no clock and no socket.
package rtp

import (
	"encoding/binary"
	"errors"
)

// Rate is the clock of G.711 and of telephone-event, in timestamp units a second.
const Rate = 8000

// HeaderSize is the length of the header we write: no CSRC, no extension.
const HeaderSize = 12

// Why a datagram is no RTP packet.
var (
	ErrShort   = errors.New("rtp: packet is shorter than its header says")
	ErrVersion = errors.New("rtp: version is not 2")
	ErrPadding = errors.New("rtp: padding is longer than the packet")
)

// Header is the fixed part of an RTP packet (RFC 3550 §5.1). It has four fields because
// Go keeps no structure of more in registers: each function on a packet's way would write it
// to memory byte by byte, read it back as words, and wait for all writes before that.
type Header struct {
	Kind
	Sequence  uint16
	Timestamp uint32
	SSRC      uint32
}

// Kind is what a packet holds.
type Kind struct {
	Marker  bool
	Payload uint8 // payload type, 0–127
}

// Parse reads the header of packet in place and tells where the payload lies:
// packet[from:to]. CSRCs, an extension and padding are stepped over. from is never
// less than HeaderSize, so that a header can be written directly before the payload.
func Parse(packet []byte) (h Header, from, to int, err error) {
	if len(packet) < HeaderSize {
		return h, 0, 0, ErrShort
	}
	first := packet[0]
	if first>>6 != 2 {
		return h, 0, 0, ErrVersion
	}
	from, to = HeaderSize+4*int(first&0x0F), len(packet)
	if first&0x10 != 0 { // extension, RFC 3550 §5.3.1
		if to < from+4 {
			return h, 0, 0, ErrShort
		}
		from += 4 + 4*int(binary.BigEndian.Uint16(packet[from+2:]))
	}
	if to < from {
		return h, 0, 0, ErrShort
	}
	if first&0x20 != 0 { // padding, its length is in the last byte
		if to == from {
			return h, 0, 0, ErrPadding
		}
		pad := int(packet[to-1])
		if pad == 0 || pad > to-from {
			return h, 0, 0, ErrPadding
		}
		to -= pad
	}
	h.Marker = packet[1]&0x80 != 0
	h.Payload = packet[1] & 0x7F
	h.Sequence = binary.BigEndian.Uint16(packet[2:])
	h.Timestamp = binary.BigEndian.Uint32(packet[4:])
	h.SSRC = binary.BigEndian.Uint32(packet[8:])
	return h, from, to, nil
}

// Put writes the header into the first HeaderSize bytes of b.
func (h Header) Put(b []byte) {
	_ = b[HeaderSize-1]
	b[0] = 2 << 6
	b[1] = h.Payload & 0x7F
	if h.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], h.Sequence)
	binary.BigEndian.PutUint32(b[4:], h.Timestamp)
	binary.BigEndian.PutUint32(b[8:], h.SSRC)
}

// IsReport tells whether a datagram on an RTP port is RTCP (RFC 5761 §4).
func IsReport(packet []byte) bool {
	return len(packet) >= 8 && packet[0]>>6 == 2 && packet[1] >= 192 && packet[1] <= 223
}
