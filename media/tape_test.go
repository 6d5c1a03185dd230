package media

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"
)

// lays runs frames through a tape and gives its channels.
func lays(t *testing.T, end int64, frames ...frame) (l, r []byte, marks []mark) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "call.wav")
	file, err := openReel(path, 1, PCMU)
	if err != nil {
		t.Fatal(err)
	}
	tp := newTape(file, path, PCMU)
	for i, f := range frames {
		if err := tp.lay(f, flat(byte(i+1))); err != nil {
			t.Fatal(err)
		}
		if err := tp.reach(f.at); err != nil {
			t.Fatal(err)
		}
	}
	if err := tp.finish(end); err != nil {
		t.Fatal(err)
	}
	_, l, r = readTape(t, path)
	return l, r, readMarks(t, path)
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
	if !slices.Equal(marks, want) {
		t.Errorf("got %+v\nwant %+v", marks, want)
	}
}
