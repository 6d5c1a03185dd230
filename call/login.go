package call

import (
	"context"
	"crypto/subtle"
	"time"

	"breakwater/acd"
)

const (
	agentDigits   = 12 // longest agent number or PIN
	digitPatience = 10 * time.Second
)

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
	attempt := number + " at " + phone // a phone that guesses locks itself out, not the agent
	if !c.x.pins.allowed(attempt, time.Now()) {
		c.log.Warn("login locked after wrong PINs", "number", number, "phone", phone)
		return []string{toneBeep, "wrong-pin"}, nil
	}
	if right := subtle.ConstantTimeCompare([]byte(pin), []byte(want)) == 1; !right || !ok || want == "" {
		c.x.pins.failed(attempt, time.Now())
		c.x.tally.Add("agent_logins_refused_total")
		c.log.Warn("login refused", "number", number, "phone", phone)
		return []string{toneBeep, "wrong-pin"}, nil
	}
	c.x.pins.succeeded(attempt)
	c.speakTo(name)
	said, err := c.command(ctx, name, acd.Command{Verb: acd.LogIn, Phone: phone}, sayLoggedIn)
	if err == nil && said[0] == sayLoggedIn && c.plan.Hearing.Off {
		said = append(said, "hearing-off") // who is not protected is told so
	}
	return said, err
}

// ask says a phrase and collects digits up to #.
func (c *Call) ask(ctx context.Context, phrase string) (string, error) {
	digit, err := line{c}.Say(ctx, c.story.language, true, phrase)
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

// agentByNumber finds the agent who logs in with the number.
func (p *Plan) agentByNumber(number string) (string, bool) {
	name, ok := p.AgentNumbers[number]
	return name, ok && number != ""
}

// Recognise tells which agent shows a number and PIN; from is where they are shown. It
// counts wrong ones like a log-in does.
func (x *Exchange) Recognise(number, pin, from string) (agent string, ok bool) {
	plan := x.plan.Load()
	name, known := plan.agentByNumber(number)
	want := plan.Agents[name].PIN
	attempt, now := number+" from "+from, time.Now()
	if !x.pins.allowed(attempt, now) {
		return "", false
	}
	if right := subtle.ConstantTimeCompare([]byte(pin), []byte(want)) == 1; !right || !known || want == "" {
		x.pins.failed(attempt, now)
		x.tally.Add("agent_logins_refused_total")
		return "", false
	}
	x.pins.succeeded(attempt)
	return name, true
}
