// Package jsonlinetest holds what a type says of itself by jsonline against what
// encoding/json says of it: any value of the type, odd ones too, and each field alone, so
// that a field that was added and forgotten is found.
package jsonlinetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Append is how a type writes itself, as a method expression: (*call.Record).AppendJSON.
type Append[T any] func(*T, []byte) ([]byte, error)

// Whole is the form of encoding/json where nothing else is asked for.
func Whole[T any](v *T) any { return v }

// Same checks that got writes any value of T as encoding/json writes what want makes of
// it, and each of T's fields, however deep, when it alone is set.
func Same[T any](t *testing.T, got Append[T], want func(*T) any) {
	t.Helper()
	t.Run("any value", rapid.MakeCheck(func(r *rapid.T) {
		v := new(T)
		draw(r, reflect.ValueOf(v).Elem(), 0)
		if err := compare(got, want, v); err != nil {
			r.Fatal(err)
		}
	}))
	t.Run("each field alone", func(t *testing.T) {
		if name, err := Forgotten(got, want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// Forgotten names the first field of T that, when it alone is set, got does not write as
// encoding/json does, and says how.
func Forgotten[T any](got Append[T], want func(*T) any) (name string, err error) {
	eachField(reflect.TypeFor[T](), nil, nil, func(path []int, field string) {
		v := new(T)
		set(at(reflect.ValueOf(v).Elem(), path))
		if wrong := compare(got, want, v); wrong != nil && err == nil {
			name, err = field, wrong
		}
	})
	return name, err
}

// front stands before what is written: it must be left alone.
const front = "before "

func compare[T any](got Append[T], want func(*T) any, v *T) error {
	text, err := got(v, []byte(front))
	truth, wrong := json.Marshal(want(v))
	switch {
	case (err != nil) != (wrong != nil):
		return fmt.Errorf("the error is %w, of encoding/json %w: %+v", err, wrong, *v)
	case err == nil && string(text) != front+string(truth):
		return fmt.Errorf("written is\n%s, and should be\n%s", text[len(front):], truth)
	case err != nil && !bytes.Equal(text, []byte(front)):
		return fmt.Errorf("after %w the buffer is %q", err, text)
	}
	return nil
}

// eachField gives the paths to all fields that encoding/json may see, down into structs
// and through pointers and into the first element of lists.
func eachField(t reflect.Type, path []int, within []reflect.Type, f func(path []int, name string)) {
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() {
			continue
		}
		here := append(path[:len(path):len(path)], i)
		f(here, t.String()+"."+field.Name)
		inner := field.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() != reflect.Struct || opaque(inner) || contains(within, inner) {
			continue
		}
		eachField(inner, here, append(within[:len(within):len(within)], inner), f)
	}
}

func contains(all []reflect.Type, t reflect.Type) bool {
	for _, o := range all {
		if o == t {
			return true
		}
	}
	return false
}

// opaque tells of a struct that has nothing to look into: it writes itself.
func opaque(t reflect.Type) bool {
	for i := range t.NumField() {
		if t.Field(i).IsExported() {
			return false
		}
	}
	return true
}

// at walks a path, and makes on its way what is nil.
func at(v reflect.Value, path []int) reflect.Value {
	for _, i := range path {
		v = inside(v).Field(i)
	}
	return v
}

func inside(v reflect.Value) reflect.Value {
	for {
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		case reflect.Slice:
			if v.Len() == 0 {
				v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			}
			v = v.Index(0)
		default:
			return v
		}
	}
}

// set gives a field some value that is not zero.
func set(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if moment, is := v.Addr().Interface().(*time.Time); is {
			*moment = time.Unix(1_700_000_000, 12_345).UTC()
		}
	case reflect.String:
		v.SetString("set")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(7)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.1)
	case reflect.Pointer, reflect.Slice:
		set(inside(v))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		set(key)
		set(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Interface:
		v.Set(reflect.ValueOf("set"))
	default:
		panic(fmt.Sprintf("jsonlinetest does not know how to set %s", v.Type()))
	}
}

// oddStrings are those that are written otherwise than they are.
var oddStrings = []string{ //nolint:gochecknoglobals // a table
	"", "+49 30 123", "<b>&amp;\"\\/", "\x00\x1f\x7f\b\f\n\r\t", "\u2028\u2029\u202a", "\xff\xc3(\xed\xa0\x80", "Müller 😀", "\ufffd",
}

// text draws any string; most are odd.
func text(r *rapid.T) string {
	return rapid.OneOf(rapid.SampledFrom(oddStrings), rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(r, "text")
}

// moment draws any time, in any zone, some of which no text can hold.
func moment(r *rapid.T) time.Time {
	if rapid.Bool().Draw(r, "never") {
		return time.Time{}
	}
	sec := rapid.Int64Range(-1<<36, 1<<38).Draw(r, "second")
	t := time.Unix(sec, rapid.Int64Range(0, 999_999_999).Draw(r, "nanosecond"))
	if off := rapid.IntRange(-25*3600, 25*3600).Draw(r, "zone"); off != 0 {
		if rapid.Bool().Draw(r, "whole minutes") {
			off -= off % 60
		}
		return t.In(time.FixedZone("", off))
	}
	return t.UTC()
}

// draw fills a value with anything.
func draw(r *rapid.T, v reflect.Value, deep int) {
	switch v.Kind() {
	case reflect.Struct:
		drawStruct(r, v, deep)
	case reflect.String:
		v.SetString(text(r))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(r, "bool"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64()).Draw(r, "int"))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(r, "uint"))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(number(r))
	case reflect.Pointer:
		if deep < 4 && rapid.Bool().Draw(r, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			draw(r, v.Elem(), deep+1)
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 3).Draw(r, "elements"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				draw(r, v.Index(i), deep+1)
			}
		}
	case reflect.Map:
		drawMap(r, v, deep)
	case reflect.Interface:
		drawAny(r, v)
	default:
		panic(fmt.Sprintf("jsonlinetest does not know how to draw %s", v.Type()))
	}
}

// drawer is a type that can be drawn, though encoding/json cannot see into it.
type drawer interface{ UnmarshalText([]byte) error }

func drawStruct(r *rapid.T, v reflect.Value, deep int) {
	switch into := v.Addr().Interface().(type) {
	case *time.Time:
		*into = moment(r)
	case drawer: // an address
		word := rapid.SampledFrom([]string{"", "192.0.2.7", "::1", "fe80::1%eth<0>"}).Draw(r, "word")
		if err := into.UnmarshalText([]byte(word)); err != nil {
			panic(err)
		}
	default:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && rapid.Bool().Draw(r, "set") {
				draw(r, v.Field(i), deep+1)
			}
		}
	}
}

func drawMap(r *rapid.T, v reflect.Value, deep int) {
	n := rapid.IntRange(-1, 20).Draw(r, "names")
	if n < 0 {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range n {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		draw(r, key, deep+1)
		draw(r, value, deep+1)
		v.SetMapIndex(key, value)
	}
}

// drawAny draws what call data may hold, and what it should not.
func drawAny(r *rapid.T, v reflect.Value) {
	switch rapid.IntRange(0, 7).Draw(r, "kind") {
	case 0:
		v.Set(reflect.ValueOf(text(r)))
	case 1:
		v.Set(reflect.ValueOf(rapid.Int().Draw(r, "int")))
	case 2:
		v.Set(reflect.ValueOf(number(r)))
	case 3:
		v.Set(reflect.ValueOf(rapid.Bool().Draw(r, "bool")))
	case 4:
		v.Set(reflect.ValueOf([]any{text(r), 1, nil}))
	case 5:
		v.Set(reflect.ValueOf(map[string]any{"<": text(r)}))
	case 6:
		v.Set(reflect.ValueOf(json.Number("12")))
	}
}

// number draws any number, some of which no text can hold.
func number(r *rapid.T) float64 {
	return rapid.OneOf(rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), 1e-6, 9.9e-7, 1e-10, 1e21, 9.9e20, 1e-100, 4.38, math.Inf(1), math.NaN(), math.MaxFloat64,
	}), rapid.Float64()).Draw(r, "number")
}
