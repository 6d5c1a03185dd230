// Package sdp agrees with a phone or a trunk on one stream of sound: G.711 or, where
// the session may, G.722; to which address, in which direction. It reads what desk
// phones really send and writes what every phone understands. Video and encryption
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
// RTP/AVP, an address and PCMU, PCMA or, in a wideband session, G722. The answer to
// such an offer is 488.
var ErrNoCodec = errors.New("sdp: no audio line with PCMU or PCMA, nor with G722 where that is allowed")

// ErrAddress means that the party wants its sound where ours cannot go: to a group
// of receivers, or to an address of the other family. The answer is 488.
var ErrAddress = errors.New("sdp: sound cannot be sent to this address")

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
	speaks  []codec  // what may be agreed on, with our numbers; our first choice first
	codecs  []codec  // what we offer next, the agreed one first
	dtmf    uint8    // payload type of telephone-event that this dialog uses
	offered *offered // what awaits an answer
	looked  looked   // what Remote has read
}

// looked is an offer that has been looked at and not been answered yet.
type looked struct {
	offer []byte
	lines []line
}

// offered is our offer while it has no answer.
type offered struct {
	local     netip.Addr
	direction Direction
	codecs    []codec
	dtmf      uint8
}

// codec is a codec with the number it has on the wire.
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
// among our dialogs, at most 2^62 so that the smallest parsers take it. Only a
// wideband session knows G.722 (RFC 3551 §4.5.2: payload type 9, clock 8000).
func NewSession(id uint64, wideband bool) *Session {
	speaks := []codec{{media.PCMU, 0}, {media.PCMA, 8}}
	if wideband {
		speaks = append([]codec{{media.G722, 9}}, speaks...)
	}
	return &Session{
		id:      id & (1<<62 - 1),
		streams: []stream{{kind: "audio", proto: "RTP/AVP"}},
		speaks:  speaks,
		codecs:  speaks,
		dtmf:    ourDTMF,
	}
}

// Offer describes us at local: all codecs of the session and telephone-event, 20 ms,
// in direction d. A later offer of the same session keeps every m-line in place.
func (s *Session) Offer(local netip.AddrPort, d Direction) []byte {
	o := &offered{local: local.Addr(), direction: d, codecs: s.codecs, dtmf: s.dtmf}
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

// Accept takes the party's answer to our offer. ErrRefused, ErrNoCodec and ErrAddress
// mean that there is no sound; a *SyntaxError that the answer cannot be read.
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
	o := s.offered
	choice, ok := line.choose(s.speaks)
	if !ok {
		return Result{}, ErrNoCodec
	}
	if !line.reachable(o.local) {
		return Result{}, fmt.Errorf("%w: %v", ErrAddress, line.addr)
	}
	// We send with the numbers of the answer; it may say telephone-event only if
	// we offered it, and by our number or its own.
	s.offered = nil
	s.settle(choice)
	return line.result(choice, o.direction), nil
}

// Answer reads the party's offer and describes us at local. wish is the direction
// we want: SendRecv, or less when we hold the party. The first of the party's
// codecs that we speak is taken; every other m-line is declined in its place.
func (s *Session) Answer(offer []byte, local netip.AddrPort, wish Direction) ([]byte, Result, error) {
	their, err := s.read(offer)
	if err != nil {
		return nil, Result{}, err
	}
	s.looked = looked{}
	index, choice, err := s.pick(their, local.Addr())
	if err != nil {
		return nil, Result{}, err
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

// Remote is where the party of an offer wants its sound, as Answer will find it for our
// address local; an error where Answer will give one. Nothing is agreed by it.
func (s *Session) Remote(offer []byte, local netip.Addr) (netip.AddrPort, error) {
	their, err := s.read(offer)
	if err != nil {
		return netip.AddrPort{}, err
	}
	s.looked = looked{offer, their}
	index, choice, err := s.pick(their, local)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return their[index].result(choice, SendRecv).Desc.Remote, nil
}

// read is parse, but for an offer that was looked at before.
func (s *Session) read(offer []byte) ([]line, error) {
	if s.looked.lines != nil && bytes.Equal(s.looked.offer, offer) {
		return s.looked.lines, nil
	}
	return parse(offer)
}

// settle keeps the numbers that this dialog agreed on: a payload type never
// changes its meaning within a session (RFC 3264 §8.3.2).
func (s *Session) settle(c choice) {
	s.dtmf = c.dtmf
	s.codecs = []codec{c.codec}
	for _, other := range s.speaks {
		if other.kind != c.kind {
			s.codecs = append(s.codecs, other)
		}
	}
}

// pick finds the line to speak on: the one spoken on before if it still can be, else
// the first that has a codec of ours and an address that we can reach.
func (s *Session) pick(lines []line, local netip.Addr) (int, choice, error) {
	err := ErrNoCodec
	order := []int{s.audio}
	for i := range lines {
		order = append(order, i)
	}
	for _, i := range order {
		if i >= len(lines) {
			continue
		}
		c, ok := lines[i].choose(s.speaks)
		switch {
		case ok && lines[i].reachable(local):
			return i, c, nil
		case ok:
			err = fmt.Errorf("%w: %v", ErrAddress, lines[i].addr)
		}
	}
	return 0, choice{}, err
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
