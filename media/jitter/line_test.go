package jitter

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// packet is one that is under way.
type packet struct {
	arrives int64 // place of our clock
	header  rtp.Header
	codes   []byte
}

// voiced is a sound with a pitch of 110 to 220 Hz, syllables and pauses, made of numbers.
func voiced(seconds float64, seed uint64) []int16 {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]int16, int(seconds*Rate))
	phase, pitch := 0.0, 140.0
	for i := range out {
		t := float64(i) / Rate
		pitch += (r.Float64() - 0.5) * 0.4
		pitch = max(110, min(220, pitch))
		phase += pitch / Rate
		v := 0.0
		for k := 1.0; k <= 12; k++ {
			v += math.Sin(2*math.Pi*phase*k) / k
		}
		loud := max(0, math.Sin(2*math.Pi*t*1.7)) * max(0, min(1, 3*math.Sin(2*math.Pi*t*0.21)+1.5))
		out[i] = int16(5000*loud*v + 30*(r.Float64()-0.5))
	}
	return out
}

// packets cuts a sound, encoded, into packets of n places that arrive when they are due.
func packets(law g711.Law, sound []int16, n int) []packet {
	var all []packet
	for at := 0; at+n <= len(sound); at += n {
		codes := make([]byte, n)
		law.Encode(codes, sound[at:at+n])
		all = append(all, packet{
			arrives: int64(at + n),
			header:  rtp.Header{SSRC: 7, Sequence: uint16(65500 + at/n), Timestamp: math.MaxUint32 - 4000 + uint32(at)},
			codes:   codes,
		})
	}
	return all
}

// heard is what came out of a buffer.
type heard struct {
	sound []int16
	kinds []Kind // of each frame
}

// listen lets packets arrive and pulls a frame of n samples whenever one is due, until
// a while after the last packet.
func listen(b *Buffer, way []packet, n int64) heard {
	way = slices.Clone(way)
	slices.SortStableFunc(way, func(x, y packet) int { return int(x.arrives - y.arrives) })
	var h heard
	frame := make([]int16, n*b.form.width)
	end := way[len(way)-1].arrives + Rate/2
	for now := n; now < end; now += n {
		for len(way) > 0 && way[0].arrives <= now {
			b.Put(way[0].arrives, way[0].header, way[0].codes)
			way = way[1:]
		}
		h.kinds = append(h.kinds, b.Pull(now, frame))
		h.sound = append(h.sound, frame...)
	}
	return h
}

func (h heard) count(k Kind) (n int) {
	for _, kind := range h.kinds {
		if kind == k {
			n++
		}
	}
	return n
}

// decoded is what a listener without any loss would hear.
func decoded(law g711.Law, way []packet) []int16 {
	var out []int16
	for _, p := range way {
		frame := make([]int16, len(p.codes))
		law.Decode(frame, p.codes)
		out = append(out, frame...)
	}
	return out
}

// within tells where a sound lies in another, or −1.
func within(sound, part []int16) int {
	for at := 0; at+len(part) <= len(sound); at++ {
		if slices.Equal(sound[at:at+len(part)], part) {
			return at
		}
	}
	return -1
}

func TestAnEvenStreamIsPlayedBitForBit(t *testing.T) {
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		for _, ptime := range []int{80, 160, 240, 320, 480} {
			for _, frame := range []int64{80, 160} {
				way := packets(law, voiced(5, 1), ptime)
				b := New(Settings{}, law)
				h := listen(b, way, frame)
				want := decoded(law, way)
				want = want[shortestFade:] // it is faded in
				at := within(h.sound, want[:400])
				s := b.Stats()
				if at < 0 || at+len(want) > len(h.sound) || !slices.Equal(h.sound[at:at+len(want)], want) {
					t.Errorf("%s, %d in packets of %d: not what was sent (from %d): %+v", law, ptime, frame, at, s)
				}
				if s.Packets != uint64(len(way)) || s.Late+s.Double+s.Stray+s.Restarts+s.Inserted+s.Removed+s.Skipped != 0 {
					t.Errorf("%s, %d in packets of %d: %+v", law, ptime, frame, s)
				}
				if delay := at - ptime - shortestFade; delay > 40*8+int(frame) {
					t.Errorf("%s, %d in packets of %d: %d places of delay", law, ptime, frame, delay)
				}
			}
		}
	}
}
