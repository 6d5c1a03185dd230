package media

import (
	"bytes"
	"testing"

	"breakwater/media/g711"
)

func TestBothPartiesOfABridgeHearEachOther(t *testing.T) {
	e := openEngine(t, 4)
	a, b := newPhone(t, e, PCMU), newPhone(t, e, PCMA)
	if _, err := e.Join(a.port, b.port); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		a.say(flat(byte(i)))
		b.say(flat(byte(i)))
		if got, want := b.mustHear(), flat(g711.ULawToALaw[i]); !bytes.Equal(got.codes, want) || got.Payload != 8 {
			t.Fatalf("frame %d: b heard % x…, want % x…", i, got.codes[:4], want[:4])
		}
		if got, want := a.mustHear(), flat(g711.ALawToULaw[i]); !bytes.Equal(got.codes, want) || got.Payload != 0 {
			t.Fatalf("frame %d: a heard % x…, want % x…", i, got.codes[:4], want[:4])
		}
	}
}
