// Package api is the admin face: HTTP and JSON over what the house is doing. It
// shows; it decides nothing.
package api

import (
	"context"
	"log/slog"
	"net"
	"time"

	"breakwater/acd"
	"breakwater/call"
)

// Floor is what the api shows of queues and agents. *acd.Floor implements it.
type Floor interface {
	Agents(ctx context.Context) ([]acd.AgentView, error)
	Queues(ctx context.Context) ([]acd.QueueView, error)
	Why(ctx context.Context, w acd.Whom) ([]string, error)
	Counters() acd.Counters
}

// Calls is what the api shows of live calls. *call.Exchange implements it.
type Calls interface {
	Calls() []call.View
	Tally() *call.Tally
}

// Records is where ended calls are found. The store implements it.
type Records interface {
	Records(ctx context.Context, q call.Query) ([]call.Record, error)
}

// Parts are what the api shows. main satisfies the function fields over rooms that
// the api may not know.
type Parts struct {
	Floor   Floor
	Calls   Calls
	Records Records
	Phones  func() any                      // JSON for /v1/phones
	Config  func() any                      // JSON for /v1/config: version, loaded at, last refusal
	Refused func() bool                     // the config on disk was refused
	Reload  func(ctx context.Context) error // POST /v1/config/reload
	Health  func(ctx context.Context) error // nil = ready for calls
	Gauges  func() map[string]float64       // more metrics by name (labels in the name), gauges
	Counts  func() map[string]float64       // more metrics by name, counters
	Token   string                          // bearer token for everything but /health and /ready
	Version string
	Started time.Time
}

// Server is the HTTP face.
type Server struct{}

// New makes the face; it listens when Serve is called.
func New(p Parts, log *slog.Logger) *Server { panic("not built yet") }

// Serve answers on l until ctx ends, then lets requests in progress finish.
func (s *Server) Serve(ctx context.Context, l net.Listener) error { panic("not built yet") }
