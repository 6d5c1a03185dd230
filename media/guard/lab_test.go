package guard_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/prompt"
	"breakwater/media/wav"
)

// The laboratory: signals as samples at 8000 Hz, a line with a guard, and meters.

const (
	rate      = 8000
	ms        = rate / 1000
	frame     = 20 * ms
	fullScale = 32124 // the largest sample of µ-law
)

// sine has a level in dBm0 and begins at a zero.
func sine(hz, level float64, length time.Duration) []int16 {
	return warble(func(float64) float64 { return hz }, level, length)
}

// warble is a sine whose frequency is a function of time in seconds.
func warble(hz func(t float64) float64, level float64, length time.Duration) []int16 {
	x := make([]int16, samplesIn(length))
	angle, top := 0.0, crest(level)
	for i := range x {
		x[i] = g711.Clip(math.Round(top * math.Sin(angle)))
		angle += 2 * math.Pi * hz(float64(i)/rate) / rate
	}
	return x
}

// crest is the largest sample of a sine of that level.
func crest(level float64) float64 { return 32768 * math.Pow(10, (level-3.14)/20) }

func samplesIn(d time.Duration) int { return int(d * rate / time.Second) }

// whiteNoise has a level in dBm0.
func whiteNoise(level float64, length time.Duration) []int16 {
	random, rms := rand.New(rand.NewPCG(1, 2)), crest(level)/math.Sqrt2
	x := make([]int16, samplesIn(length))
	for i := range x {
		x[i] = g711.Clip(rms * random.NormFloat64())
	}
	return x
}

func squareWave(hz float64, length time.Duration) []int16 {
	x := make([]int16, samplesIn(length))
	for i := range x {
		x[i] = fullScale
		if math.Mod(float64(i)*hz/rate, 1) >= 0.5 {
			x[i] = -fullScale
		}
	}
	return x
}

func mixed(a, b []int16) []int16 {
	x := make([]int16, len(a))
	for i := range x {
		x[i] = g711.Clip(float64(a[i]) + float64(b[i]))
	}
	return x
}

func louder(x []int16, dB float64) []int16 {
	out, factor := make([]int16, len(x)), math.Pow(10, dB/20)
	for i := range x {
		out[i] = g711.Clip(math.Round(float64(x[i]) * factor))
	}
	return out
}

func after(parts ...[]int16) []int16 {
	var all []int16
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// normalised is speech brought to an active level in dBm0.
func normalised(x []int16, level float64) []int16 { return louder(x, level-activeLevel(x)) }

// activeLevel is the mean power of the 20 ms pieces within 16 dB of their own
// mean, found by iteration: the idea of ITU-T P.56, unweighted.
func activeLevel(x []int16) float64 {
	var powers []float64
	for at := 0; at+frame <= len(x); at += frame {
		powers = append(powers, math.Pow(10, level(x[at:at+frame])/10))
	}
	mean := 0.0
	for range 20 {
		sum, n := 0.0, 0
		for _, p := range powers {
			if p >= mean/40 {
				sum, n = sum+p, n+1
			}
		}
		mean = sum / float64(max(n, 1))
	}
	return 10 * math.Log10(mean)
}

// level is the unweighted level in dBm0.
func level(x []int16) float64 {
	var sum uint64
	for _, s := range x {
		sum += uint64(int(s) * int(s))
	}
	return g711.DBm0(sum, len(x))
}

// weighted gives the A-weighted level of each 5 ms, the filter running through.
func weighted(x []int16) []float64 {
	meter := guard.NewAWeight(guard.Narrow)
	var levels []float64
	for at := 0; at+5*ms <= len(x); at += 5 * ms {
		levels = append(levels, meter.Level(x[at:at+5*ms]))
	}
	return levels
}

// between cuts milliseconds out of samples.
func between(x []int16, from, to int) []int16 { return x[from*ms : to*ms] }

func highest(x []int16) int {
	top := 0
	for _, s := range x {
		top = max(top, int(s), -int(s))
	}
	return top
}

// dBFS is a sample below full scale.
func dBFS(sample int) float64 { return 20 * math.Log10(float64(sample)/32768) }

// line is a caller's line with a guard on it.
type line struct {
	guard           *guard.Guard
	law             g711.Law
	frame           int
	frames, changed int
	reduction       float64 // dB, summed over changed frames
}

func newLine(s guard.Settings) *line { return &line{guard: guard.New(s), frame: frame} }

// send sends samples through codec and guard and gives what the agent hears. The last
// frame may be short.
func (l *line) send(x []int16) []int16 {
	codes := make([]byte, len(x))
	l.law.Encode(codes, x)
	dst, out := make([]byte, l.frame), make([]int16, 0, len(x))
	for at := 0; at < len(codes); at += l.frame {
		src := codes[at:min(at+l.frame, len(codes))]
		heard := src
		l.frames++
		if l.guard.Frame(l.law, dst[:len(src)], src) {
			heard = dst[:len(src)]
			l.changed++
		}
		samples := make([]int16, len(heard))
		l.law.Decode(samples, heard)
		if &heard[0] == &dst[0] && level(samples) > math.Inf(-1) {
			l.reduction += level(x[at:at+len(src)]) - level(samples)
		}
		out = append(out, samples...)
	}
	return out
}

// noComfort are the settings with which the hearing rules are judged alone.
func noComfort() guard.Settings {
	off := false
	return guard.Settings{Leveller: guard.Leveller{Enabled: &off}}
}

// book is opened once: the prompts are five hundred files.
var book = sync.OnceValues(func() (*prompt.Book, error) { return prompt.Open("") })

// spoken is minutes of our own prompts of one language, each at −20 dBm0.
func spoken(t testing.TB, language string, length time.Duration) []int16 {
	t.Helper()
	book, err := book()
	if err != nil {
		t.Fatal(err)
	}
	var x []int16
	for len(x) < samplesIn(length) {
		before := len(x)
		for _, e := range prompt.Entries() {
			if !slices.Contains(e.Languages(), language) || e.Kind == prompt.Tone || e.Kind == prompt.Music {
				continue
			}
			clips, err := book.Sound(language, e.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, clip := range clips {
				x = append(x, normalised(decoded(clip), -20)...)
			}
		}
		if len(x) == before {
			t.Fatalf("no prompts in %q", language)
		}
	}
	return x[:samplesIn(length)]
}

// speech is what is said before something happens, at −20 dBm0.
func speech(t testing.TB, length time.Duration) []int16 {
	return normalised(spoken(t, "en", length), -20)
}

func decoded(clip *wav.Clip) []int16 {
	x := make([]int16, len(clip.ULaw))
	g711.Mu.Decode(x, clip.ULaw)
	return x
}
