package main

import (
	"bytes"
	"fmt"
	"strings"
)

const head = `# Config reference

Made by ` + "`make docs`" + ` from the comments beside the code; do not edit. config/example/ shows how it is used.

The config is one directory of ` + "`*.yaml`" + ` files. All are merged; a name or setting that stands in two places is an
error. Unknown keys are errors. An edit is taken at once, or refused as a whole: then the last good version runs on and
the status page says what is wrong. ` + "`breakwater check DIR`" + ` tells without touching the server.

- A *duration* is written ` + "`20s`, `1m30s` or `500ms`" + `.
- A *secret* never stands in the files: ` + "`{file: PATH}`" + ` (relative to the config directory) or ` + "`{env: NAME}`" + `.
- A *target* is ` + "`queue:NAME`, `menu:NAME`, `phone:NAME`, `number:DIGITS`, `goodbye` or `goodbye:PROMPT`" + `.
- A *condition* (` + "`needs`, `add`, `when`" + `) joins comparisons by ` + "`&&`, `||` and `!`" + `. Call data (` + "`data.NAME`" + `: what menus collect and lookups give) are
  text, and what is missing is the empty text: ` + "`data.tier != \"gold\"` is true of who has no tier, `data.tier == \"\"`" + ` asks whether there is none.
  ` + "`int(data.NAME)`" + ` of what is no number is unknown: ` + "`int(data.age) >= 18`, `int(data.age) < 18` and `!(int(data.age) >= 18)`" + ` are all not met
  by who gave no age, and ` + "`int(data.age) >= 18 || data.tier == \"gold\"`" + ` is met by gold alone. The order of the terms never matters (decision
  0030). ` + "`breakwater check`" + ` warns of data that no menu collects and no lookup gives.
- 0 and "" mean the default where there is one; to write them where they would be replaced is an error.
- Other files that are named (store, recordings, prompts, token) are relative to where the server was started.
- Anchors, aliases, tags and several documents in a file are not used.
`

// page writes the reference for people.
func page(sections []field) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for _, s := range sections {
		v := s.value
		title, about := s.name, v.about
		if v.shape == byName {
			title, v = s.name+".NAME", *v.item
			about = v.about
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.name, capital(s.meaning)+".")
		if about != "" {
			fmt.Fprintf(&b, "%s\n", about)
		}
		table(&b, title, v)
	}
	return b.Bytes()
}

// table writes the keys of a value, and below it one table for each kind of keys
// within.
func table(b *bytes.Buffer, title string, v value) {
	if len(v.fields) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| key of `%s` | value | default | meaning |\n|---|---|---|---|\n", title)
	type below struct {
		title string
		value value
	}
	var more []below
	for _, f := range v.fields {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.name, cell(written(f.value)), cell(f.usual), cell(f.meaning))
		inner, suffix := f.value, ""
		for inner.item != nil {
			if suffix += "[]"; inner.shape == byName {
				suffix = strings.TrimSuffix(suffix, "[]") + ".NAME"
			}
			inner = *inner.item
		}
		if inner.shape == keys {
			more = append(more, below{title + "." + f.name + suffix, inner})
		}
	}
	for _, m := range more {
		if m.value.about != "" {
			fmt.Fprintf(b, "\n%s\n", m.value.about)
		}
		table(b, m.title, m.value)
	}
}

// written says how a value is written.
func written(v value) string {
	switch v.shape {
	case list:
		return "list of " + plural(written(*v.item))
	case byName:
		return "name: " + written(*v.item)
	case keys:
		return "keys, see below"
	case level:
		return "level such as -9 " + v.unit
	case text:
		if len(v.words) > 0 {
			return strings.Join(v.words, ", ")
		}
	default:
	}
	return string(v.shape)
}

func plural(word string) string {
	switch word {
	case "text", "duration", "number", "whole number":
		return word + "s"
	}
	return word
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
