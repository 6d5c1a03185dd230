package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"breakwater/media"
	"breakwater/media/g711"
	"breakwater/media/seal"
	"breakwater/media/wav"
)

// sealedFile writes a sealed file of a recording in chunks of a second, with its last
// chunk or without.
func sealedFile(t *testing.T, keyFile, path string, plain []byte, finish bool) {
	t.Helper()
	master, err := media.ReadMasterKey(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	w, file, err := master.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	for len(plain) > 0 {
		n := min(len(plain), 16000)
		file = w.Append(file, plain[:n], false)
		plain = plain[n:]
	}
	if finish {
		file = w.Append(file, nil, true)
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRecordingCommands(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	if err := (newKeyCommand{Out: in("key")}).Run(); err != nil {
		t.Fatal(err)
	}
	key := keyFlag{KeyFile: in("key")}
	recording := wav.Encode(g711.A, 2, bytes.Repeat([]byte{0x11, 0x22}, 20000))
	track := append([]byte("BWGAIN1\n\x00\x00\x00\x00\x00\x00\x00\x00"), bytes.Repeat([]byte{255}, 50)...)
	want := bytes.Clone(recording)
	for i := range 8000 { // muted for a second
		want[wav.HeaderSize+2*i] = 0xD5
	}
	sealedFile(t, in("key"), in("sealed.wav"), recording, true)
	sealedFile(t, in("key"), in("sealed.wav.gain"), track, true)
	sealedFile(t, in("key"), in("cut.wav"), recording[:32000], false)
	for name, b := range map[string][]byte{"plain.wav": recording, "plain.wav.gain": track, "bare.wav": recording} {
		if err := os.WriteFile(in(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		run  func(out string) error
		want []byte
	}{
		"a plain recording as the agent heard it":  {func(out string) error { return heardCommand{In: in("plain.wav"), Out: out}.Run() }, want},
		"a sealed recording as the agent heard it": {func(out string) error { return heardCommand{keyFlag: key, In: in("sealed.wav"), Out: out}.Run() }, want},
		"a recording without a gain track":         {func(out string) error { return heardCommand{In: in("bare.wav"), Out: out}.Run() }, recording},
		"a sealed recording in plain":              {func(out string) error { return decryptCommand{keyFlag: key, In: in("sealed.wav"), Out: out}.Run() }, recording},
		"its gain track in plain":                  {func(out string) error { return decryptCommand{keyFlag: key, In: in("sealed.wav.gain"), Out: out}.Run() }, track},
		"one whose server died": {
			func(out string) error { return decryptCommand{keyFlag: key, In: in("cut.wav"), Out: out}.Run() },
			append(wav.Header(g711.A, 2, 32000-wav.HeaderSize), recording[wav.HeaderSize:32000]...),
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			if err := c.run(out); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, c.want) {
				t.Errorf("%d bytes, %v; want %d", len(got), err, len(c.want))
			}
			if err := c.run(out); err == nil {
				t.Error("a file was written over another one")
			}
		})
	}
}

func TestRecordingCommandsSayWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	for _, name := range []string{"key", "other"} {
		if err := media.WriteMasterKey(in(name)); err != nil {
			t.Fatal(err)
		}
	}
	recording := wav.Encode(g711.Mu, 2, make([]byte, 40000))
	sealedFile(t, in("key"), in("good.wav"), recording, true)
	bad, err := os.ReadFile(in("good.wav"))
	if err != nil {
		t.Fatal(err)
	}
	bad[seal.HeadSize+16020+20] ^= 1
	for name, b := range map[string][]byte{"bad.wav": bad, "plain.wav": recording} {
		if err := os.WriteFile(in(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		run  func(out string) error
		want string
	}{
		"no key is named":     {func(out string) error { return decryptCommand{In: in("good.wav"), Out: out}.Run() }, "--key-file"},
		"another key":         {func(out string) error { return decryptCommand{keyFlag{in("other")}, in("good.wav"), out}.Run() }, "sealed with master key"},
		"a bit was turned":    {func(out string) error { return decryptCommand{keyFlag{in("key")}, in("bad.wav"), out}.Run() }, "bad.wav: seal: chunk 1 was changed"},
		"it is not sealed":    {func(out string) error { return decryptCommand{keyFlag{in("key")}, in("plain.wav"), out}.Run() }, "not sealed"},
		"heard without a key": {func(out string) error { return heardCommand{In: in("good.wav"), Out: out}.Run() }, "master key is needed"},
	} {
		t.Run(name, func(t *testing.T) {
			out := in("out")
			if err := c.run(out); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("half a file was left")
			}
		})
	}
}
