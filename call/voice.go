package call

import (
	"time"

	"breakwater/acd/protect"
	"breakwater/media"
)

// everySecond tells the ladder how much the caller has spoken between two accounts of
// the voice. What began before the last warning had ended does not count: the
// caller may have said it all before.
func (t *talk) everySecond() {
	t.clocks.look = t.c.after(nextLook(time.Now()), t.everySecond)
	t.listened(t.conv)
	if t.sup != nil {
		t.listened(t.sup.conversation)
	}
	level := t.c.x.parts.Sounds.Level(t.c.caller)
	before := t.told
	t.told = level
	t.metered(level.Voice, before.Voice)
	if d := level.Spoken - before.Spoken; d > 0 && !before.At.Before(t.warned) {
		t.observe(protect.Observation{Kind: protect.Spoke, Spoken: d})
	}
}

// nextLook is how long it is until the next look: a second, or a little less, so that those
// of all calls fall on few moments and do not wake an idle machine one by one.
func nextLook(now time.Time) time.Duration {
	const together = 200 * time.Millisecond
	return now.Add(time.Second).Truncate(together).Sub(now)
}

// listened accounts for what the ear of a conversation got, once a minute.
func (t *talk) listened(conv *conversation) {
	if s := conv.agent; !s.gone && time.Since(s.told) >= earsEvery && time.Since(s.answered) >= earsEvery {
		t.c.listened(s)
	}
}

// metered tells the ladder of what the meter found since the account before. It is a hint,
// and nothing else in the call knows of it.
func (t *talk) metered(now, before media.Voice) {
	tally := t.c.x.tally
	t.conv.raised += int(now.Raised - before.Raised)
	tally.AddMany(uint64(now.Raised-before.Raised), "det_raised_seconds_total")
	if now.Hints != before.Hints {
		t.observe(protect.Observation{Kind: protect.Hint})
	}
}
