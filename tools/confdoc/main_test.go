package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"breakwater/config"
)

func TestTheReferenceIsFresh(t *testing.T) {
	pages, err := generate("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(got), string(want)); diff != "" {
			t.Errorf("%s is stale, run make docs (-file +comments):\n%s", name, diff)
		}
	}
}

func TestEveryKeyIsExplained(t *testing.T) {
	b := &book{root: "../..", packages: map[string]*pkg{}}
	sections, err := b.sections()
	if err != nil {
		t.Fatal(err)
	}
	var look func(path string, v value)
	look = func(path string, v value) {
		for v.item != nil {
			v = *v.item
		}
		for _, f := range v.fields {
			if f.meaning == "" && f.usual == "" && !evident[f.name] {
				t.Errorf("%s.%s has no comment beside its field", path, f.name)
			}
			look(path+"."+f.name, f.value)
		}
	}
	for _, s := range sections {
		if s.meaning == "" {
			t.Errorf("%s has no comment beside its field", s.name)
		}
		look(s.name, s.value)
	}
}

// evident are the keys that say what they are.
var evident = map[string]bool{"language": true, "password": true, "supervisor": true, "after": true, "needs": true}

func TestTheSchemaKnowsWhatTheLoaderKnows(t *testing.T) {
	pages, err := generate("../..")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Properties           map[string]any
			AdditionalProperties any
		}
	}
	if err := json.Unmarshal(pages["docs/config.schema.json"], &schema); err != nil {
		t.Fatal(err)
	}
	for _, o := range config.Options(reflect.TypeFor[config.Config]()) {
		if _, ok := schema.Properties[o.Name]; !ok {
			t.Errorf("the schema does not know %s", o.Name)
		}
	}
	if _, ok := schema.Properties["sip"].Properties["listen"]; !ok || schema.Properties["sip"].AdditionalProperties != false {
		t.Errorf("sip is %v", schema.Properties["sip"])
	}
}

func TestACommentIsPartedFromItsDefault(t *testing.T) {
	for comment, want := range map[string][2]string{
		"how long it rings; default 20s":              {"how long it rings", "20s"},
		"default 20s":                                 {"", "20s"},
		"from talk to offer; default 15s, -1 = none":  {"from talk to offer; -1 = none", "15s"},
		"announce the position":                       {"announce the position", ""},
		"md5 (default), sha256, both":                 {"md5, sha256, both", "md5"},
		"a music of prompts.music; default default":   {"a music of prompts.music", "default"},
		"OPTIONS to each binding; default 30s; never": {"OPTIONS to each binding; never", "30s"},
	} {
		meaning, usual := split(comment)
		if diff := cmp.Diff(want, [2]string{meaning, usual}); diff != "" {
			t.Errorf("%q: %s", comment, diff)
		}
	}
}
