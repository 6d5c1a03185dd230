package shift

import (
	"errors"
	"fmt"
	"time"
)

// Rules are the limits beyond which a plan wears people out. The linter names what
// is beyond them; nothing is forbidden. A zero field is its default, -1 turns a rule off.
type Rules struct {
	Rest        time.Duration `yaml:"rest"`         // between two working days at least; default 11h (directive 2003/88/EC, article 3)
	QuickReturn time.Duration `yaml:"quick_return"` // so little or less before a shift at another time of the day is a quick return; default 11h (Vedaa et al. 2016)
	Backward    time.Duration `yaml:"backward"`     // a shift that begins earlier in the day than the one before by more than this rotates backward; default 2h (HSE HSG256)
	SplitGap    time.Duration `yaml:"split_gap"`    // unpaid gap of a split shift at most; default 4h
	TornGap     time.Duration `yaml:"torn_gap"`     // a day is torn by an unpaid gap of so long or longer, where split_gap does not name it already; default 4h
	SplitSpan   time.Duration `yaml:"split_span"`   // a day torn in two, with a gap of 2 h or more, from its first to its last hour at most; default 10h (12 NYCRR 142-2.4, New York: more of it must be paid for)
	Unbroken    time.Duration `yaml:"unbroken"`     // work without a break at most; default 6h (directive 2003/88/EC, article 4)
	Break       time.Duration `yaml:"break"`        // what is shorter is no break; default 15m (ArbZG section 4, Germany)
	Length      time.Duration `yaml:"length"`       // work in one day at most; default 10h (ArbZG section 3, Germany)
	Days        int           `yaml:"days"`         // working days in a row at most; default 6 (ILO convention 106)
	Starts      int           `yaml:"starts"`       // different hours of beginning in one week at most; default 3
	Early       Early         `yaml:"early"`        // early mornings
	Night       Night         `yaml:"night"`        // nights
	Week        Week          `yaml:"week"`         // weeks
}

// Early is the limits of early mornings.
type Early struct {
	Before Clock `yaml:"before"` // a shift that begins before this is early; default 07:30: people who begin then rise before six
	Days   int   `yaml:"days"`   // early shifts in a row at most; default 3 (HSE HSG256)
}

// Night is the limits of nights.
type Night struct {
	Hours  Hours         `yaml:"hours"`  // a shift with 3 h or more within is a night; default 23:00-06:00 (directive 2003/88/EC, article 2)
	Length time.Duration `yaml:"length"` // work in one night at most; default 8h (directive 2003/88/EC, article 8, which means an average)
	Days   int           `yaml:"days"`   // nights in a row at most; default 3 (HSE HSG256)
	Sleep  int           `yaml:"sleep"`  // free nights between a night and the next other shift at least; default 2 (HSE HSG256)
}

// Week is the limits of weeks, which go from Monday to Sunday.
type Week struct {
	Hours    time.Duration `yaml:"hours"`    // of work at most; default 48h (directive 2003/88/EC, article 6, which means an average)
	Rest     time.Duration `yaml:"rest"`     // the longest time off at least; default 35h (directive 2003/88/EC, article 5)
	Weekends int           `yaml:"weekends"` // weekends in a row with a shift on Saturday or Sunday at most; default 3 (HSE HSG256)
}

// Clock is a time of the day, e.g. 07:30.
type Clock time.Duration

// UnmarshalText reads 07:30.
func (c *Clock) UnmarshalText(text []byte) error {
	d, ok := clock(string(text))
	if !ok {
		return errors.New("a time of the day is written as 07:30")
	}
	*c = Clock(d)
	return nil
}

// MarshalText writes 07:30.
func (c Clock) MarshalText() ([]byte, error) { return []byte(onWall(time.Duration(c))), nil }

// WithDefaults fills the fields that are zero.
func (r Rules) WithDefaults() Rules {
	setDefault(&r.Rest, 11*time.Hour)
	setDefault(&r.QuickReturn, 11*time.Hour)
	setDefault(&r.Backward, 2*time.Hour)
	setDefault(&r.SplitGap, 4*time.Hour)
	setDefault(&r.TornGap, 4*time.Hour)
	setDefault(&r.SplitSpan, 10*time.Hour)
	setDefault(&r.Unbroken, 6*time.Hour)
	setDefault(&r.Break, 15*time.Minute)
	setDefault(&r.Length, 10*time.Hour)
	setDefault(&r.Days, 6)
	setDefault(&r.Starts, 3)
	setDefault(&r.Early.Before, Clock(7*time.Hour+30*time.Minute))
	setDefault(&r.Early.Days, 3)
	setDefault(&r.Night.Hours, Hours{23 * time.Hour, 30 * time.Hour})
	setDefault(&r.Night.Length, 8*time.Hour)
	setDefault(&r.Night.Days, 3)
	setDefault(&r.Night.Sleep, 2)
	setDefault(&r.Week.Hours, 48*time.Hour)
	setDefault(&r.Week.Rest, 35*time.Hour)
	setDefault(&r.Week.Weekends, 3)
	return r
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Check says what is wrong, by dotted key.
func (r Rules) Check() map[string]string {
	w := wrongs{}
	for key, d := range map[string]time.Duration{
		"rest": r.Rest, "quick_return": r.QuickReturn, "backward": r.Backward, "split_gap": r.SplitGap, "torn_gap": r.TornGap, "split_span": r.SplitSpan,
		"unbroken": r.Unbroken, "break": r.Break, "length": r.Length, "night.length": r.Night.Length,
	} {
		if d < -1 || d > day {
			w[key] = fmt.Sprintf("%s is not between 0 and 24h; -1 turns the rule off", d)
		}
	}
	for key, d := range map[string]time.Duration{"week.hours": r.Week.Hours, "week.rest": r.Week.Rest} {
		if d < -1 || d > 7*day {
			w[key] = fmt.Sprintf("%s is not between 0 and 168h; -1 turns the rule off", d)
		}
	}
	for key, n := range map[string]int{
		"days": r.Days, "starts": r.Starts, "early.days": r.Early.Days, "night.days": r.Night.Days, "night.sleep": r.Night.Sleep,
		"week.weekends": r.Week.Weekends,
	} {
		if n < -1 || n > 31 {
			w[key] = fmt.Sprintf("%d is not between 0 and 31; -1 turns the rule off", n)
		}
	}
	return w
}

// Rule names what the linter looks at.
type Rule string

// The rules, in the order in which findings of one moment are told.
const (
	RuleRest        Rule = "rest"
	RuleQuickReturn Rule = "quick-return"
	RuleBackward    Rule = "backward-rotation"
	RuleSplitGap    Rule = "split-gap"
	RuleTornDay     Rule = "torn-day"
	RuleSplitShift  Rule = "split-shift"
	RuleUnbroken    Rule = "no-break"
	RuleLength      Rule = "long-day"
	RuleNightLength Rule = "long-night"
	RuleNights      Rule = "nights-in-a-row"
	RuleNightSleep  Rule = "night-recovery"
	RuleEarlies     Rule = "early-starts"
	RuleStarts      Rule = "irregular-starts"
	RuleDays        Rule = "days-in-a-row"
	RuleWeekHours   Rule = "weekly-hours"
	RuleWeekRest    Rule = "weekly-rest"
	RuleWeekends    Rule = "weekends"
	RuleOverlap     Rule = "overlap"
)

// About is what a rule is for: what it does to people, and who says so.
type About struct {
	Rule   Rule   `json:"rule"`
	Why    string `json:"why"`
	Source string `json:"source"`
}

// Catalogue is every rule, in the order of the list above.
func Catalogue() []About {
	const directive, guidance = "Directive 2003/88/EC, article ", "HSE HSG256 (Great Britain), good practice for shift design"
	return []About{
		{RuleRest, "too little time to go home, sleep and come back", directive + "3: 11 hours in 24"},
		{RuleQuickReturn, "a short night before a shift at another time of the day", "Vedaa et al., Ergonomics 59 (2016) 1: 11 hours or less between two shifts"},
		{RuleBackward, "the body follows a day that grows longer, not one that grows shorter", guidance + ": rotate forward where rotation is neither very quick nor very slow"},
		{RuleSplitGap, "hours between two halves of a shift that are neither work nor free", "house rule: what agents tell of split shifts"},
		{RuleTornDay, "the unpaid hours in the middle of a torn day (天地班): too short to go home for, too long to wait out", "house rule: what agents tell of split shifts"},
		{RuleSplitShift, "a day torn in two (天地班): from the first to the last hour nothing else fits", "12 NYCRR 142-2.4, New York: an hour more is paid for a spread over 10 hours and for split shifts"},
		{RuleUnbroken, "nobody listens well for so long without a break", directive + "4: a break when work is longer than 6 hours"},
		{RuleLength, "too long a day", "ArbZG section 3, Germany: 8 hours, 10 at most"},
		{RuleNightLength, "too long a night", directive + "8: 8 hours in 24 on average"},
		{RuleNights, "a block of nights (大夜): sleep by day is shorter, and the debt grows with each", guidance + ": 2 to 3 nights in a row"},
		{RuleNightSleep, "too few nights of sleep between nights and another shift", guidance + ": two nights of full sleep when going from nights to days"},
		{RuleEarlies, "early mornings in a row (早班): who rises before six sleeps less, night after night", guidance + ": 2 to 3 early shifts in a row"},
		{RuleStarts, "every day begins at another hour: no rhythm, no plans", "house rule: what agents tell of irregular shifts"},
		{RuleDays, "no day off", "ILO convention 106 (commerce and offices; 14 is for industry): 24 hours in every seven days"},
		{RuleWeekHours, "too long a week", directive + "6: 48 hours on average"},
		{RuleWeekRest, "no real time off in the week", directive + "5: 24 hours and the daily 11"},
		{RuleWeekends, "no weekend with family and friends", guidance + ": regular free weekends"},
		{RuleOverlap, "two shifts at once: the plan cannot be kept", "house rule: the earlier is kept, the later cut"},
	}
}
