package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	deskRoom  = 4096                   // records waiting for a slow journal before new ones wait for room
	beginWait = time.Second            // longest a caller waits for a slow disk before being answered
	sealRetry = 500 * time.Millisecond // first pause after a failed write; doubles up to a minute
)

// recordDesk takes finished records and brings them to the journal. It never
// loses one silently: a record that cannot be written stays at the desk and is
// tried again, and the failure is counted and logged once per outage.
type recordDesk struct {
	journal Journal
	tally   *Tally
	log     *slog.Logger
	in      chan Record
	done    chan struct{}
	stop    context.CancelFunc
}

func newRecordDesk(j Journal, t *Tally, log *slog.Logger) *recordDesk {
	ctx, stop := context.WithCancel(context.Background()) // lives until close, longer than any call
	d := &recordDesk{journal: j, tally: t, log: log, in: make(chan Record, deskRoom), done: make(chan struct{}), stop: stop}
	go d.run(ctx)
	return d
}

// begin makes the draft durable before the caller is answered. A journal that is
// too slow does not keep the caller waiting: the call goes on and the failure is
// told.
func (d *recordDesk) begin(ctx context.Context, r Record) {
	ctx, cancel := context.WithTimeout(ctx, beginWait)
	defer cancel()
	if err := d.journal.Begin(ctx, r); err != nil {
		d.tally.Add("journal_failures_total")
		d.log.Error("call begins without a durable draft", "call", r.ID, "err", err)
	}
}

// seal hands over a finished record. When the desk is full it waits for room:
// only the call's own end is held up, never sound.
func (d *recordDesk) seal(r Record) { d.in <- r }

func (d *recordDesk) run(ctx context.Context) {
	defer close(d.done)
	for r := range d.in {
		d.write(ctx, r)
	}
}

func (d *recordDesk) write(ctx context.Context, r Record) {
	for pause := sealRetry; ; pause = min(2*pause, time.Minute) {
		err := d.journal.Seal(ctx, r)
		if errors.Is(err, ErrSealed) {
			d.tally.Add("records_sealed_twice_total")
			d.log.Error("record was sealed before", "call", r.ID)
			return
		}
		if err == nil {
			return
		}
		d.tally.Add("journal_failures_total")
		if pause == sealRetry {
			d.log.Error("record waits for the journal", "call", r.ID, "err", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			d.tally.Add("records_lost_total")
			d.log.Error("record lost at the stop", "call", r.ID, "err", err)
			return
		}
	}
}

// close waits until every record is written or ctx ends.
func (d *recordDesk) close(ctx context.Context) error {
	close(d.in)
	select {
	case <-d.done:
		d.stop()
		return nil
	case <-ctx.Done():
		d.stop()
		<-d.done
		return fmt.Errorf("records were not written: %w", context.Cause(ctx))
	}
}
