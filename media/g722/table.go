package g722

// The tables of the Recommendation. A code's own table is made of them, so that
// following a code is one look-up.
var (
	// decision is where one interval of the lower band's difference begins: interval m
	// from decision[m−1] on (G.722 table 14, Q6; the first is 0).
	decision = [30]int32{
		0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650,
		714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
	}
	// The 6-bit codes of the intervals (G.722 table 16). Codes with four zeros are not
	// sent: a network might take them for a dead line.
	positive = [30]byte{
		0x3D, 0x3C, 0x3B, 0x3A, 0x39, 0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31, 0x30, 0x2F,
		0x2E, 0x2D, 0x2C, 0x2B, 0x2A, 0x29, 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21, 0x20,
	}
	negative = [30]byte{
		0x3F, 0x3E, 0x1F, 0x1E, 0x1D, 0x1C, 0x1B, 0x1A, 0x19, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13,
		0x12, 0x11, 0x10, 0x0F, 0x0E, 0x0D, 0x0C, 0x0B, 0x0A, 0x09, 0x08, 0x07, 0x06, 0x05, 0x04,
	}
	// What an interval is heard as, 6 bits of the lower band (G.722 table 14, QQ6).
	output6 = [30]int32{
		17, 54, 91, 130, 170, 211, 254, 300, 347, 396, 447, 501, 558, 618, 682,
		750, 822, 899, 982, 1072, 1170, 1279, 1399, 1535, 1689, 1873, 2088, 2376, 2738, 3101,
	}
	// The same for the 4 bits that the predictor follows (QQ4, by the magnitude of
	// table 17) and what a magnitude does to the step (WL).
	output4 = [8]int32{0, 150, 323, 530, 786, 1121, 1612, 2557}
	stepOf4 = [8]int32{-60, -30, 58, 172, 334, 538, 1198, 3042}
	// One octave of the step, in 32 parts (G.722 table 15, ILB).
	octave = [32]int32{
		2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
		2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
	}
)

// The tables by code; an output is 2^15 times what it is in steps.
var (
	sixBits             = bySix()
	fourBits, lowerStep = byFour()
	twoBits, higherStep = [4]int32{-926 * 8, -202 * 8, 926 * 8, 202 * 8}, [4]int32{798, -214, 798, -214} // table 14, QQ2 and WH
	lowerScale          = [18432>>6 + 1]int32(scales(8, 18432>>6+1))
	higherScale         = [22528>>6 + 1]int32(scales(10, 22528>>6+1))
)

// bySix gives the outputs of the 6-bit codes (G.722 table 18). The four codes that are
// never sent count as the smallest negative one.
func bySix() (t [64]int32) {
	for m := range output6 {
		t[positive[m]] = output6[m] * 8
		t[negative[m]] = -output6[m] * 8
	}
	for never := range 4 {
		t[never] = t[negative[0]]
	}
	return t
}

// byFour gives the outputs and the steps of a code without its two last bits (G.722
// table 17): 0 has the magnitude 0, then come 7 to 1 with minus, 7 to 0 with plus.
func byFour() (output, step [16]int32) {
	step[0] = stepOf4[0]
	for m := range 8 {
		output[15-m], step[15-m] = output4[m]*8, stepOf4[m]
		if m > 0 {
			output[8-m], step[8-m] = -output4[m]*8, stepOf4[m]
		}
	}
	return output, step
}

// scales turns n logarithms of the step, in units of 1/32 octave, into steps (G.722
// §6.2.1.3 and §6.2.2.3, method 2). The first is octaves below the table's.
func scales(octaves, n int) []int32 {
	t := make([]int32, n)
	for i := range t {
		if shift := octaves - i/32; shift >= 0 {
			t[i] = octave[i%32] >> shift << 2
		} else {
			t[i] = octave[i%32] << -shift << 2
		}
	}
	return t
}
