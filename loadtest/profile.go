package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// profileCommand writes a config directory for load: protection of agents from
// too much work is off, because here they are machines, and nothing is said that
// a measurement would have to wait for.
type profileCommand struct {
	Dir     string `arg:"" help:"Directory to write; it must not hold other config files." default:"loadtest/profiles/bench"`
	Agents  int    `help:"Agents and phones." default:"100"`
	Listen  string `help:"SIP address, UDP and TCP." default:"127.0.0.1:5060"`
	API     string `help:"Address of the admin face." default:"127.0.0.1:8080"`
	Ports   []int  `help:"First and last RTP port." default:"10000,32766"`
	Trunk   string `help:"Address callers come from." default:"127.0.0.2"`
	Var     string `help:"Directory of what the server writes." default:"var/bench"`
	Silence string `help:"How RTP silence is probed: after this long." default:"3s"`
	Record  bool   `help:"Record every call of the large queue, from its first word."`

	More []string `help:"More settings, SECTION: KEY: VALUE with section media, hearing or sip, e.g. hearing: off: true." sep:"none" placeholder:"SECTION: KEY: VALUE"`
}

var errFewAgents = errors.New("a profile needs 6 agents or more and 2 ports")

// Run writes the files and says so.
func (c *profileCommand) Run() error {
	if err := c.write(); err != nil {
		return err
	}
	fmt.Printf("%s: %d phones, secrets from the environment: BENCH_PASSWORD, BENCH_PIN\n", c.Dir, c.Agents)
	return nil
}

func (c *profileCommand) write() error {
	files, err := c.files()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(c.Dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// files gives every file of the profile by name.
func (c *profileCommand) files() (map[string][]byte, error) {
	if c.Agents < 6 || len(c.Ports) != 2 {
		return nil, errFewAgents
	}
	out := map[string][]byte{}
	for name, text := range profileTexts {
		t, err := template.New(name).Funcs(template.FuncMap{"phone": phoneName, "agent": agentName, "number": agentNumber}).Parse(text)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, c); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = b.Bytes()
	}
	return out, nil
}

// The names of the profile; agents count from 1.

func phoneName(n int) string   { return fmt.Sprintf("%d", 2000+n) }
func agentName(n int) string   { return fmt.Sprintf("a%03d", n) }
func agentNumber(n int) string { return fmt.Sprintf("%d", 7000+n) }

// The numbers of the profile.
const (
	numberBench    = "8100" // straight into the queue of all agents
	numberOne      = "8200" // one agent
	numberDeclines = "8201" // two agents in order, of whom the first declines
	numberSilents  = "8202" // two agents in order, of whom the first lets it ring
	numberPhone    = "8203" // a phone
	numberMenu     = "8300" // a menu; key 1 leads to the one agent
)

const profileHead = "# Written by \"loadtest profile\": do not edit, generate.\n"

var profileTexts = map[string]string{
	"server.yaml": profileHead + `sip:
  listen:
    - {transport: udp, address: "{{.Listen}}"}
    - {transport: tcp, address: "{{.Listen}}"}
  rate_per_source: 100000      # every phone has the same address here
  silence: {{.Silence}}
  qualify: 10m                 # SIPp takes an OPTIONS between its calls for the call that it waits for
{{- range .Section "sip"}}
  {{.}}
{{- end}}

media:
  port_low: {{index .Ports 0}}
  port_high: {{index .Ports 1}}
  recordings: {{.Var}}/recordings
{{- range .Section "media"}}
  {{.}}
{{- end}}
{{- range $i, $line := .Section "hearing"}}
{{if not $i}}
hearing:
{{end}}  {{$line}}
{{- end}}

store:
  url: sqlite:{{.Var}}/breakwater.db

api:
  listen: {{.API}}
  token_file: {{.Var}}/api-token

floor:
  gap: -1                      # machines need no sip of water
  strikes: 100

figures:
  at_hand: 20000               # of some ten a call: memory is flat in minutes, not after a day

trunks:
  carrier:
    addresses: [{{.Trunk}}]
    notice_given: true

numbers:
  8100: {queue: bench}         # straight into the queue of all agents
  8200: {queue: one}
  8201: {queue: declines}      # two agents in order, of whom the first declines
  8202: {queue: silents}       # two agents in order, of whom the first lets it ring
  8203: {phone: "{{phone 6}}"}
  8300: {menu: keys}

menus:
  keys:
    greeting: [welcome]
    keys: {1: queue:one}
`,
	"queues.yaml": profileHead + `queues:
{{- range $name, $agents := .Queues}}
  {{$name}}:
    agents: [{{range $i, $a := $agents}}{{if $i}}, {{end}}{{agent $a}}{{end}}]
    strategy: {{if eq $name "bench"}}longest-idle{{else}}linear{{end}}
    ring: {{if eq $name "silents"}}2s{{else}}20s{{end}}
    wrap_up: -1
    notice: given
    record: {{if and $.Record (eq $name "bench")}}after_notice{{else}}never{{end}}
    music: none
    position: false
    whisper: false
    on_agent_hangup: end
{{- end}}
`,
	"phones.yaml": profileHead + `phones:
{{- range .Each}}
  {{phone .}}: {password: {env: BENCH_PASSWORD}}
{{- end}}
`,
	"agents.yaml": profileHead + `agents:
{{- range .Each}}
  {{agent .}}: {number: {{number .}}, pin: {env: BENCH_PIN}}
{{- end}}
`,
}

// Section gives the settings of More that belong to a section.
func (c *profileCommand) Section(name string) (lines []string) {
	for _, m := range c.More {
		if section, line, ok := strings.Cut(m, ":"); ok && section == name {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// Each counts the agents.
func (c *profileCommand) Each() []int {
	all := make([]int, c.Agents)
	for i := range all {
		all[i] = i + 1
	}
	return all
}

// Queues gives the agents of each queue.
func (c *profileCommand) Queues() map[string][]int {
	return map[string][]int{"bench": c.Each(), "one": {1}, "declines": {2, 3}, "silents": {4, 5}}
}
