//go:build unix

package media

import (
	"bytes"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"breakwater/media/g711"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// fullAt makes files that grow over so many bytes fail, as on a full disk.
func fullAt(t *testing.T, size int) {
	t.Helper()
	signal.Ignore(unix.SIGXFSZ)
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	small := before
	limit(&small.Cur, size)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
		signal.Reset(unix.SIGXFSZ)
	})
}

// limit sets a bound of the kernel, which has another type on each system.
func limit[T int64 | uint64](bound *T, n int) { *bound = T(n) }

func TestAFullDiskEndsTheRecordingAndNotTheCall(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	r, path := record(t, a)
	const room = 20001 // odd: the last pair of samples is cut
	fullAt(t, room)
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	eventually(t, "the recording ended", func() bool {
		<-beat.C
		a.say(flat(0x42))
		b.mustHear()
		return r.over()
	})
	paths, err := r.Close()
	if !errors.Is(err, unix.EFBIG) || !slices.Equal(paths, []string{path}) || e.Counters().Failed != 1 {
		t.Errorf("closed with %v, %v; %d failed", paths, err, e.Counters().Failed)
	}
	_, l, right := readTape(t, path)
	const most, least = (room - wav.HeaderSize) / 2, (room-wav.HeaderSize)/2 - g711.Rate // the last write is lost
	if len(l) > most || len(l) < least || len(right) != len(l) || !bytes.Contains(l, flat(0x42)) {
		t.Errorf("%d and %d samples can be heard of %d bytes", len(l), len(right), room)
	}
	a.say(flat(0x43))
	if p := b.mustHear(); p.codes[0] != 0x43 {
		t.Errorf("the call goes on with %#x", p.codes[0])
	}
	again, err := a.port.Record(path + ".again") // the leg may be recorded anew
	if err != nil {
		t.Fatal(err)
	}
	finish(t, again, path+".again")
}

func TestADiskThatIsFullForANewSegmentEndsTheRecordingThere(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	r := s.open(PCMU)
	r.hear(left, 0, PCMU, rtp.Header{}, flat(7))
	r.hear(left, 0, PCMA, rtp.Header{}, flat(8))
	second := strings.TrimSuffix(s.works[r.tape.owner].path, ".wav") + "-2.wav"
	if err := os.Mkdir(second, 0o700); err != nil { // its place is taken
		t.Fatal(err)
	}
	paths, err := s.stop(r, 0)
	if !errors.Is(err, os.ErrExist) || len(paths) != 1 || strings.Count(s.logged.String(), "level=ERROR") != 1 {
		t.Errorf("closed with %v, %v; logged %s", paths, err, s.logged.String())
	}
	if _, l, _ := readTape(t, paths[0]); !bytes.Contains(l, flat(7)) || bytes.Contains(l, flat(8)) {
		t.Error("the first segment is not what it was")
	}
}

// Calls that have used up the machine's descriptors cost no recording.
func TestWithoutDescriptorsRecordingsGoOn(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	r := s.open(PCMU)
	path := s.works[r.tape.owner].path
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := before
	limit(&few.Cur, 100)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	var taken []slot
	give := func() {
		for _, f := range taken {
			_ = f.close()
		}
		taken = nil
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	}
	defer give()
	for {
		f, err := openSlot(os.DevNull, false)
		if err != nil {
			break
		}
		taken = append(taken, f)
	}
	for at := int64(0); at < 4*g711.Rate; at += 320 { // every second packet is lost: there are marks, too
		s.lay(r, frame{timestamp: uint32(at), at: at}, flat(7))
	}
	if _, err := os.Stat(path + marksExt); err != nil || r.over() {
		t.Errorf("over: %v, marks: %v", r.over(), err)
	}
	paths, err := s.stop(r, 4*g711.Rate)
	give()
	if err != nil {
		t.Fatal(err)
	}
	if _, l, _ := readTape(t, paths[0]); bytes.Count(l, []byte{7}) != 2*g711.Rate {
		t.Errorf("%d samples are in the file, want %d", bytes.Count(l, []byte{7}), 2*g711.Rate)
	}
}

// isPlayed checks how much of a file can be heard, and on the right side.
func isPlayed(t *testing.T, file []byte, want int) {
	t.Helper()
	f, err := wav.Parse(file)
	if err != nil {
		t.Fatalf("%d bytes: %v", len(file), err)
	}
	l, r := f.Codes(0), f.Codes(1)
	if law, ok := f.Law(); !ok || law != g711.A || len(l) != want || len(r) != want {
		t.Fatalf("%d bytes: %d and %d samples, want %d", len(file), len(l), len(r), want)
	}
	if bytes.Count(l, []byte{0x11}) != want || bytes.Count(r, []byte{0x22}) != want {
		t.Fatalf("%d bytes: the channels are mixed up", len(file))
	}
}

// A server that dies leaves a file that ends at any byte, and a header that is older than
// its last samples. What is there can be heard, with left on the left.
func TestAFileThatIsCutAnywhereCanBeHeard(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	r := s.open(PCMA)
	for at := int64(0); at < 3*g711.Rate; at += 160 {
		for channel, code := range []byte{0x11, 0x22} {
			s.lay(r, frame{channel: uint8(channel), codec: PCMA, timestamp: uint32(at), at: at}, flat(code))
		}
	}
	path := s.works[r.tape.owner].path
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const told = 2 * g711.Rate
	isPlayed(t, whole, told) // as kill -9 leaves it
	isPlayed(t, append(bytes.Clone(whole), bytes.Repeat([]byte{0x11, 0x22}, 100)...), told)
	for cut := range len(whole) + 1 {
		f, err := wav.Salvage(whole[:cut])
		if cut < wav.HeaderSize+2 {
			if err == nil {
				t.Fatalf("cut at %d, before the first samples: %+v", cut, f)
			}
			continue
		}
		if err != nil || len(f.Data) != (cut-wav.HeaderSize)&^1 || f.Data[0] != 0x11 || f.Data[len(f.Data)-1] != 0x22 {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
	if _, err := s.stop(r, 0); err != nil {
		t.Fatal(err)
	}
}

// Between two looks of the scribe a call may be silent, speak, pause, go on and pause.
func TestPausesAreToldInOrderWithTheSound(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	r := s.open(PCMU)
	hear := func(places ...int64) {
		for _, place := range places {
			h := rtp.Header{Timestamp: uint32(place)}
			r.hear(left, moment(place), PCMU, h, flat(7))
			r.hear(right, moment(place), PCMU, h, flat(8))
		}
	}
	hear(0, 160, 640, 800) // 320 to 640 was lost
	s.at.Store(1600)       // and nobody spoke from 960 on
	r.Pause()
	hear(1600, 1760)
	s.at.Store(2400)
	r.Resume()
	hear(2400, 2560)
	s.at.Store(2720)
	r.Pause()
	paths, err := s.stop(r, 4000) // closed in the pause
	if err != nil {
		t.Fatal(err)
	}
	var want []mark
	for _, m := range []mark{{What: "gap", At: 320, Samples: 320}, {What: "gap", At: 960, Samples: 640}} {
		for _, m.Channel = range channelNames {
			want = append(want, m)
		}
	}
	want = append(want, mark{What: "pause", At: 1600}, mark{What: "resume", At: 2400}, mark{What: "pause", At: 2720})
	got := readMarks(t, paths[0])
	slices.SortFunc(got, func(a, b mark) int {
		if a.At != b.At {
			return int(a.At - b.At)
		}
		return strings.Compare(a.Channel, b.Channel)
	})
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	_, l, _ := readTape(t, paths[0])
	if len(l) != 4000 || !bytes.Equal(l[2720:], bytes.Repeat([]byte{0xFF}, 1280)) || bytes.Count(l, []byte{7}) != 6*160 {
		t.Errorf("%d samples, want 4000 with silence at the end", len(l))
	}
}

// An engine that closes ends a recording that nobody has closed, or is just closing.
func TestAnEngineThatClosesFinishesItsRecordings(t *testing.T) {
	e := openEngine(t, 4)
	a := newPhone(t, e, PCMU)
	r, path := record(t, a)
	a.say(flat(5))
	eventually(t, "the party was heard", func() bool { return !a.port.Heard().RTP.IsZero() })
	r.mu.Lock() // somebody is in the middle of closing it
	r.ending, r.until = true, r.now()
	r.mu.Unlock()
	began := time.Now()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	finish(t, r, path)
	if took := time.Since(began); took > longestClose {
		t.Errorf("it took %v", took)
	}
	if _, l, _ := readTape(t, path); !bytes.Contains(l, flat(5)) {
		t.Error("what was said is lost")
	}
}

func TestADiskThatHangsToTheEndIsTold(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	r := s.open(PCMU)
	for at := int64(0); at < 100*g711.Rate; at += 160 {
		r.hear(left, moment(at), PCMU, rtp.Header{Timestamp: uint32(at)}, flat(2))
	}
	paths, err := s.stop(r, 100*g711.Rate)
	if !errors.Is(err, ErrTooSlow) || s.tallies.failed.Load() != 1 {
		t.Errorf("closed with %v, %d counted", err, s.tallies.failed.Load())
	}
	_, l, _ := readTape(t, paths[0])
	hole := int64(bytes.Count(l, []byte{2}))
	want := []mark{{What: markLost, At: hole, Samples: 100*g711.Rate - hole}, {What: markGap, Channel: "right", Samples: hole}}
	if got := readMarks(t, paths[0]); !slices.Equal(got, want) {
		t.Errorf("marks are %+v, want %+v", got, want)
	}
}
