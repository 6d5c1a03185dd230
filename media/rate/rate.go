// Package rate carries sound between the telephone's 8000 samples a second and the
// wideband 16000: flat up to 3.4 kHz, nothing mirrored above. What lies over 4.6 kHz
// does not come down; the 1.2 kHz between are neither promised nor clean. Both ways
// cost 1.6 ms of delay, and no allocation.
package rate

import "math"

// half is one side of the half-band filter, times 2^15: sin(πk/2)/(πk/2) for the odd
// distances k = 1, 3 … 25, in a Kaiser window with β = 6. The other side is the same,
// the middle is 1 and the even distances are 0, so that every second sample of 16 kHz
// is one of 8 kHz as it was. −63 dB from 4.6 kHz on, ±0.01 dB up to 3.4 kHz.
var half = [reach]int{20776, -6704, 3767, -2436, 1654, -1137, 775, -516, 330, -201, 113, -56, 22}

const (
	reach = 13  // taps on each side
	block = 160 // narrow samples that are worked on at once: a matter of speed only
	unit  = 15  // 1 is 1<<unit in the filter
)

// Up doubles the rate. The zero value has heard silence; assigning copies the state.
type Up struct {
	past [2*reach - 1]int16 // the newest samples, oldest first
}

// Convert writes the samples of src, 8 kHz, at 16 kHz into dst and tells how many:
// two for each, as many pairs as fit.
func (u *Up) Convert(dst, src []int16) int {
	n := min(len(dst)/2, len(src))
	for at := 0; at < n; at += block {
		to := min(at+block, n)
		u.convert(dst[2*at:2*to], src[at:to])
	}
	return 2 * n
}

func (u *Up) convert(dst, src []int16) {
	var x [2*reach - 1 + block]int16
	copy(x[:], u.past[:])
	copy(x[len(u.past):], src)
	for i := range src {
		w := (*[2 * reach]int16)(x[i:])
		sum := 1 << unit / 2
		for k, c := range half {
			sum += c * (int(w[reach-1-k]) + int(w[reach+k]))
		}
		dst[2*i], dst[2*i+1] = w[reach-1], clip(sum>>unit)
	}
	copy(u.past[:], x[len(src):])
}

// Down halves the rate. The zero value has heard silence; assigning copies the state.
type Down struct {
	past [4*reach - 3]int16 // the newest samples, oldest first
}

// Convert writes the samples of src, 16 kHz, at 8 kHz into dst and tells how many: one
// for each pair. An odd sample at the end is not heard.
func (d *Down) Convert(dst, src []int16) int {
	n := min(len(dst), len(src)/2)
	for at := 0; at < n; at += block {
		to := min(at+block, n)
		d.convert(dst[at:to], src[2*at:2*to])
	}
	return n
}

func (d *Down) convert(dst, src []int16) {
	var x [4*reach - 3 + 2*block]int16
	copy(x[:], d.past[:])
	copy(x[len(d.past):], src)
	for i := range dst {
		w := (*[4*reach - 1]int16)(x[2*i:])
		const middle = 2*reach - 1
		sum := (int(w[middle]) + 1) << unit
		for k, c := range half {
			sum += c * (int(w[middle-1-2*k]) + int(w[middle+1+2*k]))
		}
		dst[i] = clip(sum >> (unit + 1))
	}
	copy(d.past[:], x[len(src):])
}

// clip is the 16-bit number nearest to v.
func clip(v int) int16 { return int16(max(math.MinInt16, min(math.MaxInt16, v))) }
