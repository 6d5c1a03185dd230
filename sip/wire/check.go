package wire

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// What one message may be at most.
const (
	MaxMessage = 65535    // bytes; what a UDP datagram can hold
	maxHeaders = 128      // a phone sends 25
	maxValue   = 16 << 10 // bytes of one header
)

// Rules are what this server can do, for Check.
type Rules struct {
	Methods    []string // others are refused with 405
	Extensions []string // option tags that may stand in Require; others 420
	Bodies     []string // content types of INVITE and UPDATE, the preferred first; others 415
	// Ours tells whether a host (an IP without brackets, or a name) of a Via is
	// ours; nil = not checked. Only responses are asked.
	Ours func(host string) bool
}

// Verdict says what to do with a message.
type Verdict struct {
	Pass    bool
	Status  int          // when not Pass: the answer; 0 = silence
	Reason  string       // for the status line
	Headers []sip.Header // to add to the answer
	Why     string       // one or a few words, for a counter or a debug line
}

// Check judges a message that NewParser has read: its form first, then whether
// this server can do what it asks (RFC 3261 §8.2, RFC 4475). An ACK and a
// response never get an answer.
func Check(msg sip.Message, rules Rules) Verdict {
	switch m := msg.(type) {
	case *sip.Request:
		v := checkRequest(m, rules)
		if m.Method == sip.ACK {
			v.Status, v.Reason, v.Headers = 0, "", nil
		}
		return v
	case *sip.Response:
		return checkResponse(m, rules)
	}
	return Verdict{Why: "no message"}
}

func bad(why string) Verdict {
	return Verdict{Status: sip.StatusBadRequest, Reason: "Bad Request: " + why, Why: why}
}

func silence(why string) Verdict { return Verdict{Why: why} }

func checkRequest(req *sip.Request, rules Rules) Verdict {
	if !strings.EqualFold(req.SipVersion, "SIP/2.0") {
		return Verdict{Status: sip.StatusVersionNotSupported, Reason: "Version Not Supported", Why: "version"}
	}
	if why := checkForm(req, req.Headers()); why != "" {
		return bad(why)
	}
	if !strings.EqualFold(string(req.CSeq().MethodName), string(req.Method)) {
		return bad("CSeq names another method")
	}
	if v := checkTarget(req); !v.Pass {
		return v
	}
	if !holds(rules.Methods, string(req.Method)) {
		allow := sip.NewHeader("Allow", strings.Join(rules.Methods, ", "))
		return Verdict{Status: sip.StatusMethodNotAllowed, Reason: "Method Not Allowed", Headers: []sip.Header{allow}, Why: "method"}
	}
	if v := checkExtensions(req, rules); !v.Pass {
		return v
	}
	return checkBody(req, rules)
}

// checkForm says what is wrong with the headers of any message; "" = nothing. What
// NewParser read as a type of its own is well formed and, by Screen, neither too long nor
// of more than one line: it is only counted.
func checkForm(msg sip.Message, headers []sip.Header) string {
	if len(headers) > maxHeaders {
		return "too many headers"
	}
	var n census
	for _, h := range headers {
		if n.count(h) {
			continue
		}
		name, value := h.Name(), h.Value()
		switch {
		case !token(name):
			return "a header name that is none"
		case len(value) > maxValue:
			return "a header too long"
		case strings.ContainsAny(value, "\r\n\x00"):
			return "a line end or NUL in " + name
		case typed(name):
			return name + " cannot be read"
		case strings.EqualFold(name, "Date") && !strings.HasSuffix(value, "GMT"):
			return "Date is not GMT"
		case strings.EqualFold(name, "Expires"):
			n.expires++
		}
	}
	if why := n.verdict(); why != "" {
		return why
	}
	if length := msg.ContentLength(); length != nil && int(*length) != len(msg.Body()) {
		return "Content-Length is not the body's"
	}
	return ""
}

// census counts the headers of which there must be one, or at most one.
type census struct {
	via, from, to, callID, cseq                      int
	maxForwards, contentLength, contentType, expires int
}

// count tells whether h is of a type of its own.
func (n *census) count(h sip.Header) bool {
	switch h.(type) {
	case *sip.ViaHeader:
		n.via++
	case *sip.FromHeader:
		n.from++
	case *sip.ToHeader:
		n.to++
	case *sip.CallIDHeader:
		n.callID++
	case *sip.CSeqHeader:
		n.cseq++
	case *sip.MaxForwardsHeader:
		n.maxForwards++
	case *sip.ContentLengthHeader:
		n.contentLength++
	case *sip.ContentTypeHeader:
		n.contentType++
	case *sip.ContactHeader, *sip.RouteHeader, *sip.RecordRouteHeader, *sip.ReferToHeader, *sip.ReferredByHeader:
	default:
		return false
	}
	return true
}

func (n *census) verdict() string {
	switch {
	case n.from != 1:
		return "not exactly one From"
	case n.to != 1:
		return "not exactly one To"
	case n.callID != 1:
		return "not exactly one Call-ID"
	case n.cseq != 1:
		return "not exactly one CSeq"
	case n.maxForwards > 1:
		return "more than one Max-Forwards"
	case n.contentLength > 1:
		return "more than one Content-Length"
	case n.contentType > 1:
		return "more than one Content-Type"
	case n.expires > 1:
		return "more than one Expires"
	case n.via == 0:
		return "no Via"
	}
	return ""
}

// checkTarget looks at where the request wants to go.
func checkTarget(req *sip.Request) Verdict {
	u := &req.Recipient
	switch {
	case !token(u.Scheme), !plainURI(u):
		return bad("Request-URI")
	case u.Scheme != "sip" && u.Scheme != "sips":
		return unsupportedScheme()
	case u.Host == "", u.Port < 0, u.Port > 65535, len(u.Headers) > 0:
		return bad("Request-URI")
	}
	// A request for a user would have to be sent on; one for ourselves may end
	// here, as may everything inside a dialog.
	hops := req.MaxForwards()
	if hops == nil || hops.Val() > 0 || u.User == "" || inDialog(req) {
		return Verdict{Pass: true}
	}
	if req.Method == sip.ACK || req.Method == sip.CANCEL || req.Method == sip.REGISTER {
		return Verdict{Pass: true}
	}
	return Verdict{Status: sip.StatusTooManyHops, Reason: "Too Many Hops", Why: "hops"}
}

// plainURI tells whether u is plain in all its parts.
func plainURI(u *sip.Uri) bool {
	for _, params := range []sip.HeaderParams{u.UriParams, u.Headers} {
		for _, p := range params {
			if !plain(p.K) || !plain(p.V) {
				return false
			}
		}
	}
	return plain(u.User) && plain(u.Password) && plain(u.Host) && plain(u.Raw())
}

// unsupportedScheme is RFC 3261 §21.4.14, for which sipgo has no name.
func unsupportedScheme() Verdict {
	return Verdict{Status: 416, Reason: "Unsupported URI Scheme", Why: "scheme"}
}

func inDialog(req *sip.Request) bool {
	_, ok := Param(req.To().Params, "tag")
	return ok
}

// checkExtensions refuses what the sender insists on and we cannot do. ACK and
// CANCEL are above that (RFC 3261 §8.2.2.3).
func checkExtensions(req *sip.Request, rules Rules) Verdict {
	if req.Method == sip.ACK || req.Method == sip.CANCEL {
		return Verdict{Pass: true}
	}
	var unsupported []string
	for tag := range elements(req, "Require") {
		if !holds(rules.Extensions, tag) {
			unsupported = append(unsupported, Sanitise(tag))
		}
	}
	for tag := range elements(req, "Proxy-Require") {
		unsupported = append(unsupported, Sanitise(tag))
	}
	if len(unsupported) == 0 {
		return Verdict{Pass: true}
	}
	list := sip.NewHeader("Unsupported", strings.Join(unsupported, ", "))
	return Verdict{Status: sip.StatusBadExtension, Reason: "Bad Extension", Headers: []sip.Header{list}, Why: "extension"}
}

// checkBody looks at the bodies that carry a session description; those of INFO,
// NOTIFY and MESSAGE are judged by whoever knows them.
func checkBody(req *sip.Request, rules Rules) Verdict {
	if req.Method != sip.INVITE && req.Method != sip.UPDATE {
		return Verdict{Pass: true}
	}
	if accept := Tokens(req, "Accept"); len(accept) > 0 && !accepts(accept, rules.Bodies) {
		return bad("Accept leaves no session description")
	}
	if len(req.Body()) == 0 {
		return Verdict{Pass: true}
	}
	if encoding := Tokens(req, "Content-Encoding"); len(encoding) > 0 && !strings.EqualFold(encoding[0], "identity") {
		return unsupportedMedia(sip.NewHeader("Accept-Encoding", "identity"))
	}
	if kind := mediaType(req); holds(rules.Bodies, kind) {
		return Verdict{Pass: true}
	}
	if _, found := Description(req); found || optionalBody(req) {
		return Verdict{Pass: true}
	}
	return unsupportedMedia(sip.NewHeader("Accept", strings.Join(rules.Bodies, ", ")))
}

func unsupportedMedia(h sip.Header) Verdict {
	return Verdict{Status: sip.StatusUnsupportedMediaType, Reason: "Unsupported Media Type", Headers: []sip.Header{h}, Why: "body"}
}

// accepts tells whether an Accept header leaves one of our types.
func accepts(ranges, types []string) bool {
	for _, r := range ranges {
		r, _, _ = strings.Cut(r, ";")
		r = strings.Trim(r, " \t")
		for _, t := range types {
			kind, _, _ := strings.Cut(t, "/")
			if r == "*/*" || strings.EqualFold(r, t) || strings.EqualFold(r, kind+"/*") {
				return true
			}
		}
	}
	return false
}

// optionalBody: the sender does not mind if nobody reads it (RFC 3261 §20.11).
func optionalBody(req *sip.Request) bool {
	h := req.GetHeader("Content-Disposition")
	return h != nil && strings.Contains(strings.ToLower(strings.ReplaceAll(h.Value(), " ", "")), "handling=optional")
}

// checkResponse: a response that is not for us, or not to be read, is dropped.
func checkResponse(res *sip.Response, rules Rules) Verdict {
	if !strings.EqualFold(res.SipVersion, "SIP/2.0") || res.StatusCode < 100 || res.StatusCode > 699 {
		return silence("status line")
	}
	if why := checkForm(res, res.Headers()); why != "" {
		return silence(why)
	}
	// We are no proxy: a second Via means that it was for somebody behind us
	// (RFC 3261 §8.1.3.3).
	vias := 0
	for _, h := range res.Headers() {
		if _, is := h.(*sip.ViaHeader); is {
			vias++
		}
	}
	if vias != 1 {
		return silence("more than our Via")
	}
	if via := res.Via(); rules.Ours != nil && !rules.Ours(via.Host) {
		return silence("not our Via")
	}
	return Verdict{Pass: true}
}

func holds(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}
