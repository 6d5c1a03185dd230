package sip

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/wire"
)

// sessionTimer is what was agreed on refreshing a dialog (RFC 4028). It is a value
// without a clock: the leg arms what it says. Interval zero = nobody refreshes.
type sessionTimer struct {
	interval time.Duration
	ours     bool // we refresh
}

// refreshAfter is when we refresh: at half the interval (RFC 4028 §10).
func (s sessionTimer) refreshAfter() time.Duration { return s.interval / 2 }

// giveUpAfter is when a dialog that the peer did not refresh is over: a third of
// the interval, but at most 32 s, before its end (RFC 4028 §10).
func (s sessionTimer) giveUpAfter() time.Duration {
	return s.interval - min(32*time.Second, s.interval/3)
}

// timerOffer is what one message says of session timers.
type timerOffer struct {
	supported bool
	interval  time.Duration // zero = no Session-Expires
	refresher string        // uac, uas or empty
	min       time.Duration // Min-SE; zero = none
}

// timerOffered reads the session timer headers of m, long and compact form.
func timerOffered(m sip.Message) timerOffer {
	var o timerOffer
	o.supported = wire.Has(m, "supported", "timer") || wire.Has(m, "require", "timer")
	if v := wire.Value(m, "session-expires"); v != "" {
		seconds, params, _ := strings.Cut(v, ";")
		o.interval = wholeSeconds(seconds)
		for p := range strings.SplitSeq(params, ";") {
			name, value, _ := strings.Cut(p, "=")
			if strings.EqualFold(strings.TrimSpace(name), "refresher") {
				o.refresher = strings.ToLower(strings.TrimSpace(value))
			}
		}
	}
	seconds, _, _ := strings.Cut(wire.Value(m, "min-se"), ";")
	o.min = wholeSeconds(seconds)
	return o
}

// agree answers the offer of a request, as the server of RFC 4028 §9. tooSmall:
// refuse it with 422 and our Min-SE. want and least are our settings.
func (o timerOffer) agree(want, least time.Duration) (s sessionTimer, tooSmall bool) {
	switch {
	case o.interval != 0 && o.interval < least:
		if o.supported {
			return s, true
		}
		s.interval = least // it does not know the word; we refresh and it notices nothing
	case o.interval != 0:
		s.interval = max(min(o.interval, want), o.min, least)
	case o.supported:
		s.interval = max(want, o.min, least)
	default:
		return s, false // the peer knows no timers: the liveness probe watches over it
	}
	s.ours = !o.supported || o.refresher != "uac"
	return s, false
}

// settled reads a 2xx to our request: whoever it names refreshes (RFC 4028 §7.2).
func (o timerOffer) settled() sessionTimer {
	if o.interval == 0 {
		return sessionTimer{}
	}
	return sessionTimer{interval: o.interval, ours: o.refresher != "uas"}
}

// header is Session-Expires. weAsked: we are the client of the exchange.
func (s sessionTimer) header(weAsked bool) sip.Header {
	who := "uas"
	if s.ours == weAsked {
		who = "uac"
	}
	return sip.NewHeader("Session-Expires", seconds(s.interval)+";refresher="+who)
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

func wholeSeconds(s string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}
