package jitter

import "math"

// conceal invents sound where packets are missing, in the manner of ITU-T G.711
// Appendix I: the last pitch period is repeated, from 10 ms on the last two and from
// 20 ms on the last three, so that it does not buzz; after 10 ms it becomes softer by a
// fifth every 10 ms, and after 60 ms it is silence. What follows is faded in.
//
// Appendix I holds back 3.75 ms of sound all the time, in order to bend the end of what
// came before toward the repetition. We hold back nothing: the repetition is
// bent toward the end of what came before.
type conceal struct {
	on     bool    // something is missing now
	width  int     // samples a place
	length int     // samples invented since
	period int     // of the pitch, in samples
	bend   int     // the step at the beginning, which is taken back over 4 ms
	now    cycle   // what is repeated
	former cycle   // what was repeated in the ten milliseconds before; no periods = the same
	fade   int     // samples over which the sound that follows is faded in
	faded  int     // of them, how many are
	heard  []int16 // what was played before
}

// cycle is the repetition of the last so many periods.
type cycle struct{ periods, at int }

const (
	shortestPitch = Rate * 5 / 1000  // 200 Hz
	longestPitch  = Rate * 15 / 1000 // 66 Hz
	pitchWindow   = Rate * 20 / 1000
	leastWindow   = pitchWindow / 2
	tenMs         = Rate * 10 / 1000
	fadeFrom      = 1 * tenMs
	fadeTo        = 6 * tenMs
	shortestFade  = Rate * 4 / 1000
	longestFade   = tenMs
)

// begin looks for the pitch in what was played last.
func (c *conceal) begin(past []int16) {
	copy(c.heard, past)
	w, last := c.width, len(c.heard)-1
	longest := min(longestPitch*w, len(c.heard)-leastWindow*w)
	window := min(pitchWindow*w, len(c.heard)-longest)
	c.period, _ = lag(c.heard, search{
		at: len(c.heard) - window, length: window, from: shortestPitch * w, to: longest, toward: -1, step: w,
	})
	c.bend = int(c.heard[last]) - int(c.heard[last-c.period])
	c.on, c.length, c.fade, c.faded = true, 0, 0, 0
	c.now, c.former = cycle{}, cycle{}
}

// silent tells whether something is missing and all that was invented for it has faded.
func (c *conceal) silent() bool { return c.on && c.gone() }

// gone tells whether there is nothing left to repeat.
func (c *conceal) gone() bool { return c.length >= fadeTo*c.width }

// fill invents len(dst) samples.
func (c *conceal) fill(dst []int16) {
	if c.gone() {
		clear(dst)
		return
	}
	for i := range dst {
		dst[i] = int16(max(math.MinInt16, min(math.MaxInt16, c.next())))
	}
}

// next invents one sample.
func (c *conceal) next() int {
	ten, quarter := tenMs*c.width, c.period/4
	if c.gone() {
		return 0
	}
	into := c.length % ten
	if into == 0 {
		c.widen(c.length/ten+1, quarter)
	}
	v := c.wave(&c.now)
	if c.former.periods > 0 && into < quarter {
		v += (c.wave(&c.former) - v) * (quarter - into) / (quarter + 1)
	}
	if fade := shortestFade * c.width; c.length < fade {
		v += c.bend * (fade - c.length) / (fade + 1)
	}
	if faded := c.length - fadeFrom*c.width; faded > 0 {
		v -= v * faded / ((fadeTo - fadeFrom) * c.width)
	}
	c.length++
	return v
}

// widen lets so many periods be repeated, if so many are known. The new cycle goes on
// at the same place of the period as the one before.
func (c *conceal) widen(periods, quarter int) {
	periods = min(periods, 3, (len(c.heard)-quarter)/c.period)
	c.former = cycle{}
	if periods != c.now.periods {
		if c.length > 0 {
			c.former = c.now
		}
		c.now = cycle{periods: periods, at: c.now.at % c.period}
	}
}

// wave is the next sample of a cycle. Its end is bent toward its beginning, so that the
// repetition has no step.
func (c *conceal) wave(k *cycle) int {
	length, quarter := k.periods*c.period, c.period/4
	start := len(c.heard) - length
	v := int(c.heard[start+k.at])
	if into := k.at - (length - quarter); into >= 0 {
		v += (int(c.heard[start-quarter+into]) - v) * (into + 1) / (quarter + 1)
	}
	if k.at++; k.at == length {
		k.at = 0
	}
	return v
}

// end says that sound is there again. It is faded in: over 4 ms after up to 10 ms that were
// missing, and 4 ms more for each further 10 ms, at most 10 ms; over 4 ms when all has
// faded.
func (c *conceal) end() {
	c.fade = shortestFade * c.width
	if ten := tenMs * c.width; !c.gone() {
		c.fade = min(c.fade*max(1, (c.length+ten-1)/ten), longestFade*c.width)
	}
	c.on, c.faded = false, 0
}

// fadeIn goes over from what was invented to the sound that follows, in place.
func (c *conceal) fadeIn(sound []int16) {
	for i := range sound[:min(len(sound), c.fade-c.faded)] {
		c.faded++
		v := c.next()
		sound[i] = int16(v + (int(sound[i])-v)*c.faded/(c.fade+1))
	}
}

// busy tells whether something of what is played is invented.
func (c *conceal) busy() bool { return c.on || c.faded < c.fade }
