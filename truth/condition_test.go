package truth

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// words are those of a skill condition: two levels, and data of any kind.
func words() Words {
	return Words{
		Env:  map[string]any{"english": 0, "refunds": 0, "data": map[string]any{}},
		Data: "data", Functions: []string{"int", "float"}, MaxNodes: 400,
	}
}

// texts are those of a menu: data are text, and every function may be called.
func texts() Words {
	return Words{Env: map[string]any{"number": "", "data": map[string]string{}}, Data: "data"}
}

func env(data map[string]any) map[string]any {
	return map[string]any{"english": 5, "refunds": 0, "data": data}
}

func TestWhatIsNotKnownOfACall(t *testing.T) {
	gold := map[string]any{"tier": "gold"}
	for _, c := range []struct {
		about, text string
		data        map[string]any
		want        Answer
	}{
		{"a word that is missing is no other word", `data.tier != "gold"`, nil, Yes},
		{"nor that word", `data.tier == "gold"`, nil, No},
		{"it is the empty text", `data.tier == ""`, nil, Yes},
		{"nil counts as missing", `data.tier == ""`, map[string]any{"tier": nil}, Yes},
		{"it begins with nothing", `data.order startsWith "7"`, nil, No},
		{"it is in no list", `not (data.tier in ["gold", "silver"])`, nil, Yes},
		{"in brackets it is the same", `data["tier"] == ""`, nil, Yes},
		{"and where it may be left out", `data?.tier == ""`, nil, Yes},
		{"whether it is there can be asked", `"tier" in data`, gold, Yes},
		{"and is no where it is not", `"tier" in data`, nil, No},
		{"its number is unknown", `int(data.order) > 1000`, nil, Unknown},
		{"so is that it has another", `int(data.order) != 1000`, nil, Unknown},
		{"so is the number of a word", `int(data.order) > 1000`, map[string]any{"order": "many"}, Unknown},
		{"what is unknown is not its opposite", `!(int(data.order) > 1000)`, nil, Unknown},
		{"a number is a number", `int(data.order) > 1000`, map[string]any{"order": "1001"}, Yes},
		{"one true side of || is enough, on the left", `data.tier == "gold" || int(data.order) > 1000`, gold, Yes},
		{"and on the right", `int(data.order) > 1000 || data.tier == "gold"`, gold, Yes},
		{"without it nothing is known", `int(data.order) > 1000 || data.tier == "gold"`, nil, Unknown},
		{"one false side of && is enough, on the left", `data.tier == "gold" && int(data.order) > 1000`, nil, No},
		{"and on the right", `int(data.order) > 1000 && data.tier == "gold"`, nil, No},
		{"else nothing is known", `int(data.order) > 1000 && data.tier == "gold"`, gold, Unknown},
		{"a skill knows no call", `english >= 5 || int(data.order) > 1000`, nil, Yes},
		{"three sides, and any of them", `int(data.a) > 1 || int(data.b) > 1 || english >= 5`, nil, Yes},
		{"a choice that is unknown between two that are alike", `int(data.a) > 1 ? english >= 5 : refunds == 0`, nil, Yes},
		{"and between two that are not", `int(data.a) > 1 ? english >= 5 : refunds > 0`, nil, Unknown},
		{"only what is chosen counts", `english >= 5 ? refunds == 0 : int(data.a) > 1`, nil, Yes},
		{"a name for what is unknown", `let n = int(data.order); english >= 5 || n > 1000`, nil, Yes},
		{"a name of a name", `let n = int(data.order); let m = n + 1; english >= 5 || m > 1000`, nil, Yes},
		{"within a comparison everything is needed", `(data.tier == "gold" || int(data.order) > 1000) == true`, gold, Unknown},
		{"in whichever order", `(int(data.order) > 1000 || data.tier == "gold") == true`, gold, Unknown},
		{"a number too large is no level", `english >= int(data.level)`, map[string]any{"level": "99999999999999999999"}, Unknown},
		{"what is neither true nor false", `data.tier || english > 5`, gold, Unknown},
		{"is unknown by itself, too", `data.tier`, gold, Unknown},
	} {
		t.Run(c.about, func(t *testing.T) {
			got, err := words().Compile(c.text)
			if err != nil {
				t.Fatal(err)
			}
			a, why := got.Ask(env(c.data))
			if a != c.want || (why != "") != (c.want == Unknown) {
				t.Errorf("%s: %s (%s), want %s", c.text, a, why, c.want)
			}
			if got.Text() != c.text {
				t.Errorf("its text became %q", got.Text())
			}
		})
	}
}

func TestDataOfTextAreTheSame(t *testing.T) {
	for text, want := range map[string]Answer{
		`data.tier != "gold"`: Yes,
		`data.tier == ""`:     Yes,
		`int(data.age) >= 18 || number startsWith "+49"`: Yes,
		`number startsWith "+49" || int(data.age) >= 18`: Yes,
		`int(data.age) >= 18`:                            Unknown,
		`len(data.order) == 8`:                           No,
		`any(["", "5"], # == data.order)`:                Yes,
		`any(["x", "5"], # == "5" || int(#) > 7)`:        Unknown, // within a term everything is needed
		`any(["x", "5"], int(#) > 7 || # == "5")`:        Unknown,
	} {
		t.Run(text, func(t *testing.T) {
			c, err := texts().Compile(text)
			if err != nil {
				t.Fatal(err)
			}
			if got, why := c.Ask(map[string]any{"number": "+49301", "data": map[string]string{}}); got != want {
				t.Errorf("%s (%s), want %s", got, why, want)
			}
		})
	}
}

func TestWhatIsWrongWithACondition(t *testing.T) {
	for text, want := range map[string]string{
		"english >":                       "column 9: unexpected token EOF",
		"englisch > 3":                    "column 1: unknown name englisch",
		"english":                         "column 1: expected bool",
		"english > 3 && data[1] == 2":     "column 21: cannot use int to get an element",
		`lower(data.tier) == "gold"`:      "column 1: ",
		`$datum(data, "tier") == "gold"`:  "column 1: ",
		`$env.data.tier == "gold"`:        "column 1: $env is no name",
		`english > 3 && data.tier == nil`: `column 26: what is missing is the empty text, never nil`,
		`nil != data.tier`:                `column 5: what is missing`,
		`(data.tier ?? "x") == "gold"`:    `column 12: what is missing`,
		strings.Repeat("english > 3 && ", 300) + "english > 3": "column 1513: ",
	} {
		t.Run(text[:min(len(text), 40)], func(t *testing.T) {
			_, err := words().Compile(text)
			wrong := (*Error)(nil)
			if !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("said %v, want %s …", err, want)
			}
		})
	}
}

// TestWhatCannotBeWrittenAgainIsRefused: a part is compiled from its text, and the language
// writes some things so that they mean something else.
func TestWhatCannotBeWrittenAgainIsRefused(t *testing.T) {
	text := `english > 3 && (english > 3 ? data : data).tier == "x"`
	if c, err := words().Compile(text); err == nil {
		t.Errorf("taken as %q", c.Parts()[1].Text())
	} else if !strings.Contains(err.Error(), "too intricate") {
		t.Error(err)
	}
}

func TestTheDataThatAConditionNames(t *testing.T) {
	c, err := words().Compile(`data.tier == "a" || data["order"] == "b" && data?.tier == "c" || "vip" in data || data[data.field] == "d"`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Fields(), []string{"tier", "order", "field"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestThePartsOfACondition(t *testing.T) {
	c, err := words().Compile(`let n = int(data.n); english > 3 && (refunds > 1 || n > 2) and data.tier == "x"`)
	if err != nil {
		t.Fatal(err)
	}
	wants := []struct {
		text  string
		names []string
		is    Answer
	}{
		{"english > 3", []string{"english"}, Yes},
		{"let n = int(data.n); refunds > 1 || n > 2", []string{"data", "refunds"}, Unknown},
		{`data.tier == "x"`, []string{"data"}, No},
	}
	for i, p := range c.Parts() {
		if w := wants[i]; p.Text() != w.text || !slices.Equal(p.Names(), w.names) || p.Ask(env(nil)) != w.is {
			t.Errorf("part %d is %q of %q, %s; want %+v", i, p.Text(), p.Names(), p.Ask(env(nil)), w)
		}
	}
	if !slices.Equal(c.Names(), []string{"data", "english", "refunds"}) {
		t.Errorf("its names are %q", c.Names())
	}
}

func TestWhatIsAskedOfTheCallAlone(t *testing.T) {
	data := map[string]any{"n": "6", "tier": "gold"}
	for text, want := range map[string][]string{
		`int(data.n) > 5 || english > 1`:                      {"yes"},
		`english > 1 && (int(data.m) > 5 || data.tier == "")`: {"unknown"},
		`english > 1 && (int(data.m) > 5 && data.tier == "")`: {"unknown", "no"}, // sides of one &&
		`english > int(data.n)`:                               {"6"},
		`english > int(data.m)`:                               {"unknown"},
		`data.tier == "gold" || english > 1 || data.n == "6"`: {"yes", "yes"},
		`data[english > 1 ? "n" : "tier"] == "6"`:             {`map[string]interface {}{"n":"6", "tier":"gold"}`},
		`english > 1`: nil,
	} {
		t.Run(text, func(t *testing.T) {
			c, err := words().Compile(text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, q := range c.Questions() {
				got = append(got, q.Answer(map[string]any{"data": data}))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
