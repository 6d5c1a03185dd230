package meter

import "breakwater/media/g711"

// Voice tells when a party speaks: well above the noise of the line, and uneven, as
// syllables are. It gives the agent's bit where nobody else knows it; it measures
// nothing else.
type Voice struct{ activity activity }

// NewVoice begins to listen.
func NewVoice() *Voice { return &Voice{newActivity()} }

// Frame tells whether a frame is speech.
func (v *Voice) Frame(law g711.Law, codes []byte) bool {
	if len(codes) == 0 {
		return v.activity.on
	}
	energy := float64(law.Energy(codes))
	b := block{power: energy / zeroPower / float64(len(codes)), r0: energy, ticks: len(codes)}
	if full, ok := v.activity.add(b); ok {
		v.activity.judge(full, false)
	}
	return v.activity.on
}
