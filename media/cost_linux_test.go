//go:build !portable

package media

import (
	"testing"

	"breakwater/media/dtmf"
	"breakwater/media/guard"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// relaying is a bridge whose packets are put into the loop by hand.
type relaying struct {
	a, b   *phone
	packet []byte
}

func newRelaying(t testing.TB, e *Engine) *relaying {
	t.Helper()
	r := &relaying{a: newPhone(t, e, PCMU), b: newPhone(t, e, PCMA)}
	r.b.port.Protect(guard.Settings{})
	br := join(t, e, r.a, r.b)
	br.SetGain(r.a.port, -3)
	br.RelayDigits(r.a.port, true)
	r.packet = append(make([]byte, rtp.HeaderSize), sine(PCMU, 1000)[:160]...)
	return r
}

// one is what a loop does for a packet that it has read.
func (r *relaying) one(l *loop) {
	n := copy(l.air.packet[:], r.packet)
	r.a.h.Put(l.air.packet[:])
	r.a.h.Sequence++
	r.a.h.Timestamp += 160
	l.receive(r.a.port, l.air.packet[:n], r.a.addr())
}

func TestAPacketCostsNoAllocation(t *testing.T) {
	e := openEngine(t, 4)
	r := newRelaying(t, e)
	rec, _ := record(t, r.a)
	defer func() { _, _ = rec.Close() }()
	from := r.a.addr()
	event := dtmf.Event{Code: 5, Duration: 160}.Payload()
	evil := r.a.another().addr()
	for name, run := range map[string]func(l *loop){
		"sound, transcoded, made quieter, guarded and recorded": func(l *loop) {
			n := copy(l.air.packet[:], r.packet)
			r.a.h.Put(l.air.packet[:])
			r.a.h.Sequence, r.a.h.Timestamp = r.a.h.Sequence+1, r.a.h.Timestamp+160
			l.receive(r.a.port, l.air.packet[:n], from)
		},
		"a key, relayed": func(l *loop) {
			h := r.a.h
			h.Payload = 101
			h.Put(l.air.packet[:])
			n := copy(l.air.packet[rtp.HeaderSize:], event[:])
			r.a.h.Sequence++
			l.receive(r.a.port, l.air.packet[:rtp.HeaderSize+n], from)
		},
		"a stranger": func(l *loop) {
			n := copy(l.air.packet[:], r.packet)
			r.a.h.Put(l.air.packet[:])
			l.receive(r.a.port, l.air.packet[:n], evil)
		},
		"a report, read and written": func(l *loop) {
			n := len(rtp.Report{SSRC: 1, Heard: true}.Append(l.air.packet[:0], "x"))
			l.hearReport(r.a.port, l.air.packet[:n], from, true)
			l.sendReport(r.a.port, false)
		},
		"what is done ten times a second":  func(l *loop) { l.chore(r.b.port) },
		"a look at the sockets and timers": func(l *loop) { l.pass(l.poll.found()) },
	} {
		t.Run(name, func(t *testing.T) {
			r.a.port.do(func(l *loop) {
				if n := testing.AllocsPerRun(200, func() { run(l) }); n != 0 {
					t.Errorf("%v allocations, want 0", n)
				}
			})
		})
	}
}

func TestAPlayedPacketCostsNoAllocation(t *testing.T) {
	e := openEngine(t, 4)
	a := newPhone(t, e, PCMA)
	a.port.Protect(guard.Settings{})
	a.port.Play(Sound{Clips: []*wav.Clip{clip(8000)}, Loop: true, Gain: -6})
	a.port.do(func(l *loop) {
		if n := testing.AllocsPerRun(200, func() { l.playOne(a.port, l.follow(a.port)) }); n != 0 {
			t.Errorf("%v allocations, want 0", n)
		}
	})
}

// BenchmarkRelay is one packet from having been read to having been sent: header,
// account, voice, transcoding, gain, hearing guard, and the system call.
func BenchmarkRelay(b *testing.B) {
	e := openEngine(b, 4)
	r := newRelaying(b, e)
	b.ReportAllocs()
	r.a.port.do(func(l *loop) {
		for b.Loop() {
			r.one(l)
		}
	})
}

// BenchmarkRelayInUserSpace is the same with a system call that fails at once.
func BenchmarkRelayInUserSpace(b *testing.B) {
	e := openEngine(b, 4)
	r := newRelaying(b, e)
	b.ReportAllocs()
	r.a.port.do(func(l *loop) {
		open := r.b.port.rtp.fd
		r.b.port.rtp.fd = -1
		defer func() { r.b.port.rtp.fd = open }()
		for b.Loop() {
			r.one(l)
		}
	})
}
