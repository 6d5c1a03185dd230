package wire

import "testing"

func TestADisplayNameIsEscapedOnce(t *testing.T) {
	for sent, read := range map[string]string{
		`Ann`: "Ann", `Ann \"the\" Bee`: `Ann "the" Bee`, `back\\slash`: `back\slash`, `Ünal`: "Ünal", `loose\`: `loose\`, `a\` + "\r\n" + `b`: "ab",
	} {
		got := Unescape(sent)
		if got != read {
			t.Errorf("%q reads %q, want %q", sent, got, read)
		}
		if again := Unescape(Escape(got)); again != got {
			t.Errorf("%q comes back as %q", got, again)
		}
	}
}
