package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"breakwater/media"
)

// TestAnswersWordForWord shows what stands on the wire.
func TestAnswersWordForWord(t *testing.T) {
	head := []string{"v=0", "o=breakwater 5 1 IN IP4 192.0.2.10", "s=-", "c=IN IP4 192.0.2.10", "t=0 0"}
	tests := map[string]struct {
		offer []byte
		wish  Direction
		want  []string
	}{
		"a plain phone": {
			phone("m=audio 5004 RTP/AVP 9 8 0 101", "a=rtpmap:101 telephone-event/8000"), SendRecv,
			[]string{"m=audio 10000 RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv"},
		},
		"without events": {
			phone("m=audio 5004 RTP/AVP 0"), SendRecv,
			[]string{"m=audio 10000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendrecv"},
		},
		"we hold whom we answer": {
			phone("m=audio 5004 RTP/AVP 0"), SendOnly,
			[]string{"m=audio 10000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendonly"},
		},
		"every other line declined in its place": {
			phone("m=audio 5002 RTP/SAVP 0 8", "m=audio 5004 RTP/AVP 0", "m=video 5010/2 RTP/AVP 96 97", "m=image 5020 udptl t38"), SendRecv,
			[]string{
				"m=audio 0 RTP/SAVP 0 8", "m=audio 10000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendrecv",
				"m=video 0 RTP/AVP 96 97", "m=image 0 udptl t38",
			},
		},
		"the feedback profile keeps its name": {
			phone("m=audio 5004 RTP/AVPF 0"), SendRecv,
			[]string{"m=audio 10000 RTP/AVPF 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendrecv"},
		},
		"an old hold": {
			phone("m=audio 5004 RTP/AVP 0", "c=IN IP4 0.0.0.0"), SendRecv,
			[]string{"m=audio 10000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=recvonly"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, _, err := NewSession(5, false).Answer(tt.offer, here, tt.wish)
			if err != nil {
				t.Fatal(err)
			}
			if want := string(body(append(head, tt.want...)...)); string(got) != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestHoldAndResume goes through the three ways in which phones hold, and back.
func TestHoldAndResume(t *testing.T) {
	talk := phone("m=audio 5004 RTP/AVP 0", "a=sendrecv")
	for name, hold := range map[string][]byte{
		"sendonly": phone("m=audio 5004 RTP/AVP 0", "a=sendonly"),
		"inactive": phone("m=audio 5004 RTP/AVP 0", "a=inactive"),
		"0.0.0.0":  phone("m=audio 5004 RTP/AVP 0", "c=IN IP4 0.0.0.0"),
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSession(1, false)
			for i, step := range []struct {
				offer []byte
				held  bool
			}{{talk, false}, {hold, true}, {hold, true}, {talk, false}} {
				_, r, err := s.Answer(step.offer, here, SendRecv)
				if err != nil {
					t.Fatal(err)
				}
				if r.Held != step.held || r.Desc.Send == step.held {
					t.Errorf("step %d: held %v, we send %v", i, r.Held, r.Desc.Send)
				}
			}
			if s.version != 3 {
				t.Errorf("version %d after talk, hold, hold, talk; want 3", s.version)
			}
		})
	}
}

func TestADelayedOffer(t *testing.T) {
	s := NewSession(1, false)
	s.Offer(here, SendRecv) // in our 200 to an INVITE without one
	if _, err := s.Accept([]byte("garbage")); err == nil || !s.Pending() {
		t.Errorf("error %v, pending %v; an answer that cannot be read settles nothing", err, s.Pending())
	}
	r, err := s.Accept(phone("m=audio 5004 RTP/AVP 8")) // in the ACK
	if err != nil || r.Desc.Codec != media.PCMA || s.Pending() {
		t.Errorf("%+v, %v, pending %v", r, err, s.Pending())
	}
	if _, err := s.Accept(phone("m=audio 5004 RTP/AVP 8")); !errors.Is(err, ErrNoOffer) {
		t.Errorf("a second answer: %v", err)
	}
}

func TestAnAnswerWithFewerLinesThanWeOffered(t *testing.T) {
	s := NewSession(1, false)
	if _, _, err := s.Answer(phone("m=video 1 RTP/AVP 96", "m=audio 5004 RTP/AVP 0"), here, SendRecv); err != nil {
		t.Fatal(err)
	}
	s.Offer(here, SendRecv)
	if _, err := s.Accept(phone("m=audio 5004 RTP/AVP 0")); !errors.Is(err, ErrRefused) {
		t.Errorf("error %v, want ErrRefused: our line has no answer", err)
	}
}

// TestAnyOffer holds answers to random but sound offers against RFC 3264.
func TestAnyOffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offered := rapid.SliceOfNDistinct(rapid.SampledFrom([]int{0, 3, 8, 9, 18, 101}), 1, 6, rapid.ID[int]).Draw(t, "formats")
		theirs := rapid.SampledFrom([]Direction{SendRecv, SendOnly, RecvOnly, Inactive}).Draw(t, "direction")
		wish := rapid.SampledFrom([]Direction{SendRecv, SendOnly, RecvOnly, Inactive}).Draw(t, "wish")
		before := rapid.IntRange(0, 3).Draw(t, "lines before")
		var lines []string
		for range before {
			lines = append(lines, "m=video 4000 RTP/AVP 96")
		}
		lines = append(lines, "m=audio 5004 RTP/AVP "+strings.Trim(fmt.Sprint(offered), "[]"), "a=rtpmap:101 telephone-event/8000", "a="+theirs.String())
		wideband := rapid.Bool().Draw(t, "wideband")
		want, speaks := media.PCMU, false
		for _, f := range offered {
			if f == 0 || f == 8 || f == 9 && wideband {
				want, speaks = media.Codec(f), true
				break
			}
		}
		s := NewSession(1, wideband)
		answer, r, err := s.Answer(phone(lines...), here, wish)
		if !speaks {
			if !errors.Is(err, ErrNoCodec) {
				t.Fatalf("error %v, want ErrNoCodec", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Desc.Codec != want {
			t.Fatalf("codec %s, want %s, the offerer's first", r.Desc.Codec, want)
		}
		if r.Desc.Send && !theirs.receives() || r.Desc.Recv && !theirs.sends() || r.Desc.Send && !wish.sends() || r.Desc.Recv && !wish.receives() {
			t.Fatalf("they are %s, we wish %s, and agreed on %+v", theirs, wish, r.Desc)
		}
		back, err := parse(answer)
		if err != nil || len(back) != before+1 || back[before].port != here.Port() {
			t.Fatalf("%v\n%s", err, answer)
		}
		// The party takes our answer: both must mean the same.
		peer := NewSession(2, wideband)
		peer.audio, peer.streams = before, s.streams
		peer.Offer(here, theirs)
		mirror, err := peer.Accept(answer)
		if err != nil || mirror.Desc.Send != r.Desc.Recv || mirror.Desc.Recv != r.Desc.Send || mirror.Desc.Codec != r.Desc.Codec {
			t.Fatalf("we say %+v, the party understands %+v (%v)", r.Desc, mirror.Desc, err)
		}
	})
}

func TestADialogKeepsItsIdentity(t *testing.T) {
	s := NewSession(99, false)
	first, _, err := s.Answer(phone("m=video 5010 RTP/AVP 96", "m=audio 5004 RTP/AVP 8 0 127", "a=rtpmap:127 telephone-event/8000"), here, SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	hold := s.Offer(here, SendOnly)
	again := s.Offer(here, SendOnly)
	resume := s.Offer(here, SendRecv)

	for i, b := range [][]byte{first, hold, again, resume} {
		d := strict(t, b)
		if d.Origin.SessionID != 99 {
			t.Errorf("description %d: session %d, want 99", i, d.Origin.SessionID)
		}
		if want := []uint64{1, 2, 2, 3}[i]; d.Origin.SessionVersion != want {
			t.Errorf("description %d: version %d, want %d", i, d.Origin.SessionVersion, want)
		}
		if len(d.MediaDescriptions) != 2 || d.MediaDescriptions[0].MediaName.Port.Value != 0 {
			t.Errorf("description %d lost or opened a line:\n%s", i, b)
		}
	}
	if got := strings.Join(strict(t, resume).MediaDescriptions[1].MediaName.Formats, " "); got != "8 0 127" {
		t.Errorf("formats of the re-offer: %q; the agreed codec comes first, events keep their number", got)
	}
	if !s.Pending() {
		t.Error("an offer without answer is not pending")
	}
	s.Withdraw()
	if s.Pending() {
		t.Error("a withdrawn offer is pending")
	}
}

func TestARefusedReofferChangesNothing(t *testing.T) {
	s := NewSession(1, false)
	if _, _, err := s.Answer(phone("m=audio 5004 RTP/AVP 8"), here, SendRecv); err != nil {
		t.Fatal(err)
	}
	before := s.Offer(here, SendRecv)
	if _, _, err := s.Answer(phone("m=video 1 RTP/AVP 0", "m=audio 5004 RTP/AVP 18"), here, SendRecv); !errors.Is(err, ErrNoCodec) {
		t.Fatalf("error %v, want ErrNoCodec", err)
	}
	if after := s.Offer(here, SendRecv); string(after) != string(before) {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestRemoteIsWhatTheAnswerFinds(t *testing.T) {
	local := netip.MustParseAddrPort("192.0.2.1:4000")
	for name, offer := range map[string]string{
		"an offer":       "v=0\r\nc=IN IP4 192.0.2.5\r\nm=audio 4000 RTP/AVP 0\r\n",
		"another":        "v=0\r\nc=IN IP4 192.0.2.6\r\nm=video 1 RTP/AVP 99\r\nm=audio 4002 RTP/AVP 8\r\n",
		"no codec of us": "v=0\r\nc=IN IP4 192.0.2.6\r\nm=audio 4002 RTP/AVP 18\r\n",
		"nonsense":       "v=1\r\n",
	} {
		s := NewSession(1, false)
		remote, err := s.Remote([]byte(offer), local.Addr())
		if s.Pending() || len(s.sent) > 0 {
			t.Errorf("%s: something was agreed by looking", name)
		}
		body, r, asked := s.Answer([]byte(offer), local, SendRecv)
		fresh, _, _ := NewSession(1, false).Answer([]byte(offer), local, SendRecv)
		if (err == nil) != (asked == nil) || remote != r.Desc.Remote || string(body) != string(fresh) {
			t.Errorf("%s: looked %v, %v; answered %v, %v\n%s\nwant\n%s", name, remote, err, r.Desc.Remote, asked, body, fresh)
		}
	}
	s := NewSession(1, false)
	if _, err := s.Remote([]byte("v=0\r\nc=IN IP4 192.0.2.5\r\nm=audio 4000 RTP/AVP 0\r\n"), local.Addr()); err != nil {
		t.Fatal(err)
	}
	_, r, err := s.Answer([]byte("v=0\r\nc=IN IP4 192.0.2.7\r\nm=audio 4000 RTP/AVP 0\r\n"), local, SendRecv)
	if err != nil || r.Desc.Remote.Addr() != netip.MustParseAddr("192.0.2.7") {
		t.Errorf("another offer than the one looked at was answered by it: %v, %v", r.Desc.Remote, err)
	}
}
