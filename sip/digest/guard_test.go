package digest

import (
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func newTestGuard() *Guard { return NewGuard("breakwater", []byte("0123456789abcdef")) }

// accounts is what the tests' find knows; a stranger gets MD5.
func accounts(user string) (Account, bool) {
	switch user {
	case "1001":
		return Account{User: user, Password: "open sesame"}, true
	case "1002":
		return Account{User: user, Password: "open sesame", Mode: SHA256}, true
	case "1003":
		return Account{User: user, Password: "open sesame", Mode: Both}, true
	}
	return Account{}, false
}

// register is a REGISTER with the given credentials.
func register(authorization ...string) Request {
	return Request{Method: "REGISTER", URI: "sip:pbx.example", Authorization: authorization, Claimed: "1001"}
}

// phone answers challenges the way a phone does.
func phone(t *testing.T, user, password string, challenges []string) *Client {
	t.Helper()
	c := NewClient(user, password)
	if err := c.Challenged(challenges, ""); err != nil {
		t.Fatal(err)
	}
	return c
}

func authorize(t *testing.T, c *Client) string {
	t.Helper()
	v, ok := c.Authorization("REGISTER", "sip:pbx.example")
	if !ok {
		t.Fatal("the client has no challenge to answer")
	}
	return v
}

func TestAPhoneProvesItself(t *testing.T) {
	for user, algorithms := range map[string][]string{"1001": {"MD5"}, "1002": {"SHA-256"}, "1003": {"MD5", "SHA-256"}} {
		g := newTestGuard()
		r := register()
		r.Claimed = user
		first := g.Check(start, r, accounts)
		if first.OK || first.Reason != ReasonNone || first.Stale {
			t.Fatalf("%s: a request without proof: %+v", user, first)
		}
		if len(first.Challenges) != len(algorithms) {
			t.Fatalf("%s: challenges %q, want %q", user, first.Challenges, algorithms)
		}
		for i, a := range algorithms {
			if !strings.Contains(first.Challenges[i], "algorithm="+a+", qop=\"auth\"") {
				t.Errorf("%s: challenge %d is %q, want %s with qop", user, i, first.Challenges[i], a)
			}
			c := phone(t, user, "open sesame", first.Challenges[i:i+1])
			if v := g.Check(start, register(authorize(t, c)), accounts); !v.OK && i == 0 || v.OK && v.User != user {
				t.Errorf("%s by %s: %+v", user, a, v)
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	tests := map[string]struct {
		user, password string
		wait           time.Duration
		change         func(header string) string
		request        func(*Request)
		want           string // reason, "" = OK
	}{
		"the right password":                 {user: "1001", password: "open sesame"},
		"another password":                   {user: "1001", password: "guess", want: ReasonWrong},
		"nobody's name":                      {user: "4711", password: "guess", want: ReasonWrong},
		"the last moment of a nonce":         {user: "1001", password: "open sesame", wait: Lifetime},
		"too old a nonce":                    {user: "1001", password: "open sesame", wait: Lifetime + time.Second, want: ReasonStale},
		"too old a nonce, wrong password":    {user: "1001", password: "guess", wait: 2 * Lifetime, want: ReasonWrong},
		"a nonce of the future":              {user: "1001", password: "open sesame", wait: -time.Second, want: ReasonStale},
		"another method":                     {user: "1001", password: "open sesame", request: func(r *Request) { r.Method = "INVITE" }, want: ReasonWrong},
		"another address":                    {user: "1001", password: "open sesame", request: func(r *Request) { r.URI = "sip:00900@pbx.example" }, want: ReasonMalformed},
		"the same address with port and tag": {user: "1001", password: "open sesame", request: func(r *Request) { r.URI = "sip:PBX.example:5060;transport=tcp" }},
		"another realm":                      {user: "1001", password: "open sesame", change: swap(`realm="breakwater"`, `realm="elsewhere"`), want: ReasonNone},
		"another scheme":                     {user: "1001", password: "open sesame", change: swap("Digest ", "Basic "), want: ReasonNone},
		"auth-int, which we did not offer":   {user: "1001", password: "open sesame", change: swap("qop=auth", "qop=auth-int"), want: ReasonMalformed},
		"qop without a count":                {user: "1001", password: "open sesame", change: swap(", nc=00000001", ""), want: ReasonMalformed},
		"a count of nothing":                 {user: "1001", password: "open sesame", change: swap("nc=00000001", "nc=00000000"), want: ReasonMalformed},
		"no client nonce":                    {user: "1001", password: "open sesame", change: swap("cnonce=", "cnonsense="), want: ReasonMalformed},
		"an algorithm we did not ask for":    {user: "1001", password: "open sesame", change: swap("algorithm=MD5", "algorithm=SHA-256"), want: ReasonWrong},
		"a session algorithm":                {user: "1001", password: "open sesame", change: swap("algorithm=MD5", "algorithm=MD5-sess"), want: ReasonWrong},
		"the algorithm left out":             {user: "1001", password: "open sesame", change: swap(", algorithm=MD5", "")},
		"quotes and case as a phone likes":   {user: "1001", password: "open sesame", change: swap("qop=auth", `QOP = "auth"`)},
		"a nonce somebody made up":           {user: "1001", password: "open sesame", change: swap(`nonce="`, `nonce="A`), want: ReasonWrong},
		"two users at once":                  {user: "1001", password: "open sesame", change: swap("Digest ", `Digest username="1002", `), want: ReasonMalformed},
		"no user":                            {user: "", password: "open sesame", want: ReasonMalformed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g := newTestGuard()
			c := phone(t, tt.user, tt.password, g.Challenge(start, MD5, false))
			header := authorize(t, c)
			if tt.change != nil {
				header = tt.change(header)
			}
			r := register(header)
			if tt.request != nil {
				tt.request(&r)
			}
			v := g.Check(start.Add(tt.wait), r, accounts)
			if v.Reason != tt.want || v.OK != (tt.want == "") {
				t.Fatalf("%+v, want %q for\n%s", v, tt.want, header)
			}
			if v.Stale != (tt.want == ReasonStale) {
				t.Errorf("stale = %v", v.Stale)
			}
			if v.OK != (len(v.Challenges) == 0) {
				t.Errorf("challenges %q with OK = %v", v.Challenges, v.OK)
			}
		})
	}
}

func swap(from, to string) func(string) string {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

func TestAnUnknownUserLooksLikeAWrongPassword(t *testing.T) {
	g := newTestGuard()
	answers := map[string]string{}
	for _, user := range []string{"1001", "4711"} {
		c := phone(t, user, "guess", g.Challenge(start, MD5, false))
		v := g.Check(start, register(authorize(t, c)), accounts)
		nonce := v.Challenges[0][strings.Index(v.Challenges[0], "nonce=") : strings.Index(v.Challenges[0], "nonce=")+50]
		answers[user] = strings.ReplaceAll(strings.Join(v.Challenges, "|"), nonce, "") + v.Reason
	}
	if answers["1001"] != answers["4711"] {
		t.Errorf("known: %s\nunknown: %s", answers["1001"], answers["4711"])
	}
	modes := []Mode{MD5, SHA256, SHA256, Both}
	seen := map[Mode]bool{}
	for _, user := range strings.Fields("a b c d e f g h i j k l m n o p q r s t u v w x y z") {
		m := g.DecoyMode(user, modes)
		if m != g.DecoyMode(user, modes) {
			t.Fatalf("%s is asked differently at every try", user)
		}
		seen[m] = true
	}
	if len(seen) != 3 {
		t.Errorf("strangers are only ever asked for %v", seen)
	}
}

func TestACountIsUsedOnce(t *testing.T) {
	g := newTestGuard()
	c := phone(t, "1001", "open sesame", g.Challenge(start, MD5, false))
	first, second, third := authorize(t, c), authorize(t, c), authorize(t, c)
	for _, step := range []struct {
		header string
		want   string
		why    string
	}{
		{first, "", "the first use"},
		{first, ReasonReplay, "the same again"},
		{third, "", "a later one, because requests overtake each other"},
		{second, "", "the one it overtook"},
		{second, ReasonReplay, "and that one again"},
	} {
		v := g.Check(start, register(step.header), accounts)
		if v.Reason != step.want {
			t.Errorf("%s: %+v, want %q", step.why, v, step.want)
		}
		if step.want == ReasonReplay && (!v.Stale || !strings.Contains(v.Challenges[0], "stale=true")) {
			t.Errorf("%s: an honest phone cannot recover from %+v", step.why, v)
		}
	}
}

func TestAClientWithoutQopUsesANonceOnce(t *testing.T) {
	g := newTestGuard()
	challenge := strings.Replace(g.Challenge(start, MD5, false)[0], `, qop="auth"`, "", 1)
	c := phone(t, "1001", "open sesame", []string{challenge})
	header := authorize(t, c)
	if strings.Contains(header, "qop") {
		t.Fatalf("not the old form: %s", header)
	}
	if v := g.Check(start, register(header), accounts); !v.OK {
		t.Errorf("first use: %+v", v)
	}
	if v := g.Check(start, register(header), accounts); v.Reason != ReasonReplay {
		t.Errorf("second use: %+v", v)
	}
}

func TestCountsBeyondTheWindow(t *testing.T) {
	w := window{top: 100, bits: 1}
	for _, step := range []struct {
		count uint32
		want  bool
	}{{100, false}, {37, true}, {37, false}, {36, false}, {163, true}, {100, false}, {99, false}, {1 << 31, true}, {163, false}} {
		if got := w.use(step.count); got != step.want {
			t.Errorf("count %d: %v, want %v", step.count, got, step.want)
		}
	}
}

func TestForgettingAWindowOpensNoDoor(t *testing.T) {
	w := newWindows(2)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	steps := []struct {
		nonce  string
		issued int
		want   bool
		why    string
	}{
		{"a", 1, true, "room for a"},
		{"b", 2, true, "room for b"},
		{"c", 3, true, "c takes the place of a"},
		{"a", 1, false, "a was forgotten, so it may be a replay"},
		{"b", 2, false, "b is remembered, and was used"},
		{"z", 1, false, "as old as the forgotten: nobody knows"},
		{"d", 4, true, "a young one is welcome"},
	}
	for _, s := range steps {
		if got := w.use(at(10), s.nonce, at(s.issued), 1); got != s.want {
			t.Errorf("%s: %v, want %v", s.why, got, s.want)
		}
	}
	if len(w.by) != 2 || w.order.Len() != 2 {
		t.Errorf("%d windows, %d in order, want 2", len(w.by), w.order.Len())
	}
	if !w.use(at(10).Add(2*Lifetime), "e", at(10).Add(2*Lifetime), 1) || len(w.by) != 1 {
		t.Errorf("expired windows stay: %d", len(w.by))
	}
}

func TestANonceOfAnotherProcess(t *testing.T) {
	before := NewGuard("breakwater", []byte("another key, another process"))
	c := phone(t, "1001", "open sesame", before.Challenge(start, MD5, false))
	v := newTestGuard().Check(start, register(authorize(t, c)), accounts)
	if v.OK || !v.Stale {
		t.Errorf("after a restart a phone with the right password must only renew: %+v", v)
	}
}

func TestParseMode(t *testing.T) {
	for s, want := range map[string]Mode{"": MD5, "md5": MD5, "sha256": SHA256, "both": Both} {
		if got, err := ParseMode(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	if _, err := ParseMode("SHA"); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("an unknown mode: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(`Digest username="1001", realm="breakwater", nonce="x", uri="sip:pbx.example", response="0", algorithm=MD5, cnonce="a", qop=auth, nc=00000001`)
	f.Add(`digest  realm = "brea\kwater" ,, username=1001`)
	f.Add(`Digest "`)
	g := newTestGuard()
	f.Fuzz(func(t *testing.T, header string) {
		if v := g.Check(start, register(header), accounts); v.OK {
			t.Fatalf("a made-up header was believed: %q", header)
		}
		if fs, err := readFields(header); err == nil {
			for name, value := range fs {
				back, err := readFields("Digest " + name + "=" + quote(value))
				if err != nil {
					t.Fatalf("%s=%q cannot be read back: %v", name, value, err)
				}
				if printable(value) && back[name] != value {
					t.Fatalf("%s: %q became %q", name, value, back[name])
				}
			}
		}
	})
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F })
}
