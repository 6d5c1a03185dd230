package api

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"
)

// ownPaths are what an agent may see of themselves, and nobody else may: the admin's
// token does not open them.
const ownPaths = "/v1/own/"

// whoKey is where a request keeps which agent asks.
type whoKey struct{}

// admitAgent checks agent number and PIN (HTTP basic, RFC 7617) and has answered when
// they are not right; why says what they are needed for.
func (s *Server) admitAgent(w http.ResponseWriter, r *http.Request, why string) bool {
	number, pin, shown := r.BasicAuth()
	now, from := time.Now(), sourceOf(r)
	if wait := s.pins.wait(from, now); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		fail(w, http.StatusTooManyRequests, "too many wrong PINs from this source")
		return false
	}
	if shown {
		if agent, ok := s.parts.Agent(number, pin, network(from).String()); ok {
			*r = *r.WithContext(context.WithValue(r.Context(), whoKey{}, agent))
			return true
		}
		s.own.note(func() { s.own.tokensRefused++ })
		if s.pins.failed(from, now) {
			s.log.Warn("too many wrong PINs at the api", "from", from.String())
		}
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="agent number and PIN"`)
	fail(w, http.StatusUnauthorized, "an agent number and PIN are needed: "+why)
	return false
}

// ownHearing is what the agent's ears got in the present shift.
func (s *Server) ownHearing(r *http.Request) (any, error) {
	return s.parts.Dose(r.Context(), who(r))
}

// ownShift is the agent's plan, what of it comes next, and how it was kept.
func (s *Server) ownShift(r *http.Request) (any, error) {
	return s.parts.Shift(r.Context(), who(r))
}

// ownCare is what keeps calls from the agent now, the break earned, and what a supervisor
// has lifted.
func (s *Server) ownCare(r *http.Request) (any, error) {
	return s.parts.Care(r.Context(), who(r))
}

// who is the agent who asks.
func who(r *http.Request) string {
	agent, _ := r.Context().Value(whoKey{}).(string)
	return agent
}
