package house

import (
	"context"
	"time"
)

// forgetEvery is how often the past is cut to the length that the config allows.
const forgetEvery = time.Hour

// forget deletes events, records and what ears got older than the config keeps them, until ctx ends. A
// failure is told and tried again: it must not stop calls.
func (h *House) forget(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		now, keep := time.Now(), h.Keeper.Current().Store
		if err := h.Store.Forget(ctx, now.Add(-keep.History)); err != nil && ctx.Err() == nil {
			h.opts.Log.Warn("old events not forgotten", "older than", keep.History, "err", err)
		}
		if err := h.Store.ForgetRecords(ctx, now.Add(-keep.Records), now.Add(-keep.Protected())); err != nil && ctx.Err() == nil {
			h.opts.Log.Warn("old records not forgotten", "older than", keep.Records, "err", err)
		}
		if err := h.Store.ForgetExposures(ctx, now.Add(-keep.Hearing)); err != nil && ctx.Err() == nil {
			h.opts.Log.Warn("old exposures not forgotten", "older than", keep.Hearing, "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
