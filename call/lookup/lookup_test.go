package lookup

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, specs map[string]Spec) *Book {
	t.Helper()
	for name, s := range specs {
		if wrong := s.Check(); len(wrong) > 0 {
			t.Fatalf("%s: %v", name, wrong)
		}
	}
	b, err := Open(specs, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// lookAgain lets the tables be looked at as if some time had passed.
func (b *Book) lookAgain() {
	for _, s := range b.sources {
		s.table.looked = time.Time{}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// patience is how long a caller waits where no test is about it: a busy machine is no slow system.
const patience = 5 * time.Second

// crm is a system that is asked; answer says what it does.
func crm(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func TestATableGivesWhatItKnowsOfANumber(t *testing.T) {
	file := filepath.Join(t.TempDir(), "customers.csv")
	write(t, file, "\ufeffnumber,tier,name,Odd Column\n+49 (30) 12-34,gold, Anna ,x\n0305678,silver,\"Ben, junior\",y\n")
	b := open(t, map[string]Spec{"customers": {CSV: file, Otherwise: map[string]string{"tier": "none"}}})
	for number, want := range map[string]map[string]string{
		"+49301234":  {"tier": "gold", "name": "Anna"},
		"0305678":    {"tier": "silver", "name": "Ben, junior"},
		"0309999999": {"tier": "none"},
		"":           {"tier": "none"},
	} {
		got, troubles := b.Ask(t.Context(), Caller{Number: number})
		if diff := cmp.Diff(want, got); diff != "" || len(troubles) > 0 {
			t.Errorf("%s: %s %v", number, diff, troubles)
		}
	}
}

func TestATableIsReadAgainWhenItChangesAndKeptWhenItBreaks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "customers.csv")
	write(t, file, "number,tier\n1,gold\n")
	b := open(t, map[string]Spec{"customers": {CSV: file}})
	for _, step := range []struct{ text, want string }{
		{"number,tier\n1,silver or so\n", "silver or so"},
		{"number,tier\n1,gold\n1,platinum\n", "silver or so"}, // twice: refused
		{"number,tier\n1,iron\n", "iron"},
	} {
		write(t, file, step.text)
		b.lookAgain()
		if got, _ := b.Ask(t.Context(), Caller{Number: "1"}); got["tier"] != step.want {
			t.Errorf("%q: tier %q, want %q", step.text, got["tier"], step.want)
		}
	}
}

func TestASystemIsAskedOnceForAWhile(t *testing.T) {
	asked := 0
	at := crm(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Query().Get("n") != "+49 30&x" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("asked %s with %q", r.URL, r.Header.Get("Authorization"))
		}
		fmt.Fprint(w, `{"tier": "gold", "balance": 12.5, "vip": true, "language": "zh", "orders": [1], "none": null, "Big": "x"}`)
	})
	b := open(t, map[string]Spec{"crm": {URL: at + "/?n={number}", Token: "secret", Timeout: patience}})
	for range 3 {
		got, troubles := b.Ask(t.Context(), Caller{Number: "+49 30&x"})
		want := map[string]string{"tier": "gold", "balance": "12.5", "vip": "true"}
		if diff := cmp.Diff(want, got); diff != "" || len(troubles) > 0 {
			t.Errorf("%s %v", diff, troubles)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestWhateverGoesWrongGivesTheFallbackAndIsToldOnce(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for name, answer := range map[string]http.HandlerFunc{
		"it is silent": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		},
		"it fails": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"it sends us elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		},
		"it says too much": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"tier": %q}`, strings.Repeat("x", 2000))
		},
		"it says something else": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
	} {
		t.Run(name, func(t *testing.T) {
			timeout, want := patience, Counts{Asked: 1, Failed: 1, Fallback: 3} // a source that failed is left alone for a while
			if name == "it is silent" {
				timeout, want = 100*time.Millisecond, Counts{Asked: 1, TimedOut: 1, Fallback: 3}
			}
			b := open(t, map[string]Spec{"crm": {
				URL: crm(t, answer) + "/{number}", Otherwise: map[string]string{"tier": "none"}, Timeout: timeout, Size: 1000,
			}})
			began := time.Now()
			for i := range 3 {
				got, troubles := b.Ask(t.Context(), Caller{Number: "0301234"})
				if got["tier"] != "none" || len(troubles) != map[bool]int{true: 1, false: 0}[i == 0] {
					t.Errorf("try %d: %v, %q", i, got, troubles)
				}
				for _, s := range troubles {
					if strings.Contains(s, "0301234") {
						t.Errorf("the caller's number is in a log line: %s", s)
					}
				}
			}
			if took := time.Since(began); took > patience {
				t.Errorf("the caller waited %s", took)
			}
			if n := b.Counts()["crm"]; n != want {
				t.Errorf("counts %+v, want %+v", n, want)
			}
		})
	}
}

func TestWhatBecameOfTheCallersIsCounted(t *testing.T) {
	b := open(t, map[string]Spec{"crm": {URL: crm(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/1" {
			fmt.Fprint(w, `{"tier": "gold"}`)
			return
		}
		http.NotFound(w, r)
	}) + "/{number}", Cache: time.Minute, Timeout: patience}})
	for _, number := range []string{"1", "1", "2", "2", "2", ""} {
		b.Ask(t.Context(), Caller{Number: number})
	}
	want := map[string]Counts{"crm": {Asked: 2, Answered: 2, Cached: 3, Fallback: 1}}
	if diff := cmp.Diff(want, b.Counts()); diff != "" {
		t.Error(diff)
	}
	if n := (*Book)(nil).Counts(); len(n) != 0 {
		t.Errorf("no book counts %v", n)
	}
}

// TestACallerWhoHangsUpSaysNothingOfTheSource: else whoever hangs up while another system
// thinks would send the next callers away with the fallback.
func TestACallerWhoHangsUpSaysNothingOfTheSource(t *testing.T) {
	asked := make(chan struct{}, 1)
	b := open(t, map[string]Spec{"crm": {URL: crm(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/1" {
			asked <- struct{}{}
			<-r.Context().Done()
			return
		}
		fmt.Fprint(w, `{"tier": "gold"}`)
	}) + "/{number}", Timeout: patience}})
	ctx, hangUp := context.WithCancel(t.Context())
	go func() {
		<-asked
		hangUp()
	}()
	b.Ask(ctx, Caller{Number: "1"})
	if got, troubles := b.Ask(t.Context(), Caller{Number: "2"}); got["tier"] != "gold" || len(troubles) > 0 {
		t.Errorf("the next caller is told %v, %q", got, troubles)
	}
	if n := b.Counts()["crm"]; n.Failed+n.TimedOut != 0 {
		t.Errorf("%+v", n)
	}
}

func TestNobodyKnownIsNoFault(t *testing.T) {
	b := open(t, map[string]Spec{"crm": {URL: crm(t, http.NotFound) + "/{number}", Otherwise: map[string]string{"tier": "none"}, Timeout: patience}})
	if got, troubles := b.Ask(t.Context(), Caller{Number: "1"}); got["tier"] != "none" || len(troubles) > 0 {
		t.Errorf("%v %q", got, troubles)
	}
}

func TestTheFirstByNameCounts(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "number,tier\n1,gold\n")
	write(t, filepath.Join(dir, "b"), "number,tier,name\n1,silver,Anna\n")
	b := open(t, map[string]Spec{"b": {CSV: filepath.Join(dir, "b")}, "a": {CSV: filepath.Join(dir, "a")}})
	got, _ := b.Ask(context.Background(), Caller{Number: "1"})
	if diff := cmp.Diff(map[string]string{"tier": "gold", "name": "Anna"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsWrongWithALookupIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "t.csv")
	write(t, file, "phone,tier\n1,gold\n1,gold\n")
	for name, c := range map[string]struct {
		spec Spec
		key  string
	}{
		"neither":                 {Spec{}, ""},
		"both":                    {Spec{CSV: file, URL: "http://x/{number}"}, ""},
		"no such table":           {Spec{CSV: file + "x"}, "csv"},
		"no such column":          {Spec{CSV: file}, "csv"},
		"a number twice":          {Spec{CSV: file, Key: "phone"}, "csv"},
		"not the web":             {Spec{URL: "file:///etc/passwd?{number}"}, "url"},
		"the same for everybody":  {Spec{URL: "http://x/"}, "url"},
		"a long silence":          {Spec{URL: "http://x/{number}", Timeout: time.Minute}, "timeout"},
		"a name that is no name":  {Spec{URL: "http://x/{number}", Fields: []string{"Tier"}}, "fields.0"},
		"a name that we know":     {Spec{URL: "http://x/{number}", Otherwise: map[string]string{"number": "1"}}, "otherwise.number"},
		"an answer of any length": {Spec{URL: "http://x/{number}", Size: 1 << 30}, "size"},
	} {
		if wrong := c.spec.Check(); wrong[c.key] == "" {
			t.Errorf("%s: %v", name, wrong)
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add("number,tier\n1,gold\n")
	f.Add("\"number\",\n,\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := readRows(strings.NewReader(text), "number")
		if err == nil && rows == nil {
			t.Error("no rows and no error")
		}
	})
}

func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":"x","c":[1],"d":null,"e":true}`))
	f.Fuzz(func(_ *testing.T, body []byte) { _, _ = readObject(body) })
}
