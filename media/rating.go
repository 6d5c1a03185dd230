package media

import (
	"time"

	"breakwater/media/rtp"
)

// rating is what the E-model says of the sound that comes from a party, by the minute:
// the loop's. It knows what did not arrive; what arrived too late for somebody's jitter
// buffer it can only guess from the jitter.
type rating struct {
	until         int64  // ns: when the minute ends
	packets, lost uint64 // at its beginning
	worst         float64
}

const enoughToRate = 500 // packets, 10 s

// minute closes the minute that has passed, if it has.
func (m *rating) minute(now int64, packets, lost uint64, delay time.Duration) {
	if now < m.until {
		return
	}
	if m.until != 0 {
		m.worst = m.newest(packets, lost, delay)
	}
	m.until, m.packets, m.lost = now+int64(time.Minute), packets, lost
}

// newest is the worst minute, the present one included if it is long enough to be rated;
// 0 when none was.
func (m *rating) newest(packets, lost uint64, delay time.Duration) float64 {
	if packets-m.packets < enoughToRate {
		return m.worst
	}
	mos := opinion(packets-m.packets, max(lost, m.lost)-m.lost, delay)
	if m.worst == 0 {
		return mos
	}
	return min(m.worst, mos)
}

// opinion is the estimated mean opinion of so many packets that came and that did not; 0
// when there was nothing to be heard.
func opinion(packets, lost uint64, delay time.Duration) float64 {
	if packets+lost == 0 {
		return 0
	}
	return rtp.Path{Delay: delay, Loss: float64(lost) / float64(packets+lost)}.MOS()
}

// delay is how long sound is under way between the party and us, as far as is known, and
// what a phone needs to make it even: a packet, and twice the jitter.
func (p *Port) delay() time.Duration {
	return p.in.reports.roundTrip/2 + 20*time.Millisecond + 2*span(p.in.stats.Jitter())
}
