package media

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// stream is what a phone heard, as one RTP stream.
type stream struct {
	*phone
	air   chan heard
	heard []heard
}

// newStream listens all the time, so that it knows when a packet came.
func newStream(f *phone) *stream {
	s := &stream{phone: f, air: make(chan heard, 1000)}
	var wg sync.WaitGroup
	over := make(chan struct{}) // nobody listens any more
	wg.Go(func() {
		for p, ok := f.hear(ampleTime); ok; p, ok = f.hear(ampleTime) {
			select {
			case s.air <- p:
			case <-over:
				return
			}
		}
	})
	f.t.Cleanup(func() { close(over); _ = f.conn.Close(); wg.Wait() })
	return s
}

func (s *stream) listens(n int) {
	s.t.Helper()
	for range n {
		select {
		case p := <-s.air:
			s.heard = append(s.heard, p)
		case <-time.After(ampleTime):
			s.t.Fatal("heard nothing any more")
		}
	}
}

// untilHears listens until a code is heard.
func (s *stream) untilHears(code byte) {
	s.t.Helper()
	for range 100 {
		s.listens(1)
		if s.heard[len(s.heard)-1].codes[0] == code {
			return
		}
	}
	s.t.Fatalf("%#x was not heard", code)
}

// isWhole checks that the numbers go on without a break, that the timestamps tell the
// time, and that nobody waited for the next packet longer than most.
func (s *stream) isWhole(most time.Duration) {
	s.t.Helper()
	for i := 1; i < len(s.heard); i++ {
		p, before := s.heard[i], s.heard[i-1]
		advance, gap := int32(p.Timestamp-before.Timestamp), p.at.Sub(before.at)
		if p.SSRC != before.SSRC || p.Sequence != before.Sequence+1 || advance < 160 || advance%160 != 0 {
			s.t.Errorf("packet %d: %+v after %+v", i, p.Header, before.Header)
		}
		if gap > most {
			s.t.Errorf("packet %d: nothing was heard for %v, more than %v", i, gap, most)
		}
	}
	first, last := s.heard[0], s.heard[len(s.heard)-1]
	told := time.Duration(last.Timestamp-first.Timestamp) * time.Second / rtp.Rate
	if took := last.at.Sub(first.at); told-took > most || took-told > most {
		s.t.Errorf("the timestamps tell of %v, and it took %v", told, took)
	}
}

// An agent leaves, the caller hears what happens and music, and the next agent comes.
func TestACallerIsHandedFromAgentToRescueToAgent(t *testing.T) {
	referee.Judge(t, bearable, aCallerIsHandedFromAgentToRescueToAgent)
}

func aCallerIsHandedFromAgentToRescueToAgent(t testing.TB) {
	e := openEngine(t, 6)
	a, first, next := newStream(newPhone(t, e, PCMU)), newPhone(t, e, PCMA), newPhone(t, e, PCMU)
	late := referee.Lateness()
	stopFirst, stopNext := first.talks(0x11), next.talks(0x22)
	defer stopFirst()
	defer stopNext()

	one := join(t, e, a.phone, first)
	a.untilHears(PCMA.transcoding()[0x11])
	a.listens(10)
	said := a.port.Play(Sound{Clips: clips(1600)}) // before the agent is cut off, so that there is no gap
	one.Close()
	<-said.Done()
	music := a.port.Play(Sound{Clips: clips(4000), Loop: true})
	a.listens(25)
	other := a.port.Play(Sound{Clips: clips(1600)}) // replaces the music
	two := join(t, e, a.phone, next)
	<-other.Done()
	a.untilHears(0x22)
	a.listens(10)
	two.Close()
	if !said.Complete() || music.Complete() || !other.Complete() {
		t.Errorf("complete: what was said %v, the music %v, the other %v", said.Complete(), music.Complete(), other.Complete())
	}
	a.isWhole(40*time.Millisecond + 2*late())
	markers := 0
	for _, p := range a.heard {
		if p.Marker {
			markers++
		}
	}
	if markers < 3 || markers > 5 { // agent, prompt, agent; what a gap adds on a busy machine
		t.Errorf("%d markers, want one where each talk-spurt begins", markers)
	}
}

// Sequence numbers and timestamps turn over in the middle of a relay, a prompt and a
// relay.
func TestNumbersTurnOverWithoutANotice(t *testing.T) {
	referee.Judge(t, bearable, numbersTurnOverWithoutANotice)
}

func numbersTurnOverWithoutANotice(t testing.TB) {
	e := openEngine(t, 4)
	a, b := newStream(newPhone(t, e, PCMU)), newPhone(t, e, PCMU)
	late := referee.Lateness()
	a.port.do(func(*loop) { a.port.out.line = rtp.NewLine(9, 65535-7, 0xFFFFFFFF-160*12) })
	join(t, e, a.phone, b)
	stop := b.talks(0x33) // turns over, too: see newPhone
	defer stop()
	a.listens(5)
	a.port.Play(Sound{Clips: clips(1600)})
	a.listens(20)
	a.untilHears(0x33)
	a.listens(30)
	a.isWhole(40*time.Millisecond + 2*late())
}

func TestAMustHearWhatFollowsAnEmptyClip(t *testing.T) {
	e := openEngine(t, 2)
	for _, codec := range []Codec{PCMU, PCMA} {
		a := newPhone(t, e, codec)
		broken := &wav.Clip{Name: "only µ-law", ULaw: make([]byte, 400)}
		p := a.port.Play(Sound{Clips: []*wav.Clip{broken, clip(160)}, Loop: true})
		if h := a.mustHear(); h.codes[0] != clip(160).Codes(codec.law())[0] {
			t.Errorf("%v: heard %#x", codec, h.codes[0])
		}
		p.Stop()
		a.port.Close()
	}
}

// Packets that a phone may send and few do.
func TestOddPacketsAreHeardOrDropped(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	header := func(first byte) []byte {
		p := make([]byte, rtp.HeaderSize)
		a.h.Put(p)
		p[0] = first
		return p
	}
	for name, packet := range map[string][]byte{
		"two contributing sources": append(append(header(0x82), make([]byte, 8)...), flat(1)...),
		"an extension":             append(append(header(0x90), 0xBE, 0xDE, 0, 1, 1, 2, 3, 4), flat(1)...),
		"padding":                  append(append(header(0xA0), flat(1)...), 0, 0, 0, 4),
		"all of them":              append(append(append(header(0xB1), 0, 0, 0, 1, 0, 0, 0, 0), flat(1)...), 0, 2),
	} {
		packet[3], packet[7] = byte(a.h.Sequence), byte(a.h.Timestamp)
		packet[2], packet[6], packet[5], packet[4] = byte(a.h.Sequence>>8), byte(a.h.Timestamp>>8), byte(a.h.Timestamp>>16), byte(a.h.Timestamp>>24)
		a.write(packet)
		if p := b.mustHear(); !bytes.Equal(p.codes, flat(1)) {
			t.Errorf("%s: heard %d bytes", name, len(p.codes))
		}
		a.h.Sequence, a.h.Timestamp = a.h.Sequence+1, a.h.Timestamp+160
	}
	for name, packet := range map[string][]byte{
		"more than a telephone sends": append(header(0x80), make([]byte, 5000)...),
		"one byte over our room":      append(header(0x80), make([]byte, biggest+1-rtp.HeaderSize)...),
		"nothing":                     {},
	} {
		before := e.Counters().Malformed
		a.write(packet)
		eventually(t, name+" was dropped", func() bool { return e.Counters().Malformed == before+1 })
	}
	a.say(bytes.Repeat([]byte{2}, 80)) // half a packet waits for the other half
	if p, ok := b.hear(20 * time.Millisecond); ok {
		t.Errorf("heard %d bytes of half a packet", len(p.codes))
	}
	a.say(bytes.Repeat([]byte{2}, 80))
	if p := b.mustHear(); !bytes.Equal(p.codes, flat(2)) {
		t.Errorf("heard % x…", p.codes[:4])
	}
}

// Late packets of a call that has ended do not get into the next one on its port, even
// when they go on after the drain.
func TestTheNextCallOnAPortDoesNotHearTheLastOne(t *testing.T) {
	e := openEngine(t, 1)
	old := newPhone(t, e, PCMU)
	old.say(flat(0x66))
	eventually(t, "the party was heard", func() bool { return !old.port.Heard().RTP.IsZero() })
	old.port.Close()
	next := old.at([4]byte{127, 0, 0, 2})
	stop := old.talks(0x66)
	defer stop()
	var port *Port
	eventually(t, "the port is free again", func() (ok bool) {
		p, err := e.Port(loopback)
		port = p
		return err == nil
	})
	next.port = port
	if err := port.Apply(next.desc()); err != nil {
		t.Fatal(err)
	}
	told := make(chan Digit, 1)
	port.OnDigit(func(d Digit) { told <- d })
	eventually(t, "late packets came", func() bool { return port.Quality().Strangers > 5 })
	next.say(flat(1))
	eventually(t, "the phone was heard", func() bool { return port.Quality().Received == 1 })
	if len(told) != 0 {
		t.Error("a key of the last call")
	}
}

// An engine closes while calls come, are joined, played to and recorded.
func TestAnEngineClosesInTheMiddleOfEverything(t *testing.T) {
	for range 5 {
		e := openEngine(t, 40)
		folder := t.TempDir()
		var wg sync.WaitGroup
		started := make(chan struct{}, 100)
		for i := range 4 {
			wg.Go(func() {
				for n := 0; ; n++ {
					err := oneCall(e, folder+"/"+string(rune('a'+i))+string(rune('a'+n%26))+string(rune('a'+n/26))+".wav", n)
					if errors.Is(err, ErrClosed) {
						return
					}
					select {
					case started <- struct{}{}:
					default:
					}
				}
			})
		}
		<-started
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		for _, number := range []uint16{e.settings.PortLow, e.settings.PortHigh} {
			if !free(number&^1, 2) {
				t.Errorf("port %d was left open", number)
			}
		}
		if open, draining, _ := e.Usage(); open+draining != 0 {
			t.Errorf("%d open, %d draining", open, draining)
		}
	}
}
