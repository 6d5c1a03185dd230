package meter_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"breakwater/media/meter"
)

// on gives a sound for so long, then silence for so long, again and again.
func cadence(x []int16, on, off, length time.Duration) []int16 {
	var y []int16
	for len(y) < samplesIn(length) {
		y = append(append(y, x[:samplesIn(on)]...), quiet(off)...)
	}
	return y[:samplesIn(length)]
}

func whiteNoise(level float64, length time.Duration) []int16 {
	random := rand.New(rand.NewPCG(1, 2))
	x := make([]int16, samplesIn(length))
	for i := range x {
		x[i] = int16(1000 * random.NormFloat64())
	}
	return louder(x, level-activeLevel(x))
}

// keyed is a carrier that jumps between two frequencies at random, as a fax's first words
// do (ITU-T V.21).
func keyed(low, high, baud, level float64, length time.Duration) []int16 {
	random := rand.New(rand.NewPCG(3, 4))
	x, angle, hz, left := make([]int16, samplesIn(length)), 0.0, low, 0.0
	top := 32768 * math.Pow(10, (level-3.14)/20)
	for i := range x {
		if left -= 1; left <= 0 {
			left += rate / baud
			hz = low
			if random.IntN(2) == 1 {
				hz = high
			}
		}
		angle += 2 * math.Pi * hz / rate
		x[i] = int16(top * math.Sin(angle))
	}
	return x
}

// swung is a page of a fax: a carrier at 1700 Hz whose phase and size change 2400 times a
// second (ITU-T V.29).
func swung(level float64, length time.Duration) []int16 {
	random := rand.New(rand.NewPCG(5, 6))
	x := make([]int16, samplesIn(length))
	var phase, size, target, wanted float64
	for i := range x {
		if int(float64(i)*0.3) != int(float64(i-1)*0.3) {
			target, wanted = float64(random.IntN(8))*math.Pi/4, []float64{1, 1.4, 3, 4.2}[random.IntN(4)]
		}
		phase += (target - phase) * 0.7
		size += (wanted - size) * 0.7
		x[i] = int16(2000 * size * math.Sin(2*math.Pi*1700*float64(i)/rate+phase))
	}
	return louder(x, level-activeLevel(x))
}

// sounds are what machines put on a line.
func sounds(level float64) map[string][]int16 {
	const long, short = 20 * time.Second, time.Millisecond
	pair := func(low, high float64) []int16 { return mixed(sine(low, level-3, long), sine(high, level-3, long)) }
	key, reorder := pair(770, 1336), pair(480, 620)
	return map[string][]int16{
		"fax calling (CNG)":            cadence(sine(1100, level, long), 500*short, 3*time.Second, long),
		"fax answering (CED)":          sine(2100, level, long),
		"fax, low words (V.21)":        cadence(keyed(980, 1180, 300, level, long), 700*short, 200*short, long),
		"fax, high words (V.21)":       cadence(keyed(1650, 1850, 300, level, long), 1200*short, 300*short, long),
		"fax, a page (V.29)":           swung(level, long),
		"fax, a page in pieces":        cadence(swung(level, long), 400*short, 200*short, long),
		"modem (Bell 103)":             cadence(keyed(1070, 1270, 300, level, long), 700*short, 200*short, long),
		"modem (V.23)":                 cadence(keyed(1300, 2100, 1200, level, long), 700*short, 200*short, long),
		"modem (V.23, back)":           cadence(keyed(390, 450, 75, level, long), 700*short, 200*short, long),
		"text telephone (45 baud)":     cadence(keyed(1400, 1800, 45, level, long), 700*short, 200*short, long),
		"keys":                         cadence(key, 100*short, 100*short, long),
		"fast keys":                    cadence(key, 60*short, 50*short, long),
		"keys, held":                   cadence(key, 400*short, 200*short, long),
		"engaged":                      cadence(sine(425, level, long), 500*short, 500*short, long),
		"congestion":                   cadence(sine(425, level, long), 240*short, 240*short, long),
		"engaged (British)":            cadence(sine(400, level, long), 375*short, 375*short, long),
		"engaged (American)":           cadence(reorder, 500*short, 500*short, long),
		"reorder (American)":           cadence(reorder, 250*short, 250*short, long),
		"ringing (American)":           cadence(pair(440, 480), 2*time.Second, 4*time.Second, long),
		"ringing (British)":            cadence(pair(400, 450), 400*short, 200*short, long),
		"dial tone":                    pair(350, 440),
		"beeps as low as a voice":      cadence(sine(200, level, long), 150*short, 150*short, long),
		"long beeps as low as a voice": cadence(sine(250, level, long), 250*short, 150*short, long),
		"noise":                        whiteNoise(level, long),
		"noise in pieces":              cadence(whiteNoise(level, long), 300*short, 300*short, long),
	}
}

// Not from the beginning, and not after a voice, whose baseline a tone would be
// far above.
func testAFaxOrToneIsNeverRaised(t *testing.T) {
	voice := speakers(t)[0].calls(20*time.Second, -24)[0]
	levels := []float64{-20, -3}
	if *whole {
		levels = []float64{-35, -30, -25, -20, -15, -10, -6, -3, 0}
	}
	for _, level := range levels {
		for name, x := range sounds(level) {
			for _, before := range [][]int16{nil, voice} {
				l := newLine(meter.Settings{})
				l.say(before, nil)
				for i, s := range l.say(x, nil)[1:] { // the first may hold the end of the voice
					if s.Raised || s.Events != 0 || s.Hint || s.Judged() {
						t.Errorf("%s at %v dBm0, second %d: %+v", name, level, i+1, s)
						break
					}
				}
			}
		}
	}
}
