package jitter

// strip is a piece of sound without a break: what was played last, and behind it what is
// decoded and waits to be played.
type strip struct {
	line []int16
	past int // samples that are kept of what was played
	wait int // samples behind them
}

// next is the sound that waits.
func (s *strip) next() []int16 { return s.line[s.past : s.past+s.wait] }

// free is where more may be written.
func (s *strip) free() []int16 { return s.line[s.past+s.wait:] }

// play moves as much sound as there is from next to dst and tells how much it was.
func (s *strip) play(dst []int16) int {
	n := copy(dst, s.next())
	copy(s.line, s.line[n:s.past+s.wait])
	s.wait -= n
	return n
}

// heard adds to the past what was played instead. Nothing may wait.
func (s *strip) heard(sound []int16) {
	n := min(len(sound), s.past)
	copy(s.line, s.line[n:s.past])
	copy(s.line[s.past-n:s.past], sound[len(sound)-n:])
}

// repeat inserts the last d samples of the past once more, and goes over into what waits
// within fade samples; at most d, and at most what waits.
func (s *strip) repeat(d, fade int) {
	at := s.past
	copy(s.line[at+d:], s.next())
	copy(s.line[at:at+d], s.line[at-d:at])
	s.wait += d
	blend(s.line[at+d:], s.line[at:at+fade])
}

// omit takes the next d samples out, over fade samples.
func (s *strip) omit(d, fade int) {
	next := s.next()
	blend(next, next[d:d+fade])
	copy(next, next[d:])
	s.wait -= d
}

// blend fades from one sound to another, in place of the other.
func blend(from, to []int16) {
	n := len(to)
	for i := range to {
		u := int(from[i])
		to[i] = int16(u + (int(to[i])-u)*(i+1)/(n+1))
	}
}
