package registrar

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"breakwater/call"
)

var sameTargets = cmp.Options{cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty(), cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })}

// disk is what a store holds after the changes it was given.
type disk map[string]call.Binding

func (d disk) apply(changes []Change) {
	for _, c := range changes {
		key := c.Binding.AOR + "/" + c.Binding.ID
		if c.Remove {
			delete(d, key)
			continue
		}
		d[key] = c.Binding
	}
}

func (d disk) bindings() []call.Binding {
	var list []call.Binding
	for _, b := range d {
		list = append(list, b)
	}
	return list
}

func TestARestart(t *testing.T) {
	stored := disk{}
	before := New()
	v := newVisitor(t, before)
	for _, lines := range [][]string{
		{`Contact: "Desk" <sip:a@192.168.1.5:5060;line=1>;q=0.3;methods="INVITE, ACK"`, "Path: <sip:edge.example;lr>", "Expires: 600"},
		{"Contact: <sip:b@[2001:db8::5]:5060>;expires=60"},
	} {
		d, _ := v.register(start, lines...)
		stored.apply(d.Changes)
	}
	after := New()
	if err := after.Load(start.Add(time.Second), stored.bindings()); err != nil {
		t.Fatal(err)
	}
	now := start.Add(2 * time.Second)
	if diff := cmp.Diff(before.Lookup(now, "1001"), after.Lookup(now, "1001"), sameTargets, cmpopts.IgnoreUnexported(before.Lookup(now, "1001")[0].URI)); diff != "" {
		t.Errorf("targets before and after the restart (-before +after):\n%s", diff)
	}
	if got := strings.Join(after.Phones(), " "); got != "1001" {
		t.Errorf("phones %q", got)
	}
	v.book, v.cseq = after, 0
	if d, _ := v.register(now, "Contact: <sip:b@[2001:db8::5]:5060>"); d.Status != 500 {
		t.Errorf("the order of a Call-ID is forgotten: %d", d.Status)
	}
	late := New()
	if err := late.Load(start.Add(61*time.Second), stored.bindings()); err != nil || users(late, start.Add(61*time.Second)) != "a" {
		t.Errorf("after a minute: %v, %q", err, users(late, start.Add(61*time.Second)))
	}
}

func TestAStoreThatWasDamaged(t *testing.T) {
	stored := disk{}
	v := newVisitor(t, New())
	d, _ := v.register(start, "Contact: <sip:a@192.168.1.5>")
	stored.apply(d.Changes)
	good := stored.bindings()[0]
	bad := []call.Binding{
		{AOR: "1", ID: "x", Expires: good.Expires, Wire: []byte("{")},
		{AOR: "2", ID: "x", Expires: good.Expires, Wire: []byte(`{"uri":""}`)},
		{AOR: "3", ID: "x", Expires: good.Expires, Wire: []byte(`{"uri":"sip:a@b","path":["<"]}`)},
	}
	b := New()
	err := b.Load(start, append(bad, good))
	if err == nil {
		t.Fatal("nothing is said of the damage")
	}
	for _, who := range []string{"x of 1", "x of 2", "x of 3"} {
		if !strings.Contains(err.Error(), who) {
			t.Errorf("%v does not name %s", err, who)
		}
	}
	if got := strings.Join(b.Phones(), " "); got != "1001" {
		t.Errorf("phones %q; what can be read must be kept", got)
	}
}

// TestAnyHistory drives a book with random requests, times and losses, and holds
// it against what must always be true.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, stored, told := New(), disk{}, map[string]bool{}
		now := start
		v := &visitor{t: t, book: b, phone: "1001", from: source, rules: Rules{MaxContacts: 3}}
		hear := func(turns []Turn) {
			for _, turn := range turns {
				if told[turn.Phone] == turn.Reachable {
					t.Fatalf("%s was told twice to be reachable=%v", turn.Phone, turn.Reachable)
				}
				told[turn.Phone] = turn.Reachable
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second)
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				changes, turns := b.Sweep(now)
				stored.apply(changes)
				hear(turns)
			case 1:
				for _, target := range b.Due(now, time.Minute, 2) {
					hear(b.Probed(target.AOR, target.ID, rapid.Bool().Draw(t, "answers")))
				}
			default:
				v.phone = rapid.SampledFrom([]string{"1001", "1002"}).Draw(t, "phone")
				v.callID = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "call")
				v.cseq = rapid.IntRange(0, 20).Draw(t, "cseq")
				d := b.Register(now, v.request(lines(t)...))
				turns, ok := b.Commit(d)
				if !ok {
					t.Fatal("refused without a rival")
				}
				if d.Status != 200 && len(d.Changes) > 0 {
					t.Fatalf("%d changes something", d.Status)
				}
				stored.apply(d.Changes)
				hear(turns)
			}
			mustHold(t, b, stored, told, now)
		}
	})
}

// lines draws the body of a REGISTER.
func lines(t *rapid.T) []string {
	if rapid.IntRange(0, 9).Draw(t, "star") == 0 {
		return []string{"Contact: *", "Expires: 0"}
	}
	var list []string
	for range rapid.IntRange(0, 4).Draw(t, "contacts") {
		list = append(list, fmt.Sprintf("Contact: <sip:%s@192.168.1.5>;expires=%d;q=0.%d",
			rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "user"),
			rapid.SampledFrom([]int{0, 30, 60, 100, 7200}).Draw(t, "expires"), rapid.IntRange(0, 9).Draw(t, "q")))
	}
	return list
}

// mustHold checks a book against its store and what was told.
func mustHold(t *rapid.T, b *Book, stored disk, told map[string]bool, now time.Time) {
	again := New()
	if err := again.Load(now, stored.bindings()); err != nil {
		t.Fatal(err)
	}
	for _, phone := range []string{"1001", "1002"} {
		targets := b.Lookup(now, phone)
		if len(targets) > 3 {
			t.Fatalf("%s has %d contacts, 3 are allowed", phone, len(targets))
		}
		if n := len(again.Lookup(now, phone)); n != len(targets) {
			t.Fatalf("%s has %d contacts, after a restart %d", phone, len(targets), n)
		}
		for i, x := range targets {
			if left := x.Expires.Sub(now); left <= 0 || left > time.Hour {
				t.Fatalf("%s lives for another %v", x.Contact, left)
			}
			if i > 0 && x.Reachable && (!targets[i-1].Reachable || targets[i-1].Q < x.Q) {
				t.Fatalf("%s stands behind a worse one", x.Contact)
			}
			if x.Reachable && !told[phone] {
				t.Fatalf("%s can be reached and nobody was told", phone)
			}
		}
	}
}

func FuzzRegister(f *testing.F) {
	f.Add("Contact: <sip:a@b>;q=0.5;expires=60\r\nSupported: path\r\nPath: <sip:e;lr>", "1001")
	f.Add("Contact: *\r\nExpires: 0", "1001")
	f.Add("m: \"x\" <sip:a@[::1]:1;t=u?h=v>;+sip.instance=\"<u>\";reg-id=1, sip:b@c", "10%301")
	f.Fuzz(func(t *testing.T, headers, user string) {
		if strings.Contains(headers, "\r\n\r\n") || strings.ContainsAny(user, "\r\n") {
			return
		}
		text := "REGISTER sip:p SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:1001@p>;tag=1\r\nTo: <sip:" + user + "@p>\r\n" +
			"Call-ID: x\r\nCSeq: 1 REGISTER\r\n" + headers + "\r\n\r\n"
		fuzzOne(t, text)
	})
}
