package call

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// dialable is what can be dialled: digits, with an optional + before them. What
// begins with a star is a feature code.
var dialable = regexp.MustCompile(`^\+?[0-9]{1,32}$`)

// mostTitle bounds what a phone must show, in bytes.
const mostTitle = 64

// Check says what is wrong with the settings, by key. Zero means the default.
func (s Settings) Check() map[string]string {
	wrong := map[string]string{}
	for key, d := range map[string]time.Duration{
		"closing_wait": s.ClosingWait, "page_ring": s.PageRing, "collect_wait": s.CollectWait,
	} {
		if d < 0 {
			wrong[key] = "must not be negative"
		}
	}
	if s.TalkAgain != -1 && s.TalkAgain != 0 && s.TalkAgain < time.Minute {
		wrong["talk_again"] = fmt.Sprintf("%s is shorter than 1m; -1 rings nobody", s.TalkAgain)
	}
	if s.MaxCalls < 0 {
		wrong["max_calls"] = "must not be negative"
	}
	return wrong
}

// Check says what is wrong with the manners, by key.
func (m QueueManners) Check() map[string]string {
	wrong := map[string]string{}
	oneOf(wrong, "estimate", m.Estimate, "", EstimateP50, EstimateP90, EstimateNone)
	oneOf(wrong, "notice", m.Notice, NoticePlayed, NoticeGiven, NoticeNone)
	oneOf(wrong, "record", m.Record, RecordAfterNotice, RecordNever)
	oneOf(wrong, "on_agent_hangup", m.OnAgentHangup, HangupClosing, HangupRescue, HangupEnd)
	if m.LastAgent < 0 || m.LastAgent > longestLast {
		wrong["last_agent"] = fmt.Sprintf("%s is not between 0 (not at all) and %s", m.LastAgent, longestLast)
	}
	if m.AnnounceEvery < 0 {
		wrong["announce_every"] = "must not be negative"
	}
	if m.Emergency && (m.OnAgentHangup == HangupClosing || m.OnAgentHangup == HangupEnd) {
		wrong["on_agent_hangup"] = "an emergency queue never ends a caller: only rescue is allowed"
	}
	checkTitle(wrong, m.Title)
	twice(wrong, "supervisors", m.Supervisors)
	return wrong
}

// Check says what is wrong with the number, by key.
func (n NumberSpec) Check() map[string]string {
	set := 0
	for _, v := range []string{n.Menu, n.Queue, n.Phone, n.External} {
		if v != "" {
			set++
		}
	}
	if set != 1 {
		return map[string]string{"": "a number reaches exactly one of menu, queue, phone and external"}
	}
	return nil
}

// Check says what is wrong with the phone's manners, by key.
func (m PhoneManners) Check() map[string]string {
	wrong := map[string]string{}
	if m.Number != "" && !dialable.MatchString(m.Number) {
		wrong["number"] = fmt.Sprintf("%q cannot be dialled: an extension is digits", m.Number)
	}
	checkTitle(wrong, m.Title)
	return wrong
}

// Check says what is wrong with the trunk's manners, by key.
func (m TrunkManners) Check() map[string]string {
	wrong := map[string]string{}
	for _, prefix := range m.Dial {
		if prefix != "" && prefix != "+" && !dialable.MatchString(prefix) {
			wrong["dial"] = fmt.Sprintf("prefix %q begins no number: a prefix is digits, with an optional + before them", prefix)
		}
	}
	twice(wrong, "dial", m.Dial)
	return wrong
}

// Check says what is wrong with the access, by key.
func (a AgentAccess) Check() map[string]string {
	if a.PIN != "" && (len(a.PIN) < 4 || len(a.PIN) > agentDigits || strings.Trim(a.PIN, "0123456789") != "") {
		return map[string]string{"pin": "must be 4 to 12 digits"}
	}
	return nil
}

// Check says what is wrong with the plan, by key.
func (p Plan) Check() map[string]string {
	wrong := map[string]string{}
	add := func(prefix string, found map[string]string) {
		for k, v := range found {
			wrong[strings.TrimSuffix(prefix+"."+k, ".")] = v
		}
	}
	add("calls", p.Settings.Check())
	add("protect", p.Protect.Check())
	add("hearing", p.Hearing.Check())
	for name, m := range p.Queues {
		add("queues."+name, m.Check())
	}
	for name, n := range p.Numbers {
		add("numbers."+name, n.Check())
		if !dialable.MatchString(name) {
			wrong["numbers."+name] = "cannot be dialled: a number is digits, with an optional + before them"
		}
	}
	for name, a := range p.Agents {
		add("agents."+name, a.Check())
		if _, known := p.Hearing.Headsets[a.Headset]; a.Headset != "" && !known {
			wrong["agents."+name+".headset"] = fmt.Sprintf("%q is not among hearing.headsets", a.Headset)
		}
	}
	for name, m := range p.Trunks {
		add("trunks."+name, m.Check())
	}
	for name, m := range p.Phones {
		add("phones."+name, m.Check())
	}
	p.checkExtensions(wrong)
	return wrong
}

// checkExtensions asks that an extension is one phone's alone.
func (p Plan) checkExtensions(wrong map[string]string) {
	owner := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.Phones)) {
		number := p.Phones[name].Number
		if number == "" {
			number = name
		}
		key := "phones." + name + ".number"
		switch other, taken := owner[number]; {
		case wrong[key] != "":
		case taken:
			wrong[key] = fmt.Sprintf("extension %s belongs to phone %s already", number, other)
		default:
			owner[number] = name
		}
	}
}

func oneOf(wrong map[string]string, key, got string, allowed ...string) {
	if !slices.Contains(allowed, got) {
		wrong[key] = fmt.Sprintf("is %q, must be one of %s", got, strings.Join(allowed, ", "))
	}
}

func checkTitle(wrong map[string]string, text string) {
	switch {
	case len(text) > mostTitle:
		wrong["title"] = fmt.Sprintf("is longer than %d bytes, which no phone can show", mostTitle)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		wrong["title"] = "must be one line of text"
	}
}

// twice complains of the first entry that stands in a list twice.
func twice(wrong map[string]string, key string, list []string) {
	seen := map[string]bool{}
	for _, v := range list {
		if seen[v] && wrong[key] == "" {
			wrong[key] = fmt.Sprintf("names %q twice", v)
		}
		seen[v] = true
	}
}
