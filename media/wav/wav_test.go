package wav

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"breakwater/media/g711"
)

// chunk is a RIFF chunk with its padding.
func chunk(id string, body []byte) []byte {
	b := append([]byte(id), binary.LittleEndian.AppendUint32(nil, uint32(len(body)))...)
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func fmtChunk(tag, channels uint16, rate uint32, bits uint16) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, tag)
	b = le.AppendUint16(b, channels)
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, rate*uint32(channels)*uint32(bits)/8)
	b = le.AppendUint16(b, channels*bits/8)
	return chunk("fmt ", le.AppendUint16(b, bits))
}

func riff(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func pcm(samples ...int16) []byte {
	var b []byte
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

// tone is a second of a sine with peak 10000 at a rate.
func tone(hz float64, rate int) []int16 {
	s := make([]int16, rate)
	for i := range s {
		s[i] = int16(math.Round(10000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return s
}

// power is the mean power of samples in dB of a sine with peak 10000, without the
// ends where the filter has too little to look at.
func power(s []int16) float64 {
	s = s[400 : len(s)-400]
	sum := 0.0
	for _, v := range s {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(len(s))/(10000*10000/2)+1e-12)
}

func TestLoadKeepsG711BitByBit(t *testing.T) {
	codes := []byte{0x00, 0x7F, 0x80, 0xFF, 0x12}
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		file := Encode(law, 1, codes)
		c, err := Load("x", file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(c.Codes(law), codes) {
			t.Errorf("%s: got % x, want % x", law, c.Codes(law), codes)
		}
		if len(c.ALaw) != len(c.ULaw) || len(c.Sum) != 64 || c.Sum != sum(file) {
			t.Errorf("%s: clip is not whole: %+v", law, c)
		}
	}
}

func TestLoadReadsEveryUsualFile(t *testing.T) {
	for _, rate := range []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192000} {
		samples := tone(1000, rate)
		mono := riff(fmtChunk(1, 1, uint32(rate), 16), chunk("LIST", []byte("odd")), chunk("data", pcm(samples...)))
		var both []int16
		for _, s := range samples {
			both = append(both, s, s)
		}
		stereo := riff(fmtChunk(1, 2, uint32(rate), 16), chunk("data", pcm(both...)))
		for name, file := range map[string][]byte{"mono": mono, "stereo": stereo} {
			t.Run(fmt.Sprintf("%d Hz %s", rate, name), func(t *testing.T) {
				c, err := Load("tone", file)
				if err != nil {
					t.Fatal(err)
				}
				if c.Duration() != time.Second {
					t.Errorf("a second lasts %v", c.Duration())
				}
				if got, want := c.Level(), -7.17; math.Abs(got-want) > 0.15 {
					t.Errorf("level %.2f dBm0, want %.2f", got, want)
				}
			})
		}
	}
}

func TestLoadReadsG711OfOtherRatesAndStereo(t *testing.T) {
	samples := tone(700, 16000)
	codes := make([]byte, len(samples))
	g711.A.Encode(codes, samples)
	both := make([]byte, 2*len(codes))
	if n := Interleave(both, codes, codes); n != len(both) {
		t.Fatalf("interleaved %d bytes, want %d", n, len(both))
	}
	c, err := Load("x", riff(fmtChunk(6, 2, 16000, 8), chunk("data", both)))
	if err != nil {
		t.Fatal(err)
	}
	if c.Duration() != time.Second || math.Abs(c.Level()+7.17) > 0.15 {
		t.Errorf("%v at %.2f dBm0, want 1 s at −7.17", c.Duration(), c.Level())
	}
}

func TestLoadReadsExtensibleFormat(t *testing.T) {
	ext := fmtChunk(0xFFFE, 1, 8000, 16)[8:]
	ext = append(ext, 22, 0, 16, 0, 4, 0, 0, 0, 1, 0)
	ext = append(ext, make([]byte, 14)...)
	c, err := Load("x", riff(chunk("fmt ", ext), chunk("data", pcm(0, 8000))))
	if err != nil || len(c.ULaw) != 2 {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestLoadTakesAllOfAStreamWithoutLength(t *testing.T) {
	file := riff(fmtChunk(7, 1, 8000, 8), chunk("data", []byte{1, 2, 3, 4}))
	binary.LittleEndian.PutUint32(file[len(file)-8:], math.MaxUint32)
	c, err := Load("x", file)
	if err != nil || !bytes.Equal(c.ULaw, []byte{1, 2, 3, 4}) {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestABadFileIsNamedWithItsFault(t *testing.T) {
	good := fmtChunk(1, 1, 8000, 16)
	data := chunk("data", pcm(1, 2))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":                       {nil, "no WAV file"},
		"an MP3":                      {[]byte("ID3 and much more of it"), `begins with "ID3 and much"`},
		"no fmt chunk":                {riff(chunk("LIST", nil)), "fmt chunk: missing"},
		"no data chunk":               {riff(good), "data chunk: missing"},
		"data before fmt":             {riff(data, good), "data chunk: it comes before"},
		"an empty data chunk":         {riff(good, chunk("data", nil)), "data chunk: no samples"},
		"half a sample":               {riff(good, chunk("data", []byte{1})), "data chunk: no samples"},
		"a cut file":                  {riff(good, data)[:len(riff(good, data))-1], `"data" chunk: length 4, but the file ends after 3`},
		"a short fmt chunk":           {riff(chunk("fmt ", []byte{1, 0}), data), "fmt chunk: 2 bytes long"},
		"8-bit PCM":                   {riff(fmtChunk(1, 1, 8000, 8), data), "fmt chunk: 8 bits a sample"},
		"16-bit G.711":                {riff(fmtChunk(7, 1, 8000, 16), data), "fmt chunk: 16 bits a sample"},
		"floating point":              {riff(fmtChunk(3, 1, 8000, 32), data), "fmt chunk: format tag 0x3"},
		"extensible without its part": {riff(fmtChunk(0xFFFE, 1, 8000, 16), data), "fmt chunk: extensible"},
		"no channels":                 {riff(fmtChunk(1, 0, 8000, 16), data), "fmt chunk: 0 channels"},
		"surround sound":              {riff(fmtChunk(1, 6, 48000, 16), data), "fmt chunk: 6 channels"},
		"a strange rate":              {riff(fmtChunk(1, 1, 8001, 16), data), "fmt chunk: 8001 samples a second"},
		"no rate":                     {riff(fmtChunk(1, 1, 0, 16), data), "fmt chunk: 0 samples a second"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load("hello.wav", c.file)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `"hello.wav"`) {
				t.Errorf("error %v, want one with hello.wav and %q", err, c.want)
			}
		})
	}
	if _, err := Load("big", make([]byte, MaxFile+1)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("error %v for a file over the limit", err)
	}
}

func TestResampleKeepsSpeechAndDropsWhatWouldFold(t *testing.T) {
	for _, rate := range []int{16000, 22050, 44100, 48000} {
		for _, hz := range []float64{100, 300, 1000, 3000, 3400} {
			if got := power(Resample(tone(hz, rate), rate)); math.Abs(got) > 0.1 {
				t.Errorf("%v Hz at %d: %+.2f dB, want 0", hz, rate, got)
			}
		}
		for _, hz := range []float64{4400, 5000, 7000} {
			if got := power(Resample(tone(hz, rate), rate)); got > -70 {
				t.Errorf("%v Hz at %d folds back with %.1f dB, want below −70", hz, rate, got)
			}
		}
	}
	if got := power(Resample(tone(1000, 4000), 4000)); math.Abs(got) > 0.1 {
		t.Errorf("1000 Hz from 4000 samples a second: %+.2f dB, want 0", got)
	}
	if Resample(tone(1000, 8001), 8001) != nil {
		t.Error("a strange rate must give nothing")
	}
	if got := Resample(nil, 48000); len(got) != 0 {
		t.Errorf("nothing became %d samples", len(got))
	}
}

func TestFileGivesItsChannels(t *testing.T) {
	f, err := Parse(Encode(g711.Mu, 2, []byte{1, 11, 2, 12, 3, 13}))
	if err != nil {
		t.Fatal(err)
	}
	if l, r := f.Codes(0), f.Codes(1); !bytes.Equal(l, []byte{1, 2, 3}) || !bytes.Equal(r, []byte{11, 12, 13}) {
		t.Errorf("channels are % d and % d", l, r)
	}
	if got := f.Samples(1); len(got) != 3 || got[0] != g711.ULawToLinear[11] {
		t.Errorf("right channel is %v", got)
	}
	if f.Codes(2) != nil || f.Samples(-1) != nil {
		t.Error("a channel that is not there must give nil")
	}
	p, err := Parse(riff(fmtChunk(1, 1, 8000, 16), chunk("data", pcm(5))))
	if err != nil {
		t.Fatal(err)
	}
	if p.Codes(0) != nil {
		t.Error("PCM has no codes")
	}
	if _, ok := p.Law(); ok {
		t.Error("PCM has no law")
	}
}

func TestClips(t *testing.T) {
	s := Silence("pause", 200*time.Millisecond)
	if s.Duration() != 200*time.Millisecond || s.ULaw[0] != 0xFF || s.ALaw[0] != 0xD5 || !math.IsInf(s.Level(), -1) {
		t.Errorf("silence is %v of %#x and %#x at %v", s.Duration(), s.ULaw[0], s.ALaw[0], s.Level())
	}
	if Silence("x", -time.Second).Duration() != 0 {
		t.Error("a negative pause must be empty")
	}
	half := append(make([]int16, 8000), tone(1000, 8000)...)
	if got := FromSamples("half", half).Level(); math.Abs(got+7.17) > 0.1 {
		t.Errorf("pauses lower the level to %.2f dBm0, want −7.17", got)
	}
	a := FromCodes("a", g711.A, []byte{0xD5}) // A-law has no zero: its smallest step is µ-law's too
	if a.ULaw[0] != 0xFE || a.ALaw[0] != 0xD5 {
		t.Errorf("A-law silence became %#x", a.ULaw[0])
	}
}

func TestARecordingIsSalvagedWhereverItEnds(t *testing.T) {
	for _, law := range []g711.Law{g711.Mu, g711.A} {
		file := Encode(law, 2, []byte{1, 11, 2, 12, 3, 13})
		for size := range len(file) + 1 {
			f, err := Salvage(file[:size])
			if pairs := (size - HeaderSize) / 2; size < HeaderSize+2 {
				if err == nil {
					t.Fatalf("%d bytes: %+v", size, f)
				}
			} else if err != nil || len(f.Codes(0)) != pairs || len(f.Codes(1)) != pairs || f.Codes(1)[0] != 11 {
				t.Fatalf("%d bytes: %+v, %v; want %d pairs", size, f, err, pairs)
			}
		}
		if got, err := Salvage(append(Header(law, 2, 2), 1, 11, 2, 12)); err != nil || len(got.Codes(0)) != 2 {
			t.Errorf("what was written after the lengths is lost: %+v, %v", got, err)
		}
		if got, channels, ok := ReadHeader(Header(law, 1, 1<<40)); got != law || channels != 1 || !ok {
			t.Errorf("a header reads as %v, %d, %v", got, channels, ok)
		}
	}
	if f, err := Salvage(riff(fmtChunk(1, 1, 8000, 16), chunk("data", pcm(5, 6)))); err != nil || len(f.Samples(0)) != 2 {
		t.Errorf("another WAV file: %+v, %v", f, err)
	}
}

func TestInterleaveTakesAnyLength(t *testing.T) {
	for n := range 40 {
		l, r := make([]byte, n), make([]byte, n+n%3)
		for i := range n {
			l[i], r[i] = byte(3*i+1), byte(251-5*i)
		}
		dst := bytes.Repeat([]byte{9}, 2*n+1)
		if got := Interleave(dst, l, r); got != 2*n || dst[2*n] != 9 {
			t.Fatalf("%d samples: wrote %d bytes and %d behind them", n, got, dst[2*n])
		}
		for i := range n {
			if dst[2*i] != l[i] || dst[2*i+1] != r[i] {
				t.Fatalf("%d samples: pair %d is %d, %d", n, i, dst[2*i], dst[2*i+1])
			}
		}
	}
}

func BenchmarkInterleave20ms(b *testing.B) {
	left, right, both := make([]byte, 160), make([]byte, 160), make([]byte, 320)
	for b.Loop() {
		Interleave(both, left, right)
	}
}

func TestHeaderIsWhatTheStandardSays(t *testing.T) {
	h := Header(g711.Mu, 2, 16000)
	if len(h) != HeaderSize {
		t.Fatalf("%d bytes, want %d", len(h), HeaderSize)
	}
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		got, want uint32
	}{
		"RIFF length":       {le.Uint32(h[4:]), 16000 + HeaderSize - 8},
		"format tag":        {uint32(le.Uint16(h[20:])), 7},
		"channels":          {uint32(le.Uint16(h[22:])), 2},
		"rate":              {le.Uint32(h[24:]), 8000},
		"bytes a second":    {le.Uint32(h[28:]), 16000},
		"block":             {uint32(le.Uint16(h[32:])), 2},
		"bits":              {uint32(le.Uint16(h[34:])), 8},
		"fact: samples":     {le.Uint32(h[46:]), 8000},
		"data length":       {le.Uint32(h[54:]), 16000},
		"a size over 4 GiB": {le.Uint32(Header(g711.A, 2, 1<<40)[54:]), math.MaxUint32 - HeaderSize},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
	if got := Encode(g711.Mu, 1, []byte{1}); len(got) != HeaderSize+2 {
		t.Errorf("an odd file has %d bytes, want %d", len(got), HeaderSize+2)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(Encode(g711.Mu, 1, []byte{1, 2, 3}))
	f.Add(Encode(g711.A, 2, []byte{1, 2, 3, 4}))
	f.Add(riff(fmtChunk(1, 2, 44100, 16), chunk("data", pcm(1, 2, 3, 4))))
	f.Add(riff(fmtChunk(0xFFFE, 1, 8000, 16), chunk("LIST", []byte{1}), chunk("data", nil)))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := Load("fuzz", file)
		if err != nil {
			return
		}
		if len(c.ULaw) != len(c.ALaw) || len(c.Sum) != 64 {
			t.Fatalf("half a clip: %d and %d codes", len(c.ULaw), len(c.ALaw))
		}
	})
}
