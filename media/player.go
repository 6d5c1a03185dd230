package media

import (
	"slices"
	"sync/atomic"
	"time"

	"breakwater/media/g711"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// Sound is what a player plays: clips in order, once or for ever.
type Sound struct {
	Clips []*wav.Clip
	Loop  bool          // start again after the last clip, until stopped
	Gain  float64       // dB; 0 = as stored
	Voice bool          // what came over a line once, such as a recording: the hearing guard trusts it no more than the line
	Tail  time.Duration // of silence at the end: what a phone still holds back when the last words have left is heard
}

// Playback is a sound being played.
type Playback struct {
	port  *Port
	sound Sound
	gain  [2]*[256]byte // by codec; nil = as stored
	state atomic.Uint32 // one of the states below; leaves playing once
	done  chan struct{}

	// From here on, only who has the loop's helm.
	clip, at int  // the next sample
	skipped  bool // something could not be sent
	spent    bool // the last packet has left; its time has not passed yet
}

const (
	playing uint32 = iota
	stopped        // or replaced, or some of it could not be sent
	complete
)

// Play makes s the source toward this party until it ends, is stopped, or a newer
// Play replaces it. Afterwards the bridge, if any, is the source again. Switching
// source never overlaps two senders and leaves no gap over 40 ms. While the party
// may not be sent to (hold), time goes on and the sound does not become complete.
func (p *Port) Play(s Sound) *Playback {
	s.Clips = slices.DeleteFunc(slices.Clone(s.Clips), silent)
	if s.Tail > 0 && len(s.Clips) > 0 {
		s.Clips = append(s.Clips, wav.Silence("tail", s.Tail))
	}
	b := &Playback{port: p, sound: s, done: make(chan struct{})}
	if s.Gain != 0 {
		b.gain = [2]*[256]byte{g711.Mu.GainTable(s.Gain), g711.A.GainTable(s.Gain)}
	}
	if len(b.sound.Clips) == 0 {
		b.end(complete)
		return b
	}
	p.mu.Lock()
	if p.ctl.closed {
		p.mu.Unlock()
		b.end(stopped)
		return b
	}
	old := p.ctl.play
	p.ctl.play = b
	p.swap()
	p.mu.Unlock()
	old.end(stopped)
	if !p.do(func(l *loop) { l.begin(p) }) {
		b.end(stopped)
	}
	return b
}

// Done is closed when the playback has ended for whatever reason; one that became
// complete, when the time of its last packet has passed.
func (b *Playback) Done() <-chan struct{} { return b.done }

// Stop ends it; the source before takes over. Stopping twice is harmless.
func (b *Playback) Stop() {
	if !b.end(stopped) {
		return
	}
	b.port.mu.Lock()
	defer b.port.mu.Unlock()
	if b.port.ctl.play == b {
		b.port.ctl.play = nil
		b.port.swap()
	}
}

// Complete tells, after Done, whether every sample of a sound without Loop was sent.
func (b *Playback) Complete() bool { return b.state.Load() == complete }

func (b *Playback) over() bool { return b.state.Load() != playing }

// end tells how the playback ended; false when it had ended before.
func (b *Playback) end(how uint32) bool {
	if b == nil || !b.state.CompareAndSwap(playing, how) {
		return false
	}
	close(b.done)
	return true
}

// silent tells whether a clip has nothing to play in one of the codecs.
func silent(c *wav.Clip) bool { return c == nil || len(c.ULaw) == 0 || len(c.ALaw) == 0 }

// begin starts the pace of a source of our own, directly after the packet sent last.
func (l *loop) begin(p *Port) {
	p.out.cut = cut{}
	if p.out.pacing { // the one before left its pace
		return
	}
	now := ms(l.now)
	p.out.pacing, p.out.due, p.out.smooth = true, now, false
	if at, samples, ok := p.out.line.Sent(); ok {
		if next := (at + int64(samples)) / (rtp.Rate / 1000); next > now-sameBreath {
			p.out.due, p.out.smooth = next, true
		}
	}
	l.pace(p)
}

const (
	mostBehind = 200 // ms that a player makes up for; more, and it begins to count anew
	sameBreath = 20  // ms within which what follows a packet goes on it
)

// pace sends what is due of a playback, or of the silence in a relay's place, and arms
// the timer for the rest. The pace is a schedule of fixed moments: a late loop does not
// make it drift.
func (l *loop) pace(p *Port) {
	if !p.out.pacing {
		l.sendTail(p)
		return
	}
	now := ms(l.now)
	if now-p.out.due > mostBehind {
		p.out.due, p.out.smooth = now, false
		l.tallies.late.Add(1)
	}
	for {
		r := l.follow(p)
		plays := r.playing()
		if !plays && p.out.hush <= p.out.due {
			p.out.pacing = false
			l.awaitTail(p)
			return
		}
		if p.out.due > now {
			l.wheel.arm(&p.out.pace, p.out.due)
			return
		}
		switch {
		case !plays:
			l.hushOne(p, r)
		case r.play.spent:
			r.play.close()
		default:
			l.playOne(p, r)
		}
	}
}

// playOne sends one packet of the playback.
func (l *loop) playOne(p *Port, r *route) {
	packet := l.frame[:rtp.HeaderSize+r.samples]
	r.play.spent = r.play.fill(packet[rtp.HeaderSize:], r.desc.Codec.recorded())
	whose := ours
	if r.play.sound.Voice {
		whose = theirs
	}
	l.sendOwn(p, r, whose, packet)
	r.play.skipped = r.play.skipped || !p.out.smooth
}

// close ends a playback whose time has passed.
func (b *Playback) close() {
	if b.skipped {
		b.end(stopped)
	} else {
		b.end(complete)
	}
}

// sendOwn sends a packet of G.711 (in a wideband leg: µ-law) of a source of our own, on the
// schedule of its pace.
func (l *loop) sendOwn(p *Port, r *route, whose origin, packet []byte) {
	samples := len(packet) - rtp.HeaderSize
	switch {
	case !p.reachable(r):
		p.out.smooth = false
	case r.wide != nil:
		r.wide.widen(r.shield, whose, p.out.smooth, packet[rtp.HeaderSize:])
		h := p.out.line.Next(p.out.due*(rtp.Rate/1000), uint32(samples), p.out.smooth)
		p.out.smooth = l.sendGuarded(p, r, h, packet, r.wide.told[:samples])
	default:
		h := p.out.line.Next(p.out.due*(rtp.Rate/1000), uint32(samples), p.out.smooth)
		p.out.smooth = l.send(p, r, whose, h, packet)
	}
	p.out.due += int64(samples) / (rtp.Rate / 1000)
}

// hushAfter is how long after a packet of a key silence goes on: the keys of a phone
// come every 50 ms at the slowest (RFC 4733 §2.5.1.2), then sound returns.
const hushAfter = 100 // ms

// hushed gives a party silence while whom it hears presses a key that it may not hear,
// so that its stream never stops.
func (l *loop) hushed(p *Port) {
	p.out.hush = ms(l.now) + hushAfter
	if !p.out.pacing {
		l.begin(p)
	}
}

func (l *loop) hushOne(p *Port, r *route) {
	packet := l.frame[:rtp.HeaderSize+r.samples]
	fill(packet[rtp.HeaderSize:], r.desc.Codec.recorded().Silence())
	l.sendOwn(p, r, ours, packet)
}

// fill writes the next samples and tells whether they are the last. What is missing
// at the end of the sound is silence.
func (b *Playback) fill(dst []byte, c Codec) (last bool) {
	for at := 0; at < len(dst); {
		if b.clip == len(b.sound.Clips) {
			for ; at < len(dst); at++ {
				dst[at] = c.Silence()
			}
			return true
		}
		codes := b.sound.Clips[b.clip].Codes(c.law())
		n := copy(dst[at:], codes[min(b.at, len(codes)):])
		if t := b.gain[c.index()]; t != nil {
			g711.Map(dst[at:at+n], dst[at:at+n], t)
		}
		at, b.at = at+n, b.at+n
		if b.at < len(codes) {
			return false
		}
		b.clip, b.at = b.clip+1, 0
		if b.sound.Loop && b.clip == len(b.sound.Clips) {
			b.clip = 0
		}
	}
	return b.clip == len(b.sound.Clips)
}
