package g722_test

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/g722"
	"breakwater/media/rate"
	"breakwater/media/wav"
)

const seconds = 2 // of every signal that is computed

// signal is something to encode and decode, the same on every machine.
type signal struct {
	name string
	x    []int16
	// overload: louder than a band may be. Some codecs then forget to limit the bands
	// to 15 bits, as the Recommendation wants it (G.722 §5.2.1).
	overload bool
}

func signals(t testing.TB) []signal {
	said := spoken(t, "../prompt/sounds/en/notice.wav")
	slow := make([]int16, 2*len(said))
	new(rate.Up).Convert(slow, said)
	r := rand.New(rand.NewPCG(722, 1988))
	return []signal{
		{name: "silence", x: computed(func(int) float64 { return 0 })},
		{name: "the last bits", x: computed(func(int) float64 { return float64(r.IntN(5) - 2) })},
		{name: "speech", x: slow},
		{name: "speech up to 8 kHz", x: said}, // twice as fast as it was said
		{name: "a tone of 1 kHz", x: computed(sine(1000, 10000))},
		{name: "a tone of 6 kHz", x: computed(sine(6000, 10000))},
		{name: "a tone at full scale", x: computed(sine(1000, 32767))},
		{name: "a tone that rises to 8 kHz", x: computed(func(i int) float64 {
			return 25000 * math.Sin(math.Pi*float64(i)*float64(i)/2/(seconds*g722.Rate))
		})},
		{name: "noise", x: computed(func(int) float64 { return 3000 * r.NormFloat64() })},
		{name: "noise at full scale", x: computed(func(int) float64 { return 65536*r.Float64() - 32768 })},
		{name: "clicks", x: computed(func(i int) float64 { return 32767 * float64(i%801/800) })},
		{name: "a square wave at full scale", overload: true, x: computed(func(i int) float64 { return 65535*float64(i/40%2) - 32768 })},
		{name: "coin tosses at full scale", overload: true, x: computed(func(int) float64 { return 65535*float64(r.IntN(2)) - 32768 })},
	}
}

// speech is a sentence that fills the whole band: said twice as fast as it was.
func speech(t testing.TB) []int16 { return spoken(t, "../prompt/sounds/en/notice.wav") }

// anything is bytes that no encoder of ours made, those that are never sent among them.
func anything() []byte {
	r := rand.New(rand.NewPCG(7, 22))
	b := make([]byte, seconds*g722.Rate/2)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func sine(hertz, amplitude float64) func(int) float64 {
	return func(i int) float64 { return amplitude * math.Sin(2*math.Pi*hertz*float64(i)/g722.Rate) }
}

func computed(f func(i int) float64) []int16 {
	x := make([]int16, seconds*g722.Rate)
	for i := range x {
		x[i] = g711.Clip(math.Round(f(i)))
	}
	return x
}

// spoken are the samples of a sentence of our own, at 8 kHz.
func spoken(t testing.TB, path string) []int16 {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clip, err := wav.Load(path, file)
	if err != nil {
		t.Fatal(err)
	}
	codes := clip.Codes(g711.Mu)
	x := make([]int16, len(codes)/2*2)
	g711.Mu.Decode(x, codes)
	return x
}

func encoded(x []int16) []byte {
	var e g722.Encoder
	codes := make([]byte, len(x)/2)
	e.Encode(codes, x)
	return codes
}

func decoded(codes []byte) []int16 {
	var d g722.Decoder
	x := make([]int16, 2*len(codes))
	d.Decode(x, codes)
	return x
}

// bytesOf are samples as a raw file holds them, the low byte first.
func bytesOf(x []int16) []byte {
	b := make([]byte, 0, 2*len(x))
	for _, v := range x {
		b = append(b, byte(v), byte(uint16(v)>>8))
	}
	return b
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

const goldenFile = "testdata/golden.tsv"

// golden tells, by signal, the hashes of its codes and of what they decode to.
func golden(t testing.TB) map[string][2]string {
	t.Helper()
	file, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][2]string{}
	for line := range strings.Lines(string(file)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 && !strings.HasPrefix(line, "#") {
			all[f[0]] = [2]string{f[1], f[2]}
		}
	}
	return all
}
