package eval

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report is what an evaluation found.
type Report struct {
	Gate       Gate        `json:"gate"`
	All        Figures     `json:"all"`
	Groups     []Figures   `json:"groups"` // by what agents noted of the caller; empty if they noted nothing
	Raters     []Agreement `json:"raters"` // of each two who heard the same calls
	False      []Flag      `json:"false_flags"`
	Missed     []Flag      `json:"missed"`
	Unlabelled []string    `json:"unlabelled"` // recordings in the folder that nobody labelled; not heard
}

// Gate says whether hints may be switched on.
type Gate struct {
	Passed   bool    `json:"passed"`
	Sentence string  `json:"sentence"`
	Allowed  float64 `json:"allowed_per_hour"` // flags in an hour of neutral calls
	Hours    float64 `json:"needed_hours"`     // of neutral calls
}

// Figures are those of all calls, or of a group of callers.
type Figures struct {
	Group   string  `json:"group"` // "all", or what the agent noted
	Calls   int     `json:"calls"`
	Hours   float64 `json:"hours"`
	Neutral Neutral `json:"neutral"`
	Raised  Raised  `json:"raised"`
}

// Neutral is about the calls in which no rater marked anything.
type Neutral struct {
	Calls      int     `json:"calls"`
	Hours      float64 `json:"hours"`
	Flags      int     `json:"flags"`
	PerHour    float64 `json:"flags_per_hour"`
	Below      float64 `json:"below_per_hour"`  // what the rate in truth is below, with a confidence of 95 % (Poisson)
	Monologues int     `json:"monologue_hints"` // the gate does not count them
}

// Raised is about the stretches that most raters marked.
type Raised struct {
	Stretches int     `json:"stretches"` // of three seconds or more
	Short     int     `json:"short"`     // shorter ones, which are not counted
	Found     int     `json:"found"`
	Recall    float64 `json:"recall"`          // found of the stretches; 0 if there is none
	Median    float64 `json:"seconds_to_flag"` // half of those found were found at least as soon
	Slow      float64 `json:"seconds_slow"`    // and nine of ten
}

// Agreement is how far two raters mark the same seconds.
type Agreement struct {
	Raters  [2]string `json:"raters"`
	Calls   int       `json:"calls"` // that both heard
	Seconds int       `json:"seconds"`
	Same    float64   `json:"same"`  // share of seconds
	Kappa   *float64  `json:"kappa"` // Cohen's κ: 1 is perfect, 0 is chance; null where both said the same
}

// Flag is a place to listen to.
type Flag struct {
	File string  `json:"file"`
	At   float64 `json:"at"` // seconds since the beginning of the recording
}

func newReport(calls []*call, o Options) *Report {
	r := &Report{All: figures("all", calls), Raters: agreements(calls), Groups: []Figures{}, False: []Flag{}, Missed: []Flag{}}
	groups := map[string][]*call{}
	for _, c := range calls {
		groups[c.group] = append(groups[c.group], c)
	}
	if len(groups) > 1 || groups[""] == nil {
		for name, of := range groups {
			if name == "" {
				name = "(not noted)"
			}
			r.Groups = append(r.Groups, figures(name, of))
		}
		slices.SortFunc(r.Groups, func(a, b Figures) int { return strings.Compare(a.Group, b.Group) })
	}
	for _, c := range calls {
		r.listen(c)
	}
	r.Gate = judge(r, o)
	return r
}

// listen notes the places of a call that somebody should hear.
func (r *Report) listen(c *call) {
	if c.neutral() {
		for _, at := range c.flags {
			r.False = append(r.False, Flag{c.file, c.part.from + float64(at)})
		}
	}
	long, _ := c.episodes()
	for _, e := range long {
		if !e.found {
			r.Missed = append(r.Missed, Flag{c.file, c.part.from + float64(e.from)})
		}
	}
}

// figures counts calls.
func figures(group string, calls []*call) Figures {
	f := Figures{Group: group, Calls: len(calls)}
	n, r := &f.Neutral, &f.Raised
	var waits []float64
	for _, c := range calls {
		f.Hours += c.hours()
		if c.neutral() {
			n.Calls++
			n.Hours += c.hours()
			n.Flags += len(c.flags)
			n.Monologues += c.monologues()
		}
		long, short := c.episodes()
		r.Stretches, r.Short = r.Stretches+len(long), r.Short+short
		for _, e := range long {
			if e.found {
				waits = append(waits, e.after)
			}
		}
	}
	r.Found = len(waits)
	if r.Stretches > 0 {
		r.Recall = float64(r.Found) / float64(r.Stretches)
	}
	if n.Hours > 0 {
		n.PerHour = float64(n.Flags) / n.Hours
		n.Below = most(n.Flags) / n.Hours
	}
	slices.Sort(waits)
	r.Median, r.Slow = quantile(waits, 0.5), quantile(waits, 0.9)
	return f
}

// quantile is the smallest value that so large a share reaches; 0 for none.
func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}

// most is the largest mean of which so few events would still be seen in one of twenty
// trials (the exact upper limit of a Poisson count, 95 %, one-sided).
func most(events int) float64 {
	low, high := 0.0, 3*float64(events)+10
	for range 60 {
		mean := (low + high) / 2
		term, sum := math.Exp(-mean), 0.0
		for k := 0; k <= events; k++ {
			sum += term
			term *= mean / float64(k+1)
		}
		if sum > 0.05 {
			low = mean
		} else {
			high = mean
		}
	}
	return low
}

// judge is the gate. A group with two flags or more must pass, too: one is an accident.
func judge(r *Report, o Options) Gate {
	g, n := Gate{Allowed: o.Allowed, Hours: o.Hours}, &r.All.Neutral
	rate := fmt.Sprintf("%s in %.1f neutral call-hours: %.2f an hour", flags(n.Flags), n.Hours, n.PerHour)
	switch worse := unfair(r.Groups, o.Allowed); {
	case n.PerHour > o.Allowed:
		g.Sentence = fmt.Sprintf("not passed: %s, at most %.2f are allowed. Leave the hints off.", rate, o.Allowed)
	case worse != nil:
		g.Sentence = fmt.Sprintf("not passed: %s, but for callers of the group %q there are %.2f an hour, at most %.2f are allowed. Leave the hints off.",
			rate, worse.Group, worse.Neutral.PerHour, o.Allowed)
	case n.Hours < o.Hours:
		g.Sentence = fmt.Sprintf("not passed: %s, but at least %.1f hours of neutral calls are needed to tell. Label more calls.", rate, o.Hours)
	default:
		g.Passed = true
		g.Sentence = fmt.Sprintf("passed: %s, at most %.2f are allowed. Hints may be switched on.", rate, o.Allowed)
	}
	return g
}

// unfair is the group with the highest rate that does not pass by itself, or none.
func unfair(groups []Figures, allowed float64) *Figures {
	var worst *Figures
	for i := range groups {
		f := &groups[i]
		if f.Neutral.Flags >= 2 && f.Neutral.PerHour > allowed && (worst == nil || f.Neutral.PerHour > worst.Neutral.PerHour) {
			worst = f
		}
	}
	return worst
}

func flags(n int) string {
	if n == 1 {
		return "1 flag"
	}
	return fmt.Sprintf("%d flags", n)
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Table writes the report for people.
func (r *Report) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "callers\tcalls\thours\tneutral\tflags\tper hour\tbelow\traised\tfound\trecall\tmedian\t9 of 10\t")
	for _, f := range append([]Figures{r.All}, r.Groups...) {
		n, r := &f.Neutral, &f.Raised
		fmt.Fprintf(t, "%s\t%d\t%.2f\t%.2f h\t%d\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t\n", f.Group, f.Calls, f.Hours, n.Hours, n.Flags,
			told(n.Hours > 0, "%.2f", n.PerHour), told(n.Hours > 0, "%.2f", n.Below), r.Stretches, r.Found,
			told(r.Stretches > 0, "%.0f %%", 100*r.Recall), told(r.Found > 0, "%.0f s", r.Median), told(r.Found > 0, "%.0f s", r.Slow))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var s strings.Builder
	r.notes(&s)
	_, err := io.WriteString(w, s.String())
	return err
}

// told is a figure, or a dash where there is nothing to tell.
func told(is bool, format string, v float64) string {
	if !is {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// notes are what stands below the table.
func (r *Report) notes(s *strings.Builder) {
	fmt.Fprintf(s, "flags: in calls in which nobody marked anything; below: what their rate in truth is below, with 95 %% confidence\n")
	if r.All.Neutral.Monologues > 0 {
		fmt.Fprintf(s, "hints for a monologue in neutral calls: %d\n", r.All.Neutral.Monologues)
	}
	if r.All.Raised.Short > 0 {
		fmt.Fprintf(s, "raised for less than %d s and not counted: %d\n", shortest, r.All.Raised.Short)
	}
	for _, a := range r.Raters {
		kappa := "undefined: both said the same of every second"
		if a.Kappa != nil {
			kappa = fmt.Sprintf("%.2f", *a.Kappa)
		}
		fmt.Fprintf(s, "raters %s and %s: %d calls, %.1f %% of seconds the same, Cohen's κ %s\n", a.Raters[0], a.Raters[1], a.Calls, 100*a.Same, kappa)
	}
	places(s, "flags to listen to", r.False)
	places(s, "raised, but not found", r.Missed)
	if n := len(r.Unlabelled); n > 0 {
		fmt.Fprintf(s, "recordings without a label, not heard: %d (%s)\n", n, few(r.Unlabelled))
	}
	fmt.Fprintf(s, "%s\n", r.Gate.Sentence)
}

func places(s *strings.Builder, what string, all []Flag) {
	if len(all) == 0 {
		return
	}
	var names []string
	for _, f := range all {
		names = append(names, fmt.Sprintf("%s at %.0f s", f.File, f.At))
	}
	fmt.Fprintf(s, "%s: %s\n", what, few(names))
}

// few names at most ten.
func few(names []string) string {
	const most = 10
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
