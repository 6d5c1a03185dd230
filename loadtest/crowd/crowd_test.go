package crowd

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"breakwater/loadtest/flood"
	"breakwater/sip/siptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened is a crowd whose server is another phone; both run until the test ends.
func opened(t *testing.T, server netip.AddrPort) (*Crowd, *flood.Flood, context.Context) {
	t.Helper()
	flood.Processors()
	f, err := flood.Open(flood.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(Settings{Server: server, Trunk: netip.MustParseAddr("127.0.0.2"), Sound: f, Law: "PCMU"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	ended := make(chan error, 2)
	go func() { ended <- f.Run(ctx) }()
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, <-ended); err != nil {
			t.Error(err)
		}
	})
	return c, f, ctx
}

func phone(t *testing.T, o siptest.Options) *siptest.Phone {
	t.Helper()
	p, err := siptest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func at(t *testing.T, p *siptest.Phone) netip.AddrPort {
	t.Helper()
	uri := siptest.URIOf(p.Contact())
	_, host, _ := strings.Cut(uri, "@")
	host, _, _ = strings.Cut(host, ";")
	a, err := netip.ParseAddrPort(host)
	if err != nil {
		t.Fatalf("contact %q: %v", p.Contact(), err)
	}
	return a
}

func TestACallerIsAnsweredTalksAndHangsUp(t *testing.T) {
	server := phone(t, siptest.Options{Name: "server", Policy: siptest.AnswerAfter(0)})
	c, _, ctx := opened(t, at(t, server))
	call, err := c.Dial(ctx, "8100")
	if err != nil {
		t.Fatal(err)
	}
	in := <-server.Incoming()
	if in.Dialled() != "8100" || !strings.HasPrefix(in.From(), "030") {
		t.Errorf("dialled %q from %q", in.Dialled(), in.From())
	}
	if err := call.Sound.Press(ctx, "5"); err != nil {
		t.Fatal(err)
	}
	if err := in.WaitDigits(ctx, "5"); err != nil {
		t.Error(err)
	}
	if err := call.Hangup(ctx); err != nil {
		t.Fatal(err)
	}
	if end, err := in.WaitEnded(ctx); err != nil || end.By != "them" {
		t.Errorf("it ended by %q, %v", end.By, err)
	}
	if s := in.Stats(); s.Packets < 5 || s.Lost != 0 {
		t.Errorf("heard %+v", s)
	}
}

func TestARefusalSaysWhy(t *testing.T) {
	server := phone(t, siptest.Options{Name: "server", Policy: siptest.DeclineWith(486)})
	c, _, ctx := opened(t, at(t, server))
	_, err := c.Dial(ctx, "8100")
	var refused *Refused
	if !errors.As(err, &refused) || refused.Status != 486 {
		t.Errorf("got %v", err)
	}
}

func TestACallThatNobodyAnswersIsCancelled(t *testing.T) {
	server := phone(t, siptest.Options{Name: "server", Policy: siptest.Policy{Do: siptest.Ring}})
	c, _, ctx := opened(t, at(t, server))
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	if _, err := c.Dial(short, "8100"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	in := <-server.Incoming()
	if _, err := in.WaitEnded(ctx); err != nil {
		t.Errorf("it rings on: %v", err)
	}
}

func TestAPhoneAnswersOneCallAtATime(t *testing.T) {
	caller := phone(t, siptest.Options{Name: "caller"})
	c, _, ctx := opened(t, at(t, caller))
	desk, err := c.Phone("2001", "secret")
	if err != nil {
		t.Fatal(err)
	}
	number := "2001@" + c.local(desk.addr)
	first, err := caller.Call(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.WaitAnswered(ctx); err != nil {
		t.Fatal(err)
	}
	second, err := caller.Call(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	if end, err := second.WaitEnded(ctx); err != nil || end.Status != 486 {
		t.Errorf("the second call ended with %+v, %v", end, err)
	}
	if c.Counts.Doubles.Load() != 1 || c.Talking() != 1 {
		t.Errorf("%d doubles, %d talking", c.Counts.Doubles.Load(), c.Talking())
	}
	if err := first.Hold(ctx, siptest.SendOnly); err != nil {
		t.Errorf("a re-INVITE: %v", err)
	}
	if err := first.Hangup(ctx); err != nil {
		t.Error(err)
	}
	if c.Talking() != 0 {
		t.Error("it talks on")
	}
}

func TestAPhoneThatIsCalledInAMuteCrowdSaysNothing(t *testing.T) {
	caller := phone(t, siptest.Options{Name: "caller"})
	c, _, ctx := opened(t, at(t, caller))
	desk, err := c.Phone("2001", "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, mute := range []bool{true, false} {
		c.Mute(mute)
		call, err := caller.Call(ctx, "2001@"+c.local(desk.addr))
		if err != nil {
			t.Fatal(err)
		}
		if err := call.WaitAnswered(ctx); err != nil {
			t.Fatal(err)
		}
		<-time.After(100 * time.Millisecond) // five packets long
		if n := call.Stats().Packets; (n == 0) != mute {
			t.Errorf("mute is %v, and %d packets were heard", mute, n)
		}
		if err := call.Hangup(ctx); err != nil {
			t.Error(err)
		}
	}
}

func TestSomebodyElsesNumberIsNotFound(t *testing.T) {
	caller := phone(t, siptest.Options{Name: "caller"})
	c, _, ctx := opened(t, at(t, caller))
	call, err := caller.Call(ctx, "2999@"+c.local(netip.MustParseAddr("127.0.0.1")))
	if err != nil {
		t.Fatal(err)
	}
	if end, err := call.WaitEnded(ctx); err != nil || end.Status != 404 {
		t.Errorf("ended with %+v, %v", end, err)
	}
}

func TestDescriptionsAreUnderstood(t *testing.T) {
	const head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
	for name, c := range map[string]struct {
		sdp  string
		want session
		bad  bool
	}{
		"a common address": {
			head + "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n",
			session{netip.MustParseAddrPort("192.0.2.1:4000"), 96, true},
			false,
		},
		"an address of its own": {
			head + "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.9\r\n",
			session{netip.MustParseAddrPort("192.0.2.9:4000"), 0, true},
			false,
		},
		"on hold": {
			head + "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n",
			session{netip.MustParseAddrPort("192.0.2.1:4000"), 0, false},
			false,
		},
		"video, which is refused, behind it": {
			head + "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 192.0.2.7\r\na=inactive\r\n",
			session{netip.MustParseAddrPort("192.0.2.1:4000"), 0, true},
			false,
		},
		"no audio":  {head + "c=IN IP4 192.0.2.1\r\nt=0 0\r\n", session{}, true},
		"our own":   {string(describe(netip.MustParseAddrPort("127.64.0.1:33000"), "PCMA")), session{netip.MustParseAddrPort("127.64.0.1:33000"), 101, true}, false},
		"nonsense":  {"\x00\xff=\r\n\r\nm=", session{}, true},
		"no number": {head + "c=IN IP4 x\r\nm=audio y RTP/AVP 0\r\n", session{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := understand([]byte(c.sdp))
			if (err != nil) != c.bad {
				t.Fatalf("got %v", err)
			}
			if err == nil && got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func FuzzUnderstand(f *testing.F) {
	f.Add(describe(netip.MustParseAddrPort("127.64.0.1:33000"), "PCMU"))
	f.Fuzz(func(_ *testing.T, body []byte) {
		_, _ = understand(body) // whatever comes from the network must not stop a run
	})
}
