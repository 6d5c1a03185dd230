package g722

// band is one sub-band of one direction: a predictor with six zeros and two poles and
// the step of its quantizer. Encoder and decoder keep the same state, for both follow
// what was sent and not what was meant. The names in brackets are those of G.722 §6.2.
type band struct {
	step      int32    // logarithm of the quantizer's step [NB], 0 = the smallest
	predicted int32    // the next sample, by both sections [S]
	byZeros   int32    // what the zeros say of it [SZ]
	pole      [2]int32 // coefficients, times 2^14 [A]
	zero      [6]int32 // coefficients, times 2^14 [B]
	heard     [6]int32 // the newest differences, newest first [D]
	partial   [2]int32 // signs of the newest differences as the zeros see them: 0 or −1 [P]
	rebuilt   int32    // the newest sample but one, as it was rebuilt [R]
}

// encodeLower sends a sample of the lower band as 6 bits.
func (b *band) encodeLower(x int32) byte {
	scale := lowerScale[b.step>>6]
	code := quantize(saturate(x-b.predicted), scale)
	b.followLower(code, scale)
	return code
}

// decodeLower gives the sample of 6 bits. What is heard is finer than what the
// predictor follows: that knows 4 of them, so that 2 could be lent to a data channel.
func (b *band) decodeLower(code byte) int32 {
	scale := lowerScale[b.step>>6]
	x := limit(b.predicted + scale*sixBits[code]>>15)
	b.followLower(code, scale)
	return x
}

// followLower takes in what was sent on the lower band.
func (b *band) followLower(code byte, scale int32) {
	code >>= 2
	b.step = max(0, min(18432, b.step*127>>7+lowerStep[code])) // [LOGSCL]
	b.follow(scale * fourBits[code] >> 15)
}

// encodeHigher sends a sample of the higher band as 2 bits.
func (b *band) encodeHigher(x int32) byte {
	scale := higherScale[b.step>>6]
	code := quantizeHigher(saturate(x-b.predicted), scale)
	b.followHigher(code, scale)
	return code
}

// decodeHigher gives the sample of 2 bits.
func (b *band) decodeHigher(code byte) int32 {
	scale := higherScale[b.step>>6]
	x := limit(b.predicted + scale*twoBits[code]>>15)
	b.followHigher(code, scale)
	return x
}

// followHigher takes in what was sent on the higher band.
func (b *band) followHigher(code byte, scale int32) {
	b.step = max(0, min(22528, b.step*127>>7+higherStep[code])) // [LOGSCH]
	b.follow(scale * twoBits[code] >> 15)
}

// quantize says how wrong the prediction was, in 6 bits (G.722 §6.2.1.1, QUANTL): the
// decision levels grow with scale.
func quantize(wrong, scale int32) byte {
	sign, size := &positive, wrong
	if wrong < 0 {
		sign, size = &negative, ^wrong
	}
	// The last level that is not above size, by halves.
	m := 0
	for span := 16; span > 0; span >>= 1 {
		if next := m + span; next < len(decision) && decision[next]*scale>>12 <= size {
			m = next
		}
	}
	return sign[m]
}

// quantizeHigher says the same in 2 bits (QUANTH).
func quantizeHigher(wrong, scale int32) byte {
	const level = 564 // G.722 table 14, Q2
	switch {
	case wrong >= level*scale>>12:
		return 0b10
	case wrong >= 0:
		return 0b11
	case ^wrong >= level*scale>>12:
		return 0b00
	default:
		return 0b01
	}
}

// follow adapts the predictor to what was sent, d, and predicts the next sample
// (G.722 §6.2.1.4, block 4). The additions saturate in the order of the
// Recommendation; where none is seen to, the numbers cannot grow so far: a
// difference has at most 15 bits with its sign, a coefficient of a zero 16.
func (b *band) follow(d int32) {
	rebuilt := saturate(b.predicted + d)
	b.adaptPoles((b.byZeros + d) >> 31)
	b.byZeros = b.adaptZeros(d)
	poles := saturate(2*rebuilt)*b.pole[0]>>15 + saturate(2*b.rebuilt)*b.pole[1]>>15 // [FILTEP]
	b.rebuilt = rebuilt
	b.predicted = saturate(saturate(poles) + b.byZeros)
}

// adaptZeros moves each coefficient a little toward what would have been right
// [UPZERO], puts d among the differences and tells what the zeros say of the next
// sample [FILTEZ].
func (b *band) adaptZeros(d int32) (next int32) {
	var nudge int32
	if d != 0 {
		nudge = 128
	}
	for i := len(b.zero) - 1; i >= 0; i-- {
		b.zero[i] = b.zero[i]*255>>8 + sameSign(d, b.heard[i])*nudge
		newer := d
		if i > 0 {
			newer = b.heard[i-1]
		}
		b.heard[i] = newer
		next = saturate(next + newer*b.zero[i]>>14)
	}
	return next
}

// adaptPoles does the same for the poles, by signs alone, and keeps them where the
// predictor is stable [UPPOL2, UPPOL1].
func (b *band) adaptPoles(sign int32) {
	same := sameSign(sign, b.partial[0])
	first := min(1<<15-1, -same*saturate(4*b.pole[0])) >> 7
	second := first + sameSign(sign, b.partial[1])*128 + b.pole[1]*127>>7
	b.pole[1] = max(-12288, min(12288, second))
	bound := 15360 - b.pole[1]
	b.pole[0] = max(-bound, min(bound, same*192+b.pole[0]*255>>8))
	b.partial = [2]int32{sign, b.partial[0]}
}

// sameSign is 1 if both are negative or neither is, else −1.
func sameSign(a, b int32) int32 { return 1 | (a^b)>>31 }
