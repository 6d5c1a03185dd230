package acd

import (
	"strings"
	"testing"
	"time"
)

// FuzzNeed compiles whatever a config may hold, and asks it of an agent: never a
// panic, and an error always names its column.
func FuzzNeed(f *testing.F) {
	for _, text := range []string{
		"", "x", "x >= 3 && (y >= 5 || z >= 7)", `data.tier == "T2"`, "data[x] > 1", "x >", "((((", "not x > 1",
		`"vip" in data`, "x in 1..3", "x ? y : z", "data?.a?.b == 1", "let q = x; q > 1", `x matches "["`, "-x > 1",
	} {
		f.Add(text)
	}
	agents := map[string]AgentSpec{"anna": {Skills: map[string]int{"x": 3, "y": 5, "z": 1}}}
	d := newDictionary(agents)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := d.compile(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "column ") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		data := map[string]any{"tier": "T2", "a": nil}
		met := n.met(d.env(agents["anna"]), data)
		if lacking := n.lacking(d.env(agents["anna"]), data); met && lacking != "" {
			t.Errorf("%q is met, and lacks %q", text, lacking)
		}
		_ = n.signature(data)
	})
}

// FuzzRecall rebuilds a floor from whatever a disk may give back.
func FuzzRecall(f *testing.F) {
	f.Add([]byte(`{"at":{"wall":"2026-03-02T08:00:00Z","boot":"b","mono":5},"people":[{"name":"anna","state":"wrap-up","wrap_end":9}]}`), KindWrapUpOver, "")
	f.Add([]byte(`{"people":[{"name":"anna","state":"asleep"}]}`), KindLogIn, "ready")
	f.Add([]byte(`{`), "", "")
	f.Add([]byte(`null`), KindEntered, "x")
	f.Fuzz(func(t *testing.T, blob []byte, kind, state string) {
		now := Stamp{Wall: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Boot: "b", Mono: time.Hour}
		p, err := recall(blob, []Event{{Seq: 1 << 62, At: now, Kind: kind, Agent: "anna", State: AgentState(state)}}, now)
		if err != nil {
			return
		}
		r, err := prepare(help())
		if err != nil {
			t.Fatal(err)
		}
		b := newBoard()
		if _, err := b.apply(now, func(b *board) error { b.adopt(r); b.resume(p); return nil }); err != nil {
			t.Error(err)
		}
	})
}
