package dtmf

import (
	"errors"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		payload []byte
		want    Event
		err     error
	}{
		"a key that is still pressed":        {[]byte{5, 10, 0, 160}, Event{Code: 5, Volume: 10, Duration: 160}, nil},
		"the end of a star":                  {[]byte{10, 0x8A, 3, 32}, Event{Code: 10, End: true, Volume: 10, Duration: 800}, nil},
		"the reserved bit means nothing":     {[]byte{1, 0x4A, 0, 1}, Event{Code: 1, Volume: 10, Duration: 1}, nil},
		"padding of a phone is not an error": {[]byte{1, 10, 0, 1, 0, 0, 0, 0}, Event{Code: 1, Volume: 10, Duration: 1}, nil},
		"a flash is an event":                {[]byte{16, 0, 0, 1}, Event{Code: 16, Duration: 1}, nil},
		"three bytes are too few":            {[]byte{1, 2, 3}, Event{}, ErrShort},
		"nothing is too little":              {nil, Event{}, ErrShort},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(c.payload)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestEveryKeyHasItsCode(t *testing.T) {
	for i, key := range []byte("0123456789*#ABCD") {
		code, err := Code(key)
		if err != nil || int(code) != i {
			t.Errorf("code of %c is %d, %v; want %d", key, code, err, i)
		}
		if got, ok := (Event{Code: code}).Key(); !ok || got != key {
			t.Errorf("key of code %d is %c, %v; want %c", code, got, ok, key)
		}
	}
	if code, err := Code('d'); err != nil || code != 15 {
		t.Errorf("a small d is %d, %v; want 15", code, err)
	}
	if _, err := Code('E'); err == nil {
		t.Error("E must be no key")
	}
	if _, ok := (Event{Code: 16}).Key(); ok {
		t.Error("a flash must be no key")
	}
}

// sent is a packet as a test writes it: what, at which timestamp, how far.
type sent struct {
	timestamp uint32
	key       byte
	duration  uint16
	end       bool
}

func collect(t *testing.T, packets []sent) string {
	t.Helper()
	var c Collector
	var keys []byte
	for _, p := range packets {
		code, err := Code(p.key)
		if err != nil {
			t.Fatal(err)
		}
		if press, ok := c.Packet(p.timestamp, Event{Code: code, End: p.end, Duration: p.duration}); ok {
			keys = append(keys, press.Key)
		}
	}
	return string(keys)
}

func TestCollectorReportsEachPressOnce(t *testing.T) {
	for name, c := range map[string]struct {
		packets []sent
		want    string
	}{
		"a clean press with its end sent three times": {
			[]sent{{1000, '5', 160, false}, {1000, '5', 320, false}, {1000, '5', 480, true}, {1000, '5', 480, true}, {1000, '5', 480, true}}, "5",
		},
		"only one of the ends arrived": {
			[]sent{{1000, '7', 800, true}}, "7",
		},
		"the start was lost": {
			[]sent{{1000, '7', 480, false}, {1000, '7', 640, true}, {1000, '7', 640, true}}, "7",
		},
		"all ends were lost and the same key comes again": {
			[]sent{{1000, '1', 160, false}, {1000, '1', 320, false}, {3000, '1', 160, false}, {3000, '1', 320, true}}, "11",
		},
		"all ends were lost and another key comes": {
			[]sent{{1000, '1', 160, false}, {2600, '2', 160, false}, {2600, '2', 320, true}}, "12",
		},
		"an end comes after the next key began": {
			[]sent{{1000, '1', 160, false}, {2600, '2', 160, false}, {1000, '1', 800, true}, {2600, '2', 800, true}}, "12",
		},
		"packets of one press in the wrong order": {
			[]sent{{1000, '3', 480, true}, {1000, '3', 160, false}, {1000, '3', 320, false}}, "3",
		},
		"the timestamp runs over its end": {
			[]sent{{0xFFFFFF00, '1', 160, true}, {0x00000800, '2', 160, false}, {0xFFFFFF00, '1', 160, true}}, "12",
		},
		"a sender that moves the timestamp with each packet": {
			[]sent{{1000, '9', 0, false}, {1160, '9', 160, false}, {1320, '9', 320, false}, {1480, '9', 480, true}, {1480, '9', 480, true}}, "9",
		},
		"a sender that does not move the timestamp between keys": {
			[]sent{{1000, '1', 160, true}, {1000, '2', 160, false}, {1000, '2', 320, true}}, "12",
		},
		"a very long press in two segments": {
			[]sent{{1000, '4', 0xFFF0, false}, {1000, '4', 0xFFFF, false}, {1000 + 0xFFFF, '4', 160, false}, {1000 + 0xFFFF, '4', 320, true}}, "4",
		},
		"a sender that starts its timestamps anew": {
			[]sent{{900000, '1', 160, true}, {1000, '2', 160, true}}, "12",
		},
		"a fast dialler with 40 ms tones and 40 ms pauses": {
			[]sent{{1000, '1', 320, true}, {1640, '1', 320, true}, {2280, '1', 320, true}}, "111",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := collect(t, c.packets); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCollectorForgetsOnReset(t *testing.T) {
	var c Collector
	c.Packet(9000, Event{Code: 1})
	if !c.Down() {
		t.Error("the key must be down before its end")
	}
	c.Reset()
	if c.Down() {
		t.Error("nothing is down after a reset")
	}
	if _, ok := c.Packet(8900, Event{Code: 1, End: true}); !ok {
		t.Error("after a reset an older timestamp begins a press")
	}
	if c.Down() {
		t.Error("a key whose end came is up")
	}
}

func TestCollectorIgnoresWhatIsNoKey(t *testing.T) {
	var c Collector
	if _, ok := c.Packet(1, Event{Code: 16, End: true}); ok {
		t.Error("a flash was reported as a key")
	}
	press, ok := c.Packet(1, Event{Code: 2, Duration: 800})
	if !ok || press != (Press{'2', 100 * time.Millisecond}) {
		t.Errorf("got %+v, %v", press, ok)
	}
}

func TestSenderTellsAPress(t *testing.T) {
	s, err := NewSender('#', 7000, 70*time.Millisecond, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		marker, end bool
		duration    uint16
	}{{true, false, 160}, {false, false, 320}, {false, false, 480}, {false, true, 640}, {false, true, 640}, {false, true, 640}}
	for i, w := range want {
		p, ok := s.Next()
		if !ok {
			t.Fatalf("packet %d is missing", i)
		}
		e, err := Parse(p.Payload[:])
		if err != nil {
			t.Fatal(err)
		}
		if p.Timestamp != 7000 || p.Marker != w.marker || e.End != w.end || e.Duration != w.duration || e.Code != 11 {
			t.Errorf("packet %d: %+v %+v, want %+v", i, p, e, w)
		}
	}
	if _, ok := s.Next(); ok {
		t.Error("a seventh packet was sent")
	}
}

func TestSenderKeepsLimits(t *testing.T) {
	for name, c := range map[string]struct {
		length, step time.Duration
		packets      int
		duration     uint16
	}{
		"too short becomes 40 ms":                    {time.Millisecond, 0, 4, 320},
		"too long becomes 8 s":                       {time.Hour, 0, 402, 64000},
		"one long packet still has a start":          {time.Millisecond, 60 * time.Millisecond, 4, 480},
		"8 s are not a whole number of 60 ms":        {time.Hour, 60 * time.Millisecond, 135, 63840},
		"a step beyond all reason does not run over": {time.Hour, time.Hour, 4, 64000},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewSender('1', 0, c.length, c.step)
			if err != nil {
				t.Fatal(err)
			}
			n, last := drain(t, s)
			if n != c.packets || last.Duration != c.duration || !last.End {
				t.Errorf("%d packets, last %+v; want %d and %d", n, last, c.packets, c.duration)
			}
		})
	}
	if _, err := NewSender('x', 0, time.Second, 0); err == nil {
		t.Error("x must be no key")
	}
}

func TestReleaseEndsAPressEarly(t *testing.T) {
	s, err := NewSender('1', 0, time.Second, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Next()
	s.Release()
	n, last := drain(t, s)
	if n != 3 || last.Duration != 320 {
		t.Errorf("%d packets after release, last %+v; want 3 and 320", n, last)
	}
	s.Release()
	if _, ok := s.Next(); ok {
		t.Error("a release after the end sends nothing")
	}
}

func TestWhatTheSenderSendsTheCollectorHears(t *testing.T) {
	var c Collector
	var heard []byte
	timestamp := uint32(0xFFFF0000)
	for _, key := range []byte("11*D0##") {
		s, err := NewSender(key, timestamp, 80*time.Millisecond, 0)
		if err != nil {
			t.Fatal(err)
		}
		for p, ok := s.Next(); ok; p, ok = s.Next() {
			e, _ := Parse(p.Payload[:])
			if press, ok := c.Packet(p.Timestamp, e); ok {
				heard = append(heard, press.Key)
			}
		}
		timestamp += 1280
	}
	if string(heard) != "11*D0##" {
		t.Errorf("heard %q", heard)
	}
}

func TestAPacketCostsNoAllocation(t *testing.T) {
	var c Collector
	payload := []byte{1, 10, 0, 160}
	timestamp := uint32(0)
	if n := testing.AllocsPerRun(1000, func() {
		e, _ := Parse(payload)
		timestamp += 4000
		c.Packet(timestamp, e)
	}); n != 0 {
		t.Fatalf("%v allocations a packet, want 0", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{5, 10, 0, 160}, uint32(1000))
	f.Add([]byte{16, 0xFF, 0xFF, 0xFF, 1}, uint32(0xFFFFFFFF))
	f.Fuzz(func(t *testing.T, payload []byte, timestamp uint32) {
		e, err := Parse(payload)
		if err != nil {
			return
		}
		if again, err := Parse(payloadOf(e)); err != nil || again != e {
			t.Fatalf("%+v came back as %+v, %v", e, again, err)
		}
		var c Collector
		if _, first := c.Packet(timestamp, e); first {
			if _, second := c.Packet(timestamp, e); second {
				t.Fatalf("%+v was reported twice", e)
			}
		}
	})
}

func payloadOf(e Event) []byte {
	p := e.Payload()
	return p[:]
}

func drain(t *testing.T, s *Sender) (n int, last Event) {
	t.Helper()
	for p, ok := s.Next(); ok; p, ok = s.Next() {
		e, err := Parse(p.Payload[:])
		if err != nil {
			t.Fatal(err)
		}
		n, last = n+1, e
	}
	return n, last
}
