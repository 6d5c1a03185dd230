package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// health says that the process answers at all.
func (s *Server) health(*http.Request) (any, error) {
	return map[string]string{"status": "up"}, nil
}

// ready says whether the next caller would be served.
func (s *Server) ready(r *http.Request) (any, error) {
	ctx, cancel := glance(r.Context())
	defer cancel()
	if err := s.parts.Health(ctx); err != nil {
		return nil, fault{http.StatusServiceUnavailable, err.Error()}
	}
	return map[string]string{"status": "ready"}, nil
}

func (s *Server) calls(*http.Request) (any, error) {
	return listed(s.parts.Calls.Calls()), nil
}

// agents shows what each agent does now, by name: the order tells nothing.
func (s *Server) agents(r *http.Request) (any, error) {
	agents, err := s.parts.Floor.Agents(r.Context())
	if err != nil {
		return nil, err
	}
	agents = slices.SortedFunc(slices.Values(agents), func(a, b acd.AgentView) int { return strings.Compare(a.Name, b.Name) })
	return listed(agents), nil
}

func (s *Server) queues(r *http.Request) (any, error) {
	queues, err := s.parts.Floor.Queues(r.Context())
	return listed(queues), err
}

func (s *Server) phones(*http.Request) (any, error) {
	return listed(s.parts.Phones()), nil
}

func (s *Server) records(r *http.Request) (any, error) {
	q, err := recordQuery(r.URL.Query())
	if err != nil {
		return nil, err
	}
	found, err := s.parts.Records.Records(r.Context(), q)
	return listed(found), err
}

func (s *Server) record(r *http.Request) (any, error) {
	id := r.PathValue("id")
	found, err := s.parts.Records.Records(r.Context(), call.Query{ID: id, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault{http.StatusNotFound, fmt.Sprintf("no sealed record has the id %q", id)}
	}
	return found[0], nil
}

// why explains why a caller waits or an agent gets no call. A live call that waits
// nowhere is no mistake of the asker: it is told where it is.
func (s *Server) why(r *http.Request) (any, error) {
	given, err := once(r.URL.Query(), "call", "agent")
	if err != nil {
		return nil, err
	}
	whom := acd.Whom{Call: given["call"], Agent: given["agent"]}
	if (whom.Call == "") == (whom.Agent == "") {
		return nil, badRequest("exactly one of call and agent must be given")
	}
	reasons, err := s.parts.Floor.Why(r.Context(), whom)
	if errors.Is(err, acd.ErrNoTicket) {
		if v, alive := s.alive(whom.Call); alive {
			reasons, err = []string{elsewhere(v)}, nil
		}
	}
	return map[string][]string{"why": listed(reasons)}, err
}

func (s *Server) alive(id string) (call.View, bool) {
	views := s.parts.Calls.Calls()
	i := slices.IndexFunc(views, func(v call.View) bool { return v.ID == id })
	if i < 0 {
		return call.View{}, false
	}
	return views[i], true
}

func elsewhere(v call.View) string {
	text := fmt.Sprintf("call %s waits in no queue: %s since %s", v.ID, phaseOf(v), v.Since.Format(time.RFC3339))
	if v.Agent != "" {
		text += " with " + v.Agent
	}
	return text
}

func (s *Server) config(*http.Request) (any, error) { return s.parts.Config(), nil }

// reload reads the config again and answers when that is done, with what changed.
func (s *Server) reload(r *http.Request) (any, error) {
	if err := s.parts.Reload(r.Context()); err != nil {
		return nil, err
	}
	return s.parts.Config(), nil
}

// listed makes an empty list of none: [] in JSON, not null.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
