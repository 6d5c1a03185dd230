package dtmf

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseInfo(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		want              Press
		err               string // part of the sentence; empty = no error
	}{
		"a relay body":                         {TypeRelay, "Signal=5\r\nDuration=160\r\n", Press{'5', 160 * time.Millisecond}, ""},
		"blanks around the equals sign":        {TypeRelay, "Signal= 1\nDuration = 100", Press{'1', 100 * time.Millisecond}, ""},
		"small letters":                        {TypeRelay, "signal=b\r\n", Press{'B', infoDefault}, ""},
		"the star as a letter":                 {TypeRelay, "Signal=*\r\nDuration=250", Press{'*', 250 * time.Millisecond}, ""},
		"the star as its code":                 {TypeRelay, "Signal=10", Press{'*', infoDefault}, ""},
		"the hash as its code":                 {TypeRelay, "Signal=11", Press{'#', infoDefault}, ""},
		"a parameter of the content type":      {"Application/DTMF-Relay; charset=utf-8", "Signal=2", Press{'2', infoDefault}, ""},
		"a plain body":                         {TypePlain, "7", Press{'7', infoDefault}, ""},
		"a plain body with an end of line":     {TypePlain, " #\r\n", Press{'#', infoDefault}, ""},
		"a plain type with a relay body":       {TypePlain, "Signal=3\r\nDuration=80", Press{'3', 80 * time.Millisecond}, ""},
		"a relay type with a plain body":       {TypeRelay, "4", Press{'4', infoDefault}, ""},
		"an endless press is ten seconds":      {TypeRelay, "Signal=4\nDuration=4000000000", Press{'4', infoLongest}, ""},
		"lines that say nothing are passed by": {TypeRelay, "X\r\n\r\nSignal=6", Press{'6', infoDefault}, ""},
		"no signal":                            {TypeRelay, "Duration=100", Press{}, "no Signal"},
		"an empty body":                        {TypePlain, "", Press{}, "no key"},
		"a flash is no key":                    {TypeRelay, "Signal=16", Press{}, "no key"},
		"a word is no key":                     {TypeRelay, "Signal=hook", Press{}, "no key"},
		"05 is no key":                         {TypeRelay, "Signal=05", Press{}, "no key"},
		"a duration that is no number":         {TypeRelay, "Signal=1\nDuration=long", Press{}, "milliseconds"},
		"a negative duration":                  {TypeRelay, "Signal=1\nDuration=-1", Press{}, "milliseconds"},
		"a body without end":                   {TypePlain, strings.Repeat("1", 600), Press{}, "600 bytes"},
		"another type":                         {"application/sdp", "v=0", Press{}, "carries no key"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseInfo(c.contentType, []byte(c.body))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want one with %q", err, c.err)
				}
				return
			}
			if err != nil || got != c.want {
				t.Fatalf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
	if _, err := ParseInfo("text/plain", nil); !errors.Is(err, ErrNotKeys) {
		t.Errorf("error %v, want ErrNotKeys", err)
	}
}

func TestRelayBodyIsUnderstood(t *testing.T) {
	want := Press{'#', 170 * time.Millisecond}
	if got, err := ParseInfo(TypeRelay, RelayBody(want)); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func FuzzParseInfo(f *testing.F) {
	f.Add(TypeRelay, []byte("Signal=5\r\nDuration=160\r\n"))
	f.Add(TypePlain, []byte("#"))
	f.Add("application/dtmf;x", []byte("Signal=11\nDuration="))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		p, err := ParseInfo(contentType, body)
		if err != nil {
			return
		}
		if _, err := Code(p.Key); err != nil || p.Duration < 0 || p.Duration > infoLongest {
			t.Fatalf("%q %q gave %+v", contentType, body, p)
		}
		if again, err := ParseInfo(TypeRelay, RelayBody(p)); err != nil || again.Key != p.Key {
			t.Fatalf("%+v came back as %+v, %v", p, again, err)
		}
	})
}
