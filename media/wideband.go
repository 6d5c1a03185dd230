package media

import (
	"breakwater/media/g711"
	"breakwater/media/g722"
	"breakwater/media/guard"
	"breakwater/media/rate"
	"breakwater/media/rtp"
)

// wideband is what a port needs to speak G.722, whose sound is decoded, mixed, guarded
// and encoded again, frame by frame: the loop's. The voice, digits and recording of such a
// port are those of a telephone, in µ-law.
type wideband struct {
	decoder g722.Decoder
	hearing rate.Down
	heard   [biggest]byte // the newest packet in µ-law

	encoder g722.Encoder
	up      rate.Up // of what there is at 8 kHz only
	telling rate.Down
	told    [60 * rtp.Rate / 1000]byte // the packet in the making, in µ-law, for the recording
}

const wideFrame = 2 * mixFrame // samples of 20 ms at 16 kHz

// wide tells whether the codec has more than a telephone's band, which cannot be relayed
// or made louder code by code.
func (c Codec) wide() bool { return c == G722 }

// recorded is the codec in which a recording of such a leg is made.
func (c Codec) recorded() Codec {
	if c.wide() {
		return PCMU
	}
	return c
}

// narrow gives a packet of the party in µ-law. It is valid until the next one.
func (w *wideband) narrow(codes []byte) []byte {
	var x [wideFrame]int16
	var y [mixFrame]int16
	for at := 0; at < len(codes); at += mixFrame {
		part := codes[at:min(at+mixFrame, len(codes))]
		n := w.hearing.Convert(y[:], x[:w.decoder.Decode(x[:], part)])
		g711.Mu.Encode(w.heard[at:], y[:n])
	}
	return w.heard[:len(codes)]
}

// widen makes codes of G.722, guarded, of codes of µ-law, in place: of a sound that is played.
func (w *wideband) widen(s *shield, whose origin, goesOn bool, codes []byte) {
	var x [mixFrame]int16
	var y [wideFrame]int16
	for at := 0; at < len(codes); at += mixFrame {
		part := codes[at:min(at+mixFrame, len(codes))]
		n := w.up.Convert(y[:], x[:g711.Mu.Decode(x[:], part)])
		if s != nil {
			s.coverWide(whose, goesOn, y[:n])
		}
		w.encode(part, w.told[min(at, len(w.told)):], y[:n])
		goesOn = true
	}
}

// encode writes the codes of up to 20 ms, and in µ-law what a recording takes of them.
func (w *wideband) encode(dst, recorded []byte, x []int16) {
	var y [mixFrame]int16
	w.encoder.Encode(dst, x)
	g711.Mu.Encode(recorded, y[:w.telling.Convert(y[:], x)])
}

// coverWide is cover for samples of 16 kHz, before they are encoded.
func (s *shield) coverWide(whose origin, goesOn bool, x []int16) {
	if !goesOn {
		s.guard.Forget()
	}
	s.obey(whose)
	s.guard.Samples(guard.Wide, x)
}
