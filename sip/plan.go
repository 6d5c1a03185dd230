package sip

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/digest"
	"breakwater/sip/wire"
)

// rules are a Plan made ready for use. They never change; a config edit swaps them.
type rules struct {
	settings Settings
	phones   map[string]PhoneSpec
	trunks   map[string]*trunk
	byName   []*trunk // in the order of their names, so that the same one is found each time
	local    []netip.Prefix
	modes    []digest.Mode // of all accounts, so that a stranger is asked like one of them
	guard    *digest.Guard
}

// trunk is a TrunkSpec at work. It lives as long as its spec does not change.
type trunk struct {
	spec     TrunkSpec
	prefixes []netip.Prefix
	proof    proof
	resolved atomic.Pointer[[]netip.Addr] // of the proxy: a provider calls from where we register
}

// proof is how we answer a trunk's challenges.
type proof struct {
	client *digest.Client // nil without an account
	proxy  atomic.Bool    // its challenge was a 407
}

// newRules checks a plan and makes it ready. Parts of before that did not change
// are kept: nonces stay good and trunks stay registered.
func newRules(p Plan, before *rules) (*rules, error) {
	r := &rules{settings: p.Settings.WithDefaults(), phones: map[string]PhoneSpec{}, trunks: map[string]*trunk{}}
	problems := faults("sip", r.settings.Check())
	for _, n := range r.settings.LocalNets {
		if p, err := prefix(n); err == nil {
			r.local = append(r.local, p)
		}
	}
	for name, spec := range p.Phones {
		spec.Name = name
		problems = append(problems, faults("phones."+name, spec.Check())...)
		r.phones[name] = spec.WithDefaults()
	}
	for name, spec := range p.Trunks {
		spec.Name = name
		problems = append(problems, faults("trunks."+name, spec.Check())...)
		r.trunks[name] = keepTrunk(spec.WithDefaults(), before)
	}
	for _, name := range slices.Sorted(maps.Keys(r.trunks)) {
		r.byName = append(r.byName, r.trunks[name])
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	for _, name := range slices.Sorted(maps.Keys(r.phones)) {
		mode, _ := digest.ParseMode(r.phones[name].Digest)
		r.modes = append(r.modes, mode)
	}
	if before != nil && before.settings.Realm == r.settings.Realm {
		r.guard = before.guard
		return r, nil
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails since Go 1.24
	r.guard = digest.NewGuard(r.settings.Realm, key)
	return r, nil
}

func faults(where string, wrong map[string]string) []error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(wrong)) {
		errs = append(errs, fmt.Errorf("%s.%s %s", where, key, wrong[key]))
	}
	return errs
}

func keepTrunk(spec TrunkSpec, before *rules) *trunk {
	if before != nil {
		if t := before.trunks[spec.Name]; t != nil && sameTrunk(t.spec, spec) {
			return t
		}
	}
	t := &trunk{spec: spec}
	for _, a := range spec.Addresses {
		if p, err := prefix(a); err == nil {
			t.prefixes = append(t.prefixes, p)
		}
	}
	if spec.User != "" {
		t.proof.client = digest.NewClient(spec.User, spec.Password)
	}
	return t
}

func sameTrunk(a, b TrunkSpec) bool {
	addresses := slices.Equal(a.Addresses, b.Addresses)
	a.Addresses, b.Addresses = nil, nil
	return addresses && fmt.Sprint(a) == fmt.Sprint(b)
}

// trunkAt finds the trunk that calls from an address: the longest prefix, then
// the resolved proxies.
func (r *rules) trunkAt(a netip.Addr) *trunk {
	var best *trunk
	bits := -1
	for _, t := range r.byName {
		for _, p := range t.prefixes {
			if p.Contains(a) && p.Bits() > bits {
				best, bits = t, p.Bits()
			}
		}
		if list := t.resolved.Load(); best == nil && list != nil && slices.Contains(*list, a) {
			best = t
		}
	}
	return best
}

// trunkPrefixes is where trunks may call from. Addresses found by resolving a proxy
// are not among them: they change, and a provider's rate is below ours.
func (r *rules) trunkPrefixes() []netip.Prefix {
	var all []netip.Prefix
	for _, t := range r.trunks {
		all = append(all, t.prefixes...)
	}
	return all
}

// account is the find of digest.Guard: phones by name, trunks by their user.
func (r *rules) account(user string) (digest.Account, bool) {
	if p, ok := r.phones[user]; ok {
		mode, _ := digest.ParseMode(p.Digest)
		return digest.Account{User: user, Password: p.Password, Mode: mode}, true
	}
	if t := r.trunkOf(user); t != nil {
		mode, _ := digest.ParseMode(t.spec.Digest)
		return digest.Account{User: user, Password: t.spec.Password, Mode: mode}, true
	}
	return digest.Account{Mode: r.guard.DecoyMode(user, r.modes)}, false
}

func (r *rules) trunkOf(user string) *trunk {
	for _, t := range r.byName {
		if t.spec.User == user && user != "" {
			return t
		}
	}
	return nil
}

// prove adds our credentials to a request to a trunk that has challenged us before.
func (p *peer) prove(req *sip.Request) {
	if p.trunk == nil {
		return
	}
	p.trunk.proof.add(req)
}

// challenged takes a 401 or 407. true: the request may be sent again, with proof.
func (p *peer) challenged(req *sip.Request, res *sip.Response) bool {
	return p.trunk != nil && p.trunk.proof.challenged(req, res)
}

func (p *proof) header() string {
	if p.proxy.Load() {
		return "Proxy-Authorization"
	}
	return "Authorization"
}

func (p *proof) add(req *sip.Request) {
	if p.client == nil || req.Method == sip.ACK || req.Method == sip.CANCEL {
		return
	}
	if v, ok := p.client.Authorization(string(req.Method), req.Recipient.String()); ok {
		req.AppendHeader(sip.NewHeader(p.header(), v))
	}
}

func (p *proof) challenged(req *sip.Request, res *sip.Response) bool {
	asks := map[int]string{sip.StatusUnauthorized: "www-authenticate", sip.StatusProxyAuthRequired: "proxy-authenticate"}[res.StatusCode]
	if asks == "" || p.client == nil {
		return false
	}
	used := wire.Value(req, strings.ToLower(p.header()))
	p.proxy.Store(res.StatusCode == sip.StatusProxyAuthRequired)
	return p.client.Challenged(headerValues(res, asks), used) == nil
}

func headerValues(m sip.Message, name string) []string {
	var values []string
	for _, h := range m.GetHeaders(name) {
		values = append(values, h.Value())
	}
	return values
}
