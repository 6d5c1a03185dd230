package prompt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"breakwater/media/wav"
)

// The sounds are made by tools/prompts, which needs a speech synthesiser. These tests
// need none: they hold the files against the table.
const remake = "run: go run ./tools/prompts"

func TestEverySoundIsMadeOfItsText(t *testing.T) {
	made := list(t)
	want := map[string]bool{}
	for _, e := range Entries() {
		for _, language := range e.Languages() {
			path := language + "/" + e.ID + ".wav"
			want[path] = true
			file, err := os.ReadFile("sounds/" + path)
			if err != nil {
				t.Errorf("%v; %s", err, remake)
				continue
			}
			sum := sha256.Sum256(file)
			if got := e.Fingerprint(language) + "\t" + hex.EncodeToString(sum[:]); got != made[path] {
				t.Errorf("%s was made of another text or was changed; %s", path, remake)
			}
		}
	}
	for path := range made {
		if !want[path] {
			t.Errorf("%s is in the list but not in the table; %s", path, remake)
		}
	}
	files, err := fs.Glob(os.DirFS("sounds"), "*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if !want[path] {
			t.Errorf("%s is in the folder but not in the table; %s", path, remake)
		}
	}
}

func TestEverySoundIsGood(t *testing.T) {
	b := open(t, Settings{})
	total := 0
	for _, e := range Entries() {
		for _, language := range e.Languages() {
			clip := b.shelves[language].clips[e.ID]
			if clip == nil {
				t.Errorf("%s %s is missing; %s", language, e.ID, remake)
				continue
			}
			total += len(clip.ULaw)
			low, high := -21.0, -19.0
			switch e.Kind {
			case Tone:
				low, high = -30, -20
			case Music:
				low, high = -23, -21
			default:
			}
			if l := clip.Level(); l < low || l > high {
				t.Errorf("%s has %.1f dBm0, want %.0f to %.0f", clip.Name, l, low, high)
			}
			if e.Kind == Protection && clip.Duration() > 10*time.Second {
				t.Errorf("%s lasts %v, at most 10 s are allowed", clip.Name, clip.Duration())
			}
			if clip.Duration() < 80*time.Millisecond || len(clip.ULaw)%160 != 0 {
				t.Errorf("%s has %d samples; too few or no whole packets", clip.Name, len(clip.ULaw))
			}
		}
	}
	if total > 7<<20 {
		t.Errorf("all sounds have %d bytes; the binary should not grow by more than 7 MiB", total)
	}
}

func TestTheSuspensionIsShortEnoughOnEveryDay(t *testing.T) {
	b := open(t, Settings{})
	for _, language := range b.Languages() {
		for day := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2028; day = day.AddDate(0, 0, 1) {
			clips, err := b.Sound(language, Suspend(day))
			if err != nil {
				t.Fatal(err)
			}
			if long := duration(clips); long > 10*time.Second {
				t.Errorf("%s on %s lasts %v", language, day.Format(time.DateOnly), long)
			}
		}
	}
}

func duration(clips []*wav.Clip) time.Duration {
	var sum time.Duration
	for _, c := range clips {
		sum += c.Duration()
	}
	return sum
}

// The wording of the protection prompts is part of the policy: a change here is a
// decision, not an edit.
func TestProtectionPromptsHaveTheirFixedWording(t *testing.T) {
	b := open(t, Settings{})
	for id, want := range map[string][2]string{
		"notice":      {"为保护双方权益，本次通话将被录音。请文明通话；如出现辱骂、威胁或骚扰，工作人员有权结束通话。", "This call is recorded for the protection of both sides. Please speak with respect: our staff may end a call in case of insults, threats or harassment."},
		"human":       {"接下来为您服务的，是某个人的女儿、父亲或朋友。请善待她/他。", "The person who will help you is someone's daughter, father or friend. Please be kind."},
		"warning-1":   {"请停止辱骂，我们愿意继续帮您；否则将结束通话。", "We want to go on helping you. The language just used is hurtful to our staff. Please stop, or we will have to end the call."},
		"warning-2":   {"这是第二次提醒，再继续将结束通话，录音将保存。", "This is the second reminder. If it continues the call will be ended and this recording kept. You can still reach us in writing."},
		"farewell":    {"通话现在结束。您可通过书面渠道继续反映，也可申请复核。", "We are sorry, this call is now ending. You can continue in writing and may ask for a review. Thank you."},
		"one-strike":  {"因威胁、性骚扰或侮辱人格的内容，通话立即结束并保存证据。", "Because of threatening, sexual or degrading content this call ends now and evidence is kept."},
		"long-call":   {"通话即将达到建议时长二十分钟，请告诉我们最重要的一点。", "We are near the recommended twenty minutes. Please tell us the most important point."},
		"hold":        {"请稍等二十秒，我马上为您继续。", "Please allow me twenty seconds, I will be right back."},
		"crisis-card": {"我在听。您现在安全吗？我想请一位专业的同事一起和您说。", "I am listening. Are you safe right now? I would like a trained colleague to join us."},
	} {
		if zh, en := b.Text("zh", id), b.Text("en", id); zh != want[0] || en != want[1] {
			t.Errorf("%s says %q and %q", id, zh, en)
		}
	}
	for _, language := range b.Languages() {
		for _, threat := range []string{"结束通话", "end the call", "be ended"} {
			if strings.Contains(b.Text(language, "warning-2-emergency"), threat) {
				t.Errorf("an emergency line threatens an ending: %q", threat)
			}
		}
	}
}

func TestEverySentenceIsInBothLanguages(t *testing.T) {
	for _, e := range Entries() {
		if e.Kind != Part && (e.Text["zh"] == "" || e.Text["en"] == "") {
			t.Errorf("%s is not in both languages", e.ID)
		}
	}
}

func TestTheVoiceIsGivenWhatItReadsRight(t *testing.T) {
	for _, c := range []struct {
		entry        Entry
		voice, words string
	}{
		{Entry{Text: map[string]string{"zh": "处理"}}, "zh", "处理"},
		{Entry{Text: map[string]string{"zh": "处理"}, say: map[string]string{"zh": "chu3 理"}}, "zh", "chu3 理"},
		{Entry{Text: map[string]string{"zh": "x"}, say: map[string]string{"zh": "[en] For English"}}, "en", "For English"},
	} {
		if voice, words := c.entry.Spoken("zh"); voice != c.voice || words != c.words {
			t.Errorf("%q is given to %s, want %q to %s", words, voice, c.words, c.voice)
		}
	}
	a := Entry{Kind: Menu, Text: map[string]string{"zh": "一", "en": "one"}}
	b := Entry{Kind: Menu, Text: map[string]string{"zh": "一", "en": "two"}}
	if a.Fingerprint("zh") != b.Fingerprint("zh") || a.Fingerprint("en") == b.Fingerprint("en") {
		t.Error("a fingerprint must change with its own text only")
	}
}

func TestAFaultInTheTableIsFound(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"too few columns":  {"# a\n\nx\tmenu\t一\n", "line 3: 3 columns"},
		"too many columns": {"x\tmenu\ta\tb\tc\td\te\n", "7 columns"},
		"an id twice":      {"x\tmenu\ta\tb\nx\tmenu\ta\tb\n", `line 2: id "x"`},
		"an id with colon": {"x:1\tmenu\ta\tb\n", `id "x:1"`},
		"no id":            {"\tmenu\ta\tb\n", `id ""`},
		"no text at all":   {"x\tmenu\t-\t\n", "x says nothing"},
	} {
		if _, err := parse(c.source); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// list is what tools/prompts wrote about what it made.
func list(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.ReadFile("sounds/made.tsv")
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]string{}
	for line := range bytes.Lines(file) {
		if path, rest, ok := strings.Cut(strings.TrimSpace(string(line)), "\t"); ok {
			made[path] = rest
		}
	}
	return made
}
