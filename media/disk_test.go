package media

import (
	"bytes"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"breakwater/media/g711"
	"breakwater/media/wav"
)

// fullAt makes files that grow over so many bytes fail, as on a full disk.
func fullAt(t *testing.T, size uint64) {
	t.Helper()
	signal.Ignore(unix.SIGXFSZ)
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
		signal.Reset(unix.SIGXFSZ)
	})
}

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
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	s, w, logged := serving(t, a)
	w.rec.hear(left, 0, PCMU, a.h, flat(7))
	w.rec.hear(left, 0, PCMA, a.h, flat(8))
	second := strings.TrimSuffix(w.tape.path, ".wav") + "-2.wav"
	if err := os.Mkdir(second, 0o700); err != nil { // its place is taken
		t.Fatal(err)
	}
	if !s.serve(w, false) {
		t.Fatal("the recording goes on")
	}
	paths, err := w.rec.Close()
	if !errors.Is(err, os.ErrExist) || len(paths) != 1 || strings.Count(logged.String(), "level=ERROR") != 1 {
		t.Errorf("closed with %v, %v; logged %s", paths, err, logged)
	}
	if _, l, _ := readTape(t, paths[0]); !bytes.Contains(l, flat(7)) || bytes.Contains(l, flat(8)) {
		t.Error("the first segment is not what it was")
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

// A server that dies leaves a file that ends at any byte, and a header that is a second
// old. What is there can be heard, with left on the left.
func TestAFileThatIsCutAnywhereCanBeHeard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	file, err := openReel(path, 1, PCMA)
	if err != nil {
		t.Fatal(err)
	}
	tp := newTape(file, path, PCMA)
	lay := func(at int64) {
		for channel, code := range []byte{0x11, 0x22} {
			if err := tp.lay(frame{channel: uint8(channel), codec: PCMA, timestamp: uint32(at), at: at}, flat(code)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for at := int64(0); at < 1600; at += 160 {
		lay(at)
		if err := errors.Join(tp.advance(at), file.flush()); err != nil { // the header lags behind
			t.Fatal(err)
		}
	}
	if err := tp.advance(1600); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const told = wav.HeaderSize + 2*1440 // by the header; it is written after what it tells of
	for cut := range len(whole) + 1 {
		part := bytes.Clone(whole[:cut])
		if cut < wav.HeaderSize+2 {
			if f, err := wav.Parse(part); err == nil && len(f.Codes(0)) > 0 {
				t.Fatalf("cut at %d, before the first samples: %d", cut, len(f.Codes(0)))
			}
			continue
		}
		if cut >= told { // as kill -9 leaves it
			isPlayed(t, part, 1440)
		}
		copy(part, wav.Header(g711.A, 2, int64(cut-wav.HeaderSize))) // as a rescue brings back the rest
		isPlayed(t, part, (cut-wav.HeaderSize)/2)
	}
	if err := tp.finish(0); err != nil {
		t.Fatal(err)
	}
}

// Between two looks of the scribe a call may be silent, speak, pause, go on and pause.
func TestPausesAreToldInOrderWithTheSound(t *testing.T) {
	e := openEngine(t, 2)
	a := newPhone(t, e, PCMU)
	s, w, _ := serving(t, a)
	r := w.rec
	at := func(place int64) int64 { return place * (1e9 / g711.Rate) }
	hear := func(places ...int64) {
		for _, place := range places {
			h := a.h
			h.Timestamp = uint32(place)
			r.hear(left, at(place), PCMU, h, flat(7))
			r.hear(right, at(place), PCMU, h, flat(8))
		}
	}
	note := func(place int64, pause bool) { r.notes = append(r.notes, note{at: place, pause: pause}) }
	hear(0, 160, 640, 800) // 320 to 640 was lost
	note(1600, true)       // and nobody spoke from 960 on
	note(2400, false)
	hear(2400, 2560)
	note(2720, true)
	r.until, r.closing = 4000, true // closed in the pause
	if !s.serve(w, false) {
		t.Fatal("the recording goes on")
	}
	finish(t, r, w.paths[0])
	var want []mark
	for _, m := range []mark{{What: "gap", At: 320, Samples: 320}, {What: "gap", At: 960, Samples: 640}} {
		for _, m.Channel = range channelNames {
			want = append(want, m)
		}
	}
	want = append(want, mark{What: "pause", At: 1600}, mark{What: "resume", At: 2400}, mark{What: "pause", At: 2720})
	got := readMarks(t, w.paths[0])
	slices.SortFunc(got, func(a, b mark) int {
		if a.At != b.At {
			return int(a.At - b.At)
		}
		return strings.Compare(a.Channel, b.Channel)
	})
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	_, l, _ := readTape(t, w.paths[0])
	if len(l) != 4000 || !bytes.Equal(l[2720:], bytes.Repeat([]byte{0xFF}, 1280)) {
		t.Errorf("%d samples, want 4000 with silence at the end", len(l))
	}
}

func TestManyGapsAreTellableAndNoneIsTurnedRound(t *testing.T) {
	var k track
	for i := range int64(200) {
		k.cover(i*320+160, i*320+320) // every other 20 ms is missing
	}
	k.cover(3*320+40, 3*320+80) // one that comes late, into the middle of a gap
	if len(k.gaps) != mostGaps {
		t.Errorf("%d gaps are kept, want %d", len(k.gaps), mostGaps)
	}
	for i, g := range k.gaps {
		if g.to < g.from || g.to > k.end {
			t.Errorf("gap %d is %+v of %d", i, g, k.end)
		}
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
