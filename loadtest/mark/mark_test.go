package mark

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"breakwater/media/g711"
)

func speech(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	codes := make([]byte, Samples)
	for i := range codes {
		codes[i] = byte(r.Uint32())
	}
	return codes
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Mark{
			Run:  rapid.Uint8().Draw(t, "run"),
			Talk: rapid.Uint32Range(0, 1<<24-1).Draw(t, "talk"),
			Seq:  rapid.Uint32().Draw(t, "seq"),
			Sent: rapid.Int64Range(0, 1<<48-1).Draw(t, "sent"),
		}
		said := speech(rapid.Uint64().Draw(t, "speech"))
		heard := make([]byte, Samples)
		Prepare(said).Put(heard, want)
		got, verdict := Read(heard)
		if got != want || verdict != Whole {
			t.Fatalf("read %+v, %d; written %+v", got, verdict, want)
		}
		for i := range said {
			if said[i]&^1 != heard[i]&^1 {
				t.Fatalf("code %d was %#x and is %#x: more than its lowest bit is changed", i, said[i], heard[i])
			}
		}
	})
}

func TestEveryChangedBitIsNoticed(t *testing.T) {
	frame := make([]byte, Samples)
	Prepare(speech(7)).Put(frame, Mark{Run: 3, Talk: 77, Seq: 12, Sent: 1 << 40})
	for i := range frame {
		for bit := range 8 {
			other := bytes.Clone(frame)
			other[i] ^= 1 << bit
			if m, verdict := Read(other); verdict == Whole {
				t.Errorf("bit %d of code %d is changed, and nobody notices: %+v", bit, i, m)
			} else if bit > 0 && (verdict != Altered || m.Talk != 77) {
				t.Errorf("bit %d of code %d is changed: the mark should still be read, got %+v, %d", bit, i, m, verdict)
			}
		}
	}
}

func TestWhatNobodyMarkedHasNoMark(t *testing.T) {
	marked := make([]byte, Samples)
	Prepare(speech(1)).Put(marked, Mark{Talk: 1})
	quieter := make([]byte, Samples)
	g711.Map(quieter, marked, g711.Mu.GainTable(-6))
	transcoded := make([]byte, Samples)
	pcm := make([]int16, Samples)
	g711.Mu.Decode(pcm, marked)
	g711.A.Encode(transcoded, pcm)
	for name, codes := range map[string][]byte{
		"silence of µ-law":       bytes.Repeat([]byte{0xff}, Samples),
		"silence of A-law":       bytes.Repeat([]byte{0xd5}, Samples),
		"zeros":                  make([]byte, Samples),
		"speech":                 speech(2),
		"a frame 6 dB down":      quieter,
		"a frame in another law": transcoded,
		"half a frame":           marked[:80],
		"nothing":                nil,
	} {
		if m, verdict := Read(codes); verdict != Unmarked {
			t.Errorf("%s: read %+v, %d", name, m, verdict)
		}
	}
}

func TestMarkingCostsNoAllocation(t *testing.T) {
	f, dst := Prepare(speech(1)), make([]byte, Samples)
	if n := testing.AllocsPerRun(100, func() {
		f.Put(dst, Mark{Talk: 5})
		if _, v := Read(dst); v != Whole {
			t.Fatal(v)
		}
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkPut(b *testing.B) {
	f, dst := Prepare(speech(1)), make([]byte, Samples)
	for i := 0; b.Loop(); i++ {
		f.Put(dst, Mark{Talk: 5, Seq: uint32(i)})
	}
}

func BenchmarkRead(b *testing.B) {
	dst := make([]byte, Samples)
	Prepare(speech(1)).Put(dst, Mark{Talk: 5})
	for b.Loop() {
		Read(dst)
	}
}
