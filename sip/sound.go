package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/sdp"
	"breakwater/sip/wire"
)

// sameKey is the time in which one press may arrive by RFC 4733 and by INFO both, and
// sameTone that in which it may be heard as a tone and arrive by INFO.
const (
	sameKey  = 50 * time.Millisecond
	sameTone = 400 * time.Millisecond
)

// sound is what offer and answer have agreed for a leg.
type sound struct {
	session *sdp.Session
	local   netip.AddrPort // what SDP says
	desc    media.Desc
	held    bool
	key     byte // the last one pressed, how and when
	byInfo  bool
	keyAt   time.Time
	tones   bool   // keys are looked for in the party's sound
	informs bool   // it has sent a key by INFO: its tones are not believed any more
	moved   bool   // local is another one than the peer knows
	earshot *later // looks whether the party is heard
}

// openSound binds a port for a peer that sees us as v.
func (s *Server) openSound(v view, session *sdp.Session, h media.Hint) (*media.Port, sound, error) {
	port, err := s.parts.Engine.PortFor(v.bind, h)
	if err != nil {
		return nil, sound{}, fmt.Errorf("open a port on %s: %w", v.bind, err)
	}
	return port, newSound(v, session, port), nil
}

func newSound(v view, session *sdp.Session, port *media.Port) sound {
	return sound{session: session, local: netip.AddrPortFrom(v.host, port.Local().Port())}
}

// newSession begins the descriptions for a phone, empty for a trunk: with G.722 only where
// its settings say so.
func (s *Server) newSession(phone string) *sdp.Session {
	return sdp.NewSession(s.number(), s.plan().phones[phone].Wideband)
}

// agreed applies what was agreed and tells of hold and resume.
func (l *leg) agreed(r sdp.Result) error {
	r.Desc.Host = l.peer.hop.remote.Addr()
	err := l.port.Load().Apply(r.Desc)
	if errors.Is(err, media.ErrTaken) {
		if err = l.depart("its address cannot be told apart"); err == nil {
			err = l.port.Load().Apply(r.Desc)
		}
	}
	if err != nil {
		return err
	}
	l.sound.desc = r.Desc
	l.listenFor()
	l.listenTones()
	if r.Held == l.sound.held {
		return nil
	}
	l.sound.held = r.Held
	l.care.heldChanged(time.Now())
	kind := call.Resumed
	if r.Held {
		kind = call.Held
	}
	if l.stage != inviting {
		l.signal(call.Signal{Kind: kind})
	}
	return nil
}

// listenDigits makes RFC 4733 keys signals.
func (l *leg) listenDigits() {
	l.port.Load().OnDigit(func(d media.Digit) {
		l.box.post(func() { l.pressed(d.Key, false, time.Now()) })
	})
}

// listenTones lets keys be looked for in the sound of a trunk's caller, where the trunk's
// setting or the lack of telephone-events asks for it.
func (l *leg) listenTones() {
	if l.in == nil || l.peer.trunk == nil {
		return
	}
	mode := l.peer.trunk.spec.InbandDigits
	l.sound.tones = !l.sound.informs && (mode == inbandAlways || mode == inbandAuto && l.sound.desc.DTMF == 0)
	l.port.Load().InbandDigits(l.sound.tones)
}

// pressed tells of a key, once even if it came both ways.
func (l *leg) pressed(key byte, byInfo bool, now time.Time) {
	if l.stage == over {
		return
	}
	apart := sameKey
	if l.sound.tones {
		apart = sameTone // a tone is recognised late
	}
	if byInfo && l.sound.tones {
		l.sound.informs = true
		l.listenTones()
	}
	twice := key == l.sound.key && byInfo != l.sound.byInfo && now.Sub(l.sound.keyAt) < apart
	l.sound.key, l.sound.byInfo, l.sound.keyAt = key, byInfo, now
	if twice {
		l.sound.key = 0 // a third is a new press
		return
	}
	l.signal(call.Signal{Kind: call.Pressed, Digit: key})
}

const typeSDP = "application/sdp"

// description is the session description that m carries, nil without one.
func description(m sip.Message) []byte {
	body, _ := wire.Description(m)
	return body
}

// carrySDP puts a description into m.
func carrySDP(m sip.Message, body []byte) {
	contentType := sip.ContentTypeHeader(typeSDP)
	m.AppendHeader(&contentType)
	m.SetBody(body)
}
