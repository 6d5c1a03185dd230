package main

import (
	"encoding/binary"
	"math"
	"os"
	"strings"
	"time"

	"breakwater/media/g711"
)

// rtpTape is RTP as SIPp plays it: a capture file whose payloads it sends as they
// stand, so sequence and timestamps run on from one part to the next.
type rtpTape struct {
	law  g711.Law
	seq  uint16
	ts   uint32
	at   time.Duration
	file []byte
}

const (
	tapeSamples = 160
	tapeStep    = 20 * time.Millisecond
	tapeEvent   = 101 // payload type of telephone-event in our scenarios and SIPp's own
)

func newRTPTape(law g711.Law) *rtpTape {
	head := make([]byte, 24)
	binary.LittleEndian.PutUint32(head, pcapMicro)
	binary.LittleEndian.PutUint16(head[4:], 2)
	binary.LittleEndian.PutUint16(head[6:], 4)
	binary.LittleEndian.PutUint32(head[16:], 65535)
	binary.LittleEndian.PutUint32(head[20:], linkEthernet)
	return &rtpTape{law: law, file: head}
}

// tone is a sine of −10 dBm0.
func (t *rtpTape) tone(freq float64, d time.Duration) {
	const amplitude = 7200
	payload := make([]byte, tapeSamples)
	for ; d > 0; d -= tapeStep {
		pcm := make([]int16, tapeSamples)
		for i := range pcm {
			pcm[i] = int16(amplitude * math.Sin(2*math.Pi*freq*float64(int(t.ts)+i)/g711.Rate))
		}
		t.law.Encode(payload, pcm)
		pt := byte(0)
		if t.law == g711.A {
			pt = 8
		}
		t.packet(pt, t.ts, payload)
		t.step()
	}
}

// keys presses digits of 100 ms, 100 ms apart, by RFC 4733.
func (t *rtpTape) keys(digits string) {
	const held, gap, endings = 5, 5, 3
	for _, digit := range digits {
		event := byte(strings.IndexRune("0123456789*#", digit))
		began := t.ts
		for n := 1; n <= held; n++ {
			times, flags := 1, byte(10)
			if n == held {
				times, flags = endings, 10|0x80
			}
			for range times {
				payload := []byte{event, flags, 0, 0}
				binary.BigEndian.PutUint16(payload[2:], uint16(n*tapeSamples))
				pt := byte(tapeEvent)
				if n == 1 {
					pt |= 0x80
				}
				t.packet(pt, began, payload)
			}
			t.step()
		}
		for range gap {
			t.step()
		}
	}
}

func (t *rtpTape) step() {
	t.ts += tapeSamples
	t.at += tapeStep
}

// packet appends one RTP packet in UDP, IPv4 and Ethernet.
func (t *rtpTape) packet(pt byte, ts uint32, payload []byte) {
	const link, ip, udp, rtp = 14, 20, 8, 12
	b := make([]byte, link+ip+udp+rtp, link+ip+udp+rtp+len(payload))
	b[12] = 8 // IPv4
	p := b[link:]
	p[0], p[8], p[9] = 0x45, 64, protocolUDP
	binary.BigEndian.PutUint16(p[2:], uint16(ip+udp+rtp+len(payload)))
	copy(p[12:], []byte{127, 0, 0, 1, 127, 0, 0, 1})
	p = p[ip:]
	binary.BigEndian.PutUint16(p, 6000)
	binary.BigEndian.PutUint16(p[2:], 6002)
	binary.BigEndian.PutUint16(p[4:], uint16(udp+rtp+len(payload)))
	p = p[udp:]
	p[0], p[1] = 0x80, pt
	binary.BigEndian.PutUint16(p[2:], t.seq)
	binary.BigEndian.PutUint32(p[4:], ts)
	binary.BigEndian.PutUint32(p[8:], 0x42524b57)
	b = append(b, payload...)
	t.seq++
	record := make([]byte, 16)
	binary.LittleEndian.PutUint32(record, uint32(t.at/time.Second))
	binary.LittleEndian.PutUint32(record[4:], uint32(t.at%time.Second/time.Microsecond))
	binary.LittleEndian.PutUint32(record[8:], uint32(len(b)))
	binary.LittleEndian.PutUint32(record[12:], uint32(len(b)))
	t.file = append(append(t.file, record...), b...)
}

func (t *rtpTape) save(file string) error { return os.WriteFile(file, t.file, 0o644) }
