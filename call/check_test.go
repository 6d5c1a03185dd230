package call

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAPlanSaysEverythingThatIsWrongAtOnce(t *testing.T) {
	queue := func(edit func(*QueueManners)) QueueManners {
		m := DefaultManners()
		edit(&m)
		return m
	}
	for name, c := range map[string]struct {
		plan Plan
		want map[string]string // key → a piece of the sentence
	}{
		"nothing": {Plan{}, nil},
		"settings": {
			Plan{Settings: Settings{ClosingWait: -1, PageRing: -1, CollectWait: -1, MaxCalls: -1}},
			map[string]string{
				"calls.closing_wait": "negative", "calls.page_ring": "negative", "calls.collect_wait": "negative", "calls.max_calls": "negative",
			},
		},
		"a queue": {
			Plan{Queues: map[string]QueueManners{"orders": queue(func(m *QueueManners) {
				m.Notice, m.Record, m.OnAgentHangup, m.AnnounceEvery = "sung", "always", "laugh", -time.Second
				m.Title, m.Supervisors = "two\nlines", []string{"sofia", "tom", "sofia"}
			})}},
			map[string]string{
				"queues.orders.notice": `is "sung", must be one of played, given, none`, "queues.orders.record": "after_notice, never",
				"queues.orders.on_agent_hangup": "closing, rescue, end", "queues.orders.announce_every": "negative",
				"queues.orders.title": "one line", "queues.orders.supervisors": `"sofia" twice`,
			},
		},
		"a title that no phone shows": {
			Plan{Queues: map[string]QueueManners{"orders": queue(func(m *QueueManners) { m.Title = strings.Repeat("x", 65) })}},
			map[string]string{"queues.orders.title": "longer than 64"},
		},
		"an emergency queue that would end a caller": {
			Plan{Queues: map[string]QueueManners{"crisis": queue(func(m *QueueManners) { m.Emergency = true })}},
			map[string]string{"queues.crisis.on_agent_hangup": "only rescue"},
		},
		"numbers": {
			Plan{Numbers: map[string]NumberSpec{
				"8100": {}, "8200": {Queue: "orders", Menu: "main"}, "*55": {Queue: "orders"}, "ask-anna": {Queue: "orders"}, "+49301": {Queue: "orders"},
			}},
			map[string]string{
				"numbers.8100": "exactly one", "numbers.8200": "exactly one", "numbers.*55": "cannot be dialled", "numbers.ask-anna": "cannot be dialled",
			},
		},
		"PINs": {
			Plan{Agents: map[string]AgentAccess{"anna": {PIN: "123"}, "ben": {PIN: "12a4"}, "cleo": {PIN: "1234567890123"}, "dora": {PIN: "1234"}, "emil": {}}},
			map[string]string{"agents.anna.pin": "4 to 12", "agents.ben.pin": "4 to 12", "agents.cleo.pin": "4 to 12"},
		},
		"phones": {
			Plan{Phones: map[string]PhoneManners{
				"1001": {}, "1002": {Number: "1001"}, "desk": {Number: "*12"}, "hall": {Title: "a\x07bell"}, "door": {Number: "12 34"},
			}},
			map[string]string{
				"phones.1002.number": "belongs to phone 1001 already", "phones.desk.number": "cannot be dialled",
				"phones.hall.title": "one line", "phones.door.number": "cannot be dialled",
			},
		},
		"trunks": {
			Plan{Trunks: map[string]TrunkManners{"far": {Dial: []string{"00", "+", "", "+49", "x"}}, "near": {Dial: []string{"0", "1", "0"}}}},
			map[string]string{"trunks.far.dial": `prefix "x"`, "trunks.near.dial": `"0" twice`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := c.plan.Check()
			if got, want := slices.Sorted(maps.Keys(wrong)), slices.Sorted(maps.Keys(c.want)); !slices.Equal(got, want) {
				t.Fatalf("complains of %v, want %v: %v", got, want, wrong)
			}
			for key, piece := range c.want {
				if !strings.Contains(wrong[key], piece) {
					t.Errorf("%s: %q, want something about %q", key, wrong[key], piece)
				}
			}
		})
	}
}

func TestDefaultsAreFilledInAndWhatIsSaidStays(t *testing.T) {
	s := Settings{PageRing: time.Second}.WithDefaults()
	if s.PageRing != time.Second || s.ClosingWait != 8*time.Second || s.MaxCalls != 5000 || s.CollectWait != 3*time.Second || s.Language != "en" {
		t.Errorf("settings %+v", s)
	}
	m := QueueManners{Emergency: true, OnAgentHangup: HangupClosing}.WithDefaults()
	if m.OnAgentHangup != HangupRescue || m.Notice != NoticePlayed || m.Record != RecordAfterNotice || m.Music != MusicDefault {
		t.Errorf("manners %+v", m)
	}
	p := Plan{Queues: map[string]QueueManners{"orders": {Notice: NoticeNone}}}.WithDefaults()
	if got := p.Queues["orders"]; got.Notice != NoticeNone || got.AnnounceEvery != 30*time.Second {
		t.Errorf("queue %+v", got)
	}
	if got := p.queue("never heard of"); !got.Position || !got.Whisper {
		t.Errorf("a queue nobody described: %+v", got)
	}
	if len(p.Check()) != 0 {
		t.Errorf("a plan of defaults is wrong: %v", p.Check())
	}
}

func TestDigitsLeadWhereTheConfigSays(t *testing.T) {
	p := Plan{
		Numbers: map[string]NumberSpec{
			"8100": {Queue: "orders"}, "8000": {Menu: "main"}, "8500": {Phone: "1001"}, "8600": {External: "0301"}, "1002": {Queue: "vip"},
		},
		Phones: map[string]PhoneManners{"1001": {}, "1002": {}, "desk": {Number: "1003"}, "1004": {Number: "2004"}},
	}
	for digits, want := range map[string]goal{
		"8100": {toQueue, "orders"}, "8000": {toMenu, "main"}, "8500": {toPhone, "1001"}, "8600": {toNumber, "0301"},
		"1001": {toPhone, "1001"}, "1003": {toPhone, "desk"}, "2004": {toPhone, "1004"},
		"1002": {toQueue, "vip"}, // a number of the config comes before an extension
		"1004": {}, "desk": {}, "": {}, "9": {},
	} {
		got, ok := p.inside(digits)
		if got != want || ok != (want.kind != "") {
			t.Errorf("%q leads to %v %v, want %v", digits, got, ok, want)
		}
	}
}

func TestTargetsOfLimitsAreRead(t *testing.T) {
	c := &Call{}
	for target, want := range map[string]goal{
		"":                   {toGoodbye, "otherwise"},
		"goodbye":            {toGoodbye, "otherwise"},
		"goodbye:closed":     {toGoodbye, "closed"},
		"queue:orders":       {toQueue, "orders"},
		"menu:main":          {toMenu, "main"},
		"phone:1001":         {toPhone, "1001"},
		"extension:1001":     {toPhone, "1001"},
		"number:0301":        {toNumber, "0301"},
		"number:+49:strange": {toNumber, "+49:strange"},
	} {
		if got := c.parseGoal(target, "otherwise"); got != want {
			t.Errorf("%q is %v, want %v", target, got, want)
		}
	}
}
