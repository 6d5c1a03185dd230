//go:build e2e

package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"math"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to read the server's file from outside
)

// rawEvent is a line of the ledger as it stands on the disk.
type rawEvent struct {
	At struct {
		Wall time.Time
	}
	Kind, Agent, Queue, Reason string
	Ticket                     uint64
	Level                      int
	Length                     time.Duration
	Talk                       struct{ Length time.Duration }
}

// events reads the server's file from outside, while it runs.
func events(t *testing.T, dir string) (all []rawEvent) {
	t.Helper()
	file := url.URL{Scheme: "file", Opaque: filepath.Join(dir, "var", "breakwater.db"), RawQuery: "mode=ro"}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT body FROM events ORDER BY seq")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(body) { // what came together
			var e rawEvent
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatal(err)
			}
			all = append(all, e)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// checkClocks holds the rest and the wrap-up against the clock on the wall, over both
// crashes: never short, and no longer than a start takes.
func checkClocks(t *testing.T, raw []rawEvent) {
	t.Helper()
	at := map[string]time.Time{}
	for _, e := range raw {
		at[e.Agent+" "+e.Kind] = e.At.Wall
	}
	for name, c := range map[string]struct {
		from, to string
		want     time.Duration
	}{
		"the wrap-up":                         {"wrapper finished", "wrapper wrap-up-over", crashWrap},
		"the rest":                            {"rester wrap-up-over", "rester rest-over", crashRest},
		"the rest of a call that was cut off": {"earner wrap-up-over", "earner rest-over", crashRest},
	} {
		if took := at[c.to].Sub(at[c.from]); took < c.want-50*time.Millisecond || took > c.want+3*time.Second {
			t.Errorf("%s took %s, want %s", name, took, c.want)
		}
	}
}

// lineFigures is what is asked of the figures of a queue.
type lineFigures struct {
	Callers struct {
		Entered   int
		Offered   int
		Answered  int
		CutOff    int `json:"cut_off"`
		Callbacks int
		Reached   int `json:"callbacks_reached"`
		GivenUp   int `json:"callbacks_given_up"`
	}
	Level struct {
		D float64 `json:"sl_d"`
	} `json:"service_level"`
	Handling struct {
		Handled int
		ATT     float64 `json:"att_seconds"`
	}
}

// recomputed reckons the figures anew from what is on the disk.
func recomputed(raw []rawEvent) (f lineFigures) {
	parked, talking := map[uint64]bool{}, map[uint64]bool{}
	var talked time.Duration
	within := 0
	for _, e := range raw {
		if e.Queue != "line" {
			continue
		}
		switch e.Kind {
		case "entered":
			f.Callers.Entered++
		case "orphaned":
			f.Callers.CutOff++
		case "parked":
			f.Callers.Callbacks++
			parked[e.Ticket] = true
		case "answered":
			talking[e.Ticket] = !parked[e.Ticket]
			if !parked[e.Ticket] {
				f.Callers.Answered++
				within++
			}
		case "reached":
			f.Callers.Reached++
			talking[e.Ticket] = true
		case "finished":
			if talking[e.Ticket] {
				f.Handling.Handled++
				talked += e.Talk.Length
			}
		}
	}
	f.Callers.Offered = f.Callers.Entered
	f.Level.D = math.Round(1e4*float64(within)/float64(f.Callers.Entered)) / 1e4 // as it is told
	f.Handling.ATT = float64(talked.Milliseconds()/100) / 10 / float64(f.Handling.Handled)
	return f
}

// checkFigures compares what the server says, from memory and from its history, with the
// events.
func checkFigures(t *testing.T, s *server, raw []rawEvent) {
	t.Helper()
	want := recomputed(raw)
	if c := want.Callers; c.Entered != 4 || c.Answered != 1 || c.CutOff != 1 || c.Callbacks != 2 || c.Reached != 2 || want.Handling.Handled != 2 {
		t.Errorf("the events say %+v", want)
	}
	for _, how := range []string{"", "&within=20s"} { // live; read from the disk
		var report struct {
			Periods []struct{ Figures []lineFigures }
		}
		if err := s.get("/v1/figures/queues?from=-15m&queue=line"+how, &report); err != nil {
			t.Fatal(err)
		}
		if len(report.Periods) != 1 || len(report.Periods[0].Figures) != 1 {
			t.Fatalf("figures %+v", report)
		}
		got := report.Periods[0].Figures[0]
		if d := got.Handling.ATT - want.Handling.ATT; d > 0.1 || d < -0.1 {
			t.Errorf("figures%s: talks of %v s, the events say %v s", how, got.Handling.ATT, want.Handling.ATT)
		}
		got.Handling.ATT = want.Handling.ATT
		if got != want {
			t.Errorf("figures%s: %+v, the events say %+v", how, got, want)
		}
	}
}
