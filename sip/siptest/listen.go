package siptest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"breakwater/media/g711"
)

// Audio is a stretch of what was heard, oldest first.
type Audio []Frame

// Since keeps what arrived at or after t.
func (a Audio) Since(t time.Time) Audio {
	i := slices.IndexFunc(a, func(f Frame) bool { return !f.At.Before(t) })
	if i < 0 {
		return nil
	}
	return a[i:]
}

// Until keeps what arrived before t.
func (a Audio) Until(t time.Time) Audio {
	i := slices.IndexFunc(a, func(f Frame) bool { return !f.At.Before(t) })
	if i < 0 {
		return a
	}
	return a[:i]
}

// PCM decodes the samples, 8000 a second, without regard to gaps.
func (a Audio) PCM() []int16 {
	var pcm []int16
	for _, f := range a {
		n := len(pcm)
		pcm = append(pcm, make([]int16, len(f.Codes))...)
		f.Law.Decode(pcm[n:], f.Codes)
	}
	return pcm
}

// Level is the mean power in dBm0; −Inf for nothing.
func (a Audio) Level() float64 {
	var energy uint64
	samples := 0
	for _, f := range a {
		energy += f.Law.Energy(f.Codes)
		samples += len(f.Codes)
	}
	return g711.DBm0(energy, samples)
}

// Tone is the power of one frequency in dBm0, measured in pieces of 50 ms; −Inf
// for nothing.
func (a Audio) Tone(freq float64) float64 {
	const piece = g711.Rate / 20
	pcm := a.PCM()
	sum, pieces := 0.0, 0
	for len(pcm) >= frame {
		n := min(piece, len(pcm))
		sum += power(pcm[:n], freq)
		pcm = pcm[n:]
		pieces++
	}
	if pieces == 0 {
		return math.Inf(-1)
	}
	const fullScale, overload = 1 << 30, 6.15 // as g711.DBm0
	return 10*math.Log10(sum/float64(pieces)/fullScale) + overload
}

// power is that of one frequency by Goertzel's recursion.
func power(pcm []int16, freq float64) float64 {
	w := 2 * math.Pi * freq / g711.Rate
	c := 2 * math.Cos(w)
	s1, s2 := 0.0, 0.0
	for _, x := range pcm {
		s1, s2 = float64(x)+c*s1-s2, s1
	}
	n := float64(len(pcm))
	return 2 * (s1*s1 + s2*s2 - c*s1*s2) / (n * n)
}

// Heard copies everything that was heard and is still kept.
func (c *Call) Heard() Audio {
	c.sound.ear.mu.Lock()
	defer c.sound.ear.mu.Unlock()
	return slices.Clone(c.sound.ear.frames)
}

// HeardDigits gives the digits that came, by RFC 4733 or INFO.
func (c *Call) HeardDigits() string {
	c.sound.ear.mu.Lock()
	defer c.sound.ear.mu.Unlock()
	return string(c.sound.ear.digits)
}

// Stats gives the quality of what was received so far.
func (c *Call) Stats() Stats {
	c.sound.ear.mu.Lock()
	defer c.sound.ear.mu.Unlock()
	return c.sound.ear.stats
}

// window is how much of the newest sound a wait looks at.
const window = 100 * time.Millisecond

// HeardTone is the level of a frequency in the newest 100 ms, in dBm0; −Inf when
// nothing came.
func (c *Call) HeardTone(freq float64) float64 { return c.newest().Tone(freq) }

// HeardLevel is the level of the newest 100 ms, in dBm0; −Inf when nothing came.
func (c *Call) HeardLevel() float64 { return c.newest().Level() }

func (c *Call) newest() Audio {
	c.sound.ear.mu.Lock()
	defer c.sound.ear.mu.Unlock()
	return c.sound.ear.newest()
}

func (e *ear) newest() Audio { return Audio(e.frames).lastOf(time.Now().Add(-window)) }

func (a Audio) lastOf(since time.Time) Audio {
	i := len(a)
	for i > 0 && !a[i-1].At.Before(since) {
		i--
	}
	return slices.Clone(a[i:])
}

// audible is the level below which a line counts as silent, in dBm0.
const audible = -50.0

// WaitTone returns when a frequency has been most of what was heard for 100 ms.
func (c *Call) WaitTone(ctx context.Context, freq float64) error {
	err := c.waitHeard(ctx, func(a Audio) bool {
		tone := a.Tone(freq)
		return tone > audible && tone > a.Level()-3
	})
	if err != nil {
		return fmt.Errorf("wait for a tone of %v Hz: %w", freq, err)
	}
	return nil
}

// WaitToneAt returns when a frequency, whatever else is heard, has had a level
// between low and high dBm0 for 100 ms.
func (c *Call) WaitToneAt(ctx context.Context, freq, low, high float64) error {
	last := math.Inf(-1)
	err := c.waitHeard(ctx, func(a Audio) bool {
		last = a.Tone(freq)
		return last >= low && last <= high
	})
	if err != nil {
		return fmt.Errorf("wait for %v Hz at %v to %v dBm0, last at %.1f: %w", freq, low, high, last, err)
	}
	return nil
}

// WaitSound returns when anything audible was heard for 100 ms.
func (c *Call) WaitSound(ctx context.Context) error {
	err := c.waitHeard(ctx, func(a Audio) bool { return a.Level() > audible })
	if err != nil {
		return fmt.Errorf("wait for sound: %w", err)
	}
	return nil
}

// WaitDigits returns when the digits that came end with these.
func (c *Call) WaitDigits(ctx context.Context, digits string) error {
	e := c.sound.ear
	for {
		e.mu.Lock()
		got, over, next := string(e.digits), e.over, e.next()
		e.mu.Unlock()
		if len(got) >= len(digits) && got[len(got)-len(digits):] == digits {
			return nil
		}
		if err := c.another(ctx, over, next); err != nil {
			return fmt.Errorf("wait for digits %s, have %q: %w", digits, got, err)
		}
	}
}

// waitHeard waits until enough holds for a full window of the newest sound.
func (c *Call) waitHeard(ctx context.Context, enough func(Audio) bool) error {
	e := c.sound.ear
	for {
		e.mu.Lock()
		newest, over, next := e.newest(), e.over, e.next()
		e.mu.Unlock()
		if len(newest)*int(frameLength) >= int(window-frameLength) && enough(newest) {
			return nil
		}
		if err := c.another(ctx, over, next); err != nil {
			return err
		}
	}
}

func (c *Call) another(ctx context.Context, over bool, next <-chan struct{}) error {
	if over {
		<-c.moments.ended // closed at most a moment later
		return &Unanswered{c.moments.end}
	}
	select {
	case <-next:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// WaitSilence returns when nothing audible has come for d: silent packets or none.
func (c *Call) WaitSilence(ctx context.Context, d time.Duration) error {
	e := c.sound.ear
	clock := time.NewTimer(d)
	defer clock.Stop()
	heard := time.Now()
	for {
		e.mu.Lock()
		next := e.next()
		if n := len(e.frames); n > 0 && e.frames[n-1].At.After(heard) && Audio(e.frames[n-1:]).Level() > audible {
			heard = e.frames[n-1].At
		}
		e.mu.Unlock()
		clock.Reset(time.Until(heard.Add(d)))
		select {
		case <-next:
		case <-clock.C:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("wait for silence: %w", context.Cause(ctx))
		}
	}
}
