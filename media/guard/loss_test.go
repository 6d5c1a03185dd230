package guard_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/jitter"
	"breakwater/media/rtp"
	"breakwater/media/voices"
)

// Test 18: packets that are lost must not make the guard nervous. Ten minutes of people at
// −17 dBm0, where its rules speak now and then, with 5 % of the packets lost by chance,
// also several in a row. They speak so seldom that a few frames more are chance, too.

// testLostPacketsDoNotStartleTheGuard is a relayed leg: nothing is concealed, and the
// guard is told of each gap.
func testLostPacketsDoNotStartleTheGuard(t *testing.T) {
	for name, x := range lossy(t) {
		whole, holed, lost := newLine(noComfort()), newLine(noComfort()), losses()
		for at := 0; at+frame <= len(x); at += frame {
			whole.send(x[at : at+frame])
			if lost() {
				holed.guard.Forget()
				continue
			}
			holed.send(x[at : at+frame])
		}
		judgeLoss(t, name+", relayed", whole, holed)
	}
}

// testConcealedPacketsDoNotStartleTheGuard is a mixed leg: what is lost is concealed by
// the jitter buffer before the guard hears it.
func testConcealedPacketsDoNotStartleTheGuard(t *testing.T) {
	for name, x := range lossy(t) {
		never := func() bool { return false }
		judgeLoss(t, name+", concealed", concealed(x, never), concealed(x, losses()))
	}
}

func concealed(x []int16, lost func() bool) *line {
	l, b, heard := newLine(noComfort()), jitter.New(jitter.Settings{}, g711.Mu), make([]int16, frame)
	codes := make([]byte, frame)
	for at := 0; at+frame <= len(x); at += frame {
		g711.Mu.Encode(codes, x[at:at+frame])
		if !lost() {
			b.Put(int64(at), rtp.Header{Sequence: uint16(at / frame), Timestamp: uint32(at)}, codes)
		}
		b.Pull(int64(at), heard)
		l.send(heard)
	}
	return l
}

// lossy is ten minutes of people, and three of our own voices.
func lossy(t *testing.T) map[string][]int16 {
	var x []int16
	for _, v := range voices.People(t, 2*time.Minute) {
		for _, clip := range v.Clips {
			x = append(x, normalised(clip, -17)...)
		}
	}
	return map[string][]int16{"people": x, "our own": normalised(spoken(t, "en", 3*time.Minute), -17)}
}

// losses tells of each packet whether it is lost: 5 %, one in four of them followed by
// another one.
func losses() func() bool {
	random, before := rand.New(rand.NewPCG(18, 18)), false
	return func() bool {
		share := 0.0395
		if before {
			share = 0.25
		}
		before = random.Float64() < share
		return before
	}
}

func judgeLoss(t *testing.T, name string, whole, holed *line) {
	t.Helper()
	a, b := whole.guard.Account(), holed.guard.Account()
	t.Logf("%s: by rule without loss %v, with %v", name, a.Limited, b.Limited)
	for r := range guard.Rule(guard.Rules) {
		if b.Limited[r] > 2*a.Limited[r]+5 {
			t.Errorf("%s: %v: %d frames with loss, %d without; want at most twice", name, r, b.Limited[r], a.Limited[r])
		}
	}
}
