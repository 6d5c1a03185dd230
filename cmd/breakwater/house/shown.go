package house

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"

	"breakwater/api"
	"breakwater/call/lookup"
	"breakwater/config"
)

const tokenLength = 26

// newToken makes a token that nobody guesses.
func newToken() string { return rand.Text() }

func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSpace(line))
}

// shown is what the api may show of the house.
func (h *House) shown() api.Parts {
	return api.Parts{
		Floor:   h.Floor,
		Calls:   h.Exchange,
		Records: h.Store,
		Phones:  h.phones,
		Config:  func() any { return h.Keeper.Status() },
		Problems: func() []string {
			refusal := h.Keeper.Status().Refusal
			if refusal == nil {
				return nil
			}
			return texts(refusal.Problems)
		},
		Store:   h.kept,
		Reload:  h.reload,
		Health:  h.health,
		Agent:   h.Exchange.Recognise,
		Dose:    func(ctx context.Context, agent string) (any, error) { return h.Exchange.Dose(ctx, agent) },
		Shift:   h.ownShift,
		Care:    h.ownCare,
		Leads:   func(agent string) bool { return h.Keeper.Current().Agents[agent].Supervisor },
		Gauges:  h.gauges,
		Counts:  h.counts,
		Figures: h.figures,
		Members: h.members,
		Token:   h.token,
		Version: h.opts.Version,
		Started: h.started,
	}
}

// health tells whether the next caller would be served.
func (h *House) health(ctx context.Context) error {
	if _, err := h.Floor.Queues(ctx); err != nil {
		return fmt.Errorf("floor: %w", err)
	}
	if s := h.Store.Health(); s.Lost {
		return fmt.Errorf("store: %s", s.Why)
	}
	if err := h.Exchange.Ready(); err != nil {
		return fmt.Errorf("calls: %w", err)
	}
	if open, draining, total := h.Engine.Usage(); open+draining >= total {
		return fmt.Errorf("sound: all %d ports are in use", total)
	}
	return nil
}

// kept tells whether what happens now is kept.
func (h *House) kept() api.Store {
	s := h.Store.Health()
	return api.Store{
		Engine: s.Engine, Up: s.Up, Since: s.Since, Why: s.Why,
		Records: h.Exchange.RecordsWaiting(), Events: h.eventsWaiting(),
	}
}

// reload tells the api a refusal in its own words.
func (h *House) reload(ctx context.Context) error {
	_, err := h.Keeper.Reload(ctx)
	var problems config.Errors
	if errors.As(err, &problems) {
		return api.Refusal(texts(problems))
	}
	return err
}

// texts gives each problem as breakwater check prints it.
func texts(problems config.Errors) []string {
	out := make([]string, len(problems))
	for i, p := range problems {
		out[i] = p.String()
	}
	return out
}

func (h *House) phones() []api.Phone {
	seen := h.SIP.Phones()
	out := make([]api.Phone, len(seen))
	for i, p := range seen {
		out[i] = api.Phone{Name: p.Name, Reachable: p.Reachable, Contacts: append([]string{}, p.Contacts...), UserAgent: p.UserAgent, Expires: p.Expires}
	}
	return out
}

func (h *House) gauges() map[string]float64 {
	open, draining, total := h.Engine.Usage()
	wire, kept := h.SIP.Counters(), h.Store.Health()
	gauges := map[string]float64{
		"media_ports_open":         float64(open),
		"media_ports_draining":     float64(draining),
		"media_ports_limit":        float64(total),
		"media_recordings_running": float64(h.Engine.Counters().Running),
		"sip_legs":                 float64(wire.Legs),
		"sip_transactions":         float64(wire.Transactions),
		"sip_mailboxes":            float64(wire.Mailboxes),
		"guard_max_dbm0":           h.Exchange.Loudest(),
		"store_lost":               truth(kept.Lost),
		"store_lease_overdue":      truth(kept.Overdue),
		"figures_facts":            float64(h.figures.Counts().Facts),
	}
	late := h.SIP.Lateness()
	gauges["sip_late_share"] = late.Share
	for what, mean := range late.Of {
		gauges[fmt.Sprintf("late_seconds{what=%q}", what)] = mean.Seconds()
	}
	return gauges
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// counts are the counters of every room. Those of the calls have their labels in
// their names already.
func (h *House) counts() map[string]float64 {
	wire, sound, files := h.SIP.Counters(), h.Engine.Counters(), h.Keeper.Status()
	counts := map[string]float64{
		"sip_requests_total":           float64(wire.Requests),
		"sip_malformed_total":          float64(wire.Malformed),
		"sip_rate_limited_total":       float64(wire.RateLimited),
		"sip_overload_total":           float64(wire.Overload),
		"sip_late_total":               float64(wire.TooLate),
		"sip_strangers_total":          float64(wire.Strangers),
		"sip_auth_failures_total":      float64(wire.AuthFailures),
		"sip_mailbox_full_total":       float64(wire.MailboxFull),
		"sip_unstored_total":           float64(wire.Unstored),
		"sip_panics_total":             float64(wire.Panics),
		"media_ports_refused_total":    float64(sound.Refused),
		"media_packets_received_total": float64(sound.Received),
		"media_packets_sent_total":     float64(sound.Sent),
		"media_packets_relayed_total":  float64(sound.Relayed),
		"media_packets_mixed_total":    float64(sound.Mixed),
		"media_packets_unsent_total":   float64(sound.Unsent),
		"media_frames_guarded_total":   float64(sound.Guarded),
		"media_packets_bounced_total":  float64(sound.Bounced),
		"media_packets_missed_total":   float64(sound.Missed),
		"media_panics_total":           float64(sound.Panics),
		"media_players_late_total":     float64(sound.Late),
		"media_digits_total":           float64(sound.Digits),
		"media_digits_lost_total":      float64(sound.DigitsLost),
		"media_recordings_total":       float64(sound.Recordings),
		"media_recordings_cut_total":   float64(sound.Failed),
		"store_failures_total":         float64(h.Store.Health().Failures),
		"config_reloads_total":         float64(files.Reloads),
		"config_reloads_refused_total": float64(files.Refused),

		`media_packets_dropped_total{reason="stranger"}`:  float64(sound.Strangers),
		`media_packets_dropped_total{reason="malformed"}`: float64(sound.Malformed),
		`media_packets_dropped_total{reason="foreign"}`:   float64(sound.Foreign),
		`media_packets_dropped_total{reason="drained"}`:   float64(sound.Drained),
		`media_packets_dropped_total{reason="circling"}`:  float64(sound.Circling),
	}
	hand := h.figures.Counts()
	counts["figures_reads_total"] = float64(hand.Reads)
	counts["figures_reads_failed_total"] = float64(hand.Failed)
	counts["figures_cut_total"] = float64(hand.Cut)
	counts["figures_unheard_total"] = float64(hand.Unheard)
	if h.decisions != nil {
		d := h.decisions.Counts()
		counts["decisions_written_total"] = float64(d.Written)
		counts["decisions_dropped_total"] = float64(d.Dropped)
		counts["decisions_failed_total"] = float64(d.Failed)
	}
	for name, n := range h.Exchange.Tally().Counts() {
		counts[name] = float64(n)
	}
	maps.Copy(counts, lookups(h.Exchange.Lookups()))
	return counts
}

// lookups tells what became of the callers that each lookup was to tell about.
func lookups(books map[string]lookup.Counts) map[string]float64 {
	out := map[string]float64{}
	for name, n := range books {
		for metric, v := range map[string]uint64{
			"lookup_asked_total": n.Asked, "lookup_answered_total": n.Answered, "lookup_timeouts_total": n.TimedOut,
			"lookup_failed_total": n.Failed, "lookup_cached_total": n.Cached, "lookup_fallbacks_total": n.Fallback,
		} {
			out[fmt.Sprintf("%s{lookup=%q}", metric, name)] = float64(v)
		}
	}
	return out
}

// eventsWaiting counts the floor's events that are not yet in the store: those in memory,
// and those in the file of an outage.
func (h *House) eventsWaiting() int {
	if h.backlog == nil {
		return h.Floor.EventsWaiting()
	}
	return h.Floor.EventsWaiting() + h.backlog.Waiting()
}
