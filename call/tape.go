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
	began time.Time
}

// startTape begins the recording where the queue wants one and the caller has been
// told (protection.md §1.6). It goes on until the call ends: also what the caller
// hears between two agents is evidence.
func (c *Call) startTape(m QueueManners) {
	if m.Record == RecordNever {
		c.stopTape()
		return
	}
	if c.tape != nil {
		return
	}
	if !c.noticed {
		c.account.step("recording.none", "no notice was given")
		return
	}
	now := time.Now()
	path := filepath.Join(c.x.parts.Folder, now.UTC().Format("2006/01/02"), c.ID+".wav")
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		c.noTape(err)
		return
	}
	tape, err := c.x.parts.Sounds.Record(c.caller, path)
	if err != nil {
		c.noTape(err)
		return
	}
	c.tape = &taping{tape: tape, began: now}
	c.account.step("recording.start", filepath.Base(path))
}

// noTape: the call is worth more than its recording.
func (c *Call) noTape(err error) {
	c.x.tally.Add("recordings_failed_total")
	c.log.Error("no recording", "err", err)
	c.account.step("recording.failed", err.Error())
}

// stopTape finishes the recording and notes its files, relative to the folder.
func (c *Call) stopTape() {
	if c.tape == nil {
		return
	}
	paths, err := c.tape.tape.Close()
	c.tape = nil
	if err != nil {
		c.noTape(err)
	}
	for _, p := range paths {
		if rel, err := filepath.Rel(c.x.parts.Folder, p); err == nil {
			p = rel
		}
		c.account.r.Recordings = append(c.account.r.Recordings, p)
	}
	c.account.step("recording.end", "")
}

// bookmarkReach is how much before the key a bookmark covers.
const bookmarkReach = 60 * time.Second

// bookmark marks the last 60 s of the recording.
func (c *Call) bookmark(name string) {
	note := "no recording"
	if c.tape != nil {
		to := time.Since(c.tape.began)
		from := max(0, to-bookmarkReach)
		note = fmt.Sprintf("%.1f-%.1f s of %s", from.Seconds(), to.Seconds(), c.ID)
	}
	c.account.step(name, note)
}
