package sip

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"breakwater/sip/digest"
)

// WithDefaults fills what is zero.
func (s Settings) WithDefaults() Settings {
	if len(s.Listen) == 0 {
		s.Listen = []Listener{{Transport: "udp", Address: "[::]:5060"}, {Transport: "tcp", Address: "[::]:5060"}}
	}
	fill(&s.Realm, "breakwater")
	fill(&s.MinExpiry, time.Minute)
	fill(&s.MaxExpiry, time.Hour)
	fill(&s.Qualify, 30*time.Second)
	fill(&s.T1, 500*time.Millisecond)
	fill(&s.SessionExpires, 30*time.Minute)
	fill(&s.MinSE, 90*time.Second)
	fill(&s.Silence, 10*time.Second)
	fill(&s.MaxCalls, 10000)
	fill(&s.RatePerSource, 20)
	fill(&s.Late.Messages, 100*time.Millisecond)
	fill(&s.Late.Sound, 20*time.Millisecond)
	fill(&s.Late.Floor, 100*time.Millisecond)
	return s
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Check says what is wrong, by key.
func (s Settings) Check() map[string]string {
	wrong := map[string]string{}
	seen := map[Listener]bool{}
	for i, l := range s.Listen {
		l.check(fmt.Sprintf("listen.%d", i), wrong)
		if at := (Listener{Transport: l.Transport, Address: l.Address}); seen[at] && !strings.HasSuffix(l.Address, ":0") {
			wrong[fmt.Sprintf("listen.%d.address", i)] = "is listed twice; each transport and address may be used once"
		} else {
			seen[at] = true
		}
	}
	for i, n := range s.LocalNets {
		if _, err := prefix(n); err != nil {
			wrong[fmt.Sprintf("local_nets.%d", i)] = fmt.Sprintf("%q is no network; write it like 192.168.0.0/16", n)
		}
	}
	if strings.ContainsAny(s.Realm, "\"\\\r\n") {
		wrong["realm"] = "may not contain quotes, backslashes or line ends"
	}
	within(wrong, "min_expiry", s.MinExpiry, time.Second, time.Hour)
	within(wrong, "max_expiry", s.MaxExpiry, time.Second, 24*time.Hour)
	if s.MinExpiry > 0 && s.MaxExpiry > 0 && s.MinExpiry > s.MaxExpiry {
		wrong["min_expiry"] = "is longer than max_expiry"
	}
	within(wrong, "qualify", s.Qualify, time.Second, time.Hour)
	within(wrong, "t1", s.T1, time.Millisecond, 5*time.Second)
	within(wrong, "min_se", s.MinSE, time.Second, time.Hour)
	within(wrong, "session_expires", s.SessionExpires, time.Second, 24*time.Hour)
	if s.SessionExpires > 0 && s.MinSE > s.SessionExpires {
		wrong["session_expires"] = "is shorter than min_se"
	}
	within(wrong, "silence", s.Silence, 10*time.Millisecond, 10*time.Minute)
	if s.MaxCalls < 0 {
		wrong["max_calls"] = "must be 1 or more"
	}
	if s.RatePerSource < 0 {
		wrong["rate_per_source"] = "must be above 0"
	}
	within(wrong, "late.messages", s.Late.Messages, 10*time.Millisecond, 10*time.Second)
	within(wrong, "late.sound", s.Late.Sound, 5*time.Millisecond, time.Second)
	within(wrong, "late.floor", s.Late.Floor, 10*time.Millisecond, 10*time.Second)
	return wrong
}

// within allows zero, which means the default.
func within(wrong map[string]string, key string, d, least, most time.Duration) {
	if d != 0 && (d < least || d > most) {
		wrong[key] = fmt.Sprintf("is %v; it may be %v to %v", d, least, most)
	}
}

func (l Listener) check(key string, wrong map[string]string) {
	if l.Transport != "udp" && l.Transport != "tcp" {
		wrong[key+".transport"] = fmt.Sprintf("is %q; it may be udp or tcp", l.Transport)
	}
	if _, err := netip.ParseAddrPort(l.Address); err != nil && !wildcard(l.Address) {
		wrong[key+".address"] = fmt.Sprintf("%q is no ip:port; write it like 0.0.0.0:5060 or [::]:5060", l.Address)
	}
	if l.Advertise == "" {
		return
	}
	if _, err := parseAdvertise(l.Advertise); err != nil {
		wrong[key+".advertise"] = fmt.Sprintf("%q is no ip or ip:port", l.Advertise)
	}
}

// wildcard is ":5060".
func wildcard(address string) bool {
	port, ok := strings.CutPrefix(address, ":")
	_, err := strconv.ParseUint(port, 10, 16)
	return ok && err == nil
}

func parseAdvertise(s string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a.Unmap(), 0), nil
	}
	ap, err := netip.ParseAddrPort(s)
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), err
}

// prefix reads an IP or a network.
func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, err
	}
	return p.Masked(), nil
}

// WithDefaults fills what is zero.
func (p PhoneSpec) WithDefaults() PhoneSpec {
	fill(&p.Digest, "md5")
	fill(&p.MaxContacts, 5)
	return p
}

// Check says what is wrong, by key.
func (p PhoneSpec) Check() map[string]string {
	wrong := map[string]string{}
	if p.Password == "" {
		wrong["password"] = "is missing; a phone without one could be anybody"
	}
	checkDigest(p.Digest, wrong)
	if p.MaxContacts < 0 || p.MaxContacts > 20 {
		wrong["max_contacts"] = fmt.Sprintf("is %d; it may be 1 to 20", p.MaxContacts)
	}
	return wrong
}

func checkDigest(mode string, wrong map[string]string) {
	if _, err := digest.ParseMode(mode); err != nil {
		wrong["digest"] = fmt.Sprintf("is %q; it may be md5, sha256 or both", mode)
	}
}

// WithDefaults fills what is zero.
func (t TrunkSpec) WithDefaults() TrunkSpec {
	fill(&t.Transport, "udp")
	fill(&t.Digest, "md5")
	fill(&t.Expires, 5*time.Minute)
	fill(&t.InbandDigits, inbandAuto)
	return t
}

// Whether keys are looked for in the sound of a trunk's callers.
const (
	inbandAuto   = "auto"
	inbandAlways = "always"
	inbandNever  = "never"
)

// Check says what is wrong, by key.
func (t TrunkSpec) Check() map[string]string {
	wrong := map[string]string{}
	for i, a := range t.Addresses {
		if _, err := prefix(a); err != nil {
			wrong[fmt.Sprintf("addresses.%d", i)] = fmt.Sprintf("%q is no address or network", a)
		}
	}
	if t.Proxy != "" {
		if _, _, err := splitProxy(t.Proxy); err != nil {
			wrong["proxy"] = fmt.Sprintf("%q is no host or host:port", t.Proxy)
		}
	}
	if t.Transport != "" && t.Transport != "udp" && t.Transport != "tcp" {
		wrong["transport"] = fmt.Sprintf("is %q; it may be udp or tcp", t.Transport)
	}
	checkDigest(t.Digest, wrong)
	switch t.InbandDigits {
	case "", inbandAuto, inbandAlways, inbandNever:
	default:
		wrong["inband_digits"] = fmt.Sprintf("is %q; it may be auto, always or never", t.InbandDigits)
	}
	if t.Register && (t.User == "" || t.Proxy == "") {
		wrong["register"] = "needs user and proxy: as whom and where to register"
	}
	if t.User != "" && t.Password == "" {
		wrong["password"] = "is missing for user " + strconv.Quote(t.User)
	}
	if len(t.Addresses) == 0 && t.Proxy == "" && t.User == "" {
		wrong["addresses"] = "a trunk without addresses, proxy and user can neither call nor be called"
	}
	within(wrong, "expires", t.Expires, time.Second, 24*time.Hour)
	return wrong
}

// splitProxy reads host, host:port or [v6]:port; the port is 5060 where none is given.
func splitProxy(s string) (string, uint16, error) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.String(), 5060, nil
	}
	if !strings.Contains(s, ":") {
		if s == "" || strings.ContainsAny(s, " \t\r\n/@;") {
			return "", 0, fmt.Errorf("%q is no host", s)
		}
		return s, 5060, nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" {
		return "", 0, fmt.Errorf("%q has no port", s)
	}
	return host, uint16(n), nil
}
