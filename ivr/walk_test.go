package ivr

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// caller is a Line whose caller presses digits at given times. A phrase takes a
// second to say.
type caller struct {
	keys  chan byte
	heard []string
	notes []string
}

func (c *caller) Say(ctx context.Context, language string, barge bool, phrases ...string) (byte, error) {
	c.heard = append(c.heard, language+": "+strings.Join(phrases, " "))
	keys := c.keys
	if !barge {
		keys = nil
	}
	return c.wait(ctx, keys, time.Duration(len(phrases))*time.Second)
}

func (c *caller) Digit(ctx context.Context, d time.Duration) (byte, error) {
	return c.wait(ctx, c.keys, d)
}

func (c *caller) wait(ctx context.Context, keys chan byte, d time.Duration) (byte, error) {
	select {
	case digit := <-keys:
		return digit, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(d):
		return 0, nil
	}
}

func (c *caller) Note(name, value string) { c.notes = append(c.notes, name+" "+value) }

var errGone = errors.New("caller: hung up")

// call lets a caller with a script ("1.5s=1 2s=#", last "9s=gone") walk the menus.
// It must run in a bubble.
func call(t *testing.T, menus map[string]Menu, who Caller, script string) (*caller, Exit, error) {
	t.Helper()
	ctx, hangUp := context.WithCancelCause(t.Context())
	c := &caller{keys: make(chan byte, 1000)}
	for _, press := range strings.Fields(script) {
		at, what, _ := strings.Cut(press, "=")
		after, err := time.ParseDuration(at)
		if err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(after, func() {
			if what == "gone" {
				hangUp(errGone)
				return
			}
			c.keys <- what[0]
		})
		defer timer.Stop()
	}
	if who.Language == "" {
		who.Language = "en"
	}
	exit, err := Open(menus).Run(ctx, "main", who, c)
	hangUp(nil)
	return c, exit, err
}

// read decodes menus as the config writes them.
func read(t *testing.T, text string) map[string]Menu {
	t.Helper()
	var menus map[string]Menu
	if err := yaml.UnmarshalWithOptions([]byte(text), &menus, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return menus
}

const desk = `
main:
  greeting: [welcome, choose]
  no_input: [nothing]
  invalid: [invalid]
  then: queue:desk
  keys:
    1: queue:sales
    2: menu:main
    3: phone:1001
    4: number:+4930123
    5: goodbye
    6: goodbye:see-you
    7: menu:identify
    80: queue:eighty
    8: queue:eight
    "*": menu:main
    "#": queue:hash
  languages: {2: zh}
identify:
  collect: {name: customer, prompt: [enter-number], min: 4, max: 6, check: luhn, retries: 1, otherwise: queue:lost}
  no_input: [nothing]
  invalid: [invalid]
  branches:
    - {when: 'data.customer startsWith "79"', go: queue:gold}
  greeting: [thanks]
  then: queue:known
`

func TestAWalk(t *testing.T) {
	type Data = map[string]string
	for name, c := range map[string]struct {
		script string
		want   Exit
		took   time.Duration
		heard  []string
	}{
		"a key pressed after the greeting": {"3s=1", Exit{Queue, "sales", "en", Data{}}, 3 * time.Second, []string{"en: welcome choose"}},
		"a key cuts the greeting short":    {"0.5s=1", Exit{Queue, "sales", "en", Data{}}, 500 * time.Millisecond, []string{"en: welcome choose"}},
		"an extension":                     {"1s=3", Exit{Extension, "1001", "en", Data{}}, time.Second, []string{"en: welcome choose"}},
		"an outside number":                {"1s=4", Exit{Number, "+4930123", "en", Data{}}, time.Second, []string{"en: welcome choose"}},
		"goodbye":                          {"1s=5", Exit{Goodbye, "", "en", Data{}}, time.Second, []string{"en: welcome choose"}},
		"goodbye with its own words":       {"1s=6", Exit{Goodbye, "see-you", "en", Data{}}, time.Second, []string{"en: welcome choose"}},
		"a language is kept for the call": {"1s=2 2.5s=1", Exit{Queue, "sales", "zh", Data{}}, 2500 * time.Millisecond, []string{
			"en: welcome choose", "zh: welcome choose",
		}},
		"star and hash are keys too": {"1s=* 2s=#", Exit{Queue, "hash", "en", Data{}}, 2 * time.Second, []string{
			"en: welcome choose", "en: welcome choose",
		}},
		"two digits":                              {"1s=8 2.5s=0", Exit{Queue, "eighty", "en", Data{}}, 2500 * time.Millisecond, []string{"en: welcome choose"}},
		"one digit that might have become two":    {"1s=8", Exit{Queue, "eight", "en", Data{}}, 3 * time.Second, []string{"en: welcome choose"}},
		"hash ends the wait for the second digit": {"1s=8 1.5s=#", Exit{Queue, "eight", "en", Data{}}, 1500 * time.Millisecond, []string{"en: welcome choose"}},
		"a second digit that leads nowhere": {"1s=8 1.5s=7 1.7s=1", Exit{Queue, "sales", "en", Data{}}, 1700 * time.Millisecond, []string{
			"en: welcome choose", "en: invalid welcome choose",
		}},
		"three retries and what then": {"", Exit{Queue, "desk", "en", Data{}}, (2 + 5 + 3*(3+5)) * time.Second, []string{
			"en: welcome choose", "en: nothing welcome choose", "en: nothing welcome choose", "en: nothing welcome choose",
		}},
		"a wrong key costs a retry": {"1s=9 2s=9 3s=9 4s=9", Exit{Queue, "desk", "en", Data{}}, 4 * time.Second, []string{
			"en: welcome choose", "en: invalid welcome choose", "en: invalid welcome choose", "en: invalid welcome choose",
		}},
		"input with hash at the end": {"1s=7 2s=1 2.1s=2 2.2s=3 2.3s=0 2.4s=#", Exit{Queue, "known", "en", Data{"customer": "1230"}}, 3400 * time.Millisecond, []string{
			"en: welcome choose", "en: enter-number", "en: thanks",
		}},
		"input that is full needs no hash, and decides the branch": {"1s=7 2s=7 2.1s=9 2.2s=9 2.3s=2 2.4s=7 2.5s=0", Exit{Queue, "gold", "en", Data{"customer": "799270"}}, 2500 * time.Millisecond, []string{
			"en: welcome choose", "en: enter-number",
		}},
		"star starts the input again": {"1s=7 2s=9 2.1s=* 2.2s=1 2.3s=2 2.4s=3 2.5s=0 2.6s=#", Exit{Queue, "known", "en", Data{"customer": "1230"}}, 3600 * time.Millisecond, []string{
			"en: welcome choose", "en: enter-number", "en: thanks",
		}},
		"too short, then a wrong check digit": {"1s=7 2s=1 2.1s=# 3s=1 3.1s=2 3.2s=3 3.3s=1 3.4s=#", Exit{Queue, "lost", "en", Data{}}, 3400 * time.Millisecond, []string{
			"en: welcome choose", "en: enter-number", "en: invalid enter-number",
		}},
		"no input at all": {"1s=7", Exit{Queue, "lost", "en", Data{}}, (1 + 1 + 5 + 2 + 5) * time.Second, []string{
			"en: welcome choose", "en: enter-number", "en: nothing enter-number",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				line, got, err := call(t, read(t, desk), Caller{}, c.script)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("exit (-want +got)\n%s", diff)
				}
				if diff := cmp.Diff(c.heard, line.heard); diff != "" {
					t.Errorf("heard (-want +got)\n%s", diff)
				}
				if took := time.Since(start); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
			})
		})
	}
}

func TestTheTotalTimeoutEndsAnEndlessInput(t *testing.T) {
	menus := read(t, `
main:
  collect: {name: long, max: 60, retries: -1, otherwise: queue:slow}
  total: 4s
  then: queue:quick
`)
	synctest.Test(t, func(t *testing.T) {
		_, exit, err := call(t, menus, Caller{}, "1.5s=1 3s=2 4.5s=3 6s=4")
		if err != nil || exit.Target != "quick" || exit.Data["long"] != "12" {
			t.Errorf("%+v, %v; want quick with 12", exit, err)
		}
	})
}

func TestWithoutBargeInTheGreetingIsHeardOut(t *testing.T) {
	menus := read(t, `
main:
  greeting: [one, two, three]
  barge_in: false
  keys: {1: queue:sales}
`)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, exit, err := call(t, menus, Caller{}, "0.5s=1")
		if err != nil || exit.Target != "sales" || time.Since(start) != 3*time.Second {
			t.Errorf("%+v, %v after %v; want sales after 3s", exit, err, time.Since(start))
		}
	})
}

func TestTheRecordTellsTheWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, _, err := call(t, read(t, desk), Caller{}, "1s=9 2s=2 3s=7 4s=1 4.1s=# 5s=7 5.1s=9 5.2s=9 5.3s=2 5.4s=7 5.5s=0")
		want := []string{
			"menu main", "menu.wrong 9", "menu.key 2", "menu.language zh",
			"menu main", "menu.key 7",
			"menu identify", "menu.wrong customer", "menu.collect customer", `menu.branch data.customer startsWith "79"`,
		}
		if diff := cmp.Diff(want, line.notes); diff != "" || err != nil {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	})
}

func TestTheCallersDataIsNotTouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		who := Caller{Data: map[string]string{"tier": "gold"}}
		_, exit, err := call(t, read(t, desk), who, "1s=7 2s=1 2.1s=2 2.2s=3 2.3s=0 2.4s=#")
		if err != nil || len(who.Data) != 1 {
			t.Errorf("the caller's own data became %v, %v", who.Data, err)
		}
		if diff := cmp.Diff(map[string]string{"tier": "gold", "customer": "1230"}, exit.Data); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBranches(t *testing.T) {
	menus := read(t, `
main:
  hours: {zone: Asia/Shanghai, closed: goodbye}
  branches:
    - {when: 'int(data.age) > 17', go: queue:adult}
    - {when: 'number startsWith "+86" and trunk == "telecom"', go: queue:home}
    - {when: 'dialled == "400"', go: queue:free}
    - {when: 'language == "zh"', go: queue:chinese}
    - {when: 'weekday in ["saturday", "sunday"] && hour >= 9', go: queue:weekend}
    - {when: 'int(data.age) > 90 || trunk == "fair"', go: queue:visitor}
    - {when: 'trunk == "club" && data.tier != "gold"', go: queue:guest}
  then: queue:rest
`)
	// 01:00 UTC is 09:00 in Shanghai.
	saturday := time.Date(2026, 1, 3, 1, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		who  Caller
		want string
	}{
		"nothing is true":                 {Caller{Now: saturday.Add(-time.Hour)}, "rest"},
		"by number and trunk":             {Caller{Number: "+8610", Trunk: "telecom"}, "home"},
		"one half is not enough":          {Caller{Number: "+8610", Trunk: "mobile"}, "rest"},
		"by the number dialled":           {Caller{Dialled: "400"}, "free"},
		"by language":                     {Caller{Language: "zh"}, "chinese"},
		"by the clock of the menu":        {Caller{Now: saturday}, "weekend"},
		"by data":                         {Caller{Data: map[string]string{"age": "18"}}, "adult"},
		"by data or else, and none given": {Caller{Trunk: "fair"}, "visitor"},
		"by who is known as no other":     {Caller{Trunk: "club", Data: map[string]string{"tier": "gold"}}, "rest"},
		"who is not known is no other":    {Caller{Trunk: "club"}, "guest"},
		"the first that is true decides":  {Caller{Dialled: "400", Language: "zh"}, "free"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if c.who.Now.IsZero() {
					c.who.Now = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
				}
				_, exit, err := call(t, menus, c.who, "")
				if err != nil || exit.Target != c.want {
					t.Errorf("%s, %v; want %s", exit.Target, err, c.want)
				}
			})
		})
	}
}

func TestAConditionThatCannotBeAskedIsNotedAndNotTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		menus := read(t, "main: {branches: [{when: 'int(data.age) > 17', go: queue:adult}], then: queue:rest}")
		line, exit, err := call(t, menus, Caller{}, "")
		if err != nil || exit.Target != "rest" || len(line.notes) != 2 || !strings.HasPrefix(line.notes[1], NoteTrouble) {
			t.Errorf("%+v, %v, %q", exit, err, line.notes)
		}
	})
}

func TestACallerWhoLeavesEndsTheWalkWithTheCause(t *testing.T) {
	for name, script := range map[string]string{
		"during the greeting": "1.2s=gone", "waiting for a digit": "4s=gone", "between two digits": "1s=8 1.5s=gone", "entering a number": "1s=7 2s=1 2.5s=gone",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if _, _, err := call(t, read(t, desk), Caller{}, script); !errors.Is(err, errGone) {
					t.Errorf("%v, want %v", err, errGone)
				}
			})
		})
	}
	t.Run("before it began", func(t *testing.T) {
		ctx, hangUp := context.WithCancelCause(t.Context())
		hangUp(errGone)
		if _, err := Open(read(t, desk)).Run(ctx, "main", Caller{}, &caller{}); !errors.Is(err, errGone) {
			t.Errorf("%v, want %v", err, errGone)
		}
	})
}

func TestBrokenMenusAreAnErrorNotAPanic(t *testing.T) {
	for name, c := range map[string]struct{ menus, want string }{
		"no such menu":      {"main: {then: menu:gone}", "menu gone does not exist"},
		"a broken target":   {"main: {then: nowhere}", `menu main: "nowhere": a target is`},
		"a broken branch":   {"main: {branches: [{when: '1 +', go: goodbye}]}", `menu main: condition "1 +": column 3`},
		"a broken zone":     {"main: {hours: {zone: Mars/Base, closed: goodbye}}", "Mars/Base"},
		"a broken day":      {"main: {hours: {zone: UTC, open: {someday: []}, closed: goodbye}}", `"someday": a day is`},
		"a broken range":    {"main: {hours: {zone: UTC, open: {daily: [9-5]}, closed: goodbye}}", `"9-5": a time range`},
		"a broken check":    {"main: {collect: {name: a, check: sum}}", `"sum" is no check`},
		"a line that fails": {"main: {greeting: [fail]}", "menu main: line is broken"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(read(t, c.menus)).Run(t.Context(), "main", Caller{Now: time.Now()}, broken{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// broken is a Line that cannot speak.
type broken struct{}

func (broken) Say(context.Context, string, bool, ...string) (byte, error) {
	return 0, errors.New("line is broken")
}
func (broken) Digit(context.Context, time.Duration) (byte, error) { return 0, nil }
func (broken) Note(string, string)                                {}
