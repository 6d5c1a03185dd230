// Package sdp agrees with a phone or a trunk on one stream of sound: which G.711
// variant, to which address, in which direction. It reads what desk phones really
// send and writes what every phone understands. Video, encryption and wideband
// are declined here, line by line; nothing is sent or heard here.
package sdp

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"breakwater/media"
)

// ErrNoCodec means that the party speaks no sound we speak: no m=audio line with
// RTP/AVP, an address and PCMU or PCMA. The answer to such an offer is 488.
var ErrNoCodec = errors.New("sdp: no audio line with PCMU or PCMA")

// ErrRefused means that the party declined our sound (port 0) in its answer.
var ErrRefused = errors.New("sdp: the party refused the audio line")

// ErrNoOffer means that an answer came although we offered nothing.
var ErrNoOffer = errors.New("sdp: an answer without an offer of ours")

// A SyntaxError is a description that cannot be read. The answer to such an offer
// is 400.
type SyntaxError struct {
	Line int    // counted from 1 in the body as received; 0 = the body as a whole
	Text string // the offending line, shortened
	Why  string
}

// Error names the line.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return "sdp: " + e.Why
	}
	return fmt.Sprintf("sdp: line %d %q: %s", e.Line, e.Text, e.Why)
}

// Status is the SIP status that refuses an offer which gave err.
func Status(err error) int {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return 400
	}
	return 488
}

// Result is what offer and answer agreed.
type Result struct {
	Desc media.Desc
	// Held: the party does not want to hear us (sendonly, inactive or the old
	// 0.0.0.0), which is what a person calls being on hold.
	Held bool
	// Sent is the direction our own description carries, as seen from us.
	Sent Direction
}

// Session is our half of one dialog's descriptions: what stays the same from one
// offer to the next (RFC 3264 §8). It belongs to the leg that owns the dialog.
// An offer or answer that fails changes nothing, so that a refused re-INVITE
// leaves the sound as it was.
type Session struct {
	id      uint64
	version uint64
	sent    []byte   // our last description, to bump the version only on a change
	streams []stream // every m-line of the dialog so far, in order
	audio   int      // the one we speak on
	codecs  []codec  // what we offer next, the agreed one first
	dtmf    uint8    // payload type of telephone-event that this dialog uses
	offered *offered // what awaits an answer
}

// offered is our offer while it has no answer.
type offered struct {
	direction Direction
	codecs    []codec
	dtmf      uint8
}

// codec is a G.711 variant with the number it has on the wire.
type codec struct {
	kind    media.Codec
	payload uint8
}

// stream is what an m-line needs to be repeated or declined.
type stream struct {
	kind, proto, formats string
}

// ourDTMF is the payload type of telephone-event we offer first; most phones use it too.
const ourDTMF = 101

// NewSession begins the descriptions of a dialog. id is o='s session id: unique
// among our dialogs, at most 2^62 so that the smallest parsers take it.
func NewSession(id uint64) *Session {
	return &Session{
		id:      id & (1<<62 - 1),
		streams: []stream{{kind: "audio", proto: "RTP/AVP"}},
		codecs:  []codec{{media.PCMU, 0}, {media.PCMA, 8}},
		dtmf:    ourDTMF,
	}
}

// Offer describes us at local: PCMU, PCMA and telephone-event, 20 ms, in
// direction d. A later offer of the same session keeps every m-line in place.
func (s *Session) Offer(local netip.AddrPort, d Direction) []byte {
	o := &offered{direction: d, codecs: s.codecs, dtmf: s.dtmf}
	if o.dtmf == 0 {
		o.dtmf = s.freePayload(ourDTMF)
	}
	s.offered = o
	return s.describe(local, o.codecs, o.dtmf, d)
}

// Withdraw forgets an offer that was refused or crossed another (491): the next
// answer will be a stranger.
func (s *Session) Withdraw() { s.offered = nil }

// Pending tells whether an offer of ours awaits its answer.
func (s *Session) Pending() bool { return s.offered != nil }

// Accept takes the party's answer to our offer. ErrRefused and ErrNoCodec mean
// that there is no sound; a *SyntaxError that the answer cannot be read.
func (s *Session) Accept(answer []byte) (Result, error) {
	if s.offered == nil {
		return Result{}, ErrNoOffer
	}
	their, err := parse(answer)
	if err != nil {
		return Result{}, err
	}
	if s.audio >= len(their) {
		return Result{}, fmt.Errorf("%w: the answer has %d m-lines", ErrRefused, len(their))
	}
	line := their[s.audio]
	if line.port == 0 {
		return Result{}, ErrRefused
	}
	choice, ok := line.choose()
	if !ok {
		return Result{}, ErrNoCodec
	}
	// We send with the numbers of the answer; it may say telephone-event only if
	// we offered it, and by our number or its own.
	o := s.offered
	s.offered = nil
	s.settle(choice)
	return line.result(choice, o.direction), nil
}

// Answer reads the party's offer and describes us at local. wish is the direction
// we want: SendRecv, or less when we hold the party. The first of the party's
// codecs that we speak is taken; every other m-line is declined in its place.
func (s *Session) Answer(offer []byte, local netip.AddrPort, wish Direction) ([]byte, Result, error) {
	their, err := parse(offer)
	if err != nil {
		return nil, Result{}, err
	}
	index, choice, ok := pick(their, s.audio)
	if !ok {
		return nil, Result{}, ErrNoCodec
	}
	line := their[index]
	direction := wish.answering(line.heard())
	s.streams = s.streams[:0]
	for _, l := range their {
		s.streams = append(s.streams, stream{kind: l.kind, proto: l.proto, formats: l.formats})
	}
	s.audio = index
	s.offered = nil
	s.settle(choice)
	body := s.describe(local, []codec{choice.codec}, choice.dtmf, direction)
	return body, line.result(choice, direction), nil
}

// settle keeps the numbers that this dialog agreed on: a payload type never
// changes its meaning within a session (RFC 3264 §8.3.2).
func (s *Session) settle(c choice) {
	s.dtmf = c.dtmf
	other := codec{media.PCMU, 0}
	if c.kind == media.PCMU {
		other = codec{media.PCMA, 8}
	}
	s.codecs = []codec{c.codec, other}
}

// freePayload is want, or the next payload type to which the party has given no meaning.
func (s *Session) freePayload(want uint8) uint8 {
	taken := strings.Fields(s.streams[s.audio].formats)
	for want < 127 && slices.Contains(taken, strconv.Itoa(int(want))) {
		want++
	}
	return want
}

// describe writes our description and bumps its version if it differs from the
// last one we sent: an unchanged refresh must look unchanged (RFC 3264 §8).
func (s *Session) describe(local netip.AddrPort, codecs []codec, dtmf uint8, d Direction) []byte {
	w := writer{session: s.id, version: max(s.version, 1), local: local, codecs: codecs, dtmf: dtmf, direction: d}
	body := w.write(s.streams, s.audio)
	if s.sent != nil && !bytes.Equal(body, s.sent) {
		w.version++
		body = w.write(s.streams, s.audio)
	}
	s.version = w.version
	s.sent = body
	return body
}
