package figures

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Load is what a queue is offered: Calls in Per, each handled for AHT (talk, hold and
// wrap-up).
type Load struct {
	Calls float64
	Per   time.Duration
	AHT   time.Duration
}

// Erlangs is the traffic offered: how many agents would be busy if nobody ever waited.
func (l Load) Erlangs() float64 { return l.Calls * l.AHT.Seconds() / l.Per.Seconds() }

// rate is calls per second.
func (l Load) rate() float64 { return l.Calls / l.Per.Seconds() }

// Check says what cannot be computed.
func (l Load) Check() error {
	switch {
	case !(l.Calls >= 0) || math.IsInf(l.Calls, 0):
		return fmt.Errorf("calls is %v; must be 0 or more", l.Calls)
	case l.Per <= 0:
		return fmt.Errorf("the interval is %v; must be longer than 0", l.Per)
	case l.AHT <= 0:
		return fmt.Errorf("the handle time is %v; must be longer than 0", l.AHT)
	case l.Erlangs() > mostErlangs:
		return fmt.Errorf("%.0f erlangs are more than %d", l.Erlangs(), mostErlangs)
	}
	return nil
}

const (
	mostErlangs = 100_000
	mostAgents  = 200_000
)

// Waiting is what callers and agents of a queue with so many agents meet, in the long
// run and for calls that come independently of each other.
type Waiting struct {
	Delayed   float64       // share of callers who wait at all
	Level     float64       // share of callers answered within the target
	ASA       time.Duration // average wait of all callers; for Erlang A of those who leave, too
	Abandoned float64       // share of callers who leave before an answer; 0 by Erlang C
	Occupancy float64       // share of an agent's time that is handling
}

// ErrOverload means that more comes than the agents can handle: by Erlang C the wait
// has no end.
var ErrOverload = errors.New("figures: more work comes than the agents can handle")

// ErlangC tells how callers wait who never leave (M/M/N; A. K. Erlang 1917). It is
// what most tools compute, and too dark for a busy queue: real callers leave.
func ErlangC(l Load, agents int, target time.Duration) (Waiting, error) {
	if err := l.Check(); err != nil {
		return Waiting{}, err
	}
	a, n := l.Erlangs(), float64(agents)
	if agents < 1 || a >= n {
		return Waiting{}, fmt.Errorf("%w: %.2f erlangs, %d agents", ErrOverload, a, agents)
	}
	b := erlangB(a, agents)
	delayed := n * b / (n - a*(1-b))
	aht := l.AHT.Seconds()
	return Waiting{
		Delayed:   delayed,
		Level:     1 - delayed*math.Exp(-(n-a)*target.Seconds()/aht),
		ASA:       seconds(delayed * aht / (n - a)),
		Occupancy: a / n,
	}, nil
}

// erlangB is the share of callers that find n lines busy, by the recursion that never
// overflows.
func erlangB(a float64, n int) float64 {
	b := 1.0
	for i := 1; i <= n; i++ {
		b = a * b / (float64(i) + a*b)
	}
	return b
}

// ErlangA tells how callers wait who leave after an average patience (M/M/N+M; Palm
// 1957; Garnett, Mandelbaum and Reiman 2002). It also holds when more comes than the
// agents can handle.
func ErlangA(l Load, agents int, target, patience time.Duration) (Waiting, error) {
	if err := l.Check(); err != nil {
		return Waiting{}, err
	}
	if patience <= 0 {
		return Waiting{}, fmt.Errorf("the patience is %v; must be longer than 0", patience)
	}
	if agents < 1 || agents > mostAgents {
		return Waiting{}, fmt.Errorf("%d agents; must be 1 to %d", agents, mostAgents)
	}
	q := queueing{arrive: l.rate(), serve: 1 / l.AHT.Seconds(), leave: 1 / patience.Seconds(), agents: agents}
	return q.solve(target.Seconds()), nil
}

// queueing is a birth and death process: callers arrive, are served, and leave. All are
// rates per second.
type queueing struct {
	arrive, serve, leave float64
	agents               int
}

// faint is where the tail of a distribution no longer counts.
const faint = 1e-13

func (q queueing) solve(target float64) Waiting {
	if q.arrive == 0 {
		return Waiting{Level: 1}
	}
	p := q.states()
	var all, delayed, waiting, soon float64
	for n, share := range p {
		all += share
		if n < q.agents {
			soon += share
			continue
		}
		delayed += share
		waiting += share * float64(n-q.agents)
		soon += share * q.servedWithin(n-q.agents, target)
	}
	delayed, waiting, soon = delayed/all, waiting/all, soon/all
	gone := q.leave * waiting / q.arrive
	return Waiting{
		Delayed:   delayed,
		Level:     soon,
		ASA:       seconds(waiting / q.arrive),
		Abandoned: gone,
		Occupancy: q.arrive * (1 - gone) / (q.serve * float64(q.agents)),
	}
}

// states are the shares of time with 0, 1, 2, … callers in the system, relative to the
// likeliest, so that none overflows.
func (q queueing) states() []float64 {
	logs, top := []float64{0}, 0.0
	for n := 1; ; n++ {
		out := q.serve * float64(min(n, q.agents))
		if n > q.agents {
			out += q.leave * float64(n-q.agents)
		}
		next := logs[n-1] + math.Log(q.arrive/out)
		logs = append(logs, next)
		top = max(top, next)
		if n > q.agents && q.arrive < out && next < top+math.Log(faint) {
			break
		}
	}
	for n := range logs {
		logs[n] = math.Exp(logs[n] - top)
	}
	return logs
}

// servedWithin is how likely a caller with so many before him in the queue is served
// before the target has passed and his patience has ended: each step forward happens
// with the rate at which somebody before him is served or leaves.
func (q queueing) servedWithin(ahead int, target float64) float64 {
	if target <= 0 {
		return 0
	}
	// Uniformisation: the chain of places ahead, …, 0 → served, with leaving from each.
	base := q.serve * float64(q.agents)
	whole := base + q.leave*float64(ahead+1)
	place := make([]float64, ahead+1)
	place[ahead] = 1
	served := 0.0
	mean := whole * target
	// Poisson weights from the first that counts.
	logWeight := -mean
	left := 1.0
	total := 0.0
	for k := 0; left > faint; k++ {
		if k > 0 {
			logWeight += math.Log(mean / float64(k))
			served += q.step(place, base, whole)
		}
		w := math.Exp(logWeight)
		total += w * served
		left -= w
		if float64(k) > mean && w < faint {
			break
		}
	}
	return total + max(0, left)*served
}

// step moves the chain once and gives what was newly served.
func (q queueing) step(place []float64, base, whole float64) (served float64) {
	served = place[0] * base / whole
	for i := range place {
		// Of those before him, i can leave; he himself leaves with one share more.
		forward := 0.0
		if i+1 < len(place) {
			forward = place[i+1] * (base + q.leave*float64(i+1)) / whole
		}
		stay := whole - base - q.leave*float64(i+1)
		place[i] = place[i]*stay/whole + forward
	}
	return served
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
