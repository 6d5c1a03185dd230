package media

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"breakwater/media/rtp"
)

// call is a synthetic call that is recorded: 50 packets a second each way.
type call struct {
	rec   *Recording
	h     rtp.Header
	codes []byte
}

// pass lets a packet of each party pass.
func (c *call) pass(now int64) {
	c.rec.hear(left, now, PCMU, c.h, c.codes)
	c.rec.hear(right, now, PCMU, c.h, c.codes)
	c.h.Sequence++
	c.h.Timestamp += 160
}

// consume does what the scribe does with pages, without the files.
func consume(s *stock) (pages int) {
	for n := s.collect(); n != 0; pages++ {
		below := s.link(n).Load()
		s.give(n, n, 1)
		n = below
	}
	return pages
}

func TestRecordingAPacketCostsNoAllocation(t *testing.T) {
	s := newStudio(t, RecordingSettings{Memory: 1})
	c := call{rec: s.open(PCMU), codes: flat(3)}
	now := moment(c.rec.began)
	if n := testing.AllocsPerRun(5000, func() {
		c.pass(now)
		c.rec.gain(now, 7)
		c.rec.beat(now)
		if now += 20e6; now%1e9 == 0 {
			consume(s.stock)
		}
	}); n != 0 {
		t.Errorf("%v allocations a pair of packets, want 0", n)
	}
	if _, err := s.stop(c.rec, 0); err != nil {
		t.Error(err)
	}
}

// BenchmarkHear is what a recording costs the packet loop, by packet.
func BenchmarkHear(b *testing.B) {
	s := newStudio(b, RecordingSettings{Memory: 4})
	var calls [64]call // so that no page is still in the nearest cache
	for i := range calls {
		calls[i] = call{rec: s.open(PCMU), codes: flat(3)}
	}
	now, i, rounds := moment(s.clock()), 0, 0
	b.ReportAllocs()
	for b.Loop() {
		c := &calls[i/2]
		c.rec.hear(uint8(i%2), now, PCMU, c.h, c.codes)
		if i++; i < 2*len(calls) {
			continue
		}
		i, now = 0, now+20e6
		for j := range calls {
			calls[j].h.Timestamp += 160
		}
		if rounds++; rounds%50 == 0 {
			consume(s.stock)
		}
	}
}

// BenchmarkScribe is what a second of a recording costs the scribe, files included: 50
// packets each way.
func BenchmarkScribe(b *testing.B) {
	for name, settings := range map[string]RecordingSettings{
		"plain":  {Memory: 64},
		"sealed": {Memory: 64, KeyFile: keyFile(b)},
	} {
		b.Run(name, func(b *testing.B) {
			s := newStudio(b, settings)
			calls := make([]call, 100)
			for i := range calls {
				calls[i] = call{rec: s.open(PCMU), codes: flat(3)}
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i == 0 {
					b.StopTimer()
					for range 50 {
						s.at.Add(160)
						for j := range calls {
							calls[j].pass(s.clock())
						}
					}
					b.StartTimer()
					s.look(true)
				}
				i = (i + 1) % len(calls)
			}
		})
	}
}

// keyFile is a new master key.
func keyFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := WriteMasterKey(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// floorTest is many calls at once, recorded in real time.
type floorTest struct {
	calls   int
	seconds int
	loops   int
	took    []time.Duration // by a pair of packets; sorted
	open    int             // descriptors, at most
	used    int             // pages, at most
	at      []atomic.Int64  // ns, by loop
}

// run records and fails if one packet was not taken or the files are not what was said.
// Time is what the loops have come to, lest a busy machine makes them look late.
func (f *floorTest) run(t testing.TB, settings RecordingSettings) {
	t.Helper()
	f.at = make([]atomic.Int64, f.loops)
	s, err := newScribe(settings.WithDefaults(), f.clock, slog.New(slog.DiscardHandler), &tallies{})
	if err != nil {
		t.Fatal(err)
	}
	go s.run()
	folder := t.TempDir()
	calls := make([]call, f.calls)
	for i := range calls {
		r, w, err := s.open(filepath.Join(folder, fmt.Sprintf("%05d.wav", i)), PCMU)
		if err == nil {
			err = s.take(r, w)
		}
		if err != nil {
			t.Fatal(err)
		}
		calls[i] = call{rec: r, codes: make([]byte, 160)}
		for j := range calls[i].codes {
			calls[i].codes[j] = byte(i + j)
		}
	}
	over := f.watch(t, s)
	var loops sync.WaitGroup
	took := make([][]time.Duration, f.loops)
	for l := range f.loops {
		loops.Go(func() { took[l] = f.loop(calls, l) })
	}
	loops.Wait()
	f.took = slices.Concat(took...)
	slices.Sort(f.took)
	f.closeAll(t, calls)
	over()
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if n := s.tallies.failed.Load(); n != 0 {
		t.Errorf("%d recordings failed", n)
	}
}

// clock is the time of the loop that is behind the others.
func (f *floorTest) clock() int64 {
	at := f.at[0].Load()
	for i := range f.at {
		at = min(at, f.at[i].Load())
	}
	return at
}

// watch looks how much is used, until it is told that all is over.
func (f *floorTest) watch(t testing.TB, s *scribe) (over func()) {
	before := descriptors(t)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		look := time.NewTicker(10 * time.Millisecond)
		defer look.Stop()
		for {
			select {
			case <-look.C:
				f.open = max(f.open, descriptors(t)-before)
				f.used = max(f.used, int(s.stock.used.Load()))
			case <-end:
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}

// loop paces the packets of its calls, which come at any time of 20 ms.
func (f *floorTest) loop(calls []call, l int) (took []time.Duration) {
	beat := time.NewTicker(time.Millisecond)
	defer beat.Stop()
	began := time.Now()
	for due := range f.seconds * 1000 {
		for time.Since(began) < time.Duration(due)*time.Millisecond {
			<-beat.C
		}
		now := int64(due) * 1e6
		f.at[l].Store(now)
		for i := l + f.loops*(due%20); i < len(calls); i += 20 * f.loops {
			from := time.Now()
			calls[i].pass(now)
			took = append(took, time.Since(from))
		}
	}
	return took
}

// closeAll ends all calls at once, and looks into their files.
func (f *floorTest) closeAll(t testing.TB, calls []call) {
	t.Helper()
	var group sync.WaitGroup
	for i := range calls {
		r := calls[i].rec
		r.mu.Lock()
		r.ending, r.until = true, r.now()
		r.mu.Unlock()
		r.halt()
		r.scribe.end(r)
	}
	began := time.Now()
	for i := range calls {
		group.Go(func() { <-calls[i].rec.done })
	}
	group.Wait()
	t.Logf("%d recordings were complete %v after they ended together", len(calls), time.Since(began).Round(time.Millisecond))
	for i := range calls {
		r := calls[i].rec
		if r.err != nil {
			t.Fatalf("recording %d: %v", i, r.err)
		}
		if i%97 != 0 {
			continue
		}
		_, l, right := readTape(t, plainCopy(t, r))
		want := slices.Repeat(calls[i].codes, f.seconds*50)
		at := slices.Index(l, calls[i].codes[0])
		if at < 0 || at > 160 || len(l) < at+len(want) || !slices.Equal(l[at:at+len(want)], want) || !slices.Equal(right[at:at+len(want)], want) {
			t.Fatalf("recording %d is not what was said: %d samples, %d of them before the first", i, len(l), at)
		}
	}
}

// plainCopy is the first file of a recording, opened if it is sealed.
func plainCopy(t testing.TB, r *Recording) (path string) {
	t.Helper()
	if r.scribe.master == nil {
		return r.paths[0]
	}
	src, err := os.Open(r.paths[0])
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := os.Create(filepath.Join(t.TempDir(), "plain.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Unseal(dst, src, r.scribe.master), dst.Close()); err != nil {
		t.Fatal(err)
	}
	return dst.Name()
}

func (f *floorTest) report(t testing.TB) {
	pair := func(share float64) time.Duration { return f.took[int(share*float64(len(f.took)-1))] }
	kib := float64(f.used) * float64(pageBytes) / 1024 / float64(f.calls)
	t.Logf("%d recordings: a pair of packets takes %v in the middle, 99 %% under %v, worst %v; at most %d descriptors and %.1f KiB a call",
		f.calls, pair(.5), pair(.99), pair(1), f.open, kib)
	if f.open > 200 {
		t.Errorf("%d descriptors, want fewer than 200", f.open)
	}
}

func descriptors(t testing.TB) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Error(err)
	}
	return len(all)
}

func TestTwoHundredCallsAreRecordedAtOnce(t *testing.T) {
	f := floorTest{calls: 200, seconds: 3, loops: 2}
	f.run(t, RecordingSettings{})
	f.report(t)
	if most := f.calls * 32 << 10 / pageBytes; f.used > most {
		t.Errorf("%d pages were used, want at most %d: 32 KiB a call", f.used, most)
	}
}

// BenchmarkFiveThousandCalls records 5000 calls in real time for some seconds, whatever
// b.N, with the memory that recordings have by default: no packet may be refused.
func BenchmarkFiveThousandCalls(b *testing.B) {
	for name, settings := range map[string]RecordingSettings{"plain": {}, "sealed": {KeyFile: keyFile(b)}} {
		b.Run(name, func(b *testing.B) {
			f := floorTest{calls: 5000, seconds: 5, loops: 2}
			f.run(b, settings)
			f.report(b)
			b.ReportMetric(float64(f.took[len(f.took)*99/100])/2, "ns/frame-p99")
			b.ReportMetric(cmp.Or(float64(f.open), 1), "descriptors")
		})
	}
}
