package call

import (
	"context"
	"strings"
	"time"
)

const (
	// longestLast bounds how far back last_agent may look.
	longestLast = 30 * 24 * time.Hour
	// lastWithin is how long a caller may wait for the journal's answer; without one there
	// is no preference.
	lastWithin = 500 * time.Millisecond
	// lastLook is how many of a caller's calls are looked through.
	lastLook = 10
)

// askLastAgent begins to look who spoke with this caller for the queue within its
// last_agent. Nobody is preferred who had a protected call with them: whoever was insulted
// need not be the one who is asked again. nil = the queue does not want to know.
func (c *Call) askLastAgent(queue string, m QueueManners) <-chan string {
	number := c.account.r.Caller
	if m.LastAgent <= 0 || len(number) < 3 || strings.Trim(number, "+0123456789") != "" {
		return nil
	}
	found := make(chan string, 1)
	q := Query{Caller: number, Queue: queue, From: time.Now().Add(-m.LastAgent), Limit: lastLook}
	c.inbox.helpers.Go(func() {
		ctx, cancel := context.WithTimeout(c.life, lastWithin)
		defer cancel()
		records, err := c.x.parts.Journal.Records(ctx, q)
		if err != nil {
			c.log.Warn("who spoke with this caller last is not known", "err", err)
		}
		found <- lastOf(records)
	})
	return found
}

// lastOf is the agent of the newest call that had one, unless that call or any other with
// the same agent was protected.
func lastOf(newestFirst []Record) (agent string) {
	for i := range newestFirst {
		r := &newestFirst[i]
		switch {
		case r.Agent == "":
		case agent == "" && r.Protected:
			return ""
		case agent == "":
			agent = r.Agent
		case agent == r.Agent && r.Protected:
			return ""
		}
	}
	return agent
}

// lastAgent waits for what askLastAgent found; empty = nobody is preferred.
func (c *Call) lastAgent(ctx context.Context, found <-chan string) (string, error) {
	if found == nil {
		return "", nil
	}
	agent, err := await(ctx, c, found)
	if agent != "" {
		c.account.step("last-agent", agent)
	}
	return agent, err
}
