package acd

import "slices"

// Chronicle keeps what the floor was told and what it decided, so that every decision
// can be made again later by the same code (Rerun). Both methods are called on the
// floor's goroutine: they must not wait, and what they are given is theirs.
type Chronicle interface {
	// Note takes one turn. It tells whether it wants a picture of the floor as it is
	// now: at the beginning, for a new file, and after turns it had to drop.
	Note(t *Turn) (picture bool)
	// Begin takes a picture. The turns noted from now on follow from it.
	Begin(p *Picture)
}

// WithChronicle lets the floor note its decisions.
func WithChronicle(c Chronicle) Option { return func(f *Floor) { f.chronicle = c } }

// Turn is one step of the floor: the time, what happened, and what it decided. A turn
// without an input is one in which clocks ran out.
type Turn struct {
	At      Stamp        `json:"at"`
	Phones  *PhoneWords  `json:"phones,omitempty"` // heard first
	In      Input        `json:"in,omitzero"`
	Refused string       `json:"refused,omitempty"` // the error that In was answered with
	Events  []Event      `json:"events,omitempty"`
	Offers  []MadeOffer  `json:"offers,omitempty"`
	Revoked []uint64     `json:"revoked,omitempty"` // assignments taken back
	Removed []OutOfQueue `json:"removed,omitempty"` // callers taken out by a limit
}

// MadeOffer is an offer as it was decided.
type MadeOffer struct {
	Ticket uint64     `json:"ticket"`
	Seats  []MadeSeat `json:"seats"`
}

// MadeSeat is one reserved agent of an offer.
type MadeSeat struct {
	Assignment uint64 `json:"assignment"`
	Agent      string `json:"agent"`
	Phone      string `json:"phone"`
	Reason     string `json:"reason"`
}

// OutOfQueue is a caller whom a limit took out.
type OutOfQueue struct {
	Ticket uint64 `json:"ticket"`
	Limit  string `json:"limit"`
	Target string `json:"target,omitempty"`
}

// note tells the chronicle of a turn. A turn in which nothing was asked and no clock
// ran out has changed nothing and is not worth a line.
func (f *Floor) note(news *PhoneWords, in *Input, err error) {
	b := f.board
	if f.chronicle == nil || news == nil && in == nil && !b.turn.rang {
		return
	}
	if f.chronicle.Note(b.noted(news, in, err)) {
		f.chronicle.Begin(b.picture())
	}
}

// noted copies what the turn decided: its slices are used again.
func (b *board) noted(news *PhoneWords, in *Input, err error) *Turn {
	room := &b.room
	t := &cut(&room.turns, 1)[0]
	t.At, t.Phones = b.now, news
	t.Events = cut(&room.events, len(b.turn.events))
	copy(t.Events, b.turn.events)
	t.Revoked = slices.Clone(b.turn.revoked)
	if in != nil {
		t.In = *in
	}
	if err != nil {
		t.Refused = err.Error()
	}
	t.Offers = cut(&room.offers, len(b.turn.offers))
	for i, o := range b.turn.offers {
		seats := cut(&room.seats, len(o.offer.seats))
		for k, s := range o.offer.seats {
			seats[k] = MadeSeat{s.id, s.agent.Name, s.agent.Phone, s.reason}
		}
		t.Offers[i] = MadeOffer{o.ticket, seats}
	}
	for _, x := range b.turn.removed {
		t.Removed = append(t.Removed, OutOfQueue{x.ticket, x.removal.Limit, x.removal.Target})
	}
	return t
}

// noteRoom is memory for turns to come, in pieces for many: a turn costs no allocation.
// What was cut off is never used again; it lives as long as its neighbours.
type noteRoom struct {
	turns  []Turn
	events []Event
	offers []MadeOffer
	seats  []MadeSeat
}

// pieces is how many things a piece of memory has room for.
const pieces = 64

// cut takes n zeroed things off a piece, which is replaced when it is too small; nil for
// none.
func cut[T any](piece *[]T, n int) []T {
	if n == 0 {
		return nil
	}
	if len(*piece) < n {
		*piece = make([]T, max(n, pieces))
	}
	out := (*piece)[:n:n]
	*piece = (*piece)[n:]
	return out
}
