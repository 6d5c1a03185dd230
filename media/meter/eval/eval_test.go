package eval_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"breakwater/media/g711"
	"breakwater/media/meter"
	"breakwater/media/meter/eval"
	"breakwater/media/prompt"
	"breakwater/media/wav"
)

// The example set is made by a script: the voices of the prompts, and what effort makes of
// them. It shows that the tool counts rightly, not that the meter is good.

const rate = g711.Rate

var book = sync.OnceValues(func() (*prompt.Book, error) { return prompt.Open("") })

// voice is so many seconds of speech at about −20 dBm0, from some prompt on.
func voice(t testing.TB, from, seconds int) []int16 {
	t.Helper()
	book, err := book()
	if err != nil {
		t.Fatal(err)
	}
	var x []int16
	entries := prompt.Entries()
	for i := from; len(x) < seconds*rate; i++ {
		e := entries[i%len(entries)]
		if !slices.Contains(e.Languages(), "en") || e.Kind == prompt.Tone || e.Kind == prompt.Music {
			continue
		}
		clips, err := book.Sound("en", e.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range clips {
			y := make([]int16, len(c.ULaw))
			g711.Mu.Decode(y, c.ULaw)
			x = append(x, scaled(y, -20-c.Level())...)
		}
	}
	return x[:seconds*rate]
}

func scaled(x []int16, dB float64) []int16 {
	y := make([]int16, len(x))
	for i, s := range x {
		y[i] = g711.Clip(float64(s) * math.Pow(10, dB/20))
	}
	return y
}

// shouted is a voice with effort, as long as before.
func shouted(x []int16) []int16 {
	y, last := make([]int16, len(x)), 0.0
	step := math.Pow(2, 5.0/12)
	for i := range y {
		at := math.Mod(float64(i)*step, float64(len(x)-1))
		v := float64(x[int(at)])
		y[i] = g711.Clip(8 * (v - 0.5*last))
		last = v
	}
	return y
}

// recording is a WAV file of two channels, A-law.
func recording(t testing.TB, caller, agent []int16) *fstest.MapFile {
	t.Helper()
	left, right := make([]byte, len(caller)), make([]byte, len(caller))
	g711.A.Encode(left, caller)
	for i := range right {
		right[i] = g711.A.Silence()
	}
	g711.A.Encode(right, agent)
	stereo := make([]byte, 0, 2*len(left))
	for i := range left {
		stereo = append(stereo, left[i], right[i])
	}
	return &fstest.MapFile{Data: riff(6, 2, 8, stereo)}
}

// riff is a WAV file at 8000 Hz.
func riff(format, channels, bits uint16, data []byte) []byte {
	var b bytes.Buffer
	le := func(v any) {
		switch v := v.(type) {
		case uint16:
			b.Write([]byte{byte(v), byte(v >> 8)})
		case uint32:
			b.Write([]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)})
		}
	}
	block := channels * bits / 8
	b.WriteString("RIFF")
	le(uint32(36 + len(data)))
	b.WriteString("WAVEfmt ")
	le(uint32(16))
	le(format)
	le(channels)
	le(uint32(rate))
	le(uint32(rate) * uint32(block))
	le(block)
	le(bits)
	b.WriteString("data")
	le(uint32(len(data)))
	b.Write(data)
	return b.Bytes()
}

// examples are ten calls of a minute: eight neutral, two in which the caller shouts from 20
// to 40 s. Anna and Ben heard them; Ben marks what Anna does, a little later.
func examples(t testing.TB) fstest.MapFS {
	set := fstest.MapFS{}
	labels := "file,rater,start,end,group\n"
	for i := range 10 {
		name, group := fmt.Sprintf("call-%02d.wav", i), "younger"
		if i%2 == 1 {
			group = "older"
		}
		x := voice(t, 17*i, 60)
		if i < 2 {
			copy(x[20*rate:40*rate], shouted(x[20*rate:40*rate]))
			labels += fmt.Sprintf("%s,anna,20,40,%s\n%s,ben,0:22,0:41,%s\n", name, group, name, group)
		} else {
			labels += fmt.Sprintf("%s,anna,,,%s\n%s,ben,,,%s\n", name, group, name, group)
		}
		set[name] = recording(t, x, make([]int16, 10*rate))
	}
	set["labels.csv"] = &fstest.MapFile{Data: []byte(labels)}
	set["notes/spare.wav"] = set["call-05.wav"]
	return set
}

func TestTheExampleSet(t *testing.T) {
	r, err := eval.FS(examples(t), eval.Options{Hours: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	n := r.All.Neutral
	if r.All.Calls != 10 || n.Calls != 8 || math.Abs(n.Hours-8./60) > 0.001 || n.Flags != 0 || n.PerHour != 0 {
		t.Errorf("neutral: %+v", r.All)
	}
	if math.Abs(n.Below-3*60./8) > 0.1 {
		t.Errorf("no flag in 8 minutes: the rate is below %.2f, want the 3 of the rule of three in 8 minutes", n.Below)
	}
	if w := r.All.Raised; w.Stretches != 2 || w.Found != 2 || w.Recall != 1 || w.Median <= 0 || w.Slow > 8 {
		t.Errorf("raised: %+v", w)
	}
	if len(r.Groups) != 2 || r.Groups[0].Group != "older" || r.Groups[0].Calls != 5 || r.Groups[1].Raised.Stretches != 1 {
		t.Errorf("groups: %+v", r.Groups)
	}
	if len(r.Raters) != 1 || r.Raters[0].Raters != [2]string{"anna", "ben"} || r.Raters[0].Calls != 10 || r.Raters[0].Kappa == nil {
		t.Fatalf("raters: %+v", r.Raters)
	}
	// Of 600 s they differ in 2·3; Anna marks 40, Ben 38, both 36.
	same := 594. / 600
	chance := 40./600*38/600 + 560./600*562/600
	if got, want := *r.Raters[0].Kappa, (same-chance)/(1-chance); math.Abs(got-want) > 1e-9 {
		t.Errorf("κ is %v, want %v", got, want)
	}
	if !slices.Equal(r.Unlabelled, []string{"notes/spare.wav"}) {
		t.Errorf("without a label: %v", r.Unlabelled)
	}
	if !r.Gate.Passed || !strings.HasPrefix(r.Gate.Sentence, "passed: 0 flags in 0.1 neutral call-hours") {
		t.Errorf("gate: %+v", r.Gate)
	}
	if len(r.False) != 0 || len(r.Missed) != 0 {
		t.Errorf("to listen to: %v %v", r.False, r.Missed)
	}
}

func TestTheGateStaysShut(t *testing.T) {
	shout := voice(t, 0, 60)
	copy(shout[20*rate:], shouted(shout[20*rate:]))
	calm := voice(t, 30, 60)
	for name, c := range map[string]struct {
		labels string
		hours  float64
		want   []string
	}{
		"too few hours": {"calm.wav,anna,,,", 5, []string{"not passed", "at least 5.0 hours"}},
		"a flag":        {"calm.wav,anna,,,\nshout.wav,anna,,,", 0.01, []string{"not passed: 1 flag in", "at most 0.20 are allowed"}},
	} {
		set := fstest.MapFS{
			"calm.wav":   recording(t, calm, nil),
			"shout.wav":  recording(t, shout, nil),
			"labels.csv": {Data: []byte("file,rater,start,end,group\n" + c.labels + "\n")},
		}
		r, err := eval.FS(set, eval.Options{Hours: c.hours})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if r.Gate.Passed || !strings.Contains(r.Gate.Sentence, want) {
				t.Errorf("%s: %+v, want %q", name, r.Gate, want)
			}
		}
	}
}

// A gate that the whole set passes stays shut when a group of callers does not.
func TestTheGateStaysShutForAGroup(t *testing.T) {
	shout := voice(t, 0, 40)
	copy(shout[20*rate:], shouted(shout[20*rate:]))
	set := fstest.MapFS{"calm.wav": recording(t, voice(t, 30, 40), nil), "s1.wav": recording(t, shout, nil), "s2.wav": recording(t, shout, nil)}
	set["labels.csv"] = &fstest.MapFile{Data: []byte("file,rater,start,end,group\ncalm.wav,a,,,\ns1.wav,a,,,hard of hearing\ns2.wav,a,,,hard of hearing\n")}
	r, err := eval.FS(set, eval.Options{Hours: 0.01, Allowed: 60}) // 2 flags in 2 min are 60 an hour; in the group 90
	if err != nil {
		t.Fatal(err)
	}
	if r.Gate.Passed || !strings.Contains(r.Gate.Sentence, `group "hard of hearing"`) {
		t.Errorf("gate: %+v; figures %+v", r.Gate, r.Groups)
	}
	if len(r.False) != 2 || r.False[0].File != "s1.wav" || r.False[0].At < 20 {
		t.Errorf("flags to listen to: %v", r.False)
	}
}

func TestWhatIsNotFoundIsTold(t *testing.T) {
	x := voice(t, 0, 40)
	set := fstest.MapFS{"a.wav": recording(t, x, nil)}
	set["labels.json"] = &fstest.MapFile{Data: []byte(`[{"file": "a.wav", "rater": "anna", "from": 5, "raised": [{"start": 10, "end": 20}, {"start": 30, "end": 31.5}]}]`)}
	r, err := eval.FS(set, eval.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w := r.All.Raised; w.Stretches != 1 || w.Found != 0 || w.Short != 1 || r.All.Neutral.Calls != 0 {
		t.Errorf("figures: %+v", r.All)
	}
	if len(r.Missed) != 1 || r.Missed[0].At != 10 {
		t.Errorf("missed: %v, want the stretch at 10 s of the recording", r.Missed)
	}
	if r.Gate.Passed {
		t.Error("passed without any neutral call")
	}
}

func TestThePartsThatAreNoConversationAreLeftOut(t *testing.T) {
	shout := voice(t, 0, 60)
	copy(shout[:20*rate], shouted(shout[:20*rate]))
	set := fstest.MapFS{"a.wav": recording(t, shout, nil)}
	set["labels.csv"] = &fstest.MapFile{Data: []byte("file,rater,start,end,from,to\na.wav,anna,,,25,55\n")}
	r, err := eval.FS(set, eval.Options{})
	if err != nil || r.All.Neutral.Flags != 0 || math.Abs(r.All.Hours*3600-30) > 0.01 {
		t.Errorf("%+v, %v; want 30 s without a flag", r, err)
	}
}

func TestBothFormsOfTheReport(t *testing.T) {
	r, err := eval.FS(examples(t), eval.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var table, text bytes.Buffer
	if err := r.Table(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"per hour", "older", "younger", "Cohen's κ 0.9", "recordings without a label, not heard: 1 (notes/spare.wav)", "not passed: 0 flags"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table\n%swant %q", table.String(), want)
		}
	}
	if err := r.JSON(&text); err != nil {
		t.Fatal(err)
	}
	var back eval.Report
	if err := json.Unmarshal(text.Bytes(), &back); err != nil || back.All != r.All || back.Gate != r.Gate {
		t.Errorf("from JSON: %v, %+v", err, back)
	}
	t.Log("\n" + table.String())
}

func TestWhatIsWrongWithRecordingsIsTold(t *testing.T) {
	good := recording(t, voice(t, 0, 10), nil)
	mono := &fstest.MapFile{Data: riff(7, 1, 8, make([]byte, rate))}
	for name, c := range map[string]struct {
		file   *fstest.MapFile
		labels string
		want   string
	}{
		"not there":     {nil, "a.wav,anna,,", "labels.csv:2: a.wav: there is no such recording in the folder"},
		"no WAV":        {&fstest.MapFile{Data: []byte("hello, this is no WAV")}, "a.wav,anna,,", "labels.csv:2: a.wav: this is no WAV file"},
		"one channel":   {mono, "a.wav,anna,,", "labels.csv:2: a.wav: one channel; two are needed"},
		"a folder":      {&fstest.MapFile{Mode: fs.ModeDir}, "a.wav,anna,,", "it is no file"},
		"after the end": {good, "a.wav,anna,1,2\na.wav,ben,5,15", "labels.csv:3: a.wav: 5.0 to 15.0 s is marked, but the recording ends after 10.0 s"},
	} {
		set := fstest.MapFS{"labels.csv": {Data: []byte("file,rater,start,end\n" + c.labels + "\n")}}
		if c.file != nil {
			set["a.wav"] = c.file
		}
		if _, err := eval.FS(set, eval.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: told %v, want %q", name, err, c.want)
		}
	}
	if _, err := eval.FS(fstest.MapFS{}, eval.Options{Meter: meter.Settings{Threshold: 7}}); err == nil || !strings.Contains(err.Error(), "threshold") {
		t.Errorf("settings that make no sense: %v", err)
	}
}

// PCM is heard as the wire would have carried it.
func TestPCMIsHeard(t *testing.T) {
	x := voice(t, 0, 20)
	data := make([]byte, 0, 4*len(x))
	for _, s := range x {
		data = append(data, byte(s), byte(s>>8), 0, 0)
	}
	set := fstest.MapFS{"a.wav": {Data: riff(uint16(wav.PCM16), 2, 16, data)}, "labels.csv": {Data: []byte("file,rater,start,end\na.wav,anna,,\n")}}
	if r, err := eval.FS(set, eval.Options{}); err != nil || r.All.Neutral.Calls != 1 || r.All.Hours*3600 < 19 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, examples(t)); err != nil {
		t.Fatal(err)
	}
	if r, err := eval.Dir(dir, eval.Options{}); err != nil || r.All.Calls != 10 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := eval.Dir(dir+"/nowhere", eval.Options{}); err == nil {
		t.Error("a folder that is not there is good")
	}
	if _, err := eval.Dir(dir+"/labels.csv", eval.Options{}); err == nil || !strings.Contains(err.Error(), "is no folder") {
		t.Errorf("a file as a folder: %v", err)
	}
}
