package api

import (
	"context"
	"maps"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"

	"breakwater/acd"
)

// own is what the api counts of itself.
type own struct {
	mu            sync.Mutex // protects all following fields
	answers       map[int]uint64
	tokensRefused uint64
	panics        uint64
}

// answered counts an answer by its status; 0 is a connection that ended before one.
func (o *own) answered(status int) { o.note(func() { o.answers[status]++ }) }

func (o *own) note(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
}

// tell puts the counts on a sheet.
func (o *own) tell(out *sheet) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for status, n := range o.answers {
		out.add(counter, "api_requests_total", float64(n), label{"code", strconv.Itoa(status)})
	}
	out.add(counter, "api_tokens_refused_total", float64(o.tokensRefused))
	out.add(counter, "api_panics_total", float64(o.panics))
}

// exposition answers a scrape. A part that cannot answer is left out, so that an
// alarm about it has the rest to stand on.
func (s *Server) exposition(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := glance(r.Context())
	defer cancel()
	s.exporter.show(w, r, s.scrape(ctx))
}

// scrape asks the whole house.
func (s *Server) scrape(ctx context.Context) *sheet {
	out := newSheet()
	p := &s.parts
	counts, floor := maps.Clone(p.Counts()), p.Floor.Counters()
	for name, n := range promises(floor, counts) {
		out.add(counter, name, float64(n))
	}
	delete(counts, recordsLost) // told above
	out.addAll(counter, counts)
	out.addAll(counter, floorCounts(floor))
	out.addAll(gauge, p.Gauges())

	for phase, n := range countCalls(p.Calls.Calls()).ByPhase {
		out.add(gauge, "calls", float64(n), label{"phase", phase})
	}
	phones := countPhones(p.Phones())
	out.add(gauge, "phones_known", float64(phones.Known))
	out.add(gauge, "phones_reachable", float64(phones.Reachable))
	kept := p.Store()
	out.add(gauge, "store_up", bit(kept.Up))
	out.add(gauge, "store_records_waiting", float64(kept.Records))
	out.add(gauge, "store_events_waiting", float64(kept.Events))
	out.add(gauge, "config_refused", bit(len(p.Problems()) > 0))
	out.add(gauge, "ready", bit(p.Health(ctx) == nil))
	out.add(gauge, "breakwater_build_info", 1, label{"version", p.Version}, label{"go", runtime.Version()})
	s.scrapeFloor(ctx, out)
	s.own.tell(out)
	out.add(gauge, "metrics_unreadable", float64(out.unreadable))
	return out
}

// scrapeFloor tells of queues and agents, agents by state only.
func (s *Server) scrapeFloor(ctx context.Context, out *sheet) {
	agents, err := s.parts.Floor.Agents(ctx)
	if err == nil {
		for state, n := range countAgents(agents) {
			out.add(gauge, "agents", float64(n), label{"state", string(state)})
		}
	}
	queues, err2 := s.parts.Floor.Queues(ctx)
	for _, q := range queues {
		of := label{"queue", q.Name}
		out.add(gauge, "queue_waiting", float64(q.Waiting), of)
		out.add(gauge, "queue_agents_ready", float64(q.Ready), of)
		out.add(gauge, "queue_agents_capable", float64(q.Capable), of)
		out.add(gauge, "queue_oldest_wait_seconds", waitSince(q.Oldest, time.Now()), of)
		out.add(gauge, "queue_callbacks_waiting", float64(q.Callbacks), of)
		tellAccuracy(out, q.Estimates, of)
	}
	ahead, err3 := s.parts.Floor.Outlook(ctx)
	for _, o := range ahead {
		tellOutlook(out, o)
	}
	out.add(gauge, "floor_up", bit(err == nil && err2 == nil && err3 == nil))
	s.scrapeFigures(ctx, out)
}

// tellAccuracy tells how true the estimates were that callers of a queue were given.
func tellAccuracy(out *sheet, a acd.Accuracy, of label) {
	out.add(counter, "queue_estimates_judged_total", float64(a.Judged), of)
	out.add(counter, "queue_estimates_kept_total", float64(a.WithinP50), of, label{"quantile", "0.5"})
	out.add(counter, "queue_estimates_kept_total", float64(a.WithinP90), of, label{"quantile", "0.9"})
}

// tellOutlook tells the wait that a caller would be told now, where somebody is there to
// wait for, and whom the rules of care make wait.
func tellOutlook(out *sheet, o acd.Outlook) {
	of := label{"queue", o.Queue}
	if o.Staffed {
		out.add(gauge, "queue_estimated_wait_seconds", o.P50.Seconds(), of, label{"quantile", "0.5"})
		out.add(gauge, "queue_estimated_wait_seconds", o.P90.Seconds(), of, label{"quantile", "0.9"})
	}
	for _, rule := range acd.HoldingRules() {
		out.add(gauge, "queue_callers_held", float64(o.Held[rule]), of, label{"rule", string(rule)})
	}
}

// recordsLost is counted by the calls, but promised by the house.
const recordsLost = "records_lost_total"

// promises are the counters that must stay 0 (the guarantees of docs/operations.md).
// They are told also when nothing has counted yet: an alarm on a series that does
// not exist never rings.
func promises(floor acd.Counters, counts map[string]float64) map[string]uint64 {
	return map[string]uint64{
		"double_offers_total":     floor.DoubleOffers,
		"wrapups_cut_short_total": floor.WrapUpsCutShort,
		"rests_cut_short_total":   floor.RestsCutShort,
		"starved_callers_total":   floor.StarvedCallers,
		"stuck_agents_total":      floor.StuckAgents,
		"hard_rows_broken_total":  floor.Care.RowsBroken,
		recordsLost:               uint64(counts[recordsLost]),
	}
}

func floorCounts(c acd.Counters) map[string]float64 {
	return map[string]float64{
		"queue_entered_total":   float64(c.Entered),
		"queue_left_total":      float64(c.Left),
		"queue_removed_total":   float64(c.Removed),
		"offers_total":          float64(c.Offers),
		"offers_answered_total": float64(c.Answers),
		"offers_missed_total":   float64(c.Misses),
		"offers_untaken_total":  float64(c.Untaken),
		"stale_finishes_total":  float64(c.StaleFinishes),
		"ledger_failures_total": float64(c.LedgerFailures),
		"breaks_due_total":      float64(c.Care.BreaksDue),
		"talks_wanted_total":    float64(c.Care.TalksWanted),
		"talks_taken_total":     float64(c.Care.TalksTaken),
		"caps_lifted_total":     float64(c.Care.Lifted),
	}
}

func waitSince(oldest, now time.Time) float64 {
	if oldest.IsZero() {
		return 0
	}
	return max(0, now.Sub(oldest).Seconds())
}

func bit(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
