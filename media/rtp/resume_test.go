package rtp

import (
	"testing"

	"pgregory.net/rapid"
)

// talker is a party whose packets come as they left: a frame of 20 ms at a time.
type talker struct{ Header }

func newTalker() *talker { return &talker{Header{SSRC: 5, Sequence: 65500, Timestamp: 1 << 20}} }

// says is the next packet of sound.
func (s *talker) says() Header {
	s.Sequence, s.Timestamp = s.Sequence+1, s.Timestamp+160
	return s.Header
}

// presses is a key of so many packets, which takes as many frames of time; all have the
// timestamp of its beginning.
func (s *talker) presses(packets int) []Header {
	var key []Header
	for range packets {
		s.Sequence++
		key = append(key, Header{SSRC: 5, Sequence: s.Sequence, Timestamp: s.Timestamp + 160})
	}
	s.Timestamp += uint32(packets) * 160
	return key
}

// muted is a key that is not passed on: each packet is skipped, silence goes in its place.
func muted(l *Line, now int64, key []Header) (newest Header) {
	for i, k := range key {
		l.Skip(k)
		newest = l.Next(now+int64(i)*160, 160, i > 0)
	}
	return newest
}

func TestSoundAfterAMutedKeyHasTheTimesThatItsSenderMeant(t *testing.T) {
	for name, late := range map[string]int64{"in time": 0, "10 ms late": 80, "15 ms late": 120, "8 ms early": -64, "60 ms late": 480} {
		t.Run(name, func(t *testing.T) {
			l, s := NewLine(9, 100, 0), newTalker()
			before, _ := l.Follow(0, s.says(), 160)
			silence := muted(&l, 160, s.presses(5))
			after, ok := l.Follow(960+late, s.says(), 160)
			if !ok || after.Timestamp-before.Timestamp != 6*160 {
				t.Fatalf("sent %v, %d samples after the sound before the key; the sender said 960", ok, after.Timestamp-before.Timestamp)
			}
			if after.Sequence != silence.Sequence+1 || !after.Marker {
				t.Errorf("%+v after silence %+v", after, silence)
			}
			next, ok := l.Follow(960+160, s.says(), 160)
			if !ok || next.Sequence != after.Sequence+1 || next.Timestamp != after.Timestamp+160 || next.Marker {
				t.Errorf("then %+v after %+v", next, after)
			}
		})
	}
}

func TestSilenceThatWentTooFarCostsNoMoreThanAFrame(t *testing.T) {
	for name, c := range map[string]struct {
		silence int // frames of it, for a key of five
		refused int // frames of sound whose place it took
		pushed  uint32
	}{
		"not at all":    {silence: 5},
		"by a frame":    {silence: 6, refused: 1},
		"by two frames": {silence: 7, pushed: 2 * 160}, // rather late than away
	} {
		t.Run(name, func(t *testing.T) {
			l, s := NewLine(9, 100, 0), newTalker()
			before, _ := l.Follow(0, s.says(), 160)
			for i, k := range s.presses(5) {
				l.Skip(k)
				l.Next(160+int64(i)*160, 160, i > 0)
			}
			var silence Header
			for i := 5; i < c.silence; i++ {
				silence = l.Next(160+int64(i)*160, 160, true)
			}
			now := 160 + int64(c.silence)*160 - 10
			for range c.refused {
				if h, ok := l.Follow(now, s.says(), 160); ok {
					t.Errorf("sent as %+v, at the time of %+v", h, silence)
				}
				now += 160
			}
			after, ok := l.Follow(now, s.says(), 160)
			if want := before.Timestamp + 160*uint32(6+c.refused) + c.pushed; !ok || after.Timestamp != want {
				t.Errorf("sent %v at %d, want %d", ok, after.Timestamp, want)
			}
			if after.Sequence != before.Sequence+uint16(c.silence)+1 {
				t.Errorf("%d packets after %d of silence: a hole", after.Sequence-before.Sequence, c.silence)
			}
		})
	}
}

func TestWhatIsLostAroundAMutedKeyIsToldOnlyWhereItWasSound(t *testing.T) {
	for name, c := range map[string]struct {
		lost func(key []Header, s *talker) []Header // and what is left of the key
		hole uint16
	}{
		"nothing":            {func(key []Header, _ *talker) []Header { return key }, 0},
		"the key's first":    {func(key []Header, _ *talker) []Header { return key[1:] }, 0},
		"one in the key":     {func(key []Header, _ *talker) []Header { return append(key[:2:2], key[3:]...) }, 0},
		"the key's last":     {func(key []Header, _ *talker) []Header { return key[:4] }, 0}, // silence takes its time
		"the sound after it": {func(key []Header, s *talker) []Header { s.says(); s.says(); return key }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			l, s := NewLine(9, 100, 0), newTalker()
			l.Follow(0, s.says(), 160)
			key := c.lost(s.presses(5), s)
			for _, k := range key {
				l.Skip(k)
			}
			var silence Header
			for i := range int64(5) {
				silence = l.Next(160+i*160, 160, i > 0)
			}
			after, ok := l.Follow(960+int64(c.hole)*160, s.says(), 160)
			if !ok || after.Sequence != silence.Sequence+1+c.hole || after.Timestamp != silence.Timestamp+160*uint32(1+c.hole) {
				t.Errorf("%v: %+v after silence %+v, want a hole of %d", ok, after, silence, c.hole)
			}
			if c.hole == 0 {
				return
			}
			late := Header{SSRC: 5, Sequence: s.Sequence - 1, Timestamp: s.Timestamp - 160}
			if h, ok := l.Follow(960+500, late, 160); !ok || h.Sequence != after.Sequence-1 || h.Timestamp != after.Timestamp-160 {
				t.Errorf("what was only late is sent %v as %+v, before %+v", ok, h, after)
			}
		})
	}
}

func TestSoundThatAMutedKeyOvertookIsNotSentAfterItsSilence(t *testing.T) {
	l, s := NewLine(9, 100, 0), newTalker()
	l.Follow(0, s.says(), 160)
	late := s.says()
	silence := muted(&l, 160, s.presses(5))
	if h, ok := l.Follow(400, late, 160); ok {
		t.Errorf("sent as %+v, after silence %+v", h, silence)
	}
	after, ok := l.Follow(1120, s.says(), 160)
	if !ok || after.Sequence != silence.Sequence+1 {
		t.Errorf("%v: %+v after silence %+v", ok, after, silence)
	}
}

func TestSoundThatATakenOutPacketOvertookHasANumberOfItsOwn(t *testing.T) {
	l, s := NewLine(9, 100, 0), newTalker()
	first, _ := l.Follow(0, s.says(), 160)
	a, b := s.says(), s.says()
	key := s.presses(3)
	for _, k := range key {
		l.Skip(k)
	}
	// a and b come late, in the wrong order, and the sound after the key before one of them
	gotB, okB := l.Follow(480, b, 160)
	after, okAfter := l.Follow(490, s.says(), 160)
	gotA, okA := l.Follow(500, a, 160)
	if !okA || !okB || !okAfter {
		t.Fatal("sound was refused")
	}
	for _, c := range []struct {
		h     Header
		place uint16
	}{{gotA, 1}, {gotB, 2}, {after, 3}} {
		if c.h.Sequence != first.Sequence+c.place {
			t.Errorf("number %d after the first, want %d: %+v", c.h.Sequence-first.Sequence, c.place, c.h)
		}
	}
}

func TestTakenOutPacketsInTheWrongOrderLeaveNoHole(t *testing.T) {
	l, s := NewLine(9, 100, 0), newTalker()
	first, _ := l.Follow(0, s.says(), 160)
	key := s.presses(5)
	for _, i := range []int{1, 0, 4, 2, 3, 3, 0} { // and twice
		l.Skip(key[i])
	}
	if after, _ := l.Follow(960, s.says(), 160); after.Sequence != first.Sequence+1 {
		t.Errorf("%d numbers after the sound before the key", after.Sequence-first.Sequence)
	}
}

func TestAKeyThatIsRelayedAfterAPromptLeavesNoHole(t *testing.T) {
	l, s := NewLine(9, 100, 0), newTalker()
	l.Follow(0, s.says(), 160)
	l.Next(160, 160, false) // a beep
	var key Header
	for i, k := range s.presses(5) {
		key, _ = l.Event(320+int64(i)*160, k, i == 0)
	}
	if after, ok := l.Follow(960, s.says(), 160); !ok || after.Sequence != key.Sequence+1 {
		t.Errorf("%v: %+v after the key's %+v", ok, after, key)
	}
}

func TestASourceThatIsAnotherOneAfterwardsIsNumberedAnew(t *testing.T) {
	for name, in := range map[string]Header{
		"another SSRC":             {SSRC: 6, Sequence: 56, Timestamp: 8960},
		"another sequence":         {SSRC: 5, Sequence: 5000, Timestamp: 8960},
		"a clock that was moved":   {SSRC: 5, Sequence: 56, Timestamp: 800000},
		"a clock that went back":   {SSRC: 5, Sequence: 56, Timestamp: 4000},
		"numbers that went back":   {SSRC: 5, Sequence: 20, Timestamp: 8960},
		"after seconds of a sound": {SSRC: 5, Sequence: 56 + 150, Timestamp: 8960},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLine(9, 100, 0)
			l.Follow(0, Header{SSRC: 5, Sequence: 50, Timestamp: 8000}, 160)
			var own Header
			for i := range int64(5) {
				own = l.Next(160+i*160, 160, i > 0)
			}
			h, ok := l.Follow(960, in, 160)
			if !ok || h.Sequence != own.Sequence+1 || h.Timestamp != own.Timestamp+160 || !h.Marker {
				t.Errorf("%v: %+v after %+v", ok, h, own)
			}
		})
	}
}

// Whatever is lost and overtaken while keys are muted, with or without silence in their
// place, no number and no moment is given twice, and sound keeps the distance in time that
// its sender gave it, unless silence had to push it.
func TestMutedKeysNeverMakeANumberTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type packet struct {
			Header
			key    bool
			leaves int64
		}
		s, silences := newTalker(), rapid.Bool().Draw(t, "silence in the place of keys")
		var sent []packet
		at := int64(0)
		for range rapid.IntRange(1, 8).Draw(t, "spells") {
			for range rapid.IntRange(1, 6).Draw(t, "sound") {
				sent = append(sent, packet{s.says(), false, at})
				at += 160
			}
			for _, k := range s.presses(rapid.IntRange(0, 6).Draw(t, "key")) {
				sent = append(sent, packet{k, true, at})
				at += 160
			}
		}
		arrives := map[int64][]packet{} // by moment
		end := int64(0)
		for _, p := range sent {
			if rapid.IntRange(0, 19).Draw(t, "lost") == 0 {
				continue
			}
			p.leaves += rapid.SampledFrom([]int64{0, 0, 0, 0, 80, 240, 400}).Draw(t, "delay")
			arrives[p.leaves] = append(arrives[p.leaves], p)
			end = max(end, p.leaves)
		}
		l := NewLine(9, 65000, 1<<32-2000)
		numbers, moments := map[uint16]Header{}, map[uint32]Header{}
		note := func(h Header) {
			if other, twice := numbers[h.Sequence]; twice {
				t.Fatalf("%+v has the number of %+v", h, other)
			}
			if other, twice := moments[h.Timestamp]; twice {
				t.Fatalf("%+v has the moment of %+v", h, other)
			}
			numbers[h.Sequence], moments[h.Timestamp] = h, h
		}
		begun, quiet, due := false, int64(0), int64(0)
		for now := int64(0); now <= end; now += 80 {
			for _, p := range arrives[now] {
				if p.key {
					l.Skip(p.Header)
					if silences && begun {
						if quiet <= now {
							due = max(now, l.at+int64(l.samples))
						}
						quiet = now + 800
					}
					continue
				}
				quiet, begun = 0, true
				if h, ok := l.Follow(now, p.Header, 160); ok {
					note(h)
				}
			}
			for ; due <= now && due < quiet; due += 160 {
				note(l.Next(due, 160, true))
			}
		}
	})
}
