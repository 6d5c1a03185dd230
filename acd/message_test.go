package acd

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// speakable is help with messages.
func speakable(change ...func(*QueueSpec)) Plan {
	q := QueueSpec{LeaveOn: []AgentState{}, Callback: CallbackSpec{Hours: "03:00-03:01"}}
	for _, f := range change {
		f(&q)
	}
	return help(func(p *Plan) { p.Queues["help"] = q })
}

// begins puts a message in the queue that is to be said.
func (d *desk) begins(call, number string) uint64 {
	d.Helper()
	id, err := d.CallBack(d.ctx, Entry{Call: call, Queue: "help", Caller: number}, Callback{Kind: BackMessage, Number: number, Message: call + ".wav"})
	d.must(err)
	return id
}

// leaves leaves a message of 20 s.
func (d *desk) leaves(call, number string) uint64 {
	d.Helper()
	id := d.begins(call, number)
	d.pass(20 * time.Second)
	d.must(d.Spoken(d.ctx, id, 20*time.Second))
	return id
}

func TestAMessageIsHeardByAnAgentAtAnyHour(t *testing.T) {
	bubble(t, speakable(), func(d *desk) {
		d.logIn("anna")
		id := d.begins("c1", "")
		d.pass(30 * time.Second)
		d.notLaunched() // it is being said
		d.must(d.Spoken(d.ctx, id, 30*time.Second))
		l := d.launched()
		if !l.Callback.IsMessage() || l.Callback.Message != "c1.wav" || l.Callback.Length != 30*time.Second || l.GivenUp != "" {
			t.Errorf("launch %+v", l)
		}
		s := d.dials(l, "b1")
		if got := d.agent("anna"); got.State != OnCall {
			t.Errorf("anna is %s", got.State)
		}
		d.must(d.Heard(d.ctx, id))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{Cause: "message_heard"}))
		if got := d.agent("anna"); got.State != WrapUp {
			t.Errorf("anna is %s after it", got.State)
		}
		d.pass(time.Hour)
		d.notLaunched()
	})
}

func TestAMessageWaitsUntilSomebodyTakesIt(t *testing.T) {
	bubble(t, speakable(), func(d *desk) {
		id := d.leaves("c1", "0301234")
		d.logIn("anna")
		l := d.launched()
		o := <-l.Ticket.Offers
		d.must(d.Launched(d.ctx, id, "b1"))
		d.must(d.Missed(d.ctx, o.Seats[0].Assignment, MissDeclined))
		d.logIn("bert")
		if o := <-l.Ticket.Offers; o.Seats[0].Agent != "bert" {
			t.Errorf("offered to %s, who declined it", o.Seats[0].Agent)
		}
	})
}

func TestAnAgentWhoPutsDownLeavesTheMessageInItsPlace(t *testing.T) {
	bubble(t, speakable(), func(d *desk) {
		id := d.leaves("c1", "")
		d.logIn("anna")
		s := d.dials(d.launched(), "b1")
		d.must(d.Unreached(d.ctx, id, UnreachedAgentLeft))
		d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
		views, err := d.Callbacks(d.ctx)
		d.must(err)
		if len(views) != 1 || views[0].Message != "c1.wav" || views[0].Tries != 0 {
			t.Errorf("messages %+v", views)
		}
		d.logIn("bert")
		d.pass(agentLeftPause)
		if l := d.launched(); l.Callback.Length != 20*time.Second {
			t.Errorf("launch %+v", l)
		}
	})
}

// TestAMessageThatCannotBeReadIsLookedAtAgainLater: its disk may come back, and nobody is
// rung for it meanwhile.
func TestAMessageThatCannotBeReadIsLookedAtAgainLater(t *testing.T) {
	bubble(t, speakable(), func(d *desk) {
		id := d.leaves("c1", "")
		d.logIn("anna")
		for range 5 {
			d.launched()
			d.must(d.Unreached(d.ctx, id, UnreachedUnread))
			d.pass(unreadPause - time.Second)
			d.notLaunched()
			d.pass(time.Second)
		}
		if l := d.launched(); l.Callback.Tries != 0 || l.GivenUp != "" {
			t.Errorf("launch %+v", l)
		}
	})
}

// TestAMessageIsNotGivenUpForFaultsOfOurs: a call that breaks without a word says nothing
// about the message. A number that was dialled may have rung: such a callback was tried.
func TestAMessageIsNotGivenUpForFaultsOfOurs(t *testing.T) {
	for name, c := range map[string]struct {
		plan Plan
		make func(*desk)
		left int
	}{
		"a message":  {speakable(), func(d *desk) { d.leaves("c1", "0301234") }, 1},
		"a callback": {callable(), func(d *desk) { d.asked("c1", "0301234"); d.pass(parkPause) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, c.plan, func(d *desk) {
				c.make(d)
				d.logIn("anna")
				for range 3 {
					s := d.dials(d.launched(), "b1")
					d.must(d.Finish(d.ctx, s.Assignment, Outcome{}))
					d.pass(15 * time.Minute)
				}
				views, err := d.Callbacks(d.ctx)
				d.must(err)
				if len(views) != c.left || len(views) > 0 && views[0].Tries != 0 {
					t.Errorf("left are %+v", views)
				}
			})
		})
	}
}

func TestWhoSaysNothingLeavesNoMessage(t *testing.T) {
	bubble(t, speakable(), func(d *desk) {
		d.logIn("anna")
		id := d.begins("c1", "")
		d.must(d.Spoken(d.ctx, id, 0))
		d.pass(time.Hour)
		d.notLaunched()
		if err := d.Spoken(d.ctx, id, time.Second); !errors.Is(err, ErrNoTicket) {
			t.Errorf("said again: %v", err)
		}
	})
}

func TestAQueueKeepsOnlySoManyMessages(t *testing.T) {
	for name, c := range map[string]struct {
		most int
		want error
	}{
		"no room": {1, ErrMessagesFull},
		"none":    {-1, ErrNoCallback},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, speakable(func(q *QueueSpec) { q.Voicemail.Most = c.most }), func(d *desk) {
				var last error
				for range 2 {
					_, last = d.CallBack(d.ctx, Entry{Call: "x", Queue: "help"}, Callback{Kind: BackMessage, Message: "x.wav"})
				}
				if !errors.Is(last, c.want) {
					t.Errorf("%v, want %v", last, c.want)
				}
			})
		})
	}
}

// TestWhoLeavesAMessageInsteadOfWaitingIsInOnePlace: never in both, and where there is no room
// for the message they wait on as if they had not asked.
func TestWhoLeavesAMessageInsteadOfWaitingIsInOnePlace(t *testing.T) {
	for name, c := range map[string]struct {
		most int
		call string // that asks
		kind string
		want error
	}{
		"there is room":        {2, "c1", BackMessage, nil},
		"no room":              {1, "c1", BackMessage, ErrMessagesFull},
		"the queue takes none": {-1, "c1", BackMessage, ErrNoCallback},
		"it is no message":     {2, "c1", BackAsked, ErrNoCallback},
		"another call's place": {2, "c2", BackMessage, ErrNoTicket},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, speakable(func(q *QueueSpec) { q.Voicemail.Most = c.most }), func(d *desk) {
				if c.most > 0 {
					d.begins("first", "")
				}
				since := time.Now()
				waits := d.enter(Entry{Call: "c1", Queue: "help"})
				d.pass(time.Minute)
				id, err := d.LeaveMessage(d.ctx, waits.ID, Entry{Call: c.call, Queue: "help", Since: since}, Callback{Kind: c.kind, Number: "0301234", Message: "x.wav"})
				if !errors.Is(err, c.want) {
					t.Fatalf("%v, want %v", err, c.want)
				}
				_, place := d.Place(d.ctx, waits.ID)
				if left := errors.Is(place, ErrNoTicket); left != (c.want == nil) {
					t.Errorf("on the line: %v", place)
				}
				if c.want != nil {
					d.logIn("anna")
					d.offered(waits)
					return
				}
				d.must(d.Spoken(d.ctx, id, 20*time.Second))
				d.logIn("anna")
				if l := d.launched(); l.Ticket.ID != id || !l.Entry.Since.Round(time.Second).Equal(since.Round(time.Second)) {
					t.Errorf("launch %+v", l)
				}
				if _, err := d.LeaveMessage(d.ctx, id, Entry{Call: "c1", Queue: "help"}, Callback{Kind: BackMessage}); !errors.Is(err, ErrNoTicket) {
					t.Errorf("a message left instead of a message: %v", err)
				}
			})
		})
	}
}

func TestMessagesDoNotKeepCallersOut(t *testing.T) {
	bubble(t, speakable(func(q *QueueSpec) { q.MaxRatio, q.MaxSize = 1, 1 }), func(d *desk) {
		d.leaves("m1", "")
		d.leaves("m2", "")
		d.logIn("anna")
		d.enter(Entry{Call: "c1", Queue: "help"})
		views, err := d.Queues(d.ctx)
		d.must(err)
		for _, v := range views {
			if v.Name == "help" && (v.Messages != 2 || v.Callbacks != 0 || v.OldestMessage.IsZero()) {
				t.Errorf("shown as %+v", v)
			}
		}
	})
}

func TestWhyTellsOfAMessage(t *testing.T) {
	bubble(t, speakable(), func(d *desk) {
		id := d.begins("c1", "0301234")
		says := func(want string) {
			t.Helper()
			lines, err := d.Why(d.ctx, Whom{Call: "c1"})
			d.must(err)
			if text := strings.Join(lines, "\n"); !strings.Contains(text, want) || strings.Contains(text, "0301234") {
				t.Errorf("says %s", text)
			}
		}
		says("is being said")
		d.must(d.Spoken(d.ctx, id, 20*time.Second))
		says("is a message of 20s")
	})
}

func TestAMessageOutlivesAnyNumberOfCrashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &memory{}
		d := open(t, speakable(), ledger)
		since := time.Now()
		d.leaves("c1", "0301234")
		d.begins("c2", "") // and the server dies while it is said
		for range 3 {
			d.stop()
			d = open(t, speakable(), ledger)
		}
		if n := len(d.Orphans()); n > 0 {
			t.Errorf("%d orphans", n)
		}
		d.logIn("anna")
		d.pass(restartPause)
		l := d.launched()
		if l.Callback.Message != "c1.wav" || l.Callback.Length != 20*time.Second || !l.Entry.Since.Round(time.Second).Equal(since.Round(time.Second)) {
			t.Errorf("launch %+v", l)
		}
		d.logIn("bert")
		d.pass(VoicemailSpec{}.WithDefaults().Longest + speakGrace)
		for l = d.launched(); l.Callback.Message == "c1.wav"; l = d.launched() { // nobody took its offer
		}
		if l.Callback.Message != "c2.wav" || l.Callback.Length != 0 {
			t.Errorf("launch %+v", l)
		}
	})
}

func TestAMessageThatNobodyHearsIsGivenUpInTheEnd(t *testing.T) {
	bubble(t, speakable(), func(d *desk) {
		d.leaves("c1", "")
		d.pass(7 * 24 * time.Hour)
		if l := d.launched(); l.GivenUp != "expired" || l.Callback.Message != "c1.wav" {
			t.Errorf("launch %+v", l)
		}
	})
}

func TestTheVoicemailOfAQueueIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		spec VoicemailSpec
		key  string
	}{
		"no key of a phone":        {VoicemailSpec{Key: "x"}, "key"},
		"a key where none is kept": {VoicemailSpec{Key: "1", Most: -1}, "key"},
		"too short":                {VoicemailSpec{Longest: time.Second}, "longest"},
		"too long":                 {VoicemailSpec{Longest: time.Hour}, "longest"},
		"silence of a breath":      {VoicemailSpec{Silence: time.Second}, "silence"},
		"kept for ever":            {VoicemailSpec{Keep: 1000 * 24 * time.Hour}, "keep"},
		"less than none":           {VoicemailSpec{Most: -2}, "most"},
	} {
		t.Run(name, func(t *testing.T) {
			if wrong := c.spec.Check(); wrong[c.key] == "" || len(wrong) != 1 {
				t.Errorf("says %v, want %s", wrong, c.key)
			}
		})
	}
	if wrong := (VoicemailSpec{}).WithDefaults().Check(); len(wrong) > 0 {
		t.Errorf("the defaults are wrong: %v", wrong)
	}
	q := QueueSpec{Voicemail: VoicemailSpec{Key: "5"}, Callback: CallbackSpec{Key: "5", Prefixes: []string{"030"}}}
	if q.Check()["voicemail.key"] == "" {
		t.Error("one key may ask for two things")
	}
}
