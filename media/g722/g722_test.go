package g722_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"breakwater/media/g722"
)

// The hashes in the golden file are those of another implementation's work; the
// end-to-end test beside this one made them and compares every byte.
func TestEveryBitIsAsAnotherImplementationHasIt(t *testing.T) {
	want := golden(t)
	check := func(name string, codes []byte) {
		got := [2]string{hash(codes), hash(bytesOf(decoded(codes)))}
		if got != want[name] {
			t.Errorf("%s: codes and samples are\n%v, want\n%v", name, got, want[name])
		}
	}
	for _, s := range signals(t) {
		check(s.name, encoded(s.x))
	}
	check("anything", anything())
	if n := len(signals(t)) + 1; len(want) != n {
		t.Errorf("the golden file knows %d signals, there are %d", len(want), n)
	}
}

// What is heard of a tone, G.722 §2.4.3: flat within 1 dB or so from 100 Hz to 6.4 kHz,
// and still there at 7 kHz.
func TestAWidebandVoiceArrives(t *testing.T) {
	for hertz, most := range map[float64]float64{50: 0.5, 100: 0.5, 300: 0.3, 1000: 0.3, 3400: 0.5, 5000: 0.6, 6400: 0.6, 7000: 1.5} {
		x := computed(sine(hertz, 8000))
		y := decoded(encoded(x))
		if change := loudness(y, hertz) - loudness(x, hertz); math.Abs(change) > most {
			t.Errorf("a tone of %v Hz arrives %+.2f dB changed, want at most %v", hertz, change, most)
		}
	}
}

// loudness is the amplitude of hertz in x, in dB of a sample.
func loudness(x []int16, hertz float64) float64 {
	x = x[g722.Rate/2:]
	var re, im float64
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * hertz * float64(i) / g722.Rate)
		re += float64(v) * c
		im += float64(v) * s
	}
	return 20 * math.Log10(2*math.Hypot(re, im)/float64(len(x)))
}

func TestSpeechComesBackWithLittleNoise(t *testing.T) {
	const delay = 22 // samples: both filters, less one pair that is there at once
	for _, s := range signals(t) {
		least, ok := map[string]float64{"speech": 20, "speech up to 8 kHz": 15, "a tone of 1 kHz": 30, "noise": 10}[s.name]
		if !ok {
			continue
		}
		y := decoded(encoded(s.x))
		var voice, noise float64
		for i := delay; i < len(y); i++ {
			wrong := float64(y[i]) - float64(s.x[i-delay])
			voice += float64(s.x[i-delay]) * float64(s.x[i-delay])
			noise += wrong * wrong
		}
		if ratio := 10 * math.Log10(voice/noise); ratio < least {
			t.Errorf("%s: the noise is %.1f dB below, want %v", s.name, ratio, least)
		}
	}
}

// An encoder says more of silence than one code; a gap is filled with one that is quiet.
func TestSilenceIsQuiet(t *testing.T) {
	for name, c := range map[string]struct {
		codes []byte
		most  int16
	}{
		"what was encoded of it":     {encoded(make([]int16, 16000)), 8},
		"0xFD again and again":       {bytes.Repeat([]byte{0xFD}, 8000), 0},
		"0xFD after a word was said": {append(encoded(speech(t)[:32000]), bytes.Repeat([]byte{0xFD}, 8000)...), 64},
	} {
		y := decoded(c.codes)
		y = y[len(y)-8000:]
		if low, high := slices.Min(y), slices.Max(y); low < -c.most || high > c.most {
			t.Errorf("%s decodes to %d … %d, want at most %d", name, low, high, c.most)
		}
	}
}

func TestPiecesAreLikeTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	x := speech(t)
	want := encoded(x)
	samples := decoded(want)
	var e g722.Encoder
	var d g722.Decoder
	for at := 0; at < len(want); {
		n := min(r.IntN(400), len(want)-at) // nothing and more than a block, too
		codes, y := make([]byte, n), make([]int16, 2*n)
		e.Encode(codes, x[2*at:2*(at+n)])
		d.Decode(y, codes)
		if !bytes.Equal(codes, want[at:at+n]) || !slices.Equal(y, samples[2*at:2*(at+n)]) {
			t.Fatalf("%d bytes from byte %d on differ from the whole", n, at)
		}
		at += n
	}
}

func TestOnlyWhatFitsIsTaken(t *testing.T) {
	for name, c := range map[string]struct{ dst, src, encoded, decoded int }{
		"all of it":                      {160, 320, 160, 160},
		"a short destination":            {5, 320, 5, 4},
		"an odd sample is left":          {160, 9, 4, 18},
		"nothing":                        {0, 0, 0, 0},
		"one sample is not a pair":       {1, 1, 0, 0},
		"more than one block in one go":  {2000, 4000, 2000, 2000},
		"a destination longer than that": {5000, 1000, 500, 2000},
	} {
		var e g722.Encoder
		if got := e.Encode(make([]byte, c.dst), make([]int16, c.src)); got != c.encoded {
			t.Errorf("%s: encoded to %d bytes, want %d", name, got, c.encoded)
		}
		var d g722.Decoder
		if got := d.Decode(make([]int16, c.dst), make([]byte, c.src)); got != c.decoded {
			t.Errorf("%s: decoded to %d samples, want %d", name, got, c.decoded)
		}
	}
}

func TestACopyGoesItsOwnWayAndAResetForgets(t *testing.T) {
	x := speech(t)
	fresh := encoded(x[:16000])
	var e g722.Encoder
	codes := make([]byte, 8000)
	e.Encode(codes, x[:16000])
	twin := e
	one, other := make([]byte, 8000), make([]byte, 8000)
	e.Encode(one, x[16000:32000])
	twin.Encode(other, x[16000:32000])
	if !bytes.Equal(one, other) {
		t.Error("a copy of an encoder continues otherwise than the original")
	}
	e.Reset()
	if e.Encode(codes, x[:16000]); !bytes.Equal(codes, fresh) {
		t.Error("an encoder that was reset remembers something")
	}

	var d g722.Decoder
	want := decoded(fresh)
	y, z := make([]int16, 16000), make([]int16, 16000)
	d.Decode(y, fresh)
	pair := d
	d.Decode(y, one)
	if pair.Decode(z, one); !slices.Equal(y, z) {
		t.Error("a copy of a decoder continues otherwise than the original")
	}
	d.Reset()
	if d.Decode(y, fresh); !slices.Equal(y, want) {
		t.Error("a decoder that was reset remembers something")
	}
}

// A lost packet leaves the decoder in a state that the encoder does not have.
func TestADecoderFindsItsWayBackAfterALoss(t *testing.T) {
	for name, x := range map[string][]int16{"speech": speech(t), "a tone": computed(sine(1000, 10000))} {
		codes := encoded(x)
		want := decoded(codes)
		const lost, from = 160 * 5, 8000
		var d g722.Decoder
		d.Decode(make([]int16, 2*from), codes[:from])
		y := make([]int16, 2*len(codes))
		d.Decode(y[2*(from+lost):], codes[from+lost:])
		var voice, wrong float64
		for i := 2*(from+lost) + g722.Rate/4; i < len(y); i++ { // a quarter of a second later
			voice += float64(want[i]) * float64(want[i])
			wrong += (float64(y[i]) - float64(want[i])) * (float64(y[i]) - float64(want[i]))
		}
		if ratio := 10 * math.Log10(voice/wrong); ratio < 30 {
			t.Errorf("%s: 250 ms after a loss the sound is still %.1f dB wrong, want 30 or more below", name, ratio)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0xFA, 0x00, 0xFF}, 2)
	f.Add(anything()[:1000], 160)
	f.Fuzz(func(t *testing.T, codes []byte, piece int) {
		want := decoded(codes)
		var d g722.Decoder
		piece = max(1, min(piece, 1000))
		for at := 0; at < len(codes); at += piece {
			part := codes[at:min(at+piece, len(codes))]
			y := make([]int16, 2*len(part))
			if n := d.Decode(y, part); n != len(y) || !slices.Equal(y, want[2*at:2*at+n]) {
				t.Fatalf("the piece at %d differs from the whole", at)
			}
		}
	})
}

func FuzzEncode(f *testing.F) {
	f.Add([]byte{0, 0x80, 0xFF, 0x7F})
	f.Fuzz(func(t *testing.T, raw []byte) {
		x := make([]int16, len(raw)/2)
		for i := range x {
			x[i] = int16(uint16(raw[2*i]) | uint16(raw[2*i+1])<<8)
		}
		for i, code := range encoded(x) {
			if code&0x3C == 0 {
				t.Fatalf("byte %d is %02x: a code that is never sent", i, code)
			}
		}
	})
}

func TestAFrameAllocatesNothing(t *testing.T) {
	var e g722.Encoder
	var d g722.Decoder
	x, codes := speech(t)[8000:8320], make([]byte, 160)
	y := make([]int16, 320)
	if n := testing.AllocsPerRun(1000, func() { e.Encode(codes, x); d.Decode(y, codes) }); n != 0 {
		t.Errorf("%v allocations a frame, want 0", n)
	}
}

// Both are 20 ms of speech.
func BenchmarkEncode(b *testing.B) {
	b.ReportAllocs()
	x, codes := speech(b), make([]byte, 160)
	var e g722.Encoder
	for at := 0; b.Loop(); at = (at + 320) % (len(x) - 320) {
		e.Encode(codes, x[at:at+320])
	}
}

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	codes, y := encoded(speech(b)), make([]int16, 320)
	var d g722.Decoder
	for at := 0; b.Loop(); at = (at + 160) % (len(codes) - 160) {
		d.Decode(y, codes[at:at+160])
	}
}
