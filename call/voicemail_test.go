package call

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/media/g711"
	"breakwater/media/wav"
)

// withVoicemail lets orders take messages: by 6 while waiting, and by 1 in the menu of 8600.
func withVoicemail(p *Plan, f *acd.Plan) {
	withCallbacks(p, f)
	withMessages(p, f)
}

// withMessages is withVoicemail where nobody can be called back.
func withMessages(p *Plan, f *acd.Plan) {
	q := f.Queues["orders"]
	q.Voicemail = acd.VoicemailSpec{Key: "6"}
	f.Queues["orders"] = q
	p.Voicemails = map[string]acd.VoicemailSpec{"orders": q.Voicemail}
	p.Numbers["8600"] = NumberSpec{Menu: "mail"}
	m := mainMenu()
	m.Keys = map[string]string{"1": "voicemail:orders"}
	p.Menus["mail"] = m
}

// taped makes recordings possible, each of which holds so much of a voice.
func (r *room) taped(d time.Duration) {
	r.sounds.record()
	r.sounds.mu.Lock()
	r.sounds.content = wav.Encode(g711.Mu, 2, make([]byte, 2*int(d*g711.Rate/time.Second)))
	r.sounds.mu.Unlock()
}

// atTheTone lets somebody call the menu, and waits until their message is recorded.
func (r *room) atTheTone(from string) *fakeLeg {
	r.t.Helper()
	caller := r.dial(from, "8600")
	wait(time.Second)
	caller.press("1")
	for range 100 {
		if r.sounds.running() > 0 {
			return caller
		}
		wait(100 * time.Millisecond)
	}
	r.t.Fatalf("nothing is recorded; heard %v", caller.heard)
	return nil
}

// says lets the caller speak for some seconds.
func (l *fakeLeg) says(d time.Duration) {
	for ; d > 0; d -= time.Second {
		l.speak(800 * time.Millisecond)
		wait(time.Second)
	}
}

// message gives the only message that waits.
func (r *room) message() acd.CallbackView {
	r.t.Helper()
	all, err := r.floor.Callbacks(context.Background())
	if err != nil || len(all) != 1 {
		r.t.Fatalf("messages %+v, %v", all, err)
	}
	return all[0]
}

// handed lets somebody leave a message, and gives anna's phone, at which she has taken it.
func (r *room) handed(from string) (agent *fakeLeg) {
	r.t.Helper()
	r.taped(20 * time.Second)
	caller := r.atTheTone(from)
	caller.says(10 * time.Second)
	caller.hangUp()
	r.records(1)
	r.logIn("anna", "1001")
	agent = r.rung()
	agent.answer()
	return agent
}

func TestACallerLeavesAMessageAndAnAgentHearsIt(t *testing.T) {
	inRoom(t, func(r *room) {
		r.taped(20 * time.Second)
		caller := r.atTheTone("0301234")
		if !caller.playedTo("voicemail-leave") || !caller.playedTo("tone-confirm") {
			t.Errorf("heard %v", caller.heard)
		}
		caller.says(10 * time.Second)
		caller.press("#")
		wait(5 * time.Second)
		if caller.up() || !caller.playedTo("voicemail-kept") {
			t.Errorf("up %v, heard %v", caller.up(), caller.heard)
		}
		rec := r.record()
		if rec.Cause.Metric != CauseMessage || rec.Message == "" || !slices.Contains(rec.Recordings, rec.Message) || rec.Queue != "orders" {
			t.Errorf("record %+v", rec)
		}
		m := r.message()
		if m.Message != rec.Message || m.Length < 10*time.Second || m.Length > 11*time.Second || m.Number != "0301234" {
			t.Errorf("message %+v", m)
		}
		wait(2 * time.Minute)
		r.logIn("anna", "1001")
		agent := r.rung()
		if agent.target.From != "0301234" || agent.target.Name != "orders: message" {
			t.Errorf("the phone shows %+v", agent.target)
		}
		agent.answer()
		wait(30 * time.Second)
		if !agent.playedTo("voicemail-agent") || !agent.playedTo("digit-3") || !agent.playedTo("minutes") || agent.times("message") != 1 {
			t.Errorf("anna heard %v", agent.heard)
		}
		agent.press("1")
		wait(20 * time.Second)
		if agent.times("message") != 2 {
			t.Errorf("anna heard %v", agent.heard)
		}
		agent.press("2")
		wait(time.Second)
		if agent.up() || r.agent("anna").State != acd.WrapUp {
			t.Errorf("anna is %s, on the line %v", r.agent("anna").State, agent.up())
		}
		heard := r.records(2)[1]
		if heard.Cause.Metric != CauseMessageHeard || heard.Message != rec.Message || heard.Callback != acd.BackMessage || heard.Agent != "anna" {
			t.Errorf("record %+v", heard)
		}
		r.nobodyRung(time.Hour)
	}, withVoicemail)
}

func TestHowAMessageEnds(t *testing.T) {
	for name, c := range map[string]struct {
		ends   func(*fakeLeg)
		length time.Duration // 0 = there is no message
		cause  string
		says   string
	}{
		"by hash":                 {func(l *fakeLeg) { l.says(5 * time.Second); l.press("#") }, 5 * time.Second, CauseMessage, "voicemail-kept"},
		"by a hang-up":            {func(l *fakeLeg) { l.says(5 * time.Second); l.hangUp() }, 5 * time.Second, CauseMessage, ""},
		"by a lost line":          {func(l *fakeLeg) { l.says(5 * time.Second); l.lose() }, 5 * time.Second, CauseNetwork, ""},
		"by silence":              {func(l *fakeLeg) { l.says(5 * time.Second); wait(10 * time.Second) }, 5 * time.Second, CauseMessage, "voicemail-kept"},
		"by its longest":          {func(l *fakeLeg) { l.says(3 * time.Minute) }, 2 * time.Minute, CauseMessage, "voicemail-kept"},
		"by another key: not yet": {func(l *fakeLeg) { l.says(2 * time.Second); l.press("7"); l.says(3 * time.Second); l.press("#") }, 5 * time.Second, CauseMessage, "voicemail-kept"},
		"before a word":           {func(l *fakeLeg) { l.press("#") }, 0, CauseCallerEnded, "voicemail-none"},
		"by hash, spoken faintly": {func(l *fakeLeg) { wait(3 * time.Second); l.press("#") }, 3 * time.Second, CauseMessage, "voicemail-kept"},
		"in silence":              {func(l *fakeLeg) { wait(10 * time.Second) }, 0, CauseCallerEnded, "voicemail-none"},
		"hung up before a word":   {func(l *fakeLeg) { l.hangUp() }, 0, CauseCallerEnded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.taped(3 * time.Minute)
				caller := r.atTheTone("0301234")
				c.ends(caller)
				wait(10 * time.Second)
				rec := r.record()
				if caller.up() || rec.Cause.Metric != c.cause || c.says != "" && !caller.playedTo(c.says) {
					t.Errorf("up %v, cause %+v, heard %v", caller.up(), rec.Cause, caller.heard)
				}
				file := r.sounds.tapes[0].path
				if _, err := os.Stat(file); (c.length == 0) != errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s: %v", file, err)
				}
				if c.length == 0 {
					if all, _ := r.floor.Callbacks(context.Background()); len(all) > 0 || rec.Message != "" || len(rec.Recordings) > 0 {
						t.Errorf("left %+v, record %+v", all, rec)
					}
					return
				}
				if m := r.message(); m.Length < c.length-time.Second || m.Length > c.length+2*time.Second {
					t.Errorf("a message of %s, want %s", m.Length, c.length)
				}
			}, withVoicemail)
		})
	}
}

func TestWhatAnAgentDoesWithAMessage(t *testing.T) {
	for name, c := range map[string]struct {
		does  func(r *room, agent *fakeLeg)
		left  bool // it waits on
		cause string
	}{
		"puts down after hearing it": {func(_ *room, l *fakeLeg) { wait(30 * time.Second); l.hangUp() }, false, CauseMessageHeard},
		"puts down before its end":   {func(_ *room, l *fakeLeg) { wait(time.Second); l.hangUp() }, true, CauseUnreached},
		"loses the line":             {func(_ *room, l *fakeLeg) { wait(30 * time.Second); l.lose() }, true, CauseUnreached},
		"presses done at once":       {func(_ *room, l *fakeLeg) { wait(time.Second); l.press("2") }, false, CauseMessageHeard},
		"presses a wrong key, then done": {func(_ *room, l *fakeLeg) {
			wait(time.Second)
			l.press("9")
			wait(time.Second)
			l.press("2")
		}, false, CauseMessageHeard},
		"says nothing to the keys": {func(_ *room, l *fakeLeg) { wait(5 * time.Minute) }, false, CauseMessageHeard},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				agent := r.handed("0301234")
				c.does(r, agent)
				wait(time.Second)
				if rec := r.records(2)[1]; rec.Cause.Metric != c.cause {
					t.Errorf("cause %+v", rec.Cause)
				}
				if s := r.agent("anna").State; agent.up() || s == acd.OnCall {
					t.Errorf("anna is %s, on the line %v", s, agent.up())
				}
				if all, _ := r.floor.Callbacks(context.Background()); (len(all) == 1) != c.left || c.left && all[0].Tries > 0 {
					t.Errorf("messages %+v", all)
				}
			}, withVoicemail)
		})
	}
}

func TestAnAgentCallsBackFromAMessage(t *testing.T) {
	inRoom(t, func(r *room) {
		agent := r.handed("0301234")
		wait(5 * time.Second)
		agent.press("3")
		customer := r.rung()
		if customer.target.Number != "0301234" || customer.target.Trunk != "city" {
			t.Errorf("dialled %+v", customer.target)
		}
		customer.answer()
		wait(10 * time.Second)
		if r.view().Phase != "talking" {
			t.Errorf("phase %s", r.view().Phase)
		}
		customer.hangUp()
		if rec := r.records(2)[1]; rec.Cause.Metric != CauseCallerEnded || rec.Agent != "anna" {
			t.Errorf("record %+v", rec)
		}
		if all, _ := r.floor.Callbacks(context.Background()); len(all) > 0 {
			t.Errorf("messages %+v", all)
		}
	}, withVoicemail)
}

func TestWhoseNumberCannotBeDialledIsNotCalledBackFromAMessage(t *testing.T) {
	inRoom(t, func(r *room) {
		agent := r.handed("anonymous")
		wait(5 * time.Second)
		agent.press("3")
		wait(time.Second)
		if !agent.up() || !agent.playedTo("tone-beep") || agent.playedTo("digit-3") {
			t.Errorf("on the line %v, heard %v", agent.up(), agent.heard)
		}
		agent.press("2")
		r.nobodyRung(time.Minute)
	}, withVoicemail)
}

func TestWhereNoMessageCanBeTakenTheCallerIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		most int
		disk error
		goes string
		says string
	}{
		"too many wait":                 {most: 1, says: "voicemail-full"},
		"too many wait, and the target": {most: 1, goes: "goodbye:no-answer", says: "no-answer"},
		"the disk is full":              {disk: errors.New("no space"), says: "technical-problem"},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.taped(time.Minute)
				if c.most > 0 {
					first := r.atTheTone("0301234")
					first.says(5 * time.Second)
					first.press("#")
					wait(10 * time.Second)
				}
				r.sounds.mu.Lock()
				r.sounds.noTape = c.disk
				r.sounds.mu.Unlock()
				caller := r.dial("0305678", "8600")
				wait(time.Second)
				caller.press("1")
				wait(30 * time.Second)
				if caller.up() || !caller.playedTo(c.says) {
					t.Errorf("up %v, heard %v", caller.up(), caller.heard)
				}
				if all, _ := r.floor.Callbacks(context.Background()); len(all) != c.most {
					t.Errorf("messages %+v", all)
				}
			}, withVoicemail, func(p *Plan, f *acd.Plan) {
				q := f.Queues["orders"]
				q.Voicemail.Most, q.Voicemail.OnFull = c.most, c.goes
				f.Queues["orders"], p.Voicemails["orders"] = q, q.Voicemail
			})
		})
	}
}

func TestNobodyInNeedIsSentToAMessage(t *testing.T) {
	inRoom(t, func(r *room) {
		caller := r.dial("0301234", "8800")
		wait(time.Second)
		caller.press("6")
		wait(10 * time.Second)
		if !caller.up() || caller.playedTo("voicemail-leave") || caller.playedTo("voicemail-offer") {
			t.Errorf("up %v, heard %v", caller.up(), caller.heard)
		}
		caller.hangUp()
	}, withVoicemail, func(p *Plan, _ *acd.Plan) { p.Voicemails["crisis"] = acd.VoicemailSpec{Key: "6"} })
}

func TestTheServerStopsInEveryPhaseOfAMessage(t *testing.T) {
	for phase := range 6 {
		inRoom(t, func(r *room) {
			r.taped(20 * time.Second)
			if phase == 0 { // in the greeting
				caller := r.dial("0301234", "8600")
				wait(time.Second)
				caller.press("1")
				return
			}
			caller := r.atTheTone("0301234")
			caller.says(3 * time.Second)
			if phase == 1 {
				return
			}
			caller.hangUp()
			wait(time.Second)
			r.logIn("anna", "1001")
			agent := r.rung()
			if phase > 2 {
				agent.answer()
				wait(time.Second)
			}
			if phase > 3 {
				agent.press("3")
				customer := r.rung()
				if phase > 4 {
					customer.answer()
					wait(time.Second)
				}
			}
		}, withVoicemail)
	}
}
