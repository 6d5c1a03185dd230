package media

import (
	"encoding/binary"
	"sync/atomic"
)

// belt carries frames from a packet loop to the scribe: one writes, one reads. When
// it is full, put refuses.
type belt struct {
	read, wrote atomic.Uint64 // bytes since the beginning
	bytes       [beltSize]byte
}

// frame is a packet's sound on its way to a file; its codes follow it.
type frame struct {
	channel   uint8
	codec     Codec
	size      uint16
	ssrc      uint32
	timestamp uint32
	at        int64 // units since the recording began, when it passed
}

const (
	beltSize  = 128 << 10 // 7 s of a call: a disk may hang for so long
	frameHead = 20
)

func (b *belt) put(f frame, codes []byte) bool {
	wrote := b.wrote.Load()
	need := uint64(frameHead + len(codes))
	if wrote+need-b.read.Load() > beltSize {
		return false
	}
	var head [frameHead]byte
	head[0], head[1] = f.channel, byte(f.codec)
	binary.LittleEndian.PutUint16(head[2:], uint16(len(codes)))
	binary.LittleEndian.PutUint32(head[4:], f.ssrc)
	binary.LittleEndian.PutUint32(head[8:], f.timestamp)
	binary.LittleEndian.PutUint64(head[12:], uint64(f.at))
	b.copyIn(wrote, head[:])
	b.copyIn(wrote+frameHead, codes)
	b.wrote.Store(wrote + need)
	return true
}

// take gives the oldest frame; its codes are in room, which must hold a datagram.
func (b *belt) take(room []byte) (f frame, codes []byte, ok bool) {
	read := b.read.Load()
	if read == b.wrote.Load() {
		return f, nil, false
	}
	var head [frameHead]byte
	b.copyOut(head[:], read)
	f = frame{
		channel:   head[0],
		codec:     Codec(head[1]),
		size:      binary.LittleEndian.Uint16(head[2:]),
		ssrc:      binary.LittleEndian.Uint32(head[4:]),
		timestamp: binary.LittleEndian.Uint32(head[8:]),
		at:        int64(binary.LittleEndian.Uint64(head[12:])),
	}
	codes = room[:f.size]
	b.copyOut(codes, read+frameHead)
	b.read.Store(read + frameHead + uint64(f.size))
	return f, codes, true
}

func (b *belt) copyIn(at uint64, src []byte) {
	n := copy(b.bytes[at%beltSize:], src)
	copy(b.bytes[:], src[n:])
}

func (b *belt) copyOut(dst []byte, at uint64) {
	n := copy(dst, b.bytes[at%beltSize:])
	copy(dst[n:], b.bytes[:])
}
