package figures

// cells are the people whose figures are given, by the groups that they are given in: who
// is in the same groups as somebody is in the same cell. Whatever is reckoned from the
// sums of the groups, added and subtracted with any weights, weighs all of a cell alike. So
// where no cell is smaller than least, nothing can be reckoned of fewer people.
type cells struct {
	least int
	of    map[string]int // 0 = in none
	sizes []int
}

func newCells(least int) *cells { return &cells{least: least, of: map[string]int{}, sizes: []int{0}} }

// add gives a group, where that leaves no cell too small, and tells whether it did.
func (c *cells) add(group crew) bool {
	inside := map[int]int{} // of each cell, how many are in the group
	for name := range group {
		inside[c.of[name]]++
	}
	for cell, in := range inside {
		outside := c.sizes[cell] - in
		if in < c.least || cell != 0 && outside != 0 && outside < c.least {
			return false
		}
	}
	if len(group) == 0 {
		return false
	}
	into := map[int]int{} // the new cells
	for cell, in := range inside {
		into[cell] = len(c.sizes)
		c.sizes = append(c.sizes, in)
		c.sizes[cell] -= in
	}
	for name := range group {
		c.of[name] = into[c.of[name]]
	}
	return true
}
