package sip

import (
	"net/netip"
	"strings"
	"time"

	"breakwater/media"
	"breakwater/sip/sdp"
)

// Legs may share a port of ours if nobody can be taken for another: parties seen without
// NAT, one leg of each phone, and every leg of a trunk that calls us, for a gateway has a
// port for every call. What a phone answers is not known when it is offered a port, so it
// is offered a shared one only where it can be but one phone that answers.

// earshot is how often we look whether a party that shares a port speaks from an address
// that it has not told. A port of its own finds it.
const earshot = 2 * time.Second

// hintCaller is what an offer tells of who calls.
func (s *Server) hintCaller(l *leg, session *sdp.Session, offer []byte) media.Hint {
	remote, err := session.Remote(offer, l.peer.view.host)
	if err != nil {
		return media.Hint{} // it is refused in a moment
	}
	h := media.Hint{Remote: remote}
	said, source := h.Remote.Addr().Unmap(), l.peer.hop.remote.Addr().Unmap()
	switch {
	case !said.IsValid() || said.IsUnspecified():
	case l.peer.trunk != nil:
		h.Share = !said.IsPrivate() || source.IsPrivate()
	case said == source:
		h.Share, h.Host = s.roster.mayShare(l), source
	}
	return h
}

// hint is what is known of who is called before it answers.
func (f *fork) hint(all []destination) media.Hint {
	h := media.Hint{Near: f.target.Near}
	if f.leg.peer.trunk != nil || len(all) != 1 || len(all[0].routes) > 0 {
		return h
	}
	source := all[0].to.remote.Addr().Unmap()
	said, err := netip.ParseAddr(strings.Trim(all[0].uri.Host, "[]"))
	if err == nil && said.Unmap() == source {
		h.Share, h.Host = f.leg.s.roster.mayShare(f.leg), source
	}
	return h
}

// depart moves the leg to a port of its own and tells the peer.
func (l *leg) depart(why string) error {
	port := l.port.Load()
	if err := port.Depart(); err != nil {
		return err
	}
	l.sound.local = netip.AddrPortFrom(l.sound.local.Addr(), port.Local().Port())
	l.sound.moved = true
	l.log.to().Info("leg gets a port of its own", "why", why)
	l.box.post(l.announce)
	return nil
}

// announce tells the peer where we are now, if it does not know.
func (l *leg) announce() {
	if l.sound.moved && l.stage != over {
		l.refresh()
	}
}

// listenFor looks after a party that shares a port: it has to be heard.
func (l *leg) listenFor() {
	if !l.port.Load().Shared() {
		return
	}
	l.sound.earshot.stop()
	l.sound.earshot = l.box.after(earshot, l.unheard)
}

func (l *leg) unheard() {
	port := l.port.Load()
	switch {
	case l.stage == over, !port.Heard().RTP.IsZero():
		return
	case l.stage != talking, l.final != nil, !port.Misheard():
		l.listenFor()
		return
	}
	if err := l.depart("it speaks from another address than it told"); err != nil {
		l.log.to().Warn("a leg that is not heard stays where it is", "error", err)
	}
}
