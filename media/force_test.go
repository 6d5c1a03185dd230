//go:build unix

package media

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"golang.org/x/sys/unix"

	"breakwater/media/g711"
)

// ended ends a recording at a place; the forcers finish it.
func ended(s *studio, r *Recording, until int64) {
	r.mu.Lock()
	r.ending, r.until = true, until
	r.mu.Unlock()
	r.halt()
	s.end(r)
	s.look(false)
}

// forced ends a recording, and waits until the forcers have finished it.
func forced(t *testing.T, s *studio, r *Recording, until int64) (paths []string, err error) {
	t.Helper()
	ended(s, r, until)
	return closed(t, r)
}

func closed(t *testing.T, r *Recording) (paths []string, err error) {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(longestClose):
		t.Fatal("the recording is not finished")
	}
	return r.paths, r.err
}

func TestARecordingThatIsForcedToTheDiskIsForgotten(t *testing.T) {
	f := newForcer(true, 0)
	defer f.close()
	type call struct{ _ Port }
	var calls []weak.Pointer[call]
	var done sync.WaitGroup
	for range 100 {
		c := new(call)
		calls = append(calls, weak.Make(c))
		done.Add(1)
		f.put(forcing{done: func(error) {
			runtime.KeepAlive(c)
			done.Done()
		}})
	}
	f.start()
	done.Wait()
	runtime.GC()
	kept := 0
	for _, c := range calls {
		if c.Value() != nil {
			kept++
		}
	}
	if kept > forcers { // what a forcer did last may lie on its stack
		t.Errorf("%d of %d calls are kept by those who forced their recordings", kept, len(calls))
	}
}

func TestARecordingIsForcedToTheDisk(t *testing.T) {
	for _, policy := range []string{"close", "1s"} {
		t.Run(policy, func(t *testing.T) {
			s := newStudio(t, RecordingSettings{Memory: 1, Fsync: policy})
			s.force.start()
			defer s.force.close()
			r := s.open(PCMU)
			for at := int64(0); at < 5*g711.Rate; at += 160 {
				s.lay(r, frame{timestamp: uint32(at), at: at}, flat(5))
			}
			w := s.works[r.tape.owner]
			if ran := w.books.forced > 0; ran != (policy == "1s") {
				t.Errorf("forced while it ran: %v", ran)
			}
			if paths, err := forced(t, s, r, 5*g711.Rate); err != nil || len(paths) != 1 {
				t.Errorf("closed with %v, %v", paths, err)
			}
		})
	}
}

// A file that cannot be forced to the disk is no recording to rely on: one alarm, one
// count, and whoever closes it is told.
func TestAFileThatCannotBeForcedIsTold(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1, Fsync: "close"})
	s.force.start()
	defer s.force.close()
	r := s.open(PCMU)
	s.lay(r, frame{}, flat(5))
	w := s.works[r.tape.owner]
	w.books.files = []string{w.path + ".gone"} // as good as a disk that has just failed
	paths, err := forced(t, s, r, 800)
	if !errors.Is(err, fs.ErrNotExist) || len(paths) != 1 || s.tallies.failed.Load() != 1 || strings.Count(s.logged.String(), "level=ERROR") != 1 {
		t.Errorf("closed with %v, %v; %d counted; logged %s", paths, err, s.tallies.failed.Load(), s.logged.String())
	}
	if _, err := os.Stat(w.path); err != nil {
		t.Error(err)
	}
}

// speakOn lays sound from one place of the recording to another.
func speakOn(s *studio, r *Recording, from, to int64) {
	for at := from; at < to; at += 160 {
		s.lay(r, frame{timestamp: uint32(at), at: at}, flat(5))
	}
}

// instead puts something else in the place of a file, until back is called.
func instead(t *testing.T, path string, put func(path string) error) (back func()) {
	t.Helper()
	aside := path + ".aside"
	if err := errors.Join(os.Rename(path, aside), put(path)); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Rename(aside, path); err != nil {
			t.Error(err)
		}
	}
}

// The system tells of what it could not write back once, to whoever forces the file next,
// and that may be while it runs.
func TestAFaultThatIsFoundWhileARecordingRunsIsTold(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1, Fsync: "1s"})
	r := s.open(PCMU)
	w := s.works[r.tape.owner]
	speakOn(s, r, 0, 4*g711.Rate)
	if !w.books.forcing.Load() {
		t.Fatal("nothing is to be forced")
	}
	back := instead(t, w.path, func(path string) error { return os.Symlink(os.DevNull, path) }) // fsync is refused there
	s.force.start()
	defer s.force.close()
	w.books.running.Wait()
	back() // and nobody refuses the last one
	speakOn(s, r, 4*g711.Rate, 8*g711.Rate)
	if r.over() || s.tallies.failed.Load() != 1 || strings.Count(s.logged.String(), "level=ERROR") != 1 {
		t.Errorf("over %v, %d counted while it runs, logged %s", r.over(), s.tallies.failed.Load(), s.logged.String())
	}
	paths, err := forced(t, s, r, 8*g711.Rate)
	if !errors.Is(err, unix.EINVAL) || s.tallies.failed.Load() != 1 || strings.Count(s.logged.String(), "level=ERROR") != 1 {
		t.Errorf("closed with %v; %d counted; logged %s", err, s.tallies.failed.Load(), s.logged.String())
	}
	if _, l, _ := readTape(t, paths[0]); bytes.Count(l, []byte{5}) != 8*g711.Rate {
		t.Errorf("%d samples are in the file: the recording was to go on", bytes.Count(l, []byte{5}))
	}
	if !slices.ContainsFunc(readMarks(t, paths[0]), func(m mark) bool { return m.What == markUnsure && m.At > 3*g711.Rate }) {
		t.Errorf("no mark tells of it: %+v", readMarks(t, paths[0]))
	}
}

// A disk may be asked for a running file, hang, and answer when the call is over: the
// recording is not complete before that, and not without the fault.
func TestAFaultThatIsFoundAfterTheEndIsTold(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1, Fsync: "1s"})
	r := s.open(PCMU)
	speakOn(s, r, 0, 4*g711.Rate)
	hanging := filepath.Join(t.TempDir(), "fifo") // it is opened when somebody writes to it, and fsync is refused there
	if err := unix.Mkfifo(hanging, 0o600); err != nil {
		t.Fatal(err)
	}
	s.force.jobs[0].files = []string{hanging}
	s.force.start()
	defer s.force.close()
	ended(s, r, 4*g711.Rate)
	eventually(t, "both are at work", func() bool {
		s.force.mu.Lock()
		defer s.force.mu.Unlock()
		return len(s.force.jobs) == 0
	})
	answer, err := os.OpenFile(hanging, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	if _, err := closed(t, r); !errors.Is(err, unix.EINVAL) || s.tallies.failed.Load() != 1 {
		t.Errorf("closed with %v; %d counted", err, s.tallies.failed.Load())
	}
}

// Calls that end together are complete before anybody gives up, each on the disk.
func TestManyCallsThatEndTogetherAreAllComplete(t *testing.T) {
	f := floorTest{calls: 300, seconds: 1, loops: 1}
	f.run(t, RecordingSettings{Fsync: "close"})
	f.report(t)
}
