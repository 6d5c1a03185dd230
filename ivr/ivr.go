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
	// Note writes what the caller did into the record.
	Note(name, value string)
}

// Exit is where the caller goes, with what was collected.
type Exit struct {
	Kind     string            // queue, extension, number, goodbye
	Target   string            // queue name, phone name, external number; for goodbye the last phrase
	Language string            // the caller's choice
	Data     map[string]string // collected input
}

// Caller is what branches may ask about.
type Caller struct {
	Number, Dialled, Trunk, Language string
	Data                             map[string]string
	Now                              time.Time
}

// Run walks the menus from start until an exit. It returns ctx's cause when the
// caller leaves. Menus are checked before (Check), so Run finds no dead end.
func Run(ctx context.Context, menus map[string]Menu, start string, who Caller, line Line) (Exit, error) {
	panic("not built yet")
}

// Menu is one menu of the config.
type Menu struct{}
