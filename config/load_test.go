package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"breakwater/acd"
	"breakwater/call"
	"breakwater/media/prompt"
)

var update = flag.Bool("update", false, "write what is printed into the want.txt files")

func TestEveryBrokenDirectoryIsToldLikeACompilerWould(t *testing.T) {
	dirs, err := filepath.Glob("testdata/broken/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) < 20 {
		t.Fatalf("only %d broken directories", len(dirs))
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			_, _, err := load(dir, quick{fromSystem{dir}})
			var problems Errors
			if !errors.As(err, &problems) {
				t.Fatalf("Load gives %v, want Errors", err)
			}
			golden := filepath.Join(dir, "want.txt")
			got := problems.Error() + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the problems read otherwise (-want +got):\n%s", diff)
			}
			for _, secret := range []string{"hunter", "correct-horse", "482913", "123456"} {
				if strings.Contains(got, secret) {
					t.Errorf("the problems show the secret %s", secret)
				}
			}
		})
	}
}

// quick opens the built-in sounds once for all tests: that is most of a load.
type quick struct{ fromSystem }

var builtIn = sync.OnceValue(func() sounds {
	book, err := prompt.New(prompt.Settings{})
	if err != nil {
		panic(err)
	}
	return book
})

// file knows the PIN of agents that a test does not care about.
func (q quick) file(key, name string) (string, error) {
	if name == "pin" {
		return "482913", nil
	}
	return q.fromSystem.file(key, name)
}

func (q quick) sounds(s prompt.Settings) (sounds, map[string]string) {
	if s.Folder == "" && len(s.Music) == 0 {
		return builtIn(), nil
	}
	return q.fromSystem.sounds(s)
}

func TestEveryExampleIsGood(t *testing.T) {
	dir := t.TempDir()
	for _, example := range []string{"example"} {
		copied := filepath.Join(dir, "config", example)
		if err := os.CopyFS(copied, os.DirFS(example)); err != nil {
			t.Fatal(err)
		}
		if _, err := EnsureSecrets(copied); err != nil {
			t.Fatal(err)
		}
		_, c, err := load(copied, quick{fromSystem{copied}})
		if err != nil {
			t.Fatalf("%s:\n%v", example, err)
		}
		if c.Phones["1001"].Password == "" || c.Agents["anna"].Number != "7001" || !c.Agents["sofia"].Supervisor {
			t.Errorf("phones %v, agents %v", c.Phones, c.Agents)
		}
		if never := c.NeverKnown(); len(never) > 0 {
			t.Error(never)
		}
		if q := c.Queues["crisis"]; !q.Emergency || q.OnAgentHangup != call.HangupRescue {
			t.Errorf("crisis is %+v", q.QueueManners)
		}
	}
}

func TestEveryPieceOfCommentedConfigInTheExampleIsGood(t *testing.T) {
	// What stands behind a # in the example is advice: it must be true as well.
	dir := filepath.Join(t.TempDir(), "config", "example")
	if err := os.CopyFS(dir, os.DirFS("example")); err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`^(\s*)# ?((\s*)(- )?[a-z0-9_-]+:( .*)?|\s*- \{.*)$`)
	words := []string{"yaml-language-server", "prompts", "notice"} // words for people, or a folder that is not there
	for _, file := range []string{"sip.yaml", "menus.yaml", "server.yaml", "numbers.yaml"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for i, line := range lines {
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, w) }) {
				continue
			}
			if m := code.FindStringSubmatch(line); m != nil {
				lines[i] = m[1] + m[2]
			}
		}
		write(t, dir, file, strings.Join(lines, "\n"))
	}
	if _, err := EnsureSecrets(dir); err != nil {
		t.Fatal(err)
	}
	_, c, err := load(dir, quick{fromSystem{dir}})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Trunks) != 1 || len(c.Shifts) != 2 || c.Menus["main"].Hours.Zone == "" || c.Numbers["8300"].External == "" {
		t.Errorf("not everything was taken: %d trunks, %d shifts, hours %+v", len(c.Trunks), len(c.Shifts), c.Menus["main"].Hours)
	}
}

// loaded reads a config of one file.
func loaded(t *testing.T, text string) *Config {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "all.yaml", text)
	_, c, err := load(dir, quick{fromSystem{dir}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSwitchesThatAreOnUnlessSaidOtherwise(t *testing.T) {
	c := loaded(t, `
agents: {anna: {pin: {file: pin}, number: 7001}}
queues:
  silent: {agents: [anna], position: false}
  said: {agents: [anna], position: true, whisper: true}
  plain: {agents: [anna]}
  empty:
numbers: {8100: {queue: plain}}
`)
	for name, want := range map[string][2]bool{
		"silent": {false, true}, "said": {true, true}, "plain": {true, true}, "empty": {true, true},
	} {
		if q := c.Queues[name]; q.Position != want[0] || q.Whisper != want[1] {
			t.Errorf("%s: position %t, whisper %t, want %v", name, q.Position, q.Whisper, want)
		}
	}
}

// TestAnEmergencyQueueIsUrgentToTheFloor: no rule that spares agents keeps its callers from
// whoever is free, and it is the config that says so.
func TestAnEmergencyQueueIsUrgentToTheFloor(t *testing.T) {
	c := loaded(t, `
agents: {anna: {pin: {file: pin}, number: 7001, since: 2026-03-01}}
floor: {gap: -1, care: {newcomer: 90}}
queues:
  crisis: {agents: [anna], emergency: true, on_full: "queue:orders", on_wait: "queue:orders", on_empty: "queue:orders"}
  orders: {agents: [anna]}
numbers: {8100: {queue: crisis}}
`)
	at := acd.Stamp{Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Boot: "b", Mono: time.Hour}
	for queue, urgent := range map[string]bool{"crisis": true, "orders": false} {
		plan := c.FloorPlan()
		if got := plan.Queues[queue].Urgent; got != urgent {
			t.Errorf("%s is urgent: %t", queue, got)
		}
		floor, err := acd.NewRerun(plan, at)
		if err != nil {
			t.Fatal(err)
		}
		floor.Apply(at, nil, acd.Input{Kind: acd.InCommand, Agent: "anna", Command: &acd.Command{Verb: acd.LogIn, Phone: "1"}})
		made := floor.Apply(at, nil, acd.Input{Kind: acd.InEnter, Entry: &acd.Entry{Call: "c1", Queue: queue, Tier: 4}})
		if offered := len(made.Offers) == 1; offered != urgent {
			t.Errorf("a hard caller of %s is offered to a newcomer: %t", queue, offered)
		}
	}
}

func TestFilesAreMergedByName(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", "agents: {anna: {pin: {file: pin}, number: 7001}}\nsip: {realm: office}\n")
	write(t, dir, "b.yml", "agents: {ben: {pin: {file: pin}, number: 7002}}\nsip: {max_calls: 50}\n"+reached)
	write(t, dir, "pin", "482913\n")
	write(t, dir, "c.yaml", "queues:\n")
	write(t, dir, "d.yaml", "# nothing yet\n")
	write(t, dir, "e.yaml", "")
	write(t, dir, ".#b.yml", "an editor's lock")
	write(t, dir, "notes.txt", "not config")
	c, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Agents) != 2 || c.SIP.Realm != "office" || c.SIP.MaxCalls != 50 || c.Agents["ben"].Name != "ben" {
		t.Errorf("agents %v, sip %+v", c.Agents, c.SIP)
	}
}

func TestWhatIsNoFileIsTold(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "all.yaml", reached)
	if err := errors.Join(
		os.Mkdir(filepath.Join(dir, "old.yaml"), 0o700),
		os.Symlink("old.yaml", filepath.Join(dir, "link.yaml")),
		os.Symlink("/dev/null", filepath.Join(dir, "null.yml")),
		syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600),
		os.Symlink("old.yaml", filepath.Join(dir, "link.txt")),
		os.Mkdir(filepath.Join(dir, ".hidden.yaml"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	_, _, err := load(dir, quick{fromSystem{dir}})
	var got []string
	for _, p := range AsErrors(err) {
		got = append(got, p.Place()+": "+p.Message)
	}
	want := []string{
		"link.yaml: this is a directory, not a file", "null.yml: this is a device, not a file",
		"old.yaml: this is a directory, not a file", "pipe.yaml: this is a pipe, not a file",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestADirectoryWithoutConfigIsAnError(t *testing.T) {
	for name, dir := range map[string]string{"empty": t.TempDir(), "missing": filepath.Join(t.TempDir(), "nowhere")} {
		if c, err := Load(dir); err == nil {
			t.Errorf("%s: %v", name, c)
		}
	}
}

// reached is a number, without which no config is good.
const reached = "numbers: {8000: {queue: all}}\nqueues: {all: }\n"

func TestTheVersionFollowsTheContent(t *testing.T) {
	a, b := loaded(t, "sip: {realm: office}\n"+reached), loaded(t, "sip: {realm: office}\n"+reached)
	other := loaded(t, "sip: {realm: shop}\n"+reached)
	if a.Version != b.Version || a.Version == other.Version || len(a.Version) != 12 {
		t.Errorf("versions %s, %s and %s", a.Version, b.Version, other.Version)
	}
}

func TestScalarsAreReadAsPeopleWriteThem(t *testing.T) {
	c := loaded(t, `
agents:
  anna: {pin: {file: pin}, number: 0071, skills: {refunds: 7}}
queues:
  refunds:
    agents: [anna]
    ring: 1m30s
    title: "20"
    relax:
      - {after: 500ms, needs: "refunds >= 1"}
    needs: |
      refunds >= 3
floor:
  gap: -1
numbers: {8100: {queue: refunds}}
`)
	q := c.Queues["refunds"]
	if c.Agents["anna"].Number != "0071" || q.Ring != 90*time.Second || q.Title != "20" || q.Relax[0].After != 500*time.Millisecond {
		t.Errorf("agent %+v, queue %+v", c.Agents["anna"], q)
	}
	if c.Floor.Gap != -1 {
		t.Errorf("gap is %v, want the none that -1 stands for", c.Floor.Gap)
	}
}

func TestLevelsNeedTheirUnit(t *testing.T) {
	var limits struct {
		Level float64 `yaml:"level" unit:"dBm0"`
	}
	for text, want := range map[string]string{
		"level: -9 dBm0\n":   "",
		"level: -9.5dBm0\n":  "",
		"level: -9\n":        `all.yaml:1:8: level must be a level such as -9 dBm0, not "-9" (add the unit: did you mean -9 dBm0?)`,
		"level: -9 dB\n":     `all.yaml:1:8: level must be a level such as -9 dBm0, not "-9 dB"`,
		"level: loud dBm0\n": `all.yaml:1:8: level must be a level such as -9 dBm0, not "loud dBm0"`,
		"level: .inf\n":      `all.yaml:1:8: level must be a level such as -9 dBm0, not ".inf"`,
	} {
		r := newReading([]*source{newSource("all.yaml", []byte(text))}, nil)
		r.parseAll()
		r.decode(r.root, reflect.ValueOf(&limits).Elem(), "", Option{})
		if got := r.problems.Error(); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestPlansCarryWhatTheRoomsNeed(t *testing.T) {
	t.Setenv("BREAKWATER_TEST_PASSWORD", "correct-horse")
	c := loaded(t, `
agents: {anna: {pin: {file: pin}, number: 7001, skills: {refunds: 5}}}
queues: {refunds: {agents: [anna], title: Refunds}}
phones: {1001: {password: {env: BREAKWATER_TEST_PASSWORD}, title: Desk}}
trunks: {carrier: {addresses: [192.0.2.1], dial: ["0"]}}
numbers: {8100: {queue: refunds}}
`)
	if p := c.SIPPlan(); p.Phones["1001"].Password != "correct-horse" || p.Phones["1001"].Name != "1001" || len(p.Trunks) != 1 {
		t.Errorf("sip plan %+v", p)
	}
	if p := c.FloorPlan(); p.Agents["anna"].Skills["refunds"] != 5 || p.Queues["refunds"].Name != "refunds" {
		t.Errorf("floor plan %+v", p)
	}
	if p := c.CallPlan(); p.AgentNumbers["7001"] != "anna" || p.Queues["refunds"].Title != "Refunds" || p.Numbers["8100"].Queue != "refunds" {
		t.Errorf("call plan %+v", p)
	}
}

func TestDecisionsAreKeptBesideTheStore(t *testing.T) {
	for store, want := range map[string]string{
		"sqlite:data/house.db":     filepath.Join("data", "decisions"),
		"redis://localhost:6379/0": filepath.Join("var", "decisions"),
		"memory:":                  "",
	} {
		dir := t.TempDir()
		write(t, dir, "all.yaml", "store: {url: \""+store+"\"}\nphones: {1001: {password: {file: p}}}\n")
		write(t, dir, "p", "hunter2")
		_, c, err := load(dir, quick{fromSystem{dir}})
		if err != nil {
			t.Fatal(err)
		}
		if d := c.Floor.Decisions; d.Folder != want || d.Off != (want == "") {
			t.Errorf("%s: kept in %q, off %v; want %q", store, d.Folder, d.Off, want)
		}
	}
}
