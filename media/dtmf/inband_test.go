package dtmf_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"breakwater/media/dtmf"
	"breakwater/media/g711"
)

// What a detector of inband digits has to accept and to refuse: ITU-T Q.24, whose
// Annex A lists what administrations ask for. The figures are AT&T's where they differ.

const keypad = "123A456B789C*0#D"

// press is one digit as a phone sends it.
type press struct {
	key     byte
	lowOff  float64 // share of its frequency by which the low tone is off
	highOff float64
	level   float64 // dBm0 of the low tone
	twist   float64 // dB by which the high tone is louder
	length  time.Duration
	noise   float64 // dB by which white noise is below both tones; 0 is none
	from    int     // samples before it
	law     g711.Law
}

func (p press) samples(random *rand.Rand) []int16 {
	var low, high float64
	for i, k := range keypad {
		if byte(k) == p.key {
			low = []float64{697, 770, 852, 941}[i/4] * (1 + p.lowOff)
			high = []float64{1209, 1336, 1477, 1633}[i%4] * (1 + p.highOff)
		}
	}
	lowTop, highTop := crest(p.level), crest(p.level+p.twist)
	hiss := 0.0
	if p.noise > 0 {
		hiss = math.Hypot(lowTop, highTop) / math.Sqrt2 * math.Pow(10, -p.noise/20)
	}
	lowPhase, highPhase := 2*math.Pi*random.Float64(), 2*math.Pi*random.Float64()
	tone := int(p.length * 8000 / time.Second)
	x := make([]int16, p.from+tone+800)
	for i := range x {
		v := hiss * random.NormFloat64()
		if n := float64(i-p.from) * 2 * math.Pi / 8000; i >= p.from && i < p.from+tone {
			v += lowTop*math.Sin(low*n+lowPhase) + highTop*math.Sin(high*n+highPhase)
		}
		x[i] = g711.Clip(math.Round(v))
	}
	codes := make([]byte, len(x))
	p.law.Encode(codes, x)
	p.law.Decode(x, codes)
	return x
}

// crest is the largest sample of a sine of that level in dBm0.
func crest(level float64) float64 { return 32768 * math.Pow(10, (level-3.14)/20) }

// heard is what a detector makes of samples that come in frames.
type heard struct {
	keys    string
	lengths []time.Duration
	after   []int // samples until each digit was told
}

func listen(d *dtmf.Inband, x []int16, frame int) (h heard) {
	for at := 0; at < len(x); at += frame {
		end := min(at+frame, len(x))
		e := d.Feed(x[at:end])
		if e.Ended.Key != 0 {
			h.lengths = append(h.lengths, e.Ended.Duration)
		}
		if e.Begun != 0 {
			h.keys += string(e.Begun)
			h.after = append(h.after, end)
		}
	}
	return h
}

func TestADigitIsHeardWithinTheLimitsOfQ24AndNotBeyond(t *testing.T) {
	const ms = time.Millisecond
	usual := press{level: -12, length: 40 * ms}
	with := func(change func(*press)) press {
		p := usual
		change(&p)
		return p
	}
	for name, c := range map[string]struct {
		press press
		share float64 // of the digits that is heard: 1 all, 0 none
	}{
		"loud, 0 dBm0 each":            {with(func(p *press) { p.level = 0 }), 1},
		"−25 dBm0 each":                {with(func(p *press) { p.level = -25 }), 1},
		"−33 dBm0 each":                {with(func(p *press) { p.level = -33 }), 1},
		"−55 dBm0 each":                {with(func(p *press) { p.level = -55 }), 0},
		"the high tone 4 dB louder":    {with(func(p *press) { p.twist = 4 }), 1},
		"the high tone 8 dB softer":    {with(func(p *press) { p.twist = -8 }), 1},
		"the high tone 9 dB louder":    {with(func(p *press) { p.twist = 9 }), 0},
		"the high tone 13 dB softer":   {with(func(p *press) { p.twist = -13 }), 0},
		"both 1.5 % high":              {with(func(p *press) { p.lowOff, p.highOff = 0.015, 0.015 }), 1},
		"both 1.5 % low":               {with(func(p *press) { p.lowOff, p.highOff = -0.015, -0.015 }), 1},
		"apart by 1.5 % each":          {with(func(p *press) { p.lowOff, p.highOff = -0.015, 0.015 }), 1},
		"all of it at its worst":       {with(func(p *press) { p.level, p.lowOff, p.highOff, p.twist = -25, 0.015, -0.015, -8 }), 1},
		"at its worst the other way":   {with(func(p *press) { p.level, p.lowOff, p.highOff, p.twist = -25, -0.015, 0.015, 4 }), 1},
		"the low tone 3.5 % high":      {with(func(p *press) { p.lowOff, p.length = 0.035, 200*ms }), 0},
		"the low tone 3.5 % low":       {with(func(p *press) { p.lowOff, p.length = -0.035, 200*ms }), 0},
		"the high tone 3.5 % high":     {with(func(p *press) { p.highOff, p.length = 0.035, 200*ms }), 0},
		"the high tone 3.5 % low":      {with(func(p *press) { p.highOff, p.length = -0.035, 200*ms }), 0},
		"3.5 % high and 8 dB softer":   {with(func(p *press) { p.highOff, p.twist, p.length = 0.035, -8, 200*ms }), 0},
		"the high tone 6 % high":       {with(func(p *press) { p.highOff, p.length = 0.06, 200*ms }), 0},
		"noise 15 dB below":            {with(func(p *press) { p.noise = 15 }), 1},
		"noise 13 dB below, twisted":   {with(func(p *press) { p.noise, p.twist = 13, -8 }), 1},
		"40 ms":                        {usual, 1},
		"23 ms":                        {with(func(p *press) { p.length = 23 * ms }), 0},
		"24 ms":                        {with(func(p *press) { p.length = 24 * ms }), 0},
		"a key held for three seconds": {with(func(p *press) { p.length = 3 * time.Second }), 1},
	} {
		t.Run(name, func(t *testing.T) {
			random, n, right, wrong := rand.New(rand.NewPCG(24, 24)), 0, 0, 0
			for _, law := range []g711.Law{g711.Mu, g711.A} {
				for i := range 160 {
					p := c.press
					p.key, p.from, p.law = keypad[i%16], 400+random.IntN(160), law
					n++
					switch got := listen(dtmf.NewInband(), p.samples(random), 160).keys; got {
					case string(p.key):
						right++
					case "":
					default:
						wrong++
					}
				}
			}
			if got := float64(right) / float64(n); got != c.share || wrong > 0 {
				t.Errorf("%.1f %% of digits heard, %d wrongly; want %v %%", 100*got, wrong, 100*c.share)
			}
		})
	}
}

// Ten digits a second and more, whatever the frames are. AT&T asks for 93 ms a digit;
// 40 ms on and 40 ms off are the shortest of each.
func TestDigitsThatFollowEachOtherAreHeardEachOnce(t *testing.T) {
	const dialled = "0123456789*#ABCD1122"
	for _, frame := range []int{80, 160, 163, 240, 400, 480, 37} {
		for _, law := range []g711.Law{g711.Mu, g711.A} {
			random := rand.New(rand.NewPCG(1, uint64(frame)))
			var x []int16
			for _, key := range dialled {
				p := press{key: byte(key), level: -10, length: 40 * time.Millisecond, law: law}
				x = append(x, p.samples(random)[:640]...)
			}
			x = append(x, make([]int16, 800)...)
			h := listen(dtmf.NewInband(), x, frame)
			if h.keys != dialled {
				t.Errorf("%v, frames of %d samples: heard %q, want %q", law, frame, h.keys, dialled)
			}
			if len(h.lengths) != len(dialled) {
				t.Errorf("%v, frames of %d samples: %d digits ended, want %d", law, frame, len(h.lengths), len(dialled))
			}
		}
	}
}

func TestADigitIsToldInTimeAndWithItsLength(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for range 500 {
		p := press{key: keypad[random.IntN(16)], level: -10, from: 160 + random.IntN(160), length: time.Duration(40+random.IntN(200)) * time.Millisecond}
		h := listen(dtmf.NewInband(), p.samples(random), 80)
		if h.keys != string(p.key) || len(h.lengths) != 1 {
			t.Fatalf("heard %q and %d ends, want %q", h.keys, len(h.lengths), p.key)
		}
		if late := h.after[0] - p.from; late > 40*8 {
			t.Errorf("told %d samples after it began, want at most 40 ms", late)
		}
		if off := h.lengths[0] - p.length; off < -20*time.Millisecond || off > 10*time.Millisecond {
			t.Errorf("told %v long, was %v", h.lengths[0], p.length)
		}
	}
}

// Q.24: a break of 10 ms does not make two digits of one, and one of 40 ms does.
func TestAShortBreakDoesNotSplitADigit(t *testing.T) {
	for _, c := range []struct {
		broken time.Duration
		want   string
	}{{10 * time.Millisecond, "7"}, {40 * time.Millisecond, "77"}} {
		random := rand.New(rand.NewPCG(6, 6))
		for range 200 {
			p := press{key: '7', level: -12, from: random.IntN(160), length: 200 * time.Millisecond}
			x := p.samples(random)
			hole := p.from + 640 + random.IntN(80)
			clear(x[hole : hole+int(c.broken*8000/time.Second)])
			if got := listen(dtmf.NewInband(), x, 160).keys; got != c.want {
				t.Fatalf("a break of %v at %d: heard %q, want %q", c.broken, hole, got, c.want)
			}
		}
	}
}

// Q.24: echoes that come up to 20 ms later and 10 dB softer are borne.
func TestAnEchoIsBorne(t *testing.T) {
	random, missed := rand.New(rand.NewPCG(7, 7)), 0
	const n = 1000
	for i := range n {
		p := press{key: keypad[i%16], level: -12, from: random.IntN(160), length: 50 * time.Millisecond}
		x := p.samples(random)
		delay := 8 + random.IntN(152)
		for k := len(x) - 1; k >= delay; k-- {
			x[k] += int16(float64(x[k-delay]) * 0.316)
		}
		if listen(dtmf.NewInband(), x, 160).keys != string(p.key) {
			missed++
		}
	}
	t.Logf("%d of %d missed", missed, n)
	if missed > n/100 {
		t.Errorf("%d of %d digits missed, want at most 1 %%", missed, n)
	}
}

// A lost packet takes 20 ms out of a digit of 100 ms: it is one digit.
func TestALostPacketDoesNotMakeTwoDigitsOfOne(t *testing.T) {
	for lost := range 5 {
		random := rand.New(rand.NewPCG(8, 8))
		p := press{key: '5', level: -10, from: 160, length: 100 * time.Millisecond}
		x := p.samples(random)
		d, keys := dtmf.NewInband(), ""
		for at := 0; at < len(x); at += 160 {
			if at/160 == lost+1 {
				d.Gap()
				continue
			}
			if e := d.Feed(x[at : at+160]); e.Begun != 0 {
				keys += string(e.Begun)
			}
		}
		if keys != "5" {
			t.Errorf("packet %d of the digit lost: heard %q, want one 5", lost, keys)
		}
	}
}

func TestOneToneAloneIsNoDigit(t *testing.T) {
	for hz := 300.0; hz < 3400; hz += 7 {
		x := make([]int16, 4000)
		for i := range x {
			x[i] = int16(9000 * math.Sin(2*math.Pi*hz*float64(i)/8000))
		}
		if got := listen(dtmf.NewInband(), x, 160).keys; got != "" {
			t.Errorf("%v Hz is heard as %q", hz, got)
		}
	}
}

// Two tones that are not of a digit: dial, ringing, busy and howler tones, and every
// pair that is 3.5 % off at least.
func TestOtherPairsOfTonesAreNoDigits(t *testing.T) {
	for _, c := range [][2]float64{{350, 440}, {440, 480}, {480, 620}, {1400, 2060}, {1100, 1750}, {941, 1100}, {600, 1336}, {697, 941}, {1209, 1477}, {733, 1336}, {770, 1272}, {697, 1800}, {620, 1209}} {
		x := make([]int16, 8000)
		for i := range x {
			n := 2 * math.Pi * float64(i) / 8000
			x[i] = int16(5000*math.Sin(c[0]*n) + 5000*math.Sin(c[1]*n+1))
		}
		if got := listen(dtmf.NewInband(), x, 160).keys; got != "" {
			t.Errorf("%v Hz are heard as %q", c, got)
		}
	}
}

func newRandom() *rand.Rand { return rand.New(rand.NewPCG(10, 10)) }

func TestADigitUnderSpeechAndADigitOverSpeech(t *testing.T) {
	// A voice behind a digit is noise to it: 15 dB below it is heard, as loud as the
	// digit it is not, and neither rings a wrong one.
	random := rand.New(rand.NewPCG(9, 9))
	voice := speech(t, time.Minute)
	for _, c := range []struct {
		below float64
		least float64
	}{{18, 0.99}, {0, 0}} {
		right, wrong := 0, 0
		const n = 300
		for i := range n {
			p := press{key: keypad[i%16], level: -13, from: 400, length: 100 * time.Millisecond}
			x := p.samples(random)
			at := random.IntN(len(voice) - len(x))
			for k := range x {
				x[k] = g711.Clip(float64(x[k]) + float64(voice[at+k])*math.Pow(10, (10-c.below)/20))
			}
			switch listen(dtmf.NewInband(), x, 160).keys {
			case string(p.key):
				right++
			case "":
			default:
				wrong++
			}
		}
		name := fmt.Sprintf("speech %v dB below", c.below)
		t.Logf("%s: %d of %d heard, %d wrongly", name, right, n, wrong)
		if float64(right) < c.least*n || wrong > 0 {
			t.Errorf("%s: %d of %d heard, %d wrongly", name, right, n, wrong)
		}
	}
}
