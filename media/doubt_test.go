package media

import (
	"errors"
	"net/netip"
	"testing"
)

// visitor is a phone that shares a port if it may.
func visitor(t *testing.T, e *Engine) *phone {
	f := &phone{t: t, conn: listen(t, netip.AddrPortFrom(loopback, 0)), codec: PCMU}
	t.Cleanup(func() { _ = f.conn.Close() })
	f.h.SSRC = uint32(f.addr().Port())
	eventually(t, "a port is free", func() (ok bool) {
		var err error
		f.port, err = e.PortFor(loopback, Hint{Share: true, Remote: f.addr()})
		return err == nil
	})
	if err := f.port.Apply(f.desc()); err != nil {
		t.Error(err)
	}
	return f
}

// departs gives a leg a port of its own, when one is free: on a fast machine most rest.
func departs(t testing.TB, p *Port) {
	t.Helper()
	var err error
	eventually(t, "a port is free to depart to", func() bool {
		err = p.Depart()
		return !errors.Is(err, ErrNoPorts)
	})
	if err != nil {
		t.Error(err)
	}
}

// A trunk's leg that departs casts doubt on the host that it told, and on nobody else.
func TestWhoDepartsIsDoubtedAlone(t *testing.T) {
	e := openEngine(t, 8)
	shares := func(h Hint) bool {
		h.Share = true
		p, err := e.PortFor(loopback, h)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		return p.Shared()
	}
	odd, other := netip.MustParseAddr("127.0.0.8"), netip.MustParseAddr("127.0.0.9")
	p, err := e.PortFor(loopback, Hint{Share: true, Remote: netip.AddrPortFrom(odd, 4000)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.Apply(Desc{Remote: netip.AddrPortFrom(odd, 4000), Codec: PCMU, Send: true, Recv: true}); err != nil {
		t.Fatal(err)
	}
	p.do(func(l *loop) { l.follow(p) }) // as its tick will
	departs(t, p)
	for what, is := range map[string]bool{
		"the same trunk from another host shares":  shares(Hint{Remote: netip.AddrPortFrom(other, 4000)}),
		"a phone that is called shares":            shares(Hint{Host: other}),
		"the host that was not heard does not":     !shares(Hint{Remote: netip.AddrPortFrom(odd, 4002)}),
		"nor does a phone that is called by there": !shares(Hint{Host: odd}),
	} {
		if !is {
			t.Error("not so: " + what)
		}
	}
}
