package siptest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// dialog is what both sides know of each other, RFC 3261 §12. Phone.run owns it.
type dialog struct {
	local, remote string         // our and their From or To value, tags included
	target        string         // their Contact's URI
	routes        []string       // Route values, in order
	peer          netip.AddrPort // where the first message went to or came from
	cseq          uint32         // our last one
	theirs        uint32         // their last one
}

// request builds an in-dialog request with the next CSeq.
func (c *Call) request(method string, body []byte, extra ...Header) *Message {
	d := &c.dialog
	d.cseq++
	m := &Message{Method: method, URI: d.target, Body: body}
	m.Add("Via", c.phone.via())
	for _, r := range d.routes {
		m.Add("Route", r)
	}
	m.Add("Max-Forwards", "70")
	m.Add("From", d.local)
	m.Add("To", d.remote)
	m.Add("Call-ID", c.id)
	m.Add("CSeq", fmt.Sprintf("%d %s", d.cseq, method))
	if method == "INVITE" || method == "UPDATE" {
		m.Add("Contact", c.phone.contact())
		m.Add("Allow", allowed)
	}
	m.Add("User-Agent", "Breakwater siptest")
	m.Fields = append(m.Fields, extra...)
	return m
}

// ask sends an in-dialog request, answers one challenge, and calls on with the
// final reply, or nil.
func (c *Call) ask(req *Message, on func(*Message)) {
	c.phone.ask(req, c.nextHop(), func(res *Message) {
		if res != nil && res.Status < 200 {
			return
		}
		if res != nil {
			if again := c.phone.authorized(req, res, c.dialog.cseq+1); again != nil {
				c.dialog.cseq++
				c.phone.ask(again, c.nextHop(), func(res *Message) {
					if res == nil || res.Status >= 200 {
						on(res)
					}
				})
				return
			}
		}
		on(res)
	})
}

// nextHop is the first route, else the target: that is how a wrong Contact of
// the server is noticed. A stream stays on its connection.
func (c *Call) nextHop() netip.AddrPort {
	if c.phone.opts.Transport == "tcp" {
		return c.dialog.peer
	}
	uri := c.dialog.target
	if len(c.dialog.routes) > 0 {
		uri = URIOf(c.dialog.routes[0])
	}
	if a, ok := addressOf(uri); ok {
		return a
	}
	return c.dialog.peer
}

// learn takes tag, target and route from an answer to our INVITE.
func (c *Call) learn(res *Message) {
	d := &c.dialog
	d.remote = res.Get("To")
	if contact := res.List("Contact"); len(contact) > 0 {
		d.target = URIOf(contact[0])
	}
	d.routes = res.List("Record-Route")
	slices.Reverse(d.routes)
}

// refresh takes a new target from an INVITE or UPDATE, either way (RFC 3261 §12.2).
func (c *Call) refresh(m *Message) {
	if contact := m.List("Contact"); len(contact) > 0 {
		c.dialog.target = URIOf(contact[0])
	}
}

// addressOf reads ip and port of a SIP URI; names are not resolved.
func addressOf(uri string) (netip.AddrPort, bool) {
	_, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return netip.AddrPort{}, false
	}
	if _, after, ok := strings.Cut(rest, "@"); ok {
		rest = after
	}
	rest, _, _ = strings.Cut(rest, ";")
	rest, _, _ = strings.Cut(rest, "?")
	if a, err := netip.ParseAddrPort(rest); err == nil {
		return a, true
	}
	if a, err := netip.ParseAddr(strings.Trim(rest, "[]")); err == nil {
		return netip.AddrPortFrom(a, 5060), true
	}
	return netip.AddrPort{}, false
}
