package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func master(t testing.TB) *Master {
	t.Helper()
	m, err := ParseMaster(NewMaster())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sealed is a file of the pieces, each a chunk, and where its chunks begin.
func sealed(t testing.TB, m *Master, finish bool, pieces ...string) (file []byte, begins []int) {
	t.Helper()
	w, file, err := m.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces {
		begins = append(begins, len(file))
		file = w.Append(file, []byte(p), false)
	}
	if finish {
		begins = append(begins, len(file))
		file = w.Append(file, nil, true)
	}
	return file, append(begins, len(file))
}

func opened(m *Master, file []byte) (string, error) {
	r, err := m.NewReader(bytes.NewReader(file))
	if err != nil {
		return "", err
	}
	plain, err := io.ReadAll(r)
	return string(plain), err
}

func TestASealedFileOpensAsItWas(t *testing.T) {
	m := master(t)
	for name, pieces := range map[string][]string{
		"nothing at all":  nil,
		"one byte":        {"x"},
		"many chunks":     {"one", "two", "three"},
		"an empty chunk":  {"one", "", "three"},
		"the largest one": {strings.Repeat("0123456789abcdef", MaxChunk/16), "more"},
	} {
		t.Run(name, func(t *testing.T) {
			file, _ := sealed(t, m, true, pieces...)
			got, err := opened(m, file)
			if want := strings.Join(pieces, ""); got != want || err != nil {
				t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
			}
			if len(pieces) > 1 && bytes.Contains(file, []byte("three")) {
				t.Error("the plain bytes stand in the file")
			}
		})
	}
}

func TestACutFileOpensUpToItsLastWholeChunk(t *testing.T) {
	m := master(t)
	pieces := []string{"one", "second", "third"}
	file, begins := sealed(t, m, true, pieces...)
	for size := range len(file) {
		got, err := opened(m, file[:size])
		if size < HeadSize {
			if err == nil || got != "" {
				t.Fatalf("%d bytes: %q, %v", size, got, err)
			}
			continue
		}
		want := ""
		for i, p := range pieces {
			if size >= begins[i+1] {
				want += p
			}
		}
		if got != want || !errors.Is(err, ErrCut) {
			t.Fatalf("%d bytes: %q, %v; want %q and ErrCut", size, got, err, want)
		}
	}
}

// Whichever bit of a file is turned, what is read is right and the error tells.
func TestNoChangeGoesUnnoticed(t *testing.T) {
	m := master(t)
	pieces := []string{"one", "second", "third"}
	whole := strings.Join(pieces, "")
	file, begins := sealed(t, m, true, pieces...)
	for i := range file {
		for bit := range 8 {
			bad := bytes.Clone(file)
			bad[i] ^= 1 << bit
			got, err := opened(m, bad)
			if err == nil || !strings.HasPrefix(whole, got) {
				t.Fatalf("byte %d, bit %d: %q, %v", i, bit, got, err)
			}
		}
	}
	for chunk, at := range begins[:len(begins)-1] {
		bad := bytes.Clone(file)
		bad[at+4] ^= 1
		_, err := opened(m, bad)
		if want := fmt.Sprintf("chunk %d was changed", chunk); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestChunksThatAreMovedAreRefused(t *testing.T) {
	m := master(t)
	file, begins := sealed(t, m, true, "one", "two")
	other, _ := sealed(t, m, true, "one", "two")
	first, second, last := file[begins[0]:begins[1]], file[begins[1]:begins[2]], file[begins[2]:]
	long := bytes.Clone(file)
	binary.LittleEndian.PutUint32(long[begins[1]:], MaxChunk+1)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"two that changed places":    {bytes.Join([][]byte{file[:begins[0]], second, first, last}, nil), "chunk 0 was changed"},
		"one that was left out":      {bytes.Join([][]byte{file[:begins[0]], first, last}, nil), "chunk 1 was changed"},
		"one of another file":        {bytes.Join([][]byte{file[:begins[1]], other[begins[1]:]}, nil), "chunk 1 was changed"},
		"something behind the last":  {append(bytes.Clone(file), 0), "something follows the last chunk"},
		"a length that nobody wrote": {long, "chunk 1 was changed: its length is 65537"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := opened(m, c.file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestKeysAreRefusedWithAReason(t *testing.T) {
	for name, text := range map[string]string{
		"empty":     "",
		"too short": strings.Repeat("0", 63),
		"too long":  strings.Repeat("0", 66),
		"no digits": strings.Repeat("x", 64),
	} {
		if _, err := ParseMaster([]byte(text)); err == nil || !strings.Contains(err.Error(), "64 hexadecimal digits") || len(text) > 0 && strings.Contains(err.Error(), text[:8]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseMaster([]byte(" " + strings.Repeat("aF", 32) + "\r\n")); err != nil {
		t.Error(err)
	}
	file, _ := sealed(t, master(t), true, "one")
	if _, err := opened(master(t), file); err == nil || !strings.Contains(err.Error(), "was sealed with master key") {
		t.Errorf("another key: %v", err)
	}
	if _, err := opened(master(t), make([]byte, HeadSize)); err == nil || !strings.Contains(err.Error(), "no sealed file") {
		t.Errorf("no sealed file: %v", err)
	}
}

func TestADiskThatCannotBeReadIsNoCut(t *testing.T) {
	m := master(t)
	file, _ := sealed(t, m, true, "one")
	bad := errors.New("bad sector")
	r, err := m.NewReader(io.MultiReader(bytes.NewReader(file[:HeadSize+2]), iotest.ErrReader(bad)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, bad) || errors.Is(err, ErrCut) {
		t.Errorf("error %v, want the disk's", err)
	}
}

func TestSealingAllocatesNothing(t *testing.T) {
	w, _, err := master(t).NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	second, room := make([]byte, 16000), make([]byte, 0, 16100)
	if n := testing.AllocsPerRun(100, func() { w.Append(room, second, false) }); n > 1 {
		t.Errorf("%v allocations a chunk, want at most 1", n)
	}
}

func FuzzReader(f *testing.F) {
	m, err := ParseMaster(bytes.Repeat([]byte("5a"), 32))
	if err != nil {
		f.Fatal(err)
	}
	file, _ := sealed(f, m, true, "one", "two")
	f.Add(file)
	f.Add(file[:len(file)-3])
	f.Fuzz(func(t *testing.T, file []byte) {
		if plain, err := opened(m, file); err == nil && len(plain) > len(file) {
			t.Fatal("more came out than was in")
		}
	})
}

func BenchmarkSealASecond(b *testing.B) {
	w, _, err := master(b).NewWriter()
	if err != nil {
		b.Fatal(err)
	}
	second, room := make([]byte, 16000), make([]byte, 0, 16100)
	b.SetBytes(16000)
	b.ReportAllocs()
	for b.Loop() {
		w.Append(room, second, false)
	}
}
