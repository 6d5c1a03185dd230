package media

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"breakwater/media/g711"
	"breakwater/media/rtp"
)

// line is a source whose packets are lost and come late, as a network likes.
type line struct {
	channel uint8
	first   int64 // when its first packet comes
	size    int64
	code    byte
	sent    []wired
}

// wired is one of them, and where it belongs.
type wired struct {
	arrives, place int64
	timestamp      uint32
	code           byte
	line           *line
	sure, never    bool // it is in the file, it is not
}

// newLine makes so many samples of sound. Lateness is under what is taken for a moved clock.
func newLine(random *rand.Rand, channel uint8, size, samples int64) *line {
	l := &line{channel: channel, first: random.Int64N(3000) / grain * grain, size: size}
	began := random.Uint32()
	worst := random.Int64N(stray - 400)
	for at := int64(0); at < samples; at += size {
		late := int64(0)
		if at > 0 {
			late = random.Int64N(worst + 1)
		}
		if random.IntN(10) == 0 && at > 0 { // lost
			continue
		}
		if random.IntN(400) == 0 { // nothing for a while, as in a pause of speech
			at += random.Int64N(30000) / size * size
		}
		l.code = l.code%250 + 1
		l.sent = append(l.sent, wired{
			arrives: l.first + at + late, place: l.first + at, timestamp: began + uint32(at), code: l.code, line: l,
		})
	}
	return l
}

// Whatever is lost and late, what came in time is at its place to the last bit, what did
// not come is silence, and the marks tell of each silence and of nothing else.
func TestARecordingIsWhatTheWireWas(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			s := newStudio(t, RecordingSettings{Memory: 2})
			r := s.open(PCMU)
			var all []wired
			for channel := range uint8(2) {
				all = append(all, newLine(random, channel, []int64{80, 160, 240, 480}[random.IntN(4)], 12*g711.Rate).sent...)
			}
			slices.SortStableFunc(all, func(a, b wired) int { return int(a.arrives - b.arrives) })
			for i := range all {
				p := &all[i]
				s.at.Store(r.began + p.arrives)
				p.sure, p.never = p.arrives-p.place < settle, p.arrives-p.place >= settle+pageSpan
				r.hear(p.line.channel, moment(r.began+p.arrives), PCMU, rtp.Header{SSRC: 5, Timestamp: p.timestamp}, bytes.Repeat([]byte{p.code}, int(p.line.size)))
				if random.IntN(20) == 0 {
					s.look(true)
				}
			}
			end := all[len(all)-1].arrives + 8000
			s.at.Store(r.began + end)
			paths, err := s.stop(r, end)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, paths[0], all)
		})
	}
}

// compare holds a file against what came.
func compare(t *testing.T, path string, all []wired) {
	t.Helper()
	_, l, right := readTape(t, path)
	channels := [2][]byte{l, right}
	for _, p := range all {
		got := channels[p.line.channel][p.place:][:p.line.size]
		if there := bytes.Count(got, []byte{p.code}) == len(got); p.sure && !there || p.never && there {
			t.Fatalf("channel %d: what belongs to %d came at %d; it is in the file: %v", p.line.channel, p.place, p.arrives, there)
		}
	}
	for channel, name := range channelNames {
		var gaps []stretch
		for _, m := range readMarks(t, path) {
			if m.What == markGap && m.Channel == name {
				gaps = append(gaps, stretch{m.At, m.At + m.Samples})
			}
		}
		if want := silences(channels[channel]); !slices.Equal(gaps, want) {
			t.Fatalf("%s: gaps are %v, want %v", name, gaps, want)
		}
	}
}

// silences are the stretches without sound.
func silences(codes []byte) (all []stretch) {
	for at := 0; at < len(codes); {
		n := slices.IndexFunc(codes[at:], func(c byte) bool { return c != PCMU.Silence() })
		if n < 0 {
			n = len(codes) - at
		}
		if n >= leastGap {
			all = append(all, stretch{int64(at), int64(at + n)})
		}
		for at += n; at < len(codes) && codes[at] != PCMU.Silence(); at++ {
		}
	}
	return all
}

// A phone whose clock is wrong by far more than any is (1 %) leaves its time by less than
// half a second, in whichever direction, and never costs the other side a frame.
func TestAWrongClockIsSetRight(t *testing.T) {
	for name, period := range map[string]int64{"fast": 1584, "slow": 1616} { // tenths of a sample
		t.Run(name, func(t *testing.T) {
			s := newStudio(t, RecordingSettings{Memory: 2})
			r := s.open(PCMU)
			const end = 180 * g711.Rate
			n := byte(0)
			for at, wrong := int64(0), int64(0); at < end; at += 160 {
				for ; wrong*period/10 <= at; wrong++ {
					if n++; n == PCMU.Silence() {
						n = 0
					}
					r.hear(left, moment(at), PCMU, rtp.Header{SSRC: 1, Timestamp: uint32(160 * wrong)}, bytes.Repeat([]byte{n}, 160))
				}
				s.lay(r, frame{channel: right, timestamp: uint32(at), at: at}, flat(byte(at/8000)))
			}
			paths, err := s.stop(r, end)
			if err != nil {
				t.Fatal(err)
			}
			_, l, right := readTape(t, paths[0])
			if len(l) < end || len(l) > end+stray+160 {
				t.Errorf("%d samples of %d", len(l), end)
			}
			for second := range end / g711.Rate {
				if n := bytes.Count(right[second*g711.Rate:][:g711.Rate], []byte{byte(second)}); n != g711.Rate {
					t.Fatalf("second %d of the other side has %d samples", second, n)
				}
			}
			if lost := bytes.Count(l, []byte{PCMU.Silence()}); name == "slow" && lost > end/50 || name == "fast" && lost > 160 {
				t.Errorf("%d samples of silence", lost)
			}
		})
	}
}

// What a party said before it fell silent is on the disk soon, though its last second is
// never complete.
func TestASilentPartyIsWrittenAllTheSame(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	r := s.open(PCMU)
	for at := int64(0); at < 1600; at += 160 {
		s.lay(r, frame{timestamp: uint32(at), at: at}, flat(7))
	}
	written := func() bool {
		b, err := os.ReadFile(s.works[r.tape.owner].path)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(b, []byte{7, 0xFF, 7, 0xFF})
	}
	const soon = 3 * g711.Rate
	for at := int64(1600); at < soon && !written(); at += 800 {
		s.at.Store(r.began + at)
		r.beat(moment(r.began + at))
		s.look(true)
	}
	if !written() {
		t.Error("nothing is on the disk")
	}
	if s.stock.used.Load() != 0 {
		t.Errorf("%d pages are in use", s.stock.used.Load())
	}
	s.at.Store(r.began + 60*g711.Rate) // and it speaks again
	r.hear(left, moment(r.began+60*g711.Rate), PCMU, rtp.Header{Timestamp: 60 * g711.Rate}, flat(8))
	paths, err := s.stop(r, 61*g711.Rate)
	if err != nil {
		t.Fatal(err)
	}
	_, l, _ := readTape(t, paths[0])
	if at := bytes.IndexByte(l, 8); at != 60*g711.Rate || len(l) != 61*g711.Rate {
		t.Errorf("it speaks again at %d of %d", at, len(l))
	}
}

// A loop that slept so long that the scribe took its last second for silent is told that
// what it has is late; nothing is moved.
func TestALoopThatSleptMovesNothing(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	r := s.open(PCMU)
	for at := int64(0); at < 16000; at += 160 {
		r.hear(left, moment(r.began+at), PCMU, rtp.Header{Timestamp: uint32(at)}, flat(7))
	}
	s.at.Store(r.began + 60*g711.Rate)
	s.look(true)
	for at := int64(60 * g711.Rate); at < 61*g711.Rate; at += 160 {
		r.hear(left, moment(r.began+at), PCMU, rtp.Header{Timestamp: uint32(at)}, flat(8))
	}
	paths, err := s.stop(r, 61*g711.Rate)
	if err != nil {
		t.Fatal(err)
	}
	_, l, _ := readTape(t, paths[0])
	if n, at := bytes.Count(l, []byte{7}), bytes.IndexByte(l, 8); n != 14*pageSpan || at != 60*g711.Rate || len(l) != 61*g711.Rate {
		t.Errorf("%d samples before the sleep, %d of %d after it", n, at, len(l))
	}
	if !slices.ContainsFunc(readMarks(t, paths[0]), func(m mark) bool { return m.What == markLate }) {
		t.Errorf("nothing is told of what is missing: %+v", readMarks(t, paths[0]))
	}
}

// Many calls that end together do not hold up the loops: what a loop does for one is a
// handful of pages.
func BenchmarkEndOfACall(b *testing.B) {
	s := newStudio(b, RecordingSettings{Memory: 1})
	r := s.open(PCMU)
	var at int64
	for b.Loop() {
		b.StopTimer()
		for range 25 { // half a second is still on the tape
			r.tape.lay(left, at, PCMU, rtp.Header{Timestamp: uint32(at)}, flat(3))
			at += 160
		}
		b.StartTimer()
		r.tape.clear()
		b.StopTimer()
		consume(s.stock)
		b.StartTimer()
	}
}
