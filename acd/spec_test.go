package acd

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDefaultsAreThoseOfThePage(t *testing.T) {
	p := Plan{Queues: map[string]QueueSpec{"q": {}}, Agents: map[string]AgentSpec{"anna": {}}}.WithDefaults()
	want := Plan{
		Settings: Settings{
			Gap: 15 * time.Second, ExtendWrapUp: time.Minute, Strikes: 3, DelayBusy: 20 * time.Second,
			DelayDeclined: 10 * time.Second, DelayUnreached: 30 * time.Second, DelayNoAnswer: 5 * time.Second, Prefer: time.Minute,
			Care: Care{
				Occupancy: 85, OccupancyOver: 30 * time.Minute, Break: 5 * time.Minute, BreakEvery: 55 * time.Minute,
				BreakAsk: time.Minute, HardInRow: 2, HardRelief: 30 * time.Minute, AfterEvent: "low",
				TalkAfter: 3, OffHostileAfter: 4, Newcomer: 90, Ramp: []int{50, 60, 70, 80}, BreakGuard: 80, ShiftGuard: 80,
			},
		},
		Queues: map[string]QueueSpec{"q": {
			Name: "q", Strategy: LongestIdle, Ring: 20 * time.Second, RingNext: 8 * time.Second, WrapUp: 30 * time.Second, Handle: 5 * time.Minute, MaxWait: 30 * time.Minute,
			Weight: 1, LeaveOn: []AgentState{LoggedOut}, Intensity: "normal", Callback: CallbackSpec{}.WithDefaults(), Voicemail: VoicemailSpec{}.WithDefaults(),
			Service: Service{Objective: 80, Within: 20 * time.Second, Over: 30 * time.Minute, Margin: 5},
		}},
		Agents: map[string]AgentSpec{"anna": {Name: "anna"}},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	if wrong := p.Check(); len(wrong) > 0 {
		t.Errorf("the defaults are wrong: %v", wrong)
	}
	open := QueueSpec{LeaveOn: []AgentState{}}.WithDefaults()
	if len(open.LeaveOn) != 0 {
		t.Errorf("an empty leave_on became %v", open.LeaveOn)
	}
}

func TestWhatIsWrongIsSaidWhere(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Plan)
		key    string
		says   string
	}{
		"a skill nobody has":              {needs("refunds >= 3 && lagn_zh > 1"), "queues.q.needs", "column 17: no agent has a skill named lagn_zh; did you mean lang_zh?"},
		"a skill like no other":           {needs("quux > 1"), "queues.q.needs", "column 1: no agent has a skill named quux"},
		"half an expression":              {needs("refunds >="), "queues.q.needs", "column 10: unexpected token EOF"},
		"no yes or no":                    {needs("refunds + 1"), "queues.q.needs", "expected bool"},
		"a number compared with a word":   {needs(`refunds == "much"`), "queues.q.needs", "column 9: invalid operation"},
		"an expression without end":       {needs("refunds > 1" + strings.Repeat(" && refunds > 1", 500)), "queues.q.needs", "column"},
		"a relax step":                    {edit(func(q *QueueSpec) { q.Relax = []Relax{{After: time.Minute, Needs: "x"}} }), "queues.q.relax.0.needs", "column 1"},
		"relax steps out of order":        {edit(func(q *QueueSpec) { q.Relax = []Relax{{After: time.Minute, Needs: ""}, {After: time.Second}} }), "queues.q.relax.1.after", "1s is not later than 1m0s"},
		"a strategy":                      {edit(func(q *QueueSpec) { q.Strategy = "random" }), "queues.q.strategy", `"random" is not one of longest-idle, least-occupied`},
		"an intensity":                    {edit(func(q *QueueSpec) { q.Intensity = "hot" }), "queues.q.intensity", "low, normal, hostile"},
		"a ring time":                     {edit(func(q *QueueSpec) { q.Ring = -1 }), "queues.q.ring", "not between 0 and 10m0s"},
		"a wrap-up of a day":              {edit(func(q *QueueSpec) { q.WrapUp = 24 * time.Hour }), "queues.q.wrap_up", "longer than 4h"},
		"a size":                          {edit(func(q *QueueSpec) { q.MaxSize = -1 }), "queues.q.max_size", "0 means no limit"},
		"a priority of weeks":             {edit(func(q *QueueSpec) { q.Priority = 10000 }), "queues.q.priority", "more than a day"},
		"a queue that does not age":       {edit(func(q *QueueSpec) { q.Weight = -1 }), "queues.q.weight", "would starve"},
		"a state to leave on":             {edit(func(q *QueueSpec) { q.LeaveOn = []AgentState{"asleep"} }), "queues.q.leave_on.0", `"asleep" is not one of logged-out`},
		"an agent who is not there":       {edit(func(q *QueueSpec) { q.Agents = []string{"anna", "zoe"} }), "queues.q.agents.1", "there is no agent zoe"},
		"an agent twice":                  {edit(func(q *QueueSpec) { q.Agents = []string{"anna", "anna"} }), "queues.q.agents.1", "anna is named twice"},
		"a skill that is no name":         {bert(AgentSpec{Skills: map[string]int{"lang-zh": 1}}), "agents.bert.skills.lang-zh", "letters, digits and _"},
		"a skill named data":              {bert(AgentSpec{Skills: map[string]int{"data": 1}}), "agents.bert.skills.data", "cannot be a skill"},
		"a level":                         {bert(AgentSpec{Skills: map[string]int{"x": 11}}), "agents.bert.skills.x", "11 is not a level from 0 to 10"},
		"a number that cannot be dialled": {bert(AgentSpec{Number: "12a"}), "agents.bert.number", "not digits only"},
		"a number of two":                 {bert(AgentSpec{Number: "100"}), "agents.bert.number", "100 is the number of anna too"},
		"a gap of hours":                  {func(p *Plan) { p.Settings.Gap = 2 * time.Hour }, "settings.gap", "longer than 1h"},
		"strikes":                         {func(p *Plan) { p.Settings.Strikes = -1 }, "settings.strikes", "between 1 and 100"},
		"a delay":                         {func(p *Plan) { p.Settings.DelayBusy = -time.Second }, "settings.delay_busy", "not between 0 and 1h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Plan{
				Queues: map[string]QueueSpec{"q": {}},
				Agents: map[string]AgentSpec{"anna": {Number: "100", Skills: map[string]int{"refunds": 3, "lang_zh": 5}}},
			}
			tc.change(&p)
			wrong := p.Check()
			if !strings.Contains(wrong[tc.key], tc.says) || len(wrong) != 1 {
				t.Errorf("wrong %q, want %q: %q", wrong, tc.key, tc.says)
			}
			if _, err := prepare(p); err == nil || !strings.Contains(err.Error(), tc.key) {
				t.Errorf("prepare: %v", err)
			}
		})
	}
}

func edit(change func(*QueueSpec)) func(*Plan) {
	return func(p *Plan) {
		q := p.Queues["q"]
		change(&q)
		p.Queues["q"] = q
	}
}

func needs(text string) func(*Plan) {
	return edit(func(q *QueueSpec) { q.Needs = text })
}

func bert(a AgentSpec) func(*Plan) {
	return func(p *Plan) { p.Agents["bert"] = a }
}

func TestWhatANeedSaysOfAnAgent(t *testing.T) {
	d := newDictionary(map[string]AgentSpec{"anna": {Skills: map[string]int{"x": 3, "y": 1}}})
	anna := AgentSpec{Skills: map[string]int{"x": 3}}
	for name, tc := range map[string]struct {
		text string
		data map[string]any
		met  bool
		miss string
	}{
		"nothing asked":              {"  ", nil, true, ""},
		"a level reached":            {"x >= 3", nil, true, ""},
		"a missing skill is 0":       {"y == 0", nil, true, ""},
		"a level missed":             {"x >= 3 && y >= 1", nil, false, "y >= 1 (y is 0)"},
		"two missed":                 {"x >= 4 && (y >= 1 || x > 8)", nil, false, "x >= 4 (x is 3) and y >= 1 || x > 8 (x is 3, y is 0)"},
		"data that fits":             {`data.tier == "T2"`, map[string]any{"tier": "T2"}, true, ""},
		"data that does not":         {`data.tier == "T2"`, map[string]any{"tier": "T1"}, false, `data.tier == "T2"`},
		"data that is not there":     {`data.age > 3`, nil, false, `data.age > 3, which is not known of this call`},
		"a number that is not there": {`x >= int(data.level)`, nil, false, `x >= int(data.level), which is not known of this call (x is 3)`},
		"another way, first":         {`x >= 3 || int(data.age) > 3`, nil, true, ""},
		"another way, last":          {`int(data.age) > 3 || x >= 3`, nil, true, ""},
		"another word than none":     {`data.tier != "T2"`, nil, true, ""},
		"no word":                    {`data.tier == ""`, nil, true, ""},
		"data by a name in brackets": {`data["tier"] == "T2"`, map[string]any{"tier": "T2"}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := d.compile(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := n.met(d.env(anna), tc.data); got != tc.met {
				t.Errorf("met %v, want %v", got, tc.met)
			}
			if got := n.lacking(d.env(anna), tc.data); got != tc.miss {
				t.Errorf("lacking %q, want %q", got, tc.miss)
			}
		})
	}
}

func TestWhichCallsAreAlikeToANeed(t *testing.T) {
	d := newDictionary(map[string]AgentSpec{"anna": {Skills: map[string]int{"x": 3}}})
	for name, tc := range map[string]struct {
		text  string
		a, b  map[string]any
		alike bool
	}{
		"other fields do not count":        {"data.tier == 1", map[string]any{"tier": 1, "order": 5}, map[string]any{"tier": 1}, true},
		"the field counts":                 {"data.tier == 1", map[string]any{"tier": 1}, map[string]any{"tier": 2}, false},
		"1 is not the word 1":              {"data.tier == 1", map[string]any{"tier": 1}, map[string]any{"tier": "1"}, false},
		"all fields count when all may be": {`"vip" in data`, map[string]any{"vip": 1}, map[string]any{"order": 1}, false},
		"skills alone know no call":        {"x > 1", map[string]any{"vip": 1}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := d.compile(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := n.signature(tc.a) == n.signature(tc.b); got != tc.alike {
				t.Errorf("alike %v, want %v: %s, %s", got, tc.alike, n.signature(tc.a), n.signature(tc.b))
			}
			if n.usesData() != strings.Contains(tc.text, "data") {
				t.Errorf("uses data: %v", n.usesData())
			}
		})
	}
}

func TestTheSystemClockGoesOn(t *testing.T) {
	c := SystemClock()
	a, b := c(), c()
	if a.Boot == "" || a.Boot != b.Boot || b.Mono < a.Mono || a.Mono <= 0 || b.Wall.Before(a.Wall) {
		t.Errorf("%+v, then %+v", a, b)
	}
}
