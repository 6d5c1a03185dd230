package prompt

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"breakwater/media/g711"
	"breakwater/media/wav"
)

func open(t *testing.T, s Settings) *Book {
	t.Helper()
	b, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNumbersAreSpokenAsPeopleSpeak(t *testing.T) {
	b := open(t, Settings{})
	for n, want := range map[int][2]string{
		0:       {"zero", "零"},
		1:       {"one", "一"},
		2:       {"two", "二"},
		10:      {"ten", "十"},
		11:      {"eleven", "十一"},
		12:      {"twelve", "十二"},
		19:      {"nineteen", "十九"},
		20:      {"twenty", "二十"},
		21:      {"twenty-one", "二十一"},
		99:      {"ninety-nine", "九十九"},
		100:     {"one hundred", "一百"},
		101:     {"one hundred and one", "一百零一"},
		105:     {"one hundred and five", "一百零五"},
		110:     {"one hundred and ten", "一百一十"},
		112:     {"one hundred and twelve", "一百一十二"},
		120:     {"one hundred and twenty", "一百二十"},
		200:     {"two hundred", "二百"},
		222:     {"two hundred and twenty-two", "二百二十二"},
		999:     {"nine hundred and ninety-nine", "九百九十九"},
		1000:    {"one thousand", "一千"},
		1001:    {"one thousand and one", "一千零一"},
		1010:    {"one thousand and ten", "一千零一十"},
		1100:    {"one thousand one hundred", "一千一百"},
		1105:    {"one thousand one hundred and five", "一千一百零五"},
		2000:    {"two thousand", "两千"},
		2002:    {"two thousand and two", "两千零二"},
		2022:    {"two thousand and twenty-two", "两千零二十二"},
		10_000:  {"ten thousand", "一万"},
		10_010:  {"ten thousand and ten", "一万零一十"},
		10_100:  {"ten thousand one hundred", "一万零一百"},
		11_005:  {"eleven thousand and five", "一万一千零五"},
		20_000:  {"twenty thousand", "两万"},
		120_000: {"one hundred and twenty thousand", "十二万"},
		100_500: {"one hundred thousand five hundred", "十万零五百"},
		999_999: {"nine hundred and ninety-nine thousand nine hundred and ninety-nine", "九十九万九千九百九十九"},
	} {
		for i, language := range []string{"en", "zh"} {
			if got := b.Text(language, Number(n)); got != want[i] {
				t.Errorf("%d in %s is %q, want %q", n, language, got, want[i])
			}
			if _, err := b.Sound(language, Number(n)); err != nil {
				t.Errorf("%d in %s has no sound: %v", n, language, err)
			}
		}
	}
}

func TestEveryNumberToAThousandHasASound(t *testing.T) {
	b := open(t, Settings{})
	for _, language := range b.Languages() {
		for n := range 1001 {
			if !b.Has(language, Number(n)) || !b.Has(language, Minutes(time.Duration(n)*time.Minute)) || !b.Has(language, Position(n)) {
				t.Fatalf("%d cannot be spoken in %s", n, language)
			}
		}
	}
}

func TestPhrasesWithAValue(t *testing.T) {
	b := open(t, Settings{})
	day := time.Date(2026, time.December, 5, 13, 0, 0, 0, time.UTC)
	for phrase, want := range map[string][2]string{
		Minutes(time.Minute):              {"about one minute", "大约一分钟"},
		Minutes(2 * time.Minute):          {"about two minutes", "大约两分钟"},
		Minutes(12 * time.Minute):         {"about twelve minutes", "大约十二分钟"},
		Minutes(22 * time.Minute):         {"about twenty-two minutes", "大约二十二分钟"},
		Position(1):                       {"You are number one in the queue", "您排在第一位"},
		Position(2):                       {"You are number two in the queue", "您排在第二位"},
		Position(3):                       {"You are number three in the queue", "您排在第三位"},
		Digits("0123"):                    {"zero one two three", "零幺二三"},
		Digits("*#"):                      {"star hash", "星号井号"},
		Date(day):                         {"the fifth of December", "十二月五日"},
		Pause(200 * time.Millisecond):     {"(200ms)", "(200ms)"},
		"welcome":                         {"Hello, and welcome.", "您好，欢迎致电。"},
		"tone-beep":                       {"a low beep: not possible", "a low beep: not possible"},
		"crisis-card":                     {"I am listening. Are you safe right now? I would like a trained colleague to join us.", "我在听。您现在安全吗？我想请一位专业的同事一起和您说。"},
		Suspend(day):                      {"After earlier reminders phone service is paused until the fifth of December. Press 9 for an urgent matter; otherwise please write to us.", "此前通话已两次提醒。电话服务将暂停至十二月五日；紧急事项请按 9，其他请书面联系。"},
		"a prompt that is not there":      {"a prompt that is not there", "a prompt that is not there"},
		"number:x":                        {"number:x", "number:x"},
		Minutes(-time.Hour):               {"about one minute", "大约一分钟"},
		Minutes(61 * time.Second):         {"about two minutes", "大约两分钟"},
		Position(-4):                      {"You are number one in the queue", "您排在第一位"},
		Number(-4):                        {"zero", "零"},
		Digits(" 1-2 "):                   {"one two", "幺二"},
		Pause(-time.Second):               {"(0s)", "(0s)"},
		Pause(time.Hour):                  {"(1m0s)", "(1m0s)"},
		Minutes(time.Duration(1<<63 - 1)): {b.Text("en", "number:999999"), b.Text("zh", "number:999999")},
		Date(time.Date(1, 1, 31, 0, 0, 0, 0, time.UTC)): {"the thirty-first of January", "一月三十一日"},
	} {
		for i, language := range []string{"en", "zh"} {
			got := b.Text(language, phrase)
			if strings.HasPrefix(phrase, "minutes:999999") {
				got = strings.NewReplacer("about ", "", " minutes", "", "大约", "", "分钟", "").Replace(got)
			}
			if got != want[i] {
				t.Errorf("%s in %s is %q, want %q", phrase, language, got, want[i])
			}
		}
	}
}

func TestSound(t *testing.T) {
	b := open(t, Settings{})
	clips, err := b.Sound("zh", "welcome", Pause(200*time.Millisecond), Position(2), "tone-zip")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range clips {
		names = append(names, c.Name)
		if c.Duration() == 0 || len(c.Sum) != 64 || len(c.ALaw) != len(c.ULaw) {
			t.Errorf("%s is not whole", c.Name)
		}
	}
	want := []string{"zh/welcome", "silence:200", "zh/position-before", "zh/number-2", "zh/position-after", "all/tone-zip"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if got := clips[1].Duration(); got != 200*time.Millisecond {
		t.Errorf("a pause of 200 ms lasts %v", got)
	}
	if got := b.Languages(); !slices.Equal(got, []string{"en", "zh"}) {
		t.Errorf("languages are %q", got)
	}
}

func TestWhatCannotBeSpokenIsNamed(t *testing.T) {
	b := open(t, Settings{})
	for phrase, want := range map[string]string{
		"warnig-1":           `did you mean "warning-1"?`,
		"numbr:12":           `did you mean "number:12"?`,
		"number:":            "no whole number from 0 to 999999",
		"number:1000000":     "no whole number from 0 to 999999",
		"number:-1":          "no whole number",
		"minutes:0":          "from 1 to",
		"position:x":         "from 1 to",
		"digits:":            "digits are 1 to 40",
		"digits:12a":         `'a' is no digit`,
		"date:tomorrow":      "no date such as 2026-12-05",
		"suspend:2026-13-01": "no date",
		"silence:61000":      "silence lasts 0 to 60000 ms",
		"silence:-1":         "silence lasts",
		"crisis-card":        "no such phrase",
		"":                   "no such phrase",
	} {
		_, err := b.Sound("en", "welcome", phrase)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "\""+phrase+"\"") {
			t.Errorf("%q: error %v, want one with the phrase and %q", phrase, err, want)
		}
		if b.Has("en", phrase) {
			t.Errorf("the book says it has %q", phrase)
		}
	}
	if _, err := b.Sound("zh", "warnig-1"); !errors.Is(err, ErrUnknown) {
		t.Errorf("error %v, want ErrUnknown", err)
	}
	if _, err := b.Sound("fr", "welcome"); err == nil || !strings.Contains(err.Error(), "en, zh") {
		t.Errorf("error %v for a language that is not there", err)
	}
	if _, err := b.Sound("all", "tone-beep"); err != nil {
		t.Errorf("tones have no language: %v", err)
	}
}

// put writes a WAV of so many samples into a folder.
func put(t *testing.T, folder, name string, samples int) {
	t.Helper()
	keep(t, folder, name, wav.Encode(g711.A, 1, make([]byte, samples)))
}

func keep(t *testing.T, folder, name string, content []byte) {
	t.Helper()
	path := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAFolderIsLaidOverTheBook(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "zh/welcome.wav", 801)
	keep(t, folder, "zh/welcome.txt", []byte("您好，这里是港湾。\n"))
	put(t, folder, "en/our-own-menu.wav", 802)
	put(t, folder, "fr/welcome.wav", 803)
	put(t, folder, "all/tone-zip.wav", 804)
	keep(t, folder, "README.txt", []byte("not a sound"))
	keep(t, folder, "zh/notes.odt", []byte("not a sound"))
	b := open(t, Settings{Folder: folder})

	for _, c := range []struct {
		language, phrase string
		samples          int
	}{{"zh", "welcome", 801}, {"en", "our-own-menu", 802}, {"fr", "welcome", 803}, {"en", "tone-zip", 804}, {"fr", "tone-zip", 804}} {
		clips, err := b.Sound(c.language, c.phrase)
		if err != nil || len(clips) != 1 || len(clips[0].ULaw) != c.samples {
			t.Errorf("%s %s: %d clips, %v; want one of %d samples", c.language, c.phrase, len(clips), err, c.samples)
		}
	}
	if got := b.Text("zh", "welcome"); got != "您好，这里是港湾。" {
		t.Errorf("the text laid over is %q", got)
	}
	if got := b.Text("en", "our-own-menu"); got != "our-own-menu" {
		t.Errorf("a sound without text says %q", got)
	}
	if b.Has("zh", "our-own-menu") || b.Has("fr", "goodbye") || b.Has("fr", "number:3") {
		t.Error("a language has only what is there")
	}
	if got := b.Languages(); !slices.Equal(got, []string{"en", "fr", "zh"}) {
		t.Errorf("languages are %q", got)
	}
}

func TestAFolderThatCannotBeUsedIsAnError(t *testing.T) {
	folder := t.TempDir()
	keep(t, folder, "zh/welcome.wav", []byte("no sound"))
	if _, err := Open(folder); err == nil || !strings.Contains(err.Error(), "zh/welcome") {
		t.Errorf("error %v, want one that names zh/welcome", err)
	}
	if _, err := Open(filepath.Join(folder, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want that the folder is not there", err)
	}
	if _, err := Open(filepath.Join(folder, "zh", "welcome.wav")); err == nil || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("error %v, want that it is no folder", err)
	}
	if err := os.Mkdir(filepath.Join(folder, "zh", "x.wav"), 0o755); err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(folder, "zh", "welcome.wav"))
	if _, err := Open(folder); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("error %v, want that it is no file", err)
	}
}

func TestMusic(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "jazz.wav", 4000)
	file := filepath.Join(folder, "jazz.wav")
	b := open(t, Settings{Music: map[string]string{"jazz": file}})
	if c, err := b.Music("jazz"); err != nil || len(c.ULaw) != 4000 || c.Name != file {
		t.Errorf("got %+v, %v", c, err)
	}
	c, err := b.Music("default")
	if err != nil {
		t.Fatal(err)
	}
	if c.Duration() < 20*time.Second || c.Duration() > 30*time.Second || len(c.ULaw)%160 != 0 {
		t.Errorf("the music lasts %v", c.Duration())
	}
	if step := loudest(c.ULaw[len(c.ULaw)-1], c.ULaw[0]); step > 3000 {
		t.Errorf("the loop has a seam: a step of %d", step)
	}
	if _, err := b.Music("jaz"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), `"jazz"`) {
		t.Errorf("error %v, want one that names jazz", err)
	}
	if got := b.MusicNames(); !slices.Equal(got, []string{"default", "jazz"}) {
		t.Errorf("names are %q", got)
	}
	if own := open(t, Settings{Music: map[string]string{"default": file}}); len(own.music["default"].ULaw) != 4000 {
		t.Error("the built-in music cannot be replaced")
	}
}

func loudest(a, b byte) int {
	step := int(g711.ULawToLinear[a]) - int(g711.ULawToLinear[b])
	return max(step, -step)
}

func TestSettingsAreChecked(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "good.wav", 10)
	keep(t, folder, "bad.wav", []byte("x"))
	s := Settings{
		Folder: filepath.Join(folder, "none"),
		Music: map[string]string{
			"good": filepath.Join(folder, "good.wav"),
			"bad":  filepath.Join(folder, "bad.wav"),
			"gone": filepath.Join(folder, "gone.wav"),
			"none": filepath.Join(folder, "good.wav"),
		},
	}.WithDefaults()
	wrong := s.Check()
	if got, want := slices.Sorted(maps.Keys(wrong)), []string{"folder", "music.bad", "music.gone", "music.none"}; !slices.Equal(got, want) {
		t.Fatalf("wrong are %q, want %q", got, want)
	}
	if !strings.Contains(wrong["music.bad"], "no WAV file") || !strings.Contains(wrong["music.gone"], "no such file") {
		t.Errorf("the sentences do not help: %q", wrong)
	}
	if _, err := New(Settings{Music: map[string]string{"gone": "gone.wav"}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want that the music is not there", err)
	}
	if wrong := (Settings{}).Check(); len(wrong) != 0 {
		t.Errorf("empty settings are wrong: %q", wrong)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"welcome", "warning-1", "warning-2", "goodbye"}
	for word, want := range map[string]string{
		"welcom": "welcome", "warning-3": "warning-1", "good-bye": "goodbye", "": "goodbye", "warning-2": "warning-2",
	} {
		if got := nearest(word, slices.Values(known)); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}

func FuzzSound(f *testing.F) {
	b, err := Open("")
	if err != nil {
		f.Fatal(err)
	}
	for _, phrase := range append([]string{"welcome", "number:", ":", "silence:-1", "digits:１"}, makers...) {
		f.Add("zh", phrase)
		f.Add("en", phrase)
	}
	f.Fuzz(func(t *testing.T, language, phrase string) {
		clips, err := b.Sound(language, phrase)
		if err == nil && (len(clips) == 0 || slices.Contains(clips, nil)) {
			t.Fatalf("%s %q has %d clips and no error", language, phrase, len(clips))
		}
		if b.Text(language, phrase) == "" && phrase != "" {
			t.Fatalf("%s %q says nothing", language, phrase)
		}
	})
}
