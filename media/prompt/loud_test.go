package prompt

import (
	"bytes"
	"slices"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/guard"
)

// What the server says itself must reach an agent's ear bit by bit: the hearing guard with
// its default ceilings finds nothing in it to make softer.
func TestTheHearingGuardHasNothingToSoftenInOurOwnSounds(t *testing.T) {
	b := open(t, Settings{})
	for _, e := range Entries() {
		for _, language := range e.Languages() {
			clip := b.shelves[language].clips[e.ID]
			for _, law := range []g711.Law{g711.Mu, g711.A} {
				if got := heardByAnAgent(law, clip.Codes(law)); !bytes.Equal(got, clip.Codes(law)) {
					t.Errorf("%s is too loud for an agent's ear", clip.Name)
				}
			}
		}
	}
}

// heardByAnAgent is what the guard leaves of a sound of ours.
func heardByAnAgent(law g711.Law, codes []byte) []byte {
	const packet = g711.Rate / 50
	g := guard.New(guard.Settings{})
	g.Own(true)
	heard := slices.Clone(codes)
	for frame := range slices.Chunk(heard, packet) {
		g.Frame(law, frame, frame)
	}
	return heard
}
