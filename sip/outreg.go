package sip

import (
	mrand "math/rand/v2"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/wire"
)

// Waits of a registration at a provider that fails (RFC 5626 §4.5).
const (
	firstRetry = 30 * time.Second
	lastRetry  = 30 * time.Minute
)

// outward is our own registrations at providers, one per trunk with register.
type outward struct {
	s      *Server
	mu     sync.Mutex // protects the following
	active map[string]*account
	lapsed bool // there are none any more
}

// account is one registration at one provider. It belongs to its mailbox.
type account struct {
	s       *Server
	trunk   *trunk
	box     *mailbox
	tag     string
	seq     uint32
	expires time.Duration // what we ask for; a 423 raises it
	at      hop           // where it was accepted; zero = nowhere
	fails   int
	next    *time.Timer
	stopped bool
}

func newOutward(s *Server) *outward {
	return &outward{s: s, active: map[string]*account{}}
}

// sync begins and ends registrations until they are what r says.
func (o *outward) sync(r *rules) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lapsed {
		return
	}
	for name, a := range o.active {
		if t := r.trunks[name]; t != a.trunk || !t.spec.Register {
			delete(o.active, name)
			a.box.post(a.stop)
		}
	}
	for name, t := range r.trunks {
		if !t.spec.Register || o.active[name] != nil {
			continue
		}
		a := &account{s: o.s, trunk: t, tag: newTag(), expires: t.spec.Expires}
		a.box = o.s.office.open(token() + "@breakwater")
		o.active[name] = a
		a.box.post(func() {
			a.box.kept++
			a.try()
		})
	}
}

// close takes all registrations back.
func (o *outward) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range o.active {
		a.box.post(a.stop)
	}
	clear(o.active)
}

// lapse renews nothing any more, and lets all run out: whoever has taken over is registered
// itself, and where both have one address, what we took back would be its.
func (o *outward) lapse() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lapsed = true
	for _, a := range o.active {
		a.box.post(func() {
			a.at = hop{}
			a.stop()
		})
	}
	clear(o.active)
}

// try resolves the provider outside the mailbox, then registers.
func (a *account) try() {
	if a.stopped {
		return
	}
	a.s.office.wg.Go(func() {
		h, err := a.s.reachTrunk(a.s.ctx, a.trunk)
		a.box.post(func() {
			switch {
			case a.stopped:
			case err != nil:
				a.failed("unreachable", err.Error())
			default:
				a.register(h, a.expires, true)
			}
		})
	})
}

func (a *account) register(to hop, expires time.Duration, mayProve bool) {
	req := a.request(to, expires)
	a.trunk.proof.add(req)
	a.box.request(a.s.post, req, to, func(res *sip.Response, err error) {
		switch {
		case res != nil && res.IsProvisional():
		case a.stopped:
		case err != nil:
			a.failed("no answer", err.Error())
		case mayProve && a.trunk.proof.challenged(req, res):
			a.register(to, expires, false)
		case res.StatusCode == sip.StatusIntervalToBrief:
			a.brief(to, wholeSeconds(wire.Value(res, "min-expires")))
		case !res.IsSuccess():
			a.failed("refused", res.Reason)
		default:
			a.accepted(to, granted(res, expires))
		}
	})
}

func (a *account) request(to hop, expires time.Duration) *sip.Request {
	host, port, _ := splitProxy(a.trunk.spec.Proxy) // checked when the plan was
	home := sip.Uri{Scheme: "sip", Host: host, Port: int(port)}
	who := home
	who.User = a.trunk.spec.User
	a.seq++
	req := sip.NewRequest(sip.REGISTER, home)
	req.AppendHeader(maxForwards())
	id := sip.CallIDHeader(a.box.callID)
	req.AppendHeader(&sip.FromHeader{Address: who, Params: sip.HeaderParams{{K: "tag", V: a.tag}}})
	req.AppendHeader(&sip.ToHeader{Address: who})
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: a.seq, MethodName: sip.REGISTER})
	a.s.address(req, to, a.s.view(to))
	req.AppendHeader(sip.NewHeader("Expires", seconds(expires)))
	req.SetBody(nil)
	return req
}

// granted is how long the provider keeps us: our Contact's expires, else Expires.
func granted(res *sip.Response, asked time.Duration) time.Duration {
	if c := wire.Contact(res); c != nil {
		if v, ok := wire.Param(c.Params, "expires"); ok && wholeSeconds(v) > 0 {
			return min(wholeSeconds(v), asked)
		}
	}
	if d := wholeSeconds(wire.Value(res, "expires")); d > 0 {
		return min(d, asked)
	}
	return asked
}

// brief asks again for as long as the provider wants (423), once it says more.
func (a *account) brief(to hop, least time.Duration) {
	if least <= a.expires || least > 24*time.Hour {
		a.failed("refused", "423 without a usable Min-Expires")
		return
	}
	a.expires = least
	a.register(to, a.expires, true)
}

// accepted renews at three quarters of the time, so that one lost try is no gap.
func (a *account) accepted(to hop, expires time.Duration) {
	if !a.at.valid() || a.fails > 0 {
		a.s.parts.Log.Info("registered at trunk", "trunk", a.trunk.spec.Name, "expires", expires)
	}
	a.at, a.fails = to, 0
	a.after(expires * 3 / 4)
}

func (a *account) failed(what, why string) {
	a.fails++
	wait := min(firstRetry<<min(a.fails-1, 10), lastRetry)
	wait = wait/2 + mrand.N(wait/2+1) //nolint:gosec // spreads load, guards nothing
	a.s.parts.Log.Warn("not registered at trunk", "trunk", a.trunk.spec.Name, "problem", what, "why", why, "again", wait)
	a.at = hop{}
	a.after(wait)
}

func (a *account) after(d time.Duration) {
	a.next = time.AfterFunc(d, func() { a.box.post(a.try) })
}

// stop takes the registration back, without waiting for long.
func (a *account) stop() {
	if a.stopped {
		return
	}
	a.stopped = true
	a.box.kept--
	if a.next != nil {
		a.next.Stop()
	}
	if !a.at.valid() {
		return
	}
	req := a.request(a.at, 0)
	a.trunk.proof.add(req)
	a.box.office.goodbyes.Add(1)
	a.box.request(a.s.post, req, a.at, func(res *sip.Response, _ error) {
		if res == nil || !res.IsProvisional() {
			a.box.office.goodbyes.Add(-1)
		}
	})
}
