package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const asksOfCalls = `
agents: {anna: {number: "1", pin: {env: PIN_OF_ANNA}, skills: {vip: 3}}}
queues:
  help:
    needs: vip >= 1 || data.teir != "gold"
    relax: [{after: 30s, add: 'data.language == "en"'}]
    boosts: [{when: 'data.customer startsWith "7"', minutes: 1}]
menus:
  main:
    collect: {name: customer, otherwise: goodbye}
    branches: [{when: 'data.language == "zh"', go: queue:help}, {when: 'data.tier == "gold"', go: queue:help}]
    then: queue:help
numbers: {"100": {menu: main}}
`

func TestWhatNoCallWillEverHaveIsNamed(t *testing.T) {
	t.Setenv("PIN_OF_ANNA", "1357")
	table := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(table, []byte("number,tier,Free Text\n030123,gold,x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		lookups string
		want    []string
	}{
		"without a lookup": {"", []string{
			"queue help asks for data.teir, which no menu",
			"menu main asks for data.language, which no menu collects and no lookup gives: it is always empty; in a menu, write language",
			"menu main asks for data.tier, which",
		}},
		"with a table": {"lookups: {customers: {csv: " + table + "}}", []string{
			"queue help asks for data.teir, which no menu collects and no lookup gives: it is always empty; did you mean data.tier?",
			"menu main asks for data.language,",
		}},
		"with a fallback":              {"lookups: {a: {csv: " + table + ", fields: [vip], otherwise: {teir: none, tier: none}}}", []string{"menu main asks for data.language,"}},
		"with a system that may":       {"lookups: {crm: {url: 'http://crm.example/{number}'}}", nil},
		"with a system, and its words": {"lookups: {crm: {url: 'http://crm.example/{number}', fields: [tier, teir]}}", []string{"menu main asks for data.language,"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := loaded(t, asksOfCalls+c.lookups+"\n").NeverKnown()
			if len(got) != len(c.want) {
				t.Fatalf("said\n%s\nwant %d sentences", strings.Join(got, "\n"), len(c.want))
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("said %q, want %q …", got[i], want)
				}
			}
		})
	}
}
