package acd

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"breakwater/truth"
)

// dataName is the variable that holds a call's data in a skill expression. It
// cannot be the name of a skill.
const dataName = "data"

// maxNodes bounds a skill expression, so that a config edit cannot stop the floor.
const maxNodes = 400

// skillName is what a skill may be called: what an expression can name.
var skillName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// need is a compiled skill condition: who may serve. It is immutable. The zero
// need is met by everybody.
type need struct {
	text   string
	asked  *truth.Condition // nil = nothing is asked
	parts  []truth.Part     // what must hold each by itself, to name what failed
	skills []string         // names used, sorted
}

// dictionary is what an expression may name: every skill of any agent.
type dictionary struct {
	skills map[string]bool
	texts  bool // the call's data are text; else of any kind
}

func newDictionary(agents map[string]AgentSpec) dictionary {
	d := dictionary{skills: map[string]bool{}}
	for _, a := range agents {
		for s := range a.Skills {
			d.skills[s] = true
		}
	}
	return d
}

// env gives the variables of one agent: missing skills are level 0.
func (d dictionary) env(a AgentSpec) map[string]any {
	env := make(map[string]any, len(d.skills)+1)
	for s := range d.skills {
		env[s] = a.Skills[s]
	}
	env[dataName] = map[string]any{}
	if d.texts {
		env[dataName] = map[string]string{}
	}
	return env
}

// words are what a condition may be made of: skills, the call's data and its numbers.
func (d dictionary) words() truth.Words {
	return truth.Words{Env: d.env(AgentSpec{}), Data: dataName, Functions: []string{"int", "float"}, MaxNodes: maxNodes}
}

// compile checks and compiles a condition. The error names the column.
func (d dictionary) compile(text string) (*need, error) {
	if strings.TrimSpace(text) == "" {
		return &need{}, nil
	}
	asked, err := d.words().Compile(text)
	if err != nil {
		return nil, d.explain(err)
	}
	return &need{text: text, asked: asked, parts: asked.Parts(), skills: skillsOf(asked.Names())}, nil
}

// skillsOf are the names of a condition but the data's.
func skillsOf(names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return name == dataName })
}

// met tells whether the agent meets the need. Who is asked what cannot be known of the
// call does not (package truth).
func (n *need) met(env, data map[string]any) bool {
	if n.asked == nil {
		return true
	}
	a, _ := n.asked.Ask(with(env, data))
	return a == truth.Yes
}

// with puts a call's data beside an agent's levels.
func with(env, data map[string]any) map[string]any {
	if data == nil {
		data = map[string]any{}
	}
	env[dataName] = data
	return env
}

// lacking names the parts that the agent does not meet, with what he has.
func (n *need) lacking(env, data map[string]any) string {
	var out []string
	for _, p := range n.parts {
		text, has, lacks := lack(p, env, data)
		if has != "" {
			text += " (" + has + ")"
		}
		if lacks {
			out = append(out, text)
		}
	}
	return strings.Join(out, " and ")
}

// firstLack is the first part that the agent does not meet, and what he has of it.
func (n *need) firstLack(env, data map[string]any) (text, has string) {
	for _, p := range n.parts {
		if text, has, lacks := lack(p, env, data); lacks {
			return text, has
		}
	}
	return n.text, ""
}

// lack says what of a part the agent does not meet, and the levels he brings to it.
func lack(p truth.Part, env, data map[string]any) (text, has string, lacks bool) {
	text = p.Text()
	switch p.Ask(with(env, data)) {
	case truth.Yes:
		return "", "", false
	case truth.Unknown:
		text += ", which is not known of this call"
	case truth.No:
	}
	var levels []string
	for _, s := range skillsOf(p.Names()) {
		levels = append(levels, fmt.Sprintf("%s is %v", s, env[s]))
	}
	return text, strings.Join(levels, ", "), true
}

// usesData tells whether the answer depends on the call.
func (n *need) usesData() bool { return len(n.questions()) > 0 }

// questions are what the need asks of the call alone.
func (n *need) questions() []truth.Question {
	if n.asked == nil {
		return nil
	}
	return n.asked.Questions()
}

// best is the sum of the levels the expression names, for best-skill.
func (n *need) best(a AgentSpec) int {
	sum := 0
	for _, s := range n.skills {
		sum += a.Skills[s]
	}
	return sum
}

// explain turns a compiler's message into ours.
func (d dictionary) explain(err error) error {
	wrong := (*truth.Error)(nil)
	if !errors.As(err, &wrong) {
		return err
	}
	text := wrong.Message
	if name, ok := strings.CutPrefix(text, "unknown name "); ok {
		text = fmt.Sprintf("no agent has a skill named %s", name)
		if near := nearest(name, d.skills); near != "" {
			text += fmt.Sprintf("; did you mean %s?", near)
		}
	}
	if d.texts && strings.Contains(text, "string") {
		text += "; call data are text: compare with a text, such as \"1\", or write int(data.NAME)"
	}
	return &truth.Error{Column: wrong.Column, Message: text}
}

// nearest gives the known word within two edits of an unknown one.
func nearest(word string, known map[string]bool) string {
	best, distance := "", 3
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if d := edits(word, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
