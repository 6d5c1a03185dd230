// Package jsonline writes what is kept of every call as JSON, into a buffer of whoever
// keeps it: an event, a draft, a line of the decision log. The text is byte for byte what
// encoding/json gives for the same value, without asking at each value what its type is
// like, and without an allocation when the buffer has room. It reads nothing.
//
// A type says in one place, its AppendJSON, which fields it has; jsonlinetest holds that
// against encoding/json, and fails when a field is added and forgotten there.
package jsonline

import (
	"strconv"
	"time"
)

// Object is an object in the making, at the end of a buffer. Fields stand in the order
// in which they are given; the names are plain ASCII. A field OrNone is left out when its
// value is zero.
type Object struct {
	given []byte // to Open
	dst   []byte
	err   error // the first
}

// Open begins an object behind what dst holds.
func Open(dst []byte) Object { return Object{given: dst, dst: append(dst, '{')} }

// Close ends the object. After an error the buffer comes back as it was given to Open.
func (o *Object) Close() ([]byte, error) {
	if o.err != nil {
		return o.given, o.err
	}
	return append(o.dst, '}'), nil
}

// Field writes a name and gives the buffer, for a value that Put brings back:
//
//	o.Put(e.At.AppendJSON(o.Field("at")))
func (o *Object) Field(name string) []byte {
	if len(o.dst) > len(o.given)+1 {
		o.dst = append(o.dst, ',')
	}
	o.dst = append(o.dst, '"')
	o.dst = append(o.dst, name...)
	return append(o.dst, '"', ':')
}

// Put takes the buffer back, with the value behind the name.
func (o *Object) Put(dst []byte, err error) {
	if err == nil {
		o.dst = dst
	} else if o.err == nil {
		o.err = err
	}
}

// Text writes a string.
func (o *Object) Text(name, s string) { o.dst = Text(o.Field(name), s) }

// TextOrNone writes a string that is not empty.
func (o *Object) TextOrNone(name, s string) {
	if s != "" {
		o.Text(name, s)
	}
}

// Int writes a whole number, or a length in nanoseconds.
func (o *Object) Int(name string, n int64) { o.dst = strconv.AppendInt(o.Field(name), n, 10) }

// IntOrNone writes a whole number that is not 0.
func (o *Object) IntOrNone(name string, n int64) {
	if n != 0 {
		o.Int(name, n)
	}
}

// Uint writes a whole number that is never negative.
func (o *Object) Uint(name string, n uint64) { o.dst = strconv.AppendUint(o.Field(name), n, 10) }

// UintOrNone writes a whole number above 0.
func (o *Object) UintOrNone(name string, n uint64) {
	if n != 0 {
		o.Uint(name, n)
	}
}

// Float writes a number; one that is not finite is an error.
func (o *Object) Float(name string, f float64) { o.Put(Float(o.Field(name), f)) }

// Bool writes yes or no.
func (o *Object) Bool(name string, b bool) { o.dst = strconv.AppendBool(o.Field(name), b) }

// TrueOrNone writes what is true.
func (o *Object) TrueOrNone(name string, b bool) {
	if b {
		o.Bool(name, true)
	}
}

// Time writes a moment; one outside the years 0 to 9999 is an error.
func (o *Object) Time(name string, t time.Time) { o.Put(Time(o.Field(name), t)) }

// TimeOrNone writes a moment that is set.
func (o *Object) TimeOrNone(name string, t time.Time) {
	if !t.IsZero() {
		o.Time(name, t)
	}
}
