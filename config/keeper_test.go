package config

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"
)

const good = `
agents:
  anna: {pin: {file: pin}, number: 7001}
queues:
  refunds:
    agents: [anna]
    ring: 20s
    wrap_up: 30s
numbers:
  8100: {queue: refunds}
`

// write puts a file into a config directory.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func kept(t *testing.T, text string) (*Keeper, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "all.yaml", text)
	k, err := keep(dir, quick{fromSystem{dir}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return k, dir
}

// texts are the sentences of effects.
func texts(effects []Effect) []string {
	var out []string
	for _, e := range effects {
		out = append(out, string(e.When)+": "+e.Text)
	}
	return out
}

func TestAGoodEditRunsWhenReloadReturns(t *testing.T) {
	k, dir := kept(t, good)
	before := k.Current()
	var saw []string
	k.Register("floor", func(old, next *Config) (func(), error) {
		saw = append(saw, "prepared "+next.Queues["refunds"].Ring.String())
		return func() { saw = append(saw, "committed") }, nil
	})
	write(t, dir, "all.yaml", strings.Replace(good, "20s", "25s", 1))
	effects, err := k.Reload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"now: queue refunds: ring 20s → 25s: from the next offer"}, texts(effects)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"prepared 25s", "committed"}, saw); diff != "" {
		t.Error(diff)
	}
	if got := k.Current().Queues["refunds"].Ring; got != 25*time.Second {
		t.Errorf("ring is %s after the reload", got)
	}
	if before.Queues["refunds"].Ring != 20*time.Second {
		t.Error("the config that a call began with was changed under it")
	}
	if s := k.Status(); s.Version == before.Version || s.Version != k.Current().Version || s.Refusal != nil || s.Reloads != 1 {
		t.Errorf("status is %+v", s)
	}
}

func TestABadEditLeavesTheLastGoodConfigRunningAndVisible(t *testing.T) {
	k, dir := kept(t, good)
	prepared := 0
	k.Register("floor", func(_, _ *Config) (func(), error) { prepared++; return nil, nil })
	before := k.Current()

	write(t, dir, "all.yaml", strings.Replace(good, "ring", "rign", 1))
	_, err := k.Reload(t.Context())
	var problems Errors
	if !errors.As(err, &problems) || problems[0].Place() != "all.yaml:7:5" {
		t.Fatalf("Reload says %v", err)
	}
	if k.Current() != before || prepared != 0 {
		t.Error("something changed")
	}
	s := k.Status()
	if s.Refusal == nil || s.Version != before.Version || s.Refused != 1 {
		t.Fatalf("status is %+v", s)
	}
	if diff := cmp.Diff(problems, s.Refusal.Problems); diff != "" {
		t.Error(diff)
	}

	if _, err := k.Reload(t.Context()); err == nil || k.Status().Refusal == nil {
		t.Error("the refusal was forgotten while the files are still bad")
	}
	write(t, dir, "all.yaml", good)
	if _, err := k.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := k.Status(); s.Refusal != nil {
		t.Errorf("the refusal is still shown after the fix: %+v", s.Refusal)
	}
}

func TestAPartThatRefusesKeepsEveryPartAsItWas(t *testing.T) {
	k, dir := kept(t, good)
	committed := 0
	ready := func(_, _ *Config) (func(), error) { return func() { committed++ }, nil }
	k.Register("floor", ready)
	k.Register("sip", func(_, _ *Config) (func(), error) { return nil, errors.New("port 5060 is in use") })
	k.Register("calls", ready)
	before := k.Current()
	write(t, dir, "all.yaml", strings.Replace(good, "20s", "25s", 1))
	_, err := k.Reload(t.Context())
	if err == nil || err.Error() != "sip refuses the new config: port 5060 is in use" {
		t.Errorf("Reload says %v", err)
	}
	if committed != 0 || k.Current() != before || k.Status().Refusal == nil {
		t.Error("the edit was half done")
	}
}

func TestAFileThatLostItsContentIsRefused(t *testing.T) {
	const more = "phones:\n  1001: {password: {file: desk.secret}}\n"
	for name, c := range map[string]struct {
		file, text, want string
	}{
		"cut to nothing":      {"phones.yaml", "", "phones.yaml: the file is empty and held config before"},
		"only blanks":         {"phones.yaml", " \n\t\r\n", "phones.yaml: the file is empty and held config before"},
		"one mistake is told": {"all.yaml", "", "all.yaml: the file is empty and held config before"}, // not that its names are missing elsewhere
		"written as empty":    {"phones.yaml", "{}\n", ""},
		"only a comment":      {"phones.yaml", "# none for now\n", ""},
		"nothing is left":     {"all.yaml", "{}\n", "the config has no phones and no numbers"},
	} {
		t.Run(name, func(t *testing.T) {
			k, dir := kept(t, good)
			write(t, dir, "desk.secret", "correct-horse\n")
			write(t, dir, "blank.yaml", "") // was never anything else
			if c.file == "phones.yaml" {
				write(t, dir, c.file, more)
			}
			if _, err := k.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			running := k.Current()
			write(t, dir, c.file, c.text)
			for range 2 { // it does not become right by being tried again
				_, err := k.Reload(t.Context())
				if c.want == "" {
					if err != nil || len(k.Current().Phones) != 0 {
						t.Errorf("Reload says %v, phones %v", err, k.Current().Phones)
					}
					continue
				}
				if problems := AsErrors(err); len(problems) != 1 || !strings.HasPrefix(problems[0].String(), c.want) || problems[0].Hint == "" {
					t.Errorf("Reload says %v, want %s", err, c.want)
				}
				if k.Current() != running || k.Status().Refusal == nil {
					t.Error("the edit was taken")
				}
			}
			if c.file == "phones.yaml" && c.want != "" {
				if err := os.Remove(filepath.Join(dir, c.file)); err != nil {
					t.Fatal(err)
				}
				if _, err := k.Reload(t.Context()); err != nil || len(k.Current().Phones) != 0 {
					t.Errorf("a file that is removed: %v", err)
				}
			}
		})
	}
}

func TestAChangeThatNeedsARestartWaitsWhileTheRestRuns(t *testing.T) {
	k, dir := kept(t, good+"media: {port_low: 20000, port_high: 21000}\n")
	var got *Config
	k.Register("floor", func(_, next *Config) (func(), error) { got = next; return nil, nil })
	write(t, dir, "all.yaml", strings.Replace(good, "20s", "25s", 1)+"media: {port_low: 22000, port_high: 23000}\n")
	if _, err := k.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got.Media.PortLow != 20000 || got.Media.PortHigh != 21000 || got.Queues["refunds"].Ring != 25*time.Second {
		t.Errorf("runs with ports %d–%d and ring %s", got.Media.PortLow, got.Media.PortHigh, got.Queues["refunds"].Ring)
	}
	want := []string{
		"restart: media.port_low 20000 → 22000: needs a restart",
		"restart: media.port_high 21000 → 23000: needs a restart",
	}
	if diff := cmp.Diff(want, texts(k.Status().Pending)); diff != "" {
		t.Error(diff)
	}
	write(t, dir, "all.yaml", good+"media: {port_low: 20000, port_high: 21000}\n")
	if _, err := k.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := k.Status().Pending; len(p) != 0 {
		t.Errorf("still pending after it was taken back: %v", texts(p))
	}
}

func TestReloadDoesNotWaitForAnotherLongerThanAsked(t *testing.T) {
	k, _ := kept(t, good)
	k.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Reload(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Reload says %v", err)
	}
}

func TestAnEditorThatWritesSeveralTimesCausesOneReload(t *testing.T) {
	k, dir := kept(t, good)
	prepared := 0
	k.Register("floor", func(_, _ *Config) (func(), error) { prepared++; return nil, nil })
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		events, errs, ended := make(chan fsnotify.Event), make(chan error), make(chan struct{})
		go func() {
			defer close(ended)
			k.follow(ctx, events, errs, func() {})
		}()
		for _, text := range []string{"", "queues:\n  ref", strings.Replace(good, "20s", "25s", 1)} {
			write(t, dir, "all.yaml", text)
			events <- fsnotify.Event{Name: "all.yaml", Op: fsnotify.Write}
			<-time.After(quiet / 2)
		}
		<-time.After(quiet)
		synctest.Wait()
		if prepared != 1 || k.Status().Refused != 0 || k.Current().Queues["refunds"].Ring != 25*time.Second {
			t.Errorf("%d reloads, %d refused", prepared, k.Status().Refused)
		}

		write(t, dir, "all.yaml", "queues: 5\n")
		events <- fsnotify.Event{Name: "all.yaml", Op: fsnotify.Write}
		<-time.After(10 * glances)
		synctest.Wait()
		if s := k.Status(); s.Refusal == nil || s.Refused != 1 {
			t.Errorf("a bad edit is refused %d times, want once", s.Refused)
		}

		write(t, dir, "all.yaml", good) // no event: a network file system
		<-time.After(glances + time.Second)
		synctest.Wait()
		if k.Status().Refusal != nil || prepared != 2 {
			t.Errorf("the fix was not seen: %d reloads", prepared)
		}
		errs <- errors.New("queue overflow")
		cancel()
		<-ended
	})
}

func TestAMissingSecretIsSeenWhenItArrives(t *testing.T) {
	k, dir := kept(t, good)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			k.follow(ctx, nil, nil, func() {})
		}()
		write(t, dir, "phones.yaml", "phones:\n  1001:\n    password: {file: desk.secret}\n")
		<-time.After(3 * glances)
		synctest.Wait() // for the third glance: the file comes after it, not in its middle
		if s := k.Status(); s.Refusal == nil || s.Refused != 1 {
			t.Errorf("without the file: refused %d times", s.Refused)
		}
		write(t, dir, "desk.secret", "horse\n")
		<-time.After(glances + time.Second)
		synctest.Wait()
		if k.Status().Refusal != nil || k.Current().Phones["1001"].Password != "horse" {
			t.Error("the file came, but the refusal stays")
		}
		cancel()
		<-ended
	})
}

func TestWatchSeesARealFileChange(t *testing.T) {
	k, dir := kept(t, good)
	rings := make(chan time.Duration, 8)
	k.Register("floor", func(_, next *Config) (func(), error) { rings <- next.Queues["refunds"].Ring; return nil, nil })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- k.Watch(ctx) }()
	write(t, dir, "all.yaml", strings.Replace(good, "20s", "25s", 1))
	select {
	case ring := <-rings:
		if ring != 25*time.Second {
			t.Errorf("ring is %s", ring)
		}
	case <-time.After(10 * time.Second):
		t.Error("the change was not seen")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWatchSaysWhenItCannotBegin(t *testing.T) {
	k, dir := kept(t, good)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := k.Watch(t.Context()); err == nil {
		t.Error("watches a directory that is gone")
	}
	if _, err := k.Reload(t.Context()); err == nil || k.Status().Refusal == nil {
		t.Error("a directory that is gone is no refusal")
	}
}

func TestASoundThatComesWithARestartCannotBeUsedBefore(t *testing.T) {
	k, dir := kept(t, good)
	wave := filepath.Join(dir, "jazz.wav")
	tune, err := os.ReadFile("../media/prompt/sounds/all/music-default.wav")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "jazz.wav", string(tune))
	prompts := "prompts: {music: {jazz: " + wave + "}}\n"
	write(t, dir, "all.yaml", strings.Replace(good, "ring: 20s", "music: jazz", 1)+prompts)
	_, err = k.Reload(t.Context())
	if err == nil || !strings.Contains(err.Error(), `all.yaml:7:12: there is no music "jazz" (the new prompts come with a restart`) {
		t.Fatalf("Reload says %v", err)
	}
	write(t, dir, "all.yaml", good+prompts)
	if _, err := k.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := k.Status().Pending; len(p) != 1 || p[0].Path != "prompts.music" {
		t.Errorf("pending: %v", texts(p))
	}
	if len(k.Current().Prompts.Music) != 0 || slices.Contains(k.Book().MusicNames(), "jazz") {
		t.Error("the new music runs already")
	}
}
