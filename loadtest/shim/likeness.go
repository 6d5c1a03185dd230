package shim

import (
	"math"
	"slices"
)

// Likeness is how near what was heard comes to what was said: the segmental signal to
// noise ratio, after alignment. Only frames in which something was said count.
type Likeness struct {
	SNR    float64 // dB, the mean over frames, each of which counts as floor…ceiling
	Frames int     // that count
	Exact  int     // of them, as good as ceiling
	Gone   int     // of them, where nothing was heard
	Lag    int     // samples by which the last of them was heard later
}

const (
	rate      = 8000
	frame     = rate / 50 // 20 ms, the segment
	block     = 5 * frame // is aligned as a whole: whoever makes sound longer or shorter within it pays for that
	ceiling   = 35.0      // dB; better is not heard
	floor     = -10.0
	spoken    = 100              // RMS of a frame in which something was said, about −44 dBm0
	first     = rate             // that the beginning may be heard later
	beginning = 2 * rate         // that is aligned as a whole, for it may have holes
	further   = 60 * rate / 1000 // that a block may lie from the one before
)

// Compare aligns what was heard with what was said, block by block, and tells how alike
// they are. Both have 8000 samples a second; heard lags behind by up to a second.
func Compare(said, heard []int16) Likeness {
	var l Likeness
	lag, sum := 0, 0.0
	for at := 0; at+block <= len(said); at += block {
		part := said[at : at+block]
		if rms(part) < spoken {
			continue
		}
		if l.Frames == 0 {
			lag = align(said[at:min(at+beginning, len(said))], heard, at, 0, first, 0)
		} else {
			lag = align(part, heard, at, lag-further, lag+further, lag)
		}
		for i := 0; i < block; i += frame {
			if rms(part[i:i+frame]) < spoken {
				continue
			}
			snr, gone := compare(part[i:i+frame], heard, at+i+lag)
			sum += snr
			l.Frames++
			if snr == ceiling {
				l.Exact++
			}
			if gone {
				l.Gone++
			}
		}
	}
	l.SNR, l.Lag = sum/float64(max(1, l.Frames)), lag
	return l
}

// Piece is a packet's sound as it arrived. Both moments are in samples, and each has a clock
// of its own.
type Piece struct {
	Place   int64 // of its first sample, 0 and up
	Arrives int64
	Sound   []int16
}

// Unbuffered is what a player without a buffer makes of pieces: slot by slot it plays what is
// due, if it has come by then, and else nothing. Its slots begin when a piece of median
// delay comes, so that it is neither lucky nor unlucky with its first one.
func Unbuffered(length int, pieces []Piece) []int16 {
	out := make([]int16, length)
	ways := make([]int64, len(pieces))
	for i, p := range pieces {
		ways[i] = p.Arrives - p.Place
	}
	slices.Sort(ways)
	for _, p := range pieces {
		if p.Arrives-p.Place <= ways[len(ways)/2] && p.Place < int64(length) {
			copy(out[p.Place:], p.Sound)
		}
	}
	return out
}

// align finds where a part that was said at a place was heard: the lag from…to that is
// most alike; stay when none is.
func align(part, heard []int16, at, from, to, stay int) int {
	const coarse = 4 // samples that are looked at first; one in so many is enough to find the place
	near, most := stay, 0.0
	for lag := from; lag <= to; lag++ {
		if a := alike(part, heard, at+lag, coarse); a > most || a == most && lag == stay {
			near, most = lag, a
		}
	}
	best, most := stay, 0.3
	for lag := near - coarse; lag <= near+coarse; lag++ {
		if a := alike(part, heard, at+lag, 1); a > most || a == most && lag == stay {
			best, most = lag, a
		}
	}
	return best
}

// alike is the normalized cross-correlation of every step-th sample.
func alike(part, heard []int16, at, step int) float64 {
	if at < 0 || at+len(part) > len(heard) {
		return 0
	}
	var cross, a, b int64
	there := heard[at : at+len(part)]
	for i := 0; i < len(part); i += step {
		u, v := int64(part[i]), int64(there[i])
		cross, a, b = cross+u*v, a+u*u, b+v*v
	}
	if cross <= 0 {
		return 0
	}
	return float64(cross) / math.Sqrt(float64(a)*float64(b))
}

// compare is the ratio of one frame, and whether nothing at all was heard.
func compare(part, heard []int16, at int) (snr float64, gone bool) {
	if at < 0 || at+len(part) > len(heard) {
		return 0, true
	}
	var signal, noise, sound float64
	for i, v := range heard[at : at+len(part)] {
		u, d := float64(part[i]), float64(part[i])-float64(v)
		signal, noise, sound = signal+u*u, noise+d*d, sound+float64(v)*float64(v)
	}
	if noise == 0 {
		return ceiling, false
	}
	return max(floor, min(ceiling, 10*math.Log10(signal/noise))), sound < spoken*spoken
}

func rms(x []int16) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(x)))
}
