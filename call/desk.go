package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	deskHands = 64                     // sheets that a journal is given together
	deskRoom  = 4096                   // sheets waiting for a slow journal before new records go to the spill file
	beginWait = time.Second            // longest a caller waits for a slow disk before being answered
	sealRetry = 500 * time.Millisecond // first pause after a failed write; doubles
	sealMost  = 5 * time.Second        // longest pause: a store that is back gets everything soon
)

// recordDesk takes finished records, and drafts of calls that go on, and brings them to
// the journal: what has come since it was there last together, in the order in which it
// came. A record that cannot be written stays at the desk and is tried again; when
// the desk is full, or closes, it goes to the spill file, which is read in when the
// journal takes records again, or by the next start. A draft is tried once. No call ever
// waits for the desk.
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
	queue   []Sheet
	carried int // records taken off the desk, and neither in the journal nor in the spill file
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
	if !d.take(Sheet{Record: r, Final: true}) {
		d.toSpill(r)
	}
}

// draft hands over what is known of a call that goes on.
func (d *recordDesk) draft(r Record) {
	if !d.take(Sheet{Record: r}) {
		d.undrafted(r, errDeskFull)
	}
}

// errDeskFull is why a draft did not come to the journal.
var errDeskFull = errors.New("too many records wait for the journal")

// take puts a sheet on the desk; false = there is no room.
func (d *recordDesk) take(s Sheet) bool {
	d.mu.Lock()
	full := d.closed || len(d.queue) >= d.room
	if !full {
		d.queue = append(d.queue, s)
	}
	d.mu.Unlock()
	if full {
		return false
	}
	select {
	case d.news <- struct{}{}:
	default:
	}
	return true
}

// run writes until the desk has closed and nothing waits any more, or ctx ends.
func (d *recordDesk) run(ctx context.Context) {
	defer close(d.done)
	var again <-chan time.Time // when to try the spill file
	for {
		for batch := d.next(); len(batch) > 0; batch = d.next() {
			d.carry(ctx, batch)
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

// carry brings a batch to the journal. While records are in the spill file others
// follow them, so that an outage of the journal costs one attempt and not one for each; and
// before drafts are tried, for that may take its time.
func (d *recordDesk) carry(ctx context.Context, batch []Sheet) {
	if d.spill.holds() > 0 {
		var records []Sheet
		drafts := batch[:0]
		for _, s := range batch {
			if s.Final {
				records = append(records, s)
			} else {
				drafts = append(drafts, s)
			}
		}
		batch = drafts
		d.keep(ctx, records, false)
	}
	if len(batch) > 0 {
		d.keep(ctx, d.bring(ctx, batch, false), true)
	}
}

// keep brings records to the spill file: there they outlive the end of the process. Those that
// the file does not take, as on a full disk, go to the journal, together; what neither
// takes is tried again until ctx ends. offered = the journal did not take them just now.
func (d *recordDesk) keep(ctx context.Context, records []Sheet, offered bool) {
	for pause := sealRetry; ; {
		if records = d.spillAll(records, pause == sealRetry); len(records) == 0 {
			return
		}
		if offered {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				d.lose(records)
				return
			}
			pause = min(2*pause, sealMost)
		}
		left := d.bring(ctx, records, offered)
		if len(left) < len(records) {
			pause = sealRetry
		}
		records, offered = left, true
	}
}

// spillAll brings records to the spill file until it does not take one, and gives the rest, that one
// last: the next time another is first.
func (d *recordDesk) spillAll(records []Sheet, tell bool) (rest []Sheet) {
	for i, s := range records {
		rest = records[i:]
		d.holds(len(rest))
		if err := d.spill.add(s.Record); err != nil {
			if tell {
				d.log.Error("records wait in memory: the spill file does not take them either", "records", len(rest), "err", err)
			}
			return append(slices.Clone(records[i+1:]), s)
		}
		d.spilled(s.Record)
	}
	d.holds(0)
	return nil
}

// lose tries the spill file a last time, and tells what is lost.
func (d *recordDesk) lose(records []Sheet) {
	for _, s := range records {
		d.toSpill(s.Record)
	}
	d.holds(0)
}

// holds says how many records the desk has in its hands.
func (d *recordDesk) holds(n int) {
	d.mu.Lock()
	d.carried = n
	d.mu.Unlock()
}

// bring offers a batch to the journal, once, and gives the records that it did not take. again =
// it was offered before: then a record may have been sealed though the answer was an error.
func (d *recordDesk) bring(ctx context.Context, batch []Sheet, again bool) (refused []Sheet) {
	var why error
	for i, err := range d.journal.Keep(ctx, batch) {
		switch r := batch[i].Record; {
		case err == nil:
		case !batch[i].Final:
			d.undrafted(r, err)
		case errors.Is(err, ErrSealed):
			if !again {
				d.tally.Add("records_sealed_twice_total")
				d.log.Error("record was sealed before", "call", r.ID)
			}
		default:
			refused, why = append(refused, batch[i]), err
		}
	}
	d.holds(len(refused))
	if why != nil {
		d.tally.Add("journal_failures_total")
		d.log.Error("records wait for the journal", "records", len(refused), "err", why)
	}
	return refused
}

// undrafted tells that a draft was not kept. One that comes after the record is wanted
// by nobody.
func (d *recordDesk) undrafted(r Record, err error) {
	if errors.Is(err, ErrSealed) {
		return
	}
	d.tally.Add("journal_failures_total")
	d.log.Error("call goes on without its newest draft", "call", r.ID, "err", err)
}

// next takes the first sheets off the desk: many, but one of each call.
func (d *recordDesk) next() []Sheet {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for n < min(deskHands, len(d.queue)) && !among(d.queue[:n], d.queue[n].Record.ID) {
		n++
	}
	batch := slices.Clone(d.queue[:n])
	clear(d.queue[:n])
	d.queue = d.queue[n:]
	d.carried = finals(batch)
	return batch
}

// among tells whether one of the sheets is of a call.
func among(sheets []Sheet, call string) bool {
	for i := range sheets {
		if sheets[i].Record.ID == call {
			return true
		}
	}
	return false
}

// finals counts the records among sheets.
func finals(sheets []Sheet) (n int) {
	for i := range sheets {
		if sheets[i].Final {
			n++
		}
	}
	return n
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
	return finals(d.queue) + d.carried + d.spill.holds()
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
