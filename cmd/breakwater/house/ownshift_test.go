package house

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
	"breakwater/config"
	"breakwater/store"
)

const ownShiftConfig = `
phones:
  1001: {password: {env: OWN_SHIFT_TEST}}
agents:
  mei: {number: 7001, pin: {env: OWN_SHIFT_PIN}}
  ben: {number: 7002, pin: {env: OWN_SHIFT_PIN}}
shifts:
  hotline:
    time_zone: UTC
    agents: [mei]
    week:
      sat: [09:00-17:00]
      sun: [09:00-17:00]
    breaks:
      sat: [12:00-12:15]
`

func TestAnAgentSeesThePlanAndHowItWasKept(t *testing.T) {
	t.Setenv("OWN_SHIFT_TEST", "password-of-a-phone")
	t.Setenv("OWN_SHIFT_PIN", "471123")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(ownShiftConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC of Saturday 2000-01-01
		log := slog.New(slog.DiscardHandler)
		h := &House{opts: Options{Log: log}}
		var err error
		if h.Keeper, err = config.Keep(dir, log); err != nil {
			t.Fatal(err)
		}
		if h.Store, err = store.Open(t.Context(), "memory:", log); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := h.Store.Close(); err != nil {
				t.Error(err)
			}
		}()
		if h.shifts, err = newShifts(h.Keeper.Current(), &told{}, log); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9*time.Hour + 30*time.Minute) //nolint:forbidigo // the bubble's clock
		if err := h.Store.Append(t.Context(), []acd.Event{{Seq: 1, At: acd.Stamp{Wall: time.Now()}, Kind: acd.KindLogIn, Agent: "mei", State: acd.Ready}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Minute) //nolint:forbidigo // as above
		got := asked(t, h, "mei")
		today := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		if !got.On || !got.End.Equal(today.Add(17*time.Hour)) || got.Break == nil || !got.Break.From.Equal(today.Add(12*time.Hour)) || !got.Next.Equal(today.Add(33*time.Hour)) {
			t.Errorf("now: %+v", got)
		}
		if len(got.Plan) != 4 || got.Plan[0].Date.String() != "2000-01-01" || len(got.Plan[0].Spans) != 3 {
			t.Errorf("plan: %+v", got.Plan)
		}
		kept := got.Kept[len(got.Kept)-1]
		if kept.Scheduled != 7200 || kept.Adherent != 5400 || kept.Share != 0.75 || kept.Formula == "" {
			t.Errorf("half an hour late of two hours: %+v", kept)
		}
		if len(got.Hardships) == 0 || got.Hardships[0].Source == "" {
			t.Errorf("every weekend, and nobody says so: %+v", got.Hardships)
		}
		if none := asked(t, h, "ben"); none.Shift != "" || none.Plan == nil || none.Kept == nil || none.On {
			t.Errorf("ben has no plan: %+v", none)
		}
	})
}

// asked is what the api sends an agent.
func asked(t *testing.T, h *House, agent string) ownShift {
	t.Helper()
	v, err := h.ownShift(t.Context(), agent)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out ownShift
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
