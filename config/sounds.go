package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"breakwater/call"
	"breakwater/ivr"
)

// sounds is what can be said and played. *prompt.Book is one.
type sounds interface {
	Languages() []string
	Has(language, phrase string) bool
	MusicNames() []string
}

// checkSounds asks that everything callers shall hear can be played, in every
// language they may have, and that menus lead somewhere. Without sounds it only
// looks at the menus' ways.
func (r *reading) checkSounds(c *Config, s sounds) {
	known := ivr.Known{
		Queues: r.names("queues"), Phones: r.names("phones"), Dials: c.dials, Entries: c.entries(),
		Languages: c.languages(), Refuses: c.refuses,
	}
	if s != nil {
		known.Has, known.Languages = s.Has, s.Languages()
		r.checkLanguages(c, s)
		each(c.Queues, func(name string, q *Queue) { r.checkQueueSounds(path("queues").to(name), c, q, s) })
	}
	r.judge("menus", ivr.Check(c.Menus, known))
}

// withOldSounds looks at an edit whose new prompts wait for a restart: what runs
// until then must not name a sound that only the new ones have.
func (r *reading) withOldSounds(running, next *Config, around surroundings) Errors {
	if reflect.DeepEqual(running.Prompts, next.Prompts) {
		return nil
	}
	old, _ := around.sounds(running.Prompts)
	r.checkSounds(running, old)
	problems := r.finish()
	for i := range problems {
		problems[i].Hint = "the new prompts come with a restart; use them after it"
	}
	return problems
}

func (r *reading) checkQueueSounds(p path, c *Config, q *Queue, s sounds) {
	if music := s.MusicNames(); q.Music != "" && q.Music != call.MusicNone && !slices.Contains(music, q.Music) {
		r.complain(p.to("music"), fmt.Sprintf("there is no music %q", q.Music), didYouMean(q.Music, append(music, call.MusicNone)))
	}
	for key, phrases := range map[string][]string{"greeting": q.Greeting, "comfort": q.Comfort} {
		for i, phrase := range phrases {
			r.checkPhrase(p.to(key).to(fmt.Sprint(i)), c, phrase, s)
		}
	}
	for i, phrase := range q.Voicemail.Greeting {
		r.checkPhrase(p.to("voicemail").to("greeting").to(fmt.Sprint(i)), c, phrase, s)
	}
	for _, t := range ways(q) {
		if to, err := ivr.ParseTarget(t.name); err == nil && to.Kind == ivr.Goodbye && to.Name != "" {
			r.checkPhrase(t.under(p), c, to.Name, s)
		}
	}
}

// checkPhrase asks that a phrase can be spoken to every caller.
func (r *reading) checkPhrase(p path, c *Config, phrase string, s sounds) {
	for _, language := range c.languages() {
		if slices.Contains(s.Languages(), language) && !s.Has(language, phrase) {
			r.complain(p, fmt.Sprintf("there is no prompt %q in language %s", phrase, language), "prompts of your own go into prompts.folder")
		}
	}
}

// checkLanguages asks that the system speaks every language that is named.
func (r *reading) checkLanguages(c *Config, s sounds) {
	ask := func(p path, language string) {
		if known := s.Languages(); language != "" && !slices.Contains(known, language) {
			r.complain(p, fmt.Sprintf("there are no prompts in language %q", language), didYouMean(language, known))
		}
	}
	ask("calls.language", c.Calls.Language)
	for name, n := range c.Numbers {
		ask(path("numbers").to(name).to("language"), n.Language)
	}
	for name, p := range c.Phones {
		ask(path("phones").to(name).to("language"), p.Language)
	}
	for name, t := range c.Trunks {
		ask(path("trunks").to(name).to("language"), t.Language)
	}
	for name, a := range c.Agents {
		ask(path("agents").to(name).to("language"), a.Language)
	}
}

// arriving lists the languages of callers who have chosen none, for a number that
// says none: those of phones and trunks, and the general one.
func (c *Config) arriving() []string {
	all := map[string]bool{c.Calls.Language: true}
	for _, p := range c.Phones {
		all[p.Language] = true
	}
	for _, t := range c.Trunks {
		all[t.Language] = true
	}
	delete(all, "")
	return slices.Sorted(maps.Keys(all))
}

// languages lists every language that a caller may have.
func (c *Config) languages() []string {
	all := map[string]bool{}
	for _, l := range c.arriving() {
		all[l] = true
	}
	for _, n := range c.Numbers {
		all[n.Language] = true
	}
	for _, m := range c.Menus {
		for _, l := range m.Languages {
			all[l] = true
		}
	}
	delete(all, "")
	return slices.Sorted(maps.Keys(all))
}

// entries says in which languages callers come to each menu from outside: from
// numbers, and from queues that cannot keep them.
func (c *Config) entries() map[string][]string {
	all := map[string][]string{}
	for _, n := range c.Numbers {
		switch {
		case n.Menu == "":
		case n.Language != "":
			all[n.Menu] = append(all[n.Menu], n.Language)
		default:
			all[n.Menu] = append(all[n.Menu], c.arriving()...)
		}
	}
	for _, q := range c.Queues {
		for _, t := range ways(&q) {
			if to, err := ivr.ParseTarget(t.name); err == nil && to.Kind == ivr.Submenu {
				all[to.Name] = append(all[to.Name], c.languages()...)
			}
		}
	}
	return all
}
