package registrar

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
)

// binding is one contact of a phone. A refresh makes a new one; only the last two
// fields are ever edited, under the book's lock.
type binding struct {
	id      string
	uri     sip.Uri
	contact string // as sent, without expires
	q       int
	callID  string
	cseq    uint32
	path    []string
	routes  []sip.Uri
	source  Source
	agent   string

	refreshed time.Time
	expires   time.Time
	reachable bool
	nextProbe time.Time // zero = not planned yet
}

// target is what a caller needs of it.
func (x *binding) target(aor string) Target {
	return Target{
		AOR: aor, ID: x.id, URI: *x.uri.Clone(), Contact: x.contact, Routes: slices.Clone(x.routes), Source: x.source,
		UserAgent: x.agent, Q: x.q, Expires: x.expires, Reachable: x.reachable,
	}
}

// stored is a binding as the store keeps it. Names are short and never change
// their meaning: a newer server reads what an older one wrote.
type stored struct {
	URI       string         `json:"uri"`
	Contact   string         `json:"contact"`
	Q         int            `json:"q"`
	CallID    string         `json:"call_id"`
	CSeq      uint32         `json:"cseq"`
	Path      []string       `json:"path,omitempty"`
	Source    netip.AddrPort `json:"source"`
	Local     netip.AddrPort `json:"local"`
	Transport string         `json:"transport"`
	Conn      string         `json:"conn,omitempty"`
	Agent     string         `json:"agent,omitempty"`
	Refreshed time.Time      `json:"refreshed"`
}

// encode makes the binding opaque for everybody else.
func (x *binding) encode(aor string) (call.Binding, error) {
	wire, err := json.Marshal(stored{
		URI: x.uri.String(), Contact: x.contact, Q: x.q, CallID: x.callID, CSeq: x.cseq, Path: x.path,
		Source: x.source.Addr, Local: x.source.Local, Transport: x.source.Transport, Conn: x.source.Conn,
		Agent: x.agent, Refreshed: x.refreshed,
	})
	if err != nil {
		return call.Binding{}, fmt.Errorf("registrar: encode %s of %s: %w", x.id, aor, err)
	}
	return call.Binding{AOR: aor, ID: x.id, Expires: x.expires, Wire: wire}, nil
}

// decode reads what encode wrote.
func decode(b call.Binding) (*binding, error) {
	var s stored
	if err := json.Unmarshal(b.Wire, &s); err != nil {
		return nil, fmt.Errorf("registrar: decode %s of %s: %w", b.ID, b.AOR, err)
	}
	x := &binding{
		id: b.ID, contact: s.Contact, q: s.Q, callID: s.CallID, cseq: s.CSeq, path: s.Path, agent: s.Agent,
		source:    Source{Addr: s.Source, Local: s.Local, Transport: s.Transport, Conn: s.Conn},
		refreshed: s.Refreshed, expires: b.Expires, reachable: true,
	}
	if err := sip.ParseUri(s.URI, &x.uri); err != nil {
		return nil, fmt.Errorf("registrar: decode %s of %s: %w", b.ID, b.AOR, err)
	}
	routes, err := readPath(s.Path)
	if err != nil {
		return nil, fmt.Errorf("registrar: decode %s of %s: %w", b.ID, b.AOR, err)
	}
	x.routes = routes
	return x, nil
}

// Load fills an empty book from the store. What has expired is left out; what
// cannot be read is left out and named in the error. Phones count as reachable
// until an OPTIONS proves otherwise, and no Turn is told for them: see Phones.
func (b *Book) Load(now time.Time, bindings []call.Binding) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, s := range bindings {
		if !s.Expires.After(now) {
			continue
		}
		x, err := decode(s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		e := b.entry(s.AOR)
		e.bindings = append(e.bindings, x)
		e.told = true
	}
	for _, e := range b.phones {
		slices.SortStableFunc(e.bindings, func(x, y *binding) int { return x.refreshed.Compare(y.refreshed) })
	}
	return errors.Join(errs...)
}

// entry gives the phone's entry, a new one if need be.
func (b *Book) entry(aor string) *entry {
	e := b.phones[aor]
	if e == nil {
		e = &entry{}
		b.phones[aor] = e
	}
	return e
}

// readPath reads the route that a request to the contact must take (RFC 3327).
func readPath(path []string) ([]sip.Uri, error) {
	var routes []sip.Uri
	for _, p := range path {
		var uri sip.Uri
		var params sip.HeaderParams
		if _, err := sip.ParseAddressValue(p, &uri, &params); err != nil {
			return nil, fmt.Errorf("path %q: %w", p, err)
		}
		if !isSIP(uri) {
			return nil, fmt.Errorf("path %q is no SIP address", p)
		}
		routes = append(routes, uri)
	}
	return routes, nil
}

// isSIP tells whether requests can be sent to a URI.
func isSIP(u sip.Uri) bool {
	return (u.Scheme == "sip" || u.Scheme == "sips") && u.Host != "" && !u.Wildcard
}

// identity names a contact of a phone: the same text for what RFC 3261 §19.1.4
// calls the same address, or the flow where the phone names one (RFC 5626 §6).
func identity(u sip.Uri, instance, regID string) string {
	var key strings.Builder
	if instance != "" && regID != "" {
		key.WriteString("flow\n" + instance + "\n" + regID)
	} else {
		params := make([]string, 0, len(u.UriParams))
		for _, p := range u.UriParams {
			params = append(params, strings.ToLower(p.K)+"="+strings.ToLower(p.V))
		}
		slices.Sort(params)
		fmt.Fprintf(&key, "%s\n%s:%s\n%s\n%d\n%s", u.Scheme, u.User, u.Password, strings.ToLower(u.Host), u.Port, strings.Join(params, ";"))
	}
	sum := sha256.Sum256([]byte(key.String()))
	return hex.EncodeToString(sum[:12])
}
