package media

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/rtp"
	"breakwater/media/seal"
	"breakwater/media/wav"
)

// conversation records five seconds with a pause, a loss, a gain track and a change of
// codec, which begin at a place of their own.
func conversation(t *testing.T, s *studio) (paths []string) {
	t.Helper()
	r := s.open(PCMU)
	for at := int64(56); at < 4*g711.Rate; at += 160 {
		if at == 56+160*20 {
			continue
		}
		c := PCMU
		if at > 3*g711.Rate {
			c = PCMA
		}
		s.lay(r, frame{channel: left, codec: c, timestamp: uint32(at), at: at}, flat(0x55))
		if 50 <= at/160 && at/160 < 60 {
			r.gain(moment(r.began+at), 24) // 6 dB
		} else {
			r.gain(moment(r.began+at), 0)
		}
		s.lay(r, frame{channel: right, codec: c, timestamp: uint32(at), at: at}, flat(0x66))
	}
	s.at.Store(r.began + 4*g711.Rate)
	r.Pause()
	paths, err := s.stop(r, 5*g711.Rate)
	if err != nil || len(paths) != 2 {
		t.Fatalf("closed with %v, %v", paths, err)
	}
	return paths
}

// unsealed gives the plain bytes of all files of a recording.
func unsealed(t *testing.T, m *seal.Master, paths []string) (files map[string][]byte) {
	t.Helper()
	files = map[string][]byte{}
	for i, path := range paths {
		for _, ext := range []string{"", marksExt, gainExt} {
			b, err := os.ReadFile(path + ext)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprint(i, ext)
			if files[name] = b; m != nil {
				out := &memoryFile{}
				if err := Unseal(out, bytes.NewReader(b), m); err != nil {
					t.Fatalf("%s: %v", path+ext, err)
				}
				files[name] = out.b
			}
		}
	}
	return files
}

// memoryFile is a file that is written in memory.
type memoryFile struct {
	b  []byte
	at int
}

func (f *memoryFile) Write(p []byte) (int, error) {
	f.b = slices.Concat(f.b[:f.at], p, f.b[min(f.at+len(p), len(f.b)):])
	f.at += len(p)
	return len(p), nil
}

func (f *memoryFile) Seek(at int64, _ int) (int64, error) {
	f.at = int(at)
	return at, nil
}

func TestASealedRecordingOpensAsThePlainOneWouldBe(t *testing.T) {
	plain := newStudio(t, RecordingSettings{Memory: 1})
	key := keyFile(t)
	sealed := newStudio(t, RecordingSettings{Memory: 1, KeyFile: key})
	paths := conversation(t, sealed)
	want := unsealed(t, nil, conversation(t, plain))
	for name, got := range unsealed(t, sealed.master, paths) {
		if !bytes.Equal(got, want[name]) {
			t.Errorf("file %s is not what it would be: %d bytes, want %d", name, len(got), len(want[name]))
		}
	}
	folder := filepath.Dir(paths[0])
	all, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all { // no file, not even for a while, holds anything plain
		b, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !seal.Is(b) || bytes.Contains(b, flat(0x55)[:16]) || bytes.Contains(b, []byte("RIFF")) || bytes.Contains(b, []byte("pause")) || bytes.Contains(b, []byte(gainMagic)) {
			t.Errorf("%s is not sealed", entry.Name())
		}
	}
	if len(all) != 6 {
		t.Errorf("%d files, want 6", len(all))
	}
	r, err := OpenRecording(paths[0], sealed.master)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if f, errFile := wav.Salvage(b); err != nil || errFile != nil || len(f.Codes(0)) < 3*g711.Rate-200 {
		t.Errorf("read: %v, %v", err, errFile)
	}
	if _, err := OpenRecording(paths[0], nil); err == nil || !strings.Contains(err.Error(), "master key is needed") {
		t.Errorf("without a key: %v", err)
	}
}

func TestASealedRecordingThatIsCutOpensUpToItsLastWholeChunk(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1, KeyFile: keyFile(t)})
	path := conversation(t, s)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := seal.HeadSize + 100; cut < len(whole); cut += 997 {
		out := &memoryFile{}
		if err := Unseal(out, bytes.NewReader(whole[:cut]), s.master); !errors.Is(err, seal.ErrCut) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		const chunk = pieceSize + 20
		want := (cut - seal.HeadSize - wav.HeaderSize - 20) / chunk * second
		f, err := wav.Parse(out.b)
		if want > 0 && (err != nil || len(f.Codes(0)) != min(want, 3*second)) {
			t.Fatalf("cut at %d: %d bytes can be heard, want %d samples: %v", cut, len(out.b), want, err)
		}
	}
	bad := bytes.Clone(whole)
	bad[seal.HeadSize+wav.HeaderSize+20+pieceSize+20+1000] ^= 4
	if err := Unseal(&memoryFile{}, bytes.NewReader(bad), s.master); err == nil || !strings.Contains(err.Error(), "chunk 2 was changed") {
		t.Errorf("one bit was turned: %v", err)
	}
	if err := Unseal(&memoryFile{}, strings.NewReader("RIFF"), s.master); err == nil || !strings.Contains(err.Error(), "not sealed") {
		t.Errorf("a plain file: %v", err)
	}
}

func TestWhatTheAgentHeardCanBeReplayed(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	path := conversation(t, s)[0]
	recording, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	track, err := os.ReadFile(path + gainExt)
	if err != nil {
		t.Fatal(err)
	}
	out := &memoryFile{}
	if err := RenderHeard(out, bytes.NewReader(recording), bytes.NewReader(track)); err != nil {
		t.Fatal(err)
	}
	before, _ := wav.Parse(recording)
	after, err := wav.Parse(out.b)
	if err != nil || len(after.Codes(0)) != len(before.Codes(0)) || !bytes.Equal(after.Codes(1), before.Codes(1)) {
		t.Fatalf("the right channel or the length has changed: %v", err)
	}
	was, is := before.Samples(0), after.Samples(0)
	for i := range was {
		factor := 1.0
		if i >= 56+50*160 && i < 56+60*160 { // to the sample: the track begins where the caller's frames do
			factor = math.Pow(10, guard.TrackGain(24)/20)
		}
		if want := factor * float64(was[i]); math.Abs(float64(is[i])-want) > math.Abs(want)/16+1 || factor == 1 && is[i] != was[i] {
			t.Fatalf("sample %d is %d, was %d, want %.0f", i, is[i], was[i], want)
		}
	}
	if n := (len(was) - 56 + 159) / 160; len(track)-gainHeadSize != n {
		t.Errorf("the track has %d bytes, want %d", len(track)-gainHeadSize, n)
	}
	same := &memoryFile{}
	if err := RenderHeard(same, bytes.NewReader(recording), nil); err != nil || !bytes.Equal(same.b, recording) {
		t.Errorf("without a track something has changed: %v", err)
	}
}

func TestWhatIsNoRecordingIsNotRendered(t *testing.T) {
	good := wav.Encode(g711.Mu, 2, flat(1))
	for name, c := range map[string]struct {
		recording, track []byte
		want             string
	}{
		"nothing":              {nil, nil, "read the recording"},
		"a prompt":             {wav.Encode(g711.Mu, 1, flat(1)), nil, "no recording of Breakwater"},
		"text":                 {flat('x'), nil, "no recording of Breakwater"},
		"a track that is none": {good, []byte("BWGAIN1"), "gain track is none"},
	} {
		var track io.Reader
		if c.track != nil {
			track = bytes.NewReader(c.track)
		}
		if err := RenderHeard(io.Discard, bytes.NewReader(c.recording), track); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A guard that works on frames of any length, and one that does not hear the caller's
// frames themselves, write where they belong.
func TestTheGainTrackLiesWhereTheSoundIs(t *testing.T) {
	for name, c := range map[string]struct {
		size  int64 // samples of a frame
		aside int64 // the guard works that much later than the frame comes
		want  []byte
	}{
		"20 ms":                   {160, 0, []byte{1, 2, 3, 4, 5, 6}},
		"40 ms, two bytes each":   {320, 0, []byte{1, 2, 3, 4, 5, 6}},
		"10 ms, one byte for two": {80, 0, []byte{1, 2, 3, 4, 5, 6}},
		"by a mixer":              {160, 160, []byte{1, 2, 3, 4, 5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t, RecordingSettings{Memory: 1})
			r := s.open(PCMU)
			given, done := byte(0), int64(0)
			for at := int64(0); given < 6; at += c.size {
				r.hear(left, moment(at), PCMU, rtp.Header{Timestamp: uint32(at)}, bytes.Repeat([]byte{1}, int(c.size)))
				for done += c.size; done >= 160; done -= 160 {
					given++
					r.gain(moment(at+c.aside), given)
				}
			}
			paths, err := s.stop(r, 0)
			if err != nil {
				t.Fatal(err)
			}
			track, err := os.ReadFile(paths[0] + gainExt)
			if err != nil || len(track) < gainHeadSize || !bytes.HasPrefix(track[gainHeadSize:], c.want[:len(c.want)-1]) {
				t.Errorf("the track is % x, %v; want % x", track, err, c.want)
			}
		})
	}
}

func TestAGuardThatDidNothingLeavesATrackOfNoughts(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	r := s.open(PCMA)
	for at := int64(0); at < 3*g711.Rate; at += 160 {
		s.lay(r, frame{codec: PCMA, timestamp: uint32(at), at: at}, flat(9))
		r.gain(moment(r.began+at), 0)
	}
	if _, err := os.Stat(s.works[r.tape.owner].path + gainExt); err == nil {
		t.Error("the track is written before it tells anything")
	}
	paths, err := s.stop(r, 3*g711.Rate)
	if err != nil {
		t.Fatal(err)
	}
	if track, err := os.ReadFile(paths[0] + gainExt); err != nil || !bytes.Equal(track, append(gainHead(0), make([]byte, 150)...)) {
		t.Errorf("the track is % x, %v", track, err)
	}
}
