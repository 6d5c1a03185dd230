package jsonline_test

import (
	"encoding/json"
	"testing"
	"time"

	"breakwater/jsonline"
	"breakwater/jsonline/jsonlinetest"
)

// everything has a field of every kind.
type everything struct {
	Text      string            `json:"text"`
	TextSome  string            `json:"text_some,omitempty"`
	Int       int64             `json:"int"`
	IntSome   time.Duration     `json:"int_some,omitempty"`
	Uint      uint64            `json:"uint"`
	UintSome  uint64            `json:"uint_some,omitempty"`
	Float     float64           `json:"float"`
	Bool      bool              `json:"bool"`
	True      bool              `json:"true,omitempty"`
	Time      time.Time         `json:"time"`
	TimeSome  time.Time         `json:"time_some,omitzero"`
	Strings   []string          `json:"strings"`
	Table     map[string]string `json:"table"`
	Anything  map[string]any    `json:"anything"`
	Same      []part            `json:"same"`
	Elsewhere any               `json:"elsewhere"`
}

type part struct {
	Name string `json:"name,omitempty"`
}

func (p *part) AppendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.TextOrNone("name", p.Name)
	return o.Close()
}

func (e *everything) AppendJSON(dst []byte) ([]byte, error) {
	o := jsonline.Open(dst)
	o.Text("text", e.Text)
	o.TextOrNone("text_some", e.TextSome)
	o.Int("int", e.Int)
	o.IntOrNone("int_some", int64(e.IntSome))
	o.Uint("uint", e.Uint)
	o.UintOrNone("uint_some", e.UintSome)
	o.Float("float", e.Float)
	o.Bool("bool", e.Bool)
	o.TrueOrNone("true", e.True)
	o.Time("time", e.Time)
	o.TimeOrNone("time_some", e.TimeSome)
	o.Put(jsonline.Strings(o.Field("strings"), e.Strings))
	o.Put(jsonline.Table(o.Field("table"), e.Table, jsonline.TextValue))
	o.Put(jsonline.Table(o.Field("anything"), e.Anything, jsonline.Any))
	o.Put(jsonline.List(o.Field("same"), e.Same, (*part).AppendJSON))
	o.Put(jsonline.Any(o.Field("elsewhere"), e.Elsewhere))
	return o.Close()
}

func TestEverythingIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	jsonlinetest.Same(t, (*everything).AppendJSON, jsonlinetest.Whole)
}

// TestAForgottenFieldIsFound: the check that others rely on can fail.
func TestAForgottenFieldIsFound(t *testing.T) {
	forgetful := func(_ *part, dst []byte) ([]byte, error) { return append(dst, "{}"...), nil }
	if name, err := jsonlinetest.Forgotten(forgetful, jsonlinetest.Whole); err == nil || name != "jsonline_test.part.Name" {
		t.Errorf("missing is %q: %v", name, err)
	}
}

// TestAForgottenFieldIsFoundBehindOneOfNobodysBusiness: down in a struct that begins with
// what encoding/json does not see.
func TestAForgottenFieldIsFoundBehindOneOfNobodysBusiness(t *testing.T) {
	type inner struct {
		_    int
		Name string `json:"name,omitempty"`
	}
	type outer struct {
		Inner inner `json:"inner"`
	}
	forgetful := func(_ *outer, dst []byte) ([]byte, error) { return append(dst, `{"inner":{}}`...), nil }
	if name, err := jsonlinetest.Forgotten(forgetful, jsonlinetest.Whole); err == nil || name != "jsonline_test.inner.Name" {
		t.Errorf("missing is %q: %v", name, err)
	}
}

func TestNothingIsAllocatedWhereThereIsRoom(t *testing.T) {
	e := everything{
		Text: "Müller <b>", TextSome: "x", Float: 4.38, Time: time.Now(), TimeSome: time.Now(), Strings: []string{"a", "b"},
		Table: map[string]string{"queue": "help", "a": "b"}, Anything: map[string]any{"n": 1, "s": "t"}, Same: []part{{"n"}},
	}
	room := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(1000, func() { _, _ = e.AppendJSON(room) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzText: any text is written as encoding/json writes it, and reads back the same but
// for what is no UTF-8.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a\"b", "\xff", "\u2028", "<>&", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := jsonline.Text(nil, s)
		want, err := json.Marshal(s)
		if err != nil || string(text) != string(want) {
			t.Fatalf("%s, want %s (%v)", text, want, err)
		}
		var back string
		if err := json.Unmarshal(text, &back); err != nil || back != valid(s) {
			t.Fatalf("%q came back as %q (%v)", s, back, err)
		}
	})
}

// valid puts U+FFFD for each byte that is no UTF-8.
func valid(s string) string { return string([]rune(s)) }
