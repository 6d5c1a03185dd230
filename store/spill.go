package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"breakwater/acd"
)

// The file of a Backlog: a line for each event, of one outage.

// next reads the oldest events that wait, and where they end in the file. There are none
// once only a snapshot helps: it stands for them, and would meet them on their way.
func (b *Backlog) next() (batch []acd.Event, end int64, err error) {
	b.mu.Lock()
	from, to, ends := b.sent, b.size, b.ends
	b.mu.Unlock()
	if from == to || ends != nil {
		return nil, to, nil
	}
	file, err := os.Open(b.path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	text := make([]byte, min(to-from, 1<<20)) // a line is far shorter
	if _, err := file.ReadAt(text, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	batch, n, err := readLines(text)
	if len(batch) == 0 {
		if err == nil { // no line ends where whole lines were written
			err = io.ErrUnexpectedEOF
		}
		return nil, 0, fmt.Errorf("%w: byte %d: %w", errDamaged, from, err)
	}
	return batch, from + n, nil
}

// readLines reads whole lines, up to one that is no event; n is how many bytes they are.
// What a power cut left of a last line was never durable.
func readLines(text []byte) (events []acd.Event, n int64, err error) {
	for {
		line, _, whole := bytes.Cut(text[n:], []byte("\n"))
		if !whole {
			return events, n, nil
		}
		var e acd.Event
		if err := json.Unmarshal(line, &e); err != nil {
			return events, n, fmt.Errorf("at byte %d: %w", n, err)
		}
		events, n = append(events, e), n+int64(len(line))+1
	}
}

// keep adds events to the file, all or none, and returns when they are on the disk.
func (b *Backlog) keep(events []acd.Event) error {
	var text []byte // a line each
	for i := range events {
		var err error
		if text, err = events[i].AppendJSON(text); err != nil {
			return fmt.Errorf("keep event %d: %w", events[i].Seq, err)
		}
		text = append(text, '\n')
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if events[0].Seq <= b.last {
		return fmt.Errorf("event %d comes after %d: %w", events[0].Seq, b.last, acd.ErrAppended)
	}
	if b.size+int64(len(text)) > backlogBytes {
		return fmt.Errorf("keep events: %s is full", b.path)
	}
	if err := b.write(text); err != nil {
		return fmt.Errorf("keep events: %w", err)
	}
	b.size += int64(len(text))
	b.held, b.last = b.held+len(events), events[len(events)-1].Seq
	return nil
}

// write puts text behind what is whole in the file, and on the disk. With the first of an
// outage the file may be new, and a power cut takes a file that its folder does not name.
// mu is held.
func (b *Backlog) write(text []byte) error {
	if b.size == 0 {
		if err := b.makeFolder(filepath.Dir(b.path)); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(b.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = file.Truncate(b.size)
	if err == nil {
		_, err = file.WriteAt(text, b.size)
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil && b.size == 0 {
		err = b.force(filepath.Dir(b.path))
	}
	if err != nil {
		err = errors.Join(err, file.Truncate(b.size))
	}
	return errors.Join(err, file.Close())
}

// makeFolder makes a folder where there is none, and forces that it is there to the disk.
func (b *Backlog) makeFolder(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	above := filepath.Dir(path)
	if err := b.makeFolder(above); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o750); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return b.force(above)
}

// forceFolder forces the names in a folder to the disk.
func forceFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// empty ends an outage. mu is held.
func (b *Backlog) empty() error {
	b.held, b.size, b.sent = 0, 0, 0
	if err := os.Truncate(b.path, 0); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil // it is put aside
}
