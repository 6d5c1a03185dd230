package media

import (
	"math"
	"testing"
	"time"

	"breakwater/media/rtp"
)

func TestALegIsRatedByTheMinute(t *testing.T) {
	type beat struct {
		at            time.Duration
		packets, lost uint64
	}
	const good, bad = 4.4, 3.9 // about no loss, about 5 %
	for name, c := range map[string]struct {
		beats []beat
		worst float64
	}{
		"nothing was heard":                       {nil, 0},
		"a few seconds are too few":               {[]beat{{0, 0, 0}, {5 * time.Second, 250, 100}}, 0},
		"a short call":                            {[]beat{{0, 0, 0}, {30 * time.Second, 1500, 0}}, good},
		"a minute of loss within good ones":       {[]beat{{0, 0, 0}, {time.Minute, 3000, 0}, {2 * time.Minute, 5850, 150}, {3 * time.Minute, 8850, 150}}, bad},
		"the present minute is the worst":         {[]beat{{0, 0, 0}, {time.Minute, 3000, 0}, {90 * time.Second, 4425, 75}}, bad},
		"a silent minute says nothing":            {[]beat{{0, 0, 0}, {time.Minute, 3000, 0}, {2 * time.Minute, 3010, 2}}, good},
		"what seemed lost and came late is there": {[]beat{{0, 0, 0}, {time.Minute, 3000, 3}, {2 * time.Minute, 6000, 0}}, good},
	} {
		t.Run(name, func(t *testing.T) {
			var m rating
			var of minutes
			var last beat
			for _, b := range c.beats {
				if of.turn(int64(b.at) + 1) {
					m.close(of.over, b.packets, b.lost, 40*time.Millisecond)
					of.over++
				}
				last = b
			}
			if got := m.newest(last.packets, last.lost, 40*time.Millisecond); math.Abs(got-c.worst) > 0.15 {
				t.Errorf("rated %.2f, want about %.2f", got, c.worst)
			}
		})
	}
}

func TestTheFarSideIsRatedByItsReports(t *testing.T) {
	var s reports
	if got := s.farOpinion(1000); got != 0 {
		t.Errorf("who reports nothing is rated %.2f", got)
	}
	s.farHeard = true
	if got := s.farOpinion(0); got != 0 {
		t.Errorf("nothing was sent, and it is rated %.2f", got)
	}
	whole := s.farOpinion(1000)
	s.farLost = 100
	if lossy := s.farOpinion(1000); whole < 4.3 || lossy > 3.5 {
		t.Errorf("without loss %.2f, with a tenth lost %.2f", whole, lossy)
	}
	s.farLost, s.roundTrip = 0, 800*time.Millisecond
	if late := s.farOpinion(1000); late > 3.8 {
		t.Errorf("a round trip of 0.8 s is rated %.2f", late)
	}
	s.farLost = 2000 // more than was sent: a confused phone
	if got := s.farOpinion(1000); got > 1.1 {
		t.Errorf("all is lost, and rated %.2f", got)
	}
}

func TestEachMinuteIsKeptForTwoHours(t *testing.T) {
	var of minutes
	var near, far rating
	packets, lost := uint64(0), uint64(0)
	for minute := range 150 { // every tenth loses a twentieth; the far side reports from the 100th on
		if of.turn(int64(minute)*int64(time.Minute) + 1) {
			near.close(of.over, packets, lost, 40*time.Millisecond)
			came := packets
			if minute <= 100 {
				came = 0
			}
			far.close(of.over, came, 0, 40*time.Millisecond)
			of.over++
		}
		packets += 3000
		if minute%10 == 7 {
			packets, lost = packets-150, lost+150
		}
	}
	row := of.account(&near, &far, near.present(packets, lost, 40*time.Millisecond), 0)
	if len(row) != 120 || row[0].Number != 30 || row[119].Number != 149 {
		t.Fatalf("%d minutes, from %+v to %+v", len(row), row[0], row[len(row)-1])
	}
	for _, m := range row {
		want := 4.4
		if m.Number%10 == 7 {
			want = 3.9
		}
		if math.Abs(m.MOS-want) > 0.15 {
			t.Errorf("minute %d is rated %.2f, want about %.1f", m.Number, m.MOS, want)
		}
		if rated := m.FarMOS > 0; rated != (m.Number >= 100 && m.Number < 149) {
			t.Errorf("the far side of minute %d is rated %.2f", m.Number, m.FarMOS)
		}
	}
}

// What came too late to be mixed was not heard, whatever the wire says, and it stays counted
// when the leg is not mixed any more.
func TestWhatOurOwnBufferThrewAwayWasNotHeard(t *testing.T) {
	p := openPort(t, openEngine(t, 1))
	p.do(func(l *loop) {
		s := newSeat(p, PCMU)
		p.in.obeys = &route{seat: s}
		frame := make([]int16, 160)
		put := func(now, i uint32) {
			h := rtp.Header{SSRC: 1, Sequence: uint16(i), Timestamp: 160 * i}
			p.in.stats.Packet(h, 160*now)
			s.take(int64(160*now)*(1e9/rtp.Rate), PCMU, h, flat(1))
		}
		for i := range uint32(1000) {
			if i%10 != 9 {
				put(i, i)
			}
			if i > 20 && i%10 == 9 { // 400 ms late
				put(i, i-20)
			}
			s.buffer.Pull(int64(160*i), frame)
		}
		_, missed := p.played()
		if thrown := p.in.reports.discards.sum; thrown < 80 || thrown > 100 || missed < thrown {
			t.Errorf("%d packets were missed, %d discarded, want about 98", missed, thrown)
		}
		p.in.obeys = &route{}
		if q := p.account(); q.Discarded+q.Lost != missed || q.MOS > 3.7 {
			t.Errorf("%+v, want %d packets discarded or lost, and a worse opinion", q, missed)
		}
		p.in.obeys = nil
	})
}
