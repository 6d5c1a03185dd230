package call

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/media/prompt"
)

// The codes an agent dials from a phone (protection.md §1.3). What follows the code is
// its argument: *145 is "not ready, reason 5".
const (
	codeLogIn     = "*11"
	codeLogOut    = "*12"
	codeReady     = "*13"
	codeNotReady  = "*14"
	codeEndWrap   = "*15"
	codeExtend    = "*16"
	codeWhy       = "*17"
	codeThanks    = "*55"
	codeRest      = "*99"
	codeLength    = 3
	agentDigits   = 12 // longest agent number or PIN
	digitPatience = 10 * time.Second
)

// isCode tells dialled feature codes from numbers. They are answered with speech and
// never count as a call.
func isCode(dialled string) bool { return strings.HasPrefix(dialled, "*") }

// serveCode answers a dialled code: who asks is who is logged in at the phone.
func (c *Call) serveCode(ctx context.Context) error {
	done := Cause{By: ByUs, Metric: LegNormal, Text: "code served"}
	phone := c.caller.Party().Phone
	if phone == "" {
		return Cause{By: ByPolicy, Status: 403, Metric: LegRefused, Text: "codes are for our phones"}
	}
	c.phase("code", "", "")
	c.account.segment("code", "", "")
	c.x.serveCode(phone, c)
	if err := c.answer(ctx); err != nil {
		return err
	}
	code, arg := c.account.r.Dialled, ""
	if len(code) > codeLength {
		code, arg = code[:codeLength], code[codeLength:]
	}
	phrases, err := c.obey(ctx, phone, code, arg)
	if err != nil {
		return err
	}
	if len(phrases) > 0 {
		if err := c.say(ctx, phrases...); err != nil {
			return err
		}
	}
	return done
}

// obey does what the code asks and gives what to say about it.
func (c *Call) obey(ctx context.Context, phone, code, arg string) ([]string, error) {
	if code == codeLogIn {
		return c.logIn(ctx, phone)
	}
	agent, err := c.agentAt(ctx, phone)
	if err != nil {
		return nil, err
	}
	if agent.Name == "" {
		return []string{"nobody-logged-in"}, nil
	}
	if l := c.plan.Agents[agent.Name].Language; l != "" {
		c.lang = l
	}
	switch code {
	case codeWhy:
		return c.spokenWhy(agent), nil
	case codeThanks:
		return c.thanks(ctx, agent.Name)
	}
	command, said := commandOf(code, arg)
	if command.Verb == "" {
		return []string{"invalid-choice"}, nil
	}
	return c.command(ctx, agent.Name, command, said)
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
	case codeRest:
		if arg == "0" {
			return acd.Command{Verb: acd.DeclineRest}, "rest-declined"
		}
		return acd.Command{Verb: acd.ExtendRest}, "rest-extended"
	}
	return acd.Command{}, ""
}

func (c *Call) command(ctx context.Context, agent string, command acd.Command, said string) ([]string, error) {
	view, err := c.x.parts.Floor.Do(ctx, agent, command)
	switch {
	case errors.Is(err, acd.ErrNotNow), errors.Is(err, acd.ErrPhoneUsed):
		c.account.step("code.refused", err.Error())
		return []string{toneBeep, "not-possible-now"}, nil
	case err != nil:
		return nil, err
	}
	c.account.step("code", string(command.Verb)+" "+agent)
	c.log.Info("agent", "agent", agent, "asked", command.Verb, "state", view.State)
	return []string{said}, nil
}

// logIn asks for number and PIN. The same words and the same time answer a wrong
// number and a wrong PIN.
func (c *Call) logIn(ctx context.Context, phone string) ([]string, error) {
	number, err := c.ask(ctx, "enter-agent-number")
	if err != nil {
		return nil, err
	}
	pin, err := c.ask(ctx, "enter-pin")
	if err != nil {
		return nil, err
	}
	name, ok := c.plan.agentByNumber(number)
	want := c.plan.Agents[name].PIN
	if !c.x.pins.allowed(number, time.Now()) {
		c.log.Warn("login locked after wrong PINs", "number", number, "phone", phone)
		return []string{toneBeep, "wrong-pin"}, nil
	}
	if right := subtle.ConstantTimeCompare([]byte(pin), []byte(want)) == 1; !right || !ok || want == "" {
		c.x.pins.failed(number, time.Now())
		c.x.tally.Add("agent_logins_refused_total")
		c.log.Warn("login refused", "number", number, "phone", phone)
		return []string{toneBeep, "wrong-pin"}, nil
	}
	c.x.pins.succeeded(number)
	if l := c.plan.Agents[name].Language; l != "" {
		c.lang = l
	}
	return c.command(ctx, name, acd.Command{Verb: acd.LogIn, Phone: phone}, "logged-in")
}

// ask says a phrase and collects digits up to #.
func (c *Call) ask(ctx context.Context, phrase string) (string, error) {
	digit, err := line{c}.Say(ctx, c.lang, true, phrase)
	var typed []byte
	for err == nil {
		switch {
		case digit == '#':
			return string(typed), nil
		case digit != 0:
			typed = append(typed, digit)
		case len(typed) > 0:
			return string(typed), nil // waited long enough
		}
		if len(typed) > agentDigits {
			return string(typed), nil
		}
		before := len(typed)
		if digit, err = (line{c}).Digit(ctx, digitPatience); digit == 0 && before == 0 {
			return "", err
		}
	}
	return "", err
}

// agentAt finds who is logged in at a phone; an empty name when nobody is.
func (c *Call) agentAt(ctx context.Context, phone string) (acd.AgentView, error) {
	agents, err := c.x.parts.Floor.Agents(ctx)
	if err != nil {
		return acd.AgentView{}, err
	}
	for _, a := range agents {
		if a.Phone == phone && a.State != acd.LoggedOut {
			return a, nil
		}
	}
	return acd.AgentView{}, nil
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

// thanks says how many callers thanked the agent lately.
func (c *Call) thanks(ctx context.Context, agent string) ([]string, error) {
	records, err := c.x.parts.Journal.Records(ctx, Query{Agent: agent, Limit: 500})
	if err != nil {
		return nil, err
	}
	n := 0
	for _, r := range records {
		for _, s := range r.Steps {
			if s.Name == "bookmark.thanks" {
				n++
			}
		}
	}
	if n == 0 {
		return []string{"no-messages"}, nil
	}
	return []string{"thanks-count", prompt.Number(n)}, nil
}

// agentByNumber finds the agent who logs in with the number.
func (p *Plan) agentByNumber(number string) (string, bool) {
	name, ok := p.AgentNumbers[number]
	return name, ok && number != ""
}
