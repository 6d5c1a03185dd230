package call

import (
	"time"

	"breakwater/acd/protect"
	"breakwater/media"
)

// part is what a supervisor does in a conversation that is not theirs.
type part uint8

// The parts.
const (
	listening  part = iota + 1 // hears both, heard by nobody
	whispering                 // hears both, heard by the agent alone
	joining                    // hears both, heard by both
)

// step is the part's name in the record.
func (p part) step() string {
	return [...]string{listening: "supervisor.listens", whispering: "supervisor.whispers", joining: "supervisor.joins"}[p]
}

// said is how the supervisor is told of the part.
func (p part) said() string {
	return [...]string{listening: sayListening, whispering: sayWhispering, joining: sayJoining}[p]
}

// The keys of a supervisor's leg. The agent's codes mean nothing there.
const (
	keyListen  = "*1"
	keyWhisper = "*2"
	keyJoin    = "*3"
	keyTake    = "*4"
	keyRelease = "*90"
)

// supervisor is a supervisor in a conversation. The call's goroutine owns it.
type supervisor struct {
	*conversation // that they would have
	part          part
	keys          *protect.Keys
	takes         bool // has the call as soon as no prompt of the ladder plays
	since         time.Time
}

// heardByCaller tells whether the caller may hear a supervisor; nil is none.
func (s *supervisor) heardByCaller() bool { return s != nil && s.part == joining }

// callSupervisor asks for a supervisor while the conversation goes on: the one who is in
// it, else the first who answers.
func (t *talk) callSupervisor(why string) {
	switch {
	case t.ended(): // a conversation that is over is rescued by the journey
	case t.sup != nil:
		t.summon(why)
	case t.page != nil:
		t.page.words.why = why // what it is about may have become worse
	default:
		t.page = t.c.startPage(t.conv, pageWords{why: why}, t.supervisorHere)
	}
}

// supervisorHere lets in who has answered a page, in the part of which they were told.
func (t *talk) supervisorHere(by *conversation) {
	why := t.page.words.why
	t.page = nil
	as := whispering
	if by.seat.Reason == protect.WhyCrisis {
		as = joining
	}
	if !t.admit(by, as) {
		t.c.dismiss(by, Cause{By: ByUs, Metric: LegNormal, Text: "could not be let in"})
		t.c.after(pagePause, func() { // a crisis does not end because one line could not be joined
			if t.c.talk == t && !t.ended() && t.ladder.Stage() == protect.Crisis {
				t.callSupervisor(why)
			}
		})
		return
	}
	if why != by.seat.Reason { // it became a crisis while they were told of less
		t.summon(why)
	}
}

// admit lets a supervisor into the conversation, and lets the agent know. false = their
// sound cannot be joined.
func (t *talk) admit(by *conversation, as part) bool {
	c := t.c
	if err := t.joined.Add(by.agent, media.Listen); err != nil {
		c.log.Warn("a supervisor cannot be let in", "supervisor", by.seat.Agent, "err", err)
		return false
	}
	s := &supervisor{conversation: by, keys: protect.NewKeys(c.plan.Settings.CollectWait), since: time.Now()}
	t.sup = s
	c.listen(by.agent, func(sig Signal) { t.heardSupervisor(s, sig) })
	c.log.Info("supervisor in the conversation", "supervisor", by.seat.Agent, "agent", t.conv.seat.Agent, "why", by.seat.Reason)
	c.x.tally.Add("protect_supervisors_total", "why", by.seat.Reason)
	c.supervisedBy(by.seat.Agent)
	t.announce(s)
	t.setPart(s, as)
	return true
}

// announce lets the agent hear that a supervisor is there: again until it was heard whole,
// also after a hold or when something else was said in between. Nobody listens in secret.
func (t *talk) announce(s *supervisor) {
	const again = time.Second
	c, agent := t.c, t.conv.agent
	if t.sup != s || agent.gone {
		return
	}
	said := c.sayTo(agent, c.agentLanguage(t.conv.seat.Agent), toneSupervisor)
	when(c, said.Done(), func(struct{}) {
		if !said.Complete() {
			c.after(again, func() { t.announce(s) })
		}
	})
}

// setPart changes what a supervisor does. The caller is kept from hearing them before the
// mouth is opened, never after.
func (t *talk) setPart(s *supervisor, as part) {
	c := t.c
	s.part = as
	s.takes = t.conv.agent.gone // who has the call already keeps it
	c.account.step(as.step(), s.seat.Agent)
	switch as {
	case listening:
		t.joined.SetRole(s.agent, media.Listen)
	case whispering:
		t.joined.SetGain(c.caller, s.agent, media.Mute)
		t.joined.SetRole(s.agent, media.Talk)
	case joining:
		t.joined.SetGain(c.caller, s.agent, 0)
		t.joined.SetRole(s.agent, media.Talk)
	}
	t.holdMusic()
	t.helpIsHere(as != listening) // who only listens is no help yet: a page may ring
}

// helpIsHere lets the ladder know whether the agent has help.
func (t *talk) helpIsHere(yes bool) {
	kind := protect.SupervisorLeft
	if yes {
		kind = protect.SupervisorIn
	}
	t.observe(protect.Observation{Kind: kind})
}

// summon tells a supervisor who is in the conversation what a page would have told. Who
// only listened whispers then; to be heard by the caller is their own choice.
func (t *talk) summon(why string) {
	s := t.sup
	var words []string
	switch {
	case s.part == joining, s.part == whispering && why != protect.WhyCrisis:
		return // nothing that they do not hear themselves
	case why == protect.WhyCrisis:
		words = append(words, sayCrisisHere)
	}
	if s.part == listening {
		words = append(words, sayPage)
	}
	said := t.tellSupervisor(words...)
	when(t.c, said.Done(), func(struct{}) {
		if t.sup == s && s.part == listening && said.Complete() {
			t.setPart(s, whispering)
		}
	})
}

// tellSupervisor speaks to the supervisor only.
func (t *talk) tellSupervisor(phrases ...string) Playback {
	return t.c.sayTo(t.sup.agent, t.c.agentLanguage(t.sup.seat.Agent), phrases...)
}

// heardSupervisor is what the supervisor's leg does during the conversation.
func (t *talk) heardSupervisor(s *supervisor, sig Signal) {
	if t.sup != s {
		return
	}
	switch sig.Kind {
	case Pressed:
		if pressed, ok := s.keys.Press(time.Now(), sig.Digit); ok {
			t.supervisorKey(s, pressed.Code)
		}
	case Asked:
		t.c.account.step("transfer.refused", sig.Target)
		sig.decide(false)
	case Ended:
		t.supervisorGone(s)
	case Ringing, Answered, Held, Resumed:
	}
}

func (t *talk) supervisorKey(s *supervisor, code string) {
	t.c.account.step("supervisor.key", code)
	parts := map[string]part{keyListen: listening, keyWhisper: whispering, keyJoin: joining}
	switch {
	case parts[code] != 0:
		t.setPart(s, parts[code])
		t.tellSupervisor(parts[code].said())
	case code == keyTake && t.ladder.Stage() == protect.Farewell:
		t.tellSupervisor(toneBeep, "refused-speaking")
	case code == keyTake:
		s.takes = true
		t.tellSupervisor(toneConfirm)
		t.takeOver()
	case code == keyRelease && t.ladder.Stage() == protect.Crisis:
		t.observe(protect.Observation{Kind: protect.SupervisorOut})
		t.tellSupervisor(toneConfirm)
		t.helpIsHere(s.part != listening)
	default:
		t.tellSupervisor(toneBeep, "refused-unknown-key")
	}
}

// supervisorGone goes on without the supervisor. One whose line was lost in a crisis is
// replaced; who has put down did so on purpose, and the agent has a key.
func (t *talk) supervisorGone(s *supervisor) {
	t.c.account.step("supervisor.leaves", s.seat.Agent)
	t.releaseSupervisor()
	t.c.release(s.seat.Phone)
	if t.conv.agent.gone {
		t.agentLeft()
		return
	}
	t.tell(toneSupervisorGone)
	t.holdMusic()
	t.helpIsHere(false)
	if s.agent.lost() && t.ladder.Stage() == protect.Crisis {
		t.callSupervisor(protect.WhyCrisis)
	}
}

// inherited tells whether a caller whose agent is gone is with the supervisor from here.
func (t *talk) inherited() bool {
	stage, lost := t.ladder.Stage(), t.conv.agent.lost()
	switch {
	case t.sup == nil || t.ended() || stage == protect.Farewell: // what the agent has ended is over
		return false
	case !t.c.story.mayEnd():
		return true
	case stage == protect.Permit && !lost: // the permitted hang-up
		return false
	}
	return t.sup.takes || t.sup.part == joining || lost && t.sup.part == whispering
}

// takeOver gives the call to the supervisor who is to have it, as soon as no announcement
// of the ladder is speaking: it is heard to its end, or it would not count.
func (t *talk) takeOver() {
	s := t.sup
	if s == nil || !s.takes || t.prompt != nil || t.ended() {
		return
	}
	end := talkEnd{kind: endTaken, cause: CauseTransferred, rest: t.ladder.Rest(), by: s.conversation}
	if t.conv.agent.gone && t.conv.agent.lost() {
		end.cause = CauseAgentLost
	}
	t.c.account.step("supervisor.takes", s.seat.Agent)
	s.ladder = t.ladder
	t.finish(end)
	t.helpIsHere(true)
}

// releaseSupervisor takes the supervisor out of the conversation without hanging up; nil =
// there was none.
func (t *talk) releaseSupervisor() *conversation {
	s := t.sup
	if s == nil {
		return nil
	}
	t.sup = nil
	t.joined.Remove(s.agent)
	t.c.account.supervised(Segment{Queue: s.queue.Name, Agent: s.seat.Agent, From: s.since, To: time.Now()})
	t.c.supervisedBy("")
	return s.conversation
}

// cancelHelp calls supervisors off, whether they ring or are in the conversation.
func (t *talk) cancelHelp() {
	t.cancelPage()
	if by := t.releaseSupervisor(); by != nil {
		t.c.dismiss(by, Cause{By: ByUs, Metric: LegNormal, Text: "the conversation is over"})
	}
}

// cancelPage stops supervisors' phones from ringing.
func (t *talk) cancelPage() {
	if t.page != nil {
		t.page.cancel()
		t.page = nil
	}
}

// supervisedBy tells the outside who supervises the conversation; empty = nobody.
func (c *Call) supervisedBy(name string) {
	v := *c.view.Load()
	v.Supervisor = name
	c.view.Store(&v)
}
