package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// report is what a capture says about a server.
type report struct {
	Began, Ended    time.Time
	Messages        int
	Retransmissions int // of INVITEs

	Callers    int         // INVITEs that came in, feature codes left out
	Served     int         // callers whom an agent answered
	Abandoned  int         // callers who cancelled
	Failed     map[int]int // callers refused, by status
	Unserved   int         // callers answered, and let go by the server without an agent
	Silent     int         // callers without any final answer
	Unfinished int         // calls not ended when the capture was

	Agents        int         // phones that were offered calls
	Offers        int         // INVITEs to them
	Answered      int         // offers answered
	OfferEnds     map[int]int // offers not answered, by status
	NoReply       int         // offers without any reply
	DoubleAgents  int         // a phone called while it had a call
	DoubleCallers int         // a caller offered to two agents at once
	Early         int         // a phone called between its last BYE and the answer to it

	Free   samples // INVITE in → INVITE to the agent, where nobody waited and an agent was idle
	Waited samples // the same for all others
	Again  samples // an agent's BYE answered → next INVITE to that agent, while callers waited

	Problems []string // the first ones, in words
}

func newReport() report { return report{Failed: map[int]int{}, OfferEnds: map[int]int{}} }

// samples are times to be sorted.
type samples []time.Duration

func (s *samples) add(d time.Duration) { *s = append(*s, d) }

// percentile is the nearest rank; 0 of nothing.
func (s samples) percentile(p float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := int(p*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

// String is one line: n, p50, p90, p99 and max.
func (s samples) String() string {
	if len(s) == 0 {
		return "none"
	}
	return fmt.Sprintf("n %-6d p50 %-9v p90 %-9v p99 %-9v max %v", len(s),
		round(s.percentile(0.5)), round(s.percentile(0.9)), round(s.percentile(0.99)), round(s.percentile(1)))
}

// MarshalJSON gives the same figures, in microseconds.
func (s samples) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]int64{
		"n": int64(len(s)), "p50_us": s.percentile(0.5).Microseconds(), "p90_us": s.percentile(0.9).Microseconds(),
		"p99_us": s.percentile(0.99).Microseconds(), "max_us": s.percentile(1).Microseconds(),
	})
}

func round(d time.Duration) time.Duration { return d.Round(time.Microsecond) }

func (r *report) failures() int {
	n := r.Unserved + r.Silent + r.NoReply
	for _, count := range r.Failed {
		n += count
	}
	return n
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "capture      %v, %d SIP messages, %d INVITEs repeated\n", r.Ended.Sub(r.Began).Round(time.Millisecond), r.Messages, r.Retransmissions)
	fmt.Fprintf(w, "callers      %d: served %d, abandoned %d, unfinished %d\n", r.Callers, r.Served, r.Abandoned, r.Unfinished)
	fmt.Fprintf(w, "offers       %d to %d phones: answered %d%s\n", r.Offers, r.Agents, r.Answered, byStatus(r.OfferEnds))
	fmt.Fprintf(w, "failures     %d: refused%s, unserved %d, no final answer %d, phone silent %d\n",
		r.failures(), orNone(byStatus(r.Failed)), r.Unserved, r.Silent, r.NoReply)
	fmt.Fprintf(w, "double       agents %d, callers %d, before the BYE was answered %d\n", r.DoubleAgents, r.DoubleCallers, r.Early)
	fmt.Fprintf(w, "INVITE in → INVITE to agent\n")
	fmt.Fprintf(w, "  agent free %v\n", r.Free)
	fmt.Fprintf(w, "  waited     %v\n", r.Waited)
	fmt.Fprintf(w, "agent free → next INVITE, callers waiting\n")
	fmt.Fprintf(w, "             %v\n", r.Again)
	for _, p := range r.Problems {
		fmt.Fprintf(w, "!            %s\n", p)
	}
}

func byStatus(counts map[int]int) string {
	var b strings.Builder
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, ", %d× %d", counts[status], status)
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return " none"
	}
	return strings.TrimPrefix(s, ",")
}

// limits are what a report may not exceed; zero is no limit.
type limits struct {
	FreeP50  time.Duration `name:"free-p50" help:"Most p50 from INVITE to INVITE where an agent was free." placeholder:"2ms"`
	FreeP99  time.Duration `name:"free-p99" help:"Most p99 of the same." placeholder:"5ms"`
	AgainP99 time.Duration `name:"again-p99" help:"Most p99 from an agent's end of call to the next offer while callers wait." placeholder:"10ms"`
	Lenient  bool          `help:"Failures and double offers do not count."`
}

// broken says which promises a report breaks.
func (l limits) broken(r *report) []string {
	var all []string
	over := func(what string, s samples, p float64, most time.Duration) {
		switch {
		case most == 0:
		case len(s) == 0:
			all = append(all, what+": there is no sample")
		case s.percentile(p) > most:
			all = append(all, fmt.Sprintf("%s: %v, at most %v is allowed", what, round(s.percentile(p)), most))
		}
	}
	over("agent free p50", r.Free, 0.5, l.FreeP50)
	over("agent free p99", r.Free, 0.99, l.FreeP99)
	over("next offer p99", r.Again, 0.99, l.AgainP99)
	if l.Lenient {
		return all
	}
	if n := r.failures(); n > 0 {
		all = append(all, fmt.Sprintf("%d failures", n))
	}
	if n := r.DoubleAgents + r.DoubleCallers; n > 0 {
		all = append(all, fmt.Sprintf("%d double offers", n))
	}
	if r.Early > 0 {
		all = append(all, fmt.Sprintf("%d calls to phones that had not answered their last BYE", r.Early))
	}
	return all
}
