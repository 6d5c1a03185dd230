package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"breakwater/sip/siptest"
)

// callers are the load: calls at a steady rate, each from a number of its own.
type callers struct {
	server    netip.AddrPort
	local     netip.Addr
	transport string
	rate      float64       // calls a second
	talk      time.Duration // from the moment the agent is heard
	span      time.Duration // how long calls are placed
	drain     time.Duration // how long they may wait after that

	phones []*siptest.Phone
}

const trunkPhones = 4 // sockets the calls are spread over

// experience is what the callers went through.
type experience struct {
	mu     sync.Mutex // protects all following fields
	calls  int
	served int
	wrong  map[string]int // what went wrong, and how often
	heard  samples        // INVITE → the agent is heard
	sound  siptest.Stats  // of all calls together: counts only
	pacing samples        // per call: p99 of the pacing error
	late   time.Duration
}

// play places the calls and returns when the last one is over.
func (c *callers) play(ctx context.Context) (*experience, error) {
	for i := range trunkPhones {
		p, err := siptest.New(siptest.Options{
			Name: fmt.Sprintf("trunk%d", i), Server: c.server, Local: c.local, Transport: c.transport, Keep: 2 * time.Second,
		})
		if err != nil {
			return nil, err
		}
		defer p.Close()
		c.phones = append(c.phones, p)
	}
	x := &experience{wrong: map[string]int{}}
	ctx, cancel := context.WithTimeoutCause(ctx, c.span+c.drain, errors.New("no agent until the end of the run"))
	defer cancel()
	var calls sync.WaitGroup
	defer calls.Wait()
	began := time.Now()
	step := time.Duration(float64(time.Second) / c.rate)
	clock := time.NewTimer(0)
	defer clock.Stop()
	for i := 0; time.Duration(i)*step < c.span; i++ {
		due := began.Add(time.Duration(i) * step)
		clock.Reset(time.Until(due))
		select {
		case <-clock.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		x.late = max(x.late, time.Since(due))
		calls.Go(func() { c.call(ctx, x, i) })
	}
	calls.Wait()
	return x, nil
}

// call is one caller: waits for the agent's tone, answers with another one for
// as long as the talk is, and hangs up.
func (c *callers) call(ctx context.Context, x *experience, i int) {
	p := c.phones[i%len(c.phones)]
	call, err := p.Dial(ctx, siptest.Dial{Number: numberBench, From: fmt.Sprintf("030%06d", i), Silent: true})
	if err != nil {
		x.note(nil, "dial", err)
		return
	}
	if err := call.WaitAnswered(ctx); err != nil {
		x.note(call, "answer", err)
	} else if err := call.WaitTone(ctx, agentTone); err != nil {
		x.note(call, "agent", err)
	} else {
		x.hears(time.Since(call.Began()))
		call.PlayTone(callerTone, toneLevel)
		x.note(call, "talk", talkFor(ctx, call, c.talk))
	}
	// the end of the run must not leave a call behind
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := call.Hangup(bye); err != nil {
		x.note(call, "hang up", err)
	}
}

// talkFor returns after d, or with what ended the call before.
func talkFor(ctx context.Context, call *siptest.Call, d time.Duration) error {
	clock := time.NewTimer(d)
	defer clock.Stop()
	select {
	case <-clock.C:
		return nil
	case <-call.Ended():
		return fmt.Errorf("ended by %s", call.End())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (x *experience) hears(after time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.heard.add(after)
}

// note counts one call's outcome. The error of a later step counts beside it.
func (x *experience) note(call *siptest.Call, stage string, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if stage != "hang up" {
		x.calls++
	}
	if err != nil {
		x.wrong[stage+": "+err.Error()]++
	} else {
		x.served++
	}
	if call == nil || stage == "hang up" {
		return
	}
	s := call.Stats()
	t := &x.sound
	t.Packets += s.Packets
	t.Lost += s.Lost
	t.Reordered += s.Reordered
	t.SequenceJumps += s.SequenceJumps
	t.TimestampJumps += s.TimestampJumps
	t.SSRCChanges += s.SSRCChanges
	t.Strangers += s.Strangers
	x.pacing.add(s.Deviation(0.99))
}

func (x *experience) print(w io.Writer) {
	x.mu.Lock()
	defer x.mu.Unlock()
	fmt.Fprintf(w, "callers      %d calls, %d served; INVITE → agent heard %v\n", x.calls, x.served, x.heard)
	t := x.sound
	fmt.Fprintf(w, "sound        %d packets: lost %d, reordered %d, jumps in sequence %d and time %d, new sources %d, strangers %d\n",
		t.Packets, t.Lost, t.Reordered, t.SequenceJumps, t.TimestampJumps, t.SSRCChanges, t.Strangers)
	fmt.Fprintf(w, "pacing       p99 of each call: %v\n", x.pacing)
	fmt.Fprintf(w, "load         latest call was placed %v late\n", x.late.Round(time.Microsecond))
	for _, what := range slices.Sorted(maps.Keys(x.wrong)) {
		fmt.Fprintf(w, "!            %d× %s\n", x.wrong[what], what)
	}
}

func (x *experience) problems() []error {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for _, count := range x.wrong {
		n += count
	}
	if n == 0 {
		return nil
	}
	return []error{fmt.Errorf("%d calls failed at the callers", n)}
}
