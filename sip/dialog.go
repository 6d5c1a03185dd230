package sip

import (
	"errors"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/wire"
)

// dialog is the state two ends share after an INVITE (RFC 3261 §12): pure, no
// clock, no socket. It belongs to its leg. Its URIs share their parameters with the
// messages they came by and go by: nobody changes those.
type dialog struct {
	callID string
	local  party // us, as From of our requests
	remote party
	target sip.Uri   // the peer's Contact
	routes []sip.Uri // in the order in which our requests pass them
	sent   uint32    // CSeq of our last request
	seen   uint32    // CSeq of the peer's last request; 0 = none yet
}

// party is one end as From and To write it.
type party struct {
	name string // display name
	uri  sip.Uri
	tag  string
}

var (
	errNoContact  = errors.New("no Contact to reach the peer by")
	errOutOfOrder = errors.New("CSeq is lower than that of a request before") // RFC 3261 §12.2.2: 500
)

// incomingDialog is the dialog that an INVITE to us makes, once we gave it tag.
func incomingDialog(req *sip.Request, tag string) (*dialog, error) {
	contact := wire.Contact(req)
	if contact == nil || contact.Address.Host == "" {
		return nil, errNoContact
	}
	d := &dialog{
		callID: req.CallID().Value(),
		local:  party{name: req.To().DisplayName, uri: req.To().Address, tag: tag},
		remote: fromParty(req),
		target: contact.Address,
		seen:   req.CSeq().SeqNo,
	}
	for _, h := range req.GetHeaders("record-route") {
		if rr, ok := h.(*sip.RecordRouteHeader); ok {
			d.routes = append(d.routes, rr.Address)
		}
	}
	return d, nil
}

// outgoingDialog is the dialog that a response to our INVITE makes.
func outgoingDialog(callID string, local party, seq uint32, res *sip.Response) (*dialog, error) {
	contact := wire.Contact(res)
	if contact == nil || contact.Address.Host == "" {
		return nil, errNoContact
	}
	tag, _ := wire.Param(res.To().Params, "tag")
	d := &dialog{
		callID: callID,
		local:  local,
		remote: party{name: res.To().DisplayName, uri: res.To().Address, tag: tag},
		target: contact.Address,
		sent:   seq,
	}
	rr := res.GetHeaders("record-route")
	for i := len(rr) - 1; i >= 0; i-- { // reversed (RFC 3261 §12.1.2)
		if h, ok := rr[i].(*sip.RecordRouteHeader); ok {
			d.routes = append(d.routes, h.Address)
		}
	}
	return d, nil
}

func fromParty(req *sip.Request) party {
	tag, _ := wire.Param(req.From().Params, "tag")
	return party{name: req.From().DisplayName, uri: req.From().Address, tag: tag}
}

// owns tells whether an in-dialog request of the peer is of this dialog.
func (d *dialog) owns(req *sip.Request) bool {
	to, _ := wire.Param(req.To().Params, "tag")
	from, _ := wire.Param(req.From().Params, "tag")
	return to == d.local.tag && from == d.remote.tag
}

// accept checks the order of a request of the peer. ACK and CANCEL repeat the
// number of their INVITE and are not asked.
func (d *dialog) accept(req *sip.Request) error {
	n := req.CSeq().SeqNo
	if d.seen != 0 && n <= d.seen {
		return errOutOfOrder
	}
	d.seen = n
	return nil
}

// refresh follows the peer's new Contact (RFC 3261 §12.2.1.2, RFC 3311 §5.2).
func (d *dialog) refresh(contact *sip.ContactHeader) {
	if contact != nil && contact.Address.Host != "" {
		d.target = contact.Address
	}
}

// request is the next request of ours, without Via and Contact.
func (d *dialog) request(method sip.RequestMethod) *sip.Request {
	d.sent++
	return d.build(method, d.sent)
}

// ack is the ACK for the 2xx of our INVITE with CSeq seq.
func (d *dialog) ack(seq uint32) *sip.Request { return d.build(sip.ACK, seq) }

func (d *dialog) build(method sip.RequestMethod, seq uint32) *sip.Request {
	target, routes := d.path()
	req := sip.NewRequest(method, target)
	for _, r := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: r})
	}
	req.AppendHeader(maxForwards())
	from := &sip.FromHeader{DisplayName: d.local.name, Address: d.local.uri}
	from.Params.Add("tag", d.local.tag)
	to := &sip.ToHeader{DisplayName: d.remote.name, Address: d.remote.uri}
	if d.remote.tag != "" { // a peer of RFC 2543 has none
		to.Params.Add("tag", d.remote.tag)
	}
	callID := sip.CallIDHeader(d.callID)
	req.AppendHeader(from)
	req.AppendHeader(to)
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	noBody(req)
	return req
}

// path is the Request-URI and the Route headers. A first hop without lr is a strict
// router: it wants itself in the Request-URI and the target last (RFC 3261 §12.2.1.1).
func (d *dialog) path() (sip.Uri, []sip.Uri) {
	if len(d.routes) == 0 {
		return d.target, nil
	}
	if _, loose := wire.Param(d.routes[0].UriParams, "lr"); loose {
		return d.target, d.routes
	}
	rest := append([]sip.Uri{}, d.routes[1:]...)
	return d.routes[0], append(rest, d.target)
}

// next is the URI whose host the next request goes to.
func (d *dialog) next() sip.Uri {
	if len(d.routes) > 0 {
		return d.routes[0]
	}
	return d.target
}
