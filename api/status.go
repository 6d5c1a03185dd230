package api

import (
	"cmp"
	"context"
	"net/http"
	"runtime"
	rt "runtime/metrics"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// status is the whole house at a glance. It answers also when the floor does not:
// that is when it is read.
type status struct {
	Version    string                 `json:"version"`
	Started    time.Time              `json:"started"`
	Uptime     int64                  `json:"uptime_seconds"`
	Ready      bool                   `json:"ready"`
	NotReady   string                 `json:"not_ready,omitempty"` // why
	Config     configStatus           `json:"config"`
	Store      Store                  `json:"store"`
	Calls      callCount              `json:"calls"`
	Phones     phoneCount             `json:"phones"`
	Agents     map[acd.AgentState]int `json:"agents"`
	Queues     []acd.QueueView        `json:"queues"`
	Promises   map[string]uint64      `json:"promises"` // all 0, or a promise broke
	Goroutines int                    `json:"goroutines"`
	Memory     memory                 `json:"memory"`
}

type configStatus struct {
	Refused  bool     `json:"refused"`            // what is on disk is not what runs
	Problems []string `json:"problems,omitempty"` // why, all of them
	Running  any      `json:"running"`
}

type callCount struct {
	Live    int            `json:"live"`
	ByPhase map[string]int `json:"by_phase"`
}

type phoneCount struct {
	Known     int `json:"known"`
	Reachable int `json:"reachable"`
}

type memory struct {
	Heap  uint64 `json:"heap_bytes"`  // live and not yet swept objects
	Total uint64 `json:"total_bytes"` // all that the Go runtime has from the system
}

// glance bounds how long a look at the house may take when the look must not fail.
func glance(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 2*time.Second)
}

func (s *Server) status(r *http.Request) (any, error) {
	ctx, cancel := glance(r.Context())
	defer cancel()
	p := &s.parts
	problems := p.Problems()
	out := status{
		Version:    p.Version,
		Started:    p.Started,
		Uptime:     int64(time.Since(p.Started).Seconds()),
		Config:     configStatus{Refused: len(problems) > 0, Problems: problems, Running: p.Config()},
		Store:      p.Store(),
		Calls:      countCalls(p.Calls.Calls()),
		Phones:     countPhones(p.Phones()),
		Agents:     map[acd.AgentState]int{},
		Queues:     []acd.QueueView{},
		Promises:   promises(p.Floor.Counters(), p.Counts()),
		Goroutines: runtime.NumGoroutine(),
		Memory:     readMemory(),
	}
	if agents, err := p.Floor.Agents(ctx); err == nil {
		out.Agents = countAgents(agents)
	}
	if queues, err := p.Floor.Queues(ctx); err == nil {
		out.Queues = listed(queues)
	}
	err := p.Health(ctx)
	out.Ready = err == nil
	if err != nil {
		out.NotReady = err.Error()
	}
	return out, nil
}

// countCalls shows each phase, also when no call is in it.
func countCalls(views []call.View) callCount {
	n := callCount{Live: len(views), ByPhase: map[string]int{phaseBegin: 0}}
	for _, phase := range call.Phases {
		n.ByPhase[phase] = 0
	}
	for _, v := range views {
		n.ByPhase[phaseOf(v)]++
	}
	return n
}

// phaseBegin is the moment before the first phase.
const phaseBegin = "begin"

func phaseOf(v call.View) string { return cmp.Or(v.Phase, phaseBegin) }

func countPhones(phones []Phone) phoneCount {
	n := phoneCount{Known: len(phones)}
	for _, p := range phones {
		if p.Reachable {
			n.Reachable++
		}
	}
	return n
}

// agentStates are those an agent can be in; each is shown, also when nobody is.
var agentStates = []acd.AgentState{
	acd.LoggedOut, acd.Ready, acd.Offered, acd.OnCall, acd.WrapUp, acd.Resting, acd.NotReady, acd.Missed,
}

func countAgents(agents []acd.AgentView) map[acd.AgentState]int {
	n := map[acd.AgentState]int{}
	for _, state := range agentStates {
		n[state] = 0
	}
	for _, a := range agents {
		n[a.State]++
	}
	return n
}

// readMemory asks the runtime without stopping the world: calls are going on.
func readMemory() memory {
	samples := []rt.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}}
	rt.Read(samples)
	return memory{Heap: samples[0].Value.Uint64(), Total: samples[1].Value.Uint64()}
}
