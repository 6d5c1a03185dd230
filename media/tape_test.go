package media

import (
	"bytes"
	"cmp"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// frame is a packet's sound as a loop hears it.
type frame struct {
	channel   uint8
	codec     Codec
	ssrc      uint32
	timestamp uint32
	at        int64 // units since the recording began, when it passed
}

// studio is a scribe without its goroutine, under a clock that is set by hand.
type studio struct {
	*scribe
	t      testing.TB
	at     atomic.Int64 // samples since it was opened
	logged bytes.Buffer
}

func newStudio(t testing.TB, settings RecordingSettings) *studio {
	t.Helper()
	if settings.Fsync == "" {
		settings.Fsync = fsyncNever // there is no goroutine that would do it
	}
	s := &studio{t: t}
	scribe, err := newScribe(settings.WithDefaults(), func() int64 { return moment(s.at.Load()) }, slog.New(slog.NewTextHandler(&s.logged, nil)), &tallies{})
	if err != nil {
		t.Fatal(err)
	}
	s.scribe = scribe
	t.Cleanup(func() {
		s.desk.clear()
		if s.stock != nil {
			if err := s.stock.memory.close(); err != nil {
				t.Error(err)
			}
		}
	})
	return s
}

// moment is the loop's clock at a place of a recording.
func moment(place int64) int64 { return place * (1e9 / g711.Rate) }

// open begins a recording.
func (s *studio) open(c Codec) *Recording {
	s.t.Helper()
	r, w, err := s.scribe.open(filepath.Join(s.t.TempDir(), "call.wav"), c)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.take(r, w); err != nil {
		s.t.Fatal(err)
	}
	s.look(false)
	return r
}

// lay lets a frame come at its time, and the scribe look.
func (s *studio) lay(r *Recording, f frame, codes []byte) {
	s.at.Store(r.began + f.at)
	h := rtp.Header{SSRC: f.ssrc, Timestamp: f.timestamp}
	r.hear(f.channel, moment(r.began+f.at), f.codec, h, codes)
	s.look(true)
}

// stop ends a recording at a place.
func (s *studio) stop(r *Recording, until int64) (paths []string, err error) {
	s.t.Helper()
	r.mu.Lock()
	r.ending, r.until = true, until
	r.mu.Unlock()
	r.halt()
	s.end(r)
	s.look(false)
	if !r.over() {
		s.t.Fatal("the recording goes on")
	}
	if len(s.works) == 0 && s.stock.used.Load() != 0 {
		s.t.Errorf("%d pages were not given back", s.stock.used.Load())
	}
	return r.paths, r.err
}

// lays runs frames through a recording and gives its channels.
func lays(t *testing.T, end int64, frames ...frame) (l, r []byte, marks []mark) {
	t.Helper()
	s := newStudio(t, RecordingSettings{Memory: 1})
	rec := s.open(PCMU)
	for i, f := range frames {
		f.codec = PCMU
		s.lay(rec, f, flat(byte(i+1)))
	}
	paths, err := s.stop(rec, end)
	if err != nil {
		t.Fatal(err)
	}
	_, l, r = readTape(t, paths[0])
	return l, r, readMarks(t, paths[0])
}

func TestTapePlacesFrames(t *testing.T) {
	for name, c := range map[string]struct {
		frames []frame
		want   []int // where frame i+1 begins on the left; −1 = nowhere
	}{
		"by timestamp, not by arrival": {
			[]frame{{timestamp: 1000, at: 160}, {timestamp: 1160, at: 500}, {timestamp: 1320, at: 510}}, []int{160, 320, 480},
		},
		"late and lost ones": {
			[]frame{{timestamp: 0, at: 0}, {timestamp: 480, at: 480}, {timestamp: 160, at: 490}}, []int{0, 480, 160},
		},
		"over the turn of the timestamp": {
			[]frame{{timestamp: 0xFFFFFF60, at: 0}, {timestamp: 0, at: 160}}, []int{0, 160},
		},
		"a new source where it arrives, but never on another": {
			[]frame{{ssrc: 1, at: 0}, {ssrc: 2, timestamp: 77, at: 40}, {ssrc: 2, timestamp: 237, at: 200}, {ssrc: 3, at: 1000}}, []int{0, 160, 320, 1000},
		},
		"a source that moved its clock": {
			[]frame{{timestamp: 0, at: 0}, {timestamp: 1 << 30, at: 160}, {timestamp: 1<<30 + 160, at: 320}}, []int{0, 160, 320},
		},
		"one so late that its place was written": {
			[]frame{{timestamp: 0, at: 0}, {timestamp: 8000, at: 8000}, {timestamp: 4320, at: 8010}, {timestamp: 800, at: 8020}}, []int{0, 8000, -1, -1},
		},
		"a source that is faster than time, as far as it is near its moment": {burst(40), places(23, 40)},
		"a long silence": {
			[]frame{{timestamp: 0, at: 0}, {timestamp: 800000, at: 800000}}, []int{0, 800000},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, silent, _ := lays(t, 0, c.frames...)
			sound := 0
			for i, at := range c.want {
				if at < 0 {
					continue
				}
				sound += 160
				if len(got) < at+160 || !bytes.Equal(got[at:at+160], flat(byte(i+1))) {
					t.Errorf("frame %d is not at %d", i, at)
				}
			}
			if n := len(got) - bytes.Count(got, []byte{PCMU.Silence()}); name[0] != 'o' && n != sound {
				t.Errorf("%d samples of sound, want %d", n, sound)
			}
			if bytes.Count(silent, []byte{PCMU.Silence()}) != len(silent) {
				t.Error("the other channel is not silent")
			}
		})
	}
}

// burst is frames that come all at once.
func burst(n int) (frames []frame) {
	for i := range n {
		frames = append(frames, frame{timestamp: uint32(160 * i)})
	}
	return frames
}

// places are those of n frames, of which so many are placed, one behind the other.
func places(placed, n int) (all []int) {
	for i := range n {
		if i < placed {
			all = append(all, 160*i)
		} else {
			all = append(all, -1)
		}
	}
	return all
}

func TestTapeMarksGaps(t *testing.T) {
	_, _, marks := lays(t, 4000,
		frame{timestamp: 0, at: 800}, frame{timestamp: 480, at: 1280}, frame{timestamp: 320, at: 1290},
		frame{channel: right, timestamp: 0, at: 0}, frame{channel: right, timestamp: 4000 - 160, at: 4000 - 160},
	)
	want := []mark{
		{What: "gap", Channel: "left", At: 0, Samples: 800},
		{What: "gap", Channel: "left", At: 960, Samples: 160},
		{What: "gap", Channel: "left", At: 1440, Samples: 2560},
		{What: "gap", Channel: "right", At: 160, Samples: 3680},
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.At, b.At)) })
	if !slices.Equal(marks, want) {
		t.Errorf("got %+v\nwant %+v", marks, want)
	}
}
