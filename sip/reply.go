package sip

import (
	"github.com/emiago/sipgo/sip"

	"breakwater/sip/wire"
)

// reply is a response to req with tag in its To (RFC 3261 §8.2.6). The same tag
// serves every response to a request, CANCEL's too (libraries.md §2.11). It shares the
// headers that it repeats with req.
func reply(req *sip.Request, status int, tag string) *sip.Response {
	res := sip.NewResponse(status, reason(status))
	share[*sip.ViaHeader](req, res) // stamped with its true source when it came
	if status > 100 && status < 300 && (req.IsInvite() || req.Method == sip.UPDATE) {
		share[*sip.RecordRouteHeader](req, res)
	}
	res.AppendHeader(req.From())
	res.AppendHeader(tagged(req.To(), status, tag))
	res.AppendHeader(req.CallID())
	res.AppendHeader(req.CSeq())
	if status == sip.StatusTrying {
		for at := range wire.Values(req, "Timestamp") {
			res.AppendHeader(sip.NewHeader("Timestamp", at))
		}
	}
	noBody(res)
	return res
}

// share lets a response have a request's headers of a kind. They are nobody's to change
// once the request was taken.
func share[H sip.Header](req *sip.Request, res *sip.Response) {
	for _, h := range req.Headers() {
		if _, of := h.(H); of {
			res.AppendHeader(h)
		}
	}
}

// tagged is the To of a response: the request's, and what it lacks.
func tagged(to *sip.ToHeader, status int, tag string) *sip.ToHeader {
	if _, has := wire.Param(to.Params, "tag"); has || status <= 100 || tag == "" {
		return to
	}
	params := make(sip.HeaderParams, len(to.Params), len(to.Params)+1)
	copy(params, to.Params)
	return &sip.ToHeader{DisplayName: to.DisplayName, Address: to.Address, Params: append(params, sip.HeaderKV{K: "tag", V: tag})}
}

// noBody says that there is none, in a message that has said nothing of it yet.
func noBody(m sip.Message) {
	length := sip.ContentLengthHeader(0)
	m.AppendHeader(&length)
}

// reason is the phrase of a status (RFC 3261 §21 and the RFCs that add to it).
func reason(status int) string {
	if text, ok := reasons[status]; ok {
		return text
	}
	switch {
	case status < 200:
		return "Progress"
	case status < 300:
		return "OK"
	case status < 400:
		return "Redirect"
	case status < 500:
		return "Request Failure"
	case status < 600:
		return "Server Failure"
	}
	return "Global Failure"
}

var reasons = map[int]string{
	100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted",
	400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
	406: "Not Acceptable", 408: "Request Timeout", 413: "Request Entity Too Large", 415: "Unsupported Media Type",
	416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required", 422: "Session Interval Too Small",
	423: "Interval Too Brief", 480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist",
	482: "Loop Detected", 483: "Too Many Hops", 484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated",
	488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 500: "Server Internal Error",
	501: "Not Implemented", 503: "Service Unavailable", 505: "Version Not Supported", 513: "Message Too Large",
	600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}
