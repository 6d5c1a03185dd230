package media

import "sync/atomic"

// stock is the paper of all recordings: a bounded number of pages. Loops take them and
// lay them, written, on a pile for the scribe, who gives them back. Nobody locks or
// waits. Pages that were used lately are used again first, so that memory which only a
// slow disk needs is not touched before.
//
// A page is known by its number from 1 on; 0 is none.
type stock struct {
	pages []page
	spare atomic.Uint64 // the pile of free pages: changes that it has seen << 32 | top
	fresh atomic.Uint32 // pages beyond this number were never used
	pile  atomic.Uint32 // the pile of written pages: top
	used  atomic.Int32  // pages that somebody holds

	memory memory
}

func newStock(bytes int) (*stock, error) {
	pages, memory, err := openMemory(bytes)
	if err != nil {
		return nil, err
	}
	return &stock{pages: pages, memory: memory}, nil
}

func (s *stock) page(n uint32) *page { return &s.pages[n-1] }

func (s *stock) link(n uint32) *atomic.Uint32 { return &s.pages[n-1].link }

// take gives a page that holds anything; false = there is none.
func (s *stock) take() (uint32, bool) {
	for {
		was := s.spare.Load()
		top := uint32(was)
		if top == 0 {
			break
		}
		// If another takes and gives top meanwhile, the number of changes tells.
		if s.spare.CompareAndSwap(was, (was>>32+1)<<32|uint64(s.link(top).Load())) {
			s.used.Add(1)
			return top, true
		}
	}
	for {
		n := s.fresh.Load()
		if int(n) == len(s.pages) {
			return 0, false
		}
		if s.fresh.CompareAndSwap(n, n+1) {
			s.used.Add(1)
			return n + 1, true
		}
	}
}

// give takes back a chain of pages.
func (s *stock) give(first, last uint32, count int) {
	for {
		was := s.spare.Load()
		s.link(last).Store(uint32(was))
		if s.spare.CompareAndSwap(was, (was>>32+1)<<32|uint64(first)) {
			s.used.Add(-int32(count))
			return
		}
	}
}

// hand lays a written page on the pile for the scribe.
func (s *stock) hand(n uint32) {
	for {
		top := s.pile.Load()
		s.link(n).Store(top)
		if s.pile.CompareAndSwap(top, n) {
			return
		}
	}
}

// collect gives all written pages as a chain, oldest first; 0 = there are none.
func (s *stock) collect() (first uint32) {
	for n := s.pile.Swap(0); n != 0; {
		below := s.link(n).Load()
		s.link(n).Store(first)
		first, n = n, below
	}
	return first
}

// roomy tells whether the disk has caught up: a quarter of the stock is free.
func (s *stock) roomy() bool { return int(s.used.Load()) < len(s.pages)-len(s.pages)/4 }

// rest gives the memory back. Nobody holds a page, or can take one meanwhile.
func (s *stock) rest() {
	if s.fresh.Load() > 0 && s.used.Load() == 0 {
		s.spare.Store(0)
		s.fresh.Store(0)
		s.memory.rest()
	}
}
