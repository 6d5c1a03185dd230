// Package wav reads and writes the few WAV files a telephone system needs: 16-bit
// PCM and G.711, mono or stereo, and turns any of them into 8 kHz G.711.
package wav

// Clip is a sound ready to be sent: 8000 Hz mono in both G.711 codecs. It is
// immutable and shared.
type Clip struct {
	Name string
	ULaw []byte // one byte a sample
	ALaw []byte // same length
}
