package registrar

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"breakwater/sip/wire"
)

var (
	start  = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	source = Source{
		Addr:      netip.MustParseAddrPort("203.0.113.9:40123"),
		Local:     netip.MustParseAddrPort("192.0.2.1:5060"),
		Transport: "udp",
	}
)

// visitor is a phone that registers; it numbers its requests as phones do.
type visitor struct {
	t      failer
	book   *Book
	phone  string
	callID string
	cseq   int
	rules  Rules
	from   Source
}

// failer is a test, or a property of one.
type failer interface {
	Helper()
	Fatal(args ...any)
}

func newVisitor(t failer, b *Book) *visitor {
	return &visitor{t: t, book: b, phone: "1001", callID: "reg-1", from: source}
}

// request is a REGISTER with the given header lines.
func (v *visitor) request(lines ...string) Request {
	v.t.Helper()
	v.cseq++
	text := "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.5;branch=z9hG4bK1\r\n" +
		"From: <sip:" + v.phone + "@pbx.example>;tag=1\r\nTo: <sip:" + v.phone + "@pbx.example>\r\nCall-ID: " + v.callID +
		"\r\nCSeq: " + strconv.Itoa(v.cseq) + " REGISTER\r\nUser-Agent: Yealink SIP-T46S 66.86.0.15\r\n"
	for _, l := range lines {
		text += l + "\r\n"
	}
	msg, err := wire.NewParser().ParseSIP([]byte(text + "\r\n"))
	if err != nil {
		v.t.Fatal(err)
	}
	return Request{Msg: msg.(*sip.Request), Phone: v.phone, Source: v.from, Rules: v.rules}
}

// register decides and commits.
func (v *visitor) register(now time.Time, lines ...string) (Decision, []Turn) {
	v.t.Helper()
	d := v.book.Register(now, v.request(lines...))
	turns, ok := v.book.Commit(d)
	if !ok {
		v.t.Fatal("nobody else registered, yet the commit was refused")
	}
	return d, turns
}

// answer is status and headers, one a line, without Date.
func answer(d Decision) []string {
	lines := []string{fmt.Sprint(d.Status)}
	for _, h := range d.Headers {
		if h.Name() != "Date" {
			lines = append(lines, h.Name()+": "+h.Value())
		}
	}
	return lines
}

// users names the targets of 1001 in order.
func users(b *Book, now time.Time) string {
	var list []string
	for _, target := range b.Lookup(now, "1001") {
		list = append(list, target.URI.User)
	}
	return strings.Join(list, " ")
}

func TestOneRegistration(t *testing.T) {
	hour := Rules{Min: time.Minute, Max: time.Hour}
	tests := map[string]struct {
		lines []string
		want  []string
	}{
		"a query of nothing":                {nil, []string{"200"}},
		"by the Expires header":             {[]string{"Contact: <sip:a@192.168.1.5>", "Expires: 120"}, []string{"200", "Contact: <sip:a@192.168.1.5>;expires=120"}},
		"a Cisco SPA: expires with Contact": {[]string{"Contact: \"Desk\" <sip:a@192.168.1.5>;expires=60"}, []string{"200", `Contact: "Desk" <sip:a@192.168.1.5>;expires=60`}},
		"the contact's own word wins":       {[]string{"Contact: <sip:a@192.168.1.5>;Expires=90", "Expires: 120"}, []string{"200", "Contact: <sip:a@192.168.1.5>;expires=90"}},
		"not said: the longest":             {[]string{"Contact: <sip:a@192.168.1.5>"}, []string{"200", "Contact: <sip:a@192.168.1.5>;expires=3600"}},
		"too long is shortened":             {[]string{"Contact: <sip:a@192.168.1.5>", "Expires: 86400"}, []string{"200", "Contact: <sip:a@192.168.1.5>;expires=3600"}},
		"far too long, too":                 {[]string{"Contact: <sip:a@192.168.1.5>;expires=99999999999999999999999"}, []string{"200", "Contact: <sip:a@192.168.1.5>;expires=3600"}},
		"no number at all":                  {[]string{"Contact: <sip:a@192.168.1.5>;expires=soon"}, []string{"200", "Contact: <sip:a@192.168.1.5>;expires=3600"}},
		"a Fanvil: 30 seconds is too brief": {[]string{"Contact: <sip:a@192.168.1.5>", "Expires: 30"}, []string{"423", "Min-Expires: 60"}},
		"one of two too brief: all refused": {[]string{"Contact: <sip:a@192.168.1.5>;expires=100, <sip:b@192.168.1.5>;expires=5"}, []string{"423", "Min-Expires: 60"}},
		"parameters come back as sent": {
			[]string{`m: <sip:a@192.168.1.5:5060;line=x>;reg-id=1;q=0.5;+sip.instance="<urn:uuid:1>";methods="INVITE, ACK";audio`, "Expires: 100", "Supported: path"},
			[]string{"200", `Contact: <sip:a@192.168.1.5:5060;line=x>;reg-id=1;q=0.5;+sip.instance="<urn:uuid:1>";methods="INVITE, ACK";audio;expires=100`},
		},
		"a flow of RFC 5626": {
			[]string{`Contact: <sip:a@192.168.1.5>;reg-id=1;+sip.instance="<urn:uuid:1>";expires=100`, "Supported: path, outbound"},
			[]string{"200", `Contact: <sip:a@192.168.1.5>;reg-id=1;+sip.instance="<urn:uuid:1>";expires=100`, "Require: outbound"},
		},
		"Path comes back to who knows it": {
			[]string{"Contact: <sip:a@192.168.1.5>;expires=100", "Path: <sip:edge1.example;lr>, <sip:edge2.example;lr>", "Supported: path"},
			[]string{"200", "Contact: <sip:a@192.168.1.5>;expires=100", "Path: <sip:edge1.example;lr>", "Path: <sip:edge2.example;lr>"},
		},
		"a Path that is none":                   {[]string{"Contact: <sip:a@192.168.1.5>", "Path: <tel:1>"}, []string{"400"}},
		"* without Expires":                     {[]string{"Contact: *"}, []string{"400"}},
		"* with another Expires":                {[]string{"Contact: *", "Expires: 60"}, []string{"400"}},
		"* and another contact":                 {[]string{"Contact: *, <sip:a@192.168.1.5>", "Expires: 0"}, []string{"400"}},
		"* for nobody":                          {[]string{"Contact: *", "Expires: 0"}, []string{"200"}},
		"removal of what is not there":          {[]string{"Contact: <sip:a@192.168.1.5>;expires=0"}, []string{"200"}},
		"a contact by telephone":                {[]string{"Contact: <tel:+49301234>"}, []string{"400"}},
		"a contact that cannot be read":         {[]string{"Contact: <sip:a@192.168.1.5"}, []string{"400"}},
		"six contacts, five allowed":            {[]string{"Contact: <sip:1@a>,<sip:2@a>,<sip:3@a>,<sip:4@a>,<sip:5@a>,<sip:6@a>"}, []string{"403"}},
		"a header escaped in the contact (RFC)": {[]string{"Contact: <sip:a@192.168.1.5?Route=%3Csip:x%3E>;expires=100"}, []string{"200", "Contact: <sip:a@192.168.1.5?Route=%3Csip:x%3E>;expires=100"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := New()
			v := newVisitor(t, b)
			v.rules = hour
			d, _ := v.register(start, tt.lines...)
			if diff := cmp.Diff(tt.want, answer(d)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if d.Status != 200 && len(b.Lookup(start, "1001")) != 0 {
				t.Error("refused, and yet bound")
			}
		})
	}
}

func TestWhoMayRegisterWhom(t *testing.T) {
	tests := map[string]struct {
		to, phone string
		want      int
	}{
		"itself":                      {"<sip:1001@pbx.example>", "1001", 200},
		"itself, with an escape":      {"<sip:10%301@pbx.example>", "1001", 200},
		"somebody else":               {"<sip:1002@pbx.example>", "1001", 403},
		"itself in another case":      {"<sip:Anna@pbx.example>", "anna", 403},
		"a book (unksm2 of RFC 4475)": {"isbn:2983792873", "1001", 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := newVisitor(t, New())
			r := v.request("Contact: <sip:a@192.168.1.5>")
			if err := sip.ParseUri(strings.Trim(tt.to, "<>"), &r.Msg.To().Address); err != nil {
				t.Fatal(err)
			}
			r.Phone = tt.phone
			if d := v.book.Register(start, r); d.Status != tt.want {
				t.Errorf("status %d, want %d", d.Status, tt.want)
			}
		})
	}
}

func TestTheLifeOfABinding(t *testing.T) {
	b := New()
	v := newVisitor(t, b)
	_, turns := v.register(start, "Contact: <sip:a@192.168.1.5>;expires=100")
	if diff := cmp.Diff([]Turn{{"1001", true}}, turns); diff != "" {
		t.Errorf("first contact (-want +got):\n%s", diff)
	}
	d, turns := v.register(start.Add(50*time.Second), "Contact: <sip:a@192.168.1.5>;expires=100")
	if len(turns) != 0 || len(d.Changes) != 1 || d.Changes[0].Remove {
		t.Errorf("a refresh: turns %v, changes %+v", turns, d.Changes)
	}
	d, _ = v.register(start.Add(120*time.Second), "Contact: <sip:b@192.168.1.6>;expires=100;q=0.9")
	if want := []string{"200", "Contact: <sip:a@192.168.1.5>;expires=30", "Contact: <sip:b@192.168.1.6>;q=0.9;expires=100"}; !cmp.Equal(want, answer(d)) {
		t.Errorf("a second contact: %q", answer(d))
	}
	if got := users(b, start.Add(121*time.Second)); got != "a b" {
		t.Errorf("targets %q, want a b: by q", got)
	}
	if got := users(b, start.Add(150*time.Second)); got != "b" {
		t.Errorf("targets %q, want b: a has expired even before the sweep", got)
	}
	changes, turns := b.Sweep(start.Add(150 * time.Second))
	if len(changes) != 1 || !changes[0].Remove || len(turns) != 0 {
		t.Errorf("the first sweep: %+v, %v", changes, turns)
	}
	changes, turns = b.Sweep(start.Add(220 * time.Second))
	if len(changes) != 1 || !cmp.Equal([]Turn{{"1001", false}}, turns) {
		t.Errorf("the last sweep: %+v, %v", changes, turns)
	}
	if len(b.Phones()) != 0 {
		t.Errorf("phones %v", b.Phones())
	}
}

func TestRemoval(t *testing.T) {
	b := New()
	v := newVisitor(t, b)
	v.register(start, "Contact: <sip:a@192.168.1.5>, <sip:b@192.168.1.5>")
	d, turns := v.register(start, "Contact: <sip:A2@192.168.1.5>", "Expires: 100")
	if len(d.Changes) != 1 || len(turns) != 0 {
		t.Fatalf("%+v, %v", d.Changes, turns)
	}
	d, _ = v.register(start, "Contact: <sip:a@192.168.1.5>", "Expires: 0")
	if got := users(b, start); got != "A2 b" && got != "b A2" || !d.Changes[0].Remove {
		t.Errorf("after one was removed: %q, %+v", got, d.Changes)
	}
	d, turns = v.register(start, "Contact: *", "Expires: 0")
	if len(d.Changes) != 2 || !cmp.Equal([]Turn{{"1001", false}}, turns) || users(b, start) != "" {
		t.Errorf("after *: %+v, %v, %q", d.Changes, turns, users(b, start))
	}
	v.register(start, "Contact: <sip:a@192.168.1.5>")
	if changes, turns := b.Forget("1001"); len(changes) != 1 || len(turns) != 1 {
		t.Errorf("forgotten: %+v, %v", changes, turns)
	}
	if changes, turns := b.Forget("nobody"); changes != nil || turns != nil {
		t.Errorf("nobody forgotten: %+v, %v", changes, turns)
	}
}

func TestOrderWithinACallID(t *testing.T) {
	b := New()
	v := newVisitor(t, b)
	v.cseq = 10
	v.register(start, "Contact: <sip:a@192.168.1.5>") // CSeq 11
	for _, tt := range []struct {
		why    string
		callID string
		cseq   int
		lines  []string
		want   int
	}{
		{"an older request", "reg-1", 5, []string{"Contact: <sip:a@192.168.1.5>"}, 500},
		{"the very same", "reg-1", 11, []string{"Contact: <sip:a@192.168.1.5>;expires=0"}, 500},
		{"an older *", "reg-1", 7, []string{"Contact: *", "Expires: 0"}, 500},
		{"an older query harms nobody", "reg-1", 3, nil, 200},
		{"an older request for another contact", "reg-1", 4, []string{"Contact: <sip:b@192.168.1.5>"}, 200},
		{"a rebooted phone counts anew under another Call-ID", "reg-2", 1, []string{"Contact: <sip:a@192.168.1.5>"}, 200},
		{"a newer request", "reg-2", 2, []string{"Contact: <sip:a@192.168.1.5>;expires=0"}, 200},
	} {
		v.callID, v.cseq = tt.callID, tt.cseq-1
		if d, _ := v.register(start, tt.lines...); d.Status != tt.want {
			t.Errorf("%s: %d %s, want %d", tt.why, d.Status, d.Reason, tt.want)
		}
	}
	if got := users(b, start); got != "b" {
		t.Errorf("left: %q, want b", got)
	}
}

func TestTheSameContactInOtherWords(t *testing.T) {
	const first = "sip:a@pbx-phone.example:5060;transport=tcp;line=1"
	for uri, same := range map[string]bool{
		"sip:a@PBX-Phone.Example:5060;LINE=1;transport=TCP": true,
		"sip:a@pbx-phone.example:5062;transport=tcp;line=1": false,
		"sip:A@pbx-phone.example:5060;transport=tcp;line=1": false,
		"sip:a@pbx-phone.example:5060;transport=tcp;line=2": false,
		"sip:a@pbx-phone.example;transport=tcp;line=1":      false,
	} {
		b := New()
		v := newVisitor(t, b)
		v.register(start, "Contact: <"+first+">")
		v.register(start, "Contact: <"+uri+">")
		if got := len(b.Lookup(start, "1001")) == 1; got != same {
			t.Errorf("%s: same = %v, want %v", uri, got, same)
		}
	}
	b := New()
	v := newVisitor(t, b)
	v.register(start, `Contact: <sip:a@10.0.0.1>;reg-id=1;+sip.instance="<urn:uuid:1>"`)
	v.register(start, `Contact: <sip:a@10.0.0.2>;reg-id=1;+sip.instance="<urn:uuid:1>"`)
	v.register(start, `Contact: <sip:a@10.0.0.2>;reg-id=2;+sip.instance="<urn:uuid:1>"`)
	if got := len(b.Lookup(start, "1001")); got != 2 {
		t.Errorf("%d bindings; a flow replaces the same flow and no other", got)
	}
}

func TestTheOldestMakesRoom(t *testing.T) {
	b := New()
	v := newVisitor(t, b)
	v.rules = Rules{MaxContacts: 2}
	for i, user := range []string{"a", "b", "a", "c"} {
		v.register(start.Add(time.Duration(i)*time.Second), "Contact: <sip:"+user+"@192.168.1.5>")
	}
	if got := users(b, start.Add(5*time.Second)); got != "c a" {
		t.Errorf("left %q, want c a: b was unrefreshed for longest", got)
	}
}

func TestTargets(t *testing.T) {
	b := New()
	v := newVisitor(t, b)
	v.from.Transport, v.from.Conn = "tcp", "conn-7"
	v.register(start, "Contact: <sip:a@192.168.1.5:5060;transport=tcp?X=y>;q=0.5;expires=100",
		"Path: <sip:edge1.example;lr>,<sip:edge2.example:5062;lr>")
	got := b.Lookup(start, "1001")
	if len(got) != 1 {
		t.Fatalf("%d targets", len(got))
	}
	x := got[0]
	if s := x.URI.String(); s != "sip:a@192.168.1.5:5060;transport=tcp" {
		t.Errorf("Request-URI %s", s)
	}
	if len(x.Routes) != 2 || x.Routes[0].String() != "sip:edge1.example;lr" || x.Routes[1].String() != "sip:edge2.example:5062;lr" {
		t.Errorf("routes %v", x.Routes)
	}
	if x.Source != v.from || x.Q != 500 || !x.Reachable || x.UserAgent != "Yealink SIP-T46S 66.86.0.15" || !x.Expires.Equal(start.Add(100*time.Second)) {
		t.Errorf("target %+v", x)
	}
	x.URI.UriParams.Add("transport", "udp")
	if s := b.Lookup(start, "1001")[0].URI.String(); !strings.Contains(s, "tcp") {
		t.Error("a caller changed the book through its target")
	}
	if b.Lookup(start, "nobody") != nil {
		t.Error("nobody has targets")
	}
}

func TestTwoAtOnce(t *testing.T) {
	b := New()
	v := newVisitor(t, b)
	one := b.Register(start, v.request("Contact: <sip:a@192.168.1.5>"))
	two := b.Register(start, v.request("Contact: <sip:b@192.168.1.5>"))
	if _, ok := b.Commit(one); !ok {
		t.Fatal("the first was refused")
	}
	if _, ok := b.Commit(two); ok {
		t.Fatal("the second would have wiped out the first")
	}
	if got := users(b, start); got != "a" {
		t.Errorf("bound: %q", got)
	}
	gone := b.Register(start, v.request("Contact: <sip:c@192.168.1.5>"))
	b.Forget("1001")
	if _, ok := b.Commit(gone); ok {
		t.Error("a phone that was removed meanwhile is back")
	}
	if _, ok := b.Commit(b.Register(start, v.request())); !ok {
		t.Error("a query cannot collide")
	}
}

func TestAStoreIsRepaired(t *testing.T) {
	b, stored := New(), disk{}
	v := newVisitor(t, b)
	one := b.Register(start, v.request("Contact: <sip:a@192.168.1.5>;expires=100"))
	two := b.Register(start, v.request("Contact: <sip:a@192.168.1.5>;expires=200", "Contact: <sip:b@192.168.1.5>"))
	stored.apply(two.Changes)
	stored.apply(one.Changes) // the disk was slower than the book
	for i, d := range []Decision{two, one} {
		if _, ok := b.Commit(d); ok != (i == 0) {
			t.Fatalf("decision %d: committed = %v", i, ok)
		}
	}
	repair := func(changes []Change, want int) {
		t.Helper()
		repairs, err := b.Repair(changes)
		if err != nil || len(repairs) != want {
			t.Fatalf("%d repairs, want %d (%v)", len(repairs), want, err)
		}
		stored.apply(repairs)
		again := New()
		if err := again.Load(start, stored.bindings()); err != nil {
			t.Fatal(err)
		}
		if got, want := len(again.Lookup(start, "1001")), len(b.Lookup(start, "1001")); got != want {
			t.Errorf("the store has %d contacts, the book %d", got, want)
		}
	}
	repair(two.Changes, 0)
	repair(one.Changes, 1)

	gone, _ := b.Sweep(start.Add(2 * time.Hour))
	if _, turns := v.register(start.Add(2*time.Hour), "Contact: <sip:a@192.168.1.5>"); len(turns) != 1 {
		t.Fatal("it came back unheard")
	}
	stored.apply(gone) // too late: one of them is bound again
	repair(gone, 1)

	ghost := b.Register(start, v.request("Contact: <sip:ghost@192.168.1.5>"))
	stored.apply(ghost.Changes) // and then its phone was taken out of the config
	forgotten, _ := b.Forget("1001")
	stored.apply(forgotten)
	repair(ghost.Changes, 1)
}
