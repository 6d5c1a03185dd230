package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// open are the paths that need no token: they tell a supervisor of processes
// whether the server lives, and nothing else.
var open = map[string]bool{"/health": true, "/ready": true}

// door lets a request in or turns it away, whatever it asks for.
func (s *Server) door(inside http.Handler) http.Handler {
	return http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		s.working.Add(1)
		defer s.working.Done()
		w := &noted{ResponseWriter: to}
		defer func() { s.own.answered(w.status) }()
		defer s.survive(w, r)
		harden(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		if !hostIsOurs(r) {
			fail(w, http.StatusForbidden, fmt.Sprintf("host %q is not this server: ask by its address or as localhost", r.Host))
			return
		}
		if !open[r.URL.Path] && !s.admit(w, r) {
			return
		}
		inside.ServeHTTP(w, r)
	})
}

// harden keeps answers out of caches, frames and guesses.
func harden(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// hostIsOurs refuses names that somebody else may point at this machine: the way of
// DNS rebinding, by which a page in the admin's browser would read what is here.
// A request without a host (HTTP/1.0) comes from no browser.
func hostIsOurs(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "" || host == "localhost" {
		return true
	}
	at, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return false
	}
	if at.IsLoopback() {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.AddrPort().Addr().Unmap() == at.Unmap()
}

// admit checks the token and has answered when it is not right.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, ownPaths) {
		return s.admitAgent(w, r, "what is here belongs to the agent")
	}
	if strings.HasPrefix(r.URL.Path, leadPaths) {
		return s.admitLead(w, r)
	}
	now, from := time.Now(), sourceOf(r)
	if wait := s.tries.wait(from, now); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		fail(w, http.StatusTooManyRequests, "too many wrong tokens from this source")
		return false
	}
	shown, isBearer := bearer(r)
	if isBearer && sameToken(shown, s.parts.Token) {
		return true
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="breakwater"`)
	if !isBearer {
		fail(w, http.StatusUnauthorized, "a bearer token is needed: Authorization: Bearer TOKEN")
		return false
	}
	s.own.note(func() { s.own.tokensRefused++ })
	if s.tries.failed(from, now) {
		s.log.Warn("too many wrong tokens at the api", "from", from.String())
	}
	fail(w, http.StatusUnauthorized, "the token is wrong")
	return false
}

func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

// sameToken compares in a time that tells neither content nor length.
func sameToken(shown, want string) bool {
	a, b := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(want))
	return want != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// sourceOf is the address of the peer; the zero address when there is none.
func sourceOf(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr()
}

// survive turns a panic of a handler into a 500; the other requests go on.
func (s *Server) survive(w *noted, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p) // how net/http is told to drop a connection
	}
	s.own.note(func() { s.own.panics++ })
	s.log.Error("an answer of the api broke", "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	fail(w, http.StatusInternalServerError, "internal error; the log tells more")
}

// noted remembers the status that was sent; 0 = none yet.
type noted struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status and sends it.
func (n *noted) WriteHeader(status int) {
	if n.status == 0 {
		n.status = status
	}
	n.ResponseWriter.WriteHeader(status)
}

// Write sends part of the body; the first part sends 200 when nothing else was.
func (n *noted) Write(b []byte) (int, error) {
	if n.status == 0 {
		n.status = http.StatusOK
	}
	return n.ResponseWriter.Write(b)
}

// Unwrap lets net/http reach the connection.
func (n *noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }
