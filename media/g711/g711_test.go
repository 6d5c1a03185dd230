package g711

import (
	"bytes"
	"math"
	"testing"

	zaf "github.com/zaf/g711"
)

func TestEveryTableAgreesWithTheReference(t *testing.T) {
	for i := range 256 {
		c := uint8(i)
		if got, want := ULawToLinear[c], zaf.DecodeUlawFrame(c); got != want {
			t.Errorf("µ-law %#02x decodes to %d, want %d", c, got, want)
		}
		if got, want := ALawToLinear[c], zaf.DecodeAlawFrame(c); got != want {
			t.Errorf("A-law %#02x decodes to %d, want %d", c, got, want)
		}
		if got, want := ULawToALaw[c], zaf.Ulaw2AlawFrame(c); got != want {
			t.Errorf("µ-law %#02x is A-law %#02x, want %#02x", c, got, want)
		}
		if got, want := ALawToULaw[c], zaf.Alaw2UlawFrame(c); got != want {
			t.Errorf("A-law %#02x is µ-law %#02x, want %#02x", c, got, want)
		}
	}
	for v := math.MinInt16; v <= math.MaxInt16; v++ {
		s := int16(v)
		if got, want := LinearToULaw[uint16(s)>>2], zaf.EncodeUlawFrame(s); got != want {
			t.Fatalf("sample %d is µ-law %#02x, want %#02x", s, got, want)
		}
		if got, want := LinearToALaw[uint16(s)>>2], zaf.EncodeAlawFrame(s); got != want {
			t.Fatalf("sample %d is A-law %#02x, want %#02x", s, got, want)
		}
	}
}

// The reference itself is held to a few values of the recommendation, so that a
// new version of the library cannot move both sides of the test above.
func TestKnownValuesOfTheRecommendation(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want int16
	}{
		{"µ-law 0xFF is zero", ULawToLinear[0xFF], 0},
		{"µ-law 0x7F is the other zero", ULawToLinear[0x7F], 0},
		{"µ-law 0x80 is the highest sample", ULawToLinear[0x80], 32124},
		{"µ-law 0x00 is the lowest sample", ULawToLinear[0x00], -32124},
		{"A-law 0xD5 is the smallest positive step", ALawToLinear[0xD5], 8},
		{"A-law 0xAA is the highest sample", ALawToLinear[0xAA], 32256},
		{"A-law 0x2A is the lowest sample", ALawToLinear[0x2A], -32256},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, c.got, c.want)
		}
	}
	if got := LinearToULaw[0]; got != Mu.Silence() {
		t.Errorf("µ-law silence is %#02x, encoded %#02x", Mu.Silence(), got)
	}
	if got := LinearToALaw[0]; got != A.Silence() {
		t.Errorf("A-law silence is %#02x, encoded %#02x", A.Silence(), got)
	}
}

func TestACodeSurvivesDecodingAndEncoding(t *testing.T) {
	for _, law := range []Law{Mu, A} {
		codes, samples, again := allCodes(), make([]int16, 256), make([]byte, 256)
		if n := law.Decode(samples, codes); n != 256 {
			t.Fatalf("%s: decoded %d codes of 256", law, n)
		}
		if n := law.Encode(again, samples); n != 256 {
			t.Fatalf("%s: encoded %d samples of 256", law, n)
		}
		for i := range codes {
			if law == Mu && i == 0x7F { // −0 becomes +0: the same sound
				continue
			}
			if codes[i] != again[i] {
				t.Errorf("%s: %#02x came back as %#02x", law, codes[i], again[i])
			}
		}
	}
}

func TestTheShorterSliceDecidesTheLength(t *testing.T) {
	if n := Mu.Decode(make([]int16, 3), make([]byte, 5)); n != 3 {
		t.Errorf("decode into 3 of 5: %d", n)
	}
	if n := A.Encode(make([]byte, 5), make([]int16, 2)); n != 2 {
		t.Errorf("encode 2 into 5: %d", n)
	}
	if n := Map(make([]byte, 1), make([]byte, 2), &ULawToALaw); n != 1 {
		t.Errorf("map 2 into 1: %d", n)
	}
}

func TestGain(t *testing.T) {
	for _, law := range []Law{Mu, A} {
		same := law.GainTable(0)
		mute := law.GainTable(-1000)
		for i := range 256 {
			if same[i] != byte(i) {
				t.Fatalf("%s: 0 dB turns %#02x into %#02x", law, i, same[i])
			}
			if mute[i] != law.Silence() {
				t.Fatalf("%s: muted %#02x is %#02x, want silence", law, i, mute[i])
			}
		}
		frame := sine(law, 8000)
		before := law.Power(frame)
		for _, dB := range []float64{-20, -6, -1, 6} {
			out := make([]byte, len(frame))
			Map(out, frame, law.GainTable(dB))
			if got := law.Power(out) - before; math.Abs(got-dB) > 0.3 {
				t.Errorf("%s: %+.0f dB became %+.2f dB", law, dB, got)
			}
		}
		clipped := law.GainTable(60)
		if law == Mu && (clipped[0x90] != 0x80 || clipped[0x10] != 0x00) {
			t.Errorf("%s: 60 dB must clip to the ends of the scale, got %#02x %#02x", law, clipped[0x90], clipped[0x10])
		}
		if nan := law.GainTable(math.NaN()); nan[0] != law.Silence() {
			t.Errorf("%s: a gain that is no number must be silence", law)
		}
	}
}

func TestPower(t *testing.T) {
	for _, law := range []Law{Mu, A} {
		if got := law.Power(sine(law, 32000)); math.Abs(got-2.93) > 0.1 {
			t.Errorf("%s: a sine near full scale has %.2f dBm0, want about 2.93", law, got)
		}
		if got := law.Power(sine(law, 3200)); math.Abs(got+17.07) > 0.1 {
			t.Errorf("%s: a sine 20 dB lower has %.2f dBm0, want about −17.07", law, got)
		}
		if got := law.Power(nil); !math.IsInf(got, -1) {
			t.Errorf("%s: no samples have %.2f dBm0, want −Inf", law, got)
		}
	}
	if got := Mu.Power([]byte{0xFF, 0x7F}); !math.IsInf(got, -1) {
		t.Errorf("µ-law silence has %.2f dBm0, want −Inf", got)
	}
	// A-law has no zero: its silence is a step of 8, far below any ear.
	if got := A.Power([]byte{0xD5, 0x55}); got > -66 || math.IsInf(got, -1) {
		t.Errorf("A-law silence has %.2f dBm0, want about −66", got)
	}
	if got, want := Mu.Energy([]byte{0x80, 0x00}), uint64(2*32124*32124); got != want {
		t.Errorf("energy of the two loudest samples: %d, want %d", got, want)
	}
}

func TestAFrameCostsNoAllocation(t *testing.T) {
	codes, samples, table := make([]byte, 160), make([]int16, 160), Mu.GainTable(-20)
	var sum uint64
	one := func() {
		Mu.Decode(samples, codes)
		A.Encode(codes, samples)
		Map(codes, codes, table)
		sum += A.Energy(codes)
	}
	if n := testing.AllocsPerRun(1000, one); n != 0 {
		t.Fatalf("%v allocations a frame, want 0", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	codes, samples, table := sine(Mu, 8000)[:160], make([]int16, 160), Mu.GainTable(-20)
	var sum uint64
	for name, run := range map[string]func(){
		"decode": func() { Mu.Decode(samples, codes) },
		"encode": func() { Mu.Encode(codes, samples) },
		"gain":   func() { Map(codes, codes, table) },
		"energy": func() { sum += Mu.Energy(codes) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}

// sine is a second of 1020 Hz with the given peak.
func sine(law Law, peak float64) []byte {
	samples, codes := make([]int16, Rate), make([]byte, Rate)
	for i := range samples {
		samples[i] = Clip(math.Round(peak * math.Sin(2*math.Pi*1020*float64(i)/Rate)))
	}
	law.Encode(codes, samples)
	return codes
}

func allCodes() []byte {
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	return codes
}

// What is computed for blocks is what the tables say, wherever the blocks end.
func TestBlocksAreWhatTheTablesSay(t *testing.T) {
	codes := make([]byte, 1<<12)
	for i := range codes {
		codes[i] = byte(i * 167 >> 3) // every code, at every place of a block
	}
	for _, law := range []Law{Mu, A} {
		table := &ULawToLinear
		if law == A {
			table = &ALawToLinear
		}
		for _, n := range []int{0, 1, 15, 16, 17, 31, 160, 161, 480, len(codes)} {
			samples := make([]int16, n+1)
			samples[n] = 77
			if got := law.Decode(samples[:n], codes[:n]); got != n || samples[n] != 77 {
				t.Fatalf("%v, %d codes: %d decoded, and %d behind them", law, n, got, samples[n])
			}
			var energy uint64
			for i, code := range codes[:n] {
				if samples[i] != table[code] {
					t.Fatalf("%v, code %d of %d: %#x is %d, want %d", law, i, n, code, samples[i], table[code])
				}
				energy += uint64(int64(table[code]) * int64(table[code]))
			}
			if got := law.Energy(codes[:n]); got != energy {
				t.Fatalf("%v: energy of %d codes is %d, want %d", law, n, got, energy)
			}
		}
		for code := range 256 { // nothing runs over
			loud := bytes.Repeat([]byte{byte(code)}, 16)
			if got, want := law.Energy(loud), 16*uint64(int64(table[code])*int64(table[code])); got != want {
				t.Fatalf("%v: energy of 16 times %#x is %d, want %d", law, code, got, want)
			}
		}
	}
}

// And so is what blocks become that are encoded: every sample there is, at every place of a
// block.
func TestBlocksAreEncodedAsTheTablesSay(t *testing.T) {
	samples := make([]int16, 1<<16+15)
	for i := range samples {
		samples[i] = int16(uint16(i))
	}
	for _, law := range []Law{Mu, A} {
		table := &LinearToULaw
		if law == A {
			table = &LinearToALaw
		}
		for _, n := range []int{0, 1, 15, 16, 17, 31, 160, 161, 480, len(samples), len(samples) - 1} {
			x := samples[len(samples)-n:]
			codes := make([]byte, n+1)
			codes[n] = 77
			if got := law.Encode(codes[:n], x); got != n || codes[n] != 77 {
				t.Fatalf("%v, %d samples: %d encoded, and %d behind them", law, n, got, codes[n])
			}
			for i, s := range x {
				if want := table[uint16(s)>>2]; codes[i] != want {
					t.Fatalf("%v, sample %d of %d: %d is %#x, want %#x", law, i, n, s, codes[i], want)
				}
			}
		}
	}
}
