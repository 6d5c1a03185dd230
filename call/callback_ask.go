package call

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"breakwater/acd"
	"breakwater/media/prompt"
)

const (
	askWait   = 6 * time.Second // for a key after a question about a callback
	askTries  = 3               // how often a number is asked for
	offerEach = 3               // announcements from one offer of a callback to the next
)

// callbacks is how a queue calls back; nil where this caller is not to be asked.
func (c *Call) callbacks(queue string) *acd.CallbackSpec {
	spec, ok := c.plan.Callbacks[queue]
	if spec = spec.WithDefaults(); !ok || !spec.Offered() || !c.story.mayEnd() {
		return nil
	}
	return &spec
}

// mayCall tells whether the caller may be called back on a number.
func (c *Call) mayCall(spec *acd.CallbackSpec, number string) bool {
	var dial []string
	for _, name := range slices.Sorted(maps.Keys(c.plan.Trunks)) {
		dial = append(dial, c.plan.Trunks[name].Dial...)
	}
	return spec.Allows(number, dial, true) == nil
}

// errOffered ends the questions about a callback when an agent is free after all.
var errOffered = errors.New("an agent is free")

// asking is the questions about a callback. The call's goroutine owns it.
type asking struct {
	c      *Call
	ticket *acd.Ticket // nil = the caller does not wait in the queue
	offer  acd.Offer   // that came meanwhile, with errOffered
}

// number asks on which number the caller is to be called back; empty = they do not want
// to be. An agent who becomes free ends it with errOffered.
func (a *asking) number(ctx context.Context, spec *acd.CallbackSpec) (string, error) {
	number := a.c.account.r.Caller
	for range askTries {
		if !a.c.mayCall(spec, number) {
			typed, err := a.typed(ctx, spec.Digits)
			if err != nil {
				return "", err
			}
			if number = typed; !a.c.mayCall(spec, number) {
				a.c.account.step("callback.refused", "")
				if _, err := a.key(ctx, 0, sayCallbackRefused); err != nil {
					return "", err
				}
				continue
			}
		}
		key, err := a.key(ctx, askWait, sayCallbackNumber, prompt.Digits(number), sayConfirmOrAgain)
		switch {
		case err != nil:
			return "", err
		case key == '1':
			return number, nil
		case key == '2':
			number = ""
		default:
			return "", nil
		}
	}
	return "", nil
}

// refused tells the caller why the floor did not take the wish: they wait on instead. An agent
// who becomes free ends it with errOffered.
func (a *asking) refused(ctx context.Context, why error) error {
	a.c.account.step("callback.refused", why.Error())
	phrase := sayCallbackRefused
	if errors.Is(why, acd.ErrCallbacksEnough) {
		phrase = sayCallbackEnough
	}
	_, err := a.key(ctx, 0, phrase)
	return err
}

// typed reads a number that ends with # or with silence.
func (a *asking) typed(ctx context.Context, most int) (string, error) {
	var number []byte
	key, err := a.key(ctx, askWait, sayCallbackEnter)
	for err == nil && key != 0 && key != '#' && len(number) < most {
		if key != '*' {
			number = append(number, key)
		}
		key, err = a.key(ctx, askWait)
	}
	return string(number), err
}

// key speaks and waits for a key, patience after the last word; 0 = none came.
func (a *asking) key(ctx context.Context, patience time.Duration, phrases ...string) (byte, error) {
	c := a.c
	over, silent, stop := false, make(chan struct{}), func() {}
	begin := func(struct{}) {
		if !over {
			stop = c.after(patience, func() { close(silent) })
		}
	}
	if len(phrases) > 0 {
		c.forgetDigits()
		said := c.sayTo(c.caller, c.story.language, phrases...)
		defer said.Stop()
		when(c, said.Done(), begin)
	} else {
		begin(struct{}{})
	}
	defer func() { over = true; stop() }()
	var offers <-chan acd.Offer
	if a.ticket != nil {
		offers = a.ticket.Offers
	}
	for {
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		select {
		case a.offer = <-offers:
			return 0, errOffered
		case key := <-c.digits:
			return key, nil
		case <-silent:
			return 0, nil
		case f := <-c.inbox.in:
			f()
		case <-ctx.Done():
		}
	}
}

// moment asks when the caller is to be called back; zero = they do not want to be.
func (a *asking) moment(ctx context.Context, spec *acd.CallbackSpec) (time.Time, error) {
	for range askTries {
		day, err := a.key(ctx, askWait, sayCallbackDay)
		if err != nil || day == 0 {
			return time.Time{}, err
		}
		hour, err := a.hour(ctx)
		if err != nil {
			return time.Time{}, err
		}
		at, ok := spec.Moment(time.Now(), int(day-'0'), hour)
		if day < '0' || day > '7' || hour < 0 || !ok {
			if _, err := a.key(ctx, 0, sayCallbackHourRefused); err != nil {
				return time.Time{}, err
			}
			continue
		}
		key, err := a.key(ctx, askWait, sayCallbackOn, prompt.Date(at), prompt.Number(hour), sayCallbackClock, sayConfirmOrAgain)
		switch {
		case err != nil:
			return time.Time{}, err
		case key == '1':
			return at, nil
		case key != '2':
			return time.Time{}, nil
		}
	}
	return time.Time{}, nil
}

// hour reads two digits; −1 = something else was typed, or nothing.
func (a *asking) hour(ctx context.Context) (int, error) {
	tens, err := a.key(ctx, askWait, sayCallbackHour)
	if err != nil || tens < '0' || tens > '2' {
		return -1, err
	}
	ones, err := a.key(ctx, askWait)
	if err != nil || ones < '0' || ones > '9' {
		return -1, err
	}
	return int(tens-'0')*10 + int(ones-'0'), nil
}

// askBack asks a waiting caller for a number and keeps their place for a callback. parked
// = they may hang up. An offer that came meanwhile is given: it is not lost.
func (w *waiting) askBack(spec *acd.CallbackSpec) (parked bool, offer *acd.Offer, err error) {
	c := w.c
	w.stopSound()
	a := &asking{c: c, ticket: w.ticket}
	number, err := a.number(w.ctx, spec)
	if err == nil && number != "" {
		err = c.x.parts.Floor.Park(w.ctx, w.ticket.ID, acd.Callback{Number: number, Kind: acd.BackAsked})
		if err == nil || errors.Is(err, acd.ErrNotDurable) {
			return true, nil, nil
		}
		err = a.refused(w.ctx, err)
	}
	w.goOn() // also while a phone rings: it may not be answered
	if errors.Is(err, errOffered) {
		return false, &a.offer, nil
	}
	return false, nil, err
}

// goOn goes on with music and announcements.
func (w *waiting) goOn() {
	w.over, w.said = false, nil
	w.music()
	w.stop = w.c.after(w.m.AnnounceEvery, w.announce)
}

// callBackMenu keeps a place for a caller who chose a callback in a menu, or was sent
// here by a limit; with timed, at a time that they choose. Who names no number or time waits
// in the queue.
func (c *Call) callBackMenu(ctx context.Context, queue string, timed bool) (goal, error) {
	c.phase("menu", queue, "")
	spec := c.callbacks(queue)
	if spec == nil {
		return goal{toQueue, queue}, nil
	}
	asks, wish := &asking{c: c}, acd.Callback{Kind: acd.BackAsked}
	var err error
	if wish.Number, err = asks.number(ctx, spec); err != nil {
		return goal{}, err
	}
	if timed && wish.Number != "" {
		wish.Kind = acd.BackScheduled
		if wish.At, err = asks.moment(ctx, spec); err != nil {
			return goal{}, err
		}
	}
	if wish.Number == "" || timed && wish.At.IsZero() {
		return goal{toQueue, queue}, nil
	}
	_, err = c.x.parts.Floor.CallBack(ctx, c.entry(queue), wish)
	if err != nil && !errors.Is(err, acd.ErrNotDurable) {
		return goal{toQueue, queue}, asks.refused(ctx, err)
	}
	c.account.r.Queue = queue
	return goal{}, c.partKept(ctx, wish.Kind)
}

// partKept says that the place is kept for a callback of a kind, and ends the call.
func (c *Call) partKept(ctx context.Context, kind string) error {
	c.account.step("callback.kept", kind)
	_ = c.sayLast(ctx, sayCallbackKept) // whoever hangs up first, the cause is the same
	return Cause{By: ByPolicy, Metric: CauseCallback, Text: "will be called back"}
}
