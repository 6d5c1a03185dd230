package api

import (
	"net/http"
	"strings"
	"testing"
)

func TestCallbacksAreShownMadeAndCancelled(t *testing.T) {
	for name, c := range map[string]struct {
		method, path string
		status       int
		holds        string
	}{
		"who waits":                 {http.MethodGet, "/v1/callbacks", 200, `"number":"0301234"`},
		"at a time":                 {http.MethodPost, "/v1/callbacks/schedule?queue=orders&number=0301234&at=2026-03-01T10:00:00Z", 200, `{"ticket":8}`},
		"a number that is not good": {http.MethodPost, "/v1/callbacks/schedule?queue=orders&number=0900&at=2026-03-01T10:00:00Z", 409, "no callback"},
		"no such queue":             {http.MethodPost, "/v1/callbacks/schedule?queue=x&number=0301234", 404, "no such queue"},
		"no time":                   {http.MethodPost, "/v1/callbacks/schedule?queue=orders&number=0301234&at=tomorrow", 400, "is no time"},
		"in a hundred years":        {http.MethodPost, "/v1/callbacks/schedule?queue=orders&number=0301234&at=2126-03-01T10:00:00Z", 400, "days ahead"},
		"no number":                 {http.MethodPost, "/v1/callbacks/schedule?queue=orders", 400, "number are needed"},
		"cancelled":                 {http.MethodPost, "/v1/callbacks/7/cancel", 200, `{"cancelled":7}`},
		"cancelled twice":           {http.MethodPost, "/v1/callbacks/9/cancel", 404, "no such caller"},
		"no ticket":                 {http.MethodPost, "/v1/callbacks/x/cancel", 400, "is no ticket"},
		"by looking":                {http.MethodGet, "/v1/callbacks/schedule?queue=orders&number=0301234", 405, "use POST"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := ask(newOffice().open(), request(c.method, c.path))
			if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.holds) {
				t.Errorf("%d %s, want %d with %s", answer.Code, answer.Body, c.status, c.holds)
			}
		})
	}
}
