package figures

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Goal is what a queue shall reach. A zero field asks for nothing.
type Goal struct {
	Level     float64       // share of callers answered within Target, 0–1
	Target    time.Duration // what answered in time means
	ASA       time.Duration // average wait at most
	Abandoned float64       // share of callers who leave at most, 0–1; needs Patience
	Occupancy float64       // share of an agent's time in calls at most: rest between calls is planned, not hoped for
	Patience  time.Duration // how long callers wait on average before they leave; 0 = for ever (Erlang C)
	Shrinkage float64       // share of paid time not at the phone: breaks, training, illness; 0–1
}

// Check says what is wrong with the goal.
func (g Goal) Check() error {
	share := func(name string, v, below float64) error {
		if !(v >= 0 && v < below) {
			return fmt.Errorf("%s is %v; must be from 0 to below %v", name, v, below)
		}
		return nil
	}
	errs := []error{
		share("the service level", g.Level, 1), share("the share of abandoned calls", g.Abandoned, 1),
		share("the occupancy", g.Occupancy, 1.0000001), share("the shrinkage", g.Shrinkage, 1),
	}
	if g.Target < 0 || g.ASA < 0 || g.Patience < 0 {
		errs = append(errs, errors.New("a time is negative"))
	}
	if g.Abandoned > 0 && g.Patience == 0 {
		errs = append(errs, errors.New("a share of abandoned calls can only be computed with a patience"))
	}
	if g.Level == 0 && g.ASA == 0 && g.Abandoned == 0 && g.Occupancy == 0 {
		errs = append(errs, errors.New("nothing is asked for: a service level, a wait, a share of abandoned calls or an occupancy"))
	}
	return errors.Join(errs...)
}

// Staffing is how many agents reach a goal, and what they reach.
type Staffing struct {
	Erlangs   float64
	Agents    int // at the phone
	Scheduled int // on the plan, with shrinkage
	Formula   string
	Waiting   Waiting
}

// Formulas of Staffing; a figure names the one that made it.
const (
	FormulaC = "erlang-c/1"
	FormulaA = "erlang-a/1"
)

// Staff finds the fewest agents that reach the goal. No number may: then the error
// says which part of the goal is out of reach.
func Staff(l Load, g Goal) (Staffing, error) {
	if err := errors.Join(l.Check(), g.Check()); err != nil {
		return Staffing{}, err
	}
	s := Staffing{Erlangs: l.Erlangs(), Formula: FormulaA}
	if g.Patience == 0 {
		s.Formula = FormulaC
	}
	low, high := 1, max(2, 2*int(math.Ceil(s.Erlangs)))
	for !g.reached(l, high) {
		if high > mostAgents/2 {
			return Staffing{}, errors.New("no number of agents reaches the goal")
		}
		low, high = high, 2*high
	}
	for low < high {
		if mid := (low + high) / 2; g.reached(l, mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	s.Agents = high
	s.Scheduled = int(math.Ceil(float64(high)/(1-g.Shrinkage) - 1e-9))
	var err error
	s.Waiting, err = g.Waiting(l, high)
	return s, err
}

// Waiting tells what so many agents would reach, by the formula that the goal asks for.
func (g Goal) Waiting(l Load, agents int) (Waiting, error) {
	if g.Patience == 0 {
		return ErlangC(l, agents, g.Target)
	}
	return ErlangA(l, agents, g.Target, g.Patience)
}

func (g Goal) reached(l Load, agents int) bool {
	w, err := g.Waiting(l, agents)
	switch {
	case err != nil:
		return false
	case g.Level > 0 && w.Level < g.Level, g.ASA > 0 && w.ASA > g.ASA:
		return false
	case g.Abandoned > 0 && w.Abandoned > g.Abandoned, g.Occupancy > 0 && w.Occupancy > g.Occupancy:
		return false
	}
	return true
}
