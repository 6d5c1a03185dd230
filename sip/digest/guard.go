// Package digest proves who sends a request, by a password that never travels
// (RFC 7616 as SIP uses it, RFC 3261 §22). Guard asks and judges; Client answers
// carriers that ask us. Neither keeps accounts, sends or logs anything.
package digest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	arithmetic "github.com/icholy/digest"
)

// Account is what a Guard must know of a peer.
type Account struct {
	User     string
	Password string
	Mode     Mode
}

// Request is what a Guard judges.
type Request struct {
	Method string
	URI    string // the Request-URI as received
	// Authorization holds every Authorization header (or Proxy-Authorization,
	// where the challenge was a 407).
	Authorization []string
	// Claimed is who the sender says it is when it shows no credentials, usually
	// the user of From: it only decides which algorithms the challenge names.
	Claimed string
}

// Verdict is the answer to a request.
type Verdict struct {
	OK   bool
	User string // who it is; set only when OK
	// Tried is the name that was given with a wrong proof, for a log; it may hold anything.
	Tried string
	// Challenges are the values of WWW-Authenticate (401) or Proxy-Authenticate
	// (407) headers, in order, one header each. Empty when OK.
	Challenges []string
	Stale      bool // the password was right, only the nonce was not
	// Reason is one word for a counter: none, malformed, wrong, stale, replay.
	// It must never reach the wire.
	Reason string
}

// The reasons of a Verdict that is not OK.
const (
	ReasonNone      = "none"      // no credentials for our realm: a first request
	ReasonMalformed = "malformed" // not to be read, or not what we asked for
	ReasonWrong     = "wrong"     // no such user, or another password: the same to us
	ReasonStale     = "stale"     // right password, nonce too old or from before a restart
	ReasonReplay    = "replay"    // right password, but this very count was used before
)

// Guard challenges and judges. It is safe for concurrent use.
type Guard struct {
	realm string
	decoy []byte // key of the invented accounts of unknown users
	mint  mint
	seen  *windows
}

// Lifetime is how long a nonce may be used. Long, because its count protects it
// against replay and every renewal costs a phone a round trip.
const Lifetime = 30 * time.Minute

// maxWindows bounds the memory: one window per phone that authenticated lately.
const maxWindows = 32768

// NewGuard makes a guard of realm. key is secret and at least 16 random bytes; a
// new one at each start is right, because counts do not outlive the process.
func NewGuard(realm string, key []byte) *Guard {
	derive := func(label string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(label))
		return h.Sum(nil)
	}
	return &Guard{
		realm: realm,
		decoy: derive("decoy"),
		mint:  mint{key: derive("nonce")},
		seen:  newWindows(maxWindows),
	}
}

// Challenge gives the header values that ask a peer of mode m to prove itself.
func (g *Guard) Challenge(now time.Time, m Mode, stale bool) []string {
	nonce := g.mint.issue(now)
	values := make([]string, 0, 2)
	for _, algorithm := range m.algorithms() {
		v := "Digest realm=" + quote(g.realm) + `, nonce="` + nonce + `", `
		if stale {
			v += "stale=true, "
		}
		values = append(values, v+"algorithm="+algorithm+`, qop="auth"`)
	}
	return values
}

// Check judges a request. find gives the account of a user; for one it does not
// know it returns false, and whatever Mode it returns then is what the stranger
// is challenged with (see DecoyMode). An unknown user costs the same work and
// gets the same answer as a known one with another password.
func (g *Guard) Check(now time.Time, r Request, find func(user string) (Account, bool)) Verdict {
	c, reason := g.credentials(r)
	if reason != "" {
		a, _ := find(r.Claimed)
		return Verdict{Tried: c.user, Challenges: g.Challenge(now, a.Mode, false), Reason: reason}
	}
	account, known := find(c.user)
	if !known {
		account.Password = g.invent(c.user)
	}
	algorithm, allowed := account.Mode.allows(c.algorithm)
	right := c.proves(r.Method, account.Password, algorithm)
	issued, genuine := g.mint.read(c.nonce)
	fresh := genuine && !issued.After(now) && now.Sub(issued) <= Lifetime
	switch {
	case !known || !allowed || !right:
		return Verdict{Tried: c.user, Challenges: g.Challenge(now, account.Mode, false), Reason: ReasonWrong}
	case !fresh:
		return Verdict{Challenges: g.Challenge(now, account.Mode, true), Stale: true, Reason: ReasonStale}
	case !g.seen.use(now, c.nonce, issued, c.count):
		return Verdict{Challenges: g.Challenge(now, account.Mode, true), Stale: true, Reason: ReasonReplay}
	}
	return Verdict{OK: true, User: c.user}
}

// DecoyMode picks for an unknown user one of the modes that real users have, the
// same at every try, so that a challenge does not tell who exists. modes holds
// one entry per real account, in any stable order.
func (g *Guard) DecoyMode(user string, modes []Mode) Mode {
	if len(modes) == 0 {
		return MD5
	}
	sum := g.sum(user)
	n := uint(sum[0])<<16 | uint(sum[1])<<8 | uint(sum[2])
	return modes[n%uint(len(modes))]
}

// invent gives an unknown user a password that nobody can guess, the same at every try.
func (g *Guard) invent(user string) string { return hex.EncodeToString(g.sum(user)) }

func (g *Guard) sum(user string) []byte {
	h := hmac.New(sha256.New, g.decoy)
	h.Write([]byte(user))
	return h.Sum(nil)
}

// credentials is an Authorization header that answers a challenge of ours.
type credentials struct {
	user, nonce, uri, response, algorithm, cnonce, qop, realm string
	count                                                     uint32 // 0 = without qop
}

// credentials finds those of our realm and checks their form. A non-empty reason
// means that there are none to judge.
func (g *Guard) credentials(r Request) (c credentials, reason string) {
	reason = ReasonNone
	for _, header := range r.Authorization {
		f, err := readFields(header)
		if err != nil {
			if !errors.Is(err, errNotDigest) {
				reason = ReasonMalformed
			}
			continue
		}
		if f["realm"] != g.realm {
			continue
		}
		c = credentials{
			user: f["username"], nonce: f["nonce"], uri: f["uri"], response: strings.ToLower(f["response"]),
			algorithm: f["algorithm"], cnonce: f["cnonce"], qop: strings.ToLower(f["qop"]), realm: g.realm,
		}
		if !c.formed(f["nc"]) || !sameURI(c.uri, r.URI) {
			return c, ReasonMalformed
		}
		return c, ""
	}
	return c, reason
}

// formed checks what belongs together. qop=auth-int is refused because we never
// offer it; no qop at all is what clients of RFC 2069 send, once per nonce.
func (c *credentials) formed(nc string) bool {
	if c.user == "" || c.nonce == "" || c.uri == "" || len(c.response) > 64 {
		return false
	}
	switch c.qop {
	case "":
		return nc == "" && c.cnonce == ""
	case "auth":
		n, err := strconv.ParseUint(nc, 16, 32)
		c.count = uint32(n)
		return err == nil && len(nc) == 8 && n > 0 && c.cnonce != ""
	}
	return false
}

// proves computes what the response must be and compares in constant time.
func (c *credentials) proves(method, password, algorithm string) bool {
	challenge := arithmetic.Challenge{Realm: c.realm, Nonce: c.nonce, Algorithm: algorithm}
	if c.qop != "" {
		challenge.QOP = []string{"auth"}
	}
	want, err := arithmetic.Digest(&challenge, arithmetic.Options{
		Method: method, URI: c.uri, Username: c.user, Password: password, Cnonce: c.cnonce, Count: int(c.count),
	})
	if err != nil {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(want.Response), []byte(c.response)) == 1
}

// sameURI tells whether the uri that was signed is the Request-URI. Ports and
// parameters may differ: phones and proxies add and drop them on the way.
func sameURI(signed, requested string) bool {
	return signed == requested || bareURI(signed) == bareURI(requested)
}

// bareURI is scheme:user@host, with scheme and host in lower case.
func bareURI(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return uri
	}
	user, host := "", rest
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, host = rest[:at+1], rest[at+1:]
	}
	if end := strings.IndexAny(host, ";?"); end >= 0 {
		host = host[:end]
	}
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host = host[:colon]
	}
	user, _, _ = strings.Cut(user, ";")
	return strings.ToLower(scheme) + ":" + strings.TrimSuffix(user, "@") + "@" + strings.ToLower(host)
}
