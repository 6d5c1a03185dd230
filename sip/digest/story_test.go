package digest

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// carrier is a peer that challenges us the way our own guard does.
type carrier struct {
	guard *Guard
	now   time.Time
}

// send is one request with its answer: nil when it was let in.
func (c *carrier) send(authorization string) []string {
	r := Request{Method: "REGISTER", URI: "sip:pbx.example"}
	if authorization != "" {
		r.Authorization = []string{authorization}
	}
	return c.guard.Check(c.now, r, accounts).Challenges
}

// exchange goes on until the carrier is content, and gives the number of requests.
func exchange(c *carrier, client *Client) (requests int, err error) {
	for requests = 1; requests < 10; requests++ {
		used, _ := client.Authorization("REGISTER", "sip:pbx.example")
		challenges := c.send(used)
		if challenges == nil {
			return requests, nil
		}
		if err := client.Challenged(challenges, used); err != nil {
			return requests, err
		}
	}
	return requests, errors.New("an endless exchange")
}

func TestALongAcquaintance(t *testing.T) {
	c := &carrier{guard: newTestGuard(), now: start}
	client := NewClient("1001", "open sesame")
	for i, step := range []struct {
		why   string
		wait  time.Duration
		reset bool
		want  int
	}{
		{"the first meeting: asked, answered", 0, false, 2},
		{"known: one request", time.Minute, false, 1},
		{"again", time.Minute, false, 1},
		{"the nonce is too old: one renewal", 2 * Lifetime, false, 2},
		{"known again", time.Minute, false, 1},
		{"the carrier was restarted: one renewal", time.Minute, true, 2},
	} {
		c.now = c.now.Add(step.wait)
		if step.reset {
			c.guard = NewGuard("breakwater", []byte("a new process, a new key"))
		}
		if got, err := exchange(c, client); err != nil || got != step.want {
			t.Errorf("step %d, %s: %d requests, want %d (%v)", i, step.why, got, step.want, err)
		}
	}
}

func TestAWrongPasswordEndsAfterOneTry(t *testing.T) {
	for _, user := range []string{"1001", "1002", "1003", "4711"} {
		c := &carrier{guard: newTestGuard(), now: start}
		if got, err := exchange(c, NewClient(user, "guess")); !errors.Is(err, ErrRejected) || got != 2 {
			t.Errorf("%s: %d requests and %v, want 2 and ErrRejected", user, got, err)
		}
	}
}

func TestOneCountOneWinner(t *testing.T) {
	g := newTestGuard()
	header := authorize(t, phone(t, "1001", "open sesame", g.Challenge(start, MD5, false)))
	var winners atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if g.Check(start, register(header), accounts).OK {
				winners.Add(1)
			}
		})
	}
	wg.Wait()
	if winners.Load() != 1 {
		t.Errorf("%d requests with the same count were believed", winners.Load())
	}
}

// TestAnyOrderOfCounts compares the window with a list of all that was used.
func TestAnyOrderOfCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, used, top := newWindows(4), map[uint32]bool{}, uint32(0)
		for _, count := range rapid.SliceOfN(rapid.Uint32Range(1, 200), 1, 100).Draw(t, "counts") {
			got := w.use(start, "n", start, count)
			if got && used[count] {
				t.Fatalf("count %d was believed twice", count)
			}
			if !got && !used[count] && (count > top || top-count < 64) {
				t.Fatalf("count %d is new and near %d, yet refused", count, top)
			}
			used[count] = used[count] || got
			top = max(top, count)
		}
	})
}

// TestForgettingIsNeverAReplay drives many nonces through a small memory.
func TestForgettingIsNeverAReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, used := newWindows(3), map[string]bool{}
		now := start
		for range rapid.IntRange(1, 80).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds")) * time.Second)
			age := time.Duration(rapid.IntRange(0, int(Lifetime/time.Second)).Draw(t, "age")) * time.Second
			issued := now.Add(-age)
			nonce := issued.String()
			if w.use(now, nonce, issued, 1) {
				if used[nonce] {
					t.Fatalf("nonce %s was believed twice", nonce)
				}
				used[nonce] = true
			}
			if len(w.by) > 3 || w.order.Len() != len(w.by) {
				t.Fatalf("%d windows, want at most 3", len(w.by))
			}
		}
	})
}

func TestReadFields(t *testing.T) {
	long := strings.Repeat("x", maxHeader)
	tests := map[string]struct {
		header string
		want   fields
		err    string
	}{
		"as in the RFC":                {`Digest username="Mufasa", qop=auth, nc=00000001`, fields{"username": "Mufasa", "qop": "auth", "nc": "00000001"}, ""},
		"names and scheme in any case": {`DIGEST UserName="a"`, fields{"username": "a"}, ""},
		"blanks and tabs":              {"Digest  a = b ,\t c\t=\t\"d\" ", fields{"a": "b", "c": "d"}, ""},
		"commas too many":              {`Digest ,a=b,,c=d,`, fields{"a": "b", "c": "d"}, ""},
		"escapes":                      {`Digest a="b\"\\c"`, fields{"a": `b"\c`}, ""},
		"a comma in quotes":            {`Digest a="b,c=d", e=f`, fields{"a": "b,c=d", "e": "f"}, ""},
		"an address without quotes":    {`Digest uri=sip:pbx.example:5060;x=y, a=b`, fields{"uri": "sip:pbx.example:5060;x=y", "a": "b"}, ""},
		"an empty value":               {`Digest a="", b=`, fields{"a": "", "b": ""}, ""},
		"no parameters":                {`Digest`, fields{}, ""},
		"another scheme":               {`Basic QWxhZGRpbg==`, nil, "scheme"},
		"nothing":                      {``, nil, "scheme"},
		"a quote not closed":           {`Digest a="b`, nil, "quote not closed"},
		"an escape at the end":         {`Digest a="b\`, nil, "quote not closed"},
		"text after a quote":           {`Digest a="b"c`, nil, "after the closing quote"},
		"a name without value":         {`Digest a, b=c`, nil, "name=value"},
		"a value without name":         {`Digest ="a"`, nil, "name=value"},
		"a name twice":                 {`Digest a=b, A=c`, nil, "twice"},
		"too long":                     {"Digest a=" + long, nil, "4 KiB"},
		"too many":                     {"Digest " + strings.Join(strings.Split("a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1 n=1 o=1 p=1 q=1 r=1 s=1 t=1 u=1 v=1 w=1 x=1 y=1", " "), ","), nil, "24 parameters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readFields(tt.header)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want one that says %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSameURI(t *testing.T) {
	for _, tt := range []struct {
		signed, requested string
		want              bool
	}{
		{"sip:pbx.example", "sip:pbx.example", true},
		{"sip:PBX.example:5060", "sip:pbx.example", true},
		{"SIP:100@pbx.example;transport=tcp", "sip:100@pbx.example:5061;user=phone", true},
		{"sip:100;phone-context=x@pbx.example", "sip:100@pbx.example", true},
		{"sip:[2001:db8::1]:5060", "sip:[2001:DB8::1]", true},
		{"sip:100@pbx.example", "sip:101@pbx.example", false},
		{"sip:Anna@pbx.example", "sip:anna@pbx.example", false},
		{"sip:100@pbx.example", "sip:100@other.example", false},
		{"sip:pbx.example", "sip:100@pbx.example", false},
		{"sips:pbx.example", "sip:pbx.example", false},
		{"pbx.example", "sip:pbx.example", false},
		{"sip:[2001:db8::1]", "sip:[2001:db8::2]", false},
	} {
		if got := sameURI(tt.signed, tt.requested); got != tt.want {
			t.Errorf("%s signed, %s requested: %v", tt.signed, tt.requested, got)
		}
	}
}
