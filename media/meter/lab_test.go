package meter_test

import (
	"flag"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/meter"
	"breakwater/media/prompt"
	"breakwater/media/wav"
)

// The laboratory: voices, what effort makes of them, and a line with guard and meter.

const (
	rate  = 8000
	ms    = rate / 1000
	frame = 20 * ms
)

// whole is for whoever wants the figures of DESIGN.md: all there is, not the first minutes.
var whole = flag.Bool("whole", false, "judge all recordings, tones and levels; takes minutes")

// usual is how much of a speaker is taken otherwise.
const usual = 5 * time.Minute

// speaker is somebody's recordings, each at −20 dBm0, active: they were made on different
// days.
type speaker struct {
	name   string
	clips  [][]int16
	length int // samples
}

// add adds a recording that is a second or longer, and tells whether there is room for more.
func (s *speaker) add(c *wav.Clip) (more bool) {
	if len(c.ULaw) < rate {
		return true
	}
	x := make([]int16, len(c.ULaw))
	g711.Mu.Decode(x, c.ULaw)
	s.clips = append(s.clips, louder(x, -20-activeLevel(x)))
	s.length += len(x)
	return *whole || s.length < samplesIn(usual)
}

// speakers are people where the machine has them: the professional voices of the Debian
// packages asterisk-core-sounds-{en,fr,it,ru,es}-wav. They cannot be part of this
// repository. Elsewhere they are the synthetic voices of our prompts.
func speakers(t testing.TB) []speaker {
	t.Helper()
	people := peoples()
	if len(people) == 0 {
		t.Log("no human voices on this machine (apt install asterisk-core-sounds-{en,fr,it,ru,es}-wav): the synthetic voices of the prompts stand in")
		people = []speaker{synthetic(t, "en"), synthetic(t, "zh")}
	}
	return people
}

var peoples = sync.OnceValue(func() (people []speaker) {
	const voices = "/usr/share/asterisk/sounds"
	folders, err := os.ReadDir(voices)
	if err != nil {
		return nil
	}
	for _, f := range folders {
		s := speaker{name: f.Name()}
		s.addFolder(os.DirFS(filepath.Join(voices, f.Name())))
		if len(s.clips) > 0 {
			people = append(people, s)
		}
	}
	return people
})

// addFolder adds the recordings in a folder that are speech.
func (s *speaker) addFolder(folder fs.FS) {
	_ = fs.WalkDir(folder, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".wav" {
			return err
		}
		for _, no := range []string{"tone", "beep", "silence", "monkeys"} {
			if strings.Contains(path, no) {
				return nil
			}
		}
		file, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		if clip, err := wav.Load(path, file); err == nil && !s.add(clip) {
			return fs.SkipAll
		}
		return nil
	})
}

var book = sync.OnceValues(func() (*prompt.Book, error) { return prompt.Open("") })

func synthetic(t testing.TB, language string) speaker {
	t.Helper()
	book, err := book()
	if err != nil {
		t.Fatal(err)
	}
	s := speaker{name: "prompts " + language}
	for _, e := range prompt.Entries() {
		if !slices.Contains(e.Languages(), language) || e.Kind == prompt.Tone || e.Kind == prompt.Music {
			continue
		}
		clips, err := book.Sound(language, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range clips {
			s.add(c)
		}
	}
	return s
}

// calls are pseudo-calls of so much sound at an active level in dBm0, with breaths between
// the recordings.
func (s speaker) calls(length time.Duration, level float64) (calls [][]int16) {
	var x []int16
	for i, c := range s.clips {
		x = append(append(x, louder(c, level+20)...), make([]int16, (150+i*37%250)*ms)...)
		if len(x) >= samplesIn(length) {
			calls = append(calls, x[:samplesIn(length)])
			x = nil
		}
	}
	return calls
}

func samplesIn(d time.Duration) int { return int(d * rate / time.Second) }

// effort is what raising the voice does, as far as a script can: higher, sharper, louder.
// It moves formants, too, which people do less: it is kinder than life.
type effort struct {
	dB        float64
	semitones float64
	tilt      float64 // of a first-order pre-emphasis
}

// of makes the voice one with effort: the level changes by exactly dB, unweighted.
func (e effort) of(x []int16) []int16 {
	y := sharper(higher(x, e.semitones), e.tilt)
	return louder(y, activeLevel(x)+e.dB-activeLevel(y))
}

// higher plays the samples faster, by linear interpolation of a band-limited signal.
func higher(x []int16, semitones float64) []int16 {
	step := math.Pow(2, semitones/12)
	y := make([]int16, int(float64(len(x)-1)/step))
	for i := range y {
		at := float64(i) * step
		whole := int(at)
		part := at - float64(whole)
		y[i] = g711.Clip(math.Round(float64(x[whole])*(1-part) + float64(x[whole+1])*part))
	}
	return y
}

func sharper(x []int16, tilt float64) []int16 {
	y, last := make([]int16, len(x)), 0.0
	for i, s := range x {
		y[i] = g711.Clip(math.Round(float64(s) - tilt*last))
		last = float64(s)
	}
	return y
}

func louder(x []int16, dB float64) []int16 {
	y, factor := make([]int16, len(x)), math.Pow(10, dB/20)
	for i := range x {
		y[i] = g711.Clip(math.Round(float64(x[i]) * factor))
	}
	return y
}

// activeLevel is the mean power of the 20 ms pieces within 16 dB of their own mean, found
// by iteration: the idea of ITU-T P.56, unweighted, dBm0.
func activeLevel(x []int16) float64 {
	var energies []float64
	for at := 0; at+frame <= len(x); at += frame {
		sum := 0.0
		for _, s := range x[at : at+frame] {
			sum += float64(s) * float64(s)
		}
		energies = append(energies, sum/frame)
	}
	mean := 0.0
	for range 20 {
		sum, n := 0.0, 0
		for _, e := range energies {
			if e >= mean/40 {
				sum, n = sum+e, n+1
			}
		}
		mean = sum / float64(max(n, 1))
	}
	return 10*math.Log10(mean/(1<<30)) + 6.15
}

func sine(hz, level float64, length time.Duration) []int16 {
	x, top := make([]int16, samplesIn(length)), 32768*math.Pow(10, (level-3.14)/20)
	for i := range x {
		x[i] = g711.Clip(math.Round(top * math.Sin(2*math.Pi*hz*float64(i)/rate)))
	}
	return x
}

func quiet(length time.Duration) []int16 { return make([]int16, samplesIn(length)) }

func mixed(a, b []int16) []int16 {
	x := slices.Clone(a)
	for i := range min(len(a), len(b)) {
		x[i] = g711.Clip(float64(a[i]) + float64(b[i]))
	}
	return x
}

// line is a call: a caller with a guard's ear and a meter, and an agent's bit.
type line struct {
	law     g711.Law
	frame   int // samples
	guard   *guard.Guard
	meter   *meter.Meter
	seconds []meter.Second
}

func newLine(s meter.Settings) *line {
	return &line{frame: frame, guard: guard.New(guard.Settings{}), meter: meter.New(s)}
}

// say sends the caller's sound, with an agent who speaks when agent says so, and gives the
// seconds that ended meanwhile.
func (l *line) say(x []int16, agent func(at int) bool) []meter.Second {
	codes, dst := make([]byte, len(x)), make([]byte, l.frame)
	l.law.Encode(codes, x)
	before := len(l.seconds)
	for at := 0; at < len(codes); at += l.frame {
		src := codes[at:min(at+l.frame, len(codes))]
		l.guard.Frame(l.law, dst[:len(src)], src)
		l.meter.Caller(l.law, src, l.guard.Heard())
		l.meter.Agent(agent != nil && agent(at), len(src))
		if s, ok := l.meter.Take(); ok {
			l.seconds = append(l.seconds, s)
		}
	}
	return l.seconds[before:]
}

// count counts the seconds in which an event began.
func count(seconds []meter.Second, e meter.Events) (n int) {
	for _, s := range seconds {
		if s.Events.Has(e) {
			n++
		}
	}
	return n
}

// firstRaised is the first second in which the voice is raised, or −1.
func firstRaised(seconds []meter.Second) int {
	return slices.IndexFunc(seconds, func(s meter.Second) bool { return s.Raised })
}
