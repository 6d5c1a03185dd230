package call

import (
	"context"
	"sync"
	"time"

	"breakwater/media"
)

// Record is the account of one call. Only the call's own journey writes it; it is
// sealed once, when the call ends.
type Record struct {
	ID         string            `json:"id"`               // ULID-like, sortable by time
	Version    string            `json:"version"`          // software version
	Policy     string            `json:"policy,omitempty"` // hash of the protection policy in force
	Caller     string            `json:"caller"`
	Dialled    string            `json:"dialled"`
	Trunk      string            `json:"trunk,omitempty"`
	Phone      string            `json:"phone,omitempty"`
	Language   string            `json:"language,omitempty"`
	Data       map[string]string `json:"data,omitempty"` // collected in the menu
	Start      time.Time         `json:"start"`
	Answered   time.Time         `json:"answered,omitzero"`
	End        time.Time         `json:"end,omitzero"`
	Cause      Cause             `json:"cause"`
	Callback   string            `json:"callback,omitempty"`  // we called the caller back: why, one of acd's kinds
	Message    string            `json:"message,omitempty"`   // the recording of the message that was left or heard, below the recording folder
	Queue      string            `json:"queue,omitempty"`     // the last queue
	Agent      string            `json:"agent,omitempty"`     // the last agent who spoke
	TalkWith   string            `json:"talk_with,omitempty"` // nobody called: supervisors were asked to talk with this agent after hard calls
	Warnings   int               `json:"warnings,omitempty"`
	Protected  bool              `json:"protected,omitempty"` // excluded from agent figures as a whole
	WantedMore bool              `json:"caller_wanted_more,omitempty"`
	NoticeAt   time.Time         `json:"notice_at,omitzero"`
	Recordings []string          `json:"recordings,omitempty"` // file names below the recording folder
	Legs       []LegRecord       `json:"legs"`
	Attempts   []Attempt         `json:"attempts,omitempty"`
	Steps      []Step            `json:"steps,omitempty"`
	Segments   []Segment         `json:"segments,omitempty"`
}

// LegRecord is one party's part of the record.
type LegRecord struct {
	Party   Party         `json:"party"`
	Agent   string        `json:"agent,omitempty"`
	Answer  time.Time     `json:"answer,omitzero"`
	End     time.Time     `json:"end,omitzero"`
	Cause   Cause         `json:"cause"`
	Codec   string        `json:"codec,omitempty"`
	Quality media.Quality `json:"quality"`
	Lent    bool          `json:"lent,omitempty"` // the leg of another call: a supervisor who dialled to listen
}

// Attempt is one offer of the call to an agent.
type Attempt struct {
	Queue  string        `json:"queue"`
	Agent  string        `json:"agent"`
	Phone  string        `json:"phone"`
	At     time.Time     `json:"at"`
	Rang   time.Duration `json:"rang_ns"`
	Result string        `json:"result"` // answered, or an acd.Miss word
	Reason string        `json:"reason"` // why this agent: from the floor
}

// Step is one thing that happened, on both clocks, so that an order can be proved
// even when the wall clock was set.
type Step struct {
	At   time.Time     `json:"at"`      // wall clock
	Mono time.Duration `json:"mono_ns"` // since Record.Start, monotonic
	Name string        `json:"name"`    // e.g. "protect.W1", "key.*1", "prompt.end"
	Note string        `json:"note,omitempty"`
}

// Segment is a stretch of the call with one agent or in one queue; figures are
// computed from segments. They follow each other; those of supervisors who were in a
// conversation (supervise) stand behind them and count for nobody's figures.
type Segment struct {
	Kind  string    `json:"kind"` // menu, greeting, voicemail, wait, ring, talk, message, closing, rescue, code, supervise
	Queue string    `json:"queue,omitempty"`
	Agent string    `json:"agent,omitempty"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

// Journal keeps records. store implements it. A record is begun durably before
// the call is answered and sealed exactly once.
type Journal interface {
	// Begin stores a draft, so that a call alive at a crash is known. Begin of
	// an id already begun replaces the draft; of a sealed one is ErrSealed.
	Begin(ctx context.Context, r Record) error
	// Seal stores the final record; a second Seal of the same id is ErrSealed
	// and changes nothing.
	Seal(ctx context.Context, r Record) error
	// Keep does Begin or Seal for each sheet and returns when all is done that can be,
	// with the answer to each. No call has two sheets among them.
	Keep(ctx context.Context, sheets []Sheet) []error
	// Unsealed gives the drafts that were begun and never sealed, oldest first.
	Unsealed(ctx context.Context) ([]Record, error)
	// Records gives sealed records that match, newest first.
	Records(ctx context.Context, q Query) ([]Record, error)
}

// Sheet is what a journal is to keep of one call: a draft, or the final record.
type Sheet struct {
	Record Record
	Final  bool
}

// KeepEach is Keep for a journal that is asked for each sheet by itself: for all at
// once, so that one which is far away need not be waited for again and again.
func KeepEach(ctx context.Context, j Journal, sheets []Sheet) []error {
	answers := make([]error, len(sheets))
	var all sync.WaitGroup
	for i := range sheets {
		all.Go(func() {
			if s := &sheets[i]; s.Final {
				answers[i] = j.Seal(ctx, s.Record)
			} else {
				answers[i] = j.Begin(ctx, s.Record)
			}
		})
	}
	all.Wait()
	return answers
}

// Query selects records. Zero fields do not restrict.
type Query struct {
	ID, Caller, Agent, Queue string
	From, To                 time.Time // by Start; To is exclusive
	Limit                    int       // zero = 100
}
