// Package sqlite is the embedded store: everything in one file, nothing else to run.
//
// One goroutine writes, and takes whatever waits into one transaction: so a busy house
// pays for a commit once in a while and not once for each draft, event and record.
//
// What is written survives the end of the process at once, and a power cut after
// 100 ms at most: SQLite appends to its write-ahead log, and a flusher brings the
// log to the disk ten times a second while there is something new.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

const (
	flushEvery  = 100 * time.Millisecond // how much a power cut may lose
	busyTimeout = 5 * time.Second        // how long a write waits for another process' write
	readers     = 4                      // connections for queries, so that a report never holds up a call
	readerIdle  = 30 * time.Second       // after which one that nobody needs is closed: two descriptors and its own cache of the file
	logPages    = 4000                   // of 4 KiB in the write-ahead log before it is copied into the file: the same pages again and again
)

// Store is one open file. All methods are safe for concurrent use.
type Store struct {
	file  string
	log   *slog.Logger
	write *writer
	read  *sql.DB
	lock  *os.File // held while open: a second server would seal our live calls
	sync  func(file string) error
	unfit atomic.Pointer[error] // why what was written may not survive a power cut; nil = it will
	stop  chan struct{}
	ended sync.WaitGroup
}

// Open opens the file, or makes it with its folder.
func Open(ctx context.Context, file string, log *slog.Logger) (_ *Store, err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	s := &Store{file: file, log: log, stop: make(chan struct{}), sync: syncFile}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("sqlite %s: %w", file, err), s.closeAll())
		}
	}()
	if s.lock, err = lockFile(file + ".lock"); err != nil {
		return nil, err
	}
	db, err := connect(file, 1, "immediate")
	if err != nil {
		return nil, err
	}
	s.write = newWriter(ctx, db)
	if err = s.reform(ctx); err != nil {
		return nil, err
	}
	if err = s.write.prepare(ctx); err != nil {
		return nil, err
	}
	if s.read, err = connect(file, readers, "deferred"); err != nil {
		return nil, err
	}
	s.read.SetConnMaxIdleTime(readerIdle)
	s.write.start()
	s.ended.Go(s.flush)
	return s, nil
}

// connect opens a pool of at most n connections.
func connect(file string, n int, lock string) (*sql.DB, error) {
	q := url.Values{"_txlock": {lock}, "_pragma": {
		"journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)",
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		fmt.Sprintf("wal_autocheckpoint(%d)", logPages),
	}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// Close flushes what is left and closes the file.
func (s *Store) Close() error {
	close(s.stop)
	s.ended.Wait()
	return s.closeAll()
}

func (s *Store) closeAll() (err error) {
	if s.read != nil {
		err = s.read.Close()
	}
	if s.write != nil {
		err = errors.Join(err, s.write.close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close()) // which unlocks it
	}
	return err
}

// errInUse says that another process has the store open.
var errInUse = errors.New("another server has this store open")

// lockFile takes the lock that ends with the process, however it ends.
func lockFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errInUse
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
