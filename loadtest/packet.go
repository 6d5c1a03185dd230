package main

import (
	"encoding/binary"
	"net/netip"
)

// Link types of captures on loopback and cables (tcpdump.org/linktypes.html).
const (
	linkNull     = 0
	linkEthernet = 1
	linkRawBSD   = 12
	linkRawOther = 14
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkSLL2     = 276
)

const (
	protocolTCP = 6
	protocolUDP = 17
)

// segment is the payload of one UDP datagram or TCP segment.
type segment struct {
	from, to netip.AddrPort
	tcp      bool
	seq      uint32 // TCP only: of the first byte
	syn      bool
	payload  []byte
}

// unwrap takes a frame apart down to its payload; false for what is neither UDP
// nor TCP over IP, and for fragments, which loopback does not make.
func unwrap(f captured) (segment, bool) {
	ip, ok := network(f.link, f.data)
	if !ok || len(ip) < 1 {
		return segment{}, false
	}
	switch ip[0] >> 4 {
	case 4:
		return version4(ip)
	case 6:
		return version6(ip)
	}
	return segment{}, false
}

// network removes the link layer.
func network(link uint32, b []byte) ([]byte, bool) {
	skip := 0
	switch link {
	case linkRaw, linkRawBSD, linkRawOther:
	case linkNull, linkLoop:
		skip = 4
	case linkSLL:
		skip = 16
	case linkSLL2:
		skip = 20
	case linkEthernet:
		skip = 14
		for len(b) >= skip && isTag(binary.BigEndian.Uint16(b[skip-2:])) {
			skip += 4
		}
	default:
		return nil, false
	}
	if len(b) < skip {
		return nil, false
	}
	return b[skip:], true
}

// isTag tells whether an EtherType announces a VLAN tag.
func isTag(etherType uint16) bool { return etherType == 0x8100 || etherType == 0x88a8 }

func version4(b []byte) (segment, bool) {
	if len(b) < 20 {
		return segment{}, false
	}
	head, total := int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:]))
	fragment := binary.BigEndian.Uint16(b[6:]) & 0x3fff // more fragments, or an offset
	if total == 0 {                                     // segmentation offload
		total = len(b)
	}
	if head < 20 || total < head || total > len(b) || fragment != 0 {
		return segment{}, false
	}
	src, _ := netip.AddrFromSlice(b[12:16])
	dst, _ := netip.AddrFromSlice(b[16:20])
	return transport(b[9], src, dst, b[head:total])
}

func version6(b []byte) (segment, bool) {
	if len(b) < 40 {
		return segment{}, false
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length == 0 || 40+length > len(b) {
		return segment{}, false
	}
	src, _ := netip.AddrFromSlice(b[8:24])
	dst, _ := netip.AddrFromSlice(b[24:40])
	return transport(b[6], src, dst, b[40:40+length])
}

func transport(protocol byte, src, dst netip.Addr, b []byte) (segment, bool) {
	if len(b) < 8 {
		return segment{}, false
	}
	s := segment{
		from: netip.AddrPortFrom(src, binary.BigEndian.Uint16(b)),
		to:   netip.AddrPortFrom(dst, binary.BigEndian.Uint16(b[2:])),
	}
	switch protocol {
	case protocolUDP:
		s.payload = b[8:]
		return s, true
	case protocolTCP:
		if len(b) < 20 {
			return segment{}, false
		}
		head := int(b[12]>>4) * 4
		if head < 20 || head > len(b) {
			return segment{}, false
		}
		s.tcp, s.seq, s.syn, s.payload = true, binary.BigEndian.Uint32(b[4:]), b[13]&2 != 0, b[head:]
		return s, true
	}
	return segment{}, false
}
