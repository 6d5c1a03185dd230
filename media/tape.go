package media

// tape lays frames of both channels side by side in time and hands finished stretches
// to a reel. It is the scribe's; it knows no clock: its caller says how far time has
// come. Places are in samples since the recording began.
type tape struct {
	reel     *reel
	path     string
	segment  int
	codec    Codec
	begin    int64 // where the present segment begins
	paused   bool
	done     int64 // all before it was written
	channels [2]track
	stereo   []byte // a stretch on its way to the reel
}

// track is one channel of a tape.
type track struct {
	begun  bool
	ssrc   uint32
	shift  int64 // place = unwrapped timestamp + shift
	last   uint32
	wide   int64            // last, unwrapped
	end    int64            // behind the last sample
	gaps   []stretch        // not yet told
	window [windowSize]byte // codes by place, silence where nothing came
}

// stretch is a part of a channel: from ≤ place < to.
type stretch struct{ from, to int64 }

const (
	settle     = 4000 // samples: 500 ms after a moment its frames are written; later ones are late
	stray      = 3600 // a frame further than this from its moment of arrival means that its source moved its clock
	windowSize = 1 << 14
	mostGaps   = 64 // a channel's gaps that wait to be told; more are joined
	leastGap   = 40 // samples: shorter ones are rounding
)

func newTape(r *reel, path string, c Codec) *tape {
	t := &tape{reel: r, path: path, segment: 1, codec: c}
	t.hush()
	return t
}

// hush fills the windows with silence.
func (t *tape) hush() {
	for c := range t.channels {
		w := &t.channels[c].window
		for i := range w {
			w[i] = t.codec.Silence()
		}
	}
}

// lay puts a frame at its place in time.
func (t *tape) lay(f frame, codes []byte) error {
	if f.codec != t.codec {
		if err := t.next(f.codec, f.at); err != nil {
			return err
		}
	}
	k := &t.channels[f.channel]
	from := k.place(f, int64(len(codes)))
	to := from + int64(len(codes))
	if to > t.done+windowSize {
		if err := t.advance(to - windowSize/2); err != nil {
			return err
		}
	}
	if from < t.done {
		t.reel.mark(mark{What: "late", Channel: channelNames[f.channel], At: max(0, from-t.begin), Samples: int64(len(codes))})
		return nil
	}
	for i, code := range codes {
		k.window[(from+int64(i))%windowSize] = code
	}
	k.cover(from, to)
	return nil
}

// place tells where a frame belongs: behind the frames before it as the timestamps
// say, else, for a new source or a clock that was moved, where it arrived. Frames
// never fall on others.
func (k *track) place(f frame, n int64) int64 {
	if k.begun && k.ssrc == f.ssrc {
		wide := k.wide + int64(int32(f.timestamp-k.last))
		if from := wide + k.shift; from-f.at < stray && f.at-from < stray {
			k.last, k.wide = f.timestamp, wide
			return from
		}
	}
	from := max(f.at, k.end, 0)
	k.begun, k.ssrc, k.last, k.wide = true, f.ssrc, f.timestamp, 0
	k.shift = from
	return from
}

// cover notes that a stretch holds sound.
func (k *track) cover(from, to int64) {
	if from >= k.end {
		if from-k.end >= leastGap {
			k.gap(stretch{k.end, from})
		}
		k.end = to
		return
	}
	k.end = max(k.end, to)
	for i, g := range k.gaps { // a late frame fills a gap or a part of it
		if to <= g.from || from >= g.to {
			continue
		}
		k.gaps[i].to = max(g.from, from)
		if to < g.to {
			k.gap(stretch{to, g.to})
		}
	}
}

func (k *track) gap(g stretch) {
	if len(k.gaps) == mostGaps {
		k.gaps[mostGaps-1].to = max(k.gaps[mostGaps-1].to, g.to)
		return
	}
	k.gaps = append(k.gaps, g)
}

// reach says that time has come to now: what is older than settle is written.
func (t *tape) reach(now int64) error { return t.advance(now - settle) }

// advance writes all up to a place.
func (t *tape) advance(to int64) error {
	if to <= t.done {
		return nil
	}
	t.stereo = t.stereo[:0]
	a, b := &t.channels[left].window, &t.channels[right].window
	quiet := t.codec.Silence()
	for ; t.done < to; t.done++ {
		i := t.done % windowSize
		t.stereo = append(t.stereo, a[i], b[i])
		a[i], b[i] = quiet, quiet
		if len(t.stereo) == windowSize {
			if err := t.reel.write(t.stereo); err != nil {
				return err
			}
			t.stereo = t.stereo[:0]
		}
	}
	t.tell()
	return t.reel.write(t.stereo)
}

// tell marks the gaps that are settled.
func (t *tape) tell() {
	for c := range t.channels {
		k := &t.channels[c]
		kept := k.gaps[:0]
		for _, g := range k.gaps {
			switch {
			case g.to > t.done:
				kept = append(kept, g)
			case g.to-g.from >= leastGap:
				at := max(g.from, t.begin)
				t.reel.mark(mark{What: "gap", Channel: channelNames[c], At: at - t.begin, Samples: g.to - at})
			}
		}
		k.gaps = kept
	}
}

var channelNames = [2]string{"left", "right"}

// note marks a pause or its end.
func (t *tape) note(n note) {
	what := "resume"
	if n.pause {
		what = "pause"
	}
	t.quiet(n.at)
	t.paused = n.pause
	t.reel.mark(mark{What: what, At: max(0, n.at-t.begin)})
}

// quiet says that nothing came on either channel up to a place. It is a gap, unless it
// was a pause.
func (t *tape) quiet(to int64) {
	for c := range t.channels {
		k := &t.channels[c]
		if to-k.end >= leastGap && !t.paused {
			k.gap(stretch{k.end, to})
		}
		k.end = max(k.end, to)
	}
}

// next finishes the segment and begins another with codec c. at is when it changed.
func (t *tape) next(c Codec, at int64) error {
	if err := t.finish(at); err != nil {
		return err
	}
	r, err := openReel(t.path, t.segment+1, c)
	if err != nil {
		return err
	}
	t.reel, t.codec, t.begin = r, c, t.done
	t.segment++
	t.hush()
	for i := range t.channels { // each finds its place anew
		t.channels[i].begun, t.channels[i].end = false, t.done
	}
	return nil
}

// finish writes all there is, at least up to the place, and closes the reel.
func (t *tape) finish(at int64) error {
	at = max(at, t.done, t.channels[left].end, t.channels[right].end)
	t.quiet(at)
	return t.reel.close(t.advance(at))
}
