package jitter

import (
	"fmt"
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
