package chronicle

import (
	"fmt"
	"io"
	"time"

	"breakwater/acd"
)

// Replay makes the decisions of files again, in the order they are given to Feed, and
// remembers the first that comes out otherwise. With Audit it also looks over the whole
// floor, once for each second of the log, for broken promises.
type Replay struct {
	Audit bool
	Until time.Time // stop before the first turn after it; zero = at the end

	Turns    int
	Offers   int
	Pictures int
	Dropped  uint64       // turns that the log says are missing
	Skipped  int          // turns after a gap, before the next picture
	Torn     int          // lines that cannot be read
	Unread   []string     // where, and why: the first few of them
	Broken   []string     // what the audit found, the first few
	Counters acd.Counters // of the floor at the end
	Software string       // the version that wrote the log

	floor   *acd.Rerun
	at      acd.Stamp // of floor
	audited time.Duration
}

// Difference is the first turn that came out otherwise. It is an error.
type Difference struct {
	File        string
	Line        int
	At          time.Time
	Turn        *acd.Turn // with what was asked
	Logged, Now []byte    // the decisions, as JSON
}

// Error says where, and both versions.
func (d *Difference) Error() string {
	return fmt.Sprintf("%s line %d, %s, input %q: the log decided\n  %s\nand now it is\n  %s",
		d.File, d.Line, d.At.Format(time.RFC3339Nano), d.Turn.In.Kind, d.Logged, d.Now)
}

// brokenMost bounds the findings that are remembered, and the lines that cannot be read.
const brokenMost = 20

// Feed replays one file. The error is a *Difference, or that the file cannot be read or
// holds nothing to begin from.
func (r *Replay) Feed(name string, in io.Reader) error {
	r.floor = nil // each file stands by itself
	pictures := r.Pictures
	for p, err := range Read(in) {
		if err == nil && r.beyond(p) {
			break
		}
		if err == nil {
			err = r.page(name, p)
		}
		if err != nil {
			return err
		}
	}
	if r.Pictures == pictures {
		return fmt.Errorf("%s: no picture of the floor to begin from", name)
	}
	return nil
}

// Floor is the floor at a moment not before the last turn that was fed, with every
// clock run out that would have; nil where nothing leads to it: in a gap of the log.
func (r *Replay) Floor(at time.Time) *acd.Rerun {
	if r.floor == nil {
		return nil
	}
	later := max(0, at.Sub(r.at.Wall))
	r.floor.Apply(acd.Stamp{Wall: r.at.Wall.Add(later), Boot: r.at.Boot, Mono: r.at.Mono + later}, nil, acd.Input{})
	return r.floor
}

// beyond tells whether a page lies after Until.
func (r *Replay) beyond(p Page) bool {
	switch {
	case r.Until.IsZero():
		return false
	case p.Turn != nil:
		return p.Turn.At.Wall.After(r.Until)
	}
	return p.Picture != nil && r.Pictures > 0 && p.Picture.At.Wall.After(r.Until)
}

func (r *Replay) page(name string, p Page) error {
	switch {
	case p.Picture != nil:
		floor, err := acd.Resume(p.Picture)
		if err != nil {
			return fmt.Errorf("%s line %d: %w", name, p.Line, err)
		}
		r.floor, r.at, r.Software, r.audited = floor, p.Picture.At, p.Software, p.Picture.At.Mono
		r.Pictures++
	case p.Torn != nil:
		if r.Torn++; r.Torn <= brokenMost {
			r.Unread = append(r.Unread, fmt.Sprintf("%s line %d: %v", name, p.Line, p.Torn))
		}
		r.floor = nil // what was in it, nobody knows
	case p.Dropped > 0:
		r.Dropped += p.Dropped
		r.floor = nil
	case r.floor == nil:
		r.Skipped++
	default:
		return r.turn(name, p)
	}
	return nil
}

func (r *Replay) turn(name string, p Page) error {
	now := r.floor.Again(p.Turn)
	same, err := now.Same(p.Turn)
	if err != nil {
		return fmt.Errorf("%s line %d: %w", name, p.Line, err)
	}
	if !same {
		d := &Difference{File: name, Line: p.Line, At: p.Turn.At.Wall, Turn: p.Turn}
		if d.Logged, err = p.Turn.Decisions(); err != nil {
			return err
		}
		if d.Now, err = now.Decisions(); err != nil {
			return err
		}
		return d
	}
	r.at = p.Turn.At
	r.Turns++
	r.Offers += len(now.Offers)
	if r.Audit && p.Turn.At.Mono-r.audited >= time.Second {
		r.audited = p.Turn.At.Mono
		for _, finding := range r.floor.Audit() {
			if len(r.Broken) < brokenMost {
				r.Broken = append(r.Broken, p.Turn.At.Wall.Format(time.RFC3339)+": "+finding)
			}
		}
	}
	r.Counters = r.floor.Counters()
	return nil
}
