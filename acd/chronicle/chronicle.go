// Package chronicle keeps the floor's decisions in files, a file a day, and makes them
// again from there. A file is lines of JSON: first a picture of the whole floor, then
// every turn with the time, what happened and what was decided. So each file can be
// replayed by itself.
package chronicle

import (
	"fmt"
	"time"

	"breakwater/acd"
)

// Settings say where decisions are kept, and how long. They name callers and what was
// known of them: keep them no longer than needed.
type Settings struct {
	Off    bool   `yaml:"off"`    // keep no decision log
	Folder string `yaml:"folder"` // default decisions, beside the store's file; with a redis as the store var/decisions; a store in memory keeps none unless a folder is named
	Keep   int    `yaml:"keep"`   // days; default 14
	Most   int    `yaml:"most"`   // MiB of all files together, beyond that the oldest go; default 4096
}

// WithDefaults fills the fields that are zero, but for the folder, which hangs on the
// store.
func (s Settings) WithDefaults() Settings {
	if s.Keep == 0 {
		s.Keep = 14
	}
	if s.Most == 0 {
		s.Most = 4096
	}
	return s
}

// Check says what is wrong, by key. Zero fields are their defaults.
func (s Settings) Check() map[string]string {
	wrong := map[string]string{}
	if s.Keep < 0 || s.Keep > 3660 {
		wrong["keep"] = fmt.Sprintf("%d days are not between 1 and 3660", s.Keep)
	}
	if s.Most != 0 && s.Most < leastMost {
		wrong["most"] = fmt.Sprintf("%d MiB hold no day; at least %d", s.Most, leastMost)
	}
	return wrong
}

// leastMost holds two parts of a day: less, and the part being written would be all.
const leastMost = 2 * partSize >> 20

// Page is one line of a file; exactly one of the fields is set, but for Software.
type Page struct {
	Software string       // the version that took the picture
	Picture  *acd.Picture // the floor as it is from here on
	Turn     *acd.Turn    // what happened then
	Dropped  uint64       // so many turns are missing here; the next page is a picture
	Line     int          // in its file, from 1
	Torn     error        // the line cannot be read
}

// line is a page as it is read.
type line struct {
	Software string       `json:"software,omitempty"`
	Picture  *acd.Picture `json:"picture,omitempty"`
	Turn     *turn        `json:"turn,omitempty"`
	Dropped  uint64       `json:"dropped,omitempty"`
}

// turn is a turn as acd.Turn.AppendLog writes it: its events do not repeat its time.
type turn struct {
	*acd.Turn
	Events []event `json:"events,omitempty"`
}

type event struct {
	acd.Event
	At acd.Stamp `json:"at,omitzero"`
}

// full gives back the turn that was written.
func (t *turn) full() *acd.Turn {
	out := t.Turn
	if out == nil {
		out = &acd.Turn{}
	}
	out.Events = nil
	for _, e := range t.Events {
		if e.Event.At = e.At; e.At == (acd.Stamp{}) {
			e.Event.At = out.At
		}
		out.Events = append(out.Events, e.Event)
	}
	return out
}

// dayOf names the file of a moment: the day where the server is.
func dayOf(at time.Time) string { return at.Format(time.DateOnly) }
