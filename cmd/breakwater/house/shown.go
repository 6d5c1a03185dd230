package house

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"

	"breakwater/api"
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
		Phones:  func() any { return h.SIP.Phones() },
		Config:  func() any { return h.Keeper.Status() },
		Refused: func() bool { return h.Keeper.Status().Refusal != nil },
		Reload: func(ctx context.Context) error {
			_, err := h.Keeper.Reload(ctx)
			return err
		},
		Health:  h.health,
		Gauges:  h.gauges,
		Counts:  h.counts,
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
	if open, draining, total := h.Engine.Usage(); open+draining >= total {
		return fmt.Errorf("sound: all %d ports are in use", total)
	}
	return nil
}

func (h *House) gauges() map[string]float64 {
	open, draining, total := h.Engine.Usage()
	wire := h.SIP.Counters()
	return map[string]float64{
		"media_ports_open":       float64(open),
		"media_ports_draining":   float64(draining),
		"media_ports_total":      float64(total),
		"sip_legs":               float64(wire.Legs),
		"sip_transactions":       float64(wire.Transactions),
		"sip_mailboxes":          float64(wire.Mailboxes),
		"config_reload_refusals": float64(h.Keeper.Status().Refused),
	}
}

func (h *House) counts() map[string]float64 {
	wire := h.SIP.Counters()
	return map[string]float64{
		"sip_requests_total":      float64(wire.Requests),
		"sip_malformed_total":     float64(wire.Malformed),
		"sip_rate_limited_total":  float64(wire.RateLimited),
		"sip_overload_total":      float64(wire.Overload),
		"sip_strangers_total":     float64(wire.Strangers),
		"sip_auth_failures_total": float64(wire.AuthFailures),
		"sip_mailbox_full_total":  float64(wire.MailboxFull),
		"sip_panics_total":        float64(wire.Panics),
	}
}
