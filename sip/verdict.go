package sip

import (
	"errors"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/media"
	"breakwater/sip/wire"
)

// moreTelling prefers what a person did over what a machine says, and a later
// class over an earlier one where no person spoke.
func moreTelling(status, than int) bool {
	rank := func(s int) int {
		switch {
		case s >= 600:
			return 5
		case s == sip.StatusBusyHere:
			return 4
		case s == sip.StatusTemporarilyUnavailable:
			return 3
		case s == sip.StatusRequestTimeout, s == sip.StatusRequestTerminated:
			return 1
		}
		return 2
	}
	return rank(status) > rank(than)
}

// verdict is why nobody answered.
func (f *fork) verdict() call.Cause {
	if f.best == nil {
		c := call.Cause{By: call.ByNetwork, Metric: call.LegUnreachable}
		if f.lost != nil {
			c.Text = f.lost.Error()
		}
		if errors.Is(f.lost, media.ErrNoPorts) || errors.Is(f.lost, media.ErrClosed) {
			c.By, c.Metric = call.ByUs, call.LegOverload
		}
		return c
	}
	status := f.best.StatusCode
	c := call.Cause{By: call.ByAgent, Status: status, Text: wire.Sanitise(f.best.Reason), Metric: call.LegRefused}
	switch {
	case status == sip.StatusBusyHere || status == sip.StatusGlobalBusyEverywhere:
		c.Metric = call.LegBusy
	case status == sip.StatusGlobalDecline, status == sip.StatusTemporarilyUnavailable && f.rang:
		c.Metric = call.LegDeclined
	case status == sip.StatusRequestTimeout:
		if c.Metric = call.LegNoAnswer; f.ofTrunk() && !f.rang { // the carrier found nobody in time
			c.By = call.ByNetwork
		}
	case status >= 500 && status < 600:
		c.By = call.ByNetwork
	}
	return c
}

// ofTrunk tells whether a carrier was asked, not a phone of ours.
func (f *fork) ofTrunk() bool { return f.leg != nil && f.leg.peer.trunk != nil }
