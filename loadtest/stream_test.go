package main

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"breakwater/media/rtp"
)

// sent is one packet of a stream that a test makes up: by default the next one, 20 ms
// after the last.
type sent struct {
	skip   uint16        // sequence numbers
	hop    uint32        // samples more than the last packet had
	late   time.Duration // more than 20 ms after the last packet
	marker bool
	ssrc   uint32
	pt     uint8
}

func streamOf(t *testing.T, packets ...sent) *stream {
	t.Helper()
	at, h := start, rtp.Header{Sequence: 65530, Timestamp: 1<<32 - 500, SSRC: 9}
	var frames []captured
	for _, p := range packets {
		at = at.Add(20*time.Millisecond + p.late)
		h.Sequence += 1 + p.skip
		h.Timestamp += 160 + p.hop
		h.Marker, h.Payload = p.marker, p.pt
		if p.ssrc != 0 {
			h.SSRC = p.ssrc
		}
		b := make([]byte, rtp.HeaderSize+160)
		h.Put(b)
		frames = append(frames, captured{at: at, data: datagram(serverAt, trunkAt, b)})
	}
	all, err := readStreams(bytes.NewReader(pcapFile(binary.LittleEndian, pcapMicro, linkRaw, frames...)))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d streams, %v", len(all), err)
	}
	return all[0]
}

func TestEveryBreakOfAStreamIsSeen(t *testing.T) {
	const second = 8000
	steady := []sent{{marker: true}, {}, {}, {}, {}, {}, {}, {}}
	for name, c := range map[string]struct {
		then []sent
		want stream
	}{
		"nothing is wrong, though numbers and timestamps run over": {nil, stream{Sources: 1, Gap: 20 * time.Millisecond}},
		"a lost packet is a jump": {
			[]sent{{skip: 1, hop: 160, late: 20 * time.Millisecond}},
			stream{Sources: 1, Jumps: 1, Pauses: 1, Unmarked: 1, Gap: 20 * time.Millisecond},
		},
		"a marked pause is none": {
			[]sent{{hop: second, late: time.Second, marker: true}},
			stream{Sources: 1, Pauses: 1, Gap: 20 * time.Millisecond},
		},
		"an unmarked one is noticed": {
			[]sent{{hop: second, late: time.Second}},
			stream{Sources: 1, Pauses: 1, Unmarked: 1, Gap: 20 * time.Millisecond},
		},
		"a pause that the timestamp does not tell is a gap": {
			[]sent{{late: 100 * time.Millisecond}},
			stream{Sources: 1, Gap: 120 * time.Millisecond},
		},
		"a timestamp that runs ahead is a break": {
			[]sent{{hop: second}},
			stream{Sources: 1, Breaks: 1, Gap: 20 * time.Millisecond},
		},
		"and so is one that goes back": {
			[]sent{{hop: 1<<32 - 640}},
			stream{Sources: 1, Breaks: 1, Gap: 20 * time.Millisecond},
		},
		"another source begins anew": {
			[]sent{{ssrc: 10, hop: 12345, skip: 999}},
			stream{Sources: 2, Gap: 20 * time.Millisecond},
		},
		"a key keeps the sequence, and not the pace": {
			[]sent{{pt: 101, hop: 1<<32 - 160}, {hop: 160}},
			stream{Sources: 1, Pauses: 1, Gap: 20 * time.Millisecond},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := streamOf(t, append(steady, c.then...)...)
			got := stream{Sources: s.Sources, Jumps: s.Jumps, Breaks: s.Breaks, Unmarked: s.Unmarked, Pauses: s.Pauses, Gap: s.Gap}
			if got != c.want {
				t.Errorf("got  %v\nwant %v", &got, &c.want)
			}
		})
	}
}

func TestWhatIsNoRTPIsNoStream(t *testing.T) {
	frames := []captured{
		{at: start, data: datagram(serverAt, trunkAt, []byte("OPTIONS sip:x SIP/2.0\r\n\r\n"))},
		{at: start, data: datagram(serverAt, trunkAt, []byte{0x80, 200, 0, 6, 0, 0, 0, 0})}, // a report
		{at: start, data: tcpSegment(serverAt, trunkAt, 1, 0, "hello")},
	}
	all, err := readStreams(bytes.NewReader(pcapFile(binary.LittleEndian, pcapMicro, linkRaw, frames...)))
	if err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestStreamsComeInTheOrderInWhichTheyBegan(t *testing.T) {
	b := make([]byte, rtp.HeaderSize+160)
	rtp.Header{Sequence: 1}.Put(b)
	other := netip.MustParseAddrPort("127.0.0.9:4000")
	frames := []captured{
		{at: start, data: datagram(trunkAt, serverAt, b)},
		{at: start.Add(time.Millisecond), data: datagram(serverAt, other, b)},
		{at: start.Add(2 * time.Millisecond), data: datagram(serverAt, trunkAt, b)},
	}
	all, err := readStreams(bytes.NewReader(pcapFile(binary.LittleEndian, pcapMicro, linkRaw, frames...)))
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	if all[0].From != trunkAt || all[1].To != other || all[2].To != trunkAt {
		t.Errorf("%v", all)
	}
}
