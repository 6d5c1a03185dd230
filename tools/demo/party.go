package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"breakwater/sip/siptest"
)

const (
	speaking = -16.0 // dBm0 of a pilot tone: somebody speaks
	notHeard = -45.0 // dBm0: below, a pilot tone is not there
)

// party is one end of a call: a caller, or an agent at a desk phone.
type party struct {
	s      *scene
	name   string
	number string  // of a caller
	voice  float64 // Hz
	call   *siptest.Call
	since  time.Time // what was heard before is told already
}

// answers takes the call that rings.
func (p *party) answers() {
	p.s.do(p.name+" answers", func(ctx context.Context) error { return p.call.Answer(ctx) })
	p.s.say("%s answers", p.name)
}

// declines refuses the call that rings.
func (p *party) declines() {
	p.s.do(p.name+" declines", func(ctx context.Context) error { return p.call.Decline(ctx, 603) })
	p.s.say("%s declines", p.name)
}

// hangsUp puts the receiver down.
func (p *party) hangsUp() {
	p.s.say("%s hangs up", p.name)
	p.s.do(p.name+" hangs up", func(ctx context.Context) error { return p.call.Hangup(ctx) })
}

// isCut waits until the server has ended the call.
func (p *party) isCut() {
	var end siptest.End
	p.s.do(p.name+"'s line is ended", func(ctx context.Context) (err error) {
		end, err = p.call.WaitEnded(ctx)
		return err
	})
	expect(p.s, p.name+"'s line is ended by", "them", end.By)
}

// presses types keys by RFC 4733.
func (p *party) presses(keys, meaning string) {
	p.s.say("%s presses %s: %s", p.name, keys, meaning)
	p.s.do(p.name+" presses "+keys, func(ctx context.Context) error { return p.call.SendDigits(ctx, keys) })
}

// speaks plays the party's pilot tone.
func (p *party) speaks() {
	if !p.s.lost {
		p.call.PlayTone(p.voice, speaking)
	}
}

// shouts plays what a shouting person sounds like to a telephone, for a minute.
func (p *party) shouts() {
	if !p.s.lost {
		p.call.Play(slices.Repeat(shouting(), 12))
	}
}

// hears waits until phrases of the prompt book were heard, sample by sample, and
// gives from when to when. What is heard next is looked for behind it.
func (p *party) hears(phrases ...string) (from, to time.Time) {
	text, sound := "", []byte(nil)
	p.s.do(p.name+" hears "+phrases[0], func(ctx context.Context) error {
		clips, err := p.s.book.Sound(language, phrases...)
		if err != nil {
			return err
		}
		for _, c := range clips {
			sound = append(sound, c.ULaw...)
		}
		for _, phrase := range phrases {
			text = strings.TrimSpace(text + " " + p.s.book.Text(language, phrase))
		}
		err = until(ctx, func() (found bool, err error) {
			from, to, found = find(p.call.Heard().Since(p.since), sound)
			if !found && p.call.End() != (siptest.End{}) {
				err = &siptest.Unanswered{End: p.call.End()}
			}
			return found, err
		})
		p.since = to
		return err
	})
	p.s.pause(time.Until(to)) // the last word, too
	if !p.s.lost {
		p.s.say("%s hears: “%s”", p.name, text)
		p.s.good++
	}
	return from, to
}

// hearsVoice waits until the other's pilot tone is most of what is heard.
func (p *party) hearsVoice(other *party) {
	what := fmt.Sprintf("%s hears %s", p.name, other.name)
	p.s.do(what, func(ctx context.Context) error { return p.call.WaitTone(ctx, other.voice) })
	if !p.s.lost {
		p.s.good++
	}
}

// loudness is how loud the other's pilot tone was in a stretch of time, in dBm0.
func (p *party) loudness(other *party, from, to time.Time) float64 {
	if p.s.lost {
		return math.Inf(-1)
	}
	return p.call.Heard().Since(from).Until(to).Tone(other.voice)
}

// level is how loud everything was in a stretch of time, in dBm0.
func (p *party) level(from, to time.Time) float64 {
	if p.s.lost {
		return math.Inf(-1)
	}
	return p.call.Heard().Since(from).Until(to).Level()
}

// talking tells whether the call is still up.
func (p *party) talking() bool { return !p.s.lost && p.call.End() == (siptest.End{}) }

// keys are the digits that reached the party: those of an agent never do.
func (p *party) keys() string {
	if p.s.lost {
		return ""
	}
	return p.call.HeardDigits()
}

// talk lets two parties speak until each has heard the other.
func (s *scene) talk(a, b *party) {
	a.speaks()
	b.speaks()
	a.hearsVoice(b)
	b.hearsVoice(a)
	s.say("%s and %s hear each other (%.0f Hz and %.0f Hz)", a.name, b.name, a.voice, b.voice)
}

// join lets a third party speak with two who do, until the first has heard both others at
// once.
func (s *scene) join(caller, agent, third *party) {
	third.speaks()
	for _, p := range []*party{agent, third} {
		what := fmt.Sprintf("%s hears %s besides the other", caller.name, p.name)
		s.do(what, func(ctx context.Context) error {
			return caller.call.WaitToneAt(ctx, p.voice, speaking-2, speaking+2)
		})
		if !s.lost {
			s.good++
		}
	}
	s.say("%s hears both %s (%.0f Hz) and %s (%.0f Hz)", caller.name, agent.name, agent.voice, third.name, third.voice)
}

// silent tells whether a phone was left alone: no call came to it.
func (d *desk) silent() bool {
	select {
	case <-d.phone.Incoming():
		return false
	default:
		return true
	}
}

// from is the caller's number that an agent's phone shows.
func from(agent *party) string {
	if agent.call == nil {
		return ""
	}
	return agent.call.From()
}
