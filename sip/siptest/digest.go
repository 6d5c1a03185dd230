package siptest

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// challenge is what a 401 or 407 asks for (RFC 7616 §3.3, RFC 8760).
type challenge struct {
	answerIn  string // the header that carries the answer
	realm     string
	nonce     string
	opaque    string
	algorithm string // as it was written; empty = MD5
	auth      bool   // qop=auth is offered
	count     int    // how often this nonce was used
}

// challengeIn picks a challenge we can answer: the preferred algorithm, else the
// first known one. nil when there is none.
func challengeIn(res *Message, prefer string) *challenge {
	ask, answer := "WWW-Authenticate", "Authorization"
	if res.Status == 407 {
		ask, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	var first *challenge
	for _, h := range res.Fields {
		if !strings.EqualFold(h.Name, ask) {
			continue
		}
		ch := parseChallenge(h.Value)
		if ch == nil || ch.hash() == nil {
			continue
		}
		ch.answerIn = answer
		if prefer != "" && strings.EqualFold(ch.algorithm, prefer) {
			return ch
		}
		if first == nil {
			first = ch
		}
	}
	return first
}

func parseChallenge(value string) *challenge {
	scheme, rest, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Digest") {
		return nil
	}
	ch := &challenge{}
	for _, part := range splitList(rest) {
		key, v, _ := strings.Cut(part, "=")
		v = strings.Trim(strings.TrimSpace(v), `"`)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "realm":
			ch.realm = v
		case "nonce":
			ch.nonce = v
		case "opaque":
			ch.opaque = v
		case "algorithm":
			ch.algorithm = v
		case "qop":
			for _, q := range splitList(v) {
				ch.auth = ch.auth || strings.EqualFold(q, "auth")
			}
		}
	}
	return ch
}

func (ch *challenge) hash() hash.Hash {
	switch strings.ToUpper(ch.algorithm) {
	case "", "MD5":
		return md5.New()
	case "SHA-256":
		return sha256.New()
	}
	return nil
}

// answer computes the value of the Authorization header and counts the use of
// the nonce.
func (ch *challenge) answer(user, password, method, uri string) string {
	ch.count++
	sum := func(parts ...string) string {
		h := ch.hash()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	secret, what := sum(user, ch.realm, password), sum(method, uri)
	line := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s"`, user, ch.realm, ch.nonce, uri)
	if ch.auth {
		nc, cnonce := fmt.Sprintf("%08x", ch.count), rand.Text()
		line += fmt.Sprintf(`, qop=auth, nc=%s, cnonce="%s", response="%s"`, nc, cnonce,
			sum(secret, ch.nonce, nc, cnonce, "auth", what))
	} else {
		line += fmt.Sprintf(`, response="%s"`, sum(secret, ch.nonce, what))
	}
	if ch.algorithm != "" {
		line += ", algorithm=" + ch.algorithm
	}
	if ch.opaque != "" {
		line += fmt.Sprintf(`, opaque="%s"`, ch.opaque)
	}
	return line
}

// AnswerChallenge gives the header that answers a 401 or 407 for a request, for those who write
// their messages themselves; false when nothing in it can be answered.
func AnswerChallenge(res *Message, user, password, method, uri string) (Header, bool) {
	ch := challengeIn(res, "")
	if ch == nil || (res.Status != 401 && res.Status != 407) {
		return Header{}, false
	}
	return Header{ch.answerIn, ch.answer(user, password, method, uri)}, true
}

// authorized gives the request once more with the answer to a 401 or 407, a new
// branch and the next CSeq; nil when there is no password, nothing answerable,
// or the request was already an answer to this nonce.
func (p *Phone) authorized(req, res *Message, cseq uint32) *Message {
	if p.opts.Password == "" || (res.Status != 401 && res.Status != 407) {
		return nil
	}
	ch := challengeIn(res, p.opts.Prefer)
	if ch == nil || strings.Contains(req.Get(ch.answerIn), `nonce="`+ch.nonce+`"`) {
		return nil
	}
	if req.Get(ch.answerIn) != "" && !stale(res) { // refused: the same password again changes nothing
		return nil
	}
	p.desk.nonce = ch
	again := req.clone()
	again.Set("Via", p.via())
	again.Set("CSeq", fmt.Sprintf("%d %s", cseq, req.Method))
	p.sign(again)
	return again
}

// sign answers the last challenge in advance, with the next nonce count.
func (p *Phone) sign(req *Message) {
	if ch := p.desk.nonce; ch != nil {
		req.Set(ch.answerIn, ch.answer(p.opts.Name, p.opts.Password, req.Method, req.URI))
	}
}

func stale(res *Message) bool {
	for _, name := range []string{"WWW-Authenticate", "Proxy-Authenticate"} {
		if strings.Contains(strings.ToLower(res.Get(name)), "stale=true") {
			return true
		}
	}
	return false
}
