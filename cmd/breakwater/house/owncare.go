package house

import (
	"context"
	"time"

	"breakwater/acd"
)

// ownCare is the JSON of /v1/own/care. It is shown to the agent and nobody else.
type ownCare struct {
	At     time.Time `json:"at"`
	Why    []string  `json:"why"`          // why no call comes now, or that one may
	Earned float64   `json:"break_earned"` // seconds of break earned and not taken
	acd.CareView
}

// ownCare tells an agent what keeps calls away, and what was lifted by whom.
func (h *House) ownCare(ctx context.Context, agent string) (any, error) {
	seen, err := h.Floor.Care(ctx, agent)
	if err != nil {
		return nil, err
	}
	why, err := h.Floor.Why(ctx, acd.Whom{Agent: agent})
	if err != nil {
		return nil, err
	}
	return ownCare{At: time.Now(), Why: why, Earned: seen.Break.Seconds(), CareView: seen}, nil
}
