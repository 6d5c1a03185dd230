package call

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// errNoSpill means that nobody said where records may be kept.
var errNoSpill = errors.New("there is no spill file")

// spill is a file of records that the journal did not take, one JSON object a line.
// Calls that have ended write it; NewExchange and then the desk read it in. What is
// being read in is put aside first, under the name with .reading, so that calls may
// go on writing.
type spill struct {
	path string
	turn sync.Mutex   // one writer at a time, held while the disk works: only calls that have ended wait for it
	kept atomic.Int64 // records that are to be read in
}

// spillBeside is where records are kept when nothing else was said: next to the
// folder of the recordings.
func spillBeside(recordings string) *spill {
	if recordings == "" {
		return &spill{}
	}
	return &spill{path: filepath.Join(filepath.Dir(filepath.Clean(recordings)), "records.spill")}
}

// add writes one record and returns when it is on the disk. A line that could not
// be written whole is taken back.
func (s *spill) add(r Record) error {
	if s.path == "" {
		return errNoSpill
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	line, err := r.AppendJSON(nil)
	if err != nil {
		return fmt.Errorf("spill record %s: %w", r.ID, err)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o750); err != nil {
		return fmt.Errorf("spill record %s: %w", r.ID, err)
	}
	file, err := os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("spill record %s: %w", r.ID, err)
	}
	before, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Write(append(line, '\n'))
	}
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		err = errors.Join(err, file.Truncate(before))
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("spill record %s: %w", r.ID, err)
	}
	s.kept.Add(1)
	return nil
}

// holds tells how many records wait to be read in.
func (s *spill) holds() int { return int(s.kept.Load()) }

// readIn seals every record of the file and removes it. A line that is no record, as
// a crash may leave one at the end, is kept aside in a file of its own and told. An
// error means that the journal did not take a record: then it is all still there. One
// goroutine at a time may read in.
func (s *spill) readIn(ctx context.Context, j Journal, log *slog.Logger) error {
	if s.path == "" {
		return nil
	}
	aside := s.path + ".reading"
	if err := sealFile(ctx, aside, j, log, s.path); err != nil { // of a try before this one
		return err
	}
	s.turn.Lock()
	err := os.Rename(s.path, aside)
	added := s.kept.Load() // up to now; calls that end meanwhile begin a new file
	s.turn.Unlock()
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read spilled records: %w", err)
	default:
		if err := sealFile(ctx, aside, j, log, s.path); err != nil {
			return err
		}
	}
	s.kept.Add(-added)
	return nil
}

// sealFile seals every record of a file and removes it; there may be none. What
// cannot be read is kept beside path.
func sealFile(ctx context.Context, name string, j Journal, log *slog.Logger, path string) error {
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read spilled records: %w", err)
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for n := 1; ; n++ {
		line, end := lines.ReadBytes('\n')
		if end != nil && !errors.Is(end, io.EOF) {
			return fmt.Errorf("read spilled records: %w", end)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := sealLine(ctx, path, j, log, line, n); err != nil {
				return err
			}
		}
		if end != nil {
			break
		}
	}
	if err := os.Remove(name); err != nil {
		return fmt.Errorf("remove spilled records: %w", err)
	}
	return nil
}

func sealLine(ctx context.Context, path string, j Journal, log *slog.Logger, line []byte, n int) error {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil || r.ID == "" {
		aside := path + ".unreadable"
		log.Error("a spilled record cannot be read", "file", path, "line", n, "kept_in", aside, "err", err)
		return keepAside(aside, line)
	}
	err := j.Seal(ctx, r)
	if err != nil && !errors.Is(err, ErrSealed) {
		return fmt.Errorf("seal spilled record %s: %w", r.ID, err)
	}
	log.Warn("sealed a record from the spill file", "call", r.ID, "known", err != nil)
	return nil
}

func keepAside(path string, line []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keep an unreadable record aside: %w", err)
	}
	_, err = file.Write(append(line, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("keep an unreadable record aside: %w", err)
	}
	return nil
}
