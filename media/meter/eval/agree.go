package eval

import (
	"slices"
	"strings"
)

// pair counts the seconds that two raters heard.
type pair struct {
	calls, seconds int
	same           int // said of them
	one, two       int // raised, said the first, the second
}

// agreements are those of each two raters who heard the same calls, in order of names.
func agreements(calls []*call) []Agreement {
	pairs := map[[2]string]*pair{}
	for _, c := range calls {
		for i, a := range c.raters {
			for _, b := range c.raters[i+1:] {
				one, two := a, b
				if one.rater > two.rater {
					one, two = two, one
				}
				names := [2]string{one.rater, two.rater}
				if pairs[names] == nil {
					pairs[names] = &pair{}
				}
				pairs[names].add(one.marks, two.marks)
			}
		}
	}
	all := []Agreement{}
	for names, p := range pairs {
		all = append(all, p.agreement(names))
	}
	slices.SortFunc(all, func(a, b Agreement) int {
		return strings.Compare(a.Raters[0]+"\x00"+a.Raters[1], b.Raters[0]+"\x00"+b.Raters[1])
	})
	return all
}

// add counts one call.
func (p *pair) add(one, two []bool) {
	p.calls++
	p.seconds += len(one)
	for i := range one {
		if one[i] == two[i] {
			p.same++
		}
		if one[i] {
			p.one++
		}
		if two[i] {
			p.two++
		}
	}
}

// agreement is Cohen's κ (1960): how much more two agree than they would by chance, each
// marking as often as they do.
func (p *pair) agreement(names [2]string) Agreement {
	a := Agreement{Raters: names, Calls: p.calls, Seconds: p.seconds}
	if p.seconds == 0 {
		return a
	}
	n := float64(p.seconds)
	one, two := float64(p.one)/n, float64(p.two)/n
	a.Same = float64(p.same) / n
	chance := one*two + (1-one)*(1-two)
	if chance < 1 {
		kappa := (a.Same - chance) / (1 - chance)
		a.Kappa = &kappa
	}
	return a
}
