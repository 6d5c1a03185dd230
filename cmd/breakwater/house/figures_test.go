package house_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// asks gives what the api answers at a path.
func (s *stage) asks(path string) string {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.house.API.Addr().String()+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.house.Token())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	return string(body)
}

// TestACallIsInTheFiguresWithinASecond: a call on real phones, live in the api, in the
// metrics and in the queue log.
func TestACallIsInTheFiguresWithinASecond(t *testing.T) {
	s := open(t)
	anna := s.desk("anna")
	s.logIn(anna)
	caller := s.connects("8100", anna)
	caller.hangsUp()
	anna.isCut()
	s.becomes("anna", "wrap-up")
	s.becomes("anna", "ready")
	for path, want := range map[string]string{
		"/v1/figures/queues?queue=sales&from=-15m": `"answered":1,`,
		"/v1/figures/queues?from=-15m&format=csv":  ",sales,1,1,",
		"/v1/figures/protection":                   `"double_offers":0,`,
		"/metrics":                                 `queue_service_level{queue="sales",window="15m"} 1`,
		"/v1/figures/queue_log?from=-15m":          "|sales|AGENT|COMPLETECALLER|",
	} {
		if !holds(time.Second, func() bool { return strings.Contains(s.asks(path), want) }) {
			t.Errorf("%s says %s; want %s in it", path, s.asks(path), want)
		}
	}
}
