package jitter

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"breakwater/loadtest/shim"
	"breakwater/media/g711"
	"breakwater/media/prompt"
)

// speech is what a caller hears of this system in a minute.
func speech(t testing.TB) []int16 {
	t.Helper()
	book, err := prompt.Open("")
	if err != nil {
		t.Fatal(err)
	}
	clips, err := book.Sound("en", "welcome", "about", "notice", "comfort-1", "menu-main", "comfort-2", "expected-wait", "comfort-3", "crisis-hold", "goodbye")
	if err != nil {
		t.Fatal(err)
	}
	var out []int16
	for _, c := range clips {
		part := make([]int16, len(c.ULaw))
		g711.Mu.Decode(part, c.ULaw)
		out = append(append(out, part...), make([]int16, Rate*4/10)...)
	}
	return out
}

// cross lets packets cross a line.
func cross(way []packet, f shim.Faults) (arrived []packet, lost map[int]bool) {
	const second = int64(time.Second)
	l := shim.NewLine(f)
	lost = map[int]bool{}
	held := -1
	place := func(d time.Duration) int64 { return (int64(d)*Rate + second - 1) / second }
	for i, p := range way {
		fate := l.Pass(time.Duration(p.arrives * second / Rate))
		if held >= 0 {
			h := way[held]
			h.arrives = place(fate.Behind)
			arrived, held = append(arrived, h), -1
		}
		if fate.Lost {
			lost[i] = true
			continue
		}
		if fate.Held {
			held = i
			continue
		}
		p.arrives = place(fate.Arrives)
		arrived = append(arrived, p)
	}
	return arrived, lost
}

// bare is what a player without a buffer makes of it.
func bare(law g711.Law, sent, arrived []packet) []int16 {
	var pieces []shim.Piece
	for _, p := range arrived {
		sound := make([]int16, len(p.codes))
		law.Decode(sound, p.codes)
		pieces = append(pieces, shim.Piece{Place: int64(p.header.Timestamp - sent[0].header.Timestamp), Arrives: p.arrives, Sound: sound})
	}
	return shim.Unbuffered(len(sent)*160, pieces)
}

// gaps is the sound with silence in the place of what was lost.
func gaps(law g711.Law, sent []packet, lost map[int]bool) []int16 {
	out := make([]int16, len(sent)*160)
	for i, p := range sent {
		if !lost[i] {
			law.Decode(out[i*160:], p.codes)
		}
	}
	return out
}

// Acceptance 7 of the media issue, for the buffer alone.
func TestOverABadLineTheBufferIsTenDecibelBetterThanNone(t *testing.T) {
	sound := speech(t)
	for seed := range uint64(5) {
		for _, law := range []g711.Law{g711.Mu, g711.A} {
			t.Run(fmt.Sprintf("%s, seed %d", law, seed), func(t *testing.T) {
				t.Parallel()
				sent := packets(law, sound, 160)
				said := decoded(law, sent)
				arrived, lost := cross(sent, shim.Faults{Seed: seed, Loss: 0.05, Jitter: 40 * time.Millisecond, Reorder: 0.02})
				b := New(Settings{}, law)
				h := listen(b, arrived, 160)
				buffered := shim.Compare(said, h.sound)
				unbuffered := shim.Compare(said, bare(law, sent, arrived))
				silent := shim.Compare(said, gaps(law, sent, lost))
				s := b.Stats()
				t.Logf("buffer %.1f dB, no buffer %.1f dB, same packets and silence for the lost %.1f dB; lost %.1f %%, concealed %.1f %%, late %d, depth %d ms, longer %d ms, shorter %d ms",
					buffered.SNR, unbuffered.SNR, silent.SNR, 100*float64(len(lost))/float64(len(sent)),
					100*float64(s.Concealed)/float64(len(sent)*160), s.Late, s.Wanted/8, s.Inserted/8, s.Removed/8)
				if buffered.SNR < unbuffered.SNR+10 {
					t.Errorf("%.1f dB, %.1f dB without a buffer", buffered.SNR, unbuffered.SNR)
				}
			})
		}
	}
}

// What is invented for a packet that was lost is measured against silence in its place,
// whose signal to noise ratio is 0 dB by definition. Twenty milliseconds are long for a
// waveform: this is no measure of how it sounds, but silence sounds worse.
func TestWhatIsInventedIsNearerThanSilence(t *testing.T) {
	sound := speech(t)
	var lost, loud, n float64
	for seed := range uint64(4) {
		for from := 0; from+8*Rate < len(sound); from += 8 * Rate { // not so long that anything is adapted
			sent := packets(g711.Mu, sound[from:from+8*Rate], 160)
			said := decoded(g711.Mu, sent)
			arrived, gone := cross(sent, shim.Faults{Seed: seed, Loss: 0.03})
			h := listen(New(Settings{}, g711.Mu), arrived, 160)
			late := (slices.IndexFunc(h.kinds, func(k Kind) bool { return k != Silence }) - firstHeard(gone)) * 160
			for i := 3; i+1 < len(sent); i++ {
				if !gone[i] || gone[i-1] || gone[i+1] || g711.Mu.Power(sent[i].codes) < -40 {
					continue
				}
				n++
				at := i * 160
				lost += ratio(said[at:at+160], h.sound[at+late:])
				loud += math.Abs(power(said[at:at+160]) - power(h.sound[at+late:at+late+160]))
				if !slices.Equal(said[at+160:at+320], h.sound[at+late+160:at+late+320]) {
					t.Errorf("packet %d, behind the gap, is not played bit for bit", i+1)
				}
			}
		}
	}
	t.Logf("%.0f lost packets of speech: %.1f dB, level ±%.1f dB", n, lost/n, loud/n)
	if lost/n < 0.5 || loud/n > 4 {
		t.Errorf("%.1f dB, level ±%.1f dB", lost/n, loud/n)
	}
}

// The same for Appendix I alone, which knows only what was before.
func TestWhatIsRepeatedIsAsLoudAsWhatIsMissing(t *testing.T) {
	said := speech(t)
	var first, all, loud, n float64
	c := conceal{width: 1, heard: make([]int16, narrowPast)}
	invented := make([]int16, 160)
	for at := 800; at+160 <= len(said); at += 160 {
		part := said[at : at+160]
		if power(part) < 50 {
			continue
		}
		c.begin(said[at-narrowPast : at])
		c.fill(invented)
		n++
		first, all = first+ratio(part[:80], invented), all+ratio(part, invented)
		loud += power(invented) - power(part)
	}
	t.Logf("of %.0f frames the first 10 ms %.1f dB, all %.1f dB, level %+.1f dB", n, first/n, all/n, loud/n)
	if first/n < 1.5 || math.Abs(loud/n) > 3 {
		t.Errorf("the first 10 ms %.1f dB, level %+.1f dB", first/n, loud/n)
	}
}

// firstHeard is the first packet that arrived.
func firstHeard(gone map[int]bool) (i int) {
	for gone[i] {
		i++
	}
	return i
}

func ratio(part, there []int16) float64 {
	var signal, noise float64
	for i, v := range part {
		d := float64(v) - float64(there[i])
		signal, noise = signal+float64(v)*float64(v), noise+d*d
	}
	return max(-10, min(35, 10*math.Log10(signal/max(noise, 1e-3))))
}

func power(x []int16) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(max(1, sum/float64(len(x))))
}
