package digest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	arithmetic "github.com/icholy/digest"
)

// ErrRejected means that the peer refused our password: asking again would only
// get us locked out.
var ErrRejected = errors.New("digest: the peer rejected our credentials")

// ErrNoChallenge means that no challenge can be answered: another scheme, an
// unknown algorithm, or none at all.
var ErrNoChallenge = errors.New("digest: no challenge that can be answered")

// Client proves us to one peer. It keeps the newest challenge, so that later
// requests carry their proof at once. It is safe for concurrent use.
type Client struct {
	user, password string

	mu        sync.Mutex
	challenge *arithmetic.Challenge // nil before the first
	count     int
}

// NewClient makes a client of an account.
func NewClient(user, password string) *Client { return &Client{user: user, password: password} }

// Challenged takes the values of the WWW-Authenticate or Proxy-Authenticate
// headers of a 401 or 407. used is the Authorization that the refused request
// carried, empty for none. nil means: send the request again with Authorization.
func (c *Client) Challenged(values []string, used string) error {
	next, ok := firstChallenge(values)
	if !ok {
		return ErrNoChallenge
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if used != "" && !next.Stale && rejected(used, next) {
		return ErrRejected
	}
	if c.challenge == nil || c.challenge.Nonce != next.Nonce {
		c.challenge, c.count = next, 0
	}
	return nil
}

// Authorization is the header value for one request, false before any
// challenge. Every call uses up a count: a retransmission must repeat its
// request, not ask again.
func (c *Client) Authorization(method, uri string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.challenge == nil {
		return "", false
	}
	c.count++
	creds, err := arithmetic.Digest(c.challenge, arithmetic.Options{
		Method: method, URI: uri, Username: c.user, Password: c.password, Count: c.count,
	})
	if err != nil {
		return "", false
	}
	v := "Digest username=" + quote(creds.Username) + ", realm=" + quote(creds.Realm) + ", nonce=" + quote(creds.Nonce) +
		", uri=" + quote(creds.URI) + `, response="` + creds.Response + `"`
	if creds.Algorithm != "" {
		v += ", algorithm=" + creds.Algorithm
	}
	if creds.QOP != "" {
		v += ", cnonce=" + quote(creds.Cnonce) + ", qop=auth, nc=" + fmt.Sprintf("%08x", creds.Nc)
	}
	if creds.Opaque != "" {
		v += ", opaque=" + quote(creds.Opaque)
	}
	return v, true
}

// rejected tells whether a challenge that does not say stale means a wrong
// password. A peer that restarted has forgotten its nonces and may fail to say
// stale: credentials of an older exchange (count above one) get one more try.
func rejected(used string, next *arithmetic.Challenge) bool {
	f, err := readFields(used)
	if err != nil || f["realm"] != next.Realm {
		return false
	}
	return f["nonce"] == next.Nonce || f["nc"] == "" || f["nc"] == "00000001"
}

// firstChallenge gives the first that we can answer: the peer states its order
// of preference (RFC 8760 §2.3).
func firstChallenge(values []string) (*arithmetic.Challenge, bool) {
	for _, v := range values {
		f, err := readFields(v)
		if err != nil || f["nonce"] == "" || strings.EqualFold(f["userhash"], "true") {
			continue
		}
		ch := &arithmetic.Challenge{
			Realm: f["realm"], Nonce: f["nonce"], Opaque: f["opaque"],
			Stale: strings.EqualFold(f["stale"], "true"), Algorithm: f["algorithm"],
		}
		if !slices.Contains([]string{"", "MD5", "SHA-256", "SHA-512-256"}, strings.ToUpper(ch.Algorithm)) {
			continue
		}
		if offered, given := f["qop"]; given {
			if !slices.Contains(strings.FieldsFunc(strings.ToLower(offered), func(r rune) bool { return r == ',' || r == ' ' }), "auth") {
				continue
			}
			ch.QOP = []string{"auth"}
		}
		return ch, true
	}
	return nil, false
}
