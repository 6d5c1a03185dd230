package media

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// forcer forces files to the disk, in goroutines of its own: an fsync takes as long as
// the disk likes, and many at once take little longer than one.
type forcer struct {
	atEnd bool
	every int64 // ns; 0 = not while a recording runs
	group sync.WaitGroup

	mu     sync.Mutex // guards what follows, for a few lines at a time
	wake   sync.Cond
	jobs   []forcing // at most two for each recording
	closed bool
}

// forcing is what is to be forced to the disk, and who is told.
type forcing struct {
	files []string
	done  func(error)
}

const forcers = 8 // a file system commits many files at once

func newForcer(atEnd bool, every time.Duration) *forcer {
	f := &forcer{atEnd: atEnd, every: int64(every)}
	f.wake.L = &f.mu
	return f
}

// start begins to work, if there ever will be work.
func (f *forcer) start() {
	if !f.atEnd {
		return
	}
	for range forcers {
		f.group.Go(f.run)
	}
}

func (f *forcer) run() {
	for {
		f.mu.Lock()
		for len(f.jobs) == 0 && !f.closed {
			f.wake.Wait()
		}
		if len(f.jobs) == 0 {
			f.mu.Unlock()
			return
		}
		job := f.jobs[0]
		f.jobs[0] = forcing{} // else the call of a recording lives on in what is behind the row
		if f.jobs = f.jobs[1:]; len(f.jobs) == 0 {
			f.jobs = nil
		}
		f.mu.Unlock()
		job.done(fsync(job.files))
	}
}

func (f *forcer) put(job forcing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.jobs = append(f.jobs, job)
	f.wake.Signal()
}

// running forces a recording that goes on, when it is time.
func (f *forcer) running(w *work, now int64) {
	b := &w.books
	if f.every == 0 || now-b.forced < f.every || !b.forcing.CompareAndSwap(false, true) {
		return
	}
	b.forced = now
	b.running.Add(1)
	f.put(forcing{files: w.reel.files(), done: func(err error) {
		if err != nil && !exhausted(err) { // without descriptors the disk was not asked
			b.fault.CompareAndSwap(nil, &err)
		}
		b.forcing.Store(false)
		b.running.Done()
	}})
}

// finished forces a recording that has ended, and tells when that is done, and what was
// begun before as well: it was taken up earlier, so it waits for nobody.
func (f *forcer) finished(w *work, done func(error)) {
	if !f.atEnd {
		done(nil)
		return
	}
	f.put(forcing{files: w.books.files, done: func(err error) {
		w.books.running.Wait()
		done(err)
	}})
}

// close waits until all is on the disk.
func (f *forcer) close() {
	f.mu.Lock()
	f.closed = true
	f.wake.Broadcast()
	f.mu.Unlock()
	f.group.Wait()
}

// fsync forces files, and that they are in their folder, to the disk.
func fsync(files []string) error {
	if len(files) == 0 {
		return nil
	}
	var err error
	for _, path := range append(files[:len(files):len(files)], filepath.Dir(files[0])) {
		f, errOpen := os.Open(path)
		if errOpen != nil {
			err = errors.Join(err, errOpen)
			continue
		}
		err = errors.Join(err, f.Sync(), f.Close())
	}
	return err
}
