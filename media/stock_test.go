package media

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

func openStock(t *testing.T, pages int) *stock {
	t.Helper()
	s, err := newStock(pages * pageBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.memory.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestAStockGivesWhatItHasAndNoMore(t *testing.T) {
	s := openStock(t, 10)
	var have []uint32
	for {
		n, ok := s.take()
		if !ok {
			break
		}
		have = append(have, n)
	}
	if len(have) != 10 || s.used.Load() != 10 || s.roomy() {
		t.Fatalf("%d pages of 10, %d used", len(have), s.used.Load())
	}
	for _, n := range have[:4] {
		s.hand(n)
	}
	first := s.collect()
	for _, want := range have[:4] { // oldest first
		if first != want {
			t.Errorf("collected page %d, want %d", first, want)
		}
		below := s.link(first).Load()
		s.give(first, first, 1)
		first = below
	}
	if first != 0 || s.collect() != 0 || !s.roomy() {
		t.Error("there is more to collect than was handed on")
	}
	if n, ok := s.take(); !ok || n != have[3] {
		t.Errorf("took page %d, want %d, which was used last", n, have[3])
	}
}

func TestMemoryIsGivenBackWhenNobodyHasAPage(t *testing.T) {
	s := openStock(t, 10)
	n, _ := s.take()
	if s.rest(); s.fresh.Load() != 1 {
		t.Error("a page that is in use was given back")
	}
	s.give(n, n, 1)
	if s.rest(); s.fresh.Load() != 0 || s.spare.Load() != 0 {
		t.Error("the stock still has pages that were used")
	}
	if again, ok := s.take(); !ok || again != 1 {
		t.Errorf("took page %d, %v", again, ok)
	}
}

// However many loops take pages and hand them on, no page has two owners and none is lost.
func TestNoPageHasTwoOwners(t *testing.T) {
	const loops, rounds, pages = 4, 20000, 32
	s := openStock(t, pages)
	var owned [pages]atomic.Bool
	var handed, collected atomic.Int64
	var group sync.WaitGroup
	for l := range loops {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(l), 7))
			var mine []uint32
			for range rounds {
				if n, ok := s.take(); ok {
					if owned[n-1].Swap(true) {
						t.Errorf("page %d has two owners", n)
					}
					s.page(n).number = uint32(l) // the race detector is to see two of them
					mine = append(mine, n)
				}
				for len(mine) > random.IntN(6) {
					n := mine[0]
					mine = mine[1:]
					owned[n-1].Store(false)
					s.hand(n)
					handed.Add(1)
				}
			}
			for _, n := range mine {
				owned[n-1].Store(false)
				s.hand(n)
				handed.Add(1)
			}
		})
	}
	end := make(chan struct{})
	go func() { group.Wait(); close(end) }()
	sweep := func() {
		for n := s.collect(); n != 0; {
			below := s.link(n).Load()
			if owned[n-1].Load() || s.page(n).number >= loops {
				t.Errorf("page %d was collected while somebody has it", n)
			}
			s.give(n, n, 1)
			collected.Add(1)
			n = below
		}
	}
	for running := true; running; {
		select {
		case <-end:
			running = false
		default:
			sweep()
		}
	}
	if sweep(); handed.Load() != collected.Load() || s.used.Load() != 0 {
		t.Errorf("%d pages handed on, %d collected, %d in use", handed.Load(), collected.Load(), s.used.Load())
	}
}

func TestAPageKnowsWhereItHoldsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g grains
		var want [pageSpan / grain]byte
		for range rapid.IntRange(0, 12).Draw(t, "frames") {
			at := rapid.IntRange(0, pageSpan-1).Draw(t, "at")
			n := rapid.IntRange(1, pageSpan-at).Draw(t, "n")
			g.set(at, n)
			for i := at / grain; i <= (at+n-1)/grain; i++ {
				want[i] = 1
			}
		}
		var got [pageSpan / grain]byte
		last := -1
		for a, b, ok := g.next(0); ok; a, b, ok = g.next(b) {
			if a <= last || b <= a || b > pageSpan {
				t.Fatalf("sound from %d to %d behind %d", a, b, last)
			}
			last = b
			for i := a / grain; i < b/grain; i++ {
				got[i] = 1
			}
		}
		if got != want || g.whole() != (bytes.Count(want[:], []byte{1}) == len(want)) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	})
}

// The scribe takes the memory of a call for 32 KiB: what a call needs at most, if the disk
// keeps up, is what settles, what fills a second, and what comes until the next look.
func TestACallNeedsLessThan32KiB(t *testing.T) {
	const look = int64(writeEvery) * 8000 / 1e9
	const most = settle + second + look + pageSpan
	if pages := (most + pageSpan - 1) / pageSpan; pages*int64(pageBytes) > 32<<10 {
		t.Errorf("%d pages of %d bytes are more than 32 KiB", pages, pageBytes)
	}
}

// A page that somebody else has used holds what was laid on it since, and silence everywhere
// else, wherever frames begin and end.
func TestAPageHoldsWhatWasLaidAndSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &page{codec: rapid.SampledFrom([]Codec{PCMU, PCMA}).Draw(t, "codec")}
		const before, sound = 0x33, 0x44
		var want [2][pageSpan]byte
		for channel := range want {
			fill(p.codes[channel][:], before)
			fill(want[channel][:], p.codec.Silence())
		}
		p.clear()
		for range rapid.IntRange(0, 8).Draw(t, "frames") {
			channel := rapid.Uint8Max(1).Draw(t, "channel")
			at := rapid.IntRange(0, pageSpan-1).Draw(t, "at")
			codes := bytes.Repeat([]byte{sound}, rapid.IntRange(1, 200).Draw(t, "samples"))
			if n := p.lay(channel, at, codes); n != copy(want[channel][at:], codes) {
				t.Fatalf("%d of %d samples at %d were laid", n, len(codes), at)
			}
		}
		p.hush()
		if p.codes != want {
			t.Fatalf("got\n% x\nwant\n% x", p.codes, want)
		}
	})
}
