package api

import (
	"net/http"
	"strconv"
	"time"
)

// callbacks shows who waits to be called back, and what keeps each from an agent.
func (s *Server) callbacks(r *http.Request) (any, error) {
	found, err := s.parts.Calls.Callbacks(r.Context())
	return listed(found), err
}

// schedule makes a callback: ?queue=orders&number=0301234&at=2026-12-05T10:00:00Z. Without
// at it is as if the caller had begun to wait now.
func (s *Server) schedule(r *http.Request) (any, error) {
	q := r.URL.Query()
	var at time.Time
	if text := q.Get("at"); text != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			return nil, badRequest("at=%q is no time; write 2026-12-05T10:00:00Z", text)
		}
		if at.After(time.Now().Add(longestAhead)) {
			return nil, badRequest("at=%s is more than %d days ahead", text, int(longestAhead.Hours()/24))
		}
	}
	if q.Get("queue") == "" || q.Get("number") == "" {
		return nil, badRequest("queue and number are needed")
	}
	ticket, err := s.parts.Calls.Schedule(r.Context(), q.Get("queue"), q.Get("number"), at)
	return map[string]uint64{"ticket": ticket}, err
}

// longestAhead bounds how far ahead a callback may be scheduled.
const longestAhead = 366 * 24 * time.Hour

// cancelCallback takes a callback out.
func (s *Server) cancelCallback(r *http.Request) (any, error) {
	ticket, err := strconv.ParseUint(r.PathValue("ticket"), 10, 64)
	if err != nil {
		return nil, badRequest("%q is no ticket", r.PathValue("ticket"))
	}
	return map[string]uint64{"cancelled": ticket}, s.parts.Calls.CancelCallback(r.Context(), ticket)
}
