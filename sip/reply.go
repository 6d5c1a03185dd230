package sip

import (
	"github.com/emiago/sipgo/sip"

	"breakwater/sip/wire"
)

// reply is a response to req with tag in its To (RFC 3261 §8.2.6). The same tag
// serves every response to a request, CANCEL's too (libraries.md §2.11).
func reply(req *sip.Request, status int, tag string) *sip.Response {
	res := sip.NewResponse(status, reason(status))
	sip.CopyHeaders("Via", req, res) // stamped with its true source when it came
	if status > 100 && status < 300 && (req.IsInvite() || req.Method == sip.UPDATE) {
		sip.CopyHeaders("Record-Route", req, res)
	}
	res.AppendHeader(sip.HeaderClone(req.From()))
	to, _ := sip.HeaderClone(req.To()).(*sip.ToHeader)
	if _, has := wire.Param(to.Params, "tag"); !has && status > 100 && tag != "" {
		to.Params.Add("tag", tag)
	}
	res.AppendHeader(to)
	res.AppendHeader(sip.HeaderClone(req.CallID()))
	res.AppendHeader(sip.HeaderClone(req.CSeq()))
	if status == sip.StatusTrying {
		sip.CopyHeaders("Timestamp", req, res)
	}
	res.SetBody(nil)
	res.SetTransport(req.Transport())
	return res
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
