package call

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/media/guard"
	"breakwater/media/prompt"
)

// The codes an agent dials from a phone (protection.md §1.3). What follows the code is
// its argument: *145 is "not ready, reason 5"; *14 alone gives no reason.
const (
	codeLogIn    = "*11"
	codeLogOut   = "*12"
	codeReady    = "*13"
	codeNotReady = "*14"
	codeEndWrap  = "*15"
	codeExtend   = "*16"
	codeWhy      = "*17"
	codeThanks   = "*55"
	codeListen   = "*60"
	codeRest     = "*99"
	codeLength   = 3
)

// isCode tells dialled feature codes from numbers. They are answered with speech and
// never count as a call.
func isCode(dialled string) bool { return strings.HasPrefix(dialled, "*") }

// serveCode answers a dialled code: who asks is who is logged in at the phone.
func (c *Call) serveCode(ctx context.Context) error {
	phone := c.caller.Party().Phone
	if phone == "" {
		return Cause{By: ByPolicy, Status: 403, Metric: LegRefused, Text: "codes are for our phones"}
	}
	c.phase("code", "", "")
	c.account.segment("code", "", "")
	if strings.HasPrefix(c.account.r.Dialled, codeListen) && !*c.plan.Settings.ListenIn {
		c.account.step("code.refused", "nobody may listen in")
		return Cause{By: ByPolicy, Status: 403, Metric: LegRefused, Text: "nobody may listen in here"}
	}
	c.x.phones.serveCode(phone, c)
	if err := c.answer(ctx); err != nil {
		return err
	}
	code, arg := c.account.r.Dialled, ""
	if len(code) > codeLength {
		code, arg = code[:codeLength], code[codeLength:]
	}
	phrases, err := c.obey(ctx, phone, code, arg)
	if err != nil && ctx.Err() == nil {
		c.account.step("code.failed", err.Error())
		c.log.Error("code", "code", code, "phone", phone, "err", err)
		phrases, err = []string{toneBeep, sayNotNow}, nil
	}
	if err != nil {
		return err
	}
	if len(phrases) > 0 {
		if err := c.sayLast(ctx, phrases...); err != nil {
			return err
		}
	}
	return Cause{By: ByUs, Metric: LegNormal, Text: "code served"}
}

// obey does what the code asks and gives what to say about it.
func (c *Call) obey(ctx context.Context, phone, code, arg string) ([]string, error) {
	if code == codeLogIn {
		return c.logIn(ctx, phone)
	}
	agent, err := c.x.agentAt(ctx, phone)
	if err != nil {
		return nil, err
	}
	if agent.Name == "" {
		return []string{"nobody-logged-in"}, nil
	}
	c.speakTo(agent.Name)
	switch code {
	case codeWhy:
		return slices.Concat(c.spokenWhy(agent), c.spokenTalk(ctx, agent), c.spokenDose(ctx, agent.Name)), nil
	case codeThanks:
		return nil, c.playThanks(ctx, agent.Name)
	case codeListen:
		return c.listenIn(ctx, agent, arg)
	case codeRest:
		return c.rest(ctx, agent, arg)
	}
	command, said := commandOf(code, arg)
	if command.Verb == "" {
		return []string{"invalid-choice"}, nil
	}
	return c.command(ctx, agent.Name, command, said)
}

// speakTo takes the agent's language for what is said to the phone.
func (c *Call) speakTo(agent string) {
	if l := c.plan.Agents[agent].Language; l != "" {
		c.story.language = l
	}
}

// commandOf reads a code as a request to the floor, and what to say when it is done.
func commandOf(code, arg string) (acd.Command, string) {
	switch code {
	case codeLogOut:
		return acd.Command{Verb: acd.LogOut}, "logged-out"
	case codeReady:
		return acd.Command{Verb: acd.GoReady}, "ready"
	case codeNotReady:
		return acd.Command{Verb: acd.GoNotReady, Reason: arg}, "not-ready"
	case codeEndWrap:
		return acd.Command{Verb: acd.EndWrapUp}, "wrap-up-ended"
	case codeExtend:
		return acd.Command{Verb: acd.ExtendWrapUp}, "wrap-up-extended"
	}
	return acd.Command{}, ""
}

// rest is *99: in the wrap-up before a rest it begins the rest, in the rest it makes it
// as long as it may be, and with a 0 the rest is declined. A rest that is as long as it
// may be is told with its time.
func (c *Call) rest(ctx context.Context, a acd.AgentView, arg string) ([]string, error) {
	switch {
	case arg == "0":
		return c.command(ctx, a.Name, acd.Command{Verb: acd.DeclineRest}, "rest-declined")
	case a.State == acd.WrapUp && a.Next == acd.Resting:
		return c.command(ctx, a.Name, acd.Command{Verb: acd.EndWrapUp}, "rest-taken")
	case a.State != acd.Resting:
		return c.command(ctx, a.Name, acd.Command{Verb: acd.ExtendRest}, "rest-extended")
	}
	said, err := c.command(ctx, a.Name, acd.Command{Verb: acd.ExtendRest}, "rest-extended")
	if err == nil && said[0] == toneBeep {
		return c.spokenWhy(a), nil
	}
	return said, err
}

// command asks the floor for something in the agent's name and gives what to say.
func (c *Call) command(ctx context.Context, agent string, command acd.Command, said string) ([]string, error) {
	view, err := c.x.parts.Floor.Do(ctx, agent, command)
	switch {
	case errors.Is(err, acd.ErrNotDurable):
		// a code that gives way to an offer which follows at once does not wait for the
		// ledger's word, and a ledger that fails is told by who writes it
		if ctx.Err() == nil {
			c.log.Error("an agent's state is not yet on the disk", "agent", agent, "asked", command.Verb, "err", err)
		}
	case errors.Is(err, acd.ErrNotNow), errors.Is(err, acd.ErrPhoneUsed), errors.Is(err, acd.ErrNoAgent):
		c.account.step("code.refused", err.Error())
		return []string{toneBeep, sayNotNow}, nil
	case err != nil:
		return nil, err
	}
	c.account.step("code", string(command.Verb)+" "+agent)
	c.log.Info("agent", "agent", agent, "asked", command.Verb, "state", view.State)
	return []string{said}, nil
}

// spokenWhy says in one sentence what the floor would tell in many.
func (c *Call) spokenWhy(a acd.AgentView) []string {
	switch {
	case a.State == acd.Ready && a.Offerable:
		return []string{"why-no-caller"}
	case a.State == acd.Ready:
		return []string{"why-gap"}
	case (a.State == acd.Resting || a.State == acd.WrapUp) && !a.Until.IsZero():
		return []string{"why-" + string(a.State), prompt.Minutes(time.Until(a.Until))}
	}
	return []string{"why-" + string(a.State)}
}

// spokenDose tells the agent, who asked, when the sound of the shift has become much.
func (c *Call) spokenDose(ctx context.Context, agent string) []string {
	d, err := c.x.Dose(ctx, agent)
	switch {
	case err != nil:
		c.log.Error("dose", "err", err)
	case d.Percent >= float64(guard.Full):
		return []string{"hearing-full"}
	case d.Percent >= float64(guard.Near):
		return []string{"hearing-near"}
	case d.Percent >= float64(guard.Half):
		return []string{"hearing-half"}
	}
	return nil
}
