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
)

// errNoSpill means that nobody said where records may be kept.
var errNoSpill = errors.New("there is no spill file")

// spill is a file of records that the journal did not take, one JSON object a line.
// Calls that have ended write it, after NewExchange has read it in.
type spill struct {
	path string
	turn sync.Mutex // one writer at a time, held while the disk works: only calls that have ended wait for it
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
	line, err := json.Marshal(r)
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
	return nil
}

// readIn seals every record of the file and removes it. A line that is no record, as
// a crash may leave one at the end, is kept aside in a file of its own and told. An
// error means that the journal did not take a record: then the file stays as it is.
func (s *spill) readIn(ctx context.Context, j Journal, log *slog.Logger) error {
	if s.path == "" {
		return nil
	}
	file, err := os.Open(s.path)
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
			if err := s.sealLine(ctx, j, log, line, n); err != nil {
				return err
			}
		}
		if end != nil {
			break
		}
	}
	if err := os.Remove(s.path); err != nil {
		return fmt.Errorf("remove spilled records: %w", err)
	}
	return nil
}

func (s *spill) sealLine(ctx context.Context, j Journal, log *slog.Logger, line []byte, n int) error {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil || r.ID == "" {
		aside := s.path + ".unreadable"
		log.Error("a spilled record cannot be read", "file", s.path, "line", n, "kept_in", aside, "err", err)
		return keepAside(aside, line)
	}
	err := j.Seal(ctx, r)
	if err != nil && !errors.Is(err, ErrSealed) {
		return fmt.Errorf("seal spilled record %s: %w", r.ID, err)
	}
	log.Warn("sealed a record that the last process could not", "call", r.ID, "known", err != nil)
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
