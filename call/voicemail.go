package call

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"breakwater/acd"
)

// How a message is listened for.
const (
	messageLook  = 500 * time.Millisecond // from one look at the voice to the next
	messageTail  = 500 * time.Millisecond // of silence that stays at the end of a message
	messageMeant = 2 * time.Second        // who ends one with # after so long has said something, however faint
)

// messaging is a message being left. The call's goroutine owns it.
type messaging struct {
	c      *Call
	queue  string
	spec   acd.VoicemailSpec
	ticket uint64
	file   string // below the recording folder
	waited bool   // its place is that of a caller on the line

	began time.Time     // the tone is over
	voice time.Duration // of the caller in this call, when it began and when last looked
	heard time.Time     // the newest voice; zero = none yet
	whole time.Time     // when the message ended; zero = it goes on
	meant bool          // the caller ended it with a key, and not at once
}

// voicemail is how a queue takes messages; nil where this caller can leave none: whoever is
// in need talks to people.
func (c *Call) voicemail(queue string) *acd.VoicemailSpec {
	spec, ok := c.plan.Voicemails[queue]
	if spec = spec.WithDefaults(); !ok || !spec.Takes() || c.plan.queue(queue).Emergency || !c.story.mayEnd() {
		return nil
	}
	return &spec
}

// leaveMessage takes a message for a queue. Its place is made before anything is said, so
// that what was said outlives a crash, and nobody speaks for nothing to a queue that is full.
func (c *Call) leaveMessage(ctx context.Context, queue string) (goal, error) {
	spec := c.voicemail(queue)
	if spec == nil {
		return goal{toQueue, queue}, nil
	}
	m := c.newMessage(queue, spec)
	if !m.reserve(ctx, nil) {
		return c.parseGoal(spec.OnFull, sayVoicemailFull), nil
	}
	return c.takeMessage(ctx, m)
}

// newMessage is a message that has no place yet.
func (c *Call) newMessage(queue string, spec *acd.VoicemailSpec) *messaging {
	m := &messaging{c: c, queue: queue, spec: *spec, file: tapeFile(c.ID + "-message.wav")}
	if c.account.r.Message != "" { // one call may leave several
		m.file = tapeFile(c.ID + "-message-" + newID(time.Now())[10:] + ".wav")
	}
	return m
}

// errMessage ends a wait: the caller leaves a message, whose place is made.
var errMessage = errors.New("the caller leaves a message")

// askToSpeak gives a waiting caller who would rather leave a message the place of one for their
// own (errMessage). Where there is no room for it they are told so and wait on where they are;
// an offer that came meanwhile is given.
func (w *waiting) askToSpeak() (offer *acd.Offer, err error) {
	c := w.c
	m := c.newMessage(w.ticket.Queue, w.mail)
	m.waited = true
	takes, err := m.tryDisk(w.ctx) // before the place is given up
	if err != nil {
		return nil, err
	}
	if takes && m.reserve(w.ctx, w.ticket) {
		w.message = m
		return nil, errMessage
	}
	w.stopSound()
	a := &asking{c: c, ticket: w.ticket}
	_, err = a.key(w.ctx, 0, sayNotNow, sayPlaceKept)
	w.goOn() // also while a phone rings: it may not be answered
	if errors.Is(err, errOffered) {
		return &a.offer, nil
	}
	return nil, err
}

// tryDisk tells whether the disk takes a recording now. One that hangs takes none.
func (m *messaging) tryDisk(ctx context.Context) (takes bool, err error) {
	disk, path := m.c.x.disk, filepath.Join(m.c.x.parts.Folder, m.file)+".try"
	room, err := askDisk(ctx, m.c, &disk.room, "", func() (struct{}, error) { return struct{}{}, disk.try(path) })
	if err != nil || room.err == nil {
		return err == nil, err
	}
	m.c.x.tally.Add("voicemails_failed_total")
	m.c.log.Error("no message can be taken", "queue", m.queue, "err", room.err)
	m.c.account.step("voicemail.refused", room.err.Error())
	return false, nil
}

// takeMessage takes a message whose place is made.
func (c *Call) takeMessage(ctx context.Context, m *messaging) (goal, error) {
	c.phase("voicemail", m.queue, "")
	c.account.segment("voicemail", m.queue, "")
	_ = c.stopTape() // one of the conversation before: a leg is recorded once at a time
	err := m.take(ctx)
	kept, broken := m.end()
	broken = broken || err == nil && m.began.IsZero() // there was no disk to record on
	switch {
	case err != nil && kept: // hung up, and has left what was said
		return goal{}, left(err)
	case err != nil:
		return goal{}, err
	case broken && !kept && m.waited: // the disk has filled up since: back to their age in the queue
		c.x.tally.Add("voicemails_failed_total")
		return goal{toQueue, m.queue}, c.say(ctx, sayNotNow)
	case broken:
		c.x.tally.Add("voicemails_failed_total")
		return c.parseGoal(m.spec.OnFull, sayTrouble), nil
	case !kept:
		return goal{toGoodbye, sayVoicemailNone}, nil
	}
	_ = c.sayLast(ctx, sayVoicemailKept) // whoever hangs up first, the message is kept
	return goal{}, Cause{By: ByPolicy, Metric: CauseMessage, Text: "left a message"}
}

// left makes a caller's own end that of somebody who has left a message.
func left(err error) error {
	var cause Cause
	if errors.As(err, &cause) && cause.By == ByCaller {
		cause.Metric = CauseMessage
		return cause
	}
	return err
}

// reserve makes the message's place in the queue: for that on the line of who waits, or for
// nothing (nil). false = there is none, and nothing has changed.
func (m *messaging) reserve(ctx context.Context, waits *acd.Ticket) bool {
	var err error
	c, queue := m.c, m.queue
	number := c.account.r.Caller
	var dial []string
	for _, t := range c.plan.Trunks {
		dial = append(dial, t.Dial...)
	}
	if c.plan.Callbacks[queue].WithDefaults().Allows(number, dial, false) != nil {
		number = "" // cannot be called back
	}
	floor, wish := c.x.parts.Floor, acd.Callback{Kind: acd.BackMessage, Number: number, Message: m.file}
	if waits != nil {
		m.ticket, err = floor.LeaveMessage(ctx, waits.ID, c.entry(queue), wish)
	} else {
		m.ticket, err = floor.CallBack(ctx, c.entry(queue), wish)
	}
	if err == nil || errors.Is(err, acd.ErrNotDurable) {
		return true // the floor holds it; only a crash now would forget what is not on the disk
	}
	c.account.step("voicemail.refused", err.Error())
	return false
}

// take speaks, and records until the caller has finished. An error is how the call ended,
// or nil when it goes on.
func (m *messaging) take(ctx context.Context) error {
	c := m.c
	greeting := m.spec.Greeting
	if len(greeting) == 0 {
		greeting = []string{sayVoicemailLeave}
	}
	if err := c.say(ctx, append(greeting[:len(greeting):len(greeting)], toneConfirm)...); err != nil {
		return err
	}
	c.forgetDigits() // what was typed over the greeting ends no message
	if !c.tapeTo(m.file) {
		return nil
	}
	c.account.r.Message = m.file
	c.remember()
	m.began, m.voice = time.Now(), c.x.parts.Sounds.Level(c.caller).Spoken
	return m.listen(ctx)
}

// listen waits until the message is over: a key, silence, its longest, or a hang-up.
func (m *messaging) listen(ctx context.Context) error {
	tick := time.NewTicker(messageLook)
	defer tick.Stop()
	how := "hung-up"
	defer func() { m.c.account.step("voicemail.end", how) }()
	for {
		key, _, pressed, err := either(ctx, m.c, m.c.digits, tick.C)
		if err != nil {
			return err
		}
		m.look()
		now := time.Now()
		quiet := m.began
		if !m.heard.IsZero() {
			quiet = m.heard
		}
		switch {
		case pressed && key == '#':
			how, m.whole, m.meant = "key", now, now.Sub(m.began) >= messageMeant
		case now.Sub(quiet) >= m.spec.Silence:
			how, m.whole = "silence", quiet.Add(messageTail)
		case now.Sub(m.began) >= m.spec.Longest:
			how, m.whole = "longest", now
		default:
			continue
		}
		return nil
	}
}

// look notes whether the caller has spoken since the look before.
func (m *messaging) look() {
	if spoken := m.c.x.parts.Sounds.Level(m.c.caller).Spoken; spoken > m.voice {
		m.voice, m.heard = spoken, time.Now()
	}
}

// end finishes the recording and tells the floor what has been left. kept = there is a
// message; broken = not all of it is on the disk. It is done whatever happened to the caller.
func (m *messaging) end() (kept, broken bool) {
	c, queue := m.c, m.queue
	length := time.Duration(0)
	if !m.began.IsZero() {
		m.look()
		if m.whole.IsZero() {
			m.whole = time.Now()
		}
		if broken = c.stopTape() != nil; m.meant || !m.heard.IsZero() {
			length = m.whole.Sub(m.began)
		}
	}
	ctx, cancel := detached()
	defer cancel()
	err := c.x.parts.Floor.Spoken(ctx, m.ticket, length)
	if err != nil && !errors.Is(err, acd.ErrNotDurable) && !errors.Is(err, acd.ErrStopped) {
		c.log.Error("a message is not told to the floor", "queue", queue, "message", m.file, "err", err)
	}
	if length <= 0 {
		m.discard()
		c.account.step("voicemail.none", "")
		return false, broken
	}
	c.account.step("voicemail.kept", length.Round(time.Second).String())
	c.account.r.Queue = queue
	c.x.tally.Add("voicemails_total", "queue", queue)
	return true, broken
}

// discard deletes a recording in which nothing was said.
func (m *messaging) discard() {
	r := &m.c.account.r
	r.Message = ""
	stem := strings.TrimSuffix(m.file, filepath.Ext(m.file))
	rest := r.Recordings[:0]
	for _, name := range r.Recordings {
		if !strings.HasPrefix(name, stem) {
			rest = append(rest, name)
			continue
		}
		for _, ext := range []string{"", ".gain", ".marks.jsonl"} {
			err := os.Remove(filepath.Join(m.c.x.parts.Folder, name) + ext)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				m.c.log.Warn("an empty message stays on the disk", "file", name+ext, "err", err)
			}
		}
	}
	r.Recordings = rest
}
