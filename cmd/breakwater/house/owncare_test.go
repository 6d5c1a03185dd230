package house

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"breakwater/acd"
)

// TestAnAgentSeesWhyNoCallComes: the rule that keeps calls away, the break earned, and
// who has lifted what, as JSON.
func TestAnAgentSeesWhyNoCallComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		floor, err := acd.NewFloor(ctx, acd.Plan{
			Agents: map[string]acd.AgentSpec{"anna": {}}, Queues: map[string]acd.QueueSpec{"q": {WrapUp: -1}},
		}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- floor.Run(ctx) }()
		defer func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}()
		if _, err := floor.Do(ctx, "anna", acd.Command{Verb: acd.LogIn, Phone: "1001"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(55*time.Minute + time.Second) //nolint:forbidigo // the bubble's clock
		if _, err := floor.Lift(ctx, acd.Lift{Agent: "anna", Cap: acd.CapLoad, By: "sue", Reason: "storm"}); err != nil {
			t.Fatal(err)
		}
		h := &House{Floor: floor}
		seen, err := h.ownCare(ctx, "anna")
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(seen)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			`"asked":true`, `"break_earned":300`, `"why":["`, "is asked to take the break that is due", `"cap":"occupancy"`, `"by":"sue"`, `"reason":"storm"`,
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s does not say %s", text, want)
			}
		}
		if _, err := h.ownCare(ctx, "zoe"); err == nil {
			t.Error("a stranger has a view")
		}
	})
}
