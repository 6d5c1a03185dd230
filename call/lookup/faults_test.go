package lookup

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestABrokenSystemIsToldOnceAMinuteAndReason: it fails for every caller, and one line says
// so, with how many they were, and names none of them.
func TestABrokenSystemIsToldOnceAMinuteAndReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log, s := slog.New(slog.NewTextHandler(&out, nil)), &source{name: "crm"}
		refused := errors.New("connection refused")
		for i := range 300 { // five minutes
			s.tell(log, &url.Error{Op: "Get", URL: fmt.Sprint("http://crm/?number=030", i), Err: refused})
			if i == 100 {
				s.tell(log, errors.New("answered 500"))
			}
			<-time.After(time.Second)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 6 {
			t.Fatalf("%d lines, want one a minute and one of the other reason:\n%s", len(lines), out.String())
		}
		for i, want := range []string{"callers=1", "callers=60", "500", "callers=60", "callers=60", "callers=60"} {
			if !strings.Contains(lines[i], want) || strings.Contains(lines[i], "030") {
				t.Errorf("line %d is %s; want %s, and no number", i, lines[i], want)
			}
		}
	})
}

// TestReasonsOfFaultsAreBounded: a system that fails in ever new words is told of, and
// remembered as little.
func TestReasonsOfFaultsAreBounded(t *testing.T) {
	f, lines, callers := &faults{}, 0, 0
	now := time.Now()
	for i := range 1000 {
		if _, n, tell := f.count(fmt.Errorf("fault %d", i), now.Add(time.Duration(i)*time.Second)); tell {
			lines, callers = lines+1, callers+n
		}
	}
	if len(f.told) != faultReasons+1 || lines > faultReasons+18 || callers < 900 {
		t.Errorf("%d reasons are remembered, %d lines told of %d callers", len(f.told), lines, callers)
	}
}
