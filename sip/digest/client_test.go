package digest

import (
	"errors"
	"strings"
	"testing"
)

func TestTheExampleOfRFC7616(t *testing.T) {
	// §3.9.1 gives the response of a known nonce and client nonce.
	c := credentials{
		user: "Mufasa", realm: "http-auth@example.org", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
		uri: "/dir/index.html", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop: "auth", count: 1,
	}
	for algorithm, response := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		c.response = response
		if !c.proves("GET", "Circle of Life", algorithm) {
			t.Errorf("%s: the response of the RFC is refused", algorithm)
		}
		if c.proves("GET", "circle of life", algorithm) {
			t.Errorf("%s: another password is taken", algorithm)
		}
	}
}

func TestWhichChallengeIsAnswered(t *testing.T) {
	tests := map[string]struct {
		challenges []string
		says       string // in the answer; "" = none can be given
	}{
		"the first of two":              {[]string{`Digest realm="a", nonce="1", algorithm=SHA-256, qop="auth"`, `Digest realm="a", nonce="2"`}, "algorithm=SHA-256"},
		"the first we know":             {[]string{`Digest realm="a", nonce="1", algorithm=AKAv1-MD5`, `Digest realm="a", nonce="2", algorithm=MD5`}, `nonce="2"`},
		"auth among several":            {[]string{`Digest realm="a", nonce="1", qop="auth-int, auth"`}, "qop=auth,"},
		"no qop at all":                 {[]string{`Digest realm="a", nonce="1"`}, "response="},
		"opaque comes back":             {[]string{`Digest realm="a", nonce="1", opaque="5ccc"`}, `opaque="5ccc"`},
		"a quote in the realm":          {[]string{`Digest realm="a \"b\"", nonce="1"`}, `realm="a \"b\""`},
		"only auth-int":                 {[]string{`Digest realm="a", nonce="1", qop="auth-int"`}, ""},
		"another scheme":                {[]string{`Basic realm="a"`}, ""},
		"no nonce":                      {[]string{`Digest realm="a"`}, ""},
		"hashed user names":             {[]string{`Digest realm="a", nonce="1", userhash=true`}, ""},
		"nothing":                       {nil, ""},
		"session algorithms are not us": {[]string{`Digest realm="a", nonce="1", algorithm=MD5-sess`}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := NewClient("us", "secret")
			err := c.Challenged(tt.challenges, "")
			if tt.says == "" {
				if !errors.Is(err, ErrNoChallenge) {
					t.Fatalf("error %v, want ErrNoChallenge", err)
				}
				if v, ok := c.Authorization("REGISTER", "sip:carrier.example"); ok {
					t.Errorf("answered nothing with %s", v)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			v, _ := c.Authorization("REGISTER", "sip:carrier.example")
			if !strings.Contains(v, tt.says) {
				t.Errorf("%s does not say %s", v, tt.says)
			}
		})
	}
}

func TestAClientCountsAndKnowsWhenItIsRejected(t *testing.T) {
	c := NewClient("us", "secret")
	one, two := `Digest realm="a", nonce="1", qop="auth"`, `Digest realm="a", nonce="2", qop="auth"`
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Challenged([]string{one}, ""))
	first, _ := c.Authorization("REGISTER", "sip:carrier.example")
	second, _ := c.Authorization("REGISTER", "sip:carrier.example")
	if !strings.Contains(first, "nc=00000001") || !strings.Contains(second, "nc=00000002") {
		t.Fatalf("counts:\n%s\n%s", first, second)
	}
	// a nonce that worked before has run out: the peer says stale, or forgot to
	must(c.Challenged([]string{two + ", stale=TRUE"}, second))
	third, _ := c.Authorization("REGISTER", "sip:carrier.example")
	if !strings.Contains(third, `nonce="2"`) || !strings.Contains(third, "nc=00000001") {
		t.Fatalf("after stale: %s", third)
	}
	must(c.Challenged([]string{`Digest realm="a", nonce="3", qop="auth"`}, second))
	if err := c.Challenged([]string{two}, third); !errors.Is(err, ErrRejected) {
		t.Errorf("a fresh answer was refused: %v, want ErrRejected", err)
	}
	if err := c.Challenged([]string{two}, strings.Replace(third, "nc=00000001", "nc=00000009", 1)); !errors.Is(err, ErrRejected) {
		t.Errorf("the same nonce again without stale: %v, want ErrRejected", err)
	}
}
