package crowd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"breakwater/loadtest/flood"
	"breakwater/sip/siptest"
)

// Call is one side's call. Sound may be used by anybody; all else belongs to the
// crowd's lock.
type Call struct {
	Sound *flood.Leg
	crowd *Crowd
	phone *Phone // of an agent's call, and of a phone that dials

	id            string
	local, remote string // From and To of our requests, with their tags
	target        string // request URI
	routes        []string
	route         route
	cseq          uint32
	number        string // shown to the other side
	invite        *siptest.Message
	accept        *siptest.Message // our 200 to their INVITE, until their ACK
	resend        *time.Timer
	answered      chan struct{} // closed when it is answered or over
	ended         chan struct{}
	leaving       bool // we have sent BYE
	end           string
	moments       moments
}

// Refused is a call that was not answered.
type Refused struct {
	Status int
	Reason string
}

func (r *Refused) Error() string { return fmt.Sprintf("refused: %d %s", r.Status, r.Reason) }

// TooMuch tells whether the server had too much to do.
func (r *Refused) TooMuch() bool { return r.Status == tooMuch }

// Dial places a call from the trunk, from a number that no other call has, and
// returns when it is answered. When ctx ends before, the call is cancelled.
func (c *Crowd) Dial(ctx context.Context, number string) (*Call, error) {
	leg, err := c.set.Sound.Leg(flood.Caller)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.numbers++
	from := fmt.Sprintf("030%07d", c.numbers)
	c.mu.Unlock()
	return c.dial(ctx, &Call{Sound: leg, number: from, route: route{c.set.Trunk, c.set.Server}}, number)
}

// Dial places a call from a phone, as a person at it would.
func (p *Phone) Dial(ctx context.Context, number string) (*Call, error) {
	leg, err := p.crowd.set.Sound.LegAt(p.seat, flood.Agent)
	if err != nil {
		return nil, err
	}
	return p.crowd.dial(ctx, &Call{Sound: leg, phone: p, number: p.name, route: route{p.addr, p.crowd.set.Server}}, number)
}

func (c *Crowd) dial(ctx context.Context, call *Call, number string) (*Call, error) {
	server := c.set.Server
	call.crowd, call.id, call.cseq = c, rand.Text(), 1
	call.target = "sip:" + number + "@" + server.String()
	call.local = "<sip:" + call.number + "@" + server.Addr().String() + ">;tag=" + rand.Text()
	call.remote = "<" + call.target + ">"
	call.answered, call.ended, call.moments.served = make(chan struct{}), make(chan struct{}), make(chan struct{})
	c.mu.Lock()
	c.calls[call.id] = call
	if call.phone == nil {
		c.callers[call.number] = call
	}
	var refused error
	call.sendInvite(&refused)
	c.mu.Unlock()
	select {
	case <-call.answered:
	case <-ctx.Done():
		call.cancel()
		return nil, context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if refused != nil {
		return nil, fmt.Errorf("dial %s: %w", number, refused)
	}
	return call, nil
}

func (call *Call) sendInvite(refused *error) {
	c := call.crowd
	m := call.request("INVITE")
	m.Add("Contact", "<sip:"+call.number+"@"+c.local(call.route.local)+">")
	m.Add("Allow", allowed)
	m.Add("Content-Type", "application/sdp")
	m.Body = describe(call.Sound.Address(), c.set.Law)
	if call.invite != nil {
		for _, h := range call.invite.Fields { // the answer to a challenge
			if strings.HasSuffix(h.Name, "Authorization") {
				m.Fields = append(m.Fields, h)
			}
		}
	}
	call.invite = m
	call.moments.invited = time.Now()
	c.ask(m, call.route, func(res *siptest.Message, err error) { call.invited(res, err, refused) })
}

// invited takes every answer to our INVITE.
func (call *Call) invited(res *siptest.Message, err error, refused *error) {
	switch {
	case err != nil:
		*refused = err
		call.finish("no reply to INVITE")
	case res.Status < 200:
		call.progressed(res.Status)
	case res.Status < 300:
		call.progressed(res.Status)
		call.remote = res.Get("To")
		call.target = siptest.URIOf(res.Get("Contact"))
		call.routes = reversed(res.List("Record-Route"))
		if call.leaving { // it was answered while it was cancelled
			call.bye()
			return
		}
		call.speak(res.Body)
		close(call.answered)
	default:
		if call.authorize(res) {
			call.cseq++
			call.sendInvite(refused)
			return
		}
		call.progressed(res.Status)
		*refused = &Refused{res.Status, res.Reason}
		call.finish(res.String())
	}
}

// authorize puts the answer to a challenge into the INVITE, once.
func (call *Call) authorize(res *siptest.Message) bool {
	if call.phone == nil || call.invite.Get("Authorization") != "" || call.invite.Get("Proxy-Authorization") != "" {
		return false
	}
	h, ok := siptest.AnswerChallenge(res, call.phone.name, call.phone.password, "INVITE", call.target)
	if ok {
		call.invite.Add(h.Name, h.Value)
	}
	return ok
}

// acknowledge sends the ACK to a final answer, as often as it comes.
func (c *Crowd) acknowledge(q *request, res *siptest.Message) {
	if res.Status >= 300 {
		ack := &siptest.Message{Method: "ACK", URI: q.msg.URI}
		n, _ := q.msg.CSeq()
		for _, name := range []string{"Via", "From"} {
			ack.Add(name, q.msg.Get(name))
		}
		ack.Add("To", res.Get("To"))
		ack.Add("Call-ID", q.msg.Get("Call-ID"))
		ack.Add("CSeq", fmt.Sprintf("%d ACK", n))
		ack.Add("Max-Forwards", "70")
		c.write(ack.Bytes(), q.route)
		return
	}
	n, _ := q.msg.CSeq()
	ack := &siptest.Message{Method: "ACK", URI: siptest.URIOf(res.Get("Contact"))}
	ack.Add("Via", c.via(q.route.local))
	ack.Add("From", q.msg.Get("From"))
	ack.Add("To", res.Get("To"))
	ack.Add("Call-ID", q.msg.Get("Call-ID"))
	ack.Add("CSeq", fmt.Sprintf("%d ACK", n))
	ack.Add("Max-Forwards", "70")
	for _, r := range reversed(res.List("Record-Route")) {
		ack.Add("Route", r)
	}
	c.write(ack.Bytes(), q.route)
}

func (call *Call) cancel() {
	c := call.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	call.leaving = true
	if call.over() {
		return
	}
	m := &siptest.Message{Method: "CANCEL", URI: call.invite.URI}
	n, _ := call.invite.CSeq()
	for _, name := range []string{"Via", "From", "To", "Call-ID"} {
		m.Add(name, call.invite.Get(name))
	}
	m.Add("CSeq", fmt.Sprintf("%d CANCEL", n))
	m.Add("Max-Forwards", "70")
	c.write(m.Bytes(), call.route) // its answer is the 487 to the INVITE
}

// Hangup says goodbye and returns when the server has, too. A call that is over
// already is no error.
func (call *Call) Hangup(ctx context.Context) error {
	c := call.crowd
	c.mu.Lock()
	if !call.leaving {
		call.leaving = true
		call.bye()
	}
	c.mu.Unlock()
	select {
	case <-call.ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (call *Call) bye() {
	if call.over() {
		return
	}
	call.cseq++
	call.partsNow()
	call.crowd.ask(call.request("BYE"), call.route, func(res *siptest.Message, err error) {
		if err != nil {
			call.finish("BYE: " + err.Error())
		} else if res.Status >= 200 {
			call.parted()
			call.finish("we hung up")
		}
	})
}

// Ended is closed when the call is over.
func (call *Call) Ended() <-chan struct{} { return call.ended }

// End tells how it ended, once it has.
func (call *Call) End() string {
	call.crowd.mu.Lock()
	defer call.crowd.mu.Unlock()
	return call.end
}

func (call *Call) over() bool {
	select {
	case <-call.ended:
		return true
	default:
		return false
	}
}

// finish ends the call here, and its sound. The lock is held.
func (call *Call) finish(how string) {
	if call.over() {
		return
	}
	call.end = how
	close(call.ended)
	call.waitsNoMore()
	select {
	case <-call.answered:
	default:
		close(call.answered)
	}
	if call.resend != nil {
		call.resend.Stop()
	}
	call.Sound.Close()
	c := call.crowd
	delete(c.calls, call.id)
	if c.callers[call.number] == call {
		delete(c.callers, call.number)
	}
	if call.phone != nil && call.phone.call == call {
		call.phone.call = nil
	}
}

// request begins one within, or for, the call.
func (call *Call) request(method string) *siptest.Message {
	m := &siptest.Message{Method: method, URI: call.target}
	m.Add("Via", call.crowd.via(call.route.local))
	m.Add("Max-Forwards", "70")
	for _, r := range call.routes {
		m.Add("Route", r)
	}
	m.Add("From", call.local)
	m.Add("To", call.remote)
	m.Add("Call-ID", call.id)
	m.Add("CSeq", fmt.Sprintf("%d %s", call.cseq, method))
	return m
}

// speak begins, or turns, our sound as their description says.
func (call *Call) speak(body []byte) {
	s, err := understand(body)
	if err != nil {
		return
	}
	if call.crowd.mute && (call.phone == nil || call.invite == nil) {
		return
	}
	call.Sound.Talk(s.addr, s.event)
	call.Sound.Quiet(!s.listens)
}

func reversed(list []string) []string {
	other := make([]string, len(list))
	for i, s := range list {
		other[len(list)-1-i] = s
	}
	return other
}

var errNoSound = errors.New("no address for sound in the description")

// session is what matters here of an SDP.
type session struct {
	addr    netip.AddrPort
	event   uint8
	listens bool
}

// understand reads the first audio line of a description.
func understand(body []byte) (session, error) {
	s := session{listens: true}
	var host netip.Addr
	var port uint16
	audio := false
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "m="):
			if audio {
				audio = false
				continue
			}
			if _, err := fmt.Sscanf(line, "m=audio %d", &port); err == nil {
				audio = true
			}
		case strings.HasPrefix(line, "c=IN IP4 ") && (audio || port == 0):
			host, _ = netip.ParseAddr(strings.TrimPrefix(line, "c=IN IP4 "))
		case audio && (line == "a=inactive" || line == "a=sendonly"):
			s.listens = false
		case audio && strings.Contains(strings.ToLower(line), " telephone-event/8000"):
			_, _ = fmt.Sscanf(line, "a=rtpmap:%d", &s.event) // an unreadable one is none
		}
	}
	if !host.IsValid() || port == 0 {
		return s, errNoSound
	}
	s.addr = netip.AddrPortFrom(host, port)
	return s, nil
}

// describe offers, and accepts, one law and keys.
func describe(at netip.AddrPort, law string) []byte {
	pt := 0
	if law == "PCMA" {
		pt = 8
	}
	return fmt.Appendf(nil, "v=0\r\no=- 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\nm=audio %[2]d RTP/AVP %[3]d 101\r\n"+
		"a=rtpmap:%[3]d %[4]s/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
		at.Addr(), at.Port(), pt, law)
}
