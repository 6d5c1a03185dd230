package siptest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// registrar answers REGISTER with a challenge and then with the contacts it was
// given; it is as small as a test needs.
type registrar struct {
	wire       wire
	challenges []string

	mu     sync.Mutex // protects all following fields
	refuse bool       // every password is wrong
	twice  bool       // every response is sent two times
	seen   []*Message
}

func openRegistrar(t *testing.T, transport string, challenges ...string) *registrar {
	t.Helper()
	r := &registrar{challenges: challenges}
	var threads sync.WaitGroup
	var err error
	r.mu.Lock() // take may run before wire is set
	defer r.mu.Unlock()
	local := netip.MustParseAddr("127.0.0.1")
	if transport == "tcp" {
		r.wire, err = openTCP(local, &threads, r.take)
	} else {
		r.wire, err = openUDP(local, &threads, r.take)
	}
	must(t, err)
	t.Cleanup(func() { r.wire.close(); threads.Wait() })
	return r
}

func (r *registrar) take(raw []byte, from netip.AddrPort) {
	m, err := ParseMessage(raw)
	if err != nil {
		return
	}
	r.mu.Lock()
	r.seen = append(r.seen, m)
	wire, refuse, twice := r.wire, r.refuse, r.twice
	r.mu.Unlock()
	res := &Message{Status: 200, Reason: "OK"}
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		res.Add(name, m.Get(name))
	}
	switch {
	case len(r.challenges) > 0 && m.Get("Authorization") == "":
		res.Status, res.Reason = 401, "Unauthorized"
		for _, c := range r.challenges {
			res.Add("WWW-Authenticate", c)
		}
	case refuse:
		res.Status, res.Reason = 403, "Forbidden"
	default:
		for _, c := range m.List("Contact") {
			res.Add("Contact", c)
		}
	}
	_ = wire.send(from, res.Bytes())
	if twice {
		_ = wire.send(from, res.Bytes())
	}
}

func (r *registrar) requests() []*Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// never is the T1 of a phone whose requests are counted: within a test it repeats none, however late
// the answers are.
const never = time.Minute

const (
	md5Ask = `Digest realm="breakwater", nonce="abc", qop="auth", algorithm=MD5, opaque="o"`
	shaAsk = `Digest realm="breakwater", nonce="def", qop="auth,auth-int", algorithm=SHA-256`
)

func TestAChallengeIsAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		transport  string
		challenges []string
		prefer     string
		want       string // in the Authorization
	}{
		"MD5":                         {"udp", []string{md5Ask}, "", "algorithm=MD5"},
		"MD5 over TCP":                {"tcp", []string{md5Ask}, "", `opaque="o"`},
		"SHA-256":                     {"udp", []string{shaAsk}, "", "algorithm=SHA-256"},
		"both, the first is taken":    {"udp", []string{shaAsk, md5Ask}, "", "algorithm=SHA-256"},
		"both, a preference":          {"udp", []string{md5Ask, shaAsk}, "SHA-256", "algorithm=SHA-256"},
		"an unknown one is passed by": {"udp", []string{`Digest realm="x", nonce="y", algorithm=ROT13`, md5Ask}, "", "algorithm=MD5"},
		"without qop":                 {"udp", []string{`Digest realm="x", nonce="y"`}, "", `nonce="y"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := openRegistrar(t, c.transport, c.challenges...)
			p := open(t, Options{Name: "1001", Password: "secret", Server: r.wire.local(), Transport: c.transport, Prefer: c.prefer, T1: never})
			must(t, p.Register(soon(t)))
			seen := r.requests()
			if len(seen) != 2 || !strings.Contains(seen[1].Get("Authorization"), c.want) {
				t.Fatalf("registrar saw %v", seen)
			}
			first, _ := seen[0].CSeq()
			second, _ := seen[1].CSeq()
			if second != first+1 || seen[0].Get("Call-ID") != seen[1].Get("Call-ID") {
				t.Errorf("CSeq %d then %d", first, second)
			}
		})
	}
}

// The example of RFC 7616 §3.9.1, with its SHA-256 answer and RFC 2617's MD5 one.
func TestDigestArithmeticFollowsTheRFC(t *testing.T) {
	ch := parseChallenge(`Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"`)
	got := ch.answer("Mufasa", "Circle Of Life", "GET", "/dir/index.html")
	if want := `response="670fd8c2df070c60b045671b8b24ff02"`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAWrongPasswordIsNotTriedTwice(t *testing.T) {
	r := openRegistrar(t, "udp", md5Ask)
	r.mu.Lock()
	r.refuse = true
	r.mu.Unlock()
	p := open(t, Options{Name: "1001", Password: "wrong", Server: r.wire.local(), T1: never})
	if err := p.Register(soon(t)); StatusOf(err) != 403 {
		t.Errorf("got %v, want 403", err)
	}
	if n := len(r.requests()); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	none := open(t, Options{Name: "1002", Server: r.wire.local()})
	if err := none.Register(soon(t)); StatusOf(err) != 401 {
		t.Errorf("without a password: %v, want 401", err)
	}
}

func TestARepeatedChallengeIsAnsweredOnce(t *testing.T) {
	r := openRegistrar(t, "udp", md5Ask)
	r.mu.Lock()
	r.refuse, r.twice = true, true
	r.mu.Unlock()
	p := open(t, Options{Name: "1001", Password: "secret", Server: r.wire.local(), T1: never})
	ctx := soon(t)
	c, err := p.Call(ctx, "8000")
	must(t, err)
	_, err = c.WaitEnded(ctx)
	must(t, err)
	invites := 0
	for _, m := range r.requests() {
		if m.Method == "INVITE" {
			invites++
		}
	}
	if invites != 2 {
		t.Errorf("%d INVITEs, want one without and one with a proof", invites)
	}
}

func TestRegistrationsOfEveryKind(t *testing.T) {
	r := openRegistrar(t, "udp", md5Ask)
	p := open(t, Options{Name: "1001", Password: "secret", Server: r.wire.local(), Expires: 2 * time.Minute})
	for name, c := range map[string]struct {
		reg      Registration
		contacts int
		expires  string
	}{
		"as configured":               {Registration{}, 1, "120"},
		"unregistered":                {Registration{Expires: -1}, 1, "0"},
		"everything removed":          {Registration{Contacts: []string{"*"}, Expires: -1}, 1, "0"},
		"several contacts":            {Registration{Contacts: []string{p.Contact() + ";q=0.5", "<sip:1001@192.0.2.9>;q=1.0"}}, 2, "120"},
		"a query":                     {Registration{Query: true}, 0, ""},
		"expiry in the contact alone": {Registration{Contacts: []string{p.Contact() + ";expires=60"}, NoHeader: true}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			reply, err := p.RegisterAs(soon(t), c.reg)
			must(t, err)
			seen := r.requests()
			last := seen[len(seen)-1]
			if n := len(reply.List("Contact")); n != c.contacts || last.Get("Expires") != c.expires {
				t.Errorf("%d contacts, expires %q; want %d, %q", n, last.Get("Expires"), c.contacts, c.expires)
			}
		})
	}
	must(t, p.Unregister(soon(t)))
}

func TestANonceCanBeUsedAgain(t *testing.T) {
	r := openRegistrar(t, "udp", md5Ask)
	p := open(t, Options{Name: "1001", Password: "secret", Server: r.wire.local(), T1: never})
	must(t, p.Register(soon(t)))
	_, err := p.RegisterAs(soon(t), Registration{Again: true})
	must(t, err)
	seen := r.requests()
	if len(seen) != 3 || !strings.Contains(seen[2].Get("Authorization"), "nc=00000002") {
		t.Errorf("registrar saw %v", seen)
	}
	for i, m := range seen {
		if n, _ := m.CSeq(); int(n) != i+1 {
			t.Errorf("request %d has CSeq %d", i, n)
		}
	}
}

func TestARegistrarThatIsNotThere(t *testing.T) {
	gone := openRegistrar(t, "tcp")
	gone.wire.close()
	p := open(t, Options{Name: "1001", Server: gone.wire.local(), Transport: "tcp"})
	if err := p.Register(soon(t)); err == nil || !strings.Contains(err.Error(), "connect") {
		t.Errorf("got %v", err)
	}
	deaf := openRegistrar(t, "udp")
	q := open(t, Options{Name: "1001", Server: netip.AddrPortFrom(deaf.wire.local().Addr(), 9), T1: time.Millisecond})
	if err := q.Register(soon(t)); err == nil {
		t.Error("registered with nobody")
	}
	if got := fmt.Sprint(&Refused{"REGISTER", &Message{Status: 403, Reason: "Forbidden"}}); got != "REGISTER refused: 403 Forbidden" {
		t.Errorf("got %q", got)
	}
}
