package house

import "context"

// guardLease waits until another server has taken over the store, and then takes no more
// calls (docs/decisions/0027). It ends with ctx.
func (h *House) guardLease(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-h.Store.Lost():
	}
	h.SIP.StandDown()
	h.Exchange.StandDown()
	h.opts.Log.Error("another server has taken over the store: this one takes no more calls, ends when its last has ended, and is to be restarted",
		"calls", len(h.Exchange.Calls()))
	<-ctx.Done()
	return nil
}
