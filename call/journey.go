package call

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"breakwater/call/lookup"
	"breakwater/ivr"
)

// maxHops is how often one call may be sent on (menu, queue, overflow): a config
// that sends callers in circles ends with a goodbye instead of for ever.
const maxHops = 20

// goal is where a call goes next. A zero goal is the end.
type goal struct{ kind, name string }

// The kinds of goal, as ivr's targets spell them.
const (
	toMenu    = "menu"
	toQueue   = "queue"
	toPhone   = "phone"
	toNumber  = "number"
	toGoodbye = "goodbye"
	toBack    = "callback"
	toMessage = "voicemail"
	toBackAt  = "callback-at"
)

// journey is the whole call, in the order in which it happens.
func (c *Call) journey(ctx context.Context) error {
	if l := c.story.back; l != nil {
		return c.callBack(ctx, l)
	}
	if w := c.story.talk; w != nil {
		return c.askToTalk(ctx, w)
	}
	to := c.reached()
	c.log.Info("began", "caller", c.account.r.Caller, "dialled", c.account.r.Dialled, "to", to.kind+":"+to.name)
	switch {
	case isCode(c.account.r.Dialled):
		return c.serveCode(ctx)
	case to.kind == "":
		return Cause{By: ByUs, Status: 404, Metric: LegRefused, Text: "number not in service"}
	case to.kind == toPhone || to.kind == toNumber:
		next, err := c.connect(ctx, to) // answered when the other side answers
		if err != nil {
			return err
		}
		return c.follow(ctx, next)
	}
	known := c.lookUp(ctx)
	if err := c.answer(ctx); err != nil {
		return err
	}
	if err := c.learn(ctx, known); err != nil {
		return err
	}
	return c.follow(ctx, to)
}

// findings is what lookups know of a caller.
type findings struct {
	fields   map[string]string
	troubles []string
}

// lookUp begins to ask what is known of a caller from outside; the answer is in time for
// the first menu or queue. nil = nobody is asked.
func (c *Call) lookUp(ctx context.Context) <-chan findings {
	p := c.caller.Party()
	if len(c.plan.Lookups) == 0 || p.Phone != "" {
		return nil
	}
	found := make(chan findings, 1)
	c.inbox.helpers.Go(func() {
		fields, troubles := c.plan.book.Ask(ctx, lookup.Caller{Number: p.Number, Dialled: p.Dialled, Trunk: p.Trunk})
		found <- findings{fields, troubles}
	})
	return found
}

// learn makes what was found the call's data, for menus and skill expressions.
func (c *Call) learn(ctx context.Context, found <-chan findings) error {
	if found == nil {
		return nil
	}
	known, err := await(ctx, c, found)
	if err != nil {
		return err
	}
	for _, trouble := range known.troubles {
		c.account.step("lookup.trouble", trouble)
	}
	maps.Copy(c.account.r.Data, known.fields)
	return nil
}

// follow takes an answered caller from goal to goal until the call is over.
func (c *Call) follow(ctx context.Context, to goal) (err error) {
	for hops := 0; ; hops++ {
		if hops == maxHops {
			c.x.tally.Add("calls_in_circles_total")
			c.log.Warn("sent in circles", "hops", maxHops)
			to, hops = goal{toGoodbye, ""}, 0
		}
		switch to.kind {
		case toMenu:
			to, err = c.walkMenu(ctx, to.name)
		case toQueue:
			to, err = c.serveQueue(ctx, to.name)
		case toPhone, toNumber:
			to, err = c.sendOn(ctx, to)
		case toMessage:
			to, err = c.leaveMessage(ctx, to.name)
		case toBack:
			to, err = c.callBackMenu(ctx, to.name, false)
		case toBackAt:
			to, err = c.callBackMenu(ctx, to.name, true)
		default:
			to, err = c.part(ctx, to.name)
		}
		if err != nil {
			return err
		}
	}
}

// sendOn connects an answered caller. Who may not be left comes back when the other
// side is gone.
func (c *Call) sendOn(ctx context.Context, to goal) (goal, error) {
	next, err := c.connect(ctx, to)
	if err == nil || c.story.mayEnd() || ctx.Err() != nil {
		return next, err
	}
	c.log.Warn("a caller who may not be left comes back", "from", to.kind+":"+to.name, "why", err)
	return c.keep(ctx)
}

// part ends the call with its last words. Who may not be left is kept instead.
func (c *Call) part(ctx context.Context, phrase string) (goal, error) {
	if !c.story.mayEnd() {
		return c.keep(ctx)
	}
	if phrase == "" {
		phrase = sayGoodbye
	}
	if err := c.sayLast(ctx, phrase); err != nil {
		return goal{}, err
	}
	return goal{}, Cause{By: ByPolicy, Metric: CauseCallerEnded, Text: "goodbye: " + phrase}
}

// reached says what the dialled number leads to.
func (c *Call) reached() goal {
	dialled := c.account.r.Dialled
	if to, ok := c.plan.inside(dialled); ok {
		return to
	}
	if from := c.caller.Party().Phone; from != "" && c.plan.Phones[from].External && c.plan.trunkFor(dialled) != "" {
		return goal{toNumber, dialled}
	}
	return goal{}
}

// inside finds where digits lead inside the house: a number of the config or an
// extension.
func (p *Plan) inside(digits string) (goal, bool) {
	if n, ok := p.Numbers[digits]; ok {
		switch {
		case n.Menu != "":
			return goal{toMenu, n.Menu}, true
		case n.Queue != "":
			return goal{toQueue, n.Queue}, true
		case n.Phone != "":
			return goal{toPhone, n.Phone}, true
		case n.External != "":
			return goal{toNumber, n.External}, true
		}
	}
	if phone, ok := p.extension(digits); ok {
		return goal{toPhone, phone}, true
	}
	return goal{}, false
}

// answer makes the draft durable and takes the caller's call.
func (c *Call) answer(ctx context.Context) error {
	if !c.caller.answered.IsZero() {
		return nil
	}
	c.begin(ctx)
	if err := c.caller.Answer(ctx); err != nil {
		if cause := (Cause{}); errors.As(err, &cause) && ctx.Err() == nil {
			return callerCause(cause) // the leg ended while it was being answered
		}
		return err
	}
	c.shield(c.caller)
	c.caller.answered = time.Now()
	c.account.r.Answered = c.caller.answered
	return nil
}

// walkMenu takes the caller through a menu to where they want to go.
func (c *Call) walkMenu(ctx context.Context, name string) (goal, error) {
	c.phase("menu", "", "")
	c.account.segment("menu", "", "")
	p := c.caller.Party()
	who := ivr.Caller{
		Number: p.Number, Dialled: p.Dialled, Trunk: p.Trunk,
		Language: c.story.language, Data: maps.Clone(c.account.r.Data), Now: time.Now(),
	}
	exit, err := c.plan.menus.Run(ctx, name, who, line{c})
	if err != nil {
		return goal{}, err
	}
	if exit.Language != "" {
		c.story.language = exit.Language
	}
	maps.Copy(c.account.r.Data, exit.Data)
	return c.goalOf(exit.Kind, exit.Target), nil
}

// goalOf reads a target's two words.
func (c *Call) goalOf(kind, name string) goal {
	if kind == "extension" {
		kind = toPhone
	}
	return goal{kind, name}
}

// parseGoal reads a target of the config ("queue:refunds"); an empty one is a goodbye.
func (c *Call) parseGoal(target, otherwise string) goal {
	if target == "" {
		return goal{toGoodbye, otherwise}
	}
	kind, name, _ := strings.Cut(target, ":")
	if kind == toGoodbye && name == "" {
		name = otherwise
	}
	return c.goalOf(kind, name)
}

// extension finds the phone that answers to dialled digits.
func (p *Plan) extension(digits string) (string, bool) {
	if m, ok := p.Phones[digits]; ok && (m.Number == "" || m.Number == digits) {
		return digits, true
	}
	for name, m := range p.Phones {
		if m.Number == digits && digits != "" {
			return name, true
		}
	}
	return "", false
}

// trunkFor finds the trunk with the longest prefix that dials the number.
func (p *Plan) trunkFor(number string) string {
	best, length := "", -1
	for name, t := range p.Trunks {
		for _, prefix := range t.Dial {
			if strings.HasPrefix(number, prefix) && (len(prefix) > length || len(prefix) == length && name < best) {
				best, length = name, len(prefix)
			}
		}
	}
	return best
}
