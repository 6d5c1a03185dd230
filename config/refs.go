package config

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"breakwater/acd/shift"
	"breakwater/call"
	"breakwater/ivr"
)

// checkReferences looks at what no part can see alone: that everything named
// exists, that a number reaches one thing, that nobody who is in need is hung up on.
func (r *reading) checkReferences(c *Config) {
	each(c.Queues, func(name string, q *Queue) { r.checkQueue(path("queues").to(name), c, q) })
	r.checkNumbers(c)
	r.checkExtensions(c)
	r.checkAgents(c)
	r.checkTrunks(c)
	r.checkCircles(c)
	r.checkShifts(c)
	r.checkTeams(c)
	floor := c.FloorPlan().Check() // skill expressions need all agents
	maps.DeleteFunc(floor, func(key, _ string) bool { return strings.HasPrefix(key, "settings.") })
	texts := c.FloorPlan().CheckTexts()
	maps.DeleteFunc(texts, func(key, _ string) bool { return floor[key] != "" })
	r.judge("", floor)
	r.judge("", texts)
	r.judge("", c.CallPlan().Check())
}

// exists asks that a section holds the name that stands at p.
func (r *reading) exists(p path, section, name string) bool {
	if r.has(section, name) {
		return true
	}
	r.complain(p, fmt.Sprintf("there is no %s %q", oneOf[section], name), didYouMean(name, r.names(section)))
	return false
}

func (r *reading) allExist(p path, section string, names []string) {
	for i, name := range names {
		r.exists(p.to(fmt.Sprint(i)), section, name)
	}
}

// checkTeams asks that everybody in a team exists.
func (r *reading) checkTeams(c *Config) {
	each(c.Figures.Teams, func(team string, agents *[]string) {
		r.allExist(path("figures.teams").to(team), "agents", *agents)
	})
}

// checkShifts asks that whoever works a shift exists and works no other.
func (r *reading) checkShifts(c *Config) {
	works := map[string]string{} // agent → shift
	each(c.Shifts, func(name string, s *shift.Settings) {
		at := path("shifts").to(name).to("agents")
		r.allExist(at, "agents", s.Agents)
		for i, agent := range s.Agents {
			if other, taken := works[agent]; taken && other != name {
				r.complain(at.to(fmt.Sprint(i)), fmt.Sprintf("agent %s works by shift %s already", agent, other), "name each agent in one shift; other hours on a date are written under own")
			}
			works[agent] = name
		}
	})
}

// allLead asks that everybody named is a supervisor.
func (r *reading) allLead(p path, c *Config, names []string) {
	for i, name := range names {
		at := p.to(fmt.Sprint(i))
		if r.exists(at, "agents", name) && !c.Agents[name].Supervisor {
			r.complain(at, fmt.Sprintf("agent %q is no supervisor", name), "give the agent supervisor: true, or name another")
		}
	}
}

func (r *reading) checkQueue(p path, c *Config, q *Queue) {
	r.allExist(p.to("agents"), "agents", q.Agents)
	r.allExist(p.to("reserve"), "agents", q.Reserve)
	r.allLead(p.to("supervisors"), c, q.Supervisors)
	for _, t := range ways(q) {
		r.checkTarget(t.under(p), c, t.name)
	}
}

// checkEmergency keeps an emergency queue from ever ending a caller. It looks at
// what was written, before the defaults are filled in.
func (r *reading) checkEmergency(p path, name string, q *Queue) {
	if !q.Emergency {
		return
	}
	if q.OnAgentHangup == call.HangupClosing || q.OnAgentHangup == call.HangupEnd {
		r.complain(p.to("on_agent_hangup"), fmt.Sprintf("an emergency queue never ends a caller, so %q is refused", q.OnAgentHangup), "write rescue, or remove the key")
	}
	for _, t := range limits(q) {
		switch word, to, _ := strings.Cut(t.name, ":"); {
		case t.name == "" && t.key == "on_full" && q.MaxSize == 0: // never full
		case t.name == "" && t.key == "on_ewt" && q.MaxEWT == 0, t.name == "" && t.key == "on_ratio" && q.MaxRatio == 0:
		case t.name == "" && t.key == "on_empty" && q.LeaveOn != nil && len(q.LeaveOn) == 0: // never left
		case t.name == "":
			r.complain(p.to(t.key), fmt.Sprintf("an emergency queue never ends a caller, so %s must lead on", t.key), "write queue:NAME, phone:NAME, menu:NAME or number:DIGITS")
		case endsCall(word), word == ivr.Queue && to == name:
			r.complain(p.to(t.key), fmt.Sprintf("an emergency queue never ends a caller, so %q is refused", t.name), "write queue:NAME of another queue, phone:NAME, menu:NAME or number:DIGITS")
		}
	}
}

// limits are the keys of a queue that say where a caller goes who cannot stay.
func limits(q *Queue) []targetOf {
	return []targetOf{
		{"on_full", "", q.OnFull},
		{"on_wait", "", q.OnWait},
		{"on_empty", "", q.OnEmpty},
		{"on_ewt", "", q.OnEWT},
		{"on_ratio", "", q.OnRatio},
	}
}

// ways are all keys of a queue that say where a caller goes next.
func ways(q *Queue) []targetOf {
	return append(limits(q), targetOf{"voicemail.on_full", "", q.Voicemail.OnFull})
}

// under is where the target stands in an entry.
func (t targetOf) under(p path) path {
	for key := range strings.SplitSeq(t.key, ".") {
		p = p.to(key)
	}
	return p
}

// endsCall tells whether a target of the word ends the call.
func endsCall(word string) bool {
	switch word {
	case ivr.Goodbye, ivr.Callback, ivr.CallbackAt, ivr.Voicemail:
		return true
	}
	return false
}

// checkTarget asks that a target can be read and that what it names exists.
func (r *reading) checkTarget(p path, c *Config, text string) {
	if text == "" {
		return
	}
	t, err := ivr.ParseTarget(text)
	if err != nil {
		r.complain(p, err.Error(), "")
		return
	}
	switch t.Kind {
	case ivr.Queue:
		r.exists(p, "queues", t.Name)
	case ivr.Callback, ivr.CallbackAt, ivr.Voicemail:
		if r.exists(p, "queues", t.Name) {
			if why := c.refuses(t.Kind, t.Name); why != "" {
				r.complain(p, why, "")
			}
		}
	case ivr.Submenu:
		r.exists(p, "menus", t.Name)
	case ivr.Extension:
		r.exists(p, "phones", t.Name)
	case ivr.Number:
		r.checkDialable(p, c, t.Name)
	}
}

// refuses says why a queue does not take what a target asks of it; empty = it does.
func (c *Config) refuses(kind, queue string) string {
	q := c.Queues[queue]
	switch {
	case q.Emergency:
		return fmt.Sprintf("queue %s is for emergencies, and its callers are never asked to wait without a line", queue)
	case kind != ivr.Voicemail && !q.Callback.Offered():
		return fmt.Sprintf("queue %s calls nobody back; write callback: {prefixes: [...]} in the queue: which numbers may be dialled", queue)
	case kind == ivr.Voicemail && !q.Voicemail.Takes():
		return fmt.Sprintf("queue %s takes no messages; its voicemail.most is -1", queue)
	}
	return ""
}

// checkReach asks that a number reaches exactly one thing.
func (r *reading) checkReach(p path, number string, n *call.NumberSpec) {
	var given []string
	for _, t := range targetsOf(n) {
		if t.name != "" {
			given = append(given, t.key)
		}
	}
	switch {
	case len(given) == 0:
		r.complain(p, fmt.Sprintf("number %s reaches nothing", number), "give it one of menu, queue, phone or external")
	case len(given) > 1:
		r.complain(p.to(given[1]), fmt.Sprintf("number %s reaches a %s already, and can reach one thing only", number, given[0]), "keep one of "+strings.Join(given, ", "))
	}
}

// targetOf is one way a number can lead: the key, the section that holds the name,
// and the name.
type targetOf struct{ key, section, name string }

func targetsOf(n *call.NumberSpec) []targetOf {
	return []targetOf{
		{"menu", "menus", n.Menu}, {"queue", "queues", n.Queue}, {"phone", "phones", n.Phone}, {"external", "", n.External},
	}
}

// checkNumbers asks that what a number reaches exists.
func (r *reading) checkNumbers(c *Config) {
	each(c.Numbers, func(name string, n *call.NumberSpec) {
		for _, t := range targetsOf(n) {
			p := path("numbers").to(name).to(t.key)
			switch {
			case t.name == "":
			case t.section == "":
				r.checkDialable(p, c, t.name)
			default:
				r.exists(p, t.section, t.name)
			}
		}
	})
}

// checkDialable asks that a trunk takes the number.
func (r *reading) checkDialable(p path, c *Config, number string) {
	switch {
	case !validNumber.MatchString(number):
		r.complain(p, fmt.Sprintf("%q cannot be dialled", number), "a number is digits, with an optional + before them")
	case !c.dials(number):
		r.complain(p, fmt.Sprintf("no trunk dials %s", number), "give a trunk a dial: prefix that it begins with")
	}
}

// dials tells whether a trunk takes the number.
func (c *Config) dials(number string) bool {
	for _, t := range c.Trunks {
		if slices.ContainsFunc(t.Dial, func(prefix string) bool { return strings.HasPrefix(number, prefix) }) {
			return true
		}
	}
	return false
}

// checkExtensions asks that what a phone is dialled by reaches nothing else.
func (r *reading) checkExtensions(c *Config) {
	taken := map[string]string{} // number → who has it
	for number := range c.Numbers {
		taken[number] = "numbers"
	}
	each(c.Phones, func(name string, phone *Phone) {
		p := path("phones").to(name).to("number")
		number := phone.Number
		if number == "" && validNumber.MatchString(name) {
			number = name
		}
		switch owner, used := taken[number]; {
		case number == "":
		case strings.ContainsAny(number, "*#"):
			r.complain(p, fmt.Sprintf("%q would hide feature codes, which begin with *", number), "an extension is digits")
		case !validNumber.MatchString(number):
			r.complain(p, fmt.Sprintf("%q cannot be dialled", number), "an extension is digits")
		case used && owner == "numbers":
			r.complain(p, fmt.Sprintf("extension %s of phone %s is a key of numbers as well", number, name), "give one of them another number")
		case used:
			r.complain(p, fmt.Sprintf("extension %s of phone %s belongs to phone %s already", number, name, owner), "give one of them another number")
		default:
			taken[number] = name
		}
	})
}

// checkAgents asks that the number an agent logs in with is theirs alone, and that who is
// asked to talk with them is a supervisor.
func (r *reading) checkAgents(c *Config) {
	owners := map[string]string{}
	each(c.Agents, func(name string, a *Agent) {
		r.allLead(path("agents").to(name).to("leaders"), c, a.Leaders)
		p := path("agents").to(name).to("number")
		switch owner, used := owners[a.Number]; {
		case a.Number == "":
			r.complain(p, fmt.Sprintf("agent %s has no number to log in with", name), "give the agent a number of digits")
		case used:
			r.complain(p, fmt.Sprintf("number %s belongs to agent %s already", a.Number, owner), "give each agent their own")
		default:
			owners[a.Number] = name
		}
	})
}

// checkTrunks asks that an outside number has one way out.
func (r *reading) checkTrunks(c *Config) {
	owners := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Trunks)) {
		for i, prefix := range c.Trunks[name].Dial {
			p := path("trunks").to(name).to("dial").to(fmt.Sprint(i))
			if owner, used := owners[prefix]; used {
				r.complain(p, fmt.Sprintf("prefix %q goes out through trunk %s already", prefix, owner), "give each prefix one trunk")
				continue
			}
			owners[prefix] = name
		}
	}
}

func (r *reading) checkStore(c *Config) {
	scheme, rest, _ := strings.Cut(c.Store.URL, ":")
	isRedis := scheme == "redis" || scheme == "rediss"
	switch {
	case scheme == "sqlite" && rest != "", c.Store.URL == "memory:":
	case isRedis:
		r.checkRedis(c.Store.URL)
	case strings.Contains(rest, "@"): // may hold a password
		r.complain("store.url", fmt.Sprintf("%s: is no store", scheme), knownStores)
	default:
		r.complain("store.url", fmt.Sprintf("%q is no store", c.Store.URL), knownStores)
	}
	if c.Store.Password != "" && !isRedis {
		r.complain("store.password", scheme+" has no password", "only redis:// and rediss:// have")
	}
	if c.Store.History < 48*time.Hour {
		r.complain("store.history", fmt.Sprintf("%s is shorter than 48h: the figures of a day need the day before", c.Store.History), "")
	}
	if c.Store.Records < 7*24*time.Hour {
		r.complain("store.records", fmt.Sprintf("%s is shorter than 168h: who complains of a call does so within a week", c.Store.Records), "")
	}
	if c.Store.Hearing < 7*24*time.Hour {
		r.complain("store.hearing", fmt.Sprintf("%s is shorter than 168h: the dose of a week is what the limits are for", c.Store.Hearing), "")
	}
}

const knownStores = "write sqlite:FILE, memory: or redis://HOST:PORT"

// checkRedis looks at what can be known without asking the Redis.
func (r *reading) checkRedis(text string) {
	u, err := url.Parse(text)
	if err != nil {
		r.complain("store.url", "is no URL", "write redis://HOST:PORT/DB") // what is wrong with it may be its password
		return
	}
	if _, told := u.User.Password(); told {
		r.complain("store.url", "a password must not stand in the config itself", "write store.password: {file: path} or {env: NAME}")
	}
	if u.Host == "" {
		r.complain("store.url", fmt.Sprintf("%q names no host", u.Redacted()), "write redis://HOST:PORT/DB")
	}
}
