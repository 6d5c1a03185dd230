package main

import (
	"fmt"
	"math"

	"breakwater/media/g711"
)

// musicLevel is quieter than speech, so that an announcement stands out.
const musicLevel = -22.0

// note is one tone of a tone signal: a frequency, 0 = silence, for milliseconds.
type note struct{ hz, ms int }

// tone gives a signal tone and its level in dBm0. All are softer than speech: they
// sound in a headset.
func tone(id string) (samples []float64, level float64, err error) {
	level = -23
	var notes []note
	switch id {
	case "tone-beep":
		notes = []note{{350, 300}}
	case "tone-confirm":
		notes = []note{{1000, 90}}
	case "tone-zip":
		notes = []note{{700, 90}, {0, 70}, {700, 90}}
	case "tone-permit":
		notes = []note{{523, 110}, {0, 30}, {659, 110}, {0, 30}, {784, 180}}
	case "tone-supervisor":
		notes = []note{{440, 120}, {0, 20}, {587, 160}}
	case "tone-supervisor-gone":
		notes = []note{{587, 120}, {0, 20}, {440, 160}}
	case "tone-ringing": // as in China and most of Europe: 1 s in 5 s
		notes = []note{{425, 1000}, {0, 4000}}
	default:
		return nil, 0, fmt.Errorf("no tone is known by the name %s", id)
	}
	const edge = g711.Rate * 8 / 1000 // 8 ms of rise and fall, or the tone would click
	for _, n := range notes {
		long := n.ms * g711.Rate / 1000
		for i := range long {
			rise := min(1, float64(i)/edge, float64(long-i)/edge)
			samples = append(samples, 8000*rise*math.Sin(2*math.Pi*float64(n.hz*i)/g711.Rate))
		}
	}
	return samples, level, nil
}

// A loop of eight bars at 80 beats a minute: 24 seconds.
const (
	beat = g711.Rate * 60 / 80
	bar  = 4 * beat
)

// chord is a bar of the music: the bass and four voices above it, as keys of a piano
// (60 = middle C), and a melody of up to four notes, one a beat; 0 = rest.
type chord struct {
	bass   int
	voices [4]int
	melody [4]int
}

// music is a quiet piece for waiting callers. Notes that ring on beyond the end
// begin again at the start, so that the loop has no seam. Nothing in it is higher
// than a telephone line carries.
func music() []float64 {
	bars := []chord{
		{48, [4]int{64, 67, 71, 74}, [4]int{79, 0, 76, 0}},  // C major 9
		{45, [4]int{64, 67, 69, 72}, [4]int{0, 72, 74, 0}},  // A minor 7
		{53, [4]int{60, 64, 69, 72}, [4]int{76, 0, 72, 0}},  // F major 7
		{43, [4]int{62, 65, 69, 71}, [4]int{0, 71, 74, 0}},  // G 9
		{52, [4]int{62, 67, 71, 74}, [4]int{79, 0, 83, 0}},  // E minor 7
		{45, [4]int{60, 64, 67, 71}, [4]int{0, 79, 76, 0}},  // A minor 9
		{50, [4]int{60, 65, 69, 72}, [4]int{77, 76, 74, 0}}, // D minor 7
		{43, [4]int{60, 62, 65, 69}, [4]int{72, 0, 71, 0}},  // G 9 sus 4
	}
	loop := make([]float64, len(bars)*bar)
	order := [8]int{0, 1, 2, 3, 2, 1, 3, 2} // the voices, broken into eighths
	for i, c := range bars {
		start := i * bar
		pluck(loop, start, c.bass, 0.4)
		pluck(loop, start+2*beat, c.bass, 0.25)
		for eighth, v := range order {
			pluck(loop, start+eighth*beat/2, c.voices[v], 0.42)
		}
		for _, key := range c.voices {
			breath(loop, start, key, 0.12)
		}
		for b, key := range c.melody {
			if key != 0 {
				pluck(loop, start+b*beat, key, 0.6)
			}
		}
	}
	return loop
}

// pluck adds a note like that of an electric piano: soft partials that die away, the
// higher the sooner.
func pluck(loop []float64, start, key int, loud float64) {
	hz := frequency(key)
	const rise = 0.008 // s
	for n, partial := range []float64{1, 0.30, 0.10, 0.04} {
		f := hz * float64(n+1)
		if f > 3200 {
			break
		}
		decay := 1.1 / float64(n+1)
		for i := range int(5 * decay * g711.Rate) {
			t := float64(i) / g711.Rate
			v := loud * partial * min(1, t/rise) * math.Exp(-t/decay) * math.Sin(2*math.Pi*f*t)
			loop[(start+i)%len(loop)] += 1000 * v
		}
	}
}

// breath adds a note that swells and fades over a bar and a half, like strings far
// away.
func breath(loop []float64, start, key int, loud float64) {
	hz := frequency(key)
	long := bar * 3 / 2
	for i := range long {
		t := float64(i) / g711.Rate
		swell := math.Sin(math.Pi * float64(i) / float64(long))
		v := loud * swell * swell * math.Sin(2*math.Pi*hz*t+0.4*math.Sin(2*math.Pi*4.5*t))
		loop[(start+i)%len(loop)] += 1000 * v
	}
}

// frequency of a key of a piano: 69 = 440 Hz.
func frequency(key int) float64 { return 440 * math.Pow(2, float64(key-69)/12) }
