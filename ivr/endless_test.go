package ivr

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestACallerWhoWandersForEverIsToldGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		menus := read(t, "main: {keys: {1: menu:main}}")
		c := &caller{keys: make(chan byte, 1000)}
		for range 1000 {
			c.keys <- '1'
		}
		exit, err := Open(menus).Run(t.Context(), "main", Caller{}, c)
		if err != nil || exit.Kind != Goodbye || c.notes[len(c.notes)-1] != "menu.lost main" {
			t.Errorf("%+v, %v, %q", exit, err, c.notes[len(c.notes)-1])
		}
	})
}

// drawn is any set of menus, sound or not.
func drawn(t *rapid.T) map[string]Menu {
	names := []string{"main", "a", "b", "c"}
	targets := []string{"queue:q", "phone:p", "number:1", "goodbye", "menu:c", "menu:b", "menu:a", "menu:main", "menu:none", "rubbish"}
	if rapid.Bool().Draw(t, "sound") { // most sets are not, so that half the draws help a little
		targets = targets[:6]
	}
	target := rapid.SampledFrom(targets)
	digits := rapid.SampledFrom([]string{"1", "2", "12", "*", "#", "99"})
	menus := map[string]Menu{}
	for _, name := range names {
		m := Menu{
			Greeting: rapid.SliceOfN(rapid.SampledFrom([]string{"hello", "choose"}), 0, 2).Draw(t, "greeting"),
			Keys:     rapid.MapOfN(digits, target, 0, 3).Draw(t, "keys"),
			Retries:  rapid.IntRange(-1, 3).Draw(t, "retries"),
			Then:     target.Draw(t, "then"),
		}
		if rapid.Bool().Draw(t, "collects") {
			m.Collect = Collect{Name: "n", Max: rapid.IntRange(0, 5).Draw(t, "max"), Otherwise: target.Draw(t, "otherwise")}
		}
		if rapid.Bool().Draw(t, "branches") {
			m.Branches = []Branch{{When: rapid.SampledFrom([]string{"true", `data.n == "1"`, "hour > 5"}).Draw(t, "when"), Go: target.Draw(t, "go")}}
		}
		menus[name] = m
	}
	return menus
}

// fickle is a Line whose caller presses whatever is drawn, at once or never.
type fickle struct {
	t      *rapid.T
	silent bool
	asked  int
}

func (f *fickle) Say(_ context.Context, _ string, barge bool, _ ...string) (byte, error) {
	if !barge {
		return 0, nil
	}
	return f.Digit(context.Background(), 0)
}

func (f *fickle) Digit(context.Context, time.Duration) (byte, error) {
	f.asked++
	if f.silent || f.asked > 200 { // enough was drawn
		return 0, nil
	}
	return rapid.SampledFrom([]byte{0, '1', '2', '9', '*', '#', 'A'}).Draw(f.t, "digit"), nil
}
func (f *fickle) Note(string, string) {}

func TestEveryWalkEndsAndSoundMenusAlwaysFindAnExit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		menus := drawn(t)
		wrong := Check(menus, Known{Queues: []string{"q"}, Phones: []string{"p"}, Languages: []string{"en"}})
		line := &fickle{t: t, silent: rapid.Bool().Draw(t, "silent")}
		exit, err := Open(menus).Run(t.Context(), "main", Caller{Language: "en"}, line)
		if len(wrong) > 0 {
			return // it ended, that is all
		}
		if err != nil || exit.Kind == "" || exit.Kind == Submenu {
			t.Fatalf("sound menus led to %+v, %v", exit, err)
		}
		if line.silent && line.asked > 4*(4+4) {
			t.Fatalf("a silent caller was asked %d times", line.asked)
		}
	})
}

func BenchmarkBranch(b *testing.B) {
	text := `number startsWith "+49" and data.tier == "gold" or weekday in ["saturday", "sunday"]`
	asked := readConditions(map[string]Menu{"main": {Branches: []Branch{{When: text}}}})[text]
	for b.Loop() {
		if _, _, err := asked.holds(Caller{}, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}
