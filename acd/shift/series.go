package shift

import "time"

// Series is a hardship that comes again and again: same agent, rule, hours and length.
type Series struct {
	Finding           // the first
	Times   int       `json:"times"` // how often, 1 or more
	Last    time.Time `json:"last"`  // when the last begins
}

// Repeated puts findings together that say the same of other days. The order is that
// of the first of each.
func Repeated(findings []Finding) []Series {
	type key struct {
		agent, measured, from, to string
		rule                      Rule
	}
	var out []Series
	at := map[key]int{}
	for _, f := range findings {
		k := key{f.Agent, f.Measured, f.From.Format("15:04"), f.To.Format("15:04"), f.Rule}
		i, known := at[k]
		if !known {
			i = len(out)
			at[k] = i
			out = append(out, Series{Finding: f})
		}
		out[i].Times++
		out[i].Last = f.From
	}
	return out
}
