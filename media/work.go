package media

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"breakwater/media/seal"
	"breakwater/media/wav"
)

// work is a recording as the scribe has it: pages that wait, and the reel they are laid
// on. Places are in samples of the segment where nothing else is said.
type work struct {
	rec     *Recording
	stock   *stock
	master  *seal.Master
	path    string
	segment uint32
	begin   int64 // of the segment, a place in the recording
	reel    *reel
	waiting chain
	at      int64     // all before it is written
	ends    [2]int64  // by channel: behind the last sound
	notes   []note    // not yet told
	hushed  []stretch // of the recording: where silence is no gap, for it is told why
	hole    int64     // samples that the disk was too slow for
	books   books
	ended   bool // by an error: what still comes is thrown away
}

// books are what is known of the files of a recording.
type books struct {
	paths   []string // of the segments
	files   []string // of segments that are complete, with what lies beside them
	forced  int64    // ns: when they were forced to the disk last, while the recording ran
	forcing atomic.Bool
	running sync.WaitGroup        // that; the system tells of a fault once, and may tell it there
	fault   atomic.Pointer[error] // of that, the first
	told    bool                  // of the fault
}

// note is something to be told, at a place of the recording.
type note struct {
	at   int64
	what string // pause, resume or lost
	to   int64  // of a loss
}

// chain is a row of pages, linked by their stock, oldest first.
type chain struct{ first, last uint32 }

const (
	second   = 8000 // samples; pieces of this length are written
	patience = 8000 // samples: how long a piece may wait for its last page, before silence is taken for that
	leastGap = 40   // samples: shorter ones are rounding
)

// add takes over a page of the recording.
func (w *work) add(n uint32) {
	w.stock.link(n).Store(0)
	if w.waiting.first == 0 {
		w.waiting.first = n
	} else {
		w.stock.link(w.waiting.last).Store(n)
	}
	w.waiting.last = n
	w.lose(w.stock.page(n).lost)
}

// lose notes what the disk was too slow for.
func (w *work) lose(lost stretch) {
	if lost.empty() {
		return
	}
	w.hole += lost.to - lost.from
	w.hush(lost)
	w.notes = append(w.notes, note{at: lost.from, what: markLost, to: lost.to})
}

// remember takes over pauses.
func (w *work) remember(notes []note) {
	for _, n := range notes {
		if n.what == markPause {
			w.hush(stretch{n.at, math.MaxInt64})
			continue
		}
		for i := range w.hushed {
			w.hushed[i].to = min(w.hushed[i].to, n.at) // the pause has no end yet, all else is over
		}
	}
	w.notes = append(w.notes, notes...)
}

// hush notes a stretch that is silent for a reason, in order of time.
func (w *work) hush(s stretch) {
	w.hushed = append(w.hushed, s)
	slices.SortFunc(w.hushed, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
}

// drop gives all waiting pages back.
func (w *work) drop() {
	for w.waiting.first != 0 {
		w.pop()
	}
}

func (w *work) pop() {
	n := w.waiting.first
	w.waiting.first = w.stock.link(n).Load()
	w.stock.give(n, n, 1)
}

// oldest is the oldest page of the present segment that waits; nil = none.
func (w *work) oldest() *page {
	if w.waiting.first == 0 {
		return nil
	}
	if p := w.stock.page(w.waiting.first); p.segment == w.segment {
		return p
	}
	return nil
}

// due tells up to where whole seconds can be written. now is a place in the recording.
func (w *work) due(now int64) int64 {
	known := now - w.begin - settle - patience
	if p := w.stock.page(w.waiting.last); p.segment == w.segment {
		known = max(known, int64(p.number+1)*pageSpan)
	}
	return known / second * second
}

// write writes what can be written in whole seconds.
func (w *work) write(d *desk, now int64) error {
	for w.waiting.first != 0 {
		if w.stock.page(w.waiting.last).segment != w.segment {
			if err := w.turn(d); err != nil {
				return err
			}
			continue
		}
		to := w.due(now)
		if to <= w.at {
			return nil
		}
		w.tell(to)
		for p := w.oldest(); p != nil && int64(p.number)*pageSpan < to; p = w.oldest() {
			if err := w.lay(d, p); err != nil {
				return err
			}
			w.pop()
		}
		return w.flush(d, to)
	}
	return nil
}

// turn completes the segment, for pages of another one wait, and begins that.
func (w *work) turn(d *desk) error {
	if err := w.layAll(d); err != nil {
		return err
	}
	next := w.stock.page(w.waiting.first)
	if err := w.closeSegment(d, next.begin-w.begin); err != nil {
		return err
	}
	r, err := openReel(d, w.master, w.path, next.segment, next.codec)
	if err != nil {
		return err
	}
	w.reel, w.segment, w.begin = r, next.segment, next.begin
	w.at, w.ends = 0, [2]int64{}
	w.books.paths = append(w.books.paths, r.sound.path)
	return nil
}

// layAll lays all pages of the segment.
func (w *work) layAll(d *desk) error {
	for p := w.oldest(); p != nil; p = w.oldest() {
		if err := w.lay(d, p); err != nil {
			return err
		}
		w.pop()
	}
	return nil
}

// closeSegment completes the files of the segment, which ends there at the earliest.
func (w *work) closeSegment(d *desk, end int64) error {
	end = max(end, w.ends[left], w.ends[right])
	w.tell(end)
	for channel := range w.ends {
		w.gap(channel, w.ends[channel], end)
	}
	if beyond := w.at - end; beyond > 0 { // the last page is longer
		d.stereo = d.stereo[:max(0, len(d.stereo)-int(2*beyond))]
		w.at = end
	}
	if err := w.flush(d, end); err != nil {
		return err
	}
	err := w.reel.close(d, end)
	w.books.files = append(w.books.files, w.reel.files()...)
	return err
}

// finish lays all there is, and silence up to a place of the recording. late came too late
// for any page.
func (w *work) finish(d *desk, until int64, late [2]belated) error {
	for {
		if err := w.layAll(d); err != nil {
			return err
		}
		if w.waiting.first == 0 {
			w.tell(math.MaxInt64 - w.begin)
			w.markLate(late)
			return w.closeSegment(d, until-w.begin)
		}
		if err := w.turn(d); err != nil {
			return err
		}
	}
}

// lay lays a page.
func (w *work) lay(d *desk, p *page) error {
	from := int64(p.number) * pageSpan
	w.markLate(p.late)
	if from < w.at { // its loop has slept for more than a second
		whole := belated{at: uint32(from), samples: pageSpan}
		w.markLate([2]belated{whole, whole})
		return nil
	}
	if err := w.silence(d, from); err != nil {
		return err
	}
	if len(d.stereo)+2*pageSpan > cap(d.stereo) {
		if err := w.drain(d); err != nil {
			return err
		}
	}
	p.hush()
	at := len(d.stereo)
	d.stereo = d.stereo[:at+2*pageSpan]
	wav.Interleave(d.stereo[at:], p.codes[left][:], p.codes[right][:])
	w.at += pageSpan
	for channel := range p.heard {
		w.trace(channel, from, &p.heard[channel])
	}
	if p.gained {
		w.reel.weigh(p)
	}
	return nil
}

// silence lays silence up to a place.
func (w *work) silence(d *desk, to int64) error {
	quiet := w.reel.codec.Silence()
	for w.at < to {
		if len(d.stereo) == cap(d.stereo) {
			if err := w.drain(d); err != nil {
				return err
			}
		}
		n := min(to-w.at, int64(cap(d.stereo)-len(d.stereo))/2)
		at := len(d.stereo)
		d.stereo = d.stereo[:at+int(2*n)]
		fill(d.stereo[at:], quiet)
		w.at += n
	}
	return nil
}

// flush lays silence up to a place, and writes all that was laid.
func (w *work) flush(d *desk, to int64) error {
	if err := w.silence(d, to); err != nil {
		return err
	}
	if err := w.drain(d); err != nil {
		return err
	}
	if len(w.hushed) > 0 { // those that nothing can fall on any more
		behind := w.begin + min(w.ends[left], w.ends[right])
		w.hushed = slices.DeleteFunc(w.hushed, func(s stretch) bool { return s.to <= behind })
	}
	return w.reel.flush(d)
}

func (w *work) drain(d *desk) error {
	err := w.reel.write(d, d.stereo)
	d.stereo = d.stereo[:0]
	return err
}

// trace follows where a page holds sound.
func (w *work) trace(channel int, from int64, heard *grains) {
	if heard.whole() {
		w.sound(channel, from, from+pageSpan)
		return
	}
	for a, b, ok := heard.next(0); ok; a, b, ok = heard.next(b) {
		w.sound(channel, from+int64(a), from+int64(b))
	}
}

// sound says that a stretch of a channel holds sound.
func (w *work) sound(channel int, from, to int64) {
	if from > w.ends[channel] {
		w.gap(channel, w.ends[channel], from)
	}
	w.ends[channel] = to
}

// gap marks a stretch of a channel in which nothing came, but for those parts of which
// it is told otherwise.
func (w *work) gap(channel int, from, to int64) {
	for _, h := range w.hushed { // in order of time
		h = stretch{h.from - w.begin, h.to - w.begin}
		if h.to <= from || h.from >= to {
			continue
		}
		w.markGap(channel, from, h.from)
		from = max(from, h.to)
	}
	w.markGap(channel, from, to)
}

func (w *work) markGap(channel int, from, to int64) {
	if to-from >= leastGap {
		w.reel.mark(mark{What: markGap, Channel: channelNames[channel], At: from, Samples: to - from})
	}
}

func (w *work) markLate(late [2]belated) {
	for channel, l := range late {
		if l.samples > 0 {
			w.reel.mark(mark{What: markLate, Channel: channelNames[channel], At: int64(l.at), Samples: int64(l.samples)})
		}
	}
}

// tell marks the notes before a place.
func (w *work) tell(to int64) {
	kept := w.notes[:0]
	for _, n := range w.notes {
		at := max(0, n.at-w.begin)
		switch {
		case at > to:
			kept = append(kept, n)
		case n.what == markLost:
			w.reel.mark(mark{What: n.what, At: at, Samples: n.to - n.at})
		default:
			w.reel.mark(mark{What: n.what, At: at})
		}
	}
	w.notes = kept
}

// missing says how much the disk was too slow for; nil = nothing.
func (w *work) missing() error {
	if w.hole == 0 {
		return nil
	}
	return fmt.Errorf("%w: %.1f s are missing", ErrTooSlow, float64(w.hole)/second)
}

var channelNames = [2]string{"left", "right"}
