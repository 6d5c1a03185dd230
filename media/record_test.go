package media

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/loadtest/referee"
	"breakwater/media/g711"
	"breakwater/media/rtp"
	"breakwater/media/wav"
)

// readTape reads a recording.
func readTape(t testing.TB, path string) (law g711.Law, l, r []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := wav.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	law, ok := f.Law()
	if !ok || f.Channels != 2 {
		t.Fatalf("%s: %d channels, G.711 %v", path, f.Channels, ok)
	}
	return law, f.Codes(0), f.Codes(1)
}

// readMarks reads the marks beside a recording.
func readMarks(t testing.TB, path string) (marks []mark) {
	t.Helper()
	b, err := os.ReadFile(path + ".marks.jsonl")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var m mark
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		marks = append(marks, m)
	}
	return marks
}

func record(t testing.TB, f *phone) (*Recording, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "call.wav")
	r, err := f.port.Record(path)
	if err != nil {
		t.Fatal(err)
	}
	return r, path
}

func finish(t testing.TB, r *Recording, want ...string) {
	t.Helper()
	paths, err := r.Close()
	if err != nil || !slices.Equal(paths, want) {
		t.Fatalf("closed with %v, %v; want %v", paths, err, want)
	}
}

func TestARecordingHoldsWhatWasHeardAndSaidBitByBit(t *testing.T) {
	for _, codec := range []Codec{PCMU, PCMA} {
		t.Run(codec.String(), func(t *testing.T) {
			referee.Judge(t, bearable, func(t testing.TB) {
				e := openEngine(t, 4)
				a, b := newPhone(t, e, codec), newPhone(t, e, PCMU)
				br := join(t, e, a, b)
				br.SetGain(a.port, -20) // what the agent hears does not matter
				r, path := record(t, a)
				beat := time.NewTicker(20 * time.Millisecond)
				defer beat.Stop()
				var said, heard []byte
				for i := range 50 {
					<-beat.C
					frame := make([]byte, 160)
					for j := range frame {
						frame[j] = byte(i*7 + j)
					}
					a.say(frame)
					b.mustHear()
					b.say(frame)
					said, heard = append(said, frame...), append(heard, a.mustHear().codes...)
				}
				finish(t, r, path)
				law, gotLeft, gotRight := readTape(t, path)
				if law != codec.law() || !bytes.Contains(gotLeft, said) || !bytes.Contains(gotRight, heard) {
					t.Errorf("law %v; left is what was received: %v; right is what was sent: %v",
						law, bytes.Contains(gotLeft, said), bytes.Contains(gotRight, heard))
				}
			})
		})
	}
}

func TestARecordingKeepsTime(t *testing.T) { referee.Judge(t, bearable, aRecordingKeepsTime) }

func aRecordingKeepsTime(t testing.TB) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	a.say(flat(9))
	b.mustHear()
	late, began := referee.Lateness(), time.Now() // before the recording: no pause between the two is more sound than time
	r, path := record(t, a)
	asked := time.Now()
	play := a.port.Play(Sound{Clips: []*wav.Clip{clip(3200)}})
	a.mustHear()
	prompted := time.Now()
	beat := time.NewTicker(20 * time.Millisecond)
	var before, after time.Time // the party began between
	for i := range 20 {
		<-beat.C
		if i == 0 {
			before = time.Now()
		}
		if i == 10 { // lost
			a.h.Sequence++
			a.h.Timestamp += 160
			continue
		}
		a.say(flat(byte(0x40 + i)))
		if b.mustHear(); i == 0 {
			after = time.Now()
		}
	}
	beat.Stop()
	<-play.Done()
	finish(t, r, path)
	paused := int(2 * late() * g711.Rate / time.Second) // a late player catches up: its end is heard later than it is sent
	took := int(time.Since(began)*g711.Rate/time.Second) + paused
	_, gotLeft, gotRight := readTape(t, path)
	if n := len(gotLeft); n > took+800 || n < 21*160 || n != len(gotRight) {
		t.Errorf("%d samples for %d that have passed", n, took)
	}
	at := bytes.IndexByte(gotLeft, 0x40)
	for i := range 20 {
		want := byte(0x40 + i)
		if i == 10 {
			want = PCMU.Silence()
		}
		if got := gotLeft[at+i*160:][:160]; !bytes.Equal(got, flat(want)) {
			t.Fatalf("frame %d holds % x…, want %x", i, got[:4], want)
		}
	}
	// Both lie as far apart as they began, to a frame.
	least, most := int(before.Sub(prompted)*g711.Rate/time.Second)-160, int(after.Sub(asked)*g711.Rate/time.Second)+160
	if prompt := bytes.Index(gotRight, clip(3200).ULaw); prompt < 0 || at-prompt < least || at-prompt > most {
		t.Errorf("the party begins at sample %d, the prompt at %d; want %d to %d between them", at, prompt, least, most)
	}
	lost := slices.ContainsFunc(readMarks(t, path), func(m mark) bool {
		return m == mark{What: "gap", Channel: "left", At: int64(at + 1600), Samples: 160}
	})
	if !lost {
		t.Errorf("the lost frame is not marked: %+v", readMarks(t, path))
	}
}

func TestAPauseIsSilenceAndMarked(t *testing.T) { referee.Judge(t, bearable, aPauseIsSilenceAndMarked) }

func aPauseIsSilenceAndMarked(t testing.TB) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMA), newPhone(t, e, PCMA)
	join(t, e, a, b)
	r, path := record(t, a)
	late := referee.Lateness()
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	exchange := func(code byte) {
		for range 10 {
			<-beat.C
			a.say(flat(code))
			b.say(flat(code + 1))
			a.mustHear()
			b.mustHear()
		}
	}
	exchange(0x10)
	r.Pause()
	r.Pause()
	exchange(0x20)
	r.Resume()
	r.Resume()
	exchange(0x30)
	finish(t, r, path)
	finish(t, r, path)
	r.Pause()
	_, gotLeft, gotRight := readTape(t, path)
	for _, c := range []struct {
		codes []byte
		want  byte
		n     int
	}{
		{gotLeft, 0x10, 1600}, {gotRight, 0x11, 1600}, {gotLeft, 0x20, 0}, {gotRight, 0x21, 0}, {gotLeft, 0x30, 1600}, {gotRight, 0x31, 1600},
	} {
		if n := bytes.Count(c.codes, []byte{c.want}); n != c.n {
			t.Errorf("%d samples of %#x, want %d", n, c.want, c.n)
		}
	}
	var pause, resume int64 = -1, -1
	for _, m := range readMarks(t, path) {
		switch {
		case m.What == "pause" && pause < 0:
			pause = m.At
		case m.What == "resume" && resume < 0:
			resume = m.At
		case m.What != "gap":
			t.Errorf("one mark too many: %+v", m)
		}
	}
	if pause < 1600 || resume < pause+1400 || resume > int64(len(gotLeft)) {
		t.Fatalf("paused from %d to %d of %d", pause, resume, len(gotLeft))
	}
	// Frames lie where their timestamps say, which is beside where they arrived if the
	// machine was late with one of them.
	slack := 160 + int64(2*late()*g711.Rate/time.Second)
	if between := gotLeft[min(pause+slack, resume):max(min(pause+slack, resume), resume-slack)]; !bytes.Equal(between, bytes.Repeat([]byte{0xD5}, len(between))) {
		t.Error("the pause is not silence")
	}
}

func TestAChangeOfCodecBeginsASegment(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMU)
	join(t, e, a, b)
	r, path := record(t, a)
	a.say(flat(0x11))
	b.mustHear()
	a.codec, a.h.Payload = PCMA, 8
	if err := a.port.Apply(a.desc()); err != nil {
		t.Fatal(err)
	}
	a.say(flat(0x22))
	b.mustHear()
	b.say(flat(0x33))
	sent := a.mustHear()
	second := strings.TrimSuffix(path, ".wav") + "-2.wav"
	finish(t, r, path, second)
	law, gotLeft, _ := readTape(t, path)
	if law != g711.Mu || !bytes.Contains(gotLeft, flat(0x11)) || bytes.Contains(gotLeft, flat(0x22)) {
		t.Errorf("the first segment is %v", law)
	}
	law, gotLeft, gotRight := readTape(t, second)
	if law != g711.A || !bytes.Contains(gotLeft, flat(0x22)) || !bytes.Contains(gotRight, sent.codes) {
		t.Errorf("the second segment is %v", law)
	}
}

func TestAFileWhoseServerDiedCanBeHeard(t *testing.T) {
	e := openEngine(t, 4)
	a := newPhone(t, e, PCMU)
	r, path := record(t, a)
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	eventually(t, "something was written", func() bool {
		<-beat.C
		a.say(flat(0x42))
		info, err := os.Stat(path)
		return err == nil && info.Size() > wav.HeaderSize+8000
	})
	dead, err := os.ReadFile(path) // as kill -9 leaves it
	if err != nil {
		t.Fatal(err)
	}
	f, err := wav.Parse(dead)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Codes(0); len(got) < 800 || bytes.Count(got, []byte{0x42}) < 160 {
		t.Errorf("%d samples can be heard of %d bytes", len(got), len(dead))
	}
	a.port.Close() // ends the recording, too
	finish(t, r, path)
}

func TestRecordingsThatCannotBegin(t *testing.T) {
	e := openEngine(t, 4)
	a := newPhone(t, e, PCMU)
	r, path := record(t, a)
	if _, err := a.port.Record(path + "2"); err == nil {
		t.Error("a second recording of one port")
	}
	if _, err := os.Stat(path + "2"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the refused recording left a file")
	}
	b := newPhone(t, e, PCMU)
	if _, err := b.port.Record(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file that exists: %v", err)
	}
	if _, err := b.port.Record(filepath.Join(path, "x.wav")); err == nil {
		t.Error("in a folder that is a file")
	}
	finish(t, r, path)
	again, err := a.port.Record("plain.wav")
	if err != nil {
		t.Fatal(err)
	}
	finish(t, again, filepath.Join(e.Settings().Recordings, "plain.wav"))
	bare, err := e.Port(loopback)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bare.Record("early.wav"); err == nil {
		t.Error("before a codec was agreed")
	}
	a.port.Close()
	if _, err := a.port.Record("late.wav"); !errors.Is(err, ErrClosed) {
		t.Errorf("on a closed port: %v", err)
	}
}

func TestAFailingDiskEndsTheRecordingWithOneAlarm(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	r, other := s.open(PCMU), s.open(PCMU)
	path := s.works[r.tape.owner].path
	if err := os.Rename(path, path+".gone"); err != nil { // as good as a broken disk
		t.Fatal(err)
	}
	for at := int64(0); at < 4*g711.Rate; at += 160 {
		for _, rec := range []*Recording{r, other} {
			s.lay(rec, frame{timestamp: uint32(at), at: at}, flat(1))
		}
	}
	if !r.over() || !errors.Is(r.err, fs.ErrNotExist) {
		t.Fatalf("over %v with %v", r.over(), r.err)
	}
	if n := strings.Count(s.logged.String(), "level=ERROR"); n != 1 || s.tallies.failed.Load() != 1 {
		t.Errorf("%d alarms, %d counted: %s", n, s.tallies.failed.Load(), s.logged.String())
	}
	if _, err := s.stop(r, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("closed with %v", err)
	}
	paths, err := s.stop(other, 4*g711.Rate)
	if err != nil {
		t.Fatal(err)
	}
	if _, l, _ := readTape(t, paths[0]); bytes.Count(l, []byte{1}) != 4*g711.Rate {
		t.Error("another recording was damaged")
	}
}

func TestADiskThatIsTooSlowMakesAHoleThatIsMarkedAndTold(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1}) // 600 pages: a minute of one recording
	r := s.open(PCMU)
	talk := func(from, to int64, code byte) {
		for at := from; at < to; at += 160 {
			for channel := range uint8(2) {
				r.hear(channel, moment(at), PCMU, rtp.Header{Timestamp: uint32(at)}, flat(code))
			}
		}
		s.at.Store(to)
	}
	const hang, goesOn, end = 8000, 100 * 8000, 102 * 8000
	talk(0, hang, 1)
	s.look(true)
	talk(hang, goesOn, 2) // the disk hangs
	s.look(true)
	talk(goesOn, end, 3)
	paths, err := s.stop(r, end)
	if !errors.Is(err, ErrTooSlow) || !strings.Contains(err.Error(), "s are missing") {
		t.Errorf("closed with %v", err)
	}
	if n := strings.Count(s.logged.String(), "level=ERROR"); n != 1 || s.tallies.failed.Load() != 1 {
		t.Errorf("%d alarms, %d counted: %s", n, s.tallies.failed.Load(), s.logged.String())
	}
	_, l, right := readTape(t, paths[0])
	kept := bytes.Count(l, []byte{2})
	if len(l) != end || bytes.Count(l, []byte{1}) != hang || bytes.Count(l, []byte{3}) != end-goesOn || !bytes.Equal(l, right) {
		t.Errorf("%d samples: %d before the hang, %d after it", len(l), bytes.Count(l, []byte{1}), bytes.Count(l, []byte{3}))
	}
	if pages := len(s.stock.pages); kept < (pages-20)*pageSpan || kept > pages*pageSpan {
		t.Errorf("%d samples were kept while the disk hung, want what %d pages hold", kept, pages)
	}
	hole := int64(bytes.Index(l[hang:], []byte{PCMU.Silence()}) + hang)
	if want := []mark{{What: markLost, At: hole, Samples: goesOn - hole}}; !slices.Equal(readMarks(t, paths[0]), want) {
		t.Errorf("marks are %+v, want %+v", readMarks(t, paths[0]), want)
	}
}
