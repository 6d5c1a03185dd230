package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Stamp writes into the topmost Via where a request really came from, as RFC 3261
// §18.2.1 and RFC 3581 §4 ask for. The response goes to that source in any case:
// phones without rport sit behind address translation as well.
func Stamp(req *sip.Request, source netip.AddrPort) {
	via := req.Via()
	if via == nil {
		return
	}
	addr := source.Addr().Unmap().WithZone("").String()
	rport := -1
	for i, p := range via.Params {
		if strings.EqualFold(p.K, "rport") {
			rport = i
		}
	}
	if rport >= 0 {
		via.Params[rport] = sip.HeaderKV{K: "rport", V: strconv.Itoa(int(source.Port()))}
	}
	if rport >= 0 || via.Host != addr {
		via.Params.Remove("received")
		via.Params.Add("received", addr)
	}
}

// Refusal makes the answer that a verdict asks for, nil for silence. It needs no
// state: a retransmission gets the same To-tag.
func Refusal(req *sip.Request, v Verdict) *sip.Response {
	if v.Pass || v.Status == 0 || req.Method == sip.ACK {
		return nil
	}
	if to := req.To(); to != nil {
		if _, tagged := Param(to.Params, "tag"); !tagged {
			to.Params.Add("tag", statelessTag(req.String()))
		}
	}
	res := sip.NewResponseFromRequest(req, v.Status, Sanitise(v.Reason), nil)
	res.SipVersion = "SIP/2.0" // ours, whatever the request claims to be
	for _, h := range v.Headers {
		res.AppendHeader(h)
	}
	res.SetDestination(req.Source())
	return res
}

func statelessTag(message string) string {
	sum := sha256.Sum256([]byte(message))
	return hex.EncodeToString(sum[:8])
}

// Branch names the transaction of a request by the topmost Via: its branch, or,
// for one without RFC 3261's magic cookie, a name made of the fields that RFC
// 3261 §17.2.3 compares. An ACK and a CANCEL get the name of their INVITE.
func Branch(req *sip.Request) string {
	const cookie = "z9hG4bK"
	via := req.Via()
	if via == nil {
		return ""
	}
	if b, ok := Param(via.Params, "branch"); ok && len(b) > len(cookie) && strings.EqualFold(b[:len(cookie)], cookie) {
		return b
	}
	var key strings.Builder
	key.WriteString(req.Recipient.String() + "\n" + via.Value() + "\n")
	if h := req.From(); h != nil {
		tag, _ := Param(h.Params, "tag")
		key.WriteString(tag + "\n")
	}
	if h := req.CallID(); h != nil {
		key.WriteString(h.Value() + "\n")
	}
	if h := req.CSeq(); h != nil {
		key.WriteString(strconv.FormatUint(uint64(h.SeqNo), 10))
	}
	return "rfc2543-" + statelessTag(key.String())
}
