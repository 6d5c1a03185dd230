package figures

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestThreeTeamsThatOverlapTellOfNobody: none is within another, and the first less the
// second and the third is twice the one who is in the first and the third.
func TestThreeTeamsThatOverlapTellOfNobody(t *testing.T) {
	group := func(names string) crew {
		out := crew{}
		for _, name := range names {
			out[string(name)] = true
		}
		return out
	}
	c := newCells(5)
	if !c.add(group("xabcde")) {
		t.Fatal("the first is not given")
	}
	second, third := c.add(group("xfghij")), c.add(group("abcdefghij"))
	if second || third {
		t.Errorf("the second is given %t, the third %t: x can be reckoned", second, third)
	}
	if !c.add(group("klmno")) || !c.add(group("xabcdeklmno")) {
		t.Error("groups are not given that part nobody off")
	}
}

// TestPromiseNoReckoningTellsOfFewerThanTheLeastGroup: whatever teams there are and whoever
// worked, no sum with weights of those given is one of fewer people than that. It is held
// against linear algebra: without the people in question the sums tell as much.
func TestPromiseNoReckoningTellsOfFewerThanTheLeastGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const people, least = 12, 3
		c := newCells(least)
		var given [][]bool
		for range rapid.IntRange(1, 7).Draw(t, "teams") {
			team, group := make([]bool, people), crew{}
			for i := range team {
				if team[i] = rapid.Bool().Draw(t, "in it"); team[i] {
					group[fmt.Sprint(i)] = true
				}
			}
			if c.add(group) {
				given = append(given, team)
			}
		}
		all := rank(given, nil)
		for a := range people {
			for b := a; b < people; b++ { // one, and every two
				if rank(given, map[int]bool{a: true, b: true}) != all {
					t.Fatalf("%v tell of %d and %d", given, a, b)
				}
			}
		}
	})
}

// rank is how many independent sums the groups give, where some people are left out.
func rank(groups [][]bool, without map[int]bool) (n int) {
	var rows [][]*big.Rat
	for _, g := range groups {
		row := make([]*big.Rat, len(g))
		for i, in := range g {
			row[i] = new(big.Rat)
			if in && !without[i] {
				row[i].SetInt64(1)
			}
		}
		rows = append(rows, row)
	}
	for column := 0; len(rows) > n && column < len(rows[0]); column++ {
		pivot := n
		for pivot < len(rows) && rows[pivot][column].Sign() == 0 {
			pivot++
		}
		if pivot == len(rows) {
			continue
		}
		rows[n], rows[pivot] = rows[pivot], rows[n]
		for i := n + 1; i < len(rows); i++ {
			by := new(big.Rat).Quo(rows[i][column], rows[n][column])
			for j := column; j < len(rows[i]); j++ {
				rows[i][j].Sub(rows[i][j], new(big.Rat).Mul(by, rows[n][j]))
			}
		}
		n++
	}
	return n
}
