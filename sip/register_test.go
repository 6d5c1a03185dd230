package sip

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"breakwater/call"
	"breakwater/sip/registrar"
	"breakwater/sip/siptest"
)

func TestOnlyWhoProvesItselfRegisters(t *testing.T) {
	h := open(t, Plan{})
	for name, tc := range map[string]struct {
		phone  string
		change func(*siptest.Options)
		status int
	}{
		"the right password by MD5":                    {"1001", func(*siptest.Options) {}, 200},
		"the right password by SHA-256":                {"1003", func(*siptest.Options) {}, 200},
		"a wrong password gets the same as a stranger": {"1001", func(o *siptest.Options) { o.Password = "wrong" }, 401},
		"a stranger": {"9999", func(*siptest.Options) {}, 401},
		"over TCP":   {"1002", overTCP, 200},
	} {
		t.Run(name, func(t *testing.T) {
			err := h.phone(tc.phone, tc.change).Register(h.ctx)
			if got := siptest.StatusOf(err); (tc.status == 200) != (err == nil) || err != nil && got != tc.status {
				t.Errorf("got %v, want %d", err, tc.status)
			}
		})
	}
	if c := h.Counters(); c.AuthFailures == 0 || c.Strangers == 0 {
		t.Errorf("counters %+v", c)
	}
}

func TestACallWithoutProofIsChallengedWithoutState(t *testing.T) {
	h := open(t, Plan{})
	p := h.phone("1001", func(o *siptest.Options) { o.Password = "" })
	c, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	end, err := c.WaitEnded(h.ctx)
	if must(t, "end", err); end.Status != 401 {
		t.Errorf("ended %v, want 401", end)
	}
	if n := h.Counters(); n.Legs != 0 || n.Transactions != 0 {
		t.Errorf("a stranger left %+v", n)
	}
}

func TestQualifyFindsAPhoneThatVanishedAndItsReturn(t *testing.T) {
	h := open(t, Plan{Settings: Settings{Qualify: time.Second}})
	p := h.registered("1001")
	h.turned("1001", true)
	p.Vanish()
	h.turned("1001", false)
	if v := h.Phones()[0]; v.Name != "1001" || v.Reachable || len(v.Contacts) != 1 {
		t.Errorf("view %+v", v)
	}
	p.Return()
	h.turned("1001", true)
}

func TestRegistrationsOutliveTheServer(t *testing.T) {
	dir := &directory{all: map[string]call.Binding{}}
	first := openIn(t, Plan{}, dir)
	port := first.at("udp")
	p := first.registered("1001", func(o *siptest.Options) { o.Policy = siptest.AnswerAfter(0) })
	first.stop()

	second := openIn(t, Plan{Settings: Settings{Listen: []Listener{{Transport: "udp", Address: port.String()}}}}, dir)
	second.turned("1001", true)
	leg := listenTo(second.Dial(second.ctx, call.Target{Phone: "1001"}))
	rung(t, p)
	for s := (call.Signal{}); s.Kind != call.Answered; {
		select {
		case s = <-leg.signals:
		case <-time.After(patience):
			t.Fatal("not answered after the restart")
		}
	}
}

func TestARegistrationThatCannotBeStoredIsStoredLater(t *testing.T) {
	dir := &directory{all: map[string]call.Binding{}}
	h := openIn(t, Plan{}, dir)
	left := h.registered("1002")
	fails := func(err error) {
		dir.mu.Lock()
		defer dir.mu.Unlock()
		dir.fail = err
	}
	fails(errors.New("disk full"))
	h.registered("1001")
	must(t, "unregister", left.Unregister(h.ctx))
	h.turned("1001", true)
	if n := h.Counters().Unstored; n != 2 {
		t.Errorf("%d registrations counted, want 2", n)
	}
	fails(nil)
	deadline := time.After(patience)
	for look := time.NewTicker(10 * time.Millisecond); ; {
		all, _ := dir.Bindings(h.ctx)
		if len(all) == 1 && all[0].AOR == "1001" && len(h.debts.list()) == 0 {
			return
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("the store has %v", all)
		}
	}
}

func TestWhatAStoreMayOweIsBounded(t *testing.T) {
	var d debts
	one := func(id int) []registrar.Change {
		return []registrar.Change{{Binding: call.Binding{AOR: "1001", ID: strconv.Itoa(id)}}}
	}
	for i := range maxDebts {
		if first, ok := d.owe(one(i)); !ok || first != (i == 0) {
			t.Fatalf("debt %d: first %v, ok %v", i, first, ok)
		}
	}
	if _, ok := d.owe(one(maxDebts)); ok {
		t.Error("there is always room for one more")
	}
}

func TestPhonesOfBeforeTheRestartAreNotLimited(t *testing.T) {
	dir := &directory{all: map[string]call.Binding{}}
	first := openIn(t, Plan{}, dir)
	p := first.registered("1001")
	first.stop()
	second := openIn(t, Plan{Settings: Settings{RatePerSource: 1}}, dir)
	for i := range 50 {
		if !second.limiter.Allow(time.Now(), p.Address()) {
			t.Fatalf("its message %d was dropped", i)
		}
	}
}

func TestUnregisterAndExpiry(t *testing.T) {
	h := open(t, Plan{Settings: Settings{MinExpiry: time.Second}})
	p := h.registered("1001")
	h.turned("1001", true)
	must(t, "unregister", p.Unregister(h.ctx))
	h.turned("1001", false)
	_, err := p.RegisterAs(h.ctx, siptest.Registration{Expires: time.Second})
	must(t, "register for a second", err)
	h.turned("1001", true)
	h.turned("1001", false)
}

func TestAStrangerIsLimitedAPhoneIsNot(t *testing.T) {
	h := open(t, Plan{Settings: Settings{RatePerSource: 5}})
	p := h.registered("1001")
	stranger := h.phone("1002", func(o *siptest.Options) { o.Password = "" })
	for range 40 {
		must(t, "send", stranger.SendRaw(h.ctx, netip.AddrPort{}, []byte("OPTIONS sip:x SIP/2.0\r\n\r\n")))
	}
	_, err := p.Call(h.ctx, "700")
	must(t, "call", err)
	must(t, "answer", h.came().Answer(h.ctx))
	for h.Counters().RateLimited == 0 {
		if h.ctx.Err() != nil {
			t.Fatal("the stranger was not limited")
		}
	}
}

func TestAConfigEditAddsAndRemovesPhones(t *testing.T) {
	h := open(t, Plan{})
	p := h.registered("1001")
	_ = p
	h.turned("1001", true)
	listen := h.plan().settings.Listen
	next := quick(Plan{Settings: Settings{Listen: listen}, Phones: map[string]PhoneSpec{"2001": {Password: "secret-2001"}}})
	commit, err := h.Prepare(next)
	must(t, "prepare", err)
	if _, known := h.plan().phones["2001"]; known {
		t.Error("Prepare changed something")
	}
	commit()
	h.turned("1001", false)
	h.registered("2001")
	h.turned("2001", true)
	for name, bad := range map[string]Plan{
		"another listener":         {Settings: Settings{Listen: []Listener{{Transport: "udp", Address: "127.0.0.1:5999"}}}},
		"a phone without password": {Settings: Settings{Listen: listen}, Phones: map[string]PhoneSpec{"1": {}}},
		"other timers":             {Settings: Settings{Listen: listen, T1: time.Second}},
	} {
		if _, err := h.Prepare(quick(bad)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestStrangersLeaveNoState, whatever they send: a flood from invented addresses
// must not fill the mailboxes.
func TestStrangersLeaveNoState(t *testing.T) {
	h := open(t, Plan{Settings: Settings{RatePerSource: 1000}})
	p := h.phone("1001", func(o *siptest.Options) { o.Password = "" })
	head := "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{n};rport\r\nFrom: <sip:1001@h>;tag=a\r\nTo: <sip:1001@h>\r\nCall-ID: c{n}\r\nContact: <sip:a@h>\r\nCSeq: 1 "
	proof := `Authorization: Digest username="1001", realm="breakwater", nonce="x", uri="sip:h", response="00000000000000000000000000000000", algorithm=MD5, qop=auth, nc=00000001, cnonce="x"` + "\r\n"
	for n, tc := range []struct {
		method, more string
		want         int
	}{
		{"OPTIONS", "", 200},
		{"BYE", "", 481},
		{"CANCEL", "", 481},
		{"INFO", "", 481},
		{"REFER", "", 481},
		{"INVITE", "", 401},
		{"REGISTER", "", 401},
		{"INVITE", proof, 401},
		{"REGISTER", proof, 401},
	} {
		raw := strings.ReplaceAll(tc.method+" sip:h SIP/2.0\r\n"+head+tc.method+"\r\n"+tc.more+"Content-Length: 0\r\n\r\n", "{n}", strconv.Itoa(n))
		must(t, "send", p.SendRaw(h.ctx, netip.AddrPort{}, []byte(raw)))
		select {
		case m := <-p.Strays():
			if m.Status != tc.want {
				t.Errorf("%s got %s, want %d", tc.method, m, tc.want)
			}
		case <-time.After(patience):
			t.Fatalf("%s got nothing", tc.method)
		}
	}
	if c := h.Counters(); c.Mailboxes != 0 || c.Transactions != 0 || c.Strangers != 2 || c.AuthFailures != 2 {
		t.Errorf("left %+v", c)
	}
}
