package ivr

import (
	"fmt"
	"slices"
	"time"

	"breakwater/truth"
)

// facts is what a condition may ask about.
type facts struct {
	Number   string            `expr:"number"`
	Dialled  string            `expr:"dialled"`
	Trunk    string            `expr:"trunk"`
	Language string            `expr:"language"`
	Data     map[string]string `expr:"data"`
	Hour     int               `expr:"hour"`
	Weekday  string            `expr:"weekday"`
}

// compile reads a condition. Its error is one sentence with the column.
func (b Branch) compile() (*truth.Condition, error) {
	return truth.Words{Env: facts{}, Data: "data"}.Compile(b.When)
}

// question is a condition that was read, or why it cannot be.
type question struct {
	asked *truth.Condition
	err   error
}

// holds tells whether a condition is true for the caller at a local time. One that cannot
// be answered, such as int(data.age) > 17 of a caller who gave no age, is not true, and
// trouble says why: no caller is lost by it.
func (q question) holds(who Caller, here time.Time) (yes bool, trouble string, err error) {
	if q.err != nil {
		return false, "", q.err
	}
	a, why := q.asked.Ask(facts{
		Number: who.Number, Dialled: who.Dialled, Trunk: who.Trunk, Language: who.Language, Data: who.Data,
		Hour: here.Hour(), Weekday: weekdays[here.Weekday()],
	})
	return a == truth.Yes, why, nil
}

// readConditions reads the conditions of all menus once, by their texts.
func readConditions(menus map[string]Menu) map[string]question {
	out := map[string]question{}
	for _, m := range menus {
		for _, b := range m.Branches {
			if _, known := out[b.When]; known {
				continue
			}
			asked, err := b.compile()
			if err != nil {
				err = fmt.Errorf("condition %q: %w", b.When, err)
			}
			out[b.When] = question{asked, err}
		}
	}
	return out
}

// Asks is the call data that the conditions of each menu ask for by name.
func Asks(menus map[string]Menu) map[string][]string {
	asked, out := readConditions(menus), map[string][]string{}
	for name, m := range menus {
		for _, b := range m.Branches {
			if q := asked[b.When]; q.err == nil {
				out[name] = append(out[name], q.asked.Fields()...)
			}
		}
		slices.Sort(out[name])
		out[name] = slices.Compact(out[name])
	}
	return out
}
