package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnAgentSeesTheirOwnHearingAndNobodyElseDoes(t *testing.T) {
	o := newOffice()
	o.parts.Agent = func(number, pin, _ string) (string, bool) { return "anna", number == "201" && pin == "4711" }
	o.parts.Dose = func(_ context.Context, agent string) (any, error) { return map[string]string{"agent": agent}, nil }
	o.parts.Shift = func(_ context.Context, agent string) (any, error) { return map[string]string{"works": agent}, nil }
	o.parts.Care = func(_ context.Context, agent string) (any, error) { return map[string]string{"spared": agent}, nil }
	s := o.open()
	tests := []struct {
		name   string
		auth   func(*http.Request)
		status int
		body   string
	}{
		{"number and PIN", func(r *http.Request) { r.SetBasicAuth("201", "4711") }, http.StatusOK, `"anna"`},
		{"a wrong PIN", func(r *http.Request) { r.SetBasicAuth("201", "4712") }, http.StatusUnauthorized, "belongs to the agent"},
		{"nothing", func(*http.Request) {}, http.StatusUnauthorized, "belongs to the agent"},
		{"the admin's token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, http.StatusUnauthorized, "belongs to the agent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, what := range []string{"hearing", "shift", "care"} {
				r := httptest.NewRequest(http.MethodGet, "http://localhost/v1/own/"+what, nil)
				tt.auth(r)
				w := httptest.NewRecorder()
				s.face.ServeHTTP(w, r)
				if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
					t.Errorf("%s: %d %s; want %d and %s", what, w.Code, w.Body, tt.status, tt.body)
				}
			}
		})
	}
}

func TestAPINIsNotGuessedAtTheAPI(t *testing.T) {
	o := newOffice()
	o.parts.Agent = func(_, pin, _ string) (string, bool) { return "anna", pin == "4711" }
	o.parts.Dose = func(context.Context, string) (any, error) { return nil, nil }
	s := o.open()
	var last int
	for range 2 * triesRoom {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/v1/own/hearing", nil)
		r.SetBasicAuth("201", "0000")
		w := httptest.NewRecorder()
		s.face.ServeHTTP(w, r)
		last = w.Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("after many wrong PINs the answer is %d", last)
	}
}

func TestWrongPINsDoNotLockTheAdminOut(t *testing.T) {
	o := newOffice()
	o.parts.Agent = func(string, string, string) (string, bool) { return "", false }
	s := o.open()
	for range 2 * triesRoom {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/v1/own/hearing", nil)
		r.SetBasicAuth("201", "0000")
		s.face.ServeHTTP(httptest.NewRecorder(), r)
	}
	if w := ask(s, request(http.MethodGet, "/v1/status")); w.Code != http.StatusOK {
		t.Errorf("the admin's token gets %d after wrong PINs from the same address", w.Code)
	}
}

func TestAMachineWithManyAddressesIsOneSource(t *testing.T) {
	o := newOffice()
	var seen []string
	o.parts.Agent = func(_, _, from string) (string, bool) { seen = append(seen, from); return "", false }
	s := o.open()
	for _, addr := range []string{"[2001:db8::1]:1", "[2001:db8::2]:1"} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/v1/own/hearing", nil)
		r.RemoteAddr = addr
		r.SetBasicAuth("201", "0000")
		s.face.ServeHTTP(httptest.NewRecorder(), r)
	}
	if len(seen) != 2 || seen[0] != seen[1] {
		t.Errorf("PINs are counted by %v", seen)
	}
}
