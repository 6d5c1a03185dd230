package call

import (
	"context"
	"strings"
	"time"

	"breakwater/media"
)

// line is the caller's leg as a menu sees it; it implements ivr.Line.
type line struct{ c *Call }

// Say implements ivr.Line.
func (l line) Say(ctx context.Context, language string, barge bool, phrases ...string) (byte, error) {
	c := l.c
	p := c.sayTo(c.caller, language, phrases...) // silence is better than a lost caller
	defer p.Stop()
	if !barge {
		_, err := await(ctx, c, p.Done())
		return 0, err
	}
	digit, _, _, err := either(ctx, c, c.digits, p.Done())
	return digit, err
}

// Digit implements ivr.Line.
func (l line) Digit(ctx context.Context, d time.Duration) (byte, error) {
	t := time.NewTimer(d)
	defer t.Stop()
	digit, _, _, err := either(ctx, l.c, l.c.digits, t.C)
	return digit, err
}

// Note implements ivr.Line.
func (l line) Note(name, value string) { l.c.account.step(name, value) }

// say speaks to the caller in the call's language, for the record, and waits for the
// end.
func (c *Call) say(ctx context.Context, phrases ...string) error {
	return c.sayWith(ctx, 0, phrases...)
}

// sayLast is say for what is followed by our hang-up.
func (c *Call) sayLast(ctx context.Context, phrases ...string) error {
	return c.sayWith(ctx, lastWords, phrases...)
}

// lastWords is the silence between our last word and our BYE: a phone's jitter buffer still
// holds the word when it has arrived. With it a BYE is sent within 200 ms of the word.
const lastWords = 100 * time.Millisecond

func (c *Call) sayWith(ctx context.Context, tail time.Duration, phrases ...string) error {
	what := strings.Join(phrases, " ")
	c.account.step("prompt.start", what)
	p := c.speak(c.caller, c.story.language, tail, phrases...)
	defer func() {
		p.Stop()
		if p.Complete() {
			c.account.step("prompt.end", what)
		} else {
			c.account.step("prompt.cut", what)
		}
	}()
	_, err := await(ctx, c, p.Done())
	return err
}

// sayTo speaks to one side without waiting; the playback's end is a signal.
func (c *Call) sayTo(s *side, language string, phrases ...string) Playback {
	return c.speak(s, language, 0, phrases...)
}

// speak is sayTo with silence at the end. What the book cannot say in the language is said
// in another one, rather than not at all.
func (c *Call) speak(s *side, language string, tail time.Duration, phrases ...string) Playback {
	for _, l := range []string{language, c.plan.Settings.Language, "en"} {
		clips, err := c.x.parts.Book.Sound(l, phrases...)
		if err == nil {
			return c.x.parts.Sounds.Play(s, media.Sound{Clips: clips, Tail: tail})
		}
		c.log.Warn("cannot say", "language", l, "phrases", phrases, "err", err)
	}
	c.x.tally.Add("prompts_missing_total")
	return unsaid{}
}

// unsaid is the playback of what could not be said: it is over, and was never heard.
type unsaid struct{}

// Done implements Playback.
func (unsaid) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// Stop implements Playback.
func (unsaid) Stop() {}

// Complete implements Playback.
func (unsaid) Complete() bool { return false }

// languageOf is what the system speaks to this caller before they choose.
func (c *Call) languageOf(p Party) string {
	for _, l := range []string{
		c.plan.Numbers[p.Dialled].Language,
		c.plan.Phones[p.Phone].Language,
		c.plan.Trunks[p.Trunk].Language,
	} {
		if l != "" {
			return l
		}
	}
	return c.plan.Settings.Language
}

// phoneThatTalks is the calling phone when this call keeps it from queue calls; a
// dialled code does not.
func (c *Call) phoneThatTalks() string {
	p := c.caller.Party()
	if isCode(p.Dialled) {
		return ""
	}
	return p.Phone
}

// forgetDigits drops what was typed before a question was asked.
func (c *Call) forgetDigits() {
	for len(c.digits) > 0 {
		<-c.digits
	}
}
