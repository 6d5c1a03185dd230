package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const before = `
sip: {realm: office, listen: [{transport: udp, address: "0.0.0.0:5060"}]}
agents:
  anna: {pin: {file: pin}, number: 7001, skills: {refunds: 5}}
  ben: {pin: {file: pin}, number: 7002}
queues:
  orders: {agents: [anna]}
  refunds: {agents: [anna], ring: 20s, title: Refunds}
menus:
  main: {greeting: [welcome], then: queue:orders}
numbers:
  8000: {menu: main}
  8100: {queue: orders}
`

func TestAnEditIsToldAsPeopleWouldTellIt(t *testing.T) {
	for name, c := range map[string]struct {
		edit []string // old, new, old, new …
		want []string
	}{
		"nothing": {nil, nil},
		"a queue rings longer": {
			[]string{"ring: 20s", "ring: 25s"},
			[]string{"now: queue refunds: ring 20s → 25s: from the next offer"},
		},
		"a default is written out": {[]string{"ring: 20s", "ring: 20s, announce_every: 30s"}, nil},
		"a title is removed": {
			[]string{", title: Refunds", ""},
			[]string{"next call: queue refunds: title Refunds → nothing: from the next call"},
		},
		"a switch is turned": {
			[]string{"ring: 20s", "ring: 20s, whisper: false"},
			[]string{"next call: queue refunds: whisper true → false: from the next call"},
		},
		"a list": {
			[]string{"refunds: {agents: [anna]", "refunds: {agents: [anna, ben]"},
			[]string{"now: queue refunds: agents [anna] → [anna, ben]: at once, also for callers who wait"},
		},
		"a skill": {
			[]string{"{refunds: 5}", "{refunds: 6}"},
			[]string{"now: agent anna: skills changed: at once, also for callers who wait"},
		},
		"someone leaves, someone comes": {
			[]string{"ben: {pin: {file: pin}, number: 7002}", "carl: {pin: {file: pin}, number: 7003}"},
			[]string{"now: agent ben removed: is offered no more calls", "now: agent carl added: may log in"},
		},
		"a listener moves": {
			[]string{"5060", "5070"},
			[]string{"restart: sip.listen changed: needs a restart"},
		},
		"the realm": {
			[]string{"office", "shop"},
			[]string{"now: sip.realm office → shop: at once"},
		},
		"a menu and a number": {
			[]string{"[welcome]", "[welcome, menu-main]", "8100: {queue: orders}", "8100: {queue: refunds}"},
			[]string{
				"next call: menu main: greeting [welcome] → [welcome, menu-main]: from the next call",
				"next call: number 8100: queue orders → refunds: from the next call",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			after := strings.NewReplacer(c.edit...).Replace(before)
			got := texts(Compare(loaded(t, before), loaded(t, after)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryKeyHasARuleForItsChange(t *testing.T) {
	for _, section := range sections() {
		p := path(section.Name)
		if oneOf[section.Name] != "" {
			p = p.to("x")
			if comings[section.Name].added == "" || comings[section.Name].removed == "" {
				t.Errorf("%s: coming and going has no words", section.Name)
			}
		}
		for _, o := range Options(entryType(section)) {
			if ruleFor(p.to(o.Name)).path == "" {
				t.Errorf("%s has no rule", p.to(o.Name))
			}
		}
	}
}
