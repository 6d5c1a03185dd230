package g722

// taps is the length of the mirror filters.
const taps = 24

// The coefficients of the mirror filters, times 2^13 (G.722 table 11; H(i) = H(23−i)),
// those with an even and those with an odd number apart. As the filter is symmetric,
// each is the other backwards.
var (
	even = [taps / 2]int32{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}
	odd  = [taps / 2]int32{-11, 53, -156, 362, -805, 3876, 951, -210, 32, 12, -11, 3}
)

// pairs are what the synthesis remembers: sums and differences of the two bands.
type pairs struct{ sum, difference [taps/2 - 1]int16 }

// split is the analysis (G.722 §3.1, §5.2.1): of the newest 24 samples, oldest first,
// it makes one sample of each band, of 15 bits.
func split(x *[taps]int16) (low, high int32) {
	var a, b int32
	for i := range taps / 2 {
		a += int32(x[2*i+1]) * odd[i]
		b += int32(x[2*i]) * even[i]
	}
	return limit((a + b) >> 14), limit((a - b) >> 14)
}

// join is the synthesis (G.722 §4.4, §5.2.2): of the newest 12 sums or differences,
// oldest first, and half of the coefficients it makes one sample.
func join(x *[taps / 2]int16, half *[taps / 2]int32) int16 {
	var sum int32
	for i, c := range half {
		sum += int32(x[i]) * c
	}
	return int16(saturate(sum >> 11))
}

// limit is the 15-bit number nearest to v: what a band may carry.
func limit(v int32) int32 { return max(-1<<14, min(1<<14-1, v)) }

// saturate is the 16-bit number nearest to v: the Recommendation's arithmetic.
func saturate(v int32) int32 { return max(-1<<15, min(1<<15-1, v)) }
