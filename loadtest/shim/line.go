// Package shim is a bad line: it stands between two parties that speak UDP and loses,
// delays, doubles and disorders what they send, by a seed, so that every run of a test
// has the same bad luck. Line decides and is pure; Shim has the sockets.
package shim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Faults of one direction. The zero value is a good line.
type Faults struct {
	Seed    uint64
	Loss    float64       // share of packets that never arrive, 0 to 1
	Burst   float64       // mean number of packets lost in a row; 0 and 1 = each alone
	Delay   time.Duration // of every packet
	Jitter  time.Duration // more delay, evenly from 0 to twice this: ± as much about its mean. Nobody overtakes because of it
	Reorder float64       // share of packets that arrive directly behind the one that was sent after them
	Double  float64       // share of packets that arrive twice, the second time up to 20 ms later
}

// Check tells what is impossible.
func (f Faults) Check() error {
	for what, share := range map[string]float64{"loss": f.Loss, "reorder": f.Reorder, "double": f.Double} {
		if share < 0 || share > 1 {
			return fmt.Errorf("shim: %s is %g; must be 0 to 1", what, share)
		}
	}
	if f.Loss == 1 && f.Burst > 1 {
		return fmt.Errorf("shim: loss of all packets has no bursts")
	}
	if f.Delay < 0 || f.Jitter < 0 || f.Burst < 0 {
		return fmt.Errorf("shim: delay %v, jitter %v and burst %g must not be negative", f.Delay, f.Jitter, f.Burst)
	}
	return nil
}

// Line decides what becomes of the packets of one direction. The n-th packet of a seed has
// always the same fate, whenever it is sent.
type Line struct {
	faults Faults
	luck   *rand.Rand
	losing bool          // in the middle of a burst
	newest time.Duration // when the packet that is furthest on arrives
}

// NewLine begins with the first packet.
func NewLine(f Faults) *Line {
	const stream = 0x6c696e65 // any; the seed alone decides
	return &Line{faults: f, luck: rand.New(rand.NewPCG(f.Seed, stream))}
}

// Fate is what becomes of one packet. Moments are on the caller's clock.
type Fate struct {
	Lost    bool
	Held    bool          // it arrives directly behind the next packet: at the next one's Behind
	Arrives time.Duration // when it arrives, unless it is lost or held
	Again   time.Duration // when it arrives once more; 0 = never
	Behind  time.Duration // when a packet arrives that was held before it
}

const (
	heel    = time.Nanosecond // between a packet and the one that was held behind it
	echo    = 20 * time.Millisecond
	perPass = 5 // numbers of luck for each packet, needed or not, so that its fate depends on nothing else
)

// Pass decides about the next packet, which is sent now.
func (l *Line) Pass(now time.Duration) Fate {
	var luck [perPass]float64
	for i := range luck {
		luck[i] = l.luck.Float64()
	}
	f := &l.faults
	arrives := now + f.Delay + time.Duration(luck[0]*2*float64(f.Jitter))
	l.newest = max(l.newest+2*heel, arrives) // nobody overtakes, and nobody is beside another
	fate := Fate{Arrives: l.newest, Behind: l.newest + heel}
	fate.Lost = l.lose(luck[1])
	fate.Held = luck[2] < f.Reorder
	if luck[3] < f.Double {
		fate.Again = l.newest + heel + time.Duration(luck[4]*float64(echo))
	}
	return fate
}

// lose decides by two states, as Gilbert did: of a packet that arrives the next is lost
// so often, and of one that is lost so often that bursts and the share of all are right.
func (l *Line) lose(luck float64) bool {
	f := &l.faults
	if f.Burst <= 1 {
		return luck < f.Loss
	}
	goesOn := 1 - 1/f.Burst
	begins := f.Loss / (f.Burst * (1 - f.Loss))
	if l.losing {
		l.losing = luck < goesOn
	} else {
		l.losing = luck < begins
	}
	return l.losing
}
