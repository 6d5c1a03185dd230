package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"breakwater/acd"
)

// leadPaths are what only a supervisor may do, as himself: what happens there is shown to
// the agent with a name, so the admin's token, which many may hold, does not open them.
const leadPaths = "/v1/lead/"

// admitLead checks that a supervisor asks and has answered when not. A browser sends a
// number and PIN it knows by itself, so a page of somebody else is turned away.
func (s *Server) admitLead(w http.ResponseWriter, r *http.Request) bool {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		fail(w, http.StatusForbidden, err.Error())
		return false
	}
	if !s.admitAgent(w, r, "a supervisor does this under the own name") {
		return false
	}
	if !s.parts.Leads(who(r)) {
		fail(w, http.StatusForbidden, fmt.Sprintf("agent %s is no supervisor", who(r)))
		return false
	}
	return true
}

// done is the answer to what a supervisor did.
type done struct {
	Agent   acd.AgentView `json:"agent"`
	Durable bool          `json:"durable"` // false: it holds, but a crash now would forget it
}

// lift takes a cap from an agent for a while:
// ?agent=anna&cap=occupancy&reason=storm+warning&for=30m.
func (s *Server) lift(r *http.Request) (any, error) {
	given, err := once(r.URL.Query(), "agent", "cap", "reason", "for")
	if err != nil {
		return nil, err
	}
	l := acd.Lift{Agent: given["agent"], Cap: acd.Cap(given["cap"]), By: who(r), Reason: given["reason"]}
	for _, name := range []string{"agent", "cap", "reason"} {
		if given[name] == "" {
			return nil, badRequest("%s is needed; the reason is shown to the agent", name)
		}
	}
	if text, ok := given["for"]; ok {
		if l.For, err = time.ParseDuration(text); err != nil || l.For <= 0 {
			return nil, badRequest("for: %q is no length; write for example 30m", text)
		}
	}
	view, err := s.parts.Floor.Lift(r.Context(), l)
	if happened(err) {
		s.log.Info("a supervisor lifted a cap", "agent", l.Agent, "cap", l.Cap, "by", l.By, "reason", l.Reason, "for", l.For)
	}
	return settled(view, err)
}

// talks tells with whom a talk is asked for after hard calls, and who has taken which on.
func (s *Server) talks(r *http.Request) (any, error) {
	if _, err := once(r.URL.Query()); err != nil {
		return nil, err
	}
	return s.parts.Floor.Talks(r.Context())
}

// takeTalk notes that the supervisor takes on to talk with an agent: ?agent=anna.
func (s *Server) takeTalk(r *http.Request) (any, error) {
	agent, view, err := aboutTalk(r, s.parts.Floor.TakeTalk)
	if happened(err) {
		s.log.Info("a supervisor takes on to talk with an agent after hard calls", "agent", agent, "by", who(r))
	}
	return settled(view, err)
}

// talked notes that the supervisor has talked with an agent after hard calls: ?agent=anna.
func (s *Server) talked(r *http.Request) (any, error) {
	agent, view, err := aboutTalk(r, s.parts.Floor.Talked)
	if happened(err) {
		s.log.Info("a supervisor talked with an agent after hard calls", "agent", agent, "by", who(r))
	}
	return settled(view, err)
}

// aboutTalk tells the floor what a supervisor says of a talk with ?agent=anna.
func aboutTalk(r *http.Request, tell func(ctx context.Context, agent, by string) (acd.AgentView, error)) (string, acd.AgentView, error) {
	given, err := once(r.URL.Query(), "agent")
	if err != nil {
		return "", acd.AgentView{}, err
	}
	agent := given["agent"]
	if agent == "" {
		return "", acd.AgentView{}, badRequest("agent is needed")
	}
	view, err := tell(r.Context(), agent, who(r))
	return agent, view, err
}

// happened tells of an act that the floor has done, be it on disk yet or not.
func happened(err error) bool { return err == nil || errors.Is(err, acd.ErrNotDurable) }

// settled answers with the agent as he is now. What is not yet on disk has happened all
// the same.
func settled(view acd.AgentView, err error) (any, error) {
	if errors.Is(err, acd.ErrNotDurable) {
		return done{view, false}, nil
	}
	return done{view, true}, err
}
