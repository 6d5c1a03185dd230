// Package ivr walks a caller through a menu. It hears and speaks through a Line
// and decides nothing but where the caller wants to go.
package ivr

import (
	"context"
	"time"
)

// Line is the caller as a menu sees them. call implements it over a leg.
type Line interface {
	// Say speaks phrases (see media/prompt) in a language. With barge it ends at
	// the first digit and returns it; otherwise digits pressed meanwhile are kept
	// for Digit and 0 is returned.
	Say(ctx context.Context, language string, barge bool, phrases ...string) (digit byte, err error)
	// Digit waits for one digit, d at most; 0 when none came.
	Digit(ctx context.Context, d time.Duration) (byte, error)
	// Note writes what the caller did into the record: the Note* names.
	Note(name, value string)
}

// What a walk notes in the record.
const (
	NoteMenu     = "menu"          // a menu was entered: its name
	NoteKey      = "menu.key"      // a choice: the digits
	NoteWrong    = "menu.wrong"    // digits that lead nowhere
	NoteSilent   = "menu.silent"   // nothing was pressed: the menu
	NoteLanguage = "menu.language" // the language chosen
	NoteClosed   = "menu.closed"   // outside the opening hours of the menu
	NoteBranch   = "menu.branch"   // a condition that was true
	NoteTrouble  = "menu.trouble"  // a condition that could not be asked, and why
	NoteCollect  = "menu.collect"  // a collected value is in the call data: its name
	NoteLost     = "menu.lost"     // the walk was ended after too many menus
)

// Exit is where the caller goes, with what was collected.
type Exit struct {
	Kind     string            // Queue, Extension, Number, Goodbye
	Target   string            // queue name, phone name, external number; for goodbye the last phrase, or empty
	Language string            // the caller's choice
	Data     map[string]string // collected input
}

// Caller is what branches may ask about.
type Caller struct {
	Number, Dialled, Trunk, Language string
	Data                             map[string]string
	Now                              time.Time
}
