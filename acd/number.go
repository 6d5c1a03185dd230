package acd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// nationalLeast is the fewest digits of a number that is compared with one of another
// spelling by its ending: shorter ones, such as extensions, are told apart.
const nationalLeast = 6

// number is a phone number for comparison, whatever it is spelled like: digits without the
// signs of a long-distance call, and whether the country's code is among them.
type number struct {
	digits string
	abroad bool // begins with + or 00
}

func readNumber(text string) number {
	digits, plus := strings.CutPrefix(text, "+")
	if strings.Trim(digits, "0123456789") != "" {
		return number{} // anonymous, or the name of a line
	}
	return number{strings.TrimLeft(digits, "0"), plus || strings.HasPrefix(digits, "00")}
}

// ending is what all spellings of a number have in common; empty = it is none.
func (n number) ending() string { return n.digits[max(0, len(n.digits)-nationalLeast):] }

// is tells whether both are one line: +4930123456, 004930123456, 030123456 and 30123456
// are. Without knowing the country, a number without its code is taken to be the one
// with a code of one to three digits that ends with it: that two countries have the same
// number is rarer than that one caller is known by both spellings.
func (n number) is(o number) bool {
	if n.abroad == o.abroad {
		return n.digits != "" && n.digits == o.digits
	}
	long, short := n.digits, o.digits
	if o.abroad {
		long, short = short, long
	}
	code := len(long) - len(short)
	return len(short) >= nationalLeast && code >= 1 && code <= 3 && strings.HasSuffix(long, short)
}

// index notes a callback by the endings of its number and of its caller's, so that those
// of one line are found without looking at all.
func (b *board) index(t *ticket) {
	for _, at := range b.shelves(t) {
		if at.ending == "" { // a message of somebody unknown
			continue
		}
		at.of[at.ending] = append(at.of[at.ending], t)
		slices.SortFunc(at.of[at.ending], func(x, y *ticket) int { return cmp.Compare(x.id, y.id) })
	}
}

// apart takes a callback out of the lists of its numbers.
func (b *board) apart(t *ticket) {
	for _, at := range b.shelves(t) {
		rest := slices.DeleteFunc(at.of[at.ending], func(o *ticket) bool { return o == t })
		if at.of[at.ending] = rest; len(rest) == 0 {
			delete(at.of, at.ending)
		}
	}
	b.wake(t)
}

// shelf is where callbacks of numbers with one ending stand.
type shelf struct {
	of     map[string][]*ticket
	ending string
}

func (b *board) shelves(t *ticket) [2]shelf {
	return [2]shelf{{b.backs, readNumber(t.back.Number).ending()}, {b.askers, readNumber(t.entry.Caller).ending()}}
}

// linesOf are the callbacks and messages of one line, however its number is spelled, in the
// order they came.
func (b *board) linesOf(text string) []*ticket {
	n := readNumber(text)
	var out []*ticket
	for _, t := range b.backs[n.ending()] {
		if n.is(readNumber(t.back.Number)) {
			out = append(out, t)
		}
	}
	return out
}

// enough says why a caller may not book one callback more: that nobody has a stranger rung all
// day, and nobody takes the places of all others. What was no wish of a caller's is not counted.
func (b *board) enough(q *queue, caller string, c Callback) error {
	if !c.chosen() {
		return nil
	}
	line, from := 0, 0
	for _, t := range b.linesOf(c.Number) {
		if t.back.chosen() {
			line++
		}
	}
	n := readNumber(caller)
	for _, t := range b.askers[n.ending()] {
		if t.back.chosen() && n.is(readNumber(t.entry.Caller)) {
			from++
		}
	}
	most := q.spec.Callback.PerNumber
	switch {
	case line >= most:
		return fmt.Errorf("queue %s: %w: %d callbacks to %s wait already", q.spec.Name, ErrCallbacksEnough, line, c.Number)
	case from >= most:
		return fmt.Errorf("queue %s: %w: %d callbacks that %s asked for wait already", q.spec.Name, ErrCallbacksEnough, from, caller)
	}
	return nil
}
