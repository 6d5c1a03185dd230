package acd

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestANumberIsOneLineHoweverItIsSpelled(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"plus and zeros":                   {"+4930123456", "004930123456", true},
		"with and without the country":     {"+4930123456", "030123456", true},
		"with zeros and without":           {"004930123456", "030123456", true},
		"a mobile without a zero":          {"+8613800001111", "13800001111", true},
		"America":                          {"+12125550100", "2125550100", true},
		"another number":                   {"+4930123456", "030123457", false},
		"another town":                     {"+4930123456", "040123456", false},
		"another country":                  {"+4930123456", "+4430123456", false},
		"no code is so long":               {"+4912330123456", "030123456", false},
		"an extension is no ending":        {"+4930123456", "23456", false},
		"the same extension":               {"1001", "1001", true},
		"nobody is not the same as nobody": {"", "", false},
		"nor is anonymous":                 {"anonymous", "anonymous", false},
	} {
		a, b := readNumber(c.a), readNumber(c.b)
		if got := a.is(b) && b.is(a); got != c.same || a.is(b) != b.is(a) {
			t.Errorf("%s: %s is %s: %v, want %v", name, c.a, c.b, got, c.same)
		}
		if c.same && a.ending() != b.ending() {
			t.Errorf("%s: endings %s and %s", name, a.ending(), b.ending())
		}
	}
}

// spelled allows every spelling of numbers of Berlin.
func spelled(c *CallbackSpec) { c.Prefixes, c.Never = []string{"030", "+49", "0049"}, []string{"0900"} }

func TestOneSpellingMoreIsTheSameWish(t *testing.T) {
	bubble(t, callable(spelled), func(d *desk) {
		for i, number := range []string{"+49301234567", "0049301234567", "0301234567"} {
			d.asked(fmt.Sprint("c", i), number)
		}
		if all, _ := d.Callbacks(d.ctx); len(all) != 1 {
			t.Errorf("%d callbacks, want one: the first keeps its place", len(all))
		}
	})
}

func TestANumberSpelledTwoWaysIsDialledOnceAtATime(t *testing.T) {
	plan := callable(spelled)
	plan.Queues["other"] = plan.Queues["help"]
	bubble(t, plan, func(d *desk) {
		d.asked("c1", "+49301234567")
		other := d.enter(Entry{Call: "c2", Queue: "other"})
		d.must(d.Park(d.ctx, other.ID, Callback{Number: "0301234567", Kind: BackAsked}))
		d.pass(time.Minute)
		d.logIn("anna", "bert")
		d.launched()
		d.notLaunched()
	})
}

func TestNobodyBooksManyCallbacks(t *testing.T) {
	for name, c := range map[string]struct {
		caller, number string // with %d for the number of the wish
		at             time.Duration
		most           int
		why            string
	}{
		"to a stranger, at many times, by one caller":   {"0301111111", "0302222222", time.Minute, 2, "2 callbacks to 0302222222 wait already"},
		"to a stranger, by many callers":                {"030111111%d", "0302222222", time.Minute, 2, "2 callbacks to 0302222222 wait already"},
		"to many strangers, by one caller":              {"0301111111", "030222222%d", time.Minute, 2, "2 callbacks that 0301111111 asked for wait already"},
		"by one caller, whose number comes in two ways": {"0301111111", "030222222%d", 0, 2, "asked for wait already"},
		"each to their own number":                      {"030111111%d", "030111111%d", time.Minute, 9, ""},
		"who hides the number, to many":                 {"anonymous", "030222222%d", time.Minute, 9, ""},
		"the same hour to the same number is one wish":  {"0301111111", "0302222222", -1, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, callable(spelled), func(d *desk) {
				fill := func(text string, i int) string {
					if strings.Contains(text, "%") {
						return fmt.Sprintf(text, i)
					}
					return text
				}
				now := time.Now()
				var last error
				for i := range 9 {
					wish := Callback{Number: fill(c.number, i), Kind: BackScheduled, At: now.Add(time.Hour + time.Duration(i)*c.at)}
					if c.at < 0 {
						wish.At = now.Add(time.Hour)
					}
					caller := fill(c.caller, i)
					if c.at == 0 {
						wish.Kind, wish.At = BackAsked, time.Time{}
						if i%2 == 1 {
							caller = "+49" + caller[1:]
						}
					}
					if _, err := d.CallBack(d.ctx, Entry{Call: fmt.Sprint("c", i), Queue: "help", Caller: caller}, wish); err != nil {
						last = err
					}
				}
				if all, _ := d.Callbacks(d.ctx); len(all) != c.most {
					t.Errorf("%d callbacks, want %d", len(all), c.most)
				}
				if c.why == "" && last != nil || c.why != "" && (!errors.Is(last, ErrCallbacksEnough) || !strings.Contains(last.Error(), c.why)) {
					t.Errorf("%v, want %q", last, c.why)
				}
			})
		})
	}
}

func TestAWishThatIsOverMakesRoomForAnother(t *testing.T) {
	bubble(t, callable(spelled, func(c *CallbackSpec) { c.PerNumber = 1 }), func(d *desk) {
		wish := func(hours int) (uint64, error) {
			at := time.Now().Add(time.Duration(hours) * time.Hour)
			return d.CallBack(d.ctx, Entry{Call: fmt.Sprint("c", hours), Queue: "help", Caller: "0301234567"}, Callback{Number: "0301234567", Kind: BackScheduled, At: at})
		}
		id, err := wish(1)
		d.must(err)
		if _, err := wish(2); !errors.Is(err, ErrCallbacksEnough) {
			t.Errorf("a second wish: %v", err)
		}
		d.must(d.CancelCallback(d.ctx, id))
		if _, err := wish(3); err != nil {
			t.Errorf("after the first is cancelled: %v", err)
		}
	})
}
