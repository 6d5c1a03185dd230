package rtp

import (
	"testing"

	"pgregory.net/rapid"
)

func TestOurOwnPacketsAreNumberedWithoutABreak(t *testing.T) {
	l := NewLine(9, 65534, 0xFFFFFFFF-200)
	first := l.Next(1000, 160, false)
	if !first.Marker || first.Sequence != 65535 || first.SSRC != 9 {
		t.Errorf("first packet %+v", first)
	}
	before := first
	for i := int64(1); i < 10; i++ {
		h := l.Next(1000+i*160+i%3, 160, true)
		if h.Marker || h.Sequence != before.Sequence+1 || h.Timestamp != before.Timestamp+160 {
			t.Fatalf("after %+v came %+v", before, h)
		}
		before = h
	}
}

func TestTimestampsTellHowLongNobodySpoke(t *testing.T) {
	for name, c := range map[string]struct {
		gap     int64
		advance uint32
		marker  bool
	}{
		"at once":                      {0, 160, false},
		"a little early":               {100, 160, false},
		"in time":                      {160, 160, false},
		"a little late":                {230, 160, false},
		"one packet late":              {330, 320, true}, // RFC 3551 §4.1: no longer contiguous
		"after a pause of two seconds": {16000, 16000, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLine(9, 0, 0)
			before := l.Next(0, 160, false)
			h := l.Next(c.gap, 160, false)
			if h.Sequence != before.Sequence+1 || h.Timestamp-before.Timestamp != c.advance || h.Marker != c.marker {
				t.Errorf("%+v after %+v", h, before)
			}
		})
	}
}

func TestARelayedSourceKeepsItsOrderAndLosses(t *testing.T) {
	l := NewLine(9, 100, 0)
	l.Next(0, 160, false) // 101: a prompt was played before
	in := func(sequence uint16) Header {
		return Header{SSRC: 5, Sequence: sequence, Timestamp: 7000 + uint32(int32(int16(sequence))*160)}
	}
	for _, c := range []struct {
		in, out uint16
		marker  bool
	}{{65535, 102, true}, {1, 104, false}, {0, 103, false}, {4, 107, false}} {
		h, ok := l.Follow(int64(c.out-101)*160, in(c.in), 160)
		if !ok || h.Sequence != c.out || h.Marker != c.marker || h.SSRC != 9 {
			t.Errorf("%d became %+v, want %d", c.in, h, c.out)
		}
	}
}

func TestAPacketFromBeforeTheHandOverIsNotSent(t *testing.T) {
	l := NewLine(9, 100, 0)
	l.Next(0, 160, false)
	l.Follow(160, Header{SSRC: 5, Sequence: 50, Timestamp: 8000}, 160)
	if h, ok := l.Follow(170, Header{SSRC: 5, Sequence: 49, Timestamp: 7840}, 160); ok {
		t.Errorf("sent as %+v, whose number a prompt had", h)
	}
}

func TestASourceThatJumpsIsNumberedAnew(t *testing.T) {
	for name, in := range map[string]Header{
		"another SSRC":            {SSRC: 6, Sequence: 51, Timestamp: 8160},
		"another sequence":        {SSRC: 5, Sequence: 5000, Timestamp: 8160},
		"another timestamp":       {SSRC: 5, Sequence: 51, Timestamp: 800000},
		"a timestamp that passed": {SSRC: 5, Sequence: 51, Timestamp: 4000},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLine(9, 100, 0)
			a, _ := l.Follow(0, Header{SSRC: 5, Sequence: 50, Timestamp: 8000}, 160)
			b, ok := l.Follow(160, in, 160)
			if !ok || b.Sequence != a.Sequence+1 || b.Timestamp != a.Timestamp+160 || !b.Marker {
				t.Errorf("after %+v came %+v", a, b)
			}
		})
	}
}

func TestTakenOutPacketsLeaveNoHole(t *testing.T) {
	l := NewLine(9, 100, 0)
	a, _ := l.Follow(0, Header{SSRC: 5, Sequence: 50, Timestamp: 8000}, 160)
	for s := uint16(51); s < 60; s++ {
		l.Skip(Header{SSRC: 5, Sequence: s, Timestamp: 8160})
	}
	l.Skip(Header{SSRC: 6, Sequence: 60}) // of somebody else
	b, _ := l.Follow(10*160, Header{SSRC: 5, Sequence: 60, Timestamp: 8000 + 10*160}, 160)
	if b.Sequence != a.Sequence+1 || b.Timestamp != a.Timestamp+10*160 {
		t.Errorf("after %+v came %+v", a, b)
	}
}

func TestAKeyHasOneTimestampAndOneMarker(t *testing.T) {
	l := NewLine(9, 100, 0)
	sound := func(sequence uint16, timestamp uint32) Header {
		return Header{SSRC: 5, Sequence: sequence, Timestamp: timestamp}
	}
	a, _ := l.Follow(0, sound(50, 8000), 160)
	first, _ := l.Event(160, sound(51, 8160), true)
	moved, _ := l.Event(320, sound(52, 8320), false) // a phone that moves the timestamp
	last, _ := l.Event(480, sound(53, 8320), false)
	if !first.Marker || moved.Marker || last.Marker {
		t.Error("the marker is not on the first packet only")
	}
	if first.Timestamp != a.Timestamp+160 || moved.Timestamp != first.Timestamp || last.Timestamp != first.Timestamp {
		t.Errorf("timestamps %d, %d, %d after %d", first.Timestamp, moved.Timestamp, last.Timestamp, a.Timestamp)
	}
	if _, ok := l.Event(490, sound(49, 7000), false); ok {
		t.Error("a late packet of an earlier key was sent")
	}
	b, _ := l.Follow(640, sound(54, 8640), 160)
	if b.Sequence != a.Sequence+4 || b.Timestamp != a.Timestamp+640 || b.Marker {
		t.Errorf("sound after the key is %+v", b)
	}
}

func TestAKeyBeforeAnySound(t *testing.T) {
	l := NewLine(9, 100, 0)
	key, ok := l.Event(0, Header{SSRC: 5, Sequence: 50, Timestamp: 8000}, true)
	sound, _ := l.Follow(160, Header{SSRC: 5, Sequence: 51, Timestamp: 8160}, 160)
	if !ok || sound.Sequence != key.Sequence+1 || sound.Timestamp != key.Timestamp+160 {
		t.Errorf("after %+v came %+v", key, sound)
	}
}

// Whatever sources take turns, the numbers that leave never repeat and never go back,
// as long as each source's own do not. A source that comes back may have to give up its
// first packet, no more.
func TestNumbersNeverGoBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLine(1, uint16(rapid.Uint32().Draw(t, "sequence")), rapid.Uint32().Draw(t, "timestamp"))
		now := int64(0)
		in := map[uint32]*Header{1: {SSRC: 1}, 2: {SSRC: 2, Sequence: 65530, Timestamp: 1 << 31}}
		var before Header
		refused := false
		for i := range rapid.IntRange(2, 60).Draw(t, "packets") {
			now += rapid.Int64Range(0, 4000).Draw(t, "passed")
			for _, h := range in {
				h.Sequence++
				h.Timestamp += 160
			}
			var h Header
			switch source := rapid.Uint32Range(0, 2).Draw(t, "source"); source {
			case 0:
				h = l.Next(now, 160, rapid.Bool().Draw(t, "smooth"))
			default:
				var ok bool
				own := !l.source.on
				if h, ok = l.Follow(now, *in[source], 160); !ok {
					if refused || !own {
						t.Fatal("a fresh packet was refused")
					}
					refused = true
					continue
				}
			}
			refused = false
			if i > 0 && (int16(h.Sequence-before.Sequence) <= 0 || int32(h.Timestamp-before.Timestamp) < 160) {
				t.Fatalf("after %+v came %+v", before, h)
			}
			before = h
		}
	})
}

func TestSoundThatAKeyOvertookKeepsItsPlace(t *testing.T) {
	for name, key := range map[string]func(l *Line, in Header){
		"the key is relayed":   func(l *Line, in Header) { l.Event(0, in, true) },
		"the key is taken out": func(l *Line, in Header) { l.Skip(in) },
	} {
		l := NewLine(9, 100, 0)
		first, _ := l.Follow(160, Header{SSRC: 5, Sequence: 10, Timestamp: 7000}, 160)
		key(&l, Header{SSRC: 5, Sequence: 12, Timestamp: 7320, Kind: Kind{Payload: 101}})
		late, ok := l.Follow(900, Header{SSRC: 5, Sequence: 11, Timestamp: 7160}, 160)
		if !ok || late.Marker || late.Timestamp != first.Timestamp+160 {
			t.Errorf("%s: %+v, %v after %+v", name, late, ok, first)
		}
	}
}

func TestAKeyFromBeforeTheHandOverIsNotSent(t *testing.T) {
	l := NewLine(9, 100, 0)
	l.Next(0, 160, false)
	l.Follow(160, Header{SSRC: 5, Sequence: 50, Timestamp: 8000}, 160)
	if h, ok := l.Event(170, Header{SSRC: 5, Sequence: 49, Timestamp: 7840}, true); ok {
		t.Errorf("sent as %+v, whose number a prompt had", h)
	}
}

func TestTheLineKnowsWhatItSent(t *testing.T) {
	l := NewLine(9, 100, 1000)
	if _, _, ok := l.Sent(); ok {
		t.Error("something was sent")
	}
	h := l.Next(8000, 160, false)
	l.Count(160)
	l.Count(4)
	at, samples, ok := l.Sent()
	if at != 8000 || samples != 160 || !ok || l.Packets != 2 || l.Octets != 164 {
		t.Errorf("sent %d samples at %d: %v; %d packets of %d bytes", samples, at, ok, l.Packets, l.Octets)
	}
	if got := l.Newest(8400); got != h.Timestamp+400 {
		t.Errorf("50 ms later the timestamp is %d, want %d", got, h.Timestamp+400)
	}
}

func TestAKeyAmongReframedSoundGoesOnItsNumbers(t *testing.T) {
	l := NewLine(9, 100, 0)
	a := l.Next(0, 160, false)
	first, ok := l.Event(160, Header{SSRC: 5, Sequence: 50, Timestamp: 8000}, true)
	again, okAgain := l.Event(320, Header{SSRC: 5, Sequence: 51, Timestamp: 8000}, false)
	b := l.Next(480, 160, false)
	if !ok || !okAgain || first.Sequence != a.Sequence+1 || again.Sequence != a.Sequence+2 || b.Sequence != a.Sequence+3 {
		t.Errorf("%+v, %+v, %+v after %+v", first, again, b, a)
	}
	if first.Timestamp != a.Timestamp+160 || again.Timestamp != first.Timestamp || b.Timestamp != a.Timestamp+480 {
		t.Errorf("timestamps %d, %d, %d after %d", first.Timestamp, again.Timestamp, b.Timestamp, a.Timestamp)
	}
}

func TestSoundThatBeginsAgainAfterAShortPauseSaysSo(t *testing.T) {
	l := NewLine(1, 100, 1000)
	first := l.Next(0, 160, false)
	if second := l.Next(160, 160, true); second.Marker || second.Timestamp-first.Timestamp != 160 {
		t.Fatalf("sound that goes on: marker %v, %d samples later", second.Marker, second.Timestamp-first.Timestamp)
	}
	// one playback ended, the next begins 36 ms after its last packet
	if third := l.Next(160+292, 160, false); !third.Marker || third.Timestamp-first.Timestamp != 160+320 {
		t.Errorf("after a pause: marker %v, %d samples later; a jump in time without a marker sounds like loss", third.Marker, third.Timestamp-first.Timestamp)
	}
	if fourth := l.Next(160+292+160, 160, false); fourth.Marker {
		t.Error("a playback that begins in time is no new talk-spurt")
	}
}

// Half of all sequence numbers are 11 minutes of sound; a conversation is longer.
func TestARelayedSourceIsHeardForHours(t *testing.T) {
	const hours = 200_000 // packets: 66 minutes, three rounds of the sequence numbers
	line := NewLine(1, 60_000, 7)
	in := Header{SSRC: 9, Sequence: 65_000, Timestamp: 1 << 31}
	for i := range hours {
		if i == 1 { // one key, long ago
			in.Sequence++
			line.Skip(in)
		}
		now := int64(i) * 160
		in.Sequence, in.Timestamp = in.Sequence+1, in.Timestamp+160
		out, ok := line.Follow(now, in, 160)
		if !ok || out.Sequence != 60_001+uint16(i) {
			t.Fatalf("packet %d is sent %v as %d", i, ok, out.Sequence)
		}
	}
	late := in
	late.Sequence, late.Timestamp = in.Sequence-30, in.Timestamp-30*160
	if out, ok := line.Follow(hours*160, late, 160); !ok || out.Sequence != line.sequence-30 {
		t.Errorf("a packet that is 30 late is sent %v as %d", ok, out.Sequence)
	}
	in.Sequence++
	if _, ok := line.Event(hours*160, in, true); !ok {
		t.Error("a key is not sent")
	}
}
