package sip

import (
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"
)

// mailboxSize is how many messages of one Call-ID may wait. A dialog never has
// more than a few in flight; more is a fault or an attack.
const mailboxSize = 64

// job is one thing to do in a mailbox: one of ours, or what a message wants.
type job struct {
	ours    func()
	message func(*mailbox)
}

// keptJobs is for how many jobs an idle mailbox keeps room.
const keptJobs = 8

// mailbox makes everything that happens to one Call-ID happen in order and one at
// a time: messages, timers and the commands of the leg's owner. It has a goroutine
// only while there is work.
type mailbox struct {
	office *office
	callID string

	mu       sync.Mutex // protects the following
	jobs     []job
	done     int // of jobs, those that were begun
	messages int // of the others, those from the wire
	running  bool
	dead     bool      // the server has ended: nothing is taken any more
	room     sync.Cond // readers of streams wait here

	// owned by the running job
	txs  []*tx // few: to look through them is cheaper than a map
	leg  *leg  // the call of this Call-ID, if it is one
	kept int   // other reasons to stay: registrations and probes under way
}

// office is all mailboxes of the server.
type office struct {
	log   *slog.Logger
	tally *tally
	limit int // mailboxes at once; above it new requests are refused without state

	gate  sync.Mutex     // makes begin and the end of the office one after the other; taken last
	shut  bool           // protected by gate
	wg    sync.WaitGroup // mailboxes that work
	hands hands

	goodbyes atomic.Int64 // BYEs and CANCELs that wait for their answer

	mu     sync.Mutex // protects the following; taken before a mailbox's own
	boxes  map[string]*mailbox
	closed bool
}

func newOffice(log *slog.Logger, tally *tally, limit int) *office {
	return &office{log: log, tally: tally, limit: limit, boxes: map[string]*mailbox{}}
}

// delivery is what became of a message.
type delivery uint8

const (
	delivered delivery = iota
	boxFull            // the mailbox of its Call-ID is full
	noRoom             // there is no mailbox of its Call-ID and there may not be another
)

// deliver queues what to do with a message of callID. create makes a mailbox where
// there is none. wait, for streams, pauses the caller (its reader) while the
// mailbox is full, which pauses the sender in turn; without it a full mailbox drops.
func (o *office) deliver(callID string, create, wait bool, f func(*mailbox)) delivery {
	for {
		b, result := o.tryDeliver(callID, create, f)
		if result != boxFull || !wait {
			return result
		}
		b.awaitRoom()
	}
}

func (o *office) tryDeliver(callID string, create bool, f func(*mailbox)) (*mailbox, delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.boxes[callID]
	if b == nil {
		if !create || o.closed || len(o.boxes) >= o.limit {
			return nil, noRoom
		}
		b = o.add(strings.Clone(callID)) // it outlives its message
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.messages >= mailboxSize {
		return b, boxFull
	}
	if b.enqueue(job{message: f}) {
		b.messages++
	}
	return b, delivered
}

// has tells whether there is a mailbox of callID.
func (o *office) has(callID string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.boxes[callID] != nil
}

// open makes a mailbox for a Call-ID of ours. It is outside the limit: whoever
// calls has been counted already. It stays until its first job has run.
func (o *office) open(callID string) *mailbox {
	o.mu.Lock()
	defer o.mu.Unlock()
	if b := o.boxes[callID]; b != nil {
		return b
	}
	return o.add(callID)
}

// add needs mu.
func (o *office) add(callID string) *mailbox {
	b := &mailbox{office: o, callID: callID}
	b.room.L = &b.mu
	if !o.closed {
		o.boxes[callID] = b
		o.tally.mailboxes.Add(1)
	}
	return b
}

// all gives the mailboxes of this moment.
func (o *office) all() []*mailbox {
	o.mu.Lock()
	defer o.mu.Unlock()
	boxes := make([]*mailbox, 0, len(o.boxes))
	for _, b := range o.boxes {
		boxes = append(boxes, b)
	}
	return boxes
}

// close forgets every transaction and waits until no mailbox works any more.
// Nothing is delivered afterwards.
func (o *office) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	for _, b := range o.all() {
		b.post(b.abandon)
	}
	o.gate.Lock()
	o.shut = true
	o.gate.Unlock()
	o.wg.Wait()
	o.hands.goHome()
}

// begin lets a mailbox work; false: the server has ended. A timer may fire so late
// that its mailbox was retired, and is not among those that close can tell.
func (o *office) begin(b *mailbox) bool {
	o.gate.Lock()
	defer o.gate.Unlock()
	if o.shut {
		return false
	}
	o.wg.Add(1)
	o.hands.work(b)
	return true
}

// post queues a timer or a command. These are not bounded by the mailbox but by
// their source: each timer has one, and a leg's owner waits for what it commands.
// false: the server has ended.
func (b *mailbox) post(f func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.enqueue(job{ours: f})
}

// enqueue needs mu.
func (b *mailbox) enqueue(j job) bool {
	if b.dead || !b.running && !b.office.begin(b) {
		return false
	}
	b.running = true
	if b.done > len(b.jobs)/2 && len(b.jobs) == cap(b.jobs) { // who is never without work must not grow by what is done
		b.jobs, b.done = slices.Delete(b.jobs, 0, b.done), 0
	}
	b.jobs = append(b.jobs, j)
	return true
}

// run works until nothing is left, and ends the mailbox when nothing can come.
func (b *mailbox) run() {
	for {
		b.mu.Lock()
		for j, ok := b.next(); ok; j, ok = b.next() {
			b.mu.Unlock()
			b.do(j)
			b.mu.Lock()
		}
		if !b.idle() {
			b.running = false
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		if b.retire() {
			return
		}
	}
}

// next takes a job, and lets go of the room that a burst of them took. It needs mu.
func (b *mailbox) next() (j job, ok bool) {
	if b.done == len(b.jobs) {
		if b.jobs, b.done = b.jobs[:0], 0; cap(b.jobs) > keptJobs {
			b.jobs = nil
		}
		return job{}, false
	}
	j, b.jobs[b.done] = b.jobs[b.done], job{}
	b.done++
	if j.message != nil {
		b.messages--
		b.room.Signal()
	}
	return j, true
}

// idle tells whether the mailbox has no reason to stay. Called by run only.
func (b *mailbox) idle() bool { return len(b.txs) == 0 && b.leg == nil && b.kept == 0 }

// retire takes an idle mailbox out of the office, unless work came meanwhile.
func (b *mailbox) retire() bool {
	b.office.mu.Lock()
	defer b.office.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.jobs) > b.done {
		return false
	}
	b.running = false
	if b.office.boxes[b.callID] == b {
		delete(b.office.boxes, b.callID)
		b.office.tally.mailboxes.Add(-1)
	}
	return true
}

// do runs one job. A panic costs this call, not the process (libraries.md §2.2).
func (b *mailbox) do(j job) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		b.office.tally.panics.Add(1)
		b.office.log.Error("a message was more than we could take", "call_id", b.callID, "panic", p, "stack", string(debug.Stack()))
		if l := b.leg; l != nil {
			b.leg = nil // whatever broke may break again: end it from outside, once
			l.collapse()
		}
	}()
	if j.message != nil {
		j.message(b)
		return
	}
	j.ours()
}

func (b *mailbox) awaitRoom() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.messages >= mailboxSize {
		b.room.Wait()
	}
}

// abandon forgets everything, at the end of the server. Timers that fire later
// find the mailbox dead.
func (b *mailbox) abandon() {
	b.mu.Lock()
	b.dead = true
	b.mu.Unlock()
	for _, t := range slices.Clone(b.txs) {
		t.drop()
	}
	b.leg, b.kept = nil, 0
}

// callIDOf is the Call-ID of m, empty when it has none.
func callIDOf(m sip.Message) string {
	if h := m.CallID(); h != nil {
		return h.Value()
	}
	return ""
}

// busy tells whether anybody works, or waits for the answer to a goodbye.
func (o *office) busy() bool {
	if o.goodbyes.Load() > 0 {
		return true
	}
	for _, b := range o.all() {
		b.mu.Lock()
		running := b.running
		b.mu.Unlock()
		if running {
			return true
		}
	}
	return false
}
