// Package wav reads and writes the few WAV files a telephone system needs: 16-bit
// PCM and G.711, mono or stereo, and turns any of them into 8 kHz G.711. It opens
// no file itself.
package wav

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"time"

	"breakwater/media/g711"
)

// Clip is a sound ready to be sent: 8000 Hz mono in both G.711 codecs. It is
// immutable and shared.
type Clip struct {
	Name string
	Sum  string // SHA-256 of the file it came from, or of ULaw if it came from none; hex
	ULaw []byte // one byte a sample
	ALaw []byte // same length
}

// Load makes a clip of the bytes of a WAV file. Stereo is mixed, other rates are
// turned into 8000 Hz; G.711 mono at 8000 Hz is kept bit by bit. The error names
// the clip and the chunk and field that is wrong.
func Load(name string, file []byte) (*Clip, error) {
	f, err := Parse(file)
	if err != nil {
		return nil, nameError(name, err)
	}
	c := f.clip(name)
	c.Sum = sum(file)
	return c, nil
}

// FromCodes makes a clip of codes of one law; the clip owns them afterwards.
func FromCodes(name string, law g711.Law, codes []byte) *Clip {
	c := &Clip{Name: name, ULaw: codes, ALaw: codes}
	other := make([]byte, len(codes))
	if law == g711.A {
		g711.Map(other, codes, &g711.ALawToULaw)
		c.ULaw = other
	} else {
		g711.Map(other, codes, &g711.ULawToALaw)
		c.ALaw = other
	}
	c.Sum = sum(c.ULaw)
	return c
}

// FromSamples makes a clip of samples at 8000 Hz.
func FromSamples(name string, samples []int16) *Clip {
	c := &Clip{Name: name, ULaw: make([]byte, len(samples)), ALaw: make([]byte, len(samples))}
	g711.Mu.Encode(c.ULaw, samples)
	g711.A.Encode(c.ALaw, samples)
	c.Sum = sum(c.ULaw)
	return c
}

// Silence is a clip of nothing.
func Silence(name string, d time.Duration) *Clip {
	return FromSamples(name, make([]int16, max(0, int(d*g711.Rate/time.Second))))
}

// Codes are the clip's bytes in the law.
func (c *Clip) Codes(law g711.Law) []byte {
	if law == g711.A {
		return c.ALaw
	}
	return c.ULaw
}

// Duration is how long the clip takes to play.
func (c *Clip) Duration() time.Duration {
	return time.Duration(len(c.ULaw)) * time.Second / g711.Rate
}

// Level is the active level of the clip in dBm0: the mean power of those 20 ms
// pieces that are within 20 dB of the loudest, so that pauses do not count. −Inf
// for silence.
func (c *Clip) Level() float64 {
	const piece = g711.Rate / 50
	var loudest uint64
	for at := 0; at < len(c.ULaw); at += piece {
		loudest = max(loudest, g711.Mu.Energy(c.ULaw[at:min(at+piece, len(c.ULaw))]))
	}
	if loudest == 0 {
		return math.Inf(-1)
	}
	var active uint64
	samples := 0
	for at := 0; at < len(c.ULaw); at += piece {
		frame := c.ULaw[at:min(at+piece, len(c.ULaw))]
		if e := g711.Mu.Energy(frame); e >= loudest/100 {
			active, samples = active+e, samples+len(frame)
		}
	}
	return g711.DBm0(active, samples)
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
