package rtp

import "testing"

// feed gives packets by sequence number, each arriving when its timestamp says.
func feed(r *Receiver, ssrc uint32, sequence ...uint16) {
	for _, s := range sequence {
		r.Packet(Header{SSRC: ssrc, Sequence: s, Timestamp: uint32(s) * 160}, uint32(s)*160)
	}
}

func TestReceiverCountsWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		sequence []uint16
		lost     uint64
		highest  uint32
	}{
		"nothing lost":                           {[]uint16{1, 2, 3, 4}, 0, 4},
		"one lost":                               {[]uint16{1, 2, 4}, 1, 4},
		"late is not lost":                       {[]uint16{1, 3, 2, 4}, 0, 4},
		"doubled is not negative":                {[]uint16{1, 2, 2, 2}, 0, 2},
		"lost across the turn of the number":     {[]uint16{65534, 1}, 2, 1<<16 + 1},
		"the first one was not the oldest":       {[]uint16{5, 4, 6}, 0, 6},
		"a single wild number is not believed":   {[]uint16{1, 2, 40000, 3}, 0, 3},
		"a confirmed wild number is a restart":   {[]uint16{1, 2, 40000, 40001, 40002}, 0, 40002},
		"losses before a restart are remembered": {[]uint16{1, 3, 40000, 40001, 40003}, 2, 40003},
	} {
		t.Run(name, func(t *testing.T) {
			var r Receiver
			feed(&r, 7, c.sequence...)
			rep, ok := r.Report()
			if !ok || r.Lost() != c.lost || rep.Highest != c.highest {
				t.Errorf("lost %d, highest %d; want %d, %d", r.Lost(), rep.Highest, c.lost, c.highest)
			}
			if r.Packets() != uint64(len(c.sequence)) {
				t.Errorf("%d packets, want %d", r.Packets(), len(c.sequence))
			}
		})
	}
}

func TestReceiverKeepsTotalsOverSSRCs(t *testing.T) {
	var r Receiver
	feed(&r, 1, 1, 3)
	feed(&r, 2, 100, 103)
	if r.Lost() != 3 || r.Packets() != 4 {
		t.Errorf("lost %d of %d, want 3 of 4", r.Lost(), r.Packets())
	}
	rep, _ := r.Report()
	if rep.SSRC != 2 || rep.Lost != 2 {
		t.Errorf("report %+v, want 2 lost of SSRC 2", rep)
	}
}

func TestReportCoversTheTimeSinceTheLastOne(t *testing.T) {
	var r Receiver
	if _, ok := r.Report(); ok {
		t.Error("a report about nobody")
	}
	feed(&r, 1, 1, 2, 4) // a quarter lost
	if rep, _ := r.Report(); rep.Fraction != 64 || rep.Lost != 1 {
		t.Errorf("first report %+v, want fraction 64, lost 1", rep)
	}
	feed(&r, 1, 5, 6, 7, 8)
	if rep, _ := r.Report(); rep.Fraction != 0 || rep.Lost != 1 {
		t.Errorf("second report %+v, want fraction 0, lost 1", rep)
	}
}

func TestJitterIsThatOfRFC3550(t *testing.T) {
	var r Receiver
	var want float64 // the recursion of §6.4.1, in floating point
	transit := int64(0)
	arrivals := []int64{0, 170, 310, 480, 700, 800, 960, 1200}
	for i, at := range arrivals {
		r.Packet(Header{SSRC: 1, Sequence: uint16(i), Timestamp: uint32(i * 160)}, uint32(at))
		d := at - int64(i*160)
		if i > 0 {
			want += (float64(max(d-transit, transit-d)) - want) / 16
		}
		transit = d
	}
	if got := float64(r.Jitter()); got < want-1 || got > want+1 {
		t.Errorf("jitter %v, want %v", got, want)
	}
}

func TestASenderThatMovesItsTimestampsIsNoJitter(t *testing.T) {
	var r Receiver
	r.Packet(Header{SSRC: 1, Sequence: 1, Timestamp: 0}, 0)
	r.Packet(Header{SSRC: 1, Sequence: 2, Timestamp: 1 << 30}, 160)
	if r.Jitter() != 0 {
		t.Errorf("jitter %d, want 0", r.Jitter())
	}
}

func TestTelephoneEventsCountAndAreNoJitter(t *testing.T) {
	var r Receiver
	at := uint32(0)
	for s := range uint16(150) {
		at += 160
		h := Header{SSRC: 1, Sequence: s, Timestamp: at}
		if s >= 50 && s < 100 { // a key held for a second
			h.Timestamp = 51 * 160
			r.Event(h)
			continue
		}
		r.Packet(h, at)
	}
	if r.Jitter() != 0 || r.Lost() != 0 || r.Packets() != 150 {
		t.Errorf("jitter %d, lost %d of %d; want none of 150", r.Jitter(), r.Lost(), r.Packets())
	}
}

func TestReceiverOverManyTurnsOfTheSequenceNumber(t *testing.T) {
	var r Receiver
	const turns = 3
	for i := range uint32(turns<<16 + 10) {
		if i%1000 != 999 { // one in a thousand is lost
			r.Packet(Header{SSRC: 1, Sequence: uint16(i), Timestamp: i * 160}, i*160)
		}
	}
	rep, _ := r.Report()
	if want := uint64((turns<<16 + 10) / 1000); r.Lost() != want || rep.Highest != turns<<16+9 || r.Jitter() != 0 {
		t.Errorf("lost %d, highest %d, jitter %d; want %d lost", r.Lost(), rep.Highest, r.Jitter(), want)
	}
}

func TestReportsSayHowMuchIsLostWithinTheirLimits(t *testing.T) {
	var r Receiver
	feed(&r, 1, 1, 2, 3)
	r.Report()
	feed(&r, 1, 3, 3, 3, 3) // doubled ones
	if rep, _ := r.Report(); rep.Fraction != 0 || rep.Lost != -4 {
		t.Errorf("%+v; want no fraction and 4 more than expected", rep)
	}
	feed(&r, 1, 2900)
	if rep, _ := r.Report(); rep.Fraction != 255 {
		t.Errorf("fraction %d, want 255 of 256", rep.Fraction)
	}
}
