package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	deskRoom  = 4096                   // records waiting for a slow journal before new ones go to the spill file
	beginWait = time.Second            // longest a caller waits for a slow disk before being answered
	sealRetry = 500 * time.Millisecond // first pause after a failed write; doubles up to a minute
)

// recordDesk takes finished records and brings them to the journal, one after the
// other. A record that cannot be written stays at the desk and is tried again; when
// the desk is full, or closes, it goes to the spill file, which the next start reads
// in. The end of a call never waits for the journal.
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
	late    int // records that close found unwritten; run's until done

	mu     sync.Mutex // protects all following fields
	queue  []Record
	closed bool
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
	for {
		r, ok := d.next()
		switch {
		case ok && !d.write(ctx, r):
			for ; ok; r, ok = d.next() {
				d.toSpill(r)
				d.late++
			}
			return
		case ok:
			continue
		}
		select {
		case <-d.news:
		case <-d.closing:
			if d.empty() {
				return
			}
		}
	}
}

func (d *recordDesk) next() (Record, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) == 0 {
		return Record{}, false
	}
	r := d.queue[0]
	d.queue[0] = Record{}
	d.queue = d.queue[1:]
	return r, true
}

func (d *recordDesk) empty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue) == 0
}

// write brings one record to the journal, however long that takes. false = ctx has
// ended before.
func (d *recordDesk) write(ctx context.Context, r Record) bool {
	for pause := sealRetry; ; pause = min(2*pause, time.Minute) {
		err := d.journal.Seal(ctx, r)
		if errors.Is(err, ErrSealed) {
			d.tally.Add("records_sealed_twice_total")
			d.log.Error("record was sealed before", "call", r.ID)
			return true
		}
		if err == nil {
			return true
		}
		d.tally.Add("journal_failures_total")
		if pause == sealRetry {
			d.log.Error("record waits for the journal", "call", r.ID, "err", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false
		}
	}
}

// toSpill keeps a record for the next start. A record that is lost after all is told
// in full: the log is the last place where it can stand.
func (d *recordDesk) toSpill(r Record) {
	if err := d.spill.add(r); err != nil {
		d.tally.Add("records_lost_total")
		d.log.Error("record lost", "call", r.ID, "err", err, "record", r)
		return
	}
	d.tally.Add("records_spilled_total")
	d.log.Error("record kept for the next start: the journal does not take it", "call", r.ID, "file", d.spill.path)
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
		return nil
	case <-ctx.Done():
	}
	d.stop()
	<-d.done
	if d.late == 0 {
		return nil
	}
	return fmt.Errorf("%d records wait in %s for the next start: %w", d.late, d.spill.path, context.Cause(ctx))
}
