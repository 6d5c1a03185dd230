package call

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"breakwater/acd"
	"breakwater/media/prompt"
)

// serveQueue brings the caller to an agent of the queue and through the
// conversation. It gives where the call goes next.
func (c *Call) serveQueue(ctx context.Context, queue string) (goal, error) {
	manners := c.plan.queue(queue)
	c.story.queue = queue
	c.story.emergency = c.story.emergency || manners.Emergency
	last := c.askLastAgent(queue, manners)
	if err := c.welcome(ctx, queue, manners); err != nil {
		return goal{}, err
	}
	prefer, err := c.lastAgent(ctx, last)
	if err != nil {
		return goal{}, err
	}
	if c.story.since.IsZero() {
		c.story.since = time.Now()
	}
	entry := c.entry(queue)
	entry.Head, entry.Prefer = !c.story.mayEnd(), prefer
	if c.story.moved {
		entry.Again = acd.AgainTransferred
	}
	return c.serve(ctx, entry, manners, nil)
}

// serve brings the caller to an agent, as often as they come back. conv is with whom it
// begins; nil = they wait first.
func (c *Call) serve(ctx context.Context, entry acd.Entry, manners QueueManners, conv *conversation) (next goal, err error) {
	for {
		entry.Event, entry.Urgent = c.story.event, !c.story.mayEnd()
		if conv == nil {
			if conv, next, err = c.reachAgent(ctx, entry, manners); err != nil || conv == nil {
				return next, err
			}
		}
		after, err := c.converse(ctx, conv)
		if err != nil {
			return goal{}, err
		}
		again, next, err := c.afterTalk(ctx, conv, after)
		if err != nil || !again {
			return next, err
		}
		// Back to the original place: the age is kept, the head of the queue is theirs.
		entry.Head, entry.Prefer, entry.Again = true, "", cameBack(conv, after.kind)
		if after.kind == endLost {
			entry.Prefer = conv.seat.Agent
		}
		conv = nil
	}
}

// cameBack is why a call whose conversation ended so comes back to its queue.
func cameBack(conv *conversation, kind endKind) string {
	switch {
	case kind == endLost:
		return acd.AgainLost
	case kind == endClosing && conv.manners.OnAgentHangup != HangupRescue:
		return acd.AgainWanted
	}
	return acd.AgainRescued
}

// welcome says what must be heard before anybody else can be: the notice, the
// greeting of the queue, the human prompt.
func (c *Call) welcome(ctx context.Context, queue string, m QueueManners) error {
	c.phase("greeting", queue, "")
	c.account.segment("greeting", queue, "")
	given := c.plan.Trunks[c.caller.Party().Trunk].NoticeGiven || m.Notice == NoticeGiven
	switch {
	case c.story.noticed:
	case given:
		c.notice("given before the call")
	case m.Notice == NoticePlayed:
		if err := c.say(ctx, sayNotice); err != nil {
			return err
		}
		c.notice("played")
	}
	if m.Human && !c.story.humanSaid {
		c.story.humanSaid = true
		if err := c.say(ctx, sayHuman); err != nil {
			return err
		}
	}
	if len(m.Greeting) > 0 {
		return c.say(ctx, m.Greeting...)
	}
	return nil
}

func (c *Call) notice(how string) {
	c.story.noticed = true
	c.account.r.NoticeAt = time.Now()
	c.account.step("notice", how)
}

// callData is what skill expressions may ask of this call.
func (c *Call) callData() map[string]any {
	p := c.caller.Party()
	data := map[string]any{"number": p.Number, "dialled": p.Dialled, "trunk": p.Trunk, "language": c.story.language}
	for k, v := range c.account.r.Data {
		data[k] = v
	}
	return data
}

// tierField is the call's data that names the caller's tier, T0 to T4. Whoever knows the
// caller puts it there: a menu that has asked who calls, or a lookup.
const tierField = "tier"

// entry is what a queue must know of the caller. An emergency or a crisis stays one in
// every queue.
func (c *Call) entry(queue string) acd.Entry {
	return acd.Entry{
		Call: c.ID, Queue: queue, Caller: c.account.r.Caller, Data: c.callData(), Since: c.story.since,
		Tier: c.tier(), Event: c.story.event, Urgent: !c.story.mayEnd(),
	}
}

// tier is how hard the caller is known to be on people. What is no tier, such as a
// customer's gold, is T0.
func (c *Call) tier() acd.Tier {
	word := c.account.r.Data[tierField]
	tier, ok := acd.ParseTier(word)
	if word != "" && !ok {
		c.log.Debug("the call's data has a tier that is none of T0 to T4", "tier", word)
	}
	return tier
}

// reachAgent waits in the queue until an agent has answered. No conversation and
// no error means: go to next.
func (c *Call) reachAgent(ctx context.Context, e acd.Entry, m QueueManners) (conv *conversation, next goal, err error) {
	if c.x.standsDown() {
		c.sendAway()
		return nil, goal{}, takenOver()
	}
	ticket, err := c.x.parts.Floor.Enter(ctx, e)
	if next, ok := c.keptOut(err); ok {
		return nil, next, nil
	}
	if err != nil {
		return nil, goal{}, abandoned(fmt.Errorf("enter queue %s: %w", e.Queue, err))
	}
	c.forgetDigits() // nor does what was typed before ask for a callback
	w := c.beginWait(ctx, ticket, m)
	parked := false // the place on the line is given up already
	defer func() {
		w.end()
		c.forgetDigits() // whatever was typed while waiting answers no later question
		if conv == nil && !parked {
			c.leave(ticket, CauseAbandoned) // also when the program breaks; a no-op for who was taken out
		}
	}()
	for {
		offer, kept, err := w.offer()
		if kept {
			parked = true
			return nil, goal{}, c.partKept(ctx, acd.BackAsked)
		}
		if errors.Is(err, errMessage) {
			parked = true
			w.end()
			next, err := c.takeMessage(ctx, w.message)
			return nil, next, err
		}
		if removed := (*removal)(nil); errors.As(err, &removed) {
			c.account.step("queue.removed", removed.Limit)
			return nil, c.parseGoal(removed.Target, limitPhrase(removed.Limit)), nil
		}
		if err != nil {
			return nil, goal{}, abandoned(err)
		}
		conv, err := c.ringSeats(ctx, ticket, offer, m)
		if err != nil {
			return nil, goal{}, abandoned(err)
		}
		if conv != nil {
			return conv, goal{}, nil
		}
		c.phase("waiting", e.Queue, "")
		c.account.segment("wait", e.Queue, "")
	}
}

// offer waits for an offer, or until the caller's place is that of a message (errMessage), or
// they have asked to be called back: kept.
func (w *waiting) offer() (offer acd.Offer, kept bool, err error) {
	for {
		offer, key, offered, err := either(w.ctx, w.c, w.ticket.Offers, w.c.digits)
		if err != nil || offered {
			return offer, false, err
		}
		var came *acd.Offer
		switch {
		case w.mail != nil && key == w.mail.Key[0]:
			came, err = w.askToSpeak()
		case w.back != nil && w.back.Key != "" && key == w.back.Key[0]:
			kept, came, err = w.askBack(w.back)
		}
		switch {
		case kept || err != nil:
			return offer, kept, err
		case came != nil:
			return *came, false, nil
		}
	}
}

// keptOut reads why a caller may not wait, and gives where they go instead.
func (c *Call) keptOut(err error) (goal, bool) {
	if refused := (*acd.Refused)(nil); errors.As(err, &refused) {
		c.account.step("queue.refused", refused.Limit)
		return c.parseGoal(refused.Target, limitPhrase(refused.Limit)), true
	}
	if errors.Is(err, acd.ErrNoQueue) { // a config edit took the queue away under the caller
		c.account.step("queue.refused", "gone")
		return c.parseGoal("", sayQueueEnd), true
	}
	return goal{}, false
}

// abandoned turns a caller's end while waiting into the cause queues know.
func abandoned(err error) error {
	var cause Cause
	if errors.As(err, &cause) && cause.By == ByCaller {
		cause.Metric = CauseAbandoned
		return cause
	}
	return err
}

// leave takes the caller out of the queue although the journey is already over.
func (c *Call) leave(t *acd.Ticket, why string) {
	ctx, cancel := detached()
	defer cancel()
	if err := c.x.parts.Floor.Leave(ctx, t.ID, why); err != nil && !errors.Is(err, acd.ErrStopped) {
		c.log.Error("leave queue", "queue", t.Queue, "err", err)
	}
}

func limitPhrase(limit string) string {
	switch limit {
	case "full", "ewt", "ratio":
		return sayFull
	case "empty":
		return sayNoAgents
	}
	return sayQueueEnd
}

// removal is the cause with which the floor ends a wait.
type removal struct{ acd.Removal }

func (r *removal) Error() string { return "taken out of the queue: " + r.Limit }

// firstAnnouncement leaves a moment in which a free agent answers and nothing needs
// to be said.
const firstAnnouncement = 2 * time.Second

// waiting is one stay in a queue: music, positions and comfort. What it does
// between the lines of the journey never waits.
type waiting struct {
	c      *Call
	ctx    context.Context // ends when the floor takes the caller out, too
	cancel context.CancelCauseFunc
	ticket *acd.Ticket
	m      QueueManners
	sound  Playback
	said   Playback // the announcement, while it is spoken
	stop   func()   // of the announcement timer
	turn   int      // of the comfort phrases
	over   bool

	back      *acd.CallbackSpec  // how the queue calls back; nil = this caller is not asked
	mail      *acd.VoicemailSpec // how messages are left by its key; nil = this caller is not asked
	message   *messaging         // that the caller leaves instead; nil = none
	announced int
}

func (c *Call) beginWait(ctx context.Context, t *acd.Ticket, m QueueManners) *waiting {
	c.phase("waiting", t.Queue, "")
	c.account.segment("wait", t.Queue, "")
	w := &waiting{c: c, ticket: t, m: m, back: c.callbacks(t.Queue)}
	if spec := c.voicemail(t.Queue); spec != nil && spec.Key != "" {
		w.mail = spec
	}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	hear(c, t.Removed, func(r acd.Removal) { w.cancel(&removal{r}) })
	w.music()
	w.stop = c.after(min(firstAnnouncement, m.AnnounceEvery), w.announce)
	return w
}

// announce asks where the caller stands, and says it when the answer is here.
func (w *waiting) announce() {
	if w.over {
		return
	}
	w.stop = w.c.after(w.m.AnnounceEvery, w.announce)
	if w.said != nil {
		return // still speaking: an announcement is never cut by the next
	}
	if !w.m.Position && w.m.Estimate == EstimateNone {
		w.speak(nil)
		return
	}
	w.c.inbox.helpers.Go(func() {
		place, err := w.c.x.parts.Floor.Place(w.ctx, w.ticket.ID)
		w.c.post(func() {
			if err != nil || w.over {
				return // no longer waiting: nothing to say
			}
			w.speak(w.standing(place))
		})
	})
}

// standing puts into words where the caller stands. The floor never lets a position or an
// estimate grow in a queue; who was sent on to a longer one hears no position until it is
// as good as the last they heard.
func (w *waiting) standing(p acd.Place) []string {
	var phrases []string
	if last := w.c.story.position; w.m.Position && (last == 0 || p.Position <= last) {
		w.c.story.position = p.Position
		w.c.account.step("queue.position", strconv.Itoa(p.Position))
		phrases = append(phrases, prompt.Position(p.Position))
	}
	wait := map[string]time.Duration{EstimateP50: p.P50, EstimateP90: p.P90}[w.m.Estimate]
	if wait > 0 {
		w.c.account.step("queue.estimate", wait.Round(time.Second).String())
		phrases = append(phrases, sayExpectedWait, prompt.Minutes(wait))
	}
	return phrases
}

// speak says the phrases and the next comfort phrase, then goes back to the music.
func (w *waiting) speak(phrases []string) {
	if w.back != nil && w.back.Key != "" && w.announced%offerEach == 0 {
		phrases = append(phrases, sayCallbackOffer, prompt.Digits(w.back.Key))
	}
	if w.mail != nil && w.announced%offerEach == 0 {
		phrases = append(phrases, sayVoicemailOffer, prompt.Digits(w.mail.Key))
	}
	w.announced++
	if len(w.m.Comfort) > 0 {
		phrases = append(phrases, w.m.Comfort[w.turn%len(w.m.Comfort)])
		w.turn++
	}
	if len(phrases) == 0 {
		return
	}
	said := w.c.sayTo(w.c.caller, w.c.story.language, phrases...)
	w.sound, w.said = said, said
	when(w.c, said.Done(), func(struct{}) {
		if !w.over && w.said == said {
			w.said = nil
			w.music()
		}
	})
}

// music plays until something else is said.
func (w *waiting) music() { w.sound = w.c.music(w.m.Music) }

// stopSound ends what the caller hears, before somebody else speaks to them.
func (w *waiting) stopSound() {
	w.over = true
	w.stop()
	if w.sound != nil {
		w.sound.Stop()
	}
}

func (w *waiting) end() {
	w.stopSound()
	w.cancel(nil)
}
