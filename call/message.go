package call

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/media"
	"breakwater/media/g711"
	"breakwater/media/prompt"
	"breakwater/media/wav"
)

const (
	messageWait   = 6 * time.Second // for a key when the message has been heard
	messageRounds = 5               // how often the keys are told before the agent's line is put down
	messageParts  = 8               // files of one message: a new one begins with each change of codec
)

// recital is a message being heard by an agent. The call's goroutine owns it.
type recital struct {
	c     *Call
	conv  *conversation
	l     *acd.Launch
	clips []*wav.Clip
	news  chan Signal // of the agent's leg
	whole bool        // the agent has heard it to its end
}

// readMessage reads a message for its agent, before anybody is rung for it. A disk that hangs
// is one that cannot be read: else its agent would be taken from others each time that the
// floor takes the offer back.
func (c *Call) readMessage(ctx context.Context, l *acd.Launch) ([]*wav.Clip, error) {
	message, err := askDisk(ctx, c, &c.x.disk.messages, l.Callback.Message, func() ([]*wav.Clip, error) {
		return messageClips(c.x.parts.Archive, filepath.Join(c.x.parts.Folder, l.Callback.Message), l.Callback.Length)
	})
	return message.value, errors.Join(err, message.err)
}

// messageClips gives the caller's voice (left) of a recording, so long; 0 = all of it.
func messageClips(archive Archive, path string, length time.Duration) (clips []*wav.Clip, err error) {
	most := int(length * g711.Rate / time.Second)
	ext := filepath.Ext(path)
	for part := range messageParts {
		name := path
		if part > 0 {
			name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), part+1, ext)
		}
		f, err := readTape(archive, name)
		if part > 0 && errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read message %s: %w", name, err)
		}
		law, ok := f.Law()
		if !ok {
			return nil, fmt.Errorf("message %s holds no G.711", name)
		}
		codes := slices.Clone(f.Codes(0))
		if length > 0 {
			codes = codes[:min(len(codes), most)]
			most -= len(codes)
		}
		if len(codes) > 0 {
			clips = append(clips, wav.FromCodes("message", law, codes))
		}
	}
	if len(clips) == 0 {
		return nil, fmt.Errorf("message %s is empty", path)
	}
	return clips, nil
}

// unreadMessage leaves a message in its place whose recording cannot be read: no agent is
// rung for it. The disk may come back; what does not is given up after voicemail.keep.
func (c *Call) unreadMessage(l *acd.Launch, why error) error {
	c.x.tally.Add("voicemails_unreadable_total")
	c.log.Error("a message cannot be heard now", "queue", l.Entry.Queue, "message", l.Callback.Message, "err", why)
	c.account.step("voicemail.unreadable", why.Error())
	ctx, cancel := detached()
	defer cancel()
	err := c.x.parts.Floor.Unreached(ctx, l.Ticket.ID, acd.UnreachedUnread)
	if err != nil && !errors.Is(err, acd.ErrNoTicket) && !errors.Is(err, acd.ErrStopped) {
		c.log.Error("give a message back", "err", err)
	}
	return Cause{By: ByUs, Metric: CauseUnreached, Text: "the message cannot be read"}
}

// hearMessage lets the agent on the line hear a message. back = they wish to call back, and
// are still on the line; else they are not, and err is how this call ended.
func (c *Call) hearMessage(ctx context.Context, conv *conversation, l *acd.Launch, clips []*wav.Clip) (back bool, err error) {
	r := &recital{c: c, conv: conv, l: l, clips: clips, news: make(chan Signal, directRoom)}
	settled := false
	defer func() { // also when the program breaks: the agent is free
		if !settled {
			c.giveBack(l.Ticket)
			c.partWithAgent(conv, CauseUnreached)
		}
	}()
	c.phase("message", l.Entry.Queue, conv.seat.Agent)
	c.account.segment("message", l.Entry.Queue, conv.seat.Agent)
	c.account.r.Agent = conv.seat.Agent
	c.begin(ctx)
	c.listen(conv.agent, func(sig Signal) {
		sig.decide(false)
		select {
		case r.news <- sig:
		default: // only a broken phone says so much
			c.cancel(Cause{By: ByUs, Metric: CauseNetwork, Text: "a leg said more than could be heard"})
		}
	})
	done, back, err := r.run(ctx)
	switch {
	case err != nil:
		return false, err
	case back:
		settled = true
		c.account.step("message.callback", "")
		return true, nil
	case !done:
		c.account.step("message.left", "")
		return false, Cause{By: ByAgent, Metric: CauseUnreached, Text: "the agent put down before the message was heard"}
	}
	settled = true
	c.account.step("message.done", "")
	c.x.tally.Add("voicemails_heard_total", "queue", l.Entry.Queue)
	if err := c.x.parts.Floor.Heard(ctx, l.Ticket.ID); err != nil && !errors.Is(err, acd.ErrNoTicket) && !errors.Is(err, acd.ErrNotDurable) {
		c.log.Error("a message that was heard stays", "err", err)
	}
	c.partWithAgent(conv, CauseMessageHeard)
	return false, Cause{By: ByAgent, Metric: CauseMessageHeard, Text: "the message was heard"}
}

// run plays the message and does what the agent's keys ask for. done = the message needs
// nobody any more; back = its caller is to be called.
func (r *recital) run(ctx context.Context) (done, back bool, err error) {
	if r.conv.agent.gone {
		return false, false, nil
	}
	next := r.opening
	for range messageRounds {
		sig, err := r.key(ctx, next)
		switch {
		case err != nil:
			return false, false, err
		case sig == nil:
			next = r.keys
			continue
		case sig.Kind == Ended:
			return r.whole && !r.conv.agent.lost(), false, nil
		case sig.Digit == '1':
			next = r.message
		case sig.Digit == '2':
			return true, false, nil
		case sig.Digit == '3' && r.l.Callback.Number != "":
			return false, true, nil
		default:
			next = r.beep
		}
	}
	return r.whole, false, nil
}

// The parts of a recital: what is played, and whether the message is in it.

func (r *recital) opening() (Playback, bool) {
	return r.play(append([]string{sayVoicemailAgent}, r.about()...), true)
}
func (r *recital) message() (Playback, bool) { return r.play(r.about(), true) }
func (r *recital) keys() (Playback, bool)    { return r.play([]string{sayVoicemailAgent}, false) }
func (r *recital) beep() (Playback, bool)    { return r.play([]string{toneBeep}, false) }

// about says who left the message, as their phone shows it, and when.
func (r *recital) about() (phrases []string) {
	if number := strings.TrimPrefix(r.l.Entry.Caller, "+"); number != "" && len(number) <= 32 && strings.Trim(number, "0123456789") == "" {
		phrases = append(phrases, prompt.Digits(number))
	}
	since := r.l.Entry.Since
	if age := time.Since(since); age >= 12*time.Hour {
		return append(phrases, prompt.Date(since))
	} else if age >= time.Minute {
		return append(phrases, prompt.Minutes(age))
	}
	return phrases
}

func (r *recital) play(phrases []string, message bool) (Playback, bool) {
	c := r.c
	sound := media.Sound{}
	if len(phrases) > 0 {
		clips, err := c.x.parts.Book.Sound(c.agentLanguage(r.conv.seat.Agent), phrases...)
		if err != nil {
			c.log.Warn("cannot say", "phrases", phrases, "err", err)
		}
		sound.Clips = clips
	}
	if message {
		sound.Clips, sound.Voice = append(slices.Clone(sound.Clips), r.clips...), true
	}
	return c.x.parts.Sounds.Play(r.conv.agent, sound), message
}

// key plays, and waits for a key or the agent's end; nil = neither came.
func (r *recital) key(ctx context.Context, say func() (Playback, bool)) (*Signal, error) {
	p, message := say()
	defer p.Stop()
	sig, err := signalOr(ctx, r, p.Done())
	if message && p.Complete() {
		r.whole = true
	}
	if err != nil || sig != nil {
		return sig, err
	}
	quiet := time.NewTimer(messageWait)
	defer quiet.Stop()
	return signalOr(ctx, r, quiet.C)
}

// signalOr waits for a key or the agent's end; nil = over came first.
func signalOr[T any](ctx context.Context, r *recital, over <-chan T) (*Signal, error) {
	for {
		sig, _, came, err := either(ctx, r.c, r.news, over)
		switch {
		case err != nil || !came:
			return nil, err
		case sig.Kind == Pressed || sig.Kind == Ended:
			return &sig, nil
		}
	}
}
