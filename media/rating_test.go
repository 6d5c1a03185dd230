package media

import (
	"math"
	"testing"
	"time"
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
			var last beat
			for _, b := range c.beats {
				m.minute(int64(b.at)+1, b.packets, b.lost, 40*time.Millisecond)
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
