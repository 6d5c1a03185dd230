package chronicle

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"breakwater/acd"
)

const (
	// queueSize is how many turns may wait for the disk: some seconds of a busy floor.
	queueSize = 8192
	// partSize is where a day's file ends and its next part begins.
	partSize = 256 << 20
	// gather is how long two writes are apart at least. A crash takes what is not written.
	gather = 20 * time.Millisecond
	// renewEvery is how often at most a floor is asked for a picture after turns were
	// dropped: it costs the floor a millisecond or two, and a slow disk stays slow.
	renewEvery = 30 * time.Second
)

// Writer takes a floor's turns to the files of a folder. Note and Begin are called by
// the floor and never wait: what the disk cannot take in time is dropped, counted and
// marked in the file, and the next picture begins anew. Run does the writing.
type Writer struct {
	settings Settings
	software string
	log      *slog.Logger
	queue    chan page
	part     int64 // partSize

	renew   atomic.Bool // Run wants a picture: the file is full, or was not written
	dropped atomic.Uint64
	written atomic.Uint64
	failed  atomic.Uint64

	// The following are the floor's goroutine's alone.
	broken   bool          // turns are missing since the last picture
	pictured time.Duration // Stamp.Mono of the last picture
	midnight int64         // Unix seconds of the next day
}

// page is what waits to be written; one field is set.
type page struct {
	picture *acd.Picture
	turn    *acd.Turn
}

// Counts are what a writer has done.
type Counts struct {
	Written uint64 // lines
	Dropped uint64 // turns that no file has
	Failed  uint64 // attempts to open or write a file
}

// New makes a writer for the folder of the settings, which is made when it is not
// there. software is the version noted with each picture.
func New(s Settings, software string, log *slog.Logger) (*Writer, error) {
	s = s.WithDefaults()
	if err := os.MkdirAll(s.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("folder of decisions: %w", err)
	}
	return &Writer{settings: s, software: software, log: log, queue: make(chan page, queueSize), part: partSize}, nil
}

// Counts tells what the writer has done so far.
func (w *Writer) Counts() Counts {
	return Counts{Written: w.written.Load(), Dropped: w.dropped.Load(), Failed: w.failed.Load()}
}

// Note takes a turn, see acd.Chronicle.
func (w *Writer) Note(t *acd.Turn) (picture bool) {
	if !w.broken {
		select {
		case w.queue <- page{turn: t}:
			return t.At.Wall.Unix() >= w.midnight || w.renew.Load() && w.renew.Swap(false)
		default:
			w.broken = true
		}
	}
	w.dropped.Add(1)
	return len(w.queue) < queueSize/2 && t.At.Mono-w.pictured >= renewEvery
}

// Begin takes a picture, see acd.Chronicle.
func (w *Writer) Begin(p *acd.Picture) {
	y, m, d := p.At.Wall.Date()
	w.midnight = time.Date(y, m, d+1, 0, 0, 0, 0, p.At.Wall.Location()).Unix()
	w.pictured = p.At.Mono
	select {
	case w.queue <- page{picture: p}:
		w.broken = false
	default:
		w.broken = true
	}
}

// Run writes until ctx ends, then what waits, and closes the file. The floor should
// have ended before. A disk that cannot be written is no error: it is logged once,
// counted and tried again.
func (w *Writer) Run(ctx context.Context) error {
	f := &file{w: w}
	retry := time.NewTicker(renewEvery)
	defer retry.Stop()
	for {
		select {
		case p := <-w.queue:
			f.put(p)
		case <-retry.C:
			if f.out == nil {
				w.renew.Store(true)
			}
			w.sweep(time.Now())
			continue
		case <-ctx.Done():
			for {
				select {
				case p := <-w.queue:
					f.put(p)
					continue
				default:
				}
				return f.close()
			}
		}
		if len(w.queue) > 0 {
			continue
		}
		f.flush()
		select { // what a busy floor decides meanwhile is written together
		case <-time.After(gather):
		case <-ctx.Done():
		}
	}
}

// file is the file being written; Run's alone.
type file struct {
	w    *Writer
	out  *os.File // nil = none, or it failed: lines are dropped until a picture
	buf  *bufio.Writer
	text []byte // a line in the making, used again
	day  string
	size int64
	over bool   // it is large enough: the next picture begins another
	late uint64 // turns in buf, which a failing disk takes with it
	down bool   // the last attempt failed, and it was told
	seen uint64 // dropped, as last marked
}

// put writes a page. Every file begins with a picture, and every picture may begin one.
func (f *file) put(p page) {
	if p.picture != nil {
		f.begin(p.picture)
		return
	}
	if f.out == nil {
		f.w.dropped.Add(1)
		return
	}
	f.late++
	f.text = append(f.text[:0], `{"turn":`...)
	text, err := p.turn.AppendLog(f.text)
	text = append(text, '}')
	f.text = text[:0]
	f.write(text, err)
	if f.size >= f.w.part && !f.over {
		f.over = true
		f.w.renew.Store(true)
	}
}

// begin opens the file of a picture when it is another one, marks what is missing
// before it, and writes it.
func (f *file) begin(p *acd.Picture) {
	day := dayOf(p.At.Wall)
	if f.out == nil || day != f.day || f.over {
		if err := f.open(day); err != nil {
			f.fail(err)
			return
		}
	}
	if n := f.w.dropped.Load(); n != f.seen {
		f.write(json.Marshal(line{Dropped: n - f.seen}))
		f.seen = n
	}
	f.write(json.Marshal(line{Software: f.w.software, Picture: p}))
}

// open goes on in the last part of a day's file, or begins a new one.
func (f *file) open(day string) error {
	if err := f.close(); err != nil {
		f.fail(err)
	}
	path, size := f.w.lastPart(day)
	out, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	f.out, f.buf, f.size, f.day, f.over, f.late = out, bufio.NewWriterSize(out, 1<<16), size, day, false, 0
	if size > 0 { // a process that was killed may have left half a line
		last := make([]byte, 1)
		if _, err := out.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			return f.buf.WriteByte('\n')
		}
	}
	return nil
}

// lastPart is the file of a day that can still be written, and its size.
func (w *Writer) lastPart(day string) (path string, size int64) {
	for part := 1; ; part++ {
		path = filepath.Join(w.settings.Folder, partName(day, part))
		info, err := os.Stat(path)
		if err != nil {
			return path, 0
		}
		if info.Size() < w.part {
			return path, info.Size()
		}
	}
}

// partName is the file of a day; a day that grows large goes on in _02 and so on.
func partName(day string, part int) string {
	if part == 1 {
		return day + ".jsonl"
	}
	return fmt.Sprintf("%s_%02d.jsonl", day, part)
}

// write puts a line into the buffer, unless making it ended in an error.
func (f *file) write(text []byte, err error) {
	if f.out == nil {
		return
	}
	if err == nil {
		text = append(text, '\n')
		_, err = f.buf.Write(text)
	}
	if err != nil {
		f.fail(err)
		return
	}
	f.size += int64(len(text))
	f.w.written.Add(1)
}

func (f *file) flush() {
	if f.out == nil {
		return
	}
	if err := f.buf.Flush(); err != nil {
		f.fail(err)
		return
	}
	f.late = 0
	if f.down {
		f.down = false
		f.w.log.Info("decisions are written again", "file", f.out.Name())
	}
}

// fail gives the file up until the next picture. It is told once.
func (f *file) fail(err error) {
	f.w.failed.Add(1)
	f.w.dropped.Add(f.late)
	f.late = 0
	if !f.down {
		f.down = true
		f.w.log.Error("decisions are not written: what is decided now cannot be replayed", "error", err)
	}
	if f.out != nil {
		_ = f.out.Close() // it failed already
		f.out = nil
	}
}

func (f *file) close() error {
	if f.out == nil {
		return nil
	}
	err := errors.Join(f.buf.Flush(), f.out.Close())
	f.out = nil
	if err != nil {
		return fmt.Errorf("close the decision log: %w", err)
	}
	return nil
}
