package call

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"breakwater/acd"
	"breakwater/call/lookup"
	"breakwater/ivr"
)

// TestWhatIsLookedUpLeadsMenusAndSkills: a table decides the branch of a menu and the
// agent of a queue, for callers from outside.
func TestWhatIsLookedUpLeadsMenusAndSkills(t *testing.T) {
	file := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(file, []byte("number,tier\n0301111,gold\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		r.logIn("ben", "1002")
		for number, phone := range map[string]string{"0301111": "1002", "0302222": "1001"} {
			caller := r.dial(number, "8000")
			agent := r.rung()
			if agent.party.Phone != phone {
				t.Errorf("%s rings phone %s, want %s", number, agent.party.Phone, phone)
			}
			caller.hangUp()
			if rec := r.record(); rec.Data["tier"] != map[string]string{"0301111": "gold", "0302222": "plain"}[number] {
				t.Errorf("data %v", rec.Data)
			}
		}
	}, withoutNotice, func(p *Plan, f *acd.Plan) {
		p.Lookups = map[string]lookup.Spec{"customers": {CSV: file, Otherwise: map[string]string{"tier": "plain"}}}
		p.Menus["main"] = ivr.Menu{
			Branches: []ivr.Branch{{When: `data.tier == "gold"`, Go: "queue:gentle"}}, Then: "queue:orders",
		}.WithDefaults()
		vip, plain := f.Queues["gentle"], f.Queues["orders"]
		vip.Agents, vip.Needs = nil, `data.tier == "gold" && vip >= 1`
		plain.Agents = []string{"anna"}
		f.Queues["gentle"], f.Queues["orders"] = vip, plain
		f.Agents["ben"] = acd.AgentSpec{Name: "ben", Number: "7002", Skills: map[string]int{"vip": 1}}
	})
}

// TestWhatIsKnownOfACallerMovesThemForward: by the number they dialled, by what they typed,
// and by what a table says of them, before somebody who came a minute earlier.
func TestWhatIsKnownOfACallerMovesThemForward(t *testing.T) {
	file := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(file, []byte("number,tier\n0301111,gold\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, late := range map[string]struct {
		from, number, types string
		first               bool
	}{
		"the number dialled": {"0303333", "8110", "", true},
		"what they typed":    {"0303333", "8000", "77#", true},
		"what a table says":  {"0301111", "8100", "", true},
		"nothing":            {"0303333", "8100", "", false},
		"something else":     {"0303333", "8000", "78#", false},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.logIn("anna", "1001")
				r.do("anna", acd.Command{Verb: acd.GoNotReady})
				r.dial("0302222", "8100")
				wait(time.Minute)
				caller := r.dial(late.from, late.number)
				wait(3 * time.Second)
				caller.press(late.types)
				wait(10 * time.Second)
				r.do("anna", acd.Command{Verb: acd.GoReady})
				r.rung().answer()
				wait(time.Second)
				served := ""
				for _, v := range r.x.Calls() {
					if v.Phase == "talking" {
						served = v.Caller
					}
				}
				if want := map[bool]string{true: late.from, false: "0302222"}[late.first]; served != want {
					t.Errorf("%q is served first, want %q", served, want)
				}
			}, func(p *Plan, f *acd.Plan) {
				p.Lookups = map[string]lookup.Spec{"customers": {CSV: file}}
				p.Numbers["8110"] = NumberSpec{Queue: "orders"}
				p.Menus["main"] = ivr.Menu{Collect: ivr.Collect{Name: "contract", Prompt: []string{"menu-main"}}, Then: "queue:orders"}.WithDefaults()
				q := f.Queues["orders"]
				q.Boosts = []acd.Boost{
					{When: `data.dialled == "8110"`, Minutes: 5}, {When: `data.contract == "77"`, Minutes: 5}, {When: `data.tier == "gold"`, Minutes: 5},
				}
				f.Queues["orders"] = q
			})
		})
	}
}

// TestABrokenSystemKeepsNobodyFromAnAgent: the trouble is in the record, the call goes on.
func TestABrokenSystemKeepsNobodyFromAnAgent(t *testing.T) {
	crm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
	at := crm.URL
	crm.Close() // and nobody is there at all
	inRoom(t, func(r *room) {
		r.logIn("anna", "1001")
		caller := r.dial("0301111", "8100")
		r.rung()
		caller.hangUp()
		if rec := r.record(); rec.Data["tier"] != "plain" || !hasStep(rec, "lookup.trouble") {
			t.Errorf("data %v, steps %v", rec.Data, stepNames(rec))
		}
	}, withoutNotice, func(p *Plan, _ *acd.Plan) {
		p.Lookups = map[string]lookup.Spec{"crm": {URL: at + "/{number}", Otherwise: map[string]string{"tier": "plain"}}}
	})
}

func hasStep(r Record, name string) bool {
	for _, s := range stepNames(r) {
		if s == name {
			return true
		}
	}
	return false
}
