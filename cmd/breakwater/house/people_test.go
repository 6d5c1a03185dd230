package house_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"breakwater/acd"
	"breakwater/sip/siptest"
)

const (
	password = "wire-password"
	pin      = "4711"
	loud     = -20.0 // dBm0: how loud people speak
	nothing  = -50.0 // dBm0: below, nobody is heard

	lowestVoice = 280.0 // Hz: below all voices, which are 40 Hz apart
)

// person is somebody at one end of a call: a caller, or an agent at a desk phone.
// The voice is a tone that nobody else has, so that who hears whom is a measurement. It
// is lower than what the hearing guard takes for a whistle (600 Hz).
type person struct {
	s      *stage
	name   string
	number string // shown by callers
	voice  float64
	phone  *siptest.Phone
	call   *siptest.Call
	since  time.Time // what was heard before is told already
}

// person is somebody without a call.
func (s *stage) person(name string, phone *siptest.Phone) *person {
	p := &person{s: s, name: name, phone: phone, voice: lowestVoice + 40*float64(len(s.people)+1)}
	s.people = append(s.people, p)
	return p
}

// desks are the agents' phones and what they type to log in.
var desks = map[string]struct{ phone, number string }{
	"anna": {"201", "1"}, "ben": {"202", "2"}, "carla": {"203", "3"}, "sofia": {"210", "8"}, "toni": {"211", "9"},
}

// desk registers an agent's phone; nobody logs in at it.
func (s *stage) desk(name string, change ...func(*siptest.Options)) *person {
	s.Helper()
	o := siptest.Options{Name: desks[name].phone, Password: password, Policy: siptest.Policy{One: true}}
	for _, f := range change {
		f(&o)
	}
	p := s.person(name, s.phone(o))
	s.does(name+" registers", p.phone.Register)
	return p
}

// seats registers the phones of agents and logs them in, as people do it.
func (s *stage) seats(names ...string) []*person {
	s.Helper()
	people := make([]*person, len(names))
	for i, name := range names {
		people[i] = s.desk(name)
	}
	s.logIn(people...)
	return people
}

func (s *stage) logIn(people ...*person) {
	s.Helper()
	var all sync.WaitGroup
	errs := make([]error, len(people))
	for i, p := range people {
		all.Go(func() { errs[i] = p.dialsCode("*11", desks[p.name].number+"#"+pin+"#") })
	}
	all.Wait()
	for i, p := range people {
		if errs[i] != nil {
			s.Fatalf("%s logs in: %v", p.name, errs[i])
		}
		p.hears("logged-in")
		s.becomes(p.name, acd.Ready)
	}
}

// seat is seats for one agent.
func (s *stage) seat(name string) *person {
	s.Helper()
	return s.seats(name)[0]
}

// dialsCode dials a code, types what it asks for, and listens until the server has
// spoken and hung up.
func (p *person) dialsCode(code, typed string) error {
	ctx, cancel := context.WithTimeout(p.s.ctx, patience)
	defer cancel()
	c, err := p.phone.Call(ctx, code)
	if err != nil {
		return err
	}
	p.call, p.since = c, time.Time{}
	if err := c.WaitAnswered(ctx); err != nil {
		return fmt.Errorf("dial %s: %w", code, err)
	}
	if err := c.SendDigits(ctx, typed); err != nil {
		return err
	}
	_, err = c.WaitEnded(ctx)
	return err
}

// code is dialsCode without typing, and what is said.
func (p *person) code(code, says string) {
	p.s.Helper()
	if err := p.dialsCode(code, ""); err != nil {
		p.s.Fatalf("%s dials %s: %v", p.name, code, err)
	}
	p.hears(says)
}

// caller is a new caller outside who has dialled.
func (s *stage) caller(number string) *person {
	s.Helper()
	p := s.person(fmt.Sprintf("caller %d", len(s.people)+1), s.city)
	p.number = fmt.Sprintf("0301%04d", len(s.people))
	p.dials(siptest.Dial{Number: number, From: p.number})
	return p
}

func (p *person) dials(d siptest.Dial) {
	p.s.Helper()
	p.s.does(p.name+" dials "+d.Number, func(ctx context.Context) (err error) {
		p.call, err = p.phone.Dial(ctx, d)
		p.since = time.Time{}
		return err
	})
}

// isAnswered waits until the server, or whom it reached, has answered.
func (p *person) isAnswered() {
	p.s.Helper()
	p.s.does(p.name+" is answered", p.call.WaitAnswered)
}

// rings waits for the next call at a phone.
func (p *person) rings() {
	p.s.Helper()
	p.s.does("the phone of "+p.name+" rings", func(ctx context.Context) error {
		select {
		case p.call = <-p.phone.Incoming():
			p.since = time.Time{}
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// isLeftAlone looks whether no call came.
func (p *person) isLeftAlone() {
	p.s.Helper()
	select {
	case c := <-p.phone.Incoming():
		p.s.Fatalf("the phone of %s rang at %s", p.name, c.Began())
	default:
	}
}

func (p *person) answers() {
	p.s.Helper()
	p.s.does(p.name+" answers", p.call.Answer)
}

func (p *person) declines(status int) {
	p.s.Helper()
	p.s.does(p.name+" declines", func(ctx context.Context) error { return p.call.Decline(ctx, status) })
}

func (p *person) hangsUp() {
	p.s.Helper()
	p.s.does(p.name+" hangs up", p.call.Hangup)
}

// isCut waits until the other side has ended the call.
func (p *person) isCut() (end siptest.End) {
	p.s.Helper()
	p.s.does("the call of "+p.name+" is ended", func(ctx context.Context) (err error) {
		end, err = p.call.WaitEnded(ctx)
		return err
	})
	if end.By != "them" {
		p.s.Errorf("the call of %s was ended by %s, want them", p.name, end)
	}
	return end
}

// isCutSoon is isCut at most 200 ms after the last word was heard, on a machine that is never
// late; slow is how late it was.
func (p *person) isCutSoon(word time.Time, slow func() time.Duration) {
	p.s.Helper()
	most, took := 200*time.Millisecond, p.isCut().At.Sub(word)
	if most += 2 * slow(); took > most {
		p.s.Errorf("BYE to %s %s after the last word, want at most %s", p.name, took, most)
	}
}

// isUp looks whether the call goes on.
func (p *person) isUp() {
	p.s.Helper()
	if end := p.call.End(); end != (siptest.End{}) {
		p.s.Fatalf("the call of %s is over: %s", p.name, end)
	}
}

// presses types keys by RFC 4733. The server may end the call while the last is sent.
func (p *person) presses(keys string) {
	p.s.Helper()
	p.s.does(p.name+" presses "+keys, func(ctx context.Context) error {
		err := p.call.SendDigits(ctx, keys)
		if p.call.End().By == "them" {
			return nil
		}
		return err
	})
}

// informs types keys by SIP INFO.
func (p *person) informs(keys string, style siptest.InfoStyle) {
	p.s.Helper()
	p.s.does(p.name+" sends "+keys, func(ctx context.Context) error { return p.call.SendDigitsInfo(ctx, keys, style) })
}

func (p *person) speaks() { p.call.PlayTone(p.voice, loud) }

func (p *person) isQuiet() { p.call.Quiet() }

func (p *person) holds(style siptest.HoldStyle) {
	p.s.Helper()
	p.s.does(p.name+" holds", func(ctx context.Context) error { return p.call.Hold(ctx, style) })
}

func (p *person) resumes() {
	p.s.Helper()
	p.s.does(p.name+" resumes", p.call.Resume)
}

// hearsVoice waits until the other's voice, as loud as it was spoken, is what is heard.
func (p *person) hearsVoice(other *person) {
	p.s.Helper()
	p.s.does(p.name+" hears "+other.name, func(ctx context.Context) error {
		return p.call.WaitToneAt(ctx, other.voice, loud-1, loud+1)
	})
}

// hearsMusic waits until music is what is heard.
func (p *person) hearsMusic() {
	p.s.Helper()
	p.s.does(p.name+" hears music", func(ctx context.Context) error {
		return p.call.WaitTone(ctx, musicTone)
	})
}

// loudness is how loud a tone was in a stretch of time, in dBm0.
func (p *person) loudness(tone float64, from, to time.Time) float64 {
	return max(p.call.Heard().Since(from).Until(to).Tone(tone), -200)
}

// talk lets two people speak until each has heard the other.
func (s *stage) talk(a, b *person) {
	s.Helper()
	a.speaks()
	b.speaks()
	a.hearsVoice(b)
	b.hearsVoice(a)
}

// connects brings a new caller of a number to an agent, and both speak.
func (s *stage) connects(number string, agent *person) *person {
	s.Helper()
	caller := s.caller(number)
	agent.rings()
	agent.answers()
	s.talk(caller, agent)
	return caller
}

// hearsNothingOf looks whether a tone was absent from a stretch of time.
func (p *person) hearsNothingOf(what string, tone float64, from, to time.Time) {
	p.s.Helper()
	heard := p.call.Heard().Since(from).Until(to)
	if len(heard) == 0 {
		p.s.Errorf("%s heard no packet from %s to %s", p.name, from, to)
	}
	for i := 0; i+5 <= len(heard); i++ { // every 100 ms
		if level := heard[i : i+5].Tone(tone); level > nothing && !math.IsInf(level, 0) {
			p.s.Errorf("%s hears %s at %.1f dBm0, %s after the beginning", p.name, what, level, heard[i].At.Sub(from))
			return
		}
	}
}
