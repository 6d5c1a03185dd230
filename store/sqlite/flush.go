package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// flush brings the write-ahead log to the disk while there is something new.
//
// Where that fails it is not tried again: Linux drops what it could not write, and tells
// one asker alone; the next fsync succeeds over a hole. What is in the log is then written
// once more to another place, the database itself, and the log is begun anew. Until that
// is done the store says that it is not well. What no program can mend: the machine dies
// before that, or the kernel gives up the pages of the log meanwhile; then what was written
// since the last flush that succeeded is lost, as in a power cut.
func (s *Store) flush() {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.stop:
			return // closing checkpoints and syncs
		}
		if s.unfit.Load() == nil {
			if !s.write.dirty.Swap(false) {
				continue
			}
			err := s.sync(s.file + "-wal")
			if err == nil {
				continue
			}
			err = fmt.Errorf("what was written may not survive a power cut: %w", err)
			s.unfit.Store(&err)
			s.log.Error("the disk did not take what was written: it is written once more", "file", s.file, "err", err)
		}
		if err := s.rewrite(); err != nil {
			err = fmt.Errorf("what was written may not survive a power cut: %w", err)
			s.unfit.Store(&err)
			continue
		}
		s.unfit.Store(nil)
		s.log.Info("everything that was written is on the disk", "file", s.file)
	}
}

// Away says why what is written now may not survive a power cut; nil = it will.
func (s *Store) Away() error {
	if err := s.unfit.Load(); err != nil {
		return *err
	}
	return nil
}

// errBusy says that a reader kept the log from being begun anew.
var errBusy = errors.New("the log is being read")

// rewrite copies the log into the database, brings that to the disk, and empties the log,
// so that nothing of it is read after a crash.
func (s *Store) rewrite() error {
	ctx, cancel := context.WithTimeout(s.write.life, 2*busyTimeout)
	defer cancel()
	s.write.turn.Lock()
	defer s.write.turn.Unlock()
	var busy, log, copied int
	err := s.write.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &copied)
	if err == nil && busy != 0 {
		err = errBusy
	}
	if err != nil {
		return err
	}
	return s.sync(s.file + "-wal")
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // checkpointed meanwhile: SQLite synced it
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
