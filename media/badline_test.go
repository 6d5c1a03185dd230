package media

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"breakwater/loadtest/shim"
	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/jitter"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// badLine is that of acceptance 7 of the media issue.
func badLine(seed uint64) shim.Faults {
	return shim.Faults{Seed: seed, Loss: 0.05, Jitter: 40 * time.Millisecond, Reorder: 0.02}
}

// farewell is the last datagram that an ear hears.
const farewell = "farewell"

// ear keeps all that comes to a socket.
type ear struct {
	conn *net.UDPConn
	wg   sync.WaitGroup
	got  []heard
}

func newEar(t testing.TB, conn *net.UDPConn) *ear {
	t.Helper()
	e := &ear{conn: conn}
	_ = conn.SetReadBuffer(1 << 20)
	e.wg.Go(func() {
		b := make([]byte, biggest)
		for {
			n, _, err := conn.ReadFromUDPAddrPort(b)
			if err != nil || string(b[:n]) == farewell {
				return
			}
			if h, lo, hi, err := rtp.Parse(b[:n]); err == nil && !rtp.IsReport(b[:n]) {
				e.got = append(e.got, heard{Header: h, codes: slices.Clone(b[lo:hi]), at: time.Now()})
			}
		}
	})
	t.Cleanup(func() { _ = conn.Close(); e.wg.Wait() })
	return e
}

// all is what was sent to it so far, of sound; the ear is deaf afterwards. The farewell comes
// behind all that waits in its socket.
func (e *ear) all(t testing.TB) []heard {
	t.Helper()
	mouth := listen(t, netip.AddrPortFrom(loopback, 0))
	defer func() { _ = mouth.Close() }()
	if _, err := mouth.WriteTo([]byte(farewell), e.conn.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	e.wg.Wait()
	return slices.DeleteFunc(e.got, func(p heard) bool { return p.Payload == 101 })
}

// laid is what was heard, each packet at the place that its timestamp says, silence
// where there is none.
func laid(all []heard, first uint32, length int) []int16 {
	out := make([]int16, length)
	for _, p := range all {
		if at := int(int32(p.Timestamp - first)); at >= 0 && at+len(p.codes) <= length {
			g711.A.Decode(out[at:], p.codes)
		}
	}
	return out
}

// onAPhone is how it sounds by a phone with a jitter buffer like ours.
func onAPhone(all []heard) []int16 {
	b, begin := jitter.New(jitter.Settings{}, g711.A), all[0].at
	var out []int16
	frame := make([]int16, 160)
	for now := int64(0); len(all) > 0; now += 160 {
		for ; len(all) > 0; all = all[1:] {
			at := int64(all[0].at.Sub(begin) * rtp.Rate / time.Second)
			if at > now {
				break
			}
			b.Put(at, all[0].Header, all[0].codes)
		}
		b.Pull(now, frame)
		out = append(out, frame...)
	}
	return out
}

// unbuffered is how it sounds by a player without a buffer.
func unbuffered(all []heard, first uint32, length int) []int16 {
	var pieces []shim.Piece
	for _, p := range all {
		sound := make([]int16, len(p.codes))
		g711.A.Decode(sound, p.codes)
		pieces = append(pieces, shim.Piece{
			Place: int64(int32(p.Timestamp - first)), Arrives: int64(p.at.Sub(all[0].at) * rtp.Rate / time.Second), Sound: sound,
		})
	}
	return shim.Unbuffered(length, pieces)
}

// leg is a caller who is heard over a line, and those who hear.
type leg struct {
	*mouth
	caller *Port
	agent  *ear  // hears the caller
	spared *Port // hears the caller behind a hearing guard
	bridge *Bridge
	tape   string
	rec    *Recording
	mu     sync.Mutex // guards digits, which the engine tells
	digits []byte
}

// newLeg opens a caller's port behind a line.
func newLeg(t testing.TB, e *Engine, f shim.Faults) *leg {
	t.Helper()
	port, err := e.Port(loopback)
	if err != nil {
		t.Fatal(err)
	}
	l := &leg{caller: port, tape: filepath.Join(t.TempDir(), "call.wav")}
	var far netip.AddrPort
	l.mouth, far = throughLine(t, f, port.Local())
	if err := port.Apply(Desc{Remote: far, Codec: PCMA, Payload: uint8(PCMA), DTMF: 101, Send: true, Recv: true}); err != nil {
		t.Fatal(err)
	}
	port.OnDigit(func(d Digit) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.digits = append(l.digits, d.Key)
	})
	if l.rec, err = port.Record(l.tape); err != nil {
		t.Fatal(err)
	}
	return l
}

// relayed lets one hear the caller, packet by packet.
func relayed(t testing.TB, e *Engine, f shim.Faults, guarded bool) *leg {
	t.Helper()
	l := newLeg(t, e, f)
	agent := newPhone(t, e, PCMA)
	if guarded {
		l.spared = agent.port
		agent.port.Protect(guard.Settings{})
	}
	l.agent = newEar(t, agent.conn)
	var err error
	if l.bridge, err = e.Join(l.caller, agent.port); err != nil {
		t.Fatal(err)
	}
	l.bridge.RelayDigits(l.caller, true)
	return l
}

// mixed lets two hear the caller in a mix, one of them guarded.
func mixed(t testing.TB, e *Engine, f shim.Faults) *leg {
	t.Helper()
	l := newLeg(t, e, f)
	agent, spared := newPhone(t, e, PCMA), newPhone(t, e, PCMA)
	spared.port.Protect(guard.Settings{})
	l.spared = spared.port
	l.agent = newEar(t, agent.conn)
	newEar(t, spared.conn)
	var err error
	if l.bridge, err = e.Join(l.caller, agent.port); err != nil {
		t.Fatal(err)
	}
	if err := l.bridge.Add(spared.port, Listen); err != nil {
		t.Fatal(err)
	}
	return l
}

// dialled is which keys were told so far.
func (l *leg) dialled() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.digits)
}

// buffer is the account of the caller's jitter buffer in a mix.
func (l *leg) buffer() (s jitter.Stats) {
	l.bridge.loop.order(func(*loop) { s = l.bridge.members[0].seat.buffer.Stats() })
	return s
}

// taped is what the recording has of the caller.
func (l *leg) taped(t testing.TB) []int16 {
	t.Helper()
	if _, err := l.rec.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(l.tape)
	if err != nil {
		t.Fatal(err)
	}
	file, err := wav.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, len(file.Codes(0)))
	g711.A.Decode(out, file.Codes(0))
	return out
}

// events is how often a guard had to act, for all of its rules.
func events(p *Port) (n uint64) {
	for _, times := range p.Exposure().Events {
		n += times
	}
	return n
}

// Acceptance 7 of the media issue: loss 5 %, jitter ±40 ms, 2 % reordered, through a real
// engine, and the same luck for everybody.
func TestOverABadLineSoundIsAsGoodAsItCanBe(t *testing.T) {
	length, seeds := 8*time.Second, 3
	if d, ok := soak(t); ok {
		length, seeds = min(d, time.Minute), 6
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			x := newText(t, length)
			judged(t, func(t testing.TB) { sameLuck(t, x, seed+1) })
		})
	}
}

func sameLuck(t testing.TB, x text, seed uint64) {
	e := openEngine(t, 16)
	said, bad := x.samples(), badLine(seed)
	direct := newEar(t, listen(t, netip.AddrPortFrom(loopback, 0)))
	untouched, _ := throughLine(t, bad, direct.conn.LocalAddr().(*net.UDPAddr).AddrPort())
	relay, shielded, room := relayed(t, e, bad, false), relayed(t, e, bad, true), mixed(t, e, bad)
	calmRelay, calmRoom := relayed(t, e, shim.Faults{}, true), mixed(t, e, shim.Faults{})
	throughUs := []*mouth{relay.mouth, shielded.mouth, room.mouth, calmRelay.mouth, calmRoom.mouth}
	x.tell(t, append(throughUs, untouched)...)

	eventually(t, "the lines have let all through", func() bool {
		_, done := untouched.through(x.frames())
		come := uint64(0)
		for _, m := range throughUs {
			delivered, itself := m.through(x.frames())
			come, done = come+delivered, done && itself
		}
		return done && e.Counters().Received >= come
	})
	eventually(t, "all sound has passed, and is accounted for", func() bool {
		s := room.buffer()
		return s.Packets > 0 && s.Depth > int64(rtp.Rate/5) && calmRelay.spared.Exposure().Frames > 0
	})
	stats := room.buffer()
	for name, l := range map[string]*leg{"relayed": relay, "guarded": shielded, "mixed": room, "a good line": calmRelay} {
		eventually(t, "all keys are told", func() bool { return len(l.dialled()) >= len(x.dial) })
		if got := l.dialled(); got != x.dial {
			t.Errorf("%s: keys %q, want %q", name, got, x.dial)
		}
	}
	for name, pair := range map[string][2]*leg{"relayed": {shielded, calmRelay}, "mixed": {room, calmRoom}} {
		worse, calm := events(pair[0].spared), events(pair[1].spared)
		t.Logf("guard, %s: %d events, on a good line %d", name, worse, calm)
		if worse > 2*calm {
			t.Errorf("%s: the guard acted %d times, on a good line %d", name, worse, calm)
		}
	}
	likeness(t, x, said, direct.all(t), untouched.base.Timestamp, relay, room, stats)
}

// likeness judges how it sounded.
func likeness(t testing.TB, x text, said []int16, direct []heard, first uint32, relay, room *leg, stats jitter.Stats) {
	t.Helper()
	through := relay.agent.all(t)
	none := shim.Compare(said, unbuffered(direct, first, len(said))).SNR
	var zeros, passed, mix, tape shim.Likeness
	zeros = shim.Compare(said, laid(direct, first, len(said)))
	passed = shim.Compare(said, laid(through, through[0].Timestamp, len(said)))
	phone, phoneThrough := shim.Compare(said, onAPhone(direct)), shim.Compare(said, onAPhone(through))
	heardInRoom := room.agent.all(t)
	mix = shim.Compare(said, laid(heardInRoom, heardInRoom[0].Timestamp, len(said)+rtp.Rate))
	tape = shim.Compare(said, relay.taped(t))
	frames := x.frames() - len(x.keys)*(keyLength+2) // of sound
	t.Logf("no buffer %.1f dB; relay %.2f dB, untouched %.2f dB; by a phone %.2f and %.2f dB; mixed %.1f dB; tape %.1f dB; of %d frames %.1f %% lost, %.1f %% concealed; depth %d ms",
		none, passed.SNR, zeros.SNR, phoneThrough.SNR, phone.SNR, mix.SNR, tape.SNR, frames,
		100*(1-float64(len(direct))/float64(frames)), 100*float64(stats.Concealed)/float64(frames*160), stats.Wanted/8)
	if passed.SNR < zeros.SNR-0.1 {
		t.Errorf("relayed %.2f dB, untouched %.2f dB", passed.SNR, zeros.SNR)
	}
	for name, l := range map[string]shim.Likeness{"mixed": mix, "on tape": tape} {
		if l.SNR < none+10 {
			t.Errorf("%s %.1f dB, without a buffer %.1f dB", name, l.SNR, none)
		}
	}
}
