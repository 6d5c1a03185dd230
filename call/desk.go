package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	deskHands = 64                     // records brought to a journal that works at once
	deskRoom  = 4096                   // records waiting for a slow journal before new ones go to the spill file
	beginWait = time.Second            // longest a caller waits for a slow disk before being answered
	sealRetry = 500 * time.Millisecond // first pause after a failed write; doubles
	sealMost  = 5 * time.Second        // longest pause: a store that is back gets everything soon
)

// recordDesk takes finished records and brings them to the journal: one after the
// other, and many at once while the journal takes them, so that it may write them
// together. A record that cannot be written stays at the desk and is tried again; when
// the desk is full, or closes, it goes to the spill file, which is read in when the
// journal takes records again, or by the next start. The end of a call never waits for
// the journal.
type recordDesk struct {
	journal Journal
	spill   *spill
	tally   *Tally
	log     *slog.Logger
	room    int
	news    chan struct{} // capacity 1: there is something to do
	closing chan struct{}
	done    chan struct{} // run has ended
	stop    context.CancelFunc

	mu      sync.Mutex // protects all following fields
	queue   []Record
	carried int // taken off the desk, and neither in the journal nor in the spill file
	closed  bool
}

func newRecordDesk(j Journal, s *spill, t *Tally, log *slog.Logger) *recordDesk {
	ctx, stop := context.WithCancel(context.Background()) // lives until close, longer than any call
	d := &recordDesk{
		journal: j, spill: s, tally: t, log: log, room: deskRoom,
		news: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}), stop: stop,
	}
	go d.run(ctx)
	return d
}

// seal hands over a finished record.
func (d *recordDesk) seal(r Record) {
	d.mu.Lock()
	full := d.closed || len(d.queue) >= d.room
	if !full {
		d.queue = append(d.queue, r)
	}
	d.mu.Unlock()
	if full {
		d.toSpill(r)
		return
	}
	select {
	case d.news <- struct{}{}:
	default:
	}
}

// run writes until the desk has closed and nothing waits any more, or ctx ends.
func (d *recordDesk) run(ctx context.Context) {
	defer close(d.done)
	var again <-chan time.Time // when to try the spill file
	for {
		hands := 1 // the first tries whether the journal works
		for batch := d.next(hands); len(batch) > 0; batch = d.next(hands) {
			hands = 1
			if d.carry(ctx, batch) && d.spill.holds() == 0 {
				hands = deskHands
			}
		}
		if again == nil && d.spill.holds() > 0 {
			again = time.After(sealMost)
		}
		select {
		case <-d.news:
		case <-again:
			again = nil
			d.catchUp(ctx)
		case <-d.closing:
			if d.empty() {
				d.catchUp(ctx)
				return
			}
		}
	}
}

// catchUp brings what was spilled to the journal. What it does not take stays in the
// file and is tried again.
func (d *recordDesk) catchUp(ctx context.Context) {
	n := d.spill.holds()
	if n == 0 {
		return
	}
	if err := d.spill.readIn(ctx, d.journal, d.log); err != nil {
		d.tally.Add("journal_failures_total")
		d.log.Warn("spilled records still wait for the journal", "file", d.spill.path, "err", err)
		return
	}
	d.log.Info("spilled records are in the journal", "records", n)
}

// carry brings a batch to the journal. It tells whether ctx lives on.
func (d *recordDesk) carry(ctx context.Context, batch []Record) bool {
	var all sync.WaitGroup
	var lost atomic.Bool
	bring := func(r Record) {
		if !d.keep(ctx, r) {
			d.toSpill(r)
			lost.Store(true)
		}
		d.mu.Lock()
		d.carried--
		d.mu.Unlock()
	}
	for _, r := range batch[1:] {
		all.Go(func() { bring(r) })
	}
	bring(batch[0])
	all.Wait()
	return !lost.Load()
}

// next takes the first records off the desk, at most so many.
func (d *recordDesk) next(most int) []Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	most = min(most, len(d.queue))
	batch := slices.Clone(d.queue[:most])
	clear(d.queue[:most])
	d.queue = d.queue[most:]
	d.carried += most
	return batch
}

func (d *recordDesk) empty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue) == 0
}

// waiting counts the records that are not in the journal: at the desk, on their way and in
// the spill file.
func (d *recordDesk) waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue) + d.carried + d.spill.holds()
}

// keep brings one record to the journal or, when that fails, to the spill file: there
// it outlives the end of the process. While some are in the file the others follow
// them, so that an outage of the journal costs one attempt and not one for each. Where
// both fail it tries on; false = ctx has ended before.
func (d *recordDesk) keep(ctx context.Context, r Record) bool {
	for pause := sealRetry; ; pause = min(2*pause, sealMost) {
		again := pause > sealRetry
		if again || d.spill.holds() == 0 {
			err := d.journal.Seal(ctx, r)
			if !again && errors.Is(err, ErrSealed) {
				d.tally.Add("records_sealed_twice_total")
				d.log.Error("record was sealed before", "call", r.ID)
			}
			if err == nil || errors.Is(err, ErrSealed) { // sealed by a try that was answered with an error
				return true
			}
			d.tally.Add("journal_failures_total")
			if !again {
				d.log.Error("record waits for the journal", "call", r.ID, "err", err)
			}
		}
		err := d.spill.add(r)
		if err == nil {
			d.spilled(r)
			return true
		}
		if !again {
			d.log.Error("record waits in memory: the spill file does not take it either", "call", r.ID, "err", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false
		}
	}
}

// toSpill keeps a record until the journal takes it. A record that is lost after all
// is told in full: the log is the last place where it can stand.
func (d *recordDesk) toSpill(r Record) {
	if err := d.spill.add(r); err != nil {
		d.tally.Add("records_lost_total")
		d.log.Error("record lost", "call", r.ID, "err", err, "record", r)
		return
	}
	d.spilled(r)
}

func (d *recordDesk) spilled(r Record) {
	d.tally.Add("records_spilled_total")
	d.log.Warn("record kept in the spill file until the journal takes it", "call", r.ID, "file", d.spill.path)
}

// close writes what waits, until ctx ends; what is left then is kept in the spill
// file, and told. Closing again is harmless.
func (d *recordDesk) close(ctx context.Context) error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	d.mu.Unlock()
	defer d.stop()
	close(d.closing)
	select {
	case <-d.done:
	case <-ctx.Done():
		d.stop()
		<-d.done
	}
	if n := d.spill.holds(); n > 0 {
		return fmt.Errorf("%d records wait in %s for the next start", n, d.spill.path)
	}
	return nil
}
