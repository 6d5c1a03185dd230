// Package api is the admin face: HTTP and JSON over what the house is doing. It
// shows; it decides nothing. It can show what agents do now, never how they compare:
// the figures of a person are given to that person alone, by number and PIN, and those
// of a team only where nobody in it can be told apart.
package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"breakwater/acd"
	"breakwater/acd/figures"
	"breakwater/call"
)

const (
	mostConnections = 256              // an admin, a scraper and a dashboard need a handful
	mostBody        = 1 << 20          // bytes; no request needs any
	mostHeader      = 16 << 10         // bytes
	patience        = 10 * time.Second // how long the house may take for one answer
	reporting       = 5 * time.Minute  // and for a report: it may read weeks of the history
	grace           = 5 * time.Second  // how long requests in progress may take at the stop
)

// Floor is what the api shows of queues and agents. *acd.Floor implements it.
type Floor interface {
	Agents(ctx context.Context) ([]acd.AgentView, error)
	Queues(ctx context.Context) ([]acd.QueueView, error)
	// Outlook is what lies before the callers of each queue: their wait, and which rules
	// of care hold them.
	Outlook(ctx context.Context) ([]acd.Outlook, error)
	Why(ctx context.Context, w acd.Whom) ([]string, error)
	Counters() acd.Counters
	Lead
}

// Lead is what only a supervisor may do.
type Lead interface {
	// Lift takes a cap from an agent for a while. acd.ErrNoAgent, acd.ErrBadLift,
	// acd.ErrNotDurable.
	Lift(ctx context.Context, l acd.Lift) (acd.AgentView, error)
	// Talks gives the agents with whom a talk is asked for after hard calls.
	Talks(ctx context.Context) ([]acd.TalkWish, error)
	// TakeTalk says that a supervisor takes such a talk on. acd.ErrNoAgent, acd.ErrNoTalk,
	// acd.ErrNotDurable.
	TakeTalk(ctx context.Context, agent, by string) (acd.AgentView, error)
	// Talked says that a team leader has talked with an agent after hard calls.
	Talked(ctx context.Context, agent, by string) (acd.AgentView, error)
}

// Calls is what the api shows of live calls. *call.Exchange implements it.
type Calls interface {
	Calls() []call.View
	// Callbacks gives those who wait without a line, the oldest first.
	Callbacks(ctx context.Context) ([]acd.CallbackView, error)
	// Schedule lets a queue call a number back, not before at; a zero time is in turn.
	// acd.ErrNoQueue, acd.ErrNoCallback.
	Schedule(ctx context.Context, queue, number string, at time.Time) (ticket uint64, err error)
	// CancelCallback takes a callback out. acd.ErrNoTicket.
	CancelCallback(ctx context.Context, ticket uint64) error
}

// Records is where ended calls are found. The store implements it.
type Records interface {
	Records(ctx context.Context, q call.Query) ([]call.Record, error)
}

// Figures computes reports. *figures.Book implements it.
type Figures interface {
	Reports
	// Recent is of the last quarter of an hour; it reads no history.
	Recent(now time.Time) []figures.Brief
	// Today is for who looks all the time: it costs little however much happened.
	Today(ctx context.Context, now time.Time) ([]figures.Brief, error)
	Settings() figures.Settings
}

// Reports are what can be asked for of any period.
type Reports interface {
	Queues(ctx context.Context, a figures.Ask, now time.Time) (figures.Report[figures.QueueFigures], error)
	Team(ctx context.Context, team string, a figures.Ask, now time.Time) (figures.Report[figures.TeamFigures], error)
	Care(ctx context.Context, a figures.Ask, now time.Time) (figures.Report[figures.CareFigures], error)
	// Own is for the agent who has shown number and PIN, and for nobody else.
	Own(ctx context.Context, agent string, a figures.Ask, now time.Time) (figures.Report[figures.OwnFigures], error)
	// QueueLog writes the log as it is read.
	QueueLog(ctx context.Context, w io.Writer, from, to time.Time, members map[string][]string) error
}

// Phone is a phone as the admin sees it.
type Phone struct {
	Name      string    `json:"name"`
	Reachable bool      `json:"reachable"`
	Contacts  []string  `json:"contacts"`
	UserAgent string    `json:"user_agent,omitempty"`
	Expires   time.Time `json:"expires,omitzero"` // of the registration that lasts longest
}

// Parts are what the api shows. main satisfies the function fields over rooms that
// the api may not know. All are required.
type Parts struct {
	Floor    Floor
	Calls    Calls
	Records  Records
	Phones   func() []Phone
	Config   func() any                                             // JSON for /v1/config: version, loaded at, last refusal
	Problems func() []string                                        // what is wrong with the config on disk, a text each; empty = it is what runs
	Store    func() Store                                           // whether what happens now is kept
	Reload   func(ctx context.Context) error                        // POST /v1/config/reload; a Refusal when the config is bad
	Health   func(ctx context.Context) error                        // nil = ready for calls
	Gauges   func() map[string]float64                              // more metrics by name (labels in the name), gauges
	Counts   func() map[string]float64                              // more metrics by name, counters; those of the calls among them
	Agent    func(number, pin, from string) (agent string, ok bool) // who shows an agent number and PIN
	Dose     func(ctx context.Context, agent string) (any, error)   // JSON for /v1/own/hearing
	Shift    func(ctx context.Context, agent string) (any, error)   // JSON for /v1/own/shift
	Care     func(ctx context.Context, agent string) (any, error)   // JSON for /v1/own/care
	Leads    func(agent string) bool                                // is a supervisor
	Figures  Figures                                                // what is reported
	Members  func() map[string][]string                             // the queues of each agent, for the queue log
	Token    string                                                 // bearer token for everything but /health and /ready; empty = nobody gets in
	Version  string
	Started  time.Time
}

// Store is whether what happens now is kept.
type Store struct {
	Engine  string    `json:"engine"`
	Up      bool      `json:"up"`
	Since   time.Time `json:"since"`           // up or down since then
	Why     string    `json:"why,omitempty"`   // it is down
	Records int       `json:"records_waiting"` // sealed and not yet in the store
	Events  int       `json:"events_waiting"`  // of the floor, not yet in the store
}

// Refusal is the error of a reload that changed nothing: every problem of the
// config, as text.
type Refusal []string

// Error gives the problems one below the other.
func (r Refusal) Error() string { return "the config is refused:\n" + strings.Join(r, "\n") }

// Server is the HTTP face.
type Server struct {
	parts    Parts
	log      *slog.Logger
	tries    *tries // of the token
	pins     *tries // of agents at what is their own
	own      own
	exporter *exporter
	face     http.Handler
	working  sync.WaitGroup // requests in progress
}

// New makes the face; it listens when Serve is called.
func New(p Parts, log *slog.Logger) *Server {
	s := &Server{parts: p, log: log, tries: newTries(), pins: newTries(), own: own{answers: map[int]uint64{}}, exporter: newExporter(log)}
	s.face = s.door(s.routes())
	return s
}

// Serve answers on l until ctx ends, then lets requests in progress finish, for 5 s
// at most. When it returns, l is closed and nothing of it runs any more.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if !onLoopback(l.Addr()) {
		s.log.Warn("the api can be reached from other machines without TLS", "address", l.Addr().String())
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx)) // outlives ctx by the grace
	defer s.working.Wait()
	defer stop()
	server := &http.Server{
		Handler:           s.face,
		BaseContext:       func(net.Listener) context.Context { return work },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    mostHeader,

		DisableGeneralOptionsHandler: true,                                                // everything comes through the door
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // strangers' mistakes
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(netutil.LimitListener(l, mostConnections)) }()
	select {
	case err := <-ended:
		return errors.Join(fmt.Errorf("serve %s: %w", l.Addr(), err), server.Close())
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(work, grace)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		s.log.Warn("the api cut off requests at the stop", "after", grace)
		_ = server.Close() // the listener is closed already, the rest has no error to tell
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	return nil
}

// onLoopback tells whether only this machine can reach the address.
func onLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
