package call

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// taping is the running recording of a call.
type taping struct {
	tape  Tape
	name  string // of its first file
	file  string // the same, relative to the folder
	began time.Time
}

// startTape begins the recording where the queue wants one and the caller has been
// told (protection.md §1.6). It goes on until the call ends: also what the caller
// hears between two agents is evidence.
func (c *Call) startTape(m QueueManners) {
	if m.Record == RecordNever {
		_ = c.stopTape() // has told of it
		return
	}
	if c.held.tape != nil {
		return
	}
	if !c.story.noticed {
		c.account.step("recording.none", "no notice was given")
		return
	}
	name := c.ID + ".wav"
	if c.held.tapes > 0 { // recorded, not recorded and recorded again: a file is never written twice
		name = fmt.Sprintf("%s-part%d.wav", c.ID, c.held.tapes+1)
	}
	c.tapeTo(tapeFile(name))
}

// tapeFile is where a recording that begins now lies below the folder.
func tapeFile(name string) string { return filepath.Join(time.Now().UTC().Format("2006/01/02"), name) }

// tapeTo begins a recording; false = there is none, and why is told.
func (c *Call) tapeTo(file string) bool {
	path, name := filepath.Join(c.x.parts.Folder, file), filepath.Base(file)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		c.noTape(err)
		return false
	}
	tape, err := c.x.parts.Sounds.Record(c.caller, path)
	if err != nil {
		c.noTape(err)
		return false
	}
	c.held.tape = &taping{tape: tape, name: name, file: file, began: time.Now()}
	c.held.tapes++
	c.account.step("recording.start", name)
	return true
}

// noTape: the call is worth more than its recording.
func (c *Call) noTape(err error) {
	c.x.tally.Add("recordings_failed_total")
	c.log.Error("no recording", "err", err)
	c.account.step("recording.failed", err.Error())
}

// stopTape finishes the recording and notes its files, relative to the folder. It gives
// what went wrong, after telling of it.
func (c *Call) stopTape() error {
	t := c.held.tape
	if t == nil {
		return nil
	}
	c.held.tape = nil
	paths, err := t.tape.Close()
	if err != nil {
		c.noTape(err)
	}
	for _, p := range paths {
		if rel, err := filepath.Rel(c.x.parts.Folder, p); err == nil {
			p = rel
		}
		c.account.r.Recordings = append(c.account.r.Recordings, p)
	}
	c.account.step("recording.end", t.name)
	return err
}

// bookmarkReach is how much before the key a bookmark covers.
const bookmarkReach = 60 * time.Second

// bookmark marks the last 60 s of the recording; false = there is none.
func (c *Call) bookmark(name string) bool {
	t := c.held.tape
	if t == nil {
		c.account.step(name, "no recording")
		return false
	}
	to := time.Since(t.began)
	from := max(0, to-bookmarkReach)
	c.account.step(name, fmt.Sprintf("%.1f-%.1f s of %s", from.Seconds(), to.Seconds(), t.name))
	return true
}
