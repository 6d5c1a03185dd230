package call

import (
	"context"
	"time"

	"breakwater/media"
)

// line is the caller's leg as a menu sees it; it implements ivr.Line.
type line struct{ c *Call }

// Say implements ivr.Line.
func (l line) Say(ctx context.Context, language string, barge bool, phrases ...string) (byte, error) {
	c := l.c
	clips, err := c.x.parts.Book.Sound(language, phrases...)
	if err != nil {
		c.log.Warn("cannot say", "phrases", phrases, "err", err)
		return 0, nil // silence is better than a lost caller; the config check finds the phrase
	}
	p := c.x.parts.Sounds.Play(c.caller, media.Sound{Clips: clips})
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

// say speaks to the caller in the call's language and waits for the end.
func (c *Call) say(ctx context.Context, phrases ...string) error {
	_, err := line{c}.Say(ctx, c.lang, false, phrases...)
	return err
}

// sayTo speaks to one side without waiting; the playback's end is a signal.
func (c *Call) sayTo(s *side, language string, phrases ...string) Playback {
	clips, err := c.x.parts.Book.Sound(language, phrases...)
	if err != nil {
		c.log.Warn("cannot say", "phrases", phrases, "err", err)
	}
	return c.x.parts.Sounds.Play(s, media.Sound{Clips: clips})
}

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
