package house

import (
	"maps"
	"slices"
)

// members gives the queues that each agent serves by the config, for the queue log. A
// queue without a list of agents is everybody's who meets its condition; in the log it
// is everybody's.
func (h *House) members() map[string][]string {
	c := h.Keeper.Current()
	out := map[string][]string{}
	for agent := range c.Agents {
		out[agent] = []string{}
	}
	for _, queue := range slices.Sorted(maps.Keys(c.Queues)) {
		q := c.Queues[queue]
		if len(q.Agents) == 0 {
			for agent := range out {
				out[agent] = append(out[agent], queue)
			}
			continue
		}
		for _, agent := range slices.Concat(q.Agents, q.Reserve) {
			if !slices.Contains(out[agent], queue) {
				out[agent] = append(out[agent], queue)
			}
		}
	}
	return out
}
