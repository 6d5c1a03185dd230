package config

import (
	"fmt"
	"maps"
	"slices"

	"breakwater/acd"
	"breakwater/ivr"
)

// ofTheCall is what every call brings into a queue by itself, beside call data. In a menu
// they are names of their own.
var ofTheCall = []string{"number", "dialled", "trunk", "language"}

// NeverKnown says of which call data conditions speak that no call will ever have: no menu
// collects it and no lookup gives it. That is no mistake by itself, as what is missing is
// the empty text, but seldom what was meant.
func (c *Config) NeverKnown() []string {
	known, all := c.callData()
	if all {
		return nil
	}
	var out []string
	tell := func(what string, asks, known []string) {
		for _, name := range asks {
			if slices.Contains(known, name) {
				continue
			}
			hint := ""
			switch near, ok := nearest(name, known); {
			case slices.Contains(ofTheCall, name):
				hint = fmt.Sprintf("; in a menu, write %s", name)
			case ok:
				hint = fmt.Sprintf("; did you mean data.%s?", near)
			}
			out = append(out, fmt.Sprintf("%s asks for data.%s, which no menu collects and no lookup gives: it is always empty%s", what, name, hint))
		}
	}
	queues := acd.Asks(c.FloorPlan())
	for _, name := range slices.Sorted(maps.Keys(queues)) {
		tell("queue "+name, queues[name], slices.Concat(known, ofTheCall))
	}
	menus := ivr.Asks(c.Menus)
	for _, name := range slices.Sorted(maps.Keys(menus)) {
		tell("menu "+name, menus[name], known)
	}
	return out
}

// callData is what menus collect and lookups give; all = whatever a lookup answers.
func (c *Config) callData() (names []string, all bool) {
	for _, m := range c.Menus {
		if m.Collect.Name != "" {
			names = append(names, m.Collect.Name)
		}
	}
	for _, l := range c.Lookups {
		gives, whatever := l.Gives()
		names, all = append(names, gives...), all || whatever
	}
	return names, all
}
