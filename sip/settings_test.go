package sip

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func keys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func TestSettingsAreChecked(t *testing.T) {
	for name, tc := range map[string]struct {
		settings Settings
		want     []string
	}{
		"the defaults are right":  {Settings{}.WithDefaults(), nil},
		"nothing at all is right": {Settings{}, nil},
		"a listener that cannot be": {
			Settings{Listen: []Listener{{Transport: "sctp", Address: "here", Advertise: "there"}}},
			[]string{"listen.0.address", "listen.0.advertise", "listen.0.transport"},
		},
		"one address twice": {
			Settings{Listen: []Listener{{Transport: "udp", Address: "[::]:5060"}, {Transport: "udp", Address: "[::]:5060"}}},
			[]string{"listen.1.address"},
		},
		"free ports may be asked for twice": {
			Settings{Listen: []Listener{{Transport: "udp", Address: "127.0.0.1:0"}, {Transport: "udp", Address: "127.0.0.1:0"}}}, nil,
		},
		"networks and realm":   {Settings{LocalNets: []string{"10.0.0.0/8", "x"}, Realm: "a\"b"}, []string{"local_nets.1", "realm"}},
		"expiry turned around": {Settings{MinExpiry: time.Hour, MaxExpiry: time.Minute}, []string{"min_expiry"}},
		"timers turned around": {Settings{MinSE: time.Hour, SessionExpires: time.Minute}, []string{"session_expires"}},
		"times out of bounds":  {Settings{T1: time.Hour, Qualify: time.Millisecond, Silence: time.Nanosecond}, []string{"qualify", "silence", "t1"}},
		"lateness out of bounds": {
			Settings{Late: Late{Messages: time.Millisecond, Sound: time.Minute, Floor: -1}}, []string{"late.floor", "late.messages", "late.sound"},
		},
		"numbers out of bounds": {Settings{MaxCalls: -1, RatePerSource: -1}, []string{"max_calls", "rate_per_source"}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, keys(tc.settings.Check())); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPhonesAndTrunksAreChecked(t *testing.T) {
	for name, tc := range map[string]struct {
		got  map[string]string
		want []string
	}{
		"a phone needs a password":       {PhoneSpec{}.Check(), []string{"password"}},
		"a phone that is right":          {PhoneSpec{Password: "x"}.WithDefaults().Check(), nil},
		"an unknown digest":              {PhoneSpec{Password: "x", Digest: "sha1"}.Check(), []string{"digest"}},
		"too many contacts":              {PhoneSpec{Password: "x", MaxContacts: 99}.Check(), []string{"max_contacts"}},
		"a trunk by address":             {TrunkSpec{Addresses: []string{"192.0.2.1", "2001:db8::/32"}}.WithDefaults().Check(), nil},
		"a trunk by account":             {TrunkSpec{User: "u", Password: "p"}.Check(), nil},
		"a trunk to register at":         {TrunkSpec{User: "u", Password: "p", Proxy: "sip.example.com", Register: true}.Check(), nil},
		"a trunk whose tones are heard":  {TrunkSpec{User: "u", Password: "p", InbandDigits: "always"}.Check(), nil},
		"a trunk that hears sometimes":   {TrunkSpec{User: "u", Password: "p", InbandDigits: "true"}.Check(), []string{"inband_digits"}},
		"a trunk of nothing":             {TrunkSpec{}.Check(), []string{"addresses"}},
		"a registration without account": {TrunkSpec{Proxy: "[2001:db8::1]:5060", Register: true}.Check(), []string{"register"}},
		"an account without password":    {TrunkSpec{User: "u"}.Check(), []string{"password"}},
		"nonsense": {
			TrunkSpec{Addresses: []string{"x"}, Proxy: "a b", Transport: "tls", Digest: "x", Expires: time.Nanosecond}.Check(),
			[]string{"addresses.0", "digest", "expires", "proxy", "transport"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, keys(tc.got)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTheProxyOfATrunk(t *testing.T) {
	for in, want := range map[string]string{
		"sip.example.com": "sip.example.com 5060", "sip.example.com:5070": "sip.example.com 5070",
		"192.0.2.1": "192.0.2.1 5060", "2001:db8::1": "2001:db8::1 5060", "[2001:db8::1]:5070": "2001:db8::1 5070",
		"": "", "host:": "", "host:x": "", ":5060": "", "user@host": "",
	} {
		host, port, err := splitProxy(in)
		got := ""
		if err == nil {
			got = host + " " + seconds(time.Duration(port)*time.Second)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestWhichTrunkCalls(t *testing.T) {
	r, err := newRules(Plan{Trunks: map[string]TrunkSpec{
		"wide":   {Addresses: []string{"192.0.2.0/24"}},
		"narrow": {Addresses: []string{"192.0.2.7"}},
		"named":  {Proxy: "sip.example.com", User: "u", Password: "p", Register: true},
	}}, nil)
	must(t, "rules", err)
	r.trunks["named"].resolved.Store(&[]netip.Addr{netip.MustParseAddr("198.51.100.1")})
	for address, want := range map[string]string{
		"192.0.2.1": "wide", "192.0.2.7": "narrow", "198.51.100.1": "named", "203.0.113.1": "",
	} {
		got := ""
		if tr := r.trunkAt(netip.MustParseAddr(address)); tr != nil {
			got = tr.spec.Name
		}
		if got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
}

func TestAConfigEditKeepsWhatDidNotChange(t *testing.T) {
	plan := func(password string) Plan {
		return Plan{Trunks: map[string]TrunkSpec{
			"same": {Proxy: "192.0.2.1"}, "other": {Proxy: "192.0.2.2", User: "u", Password: password},
		}}
	}
	before, err := newRules(plan("a"), nil)
	must(t, "before", err)
	after, err := newRules(plan("b"), before)
	must(t, "after", err)
	if after.trunks["same"] != before.trunks["same"] || after.guard != before.guard {
		t.Error("what did not change was made anew: nonces and registrations are lost")
	}
	if after.trunks["other"] == before.trunks["other"] {
		t.Error("a changed trunk was kept")
	}
	plan2 := plan("b")
	plan2.Settings.Realm = "elsewhere"
	third, err := newRules(plan2, after)
	must(t, "third", err)
	if third.guard == after.guard {
		t.Error("the old realm is still asked for")
	}
}

func TestAllErrorsOfAPlanAtOnce(t *testing.T) {
	_, err := newRules(Plan{
		Settings: Settings{Realm: "\""}, Phones: map[string]PhoneSpec{"1": {}}, Trunks: map[string]TrunkSpec{"t": {}},
	}, nil)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 3 {
		t.Errorf("got %v, want three errors", err)
	}
}
