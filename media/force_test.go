package media

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"breakwater/media/g711"
)

// forced waits until a recording is finished by the forcers.
func forced(t *testing.T, s *studio, r *Recording, until int64) (paths []string, err error) {
	t.Helper()
	r.mu.Lock()
	r.ending, r.until = true, until
	r.mu.Unlock()
	r.halt()
	s.end(r)
	s.look(false)
	select {
	case <-r.done:
	case <-time.After(longestClose):
		t.Fatal("the recording is not finished")
	}
	return r.paths, r.err
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

func TestARunningFileThatCannotBeForcedEnds(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1, Fsync: "1s"})
	r := s.open(PCMU)
	fault := errors.New("the disk is gone")
	s.works[r.tape.owner].books.fault.Store(&fault)
	for at := int64(0); at < 3*g711.Rate; at += 160 {
		s.lay(r, frame{timestamp: uint32(at), at: at}, flat(5))
	}
	if !r.over() || !errors.Is(r.err, fault) || s.tallies.failed.Load() != 1 {
		t.Errorf("over %v with %v; %d counted", r.over(), r.err, s.tallies.failed.Load())
	}
}

// Calls that end together are complete before anybody gives up, each on the disk.
func TestManyCallsThatEndTogetherAreAllComplete(t *testing.T) {
	f := floorTest{calls: 300, seconds: 1, loops: 1}
	f.run(t, RecordingSettings{Fsync: "close"})
	f.report(t)
}
