package registrar

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEveryBindingIsAskedOncePerRound(t *testing.T) {
	b := New()
	for i := range 50 {
		v := newVisitor(t, b)
		v.phone = fmt.Sprint(1000 + i)
		v.register(start, "Contact: <sip:a@192.168.1.5>", "Contact: <sip:b@192.168.1.6>;expires=65")
	}
	const every = 30 * time.Second
	asked := map[string]int{}
	most := 0
	for second := range 90 {
		due := b.Due(start.Add(time.Duration(second)*time.Second), every, 1000)
		most = max(most, len(due))
		for _, d := range due {
			asked[d.AOR+d.ID]++
		}
	}
	if len(asked) != 100 {
		t.Errorf("%d bindings asked, want 100", len(asked))
	}
	if most > 20 {
		t.Errorf("%d asked in one second; they came together and must be spread", most)
	}
	for who, n := range asked {
		if n < 1 || n > 3 {
			t.Errorf("%s asked %d times in three rounds", who, n)
		}
	}
	if b.Due(start, 0, 10) != nil {
		t.Error("qualify is off, and yet somebody is due")
	}
}

func TestTheLongestOverdueComeFirst(t *testing.T) {
	b := New()
	for _, phone := range []string{"1", "2", "3"} {
		v := newVisitor(t, b)
		v.phone = phone
		v.register(start, "Contact: <sip:"+phone+"@192.168.1.5>")
	}
	b.Due(start, 30*time.Second, 10)
	late := start.Add(time.Minute)
	seen := map[string]bool{}
	for range 3 {
		due := b.Due(late, 30*time.Second, 1)
		if len(due) != 1 {
			t.Fatalf("%d due, the limit is 1 and 3 are late", len(due))
		}
		seen[due[0].AOR] = true
	}
	if len(seen) != 3 || len(b.Due(late, 30*time.Second, 10)) != 0 {
		t.Errorf("asked %v", seen)
	}
}

func TestAPhoneTurns(t *testing.T) {
	b := New()
	v := newVisitor(t, b)
	v.register(start, "Contact: <sip:a@192.168.1.5>, <sip:b@192.168.1.6>;q=0.5")
	id := map[string]string{}
	for _, x := range b.Lookup(start, "1001") {
		id[x.URI.User] = x.ID
	}
	no, yes := []Turn{{"1001", false}}, []Turn{{"1001", true}}
	steps := []struct {
		why     string
		turns   []Turn
		want    []Turn
		targets string
	}{
		{"one of two is silent", b.Probed("1001", id["a"], false), nil, "b a"},
		{"the other, too", b.Probed("1001", id["b"], false), no, "a b"},
		{"still silent", b.Probed("1001", id["b"], false), nil, "a b"},
		{"one answers", b.Probed("1001", id["b"], true), yes, "b a"},
		{"a binding that is gone", b.Probed("1001", "gone", true), nil, "b a"},
		{"a phone that is gone", b.Probed("4711", "gone", true), nil, "b a"},
	}
	for i, s := range steps {
		if diff := cmp.Diff(s.want, s.turns); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.why, diff)
		}
		if i == len(steps)-1 && users(b, start) != s.targets {
			t.Errorf("targets %q, want %q", users(b, start), s.targets)
		}
	}
	b.Probed("1001", id["b"], false)
	if _, turns := v.register(start.Add(time.Second), "Contact: <sip:a@192.168.1.5>"); !cmp.Equal(yes, turns) {
		t.Errorf("a phone that registers is reachable: %v", turns)
	}
}

func TestAClosedConnection(t *testing.T) {
	b := New()
	v := newVisitor(t, b)
	v.from.Conn, v.from.Transport = "conn-7", "tcp"
	v.register(start, "Contact: <sip:a@192.168.1.5;transport=tcp>")
	if turns := b.Closed("conn-8"); turns != nil {
		t.Errorf("another connection: %v", turns)
	}
	if turns := b.Closed(""); turns != nil {
		t.Errorf("no connection: %v", turns)
	}
	if turns := b.Closed("conn-7"); !cmp.Equal([]Turn{{"1001", false}}, turns) {
		t.Errorf("its connection: %v", turns)
	}
	v.from.Conn = "conn-9"
	if _, turns := v.register(start, "Contact: <sip:a@192.168.1.5;transport=tcp>"); len(turns) != 1 || !turns[0].Reachable {
		t.Errorf("it came back: %v", turns)
	}
}
