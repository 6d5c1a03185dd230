package main

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"time"

	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// streamsCommand prints the streams of a capture.
type streamsCommand struct {
	File string `arg:"" help:"Capture file, pcap or pcapng." type:"existingfile"`
}

// Run reads the file.
func (c streamsCommand) Run() error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	all, err := readStreams(f)
	for _, s := range all {
		fmt.Println(s)
	}
	return err
}

// stream is the RTP that one socket sends to another, as a capture shows it, and
// every break in it that a phone would hear or stumble over.
type stream struct {
	From, To netip.AddrPort
	Packets  int
	Sources  int // SSRCs, one after the other

	Jumps    int           // sequence numbers that do not follow each other
	Breaks   int           // timestamps that tell another time than has passed
	Unmarked int           // pauses whose end is not marked (RFC 3551 §4.1)
	Pauses   int           // times when nothing was sent, and the timestamps say so
	Gap      time.Duration // the longest between two packets whose timestamps follow each other
	Early    time.Duration // how far, at most, a packet was ahead of its pace

	header rtp.Header // of the last packet
	frame  uint32     // samples in the last packet of sound
	stamp  uint32     // its timestamp
	at     time.Time  // of the last packet
	heard  time.Time  // of the last packet of sound
	keys   bool       // there was a key since
}

// soundTypes are the payload types of G.711 and G.722 (RFC 3551 §6); others, such as
// keys and comfort noise, keep the sequence but not the pace.
func soundType(pt uint8) bool { return pt == 0 || pt == 8 || pt == 9 }

// add takes the stream's next packet.
func (s *stream) add(at time.Time, h rtp.Header, payload int) {
	s.Packets++
	defer func() { s.header, s.at = h, at }()
	if s.Packets == 1 || h.SSRC != s.header.SSRC {
		s.Sources++
		s.frame = 0
	} else if h.Sequence != s.header.Sequence+1 {
		s.Jumps++
	}
	if !soundType(h.Payload) {
		s.keys = true
		return
	}
	if s.frame > 0 {
		s.pace(at, h)
	}
	s.frame, s.stamp, s.heard, s.keys = uint32(payload), h.Timestamp, at, false
}

// pace compares what the timestamp says with what has passed.
func (s *stream) pace(at time.Time, h rtp.Header) {
	const slack = 60 * time.Millisecond // of a busy machine, and of the sender's clock over a pause
	moved := time.Duration(int32(h.Timestamp-s.stamp)) * time.Second / g711.Rate
	frame := time.Duration(s.frame) * time.Second / g711.Rate
	passed := at.Sub(s.heard)
	switch {
	case moved == frame:
		s.Gap = max(s.Gap, passed)
		s.Early = max(s.Early, frame-passed)
	case moved > frame && (passed-moved).Abs() <= slack:
		s.Pauses++
		if !h.Marker && !s.keys {
			s.Unmarked++
		}
	default:
		s.Breaks++
	}
}

func (s *stream) String() string {
	return fmt.Sprintf("%v → %v: %d packets, sources %d, sequence jumps %d, timestamp breaks %d, pauses %d (unmarked %d), longest gap %v",
		s.From, s.To, s.Packets, s.Sources, s.Jumps, s.Breaks, s.Pauses, s.Unmarked, s.Gap.Round(time.Millisecond))
}

// readStreams finds every RTP stream of a capture, in the order in which they began.
func readStreams(in io.Reader) ([]*stream, error) {
	type way struct{ from, to netip.AddrPort }
	found := map[way]*stream{}
	began := map[*stream]time.Time{}
	err := readCapture(in, func(f captured) error {
		seg, ok := unwrap(f)
		if !ok || seg.tcp || rtp.IsReport(seg.payload) {
			return nil
		}
		h, from, to, err := rtp.Parse(seg.payload)
		if err != nil || !soundType(h.Payload) && h.Payload < 96 && h.Payload != 13 {
			return nil //nolint:nilerr // what is not RTP is somebody else's
		}
		w := way{seg.from, seg.to}
		s := found[w]
		if s == nil {
			s = &stream{From: seg.from, To: seg.to}
			found[w], began[s] = s, f.at
		}
		s.add(f.at, h, to-from)
		return nil
	})
	all := make([]*stream, 0, len(found))
	for _, s := range found {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *stream) int { return cmp.Compare(began[a].UnixNano(), began[b].UnixNano()) })
	return all, err
}
