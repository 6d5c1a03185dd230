package wav

// interleave16 lays blocks of 16 samples of both channels in turn; blocks must be at least 1.
//
//go:noescape
func interleave16(dst, left, right *byte, blocks int)

// interleaved lays as many whole blocks as there are, and tells of how many samples.
func interleaved(dst, left, right []byte, n int) (done int) {
	if n < 16 {
		return 0
	}
	interleave16(&dst[0], &left[0], &right[0], n/16)
	return n / 16 * 16
}
