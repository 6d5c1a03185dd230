package ivr

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
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
func (b Branch) compile() (*vm.Program, error) {
	program, err := expr.Compile(b.When, expr.Env(facts{}), expr.AsBool())
	if err == nil {
		return program, nil
	}
	if at := (*file.Error)(nil); errors.As(err, &at) {
		return nil, fmt.Errorf("column %d: %s", at.Column+1, at.Message)
	}
	return nil, err
}

// holds tells whether the condition is true for the caller at a local time. A
// condition that fails while it is asked, such as int(data.age) of a caller who
// gave none, is not true, and trouble says why: no caller is lost by it.
func (b Branch) holds(who Caller, here time.Time) (yes bool, trouble string, err error) {
	program, err := b.compile()
	if err != nil {
		return false, "", fmt.Errorf("condition %q: %w", b.When, err)
	}
	out, err := expr.Run(program, facts{
		Number: who.Number, Dialled: who.Dialled, Trunk: who.Trunk, Language: who.Language, Data: who.Data,
		Hour: here.Hour(), Weekday: weekdays[here.Weekday()],
	})
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return false, first, nil
	}
	yes, _ = out.(bool)
	return yes, "", nil
}
