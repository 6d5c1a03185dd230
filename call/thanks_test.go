package call

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/media"
	"breakwater/media/g711"
	"breakwater/media/seal"
	"breakwater/media/wav"
)

// thanked is a record of a call in which anna was thanked at 30 s, and ben at 90 s, of
// a recording that began at 5 s.
func thanked(id string, files ...string) Record {
	start := time.Now().Add(-time.Hour)
	step := func(at time.Duration, name, note string) Step {
		return Step{At: start.Add(at), Mono: at, Name: name, Note: note}
	}
	return Record{
		ID: id, Start: start, Agent: "anna", Recordings: files,
		Segments: []Segment{
			{Kind: "talk", Agent: "anna", From: start, To: start.Add(time.Minute)},
			{Kind: "talk", Agent: "ben", From: start.Add(time.Minute), To: start.Add(2 * time.Minute)},
		},
		Steps: []Step{
			step(5*time.Second, "recording.start", id+".wav"),
			step(30*time.Second, "bookmark.thanks", ""),
			step(90*time.Second, "bookmark.thanks", ""),
			step(2*time.Minute, "recording.end", id+".wav"),
			step(3*time.Minute, "bookmark.thanks", ""),
		},
	}
}

func TestAComplimentBelongsToTheAgentWhoHadTheCaller(t *testing.T) {
	r := thanked("A", "2026/A.wav", "2026/A-2.wav", "2026/A-2.wav.marks.jsonl", "2026/AB.wav", "2026/A-part2.wav")
	anna, ben := r.compliments("anna"), r.compliments("ben")
	if len(anna) != 1 || anna[0].at != 25*time.Second || len(ben) != 1 || ben[0].at != 85*time.Second {
		t.Fatalf("anna %+v, ben %+v", anna, ben)
	}
	if want := []string{"2026/A.wav", "2026/A-2.wav"}; !slices.Equal(anna[0].files, want) {
		t.Errorf("files %v, want %v", anna[0].files, want)
	}
	if got := r.compliments("sofia"); got != nil {
		t.Errorf("sofia was never in the call: %+v", got)
	}
}

// writeRecording writes a two-channel file in which every second of the caller holds
// its own code, counted from first; the other channel holds 0x7F.
func writeRecording(t failer, path string, law g711.Law, first byte, seconds int) {
	codes := make([]byte, 0, 2*seconds*g711.Rate)
	for s := range seconds {
		for range g711.Rate {
			codes = append(codes, first+byte(s), 0x7F)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatalf("%v", err)
	}
	if err := os.WriteFile(path, wav.Encode(law, 2, codes), 0o600); err != nil {
		t.Fatalf("%v", err)
	}
}

// archive opens files as an engine with that key would; nil = it has none.
type archive struct{ key *seal.Master }

func (a archive) OpenRecording(path string) (io.ReadCloser, error) {
	return media.OpenRecording(path, a.key)
}

// Recordings that only the key opens are heard like others; also one whose server died
// before its end.
func TestThanksInASealedRecordingAreHeard(t *testing.T) {
	folder := t.TempDir()
	keyFile := filepath.Join(folder, "master.key")
	if err := media.WriteMasterKey(keyFile); err != nil {
		t.Fatal(err)
	}
	key, err := media.ReadMasterKey(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	writeRecording(t, filepath.Join(folder, "plain.wav"), g711.Mu, 0, 60)
	plain, err := os.ReadFile(filepath.Join(folder, "plain.wav"))
	if err != nil {
		t.Fatal(err)
	}
	w, sealed, err := key.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	sealed = w.Append(sealed, wav.Header(g711.Mu, 2, 0), false) // as it was when the recording began
	for piece := range slices.Chunk(plain[wav.HeaderSize:], 2*g711.Rate) {
		sealed = w.Append(sealed, piece, false)
	}
	whole := w.Append(slices.Clone(sealed), nil, true)
	for name, file := range map[string][]byte{"whole.wav": whole, "cut.wav": sealed} {
		if err := os.WriteFile(filepath.Join(folder, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
		k := compliment{files: []string{name}, at: 40 * time.Second}
		clip, err := k.clip(archive{key}, folder)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if codes := clip.Codes(g711.Mu); len(codes) != 20*g711.Rate || codes[0] != 20 || codes[len(codes)-1] != 39 {
			t.Errorf("%s: %d s from %d to %d", name, len(codes)/g711.Rate, codes[0], codes[len(codes)-1])
		}
		if clip, err := k.clip(archive{}, folder); err == nil {
			t.Errorf("%s is heard without the key: %v", name, clip)
		}
	}
}

func TestTheSoundOfAComplimentIsTheCallerBeforeTheKey(t *testing.T) {
	folder := t.TempDir()
	writeRecording(t, filepath.Join(folder, "A.wav"), g711.Mu, 0, 60)
	writeRecording(t, filepath.Join(folder, "A-2.wav"), g711.A, 100, 60)
	both := []string{"A.wav", "A-2.wav"}
	for name, c := range map[string]struct {
		at          time.Duration
		law         g711.Law
		first, last byte
		seconds     int
	}{
		"in the middle":          {40 * time.Second, g711.Mu, 20, 39, 20},
		"near the beginning":     {5 * time.Second, g711.Mu, 0, 4, 5},
		"at the end of a file":   {60 * time.Second, g711.Mu, 40, 59, 20},
		"after a codec change":   {90 * time.Second, g711.A, 110, 129, 20},
		"just after the change":  {63 * time.Second, g711.A, 100, 102, 3},
		"beyond what is written": {300 * time.Second, g711.A, 140, 159, 20},
	} {
		t.Run(name, func(t *testing.T) {
			clip, err := compliment{files: both, at: c.at}.clip(archive{}, folder)
			if err != nil {
				t.Fatal(err)
			}
			codes := clip.Codes(c.law)
			if len(codes) != c.seconds*g711.Rate || codes[0] != c.first || codes[len(codes)-1] != c.last {
				t.Errorf("%d s from %d to %d, want %d s from %d to %d",
					len(codes)/g711.Rate, codes[0], codes[len(codes)-1], c.seconds, c.first, c.last)
			}
		})
	}
}

func TestAComplimentWhoseRecordingIsBadIsAnErrorAndNoMore(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "text.wav"), []byte("no sound"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "empty.wav"), wav.Encode(g711.Mu, 2, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, files := range [][]string{nil, {"gone.wav"}, {"text.wav"}, {"empty.wav"}} {
		if clip, err := (compliment{files: files, at: time.Second}).clip(archive{}, folder); err == nil || clip != nil {
			t.Errorf("files %v: clip %v, error %v", files, clip, err)
		}
	}
}

func TestAnAgentHearsHowManyThankedAndTheNewestOfThem(t *testing.T) {
	for name, c := range map[string]struct {
		before func(r *room)
		hears  []string
		played bool
	}{
		"nobody": {func(*room) {}, []string{"no-messages"}, false},
		"one, recorded": {func(r *room) {
			r.journal.sealed = []Record{thanked("A", "A.wav")}
			writeRecording(r.t, filepath.Join(r.folder, "A.wav"), g711.Mu, 0, 60)
		}, []string{"thanks-count", "number-1"}, true},
		"one, never recorded": {func(r *room) {
			rec := thanked("A")
			r.journal.sealed = []Record{rec}
		}, []string{"thanks-count", "number-1"}, false},
		"two, and the newest was deleted": {func(r *room) {
			r.journal.sealed = []Record{thanked("A", "A.wav"), thanked("B", "B.wav")}
			writeRecording(r.t, filepath.Join(r.folder, "A.wav"), g711.Mu, 0, 60)
		}, []string{"thanks-count", "number-2"}, true},
		"a journal that fails": {func(r *room) { r.journal.setFail(errDisk) }, []string{toneBeep, "not-possible-now"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				before := r.journal.sealed
				c.before(r)
				phone := r.dial("1001", codeThanks)
				wait(time.Minute)
				r.journal.setFail(nil)
				wait(2 * time.Minute)
				for _, want := range c.hears {
					if !phone.playedTo(want) {
						t.Errorf("heard %v, want %s", phone.heard, want)
					}
				}
				if phone.playedTo("thanks") != c.played {
					t.Errorf("the thanks were played %v, want %v: heard %v", phone.playedTo("thanks"), c.played, phone.heard)
				}
				if phone.up() {
					t.Error("the code goes on for ever")
				}
				r.journal.mu.Lock() // what was put there is no call of this room
				r.journal.sealed = append(before, r.journal.sealed[len(r.journal.sealed)-1])
				r.journal.mu.Unlock()
			})
		})
	}
}

func TestThanksGivenInACallAreHeardAfterIt(t *testing.T) {
	inRoom(t, func(r *room) {
		r.sounds.record()
		r.logIn("anna", "1001")
		caller, agent := r.talking("8100")
		wait(30 * time.Second)
		agent.press("**")
		wait(10 * time.Second)
		caller.hangUp()
		rec := r.record()
		writeRecording(t, filepath.Join(r.folder, rec.Recordings[0]), g711.Mu, 0, 45)
		synctest.Wait()
		phone := r.dial("1001", codeThanks)
		wait(time.Minute)
		if !phone.playedTo("number-1") || !phone.playedTo("thanks") {
			t.Errorf("heard %v", phone.heard)
		}
	})
}
