package plot

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/guard"
	"breakwater/media/wav"
)

// whistled is a second of something like speech, a second of a whistle, and a second of
// the other, at a rate.
func whistled(rate int) []int16 {
	x := make([]int16, 3*rate)
	for i := range x {
		t := float64(i) / float64(rate)
		if t >= 1 && t < 2 {
			x[i] = int16(20000 * math.Sin(2*math.Pi*2500*t))
			continue
		}
		syllable := 0.5 + 0.5*math.Sin(2*math.Pi*4*t)
		x[i] = int16(3000 * syllable * (math.Sin(2*math.Pi*180*t) + math.Sin(2*math.Pi*540*t+1)))
	}
	return x
}

// file is a WAV file of 16-bit samples, of as many channels as are given.
func file(rate int, channels ...[]int16) *wav.File {
	var data []byte
	for i := range channels[0] {
		for _, x := range channels {
			data = binary.LittleEndian.AppendUint16(data, uint16(x[i]))
		}
	}
	return &wav.File{Format: wav.PCM16, Channels: len(channels), Rate: rate, Data: data}
}

func coded(law g711.Law) *wav.File {
	f := &wav.File{Format: wav.ULaw, Channels: 1, Rate: 8000, Data: make([]byte, 3*8000)}
	if law == g711.A {
		f.Format = wav.ALaw
	}
	law.Encode(f.Data, whistled(8000))
	return f
}

func TestATraceTellsWhatTheGuardDid(t *testing.T) {
	quiet := make([]int16, 3*8000)
	for name, c := range map[string]struct {
		file    *wav.File
		channel int
	}{
		"µ-law":                          {coded(g711.Mu), 0},
		"A-law":                          {coded(g711.A), 0},
		"16 bit at 8000 Hz":              {file(8000, whistled(8000)), 0},
		"16 bit at 16000 Hz":             {file(16000, whistled(16000)), 0},
		"the left of two channels":       {file(8000, whistled(8000), quiet), 0},
		"the right of two channels":      {file(8000, quiet, whistled(8000)), 1},
		"G.711 at 16000 Hz, of no codec": {&wav.File{Format: wav.ULaw, Channels: 1, Rate: 16000, Data: encoded(whistled(16000))}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			trace, err := Listen("a call", c.file, c.channel, guard.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			if len(trace.Steps) != 150 {
				t.Fatalf("%d steps, want 150 of three seconds", len(trace.Steps))
			}
			voice, whistle := trace.Steps[20], trace.Steps[80]
			if voice.Before != voice.After || voice.Gain != 0 || voice.Rules != 0 {
				t.Errorf("a voice is shown as %+v, want it untouched", voice)
			}
			if !whistle.Rules.Has(guard.ByTone) || whistle.After > -28 || whistle.Before < -5 || math.Abs(whistle.Before+whistle.Gain-whistle.After) > 0.5 {
				t.Errorf("a whistle is shown as %+v, want it turned down as a tone", whistle)
			}
		})
	}
}

func encoded(x []int16) []byte {
	codes := make([]byte, len(x))
	g711.Mu.Encode(codes, x)
	return codes
}

func TestAFileThatCannotBeDrawnIsToldWhy(t *testing.T) {
	for name, c := range map[string]struct {
		file    []byte
		channel int
		want    string
	}{
		"no WAV file":               {[]byte("ID3 something else"), 0, "no WAV file"},
		"empty":                     {nil, 0, "no WAV file"},
		"a rate no phone has":       {bytesOf(file(44100, make([]int16, 1000))), 0, "44100 samples a second; the guard hears 8000 and 16000"},
		"a right that is not there": {bytesOf(file(8000, make([]int16, 1000))), 1, "no channel 2: the file has 1"},
		"nothing in it":             {bytesOf(file(8000, nil)), 0, "no samples"},
	} {
		if _, err := PNG("x", c.file, c.channel); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// bytesOf is a file as it is on disk.
func bytesOf(f *wav.File) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(f.Format))
	b = binary.LittleEndian.AppendUint16(b, uint16(f.Channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Rate*2*f.Channels))
	b = binary.LittleEndian.AppendUint16(b, uint16(2*f.Channels))
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Data)))
	return append(b, f.Data...)
}

func TestThePictureShowsTheWhistle(t *testing.T) {
	out, err := PNG("a call", bytesOf(file(8000, whistled(8000), make([]int16, 3*8000))), 0)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if picture.Bounds() != image.Rect(0, 0, width, height) {
		t.Fatalf("the picture is %v", picture.Bounds())
	}
	mark := rulesTop + int(guard.ByTone)*ruleHeight + ruleHeight/2
	third := (right - left) / 3
	for name, c := range map[string]struct {
		x, y   int
		colour color.RGBA
		want   bool
	}{
		"the mark of the tone":      {left + third*3/2, mark, ruleColours[guard.ByTone], true},
		"no mark before it":         {left + third/2, mark - 4, ruleColours[guard.ByTone], false},
		"what was taken off":        {left + third*3/2, levelTop + 80, taken, true},
		"nothing taken off a voice": {left + third/2, levelTop + 40, taken, false},
		"the corner is empty":       {2, 2, white, true},
	} {
		if got := near(picture.At(c.x, c.y), c.colour); got != c.want {
			t.Errorf("%s: %v at %d, %d", name, picture.At(c.x, c.y), c.x, c.y)
		}
	}
}

// near tells whether two colours are alike.
func near(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	off := func(x, y uint32) float64 { return math.Abs(float64(x)-float64(y)) / 257 }
	return off(ar, br)+off(ag, bg)+off(ab, bb) < 90
}

func TestLongAndShortRecordingsHaveAPicture(t *testing.T) {
	for _, steps := range []int{1, 2, 49, right - left, 3 * (right - left), 100_000} {
		trace := &Trace{Title: "long", Steps: make([]Step, steps), Ceiling: -9}
		for i := range trace.Steps {
			trace.Steps[i] = Step{Before: -20, After: math.Inf(-1), Gain: math.Inf(-1), Leveller: -3, Rules: 1 << guard.ByDigit}
		}
		picture := trace.Draw()
		if !near(picture.At((left+right)/2, rulesTop+int(guard.ByDigit)*ruleHeight+ruleHeight/2), ruleColours[guard.ByDigit]) {
			t.Errorf("%d steps: no mark is seen", steps)
		}
		if n := len(trace.columns()); n > right-left {
			t.Errorf("%d steps: %d columns", steps, n)
		}
	}
}

func TestTheLoudestOfAColumnIsSeen(t *testing.T) {
	trace := &Trace{Steps: make([]Step, 10*(right-left))}
	for i := range trace.Steps {
		trace.Steps[i] = Step{Before: -40, After: -40}
	}
	trace.Steps[12345] = Step{Before: 3, After: -9, Gain: -12}
	if got, want := trace.columns()[1234], (Step{Before: 3, After: -9, Gain: -12}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTimeIsMarkedEightToSixteenTimes(t *testing.T) {
	for seconds, want := range map[float64]string{0.5: "0.05", 12: "1", 60: "5", 150: "10", 3600: "5:00"} {
		each := tick(seconds)
		if n := seconds / each; n < 6 || n > 16 {
			t.Errorf("%v s: a mark every %v s", seconds, each)
		}
		if got := clock(each, each); got != want {
			t.Errorf("%v s: the first mark says %q, want %q", seconds, got, want)
		}
	}
}

func TestEveryLetterCanBeDrawn(t *testing.T) {
	for letter := range letters {
		for _, stroke := range strokes(letter) {
			for _, p := range stroke {
				if p.x < 0 || p.x > 4 || p.y < 0 || p.y > 9 {
					t.Errorf("%q: a point at %v", letter, p)
				}
			}
		}
	}
	words := "level, dBm0 A gain, dB rules times seconds minutes before the guard at the agent's ear taken off of it the leveller's −0123456789. · % : ceiling"
	for rule := range guard.Rule(guard.Rules) {
		words += rule.String()
	}
	for _, letter := range words {
		if _, known := letters[letter]; !known {
			t.Errorf("the picture uses %q, which is not drawn", letter)
		}
	}
	if got := strokes('中'); len(got) != 1 || len(got[0]) != 5 {
		t.Errorf("an unknown letter is %v, want a box", got)
	}
}

func TestEveryRuleHasAColour(t *testing.T) {
	for rule := range guard.Rule(guard.Rules) {
		if ruleColours[rule] == (color.RGBA{}) {
			t.Errorf("%v has none", rule)
		}
	}
}
