package media

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"breakwater/media/dtmf"
	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// A re-INVITE changes the codec while packets of the old one are on their way.
func TestTheFormerCodecIsHeardForASecondMore(t *testing.T) {
	for name, c := range map[string]struct{ was, is Codec }{
		"µ-law becomes A-law": {PCMU, PCMA}, "A-law becomes µ-law": {PCMA, PCMU},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 4)
			a, b := newPhone(t, e, c.was), newPhone(t, e, c.was)
			join(t, e, a, b)
			r, path := record(t, a)
			a.say(flat(0x11))
			b.mustHear()
			a.codec = c.is
			if err := a.port.Apply(a.desc()); err != nil {
				t.Fatal(err)
			}
			a.say(flat(0x22)) // still the old one
			if p := b.mustHear(); !nearly(b.codec, p.codes[0], 0x22) {
				t.Errorf("heard %#x, want nearly 0x22", p.codes[0])
			}
			a.h.Payload = uint8(c.is)
			a.say(flat(0x33))
			if p := b.mustHear(); p.codes[0] != c.is.transcoding()[0x33] {
				t.Errorf("heard %#x of the new codec", p.codes[0])
			}
			paths, err := r.Close()
			if err != nil || len(paths) != 2 {
				t.Fatalf("%v %v; want two segments, not one for every packet", paths, err)
			}
			_, l, _ := readTape(t, paths[1])
			if !bytes.Contains(l, flat(c.was.transcoding()[0x22])) || !bytes.Contains(l, flat(0x33)) {
				t.Error("the second segment does not hold what was heard")
			}
			readTape(t, path)

			a.port.mu.Lock() // the second is over
			a.port.ctl.former.until = 0
			a.port.swap()
			a.port.mu.Unlock()
			a.h.Payload = uint8(c.was)
			a.say(flat(0x44))
			if p, ok := b.hear(30 * time.Millisecond); ok {
				t.Errorf("the former codec is heard for ever: %#x", p.codes[0])
			}
		})
	}
}

// nearly tells whether two codes are neighbours in loudness: transcoding there and back
// moves a code by a step at most.
func nearly(c Codec, a, b byte) bool {
	linear := &g711.ULawToLinear
	if c == PCMA {
		linear = &g711.ALawToLinear
	}
	x, y := int(linear[a]), int(linear[b])
	return max(x-y, y-x) <= max(x, -x)/8+16
}

func TestTheFormerKeyTypeIsHeardForASecondMore(t *testing.T) {
	e := openEngine(t, 4)
	a := newPhone(t, e, PCMU)
	told := make(chan Digit, 10)
	a.port.OnDigit(func(d Digit) { told <- d })
	a.say(flat(1))
	d := a.desc()
	d.DTMF = 96
	if err := a.port.Apply(d); err != nil {
		t.Fatal(err)
	}
	a.press('5', 3)
	select {
	case d := <-told:
		if d.Key != '5' {
			t.Errorf("told %q", d.Key)
		}
	case <-time.After(ampleTime):
		t.Error("the key was lost")
	}
}

// Some send keys with an SSRC of their own between the packets of sound.
func TestAKeyOfAnotherStreamIsToldOnce(t *testing.T) {
	e := openEngine(t, 4)
	a := newPhone(t, e, PCMU)
	event := func(code byte, i int) {
		ev := dtmf.Event{Code: code, Duration: uint16(i+1) * 160, End: i > 5}
		payload := ev.Payload()
		a.put(rtp.Header{Kind: rtp.Kind{Payload: 101}, Sequence: uint16(int(code)*10 + i), Timestamp: 160 + uint32(code)*8000, SSRC: 77}, payload[:])
	}
	for code := range byte(3) {
		for i := range 8 {
			a.say(flat(1))
			event(code, i)
		}
	}
	eventually(t, "all was heard", func() bool { return e.Counters().Received == 48 })
	if n := e.Counters().Digits; n != 3 {
		t.Errorf("%d keys were told, want 3", n)
	}
}

func TestALongKeyIsNoJitter(t *testing.T) {
	e := openEngine(t, 4)
	a := newPhone(t, e, PCMU)
	now := int64(time.Minute)
	a.port.do(func(l *loop) {
		was := l.now
		defer func() { l.now = was }()
		send := func(payload uint8, timestamp uint32, size int) {
			now += int64(20 * time.Millisecond)
			l.now = now
			rtp.Header{Kind: rtp.Kind{Payload: payload}, Sequence: a.h.Sequence, Timestamp: timestamp, SSRC: 1}.Put(l.air.packet[:])
			a.h.Sequence++
			l.receive(a.port, l.air.packet[:rtp.HeaderSize+size], a.addr())
		}
		for i := range uint32(50) {
			send(0, i*160, 160)
		}
		for range 50 { // a key of a second: one timestamp
			send(101, 50*160, 4)
		}
		for i := range uint32(50) {
			send(0, (100+i)*160, 160)
		}
	})
	if q := a.port.Quality(); q.Jitter > time.Millisecond || q.Lost != 0 || q.Received != 150 {
		t.Errorf("%+v; want no jitter", q)
	}
}

// What is late or doubled is not heard twice when sound is cut anew.
func TestReframedSoundIsNotHeardTwice(t *testing.T) {
	for name, c := range map[string]struct {
		samples int
		ptime   time.Duration
		order   []int
		want    []byte // a code for every 20 ms
	}{
		"a doubled packet of 60 ms":           {480, 20 * time.Millisecond, []int{0, 1, 1, 2}, []byte{0, 0, 0, 1, 1, 1, 2, 2, 2}},
		"a late packet of 40 ms":              {320, 20 * time.Millisecond, []int{0, 2, 1, 3}, []byte{0, 0, 2, 2, 3, 3}},
		"a doubled packet in the making":      {160, 40 * time.Millisecond, []int{0, 0, 1, 1, 2, 3}, []byte{0, 1, 2, 3}},
		"packets of 10 ms, one of them twice": {80, 20 * time.Millisecond, []int{0, 0, 1, 2, 2, 3}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, 2)
			a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
			a.agrees(c.ptime)
			b.agrees(c.ptime)
			join(t, e, a, b)
			for _, i := range c.order {
				h := a.h
				h.Sequence, h.Timestamp = h.Sequence+uint16(i), h.Timestamp+uint32(i*c.samples)
				a.put(h, bytes.Repeat([]byte{byte(i)}, c.samples))
			}
			var want, got []byte
			for _, code := range c.want {
				want = append(want, flat(code)...)
			}
			if c.want == nil {
				for i := range byte(4) {
					want = append(want, bytes.Repeat([]byte{i}, 80)...)
				}
			}
			for p, ok := b.hear(time.Second); ok; p, ok = b.hear(40 * time.Millisecond) {
				got = append(got, p.codes...)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("heard %d samples, want %d: % x", len(got), len(want), firsts(got))
			}
		})
	}
}

// firsts is the first code of every 10 ms.
func firsts(codes []byte) (b []byte) {
	for i := 0; i < len(codes); i += 80 {
		b = append(b, codes[i])
	}
	return b
}

// A phone that sends packets of another length than was agreed and falls silent after a word
// (DTX): the end of the word does not wait for the next one.
func TestTheEndOfAWordIsHeardBeforeThePause(t *testing.T) {
	for name, c := range map[string]struct {
		samples, packets int
		ptime            time.Duration
		pads             int // samples of silence after the word
	}{
		"20 ms into 30":                     {160, 4, 30 * time.Millisecond, 80},
		"30 ms into 20":                     {240, 3, 20 * time.Millisecond, 80},
		"10 ms into 60":                     {80, 2, 60 * time.Millisecond, 320},
		"longer than a timer goes: 130 ms":  {1040, 1, 20 * time.Millisecond, 80},
		"a word that fills its last packet": {80, 6, 20 * time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := openEngine(t, 2)
			a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
			a.agrees(c.ptime)
			b.agrees(c.ptime)
			join(t, e, a, b)
			word := bytes.Repeat([]byte{1}, c.samples*c.packets)
			for range c.packets {
				a.say(bytes.Repeat([]byte{1}, c.samples))
			}
			began, got, next := time.Now(), []byte(nil), uint32(0)
			for p, ok := b.hear(time.Second); ok; p, ok = b.hear(250 * time.Millisecond) {
				if got != nil && p.Timestamp != next {
					t.Errorf("timestamp %d, want %d", p.Timestamp, next)
				}
				got, next = append(got, p.codes...), p.Timestamp+uint32(len(p.codes))
				if after := p.at.Sub(began); after > 240*time.Millisecond {
					t.Errorf("a packet left after %v", after)
				}
			}
			want := append(word, bytes.Repeat([]byte{PCMU.Silence()}, c.pads)...)
			if !bytes.Equal(got, want) {
				t.Fatalf("heard %d samples, want %d: % x", len(got), len(want), firsts(got))
			}
			a.h.Timestamp += 8000 - uint32(len(word)) // the next word, a second after the first one began
			for range c.packets {
				a.say(bytes.Repeat([]byte{2}, c.samples))
			}
			if p := b.mustHear(); p.codes[0] != 2 || !p.Marker {
				t.Errorf("the next word begins with %+v % x", p.Header, firsts(p.codes))
			}
		})
	}
}

// A packet that was only late, and not the first of another word, is heard but for what
// silence has the place of.
func TestWhoWasOnlyLateGoesOn(t *testing.T) {
	e := openEngine(t, 2)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	a.agrees(30 * time.Millisecond)
	b.agrees(30 * time.Millisecond)
	join(t, e, a, b)
	a.say(flat(1))
	got := b.mustHear().codes // 20 ms, and 10 of silence
	for _, code := range []byte{2, 3, 4} {
		a.say(flat(code))
	}
	got = append(got, b.mustHear().codes...)
	want := slices.Concat(flat(1), bytes.Repeat([]byte{PCMU.Silence()}, 80), bytes.Repeat([]byte{2}, 80), flat(3))
	if !bytes.Equal(got, want) {
		t.Errorf("heard % x", firsts(got))
	}
}
