package acd

import "fmt"

// command carries out what an agent asks for, from any phone key, code or page.
func (b *board) command(name string, c Command) error {
	a := b.agents[name]
	if a == nil {
		return fmt.Errorf("agent %s: %w", name, ErrNoAgent)
	}
	switch c.Verb {
	case LogIn:
		return b.logIn(a, c.Phone)
	case LogOut:
		return b.stop(a, KindLogOut, KindWishLogOut, "")
	case GoNotReady:
		return b.stop(a, KindNotReady, KindWishNotReady, c.Reason)
	case GoReady:
		return b.goReady(a)
	case EndWrapUp:
		if a.State != WrapUp {
			return b.notNow(a, "there is no wrap-up to end")
		}
		return b.change(a, Event{Kind: KindWrapUpEnded})
	case ExtendWrapUp:
		if a.State != WrapUp {
			return b.notNow(a, "there is no wrap-up to extend")
		}
		return b.change(a, Event{Kind: KindWrapUpExtended, Length: b.routes.settings.ExtendWrapUp})
	case ExtendRest:
		return b.extendRest(a)
	case DeclineRest:
		return b.declineRest(a)
	}
	return fmt.Errorf("agent %s: no such command %q: %w", name, c.Verb, ErrNotNow)
}

func (b *board) notNow(a *agent, why string) error {
	return fmt.Errorf("agent %s is %s: %s: %w", a.Name, a.State, why, ErrNotNow)
}

// logIn puts an agent at a phone, or moves him there. One agent sits at a phone.
func (b *board) logIn(a *agent, at string) error {
	if at == "" {
		return fmt.Errorf("agent %s: log in without a phone: %w", a.Name, ErrNotNow)
	}
	if a.rank < 0 {
		return fmt.Errorf("agent %s is no longer in the config: %w", a.Name, ErrNoAgent)
	}
	p := b.phone(at)
	if o := p.agent; o != nil && o.rank < 0 && o.State != WrapUp && o.can(KindLogOut) {
		// Who left the config while logged in may have gone home, and would
		// keep the desk for ever. A wrap-up is let run, as everywhere.
		if err := b.change(o, Event{Kind: KindLogOut, Reason: "no longer in the config"}); err != nil {
			return err
		}
	}
	if p.agent != nil && p.agent != a {
		return fmt.Errorf("agent %s, phone %s, %s: %w", a.Name, at, p.agent.Name, ErrPhoneUsed)
	}
	switch {
	case a.State == LoggedOut:
		return b.alive(a, at, b.change(a, Event{Kind: KindLogIn, Phone: at}))
	case a.Phone == at && a.State == Missed:
		return b.goReady(a)
	case a.Phone == at:
		return b.alive(a, at, nil)
	case !a.can(KindMoved):
		return b.notNow(a, "the call is on phone "+a.Phone)
	}
	return b.alive(a, at, b.change(a, Event{Kind: KindMoved, Phone: at}))
}

// alive notes that a phone was just used by its agent, so it can be reached.
func (b *board) alive(a *agent, at string, err error) error {
	if err == nil {
		b.setAway(b.phone(at), false)
		b.touch(a)
	}
	return err
}

// stop is log-out or not-ready: at once when free, else noted for afterwards.
// A wrap-up is not ended by not-ready, and a rest by neither.
func (b *board) stop(a *agent, kind, later, reason string) error {
	switch {
	case a.State == LoggedOut && kind == KindLogOut:
		return nil
	case a.can(kind):
		return b.change(a, Event{Kind: kind, Reason: reason})
	case a.can(later):
		return b.change(a, Event{Kind: later, Reason: reason})
	}
	return b.notNow(a, "log in first")
}

// goReady ends a pause, or takes back what was asked for after the call. In wrap-up
// it is the agent's way to end it.
func (b *board) goReady(a *agent) error {
	switch {
	case a.State == Ready && b.askedTil(a) > b.now.Mono: // the break, later
		return b.alive(a, a.Phone, b.change(a, Event{Kind: KindBreakLater}))
	case a.State == Ready:
		return b.alive(a, a.Phone, nil)
	case a.can(KindReady):
		return b.alive(a, a.Phone, b.change(a, Event{Kind: KindReady}))
	case a.Wish.To != "":
		return b.change(a, Event{Kind: KindWishUndone})
	case a.State == WrapUp:
		return b.change(a, Event{Kind: KindWrapUpEnded})
	case a.State == Resting:
		return b.notNow(a, "the rest lasts another "+b.left(a.Rest.until())+"; only you can decline it")
	case a.State == LoggedOut:
		return b.notNow(a, "log in first")
	}
	return b.notNow(a, "you are ready after this call")
}

// extendRest takes the rest up to its most. In wrap-up it is the rest to come.
func (b *board) extendRest(a *agent) error {
	switch {
	case a.Rest.Level == 0 || !a.can(KindRestExtended):
		return b.notNow(a, "there is no rest to extend")
	case a.Rest.Length >= a.Rest.Max:
		return b.notNow(a, fmt.Sprintf("a rest of level %d is at most %s", a.Rest.Level, a.Rest.Max))
	}
	return b.change(a, Event{Kind: KindRestExtended, Level: a.Rest.Level, Length: a.Rest.Max})
}

// declineRest is the agent's choice alone: levels 1 and 2 may be declined, level 3
// may be ended once it has begun.
func (b *board) declineRest(a *agent) error {
	switch {
	case a.Rest.Level == 0 || !a.can(KindRestDeclined):
		return b.notNow(a, "there is no rest to decline")
	case a.Rest.Level >= 3 && !a.Rest.Running:
		return b.notNow(a, "a rest of level 3 can be ended, but not declined before it begins")
	}
	return b.change(a, Event{Kind: KindRestDeclined, Level: a.Rest.Level})
}
