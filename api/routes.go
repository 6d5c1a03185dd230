package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"breakwater/acd"
	"breakwater/acd/figures"
)

// route is one thing that can be asked.
type route struct {
	method, path string
	answer       func(r *http.Request) (any, error) // gives what becomes JSON
}

// table is everything that can be asked. /metrics, which is not JSON, stands beside.
func (s *Server) table() []route {
	return []route{
		{http.MethodGet, "/health", s.health},
		{http.MethodGet, "/ready", s.ready},
		{http.MethodGet, "/v1/status", s.status},
		{http.MethodGet, "/v1/calls", s.calls},
		{http.MethodGet, "/v1/callbacks", s.callbacks},
		{http.MethodPost, "/v1/callbacks/schedule", s.schedule},
		{http.MethodPost, "/v1/callbacks/{ticket}/cancel", s.cancelCallback},
		{http.MethodGet, "/v1/agents", s.agents},
		{http.MethodGet, "/v1/queues", s.queues},
		{http.MethodGet, "/v1/phones", s.phones},
		{http.MethodGet, "/v1/records", s.records},
		{http.MethodGet, "/v1/records/{id}", s.record},
		{http.MethodGet, "/v1/why", s.why},
		{http.MethodGet, figurePaths + "queues", s.queueFigures},
		{http.MethodGet, figurePaths + "teams/{team}", s.teamFigures},
		{http.MethodGet, figurePaths + "protection", s.careFigures},
		{http.MethodGet, figurePaths + "queue_log", s.queueLog},
		{http.MethodGet, ownPaths + "figures", s.ownFigures},
		{http.MethodGet, ownPaths + "hearing", s.ownHearing},
		{http.MethodGet, ownPaths + "shift", s.ownShift},
		{http.MethodGet, ownPaths + "care", s.ownCare},
		{http.MethodPost, leadPaths + "lift", s.lift},
		{http.MethodGet, leadPaths + "talks", s.talks},
		{http.MethodPost, leadPaths + "take", s.takeTalk},
		{http.MethodPost, leadPaths + "talked", s.talked},
		{http.MethodGet, "/v1/config", s.config},
		{http.MethodPost, "/v1/config/reload", s.reload},
	}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	add := func(method, path string, h http.Handler) {
		mux.Handle(method+" "+path, h)
		mux.Handle(path, onlyBy(method))
	}
	for _, r := range s.table() {
		add(r.method, r.path, s.asJSON(r.answer))
	}
	add(http.MethodGet, "/metrics", http.HandlerFunc(s.exposition))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, fmt.Sprintf("there is nothing at %s", r.URL.Path))
	})
	return mux
}

// onlyBy answers every method but the one that is served.
func onlyBy(method string) http.Handler {
	allowed := method
	if method == http.MethodGet {
		allowed += ", " + http.MethodHead
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		fail(w, http.StatusMethodNotAllowed, fmt.Sprintf("%s is not served at %s; use %s", r.Method, r.URL.Path, method))
	})
}

// asJSON sends what answer gives, or says what is wrong. No request needs a body;
// what comes is read up to the limit and dropped.
func (s *Server) asJSON(answer func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patienceOf(r))
		defer cancel()
		r = r.WithContext(ctx)
		_, err := io.Copy(io.Discard, r.Body)
		var v any
		if err == nil {
			v, err = answer(r)
		}
		if err != nil {
			s.explain(w, r, err)
			return
		}
		if long, is := v.(stream); is {
			s.pour(w, r, long)
			return
		}
		send(w, http.StatusOK, v)
	})
}

// patienceOf is how long the house may take for what is asked.
func patienceOf(r *http.Request) time.Duration {
	if strings.HasPrefix(r.URL.Path, figurePaths) || r.URL.Path == ownPaths+"figures" {
		return reporting
	}
	return patience
}

// fault is an error that the asker can mend, with its HTTP status.
type fault struct {
	status int
	text   string
}

func (f fault) Error() string { return f.text }

func badRequest(format string, args ...any) error {
	return fault{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// explain answers with an error, and logs it when it is ours.
func (s *Server) explain(w http.ResponseWriter, r *http.Request, err error) {
	var (
		asker   fault
		refusal Refusal
		large   *http.MaxBytesError
	)
	switch {
	case errors.As(err, &asker):
		fail(w, asker.status, asker.text)
	case errors.As(err, &refusal):
		send(w, http.StatusConflict, problem{Error: "the config is refused, the last good one runs on", Problems: refusal})
	case errors.As(err, &large):
		w.Header().Set("Connection", "close")
		fail(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", large.Limit))
	case errors.Is(err, figures.ErrAsk):
		fail(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, acd.ErrNoAgent), errors.Is(err, acd.ErrNoTicket), errors.Is(err, acd.ErrNoQueue):
		fail(w, http.StatusNotFound, err.Error())
	case errors.Is(err, acd.ErrBadLift):
		fail(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, acd.ErrNoCallback), errors.Is(err, acd.ErrNoTalk):
		fail(w, http.StatusConflict, err.Error())
	case errors.Is(err, acd.ErrStopped), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		fail(w, http.StatusServiceUnavailable, err.Error())
	default:
		s.log.Error("the api cannot answer", "path", r.URL.Path, "err", err)
		fail(w, http.StatusInternalServerError, err.Error())
	}
}

// problem is the JSON of every error.
type problem struct {
	Error    string   `json:"error"`
	Problems []string `json:"problems,omitempty"` // of a refused config
}

func fail(w http.ResponseWriter, status int, text string) { send(w, status, problem{Error: text}) }

// send writes v as JSON. Nothing is sent before all of it is known to be JSON.
func send(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	out := json.NewEncoder(&body)
	out.SetEscapeHTML(false) // nosniff: nobody reads this as a page
	if err := out.Encode(v); err != nil {
		panic(fmt.Errorf("answer of type %T: %w", v, err)) // our own types: a broken program
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the asker is gone: nobody to tell
}
