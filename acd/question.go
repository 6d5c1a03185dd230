package acd

import (
	"maps"
	"slices"
	"strings"
)

// signature is how a call answers what the need asks of the call alone: calls of the same
// signature can be served by the same agents. So what a caller types makes no condition of
// its own: one that asks int(data.order) > 1000 knows three kinds of callers (yes, no and
// unknown), not ten thousand.
func (n *need) signature(data map[string]any) string {
	var b strings.Builder
	env := with(map[string]any{}, data)
	for _, q := range n.questions() {
		b.WriteString(q.Answer(env))
		b.WriteByte(';')
	}
	return b.String()
}

// CheckTexts says which conditions take the call's data for numbers, by dotted key. On a
// server all of it is text: data.order > 1000 would be met by nobody for ever.
func (p Plan) CheckTexts() map[string]string {
	w := wrongs{}
	d := newDictionary(p.Agents)
	d.texts = true
	for _, name := range slices.Sorted(maps.Keys(p.Queues)) {
		d.checkNeeds(w, "queues."+name, p.Queues[name])
	}
	return w
}

// Asks is the call data that each queue's conditions ask for by name. Conditions that
// cannot be read ask for nothing.
func Asks(p Plan) map[string][]string {
	d, out := newDictionary(p.Agents), map[string][]string{}
	for name, q := range p.Queues {
		needs, _ := d.needs(q)
		boosts, _, _ := d.boosts(q)
		for _, b := range boosts {
			needs = append(needs, b.when)
		}
		for _, n := range needs {
			if n.asked != nil {
				out[name] = append(out[name], n.asked.Fields()...)
			}
		}
		slices.Sort(out[name])
		out[name] = slices.Compact(out[name])
	}
	return out
}
