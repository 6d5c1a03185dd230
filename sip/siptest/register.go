package siptest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// registration is the phone's side of its bindings: one Call-ID, rising CSeq.
type registration struct {
	callID string
	cseq   uint32
}

// Registration is one REGISTER. The zero value registers the phone's own contact
// for Options.Expires.
type Registration struct {
	Contacts []string      // full Contact values, or "*"; default the phone's own; none at all with Query
	Query    bool          // send no Contact: ask for the bindings only
	Expires  time.Duration // Expires header; default Options.Expires; negative: 0, which removes
	NoHeader bool          // leave the Expires header out, as phones do that say it in the Contact
	Extra    []Header      // e.g. Path
	Again    bool          // use the last nonce again with the next count, instead of being challenged
}

// Refused is a final answer that is not 2xx.
type Refused struct {
	Method string
	Reply  *Message
}

func (r *Refused) Error() string { return fmt.Sprintf("%s refused: %s", r.Method, r.Reply) }

// StatusOf is the SIP status behind an error of this package; 0 when it is none.
func StatusOf(err error) int {
	var refused *Refused
	if errors.As(err, &refused) {
		return refused.Reply.Status
	}
	return 0
}

// Register registers, or renews, the phone's own contact. A challenge is
// answered once. The error is *Refused, ErrNoReply, ErrClosed or ctx's.
func (p *Phone) Register(ctx context.Context) error {
	_, err := p.RegisterAs(ctx, Registration{})
	return err
}

// Unregister removes the phone's own contact.
func (p *Phone) Unregister(ctx context.Context) error {
	_, err := p.RegisterAs(ctx, Registration{Expires: -1})
	return err
}

// Contact is the value that Register sends: several contacts of one phone are
// Registration.Contacts with parameters added to it, or several Phones of one name.
func (p *Phone) Contact() string { return p.contact() }

// RegisterAs sends one REGISTER, answers a challenge, and gives the final reply,
// which names the bindings. A reply that is not 2xx is the error *Refused, too.
func (p *Phone) RegisterAs(ctx context.Context, r Registration) (*Message, error) {
	if err := p.wire.reach(ctx, p.opts.Server); err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	got := make(chan *Message, 1)
	if err := p.do(ctx, func() { p.register(r, func(m *Message) { got <- m }) }); err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	reply, err := wait(ctx, p, got)
	return final("REGISTER", reply, err)
}

// final turns what ended a request into (reply, error).
func final(method string, reply *Message, err error) (*Message, error) {
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", method, err)
	case reply == nil:
		return nil, fmt.Errorf("%s: %w", method, ErrNoReply)
	case reply.Status >= 300:
		return reply, &Refused{method, reply}
	}
	return reply, nil
}

// register runs in the phone's goroutine; on gets the final reply or nil.
func (p *Phone) register(r Registration, on func(*Message)) {
	reg := &p.desk.register
	if reg.callID == "" {
		reg.callID = rand.Text() + "@" + p.opts.Local.String()
	}
	reg.cseq++
	aor := "<sip:" + p.opts.Name + "@" + host(p.opts.Server.Addr()) + ">"
	req := &Message{Method: "REGISTER", URI: "sip:" + p.opts.Server.String()}
	req.Add("Via", p.via())
	req.Add("Max-Forwards", "70")
	req.Add("From", aor+";tag="+rand.Text())
	req.Add("To", aor)
	req.Add("Call-ID", reg.callID)
	req.Add("CSeq", strconv.FormatUint(uint64(reg.cseq), 10)+" REGISTER")
	for _, contact := range p.contactsOf(r) {
		req.Add("Contact", contact)
	}
	if !r.NoHeader && !r.Query {
		expires := max(orElse(r.Expires, p.opts.Expires), 0)
		req.Add("Expires", strconv.Itoa(int(expires.Seconds())))
	}
	req.Add("User-Agent", "Breakwater siptest")
	req.Fields = append(req.Fields, r.Extra...)
	if r.Again {
		p.sign(req)
	}
	p.ask(req, p.opts.Server, func(res *Message) {
		if res != nil && res.Status < 200 {
			return
		}
		if res != nil {
			if again := p.authorized(req, res, reg.cseq+1); again != nil {
				reg.cseq++
				p.ask(again, p.opts.Server, func(res *Message) {
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

func (p *Phone) contactsOf(r Registration) []string {
	switch {
	case r.Query:
		return nil
	case r.Contacts != nil:
		return r.Contacts
	}
	return []string{p.contact()}
}
