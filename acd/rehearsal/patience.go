package rehearsal

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// guessPatience gives those who were served, whose patience nobody saw the end of, one
// from the callers of the same day who hung up: of those who had waited as long, the
// same share would have hung up later (Kaplan and Meier 1958). No dice: the shares are
// spread evenly over the callers in the order they came.
func (d *Day) guessPatience() {
	curve := d.survival()
	for i, c := range d.visits {
		if c.patience > 0 {
			continue
		}
		share := math.Mod(float64(i+1)/math.Phi, 1)
		for _, p := range curve {
			if p.at > c.waited && p.left <= share*leftAt(curve, c.waited) {
				c.patience, c.leaves = p.at, "abandoned"
				break
			}
		}
	}
}

// point is a step of a survival curve: the share of callers who are still patient after
// waiting so long.
type point struct {
	at   time.Duration
	left float64
}

func (d *Day) survival() []point {
	all := slices.Clone(d.visits)
	slices.SortStableFunc(all, func(x, y *visit) int { return cmp.Compare(x.until(), y.until()) })
	var out []point
	left := 1.0
	for i, c := range all {
		if c.patience > 0 {
			left *= 1 - 1/float64(len(all)-i)
			out = append(out, point{c.patience, left})
		}
	}
	return out
}

// until is how long the caller was seen to wait.
func (c *visit) until() time.Duration { return max(c.patience, c.waited) }

func leftAt(curve []point, waited time.Duration) float64 {
	left := 1.0
	for _, p := range curve {
		if p.at > waited {
			break
		}
		left = p.left
	}
	return left
}
