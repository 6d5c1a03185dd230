package house

import (
	"context"
	"time"
)

// forgetEvery is how often the past is cut to the length that the config allows.
const forgetEvery = time.Hour

// forget deletes events older than the config keeps them, until ctx ends. A failure is
// told and tried again: it must not stop calls.
func (h *House) forget(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		before := time.Now().Add(-h.Keeper.Current().Store.History)
		if err := h.Store.Forget(ctx, before); err != nil && ctx.Err() == nil {
			h.opts.Log.Warn("old events not forgotten", "before", before, "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
