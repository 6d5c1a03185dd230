package jitter

import "breakwater/media/g711"

const (
	margin      = Rate / 1000 // the clocks of arrival and playing tick in milliseconds
	shortestLag = Rate * 25 / 10000
	longestLag  = longestPitch
	lagWindow   = Rate * 10 / 1000
	rest        = Rate / 10 // between two cuts of speech
	patience    = Rate      // that a cut waits for a sound that repeats itself
	smooth      = 0.8       // of a sound that does
	quiet       = 80        // RMS, about −46 dBm0: here nobody hears a cut
)

// pull makes one frame, of at most longestFrame.
func (b *Buffer) pull(now int64, dst []int16) Kind {
	n := int64(len(dst)) / b.form.width
	if n != b.beat.frame {
		b.beat.frame, b.beat.grid = n, common(b.source.packet, n)
	}
	b.beat.now = now
	if b.source.begun {
		b.adapt(now)
	}
	kind := Silence
	for at := int64(0); at < n; {
		out, took := dst[at*b.form.width:], int64(0)
		if b.ready(n - at) {
			if b.patched > 0 {
				kind = Concealed
			}
			took = b.play(out)
			kind = max(kind, Voice)
		} else if took = b.missing(now, n-at); took > 0 && b.invent(out[:took*b.form.width]) {
			kind = Concealed
		}
		at += took
	}
	b.ring.forget(b.head - behind)
	return kind
}

// playing is the place that is played next.
func (b *Buffer) playing() int64 { return b.head - int64(b.strip.wait)/b.form.width }

// need is how long after its place a frame that begins at head may be played at the
// soonest, so that packets are there in time. They are needed when their first
// sample is, and the first sample that is needed of some of them lies at the end of a frame.
func (b *Buffer) need(head int64) int64 {
	w := &b.ways
	reach := max(w.worst+margin, w.best+b.depth.least)
	reach = min(reach, w.best+b.depth.most)
	return reach + b.beat.frame - b.beat.grid + b.phase(head)
}

// phase is how far the beginnings of packets lie behind those of frames, if one begins at
// head.
func (b *Buffer) phase(head int64) int64 {
	p := (b.source.place - head) % b.beat.grid
	if p < 0 {
		p += b.beat.grid
	}
	return p
}

// ready tells whether there is something to play, and decodes at least want places if so
// many are there.
func (b *Buffer) ready(want int64) bool {
	if b.waiting {
		return b.strip.wait > 0
	}
	b.decode(want)
	return b.strip.wait > 0
}

// play gives what is decoded, and tells how many places it was.
func (b *Buffer) play(out []int16) int64 {
	if b.lost.on {
		b.lost.end()
		b.held = 0
	}
	next := b.strip.next()
	b.lost.fadeIn(next[:min(len(next), len(out))])
	n := int64(b.strip.play(out)) / b.form.width
	b.patched = max(0, b.patched-n)
	return n
}

// decode makes the sound that waits so many places long, if they are there.
func (b *Buffer) decode(want int64) {
	want -= int64(b.strip.wait) / b.form.width
	if want <= 0 {
		return
	}
	for n := b.ring.run(b.head, want); n > 0; {
		codes, to := b.ring.part(b.head, n), b.strip.free()
		switch {
		case b.form.wide != nil:
			b.form.wide.Decode(to, codes)
		case b.form.law == g711.A:
			g711.A.Decode(to, codes)
		default:
			g711.Mu.Decode(to, codes)
		}
		took := int64(len(codes))
		b.head, n = b.head+took, n-took
		b.strip.wait += int(took * b.form.width)
	}
}

// missing decides what to do when nothing is there to play, and how many of n places are
// to be invented; 0 when now something is there.
func (b *Buffer) missing(now, n int64) int64 {
	if !b.source.begun {
		return n
	}
	next := b.ring.next(b.head)
	switch {
	case b.waiting:
		if now-b.head < b.need(b.head) {
			return n
		}
		b.waiting = false
		return 0
	case next == nowhere: // late or lost; as long as it may be late, the head waits for it
		if now-b.head-b.ways.best < b.depth.most {
			b.held += n
		} else {
			b.head += n
		}
		return n
	case b.lost.silent(): // a talk spurt begins
		b.floor, b.head, b.held, b.waiting = b.head, next, 0, true
		return 0
	}
	b.head += min(b.held, next-b.head) // it was lost, and that much of it we have concealed
	b.held = 0
	gap := next - b.head
	if gap == 0 || b.patch(gap) {
		return 0
	}
	n = min(n, gap)
	b.head += n
	return n
}

// invent conceals len(out) samples and tells whether there is anything to hear.
func (b *Buffer) invent(out []int16) bool {
	if !b.lost.on {
		b.lost.begin(b.strip.line[:b.strip.past])
	}
	heard := !b.lost.silent()
	b.lost.fill(out)
	if heard {
		b.stats.Concealed += uint64(int64(len(out)) / b.form.width)
	}
	b.strip.heard(out)
	return heard
}

// adapt moves the depth toward what the packets need.
func (b *Buffer) adapt(now int64) {
	at := b.playing()
	if now-at-b.ways.best > b.depth.most+b.beat.frame {
		b.leap(now - b.ways.best - b.depth.most)
		return
	}
	if b.waiting || b.lost.busy() || b.patched > 0 {
		return
	}
	switch spare := now - at - b.need(at); {
	case spare < 0:
		b.lengthen()
	case spare >= b.beat.frame || b.cut.due != 0:
		b.shorten(now, spare)
	}
}

// leap goes to a place further on, over what nobody will hear.
func (b *Buffer) leap(to int64) {
	if to <= b.playing() {
		return
	}
	if !b.lost.on {
		b.lost.begin(b.strip.line[:b.strip.past])
	}
	b.stats.Skipped += uint64(to - b.playing())
	b.head, b.strip.wait, b.held, b.patched = max(to, b.head), 0, 0, 0
	b.ring.forget(b.head - behind)
}

// lengthen repeats the last period before the sound that waits.
func (b *Buffer) lengthen() {
	b.decode(max(b.beat.frame, lagWindow))
	w := int(b.form.width)
	most := min(longestLag*w, len(b.strip.free()))
	if b.strip.wait < lagWindow*w || most < shortestLag*w {
		return
	}
	d, _ := lag(b.strip.line, search{at: b.strip.past, length: lagWindow * w, from: shortestLag * w, to: most, toward: -1, step: w})
	b.strip.repeat(d, min(d, b.strip.wait))
	b.stats.Inserted += uint64(d / w)
}

// shorten takes a period out of the sound that waits, where that is not heard. Cuts come
// in a row: a frame's length or more is to spare when it begins, and it ends when no
// packet would lie nearer to the frame that needs it.
func (b *Buffer) shorten(now, spare int64) {
	if b.cut.due == 0 {
		b.cut.due = now
	}
	w, legal := int(b.form.width), int64(longestLag)
	if spare < b.beat.grid {
		if legal = min(legal, b.phase(b.playing())); legal < shortestLag {
			b.cut.due = 0
			return
		}
	}
	b.decode(b.beat.frame + longestLag)
	next := b.strip.next()
	most := min(int(legal)*w, len(next)-int(max(b.beat.frame, lagWindow))*w)
	if most < shortestLag*w {
		return
	}
	calm := still(next[:lagWindow*w])
	if !calm && now-b.cut.tried < rest {
		return
	}
	b.cut.tried = now
	d, alike := lag(next, search{at: 0, length: lagWindow * w, from: shortestLag * w, to: most, toward: 1, step: w})
	if calm {
		d = most
	} else if alike < smooth && now-b.cut.due < patience {
		return
	}
	if to := b.playing() + int64(d/w); now-to < b.need(to) {
		return
	}
	b.strip.omit(d, min(d, len(next)-d))
	b.stats.Removed += uint64(d / w)
	b.cut.due = now
}

// still tells whether a sound is so quiet that a cut is not heard.
func still(x []int16) bool {
	var sum int64
	for _, v := range x {
		sum += int64(v) * int64(v)
	}
	return sum < quiet*quiet*int64(len(x))
}

// common is the greatest common divisor.
func common(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, 1)
}
