package flood

import (
	"fmt"
	"math"

	"breakwater/loadtest/mark"
	"breakwater/media/g711"
	"breakwater/media/prompt"
)

// said in turn: about a minute of both voices.
var sentences = []string{
	"welcome", "about", "comfort-1", "comfort-2", "comfort-3", "assist-missed", "assist-sent", "agent-lost", "busy",
	"closed", "closing", "connecting", "crisis-hold", "confirm-or-again",
}

// Speech is about a minute of speech of that active level (dBm0), ready to be
// spoken. People on telephones have about −24.
func Speech(law g711.Law, level float64) ([]*mark.Frame, error) {
	book, err := prompt.Open("")
	if err != nil {
		return nil, err
	}
	var frames []*mark.Frame
	for _, language := range book.Languages() {
		for _, s := range sentences {
			clips, err := book.Sound(language, s)
			if err != nil {
				return nil, fmt.Errorf("speech of the load: %w", err)
			}
			for _, c := range clips {
				gain := level - c.Level()
				if math.IsInf(gain, 0) {
					continue
				}
				codes := make([]byte, len(c.Codes(law)))
				g711.Map(codes, c.Codes(law), law.GainTable(gain))
				for ; len(codes) >= mark.Samples; codes = codes[mark.Samples:] {
					frames = append(frames, mark.Prepare(codes))
				}
			}
		}
	}
	return frames, nil
}
