package house_test

import (
	"bytes"
	"context"
	"math"
	"strings"
	"time"

	"breakwater/media/g711"
	"breakwater/media/wav"
)

// spoken are the prompts that the tests wait for. Each is replaced by a tone of its
// own, short enough for a test and different from every other in each of its pieces.
var spoken = []string{
	"callback-number", "callback-kept", "callback-agent", "callback-here", "callback-sorry",
	"notice", "welcome", "warning-1", "warning-2", "warning-2-emergency", "farewell", "one-strike",
	"closing", "goodbye", "agent-lost", "crisis-hold", "no-answer", "no-agents",
	"supervisor-page", "supervisor-page-crisis", "supervisor-page-rescue", "supervisor-crisis",
	"supervisor-listens", "supervisor-whispers", "supervisor-joins", "supervisors-only", "nobody-talks-there",
	"enter-agent-number", "enter-pin", "wrong-pin", "logged-in", "ready", "not-possible-now",
	"rest-extended", "rest-declined", "position-before", "position-after", "number-1", "number-2",
	"refused-too-soon", "refused-customer-silent", "refused-no-permit", "refused-crisis",
	"refused-emergency", "refused-permit-open", "refused-unknown-key", "refused-not-possible",
	"hint-step-back", "hearing-off",
	"tone-beep", "tone-confirm", "tone-permit", "tone-zip", "tone-supervisor", "tone-supervisor-gone",
	"talk-wanted", "talk-connect", "why-talk-taken",
}

const (
	music       = "music-default"
	musicTone   = 240.0  // Hz; voices lie between it and the prompts
	promptTones = 1000.0 // Hz, the first one
	promptTime  = 300 * time.Millisecond
	warningTime = time.Second // so that a caller can fall silent before its end
	packet      = 160         // codes
)

// toneOf is the frequency of a prompt.
func toneOf(id string) float64 {
	for i, known := range spoken {
		if known == id {
			return promptTones + 50*float64(i)
		}
	}
	panic("no such prompt in the tests: " + id)
}

// codesOf is how a prompt sounds: a tone that grows louder, up to 6 dB below what the
// hearing guard lets through unchanged. An option with its id makes it longer.
func (s *stage) codesOf(id string) []byte {
	if known, ok := s.sounds[id]; ok {
		return known
	}
	d, err := time.ParseDuration(s.options[id])
	switch {
	case err == nil:
	case strings.HasPrefix(id, "warning-"):
		d = warningTime
	default:
		d = promptTime
	}
	s.sounds[id] = tone(toneOf(id), d, func(at float64) float64 { return 2000 + 2000*at })
	return s.sounds[id]
}

func tone(freq float64, d time.Duration, amplitude func(at float64) float64) []byte {
	n := int(d.Seconds() * g711.Rate)
	pcm, codes := make([]int16, n), make([]byte, n)
	for i := range pcm {
		pcm[i] = int16(amplitude(float64(i)/float64(n)) * math.Sin(2*math.Pi*freq*float64(i)/g711.Rate))
	}
	g711.Mu.Encode(codes, pcm)
	return codes
}

// clips are the WAV files of all prompts, and of the music.
func (s *stage) clips() map[string][]byte {
	files := map[string][]byte{
		music: wav.Encode(g711.Mu, 1, tone(musicTone, 5*time.Second, func(float64) float64 { return 5000 })),
	}
	for _, id := range spoken {
		files[id] = wav.Encode(g711.Mu, 1, s.codesOf(id))
	}
	return files
}

// hears waits until phrases were heard one after the other, complete, bit by bit, and
// tells from when to when. What is heard next is looked for behind it.
func (p *person) hears(phrases ...string) (from, to time.Time) {
	p.s.Helper()
	ok := holds(patience, func() (found bool) {
		over := p.call.End()
		from, to, found = p.find(p.sound(phrases...))
		if !found && over.By != "" && time.Since(over.At) > late {
			p.s.Fatalf("%s did not hear %v: the call is over: %s", p.name, phrases, over)
		}
		return found
	})
	if !ok {
		p.s.Fatalf("%s did not hear %v within %s", p.name, phrases, patience)
	}
	p.since = to
	return from, to
}

// sound is how phrases sound to a person.
func (p *person) sound(phrases ...string) (codes []byte) {
	for _, id := range phrases {
		codes = append(codes, p.s.codesOf(id)...)
	}
	return codes
}

// hearsBeginOf waits until a phrase has begun: its first 100 ms were heard.
func (p *person) hearsBeginOf(phrase string) time.Time {
	p.s.Helper()
	begin := p.sound(phrase)[:5*packet]
	var from, to time.Time
	p.s.sees(p.name+" hears the beginning of "+phrase, func() (found bool) {
		from, to, found = p.find(begin)
		return found
	})
	p.since = to
	return from
}

// find looks for a sound in what was heard and not yet told.
func (p *person) find(sound []byte) (from, to time.Time, ok bool) {
	var codes []byte
	heard := p.call.Heard().Since(p.since)
	for _, f := range heard {
		codes = append(codes, f.Codes...)
	}
	begins := bytes.Index(codes, sound)
	if begins < 0 {
		return from, to, false
	}
	at := 0
	for _, f := range heard {
		if at <= begins {
			from = f.At
		}
		at += len(f.Codes)
		if at >= begins+len(sound) {
			return from, f.At.Add(time.Nanosecond), true
		}
	}
	return from, to, false
}

// neverHeard looks whether phrases were not even begun in the whole call.
func (p *person) neverHeard(phrases ...string) {
	p.s.Helper()
	var codes []byte
	for _, f := range p.call.Heard() {
		codes = append(codes, f.Codes...)
	}
	for _, id := range phrases {
		if bytes.Contains(codes, p.sound(id)[:5*packet]) {
			p.s.Errorf("%s heard %s", p.name, id)
		}
	}
}

// hearsSilence waits until a person has heard nothing for a while.
func (p *person) hearsSilence(d time.Duration) {
	p.s.Helper()
	p.s.does(p.name+" hears silence", func(ctx context.Context) error { return p.call.WaitSilence(ctx, d) })
}
