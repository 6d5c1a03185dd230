package media

import (
	"unsafe"

	"breakwater/media/guard"
)

// chores are what a loop does for every port ten times a second: for a fifth of them, by
// their slots, every 20 ms. So hundreds of silent ports do not wake their loop every
// millisecond, and the memory of a port is on its way while the one before is served.
type chores struct {
	timer timer
	turn  int64 // the next: its number since the clock began
}

const (
	choreEvery = 100 // ms
	turnEvery  = 20  // ms
	turns      = choreEvery / turnEvery
)

// awaitTurn arms the timer for the next turn in which there is a port.
func (l *loop) awaitTurn() {
	turn := ms(l.now)/turnEvery + 1
	for last := turn + turns; turn < last; turn++ {
		for slot := int(turn % turns); slot < len(l.slots); slot += turns {
			if l.slots[slot] != nil {
				l.chores.turn = turn
				l.wheel.arm(&l.chores.timer, turn*turnEvery)
				return
			}
		}
	}
	l.wheel.stop(&l.chores.timer)
}

// serveTurns does the chores that are due. A loop that was late leaves none out.
func (l *loop) serveTurns() {
	now := ms(l.now) / turnEvery
	for turn := max(l.chores.turn, now-turns+1); turn <= now; turn++ {
		for slot := int(turn % turns); slot < len(l.slots); slot += turns {
			l.foreseeChores(slot)
			if p := l.slots[slot]; p != nil && !p.in.draining {
				l.chore(p)
			}
		}
	}
	l.awaitTurn()
}

// chore is done for every port ten times a second.
func (l *loop) chore(p *Port) {
	r := l.follow(p) // also of a party that is silent
	l.tie(p, r)
	if p.in.quietly = !p.in.quietly; !p.in.quietly {
		l.tell(p, r)
	}
	if r.rec != nil {
		r.rec.beat(l.now)
	}
	l.report(p)
}

// foreseeChores prepares for the ports behind the one in a slot, as foresee does for packets.
func (l *loop) foreseeChores(slot int) {
	if p := l.after(slot, 6); p != nil {
		bring(unsafe.Pointer(p), portFirst)
		bring(unsafe.Pointer(&p.in.stats), int(unsafe.Sizeof(p.in.stats)))
		bring(unsafe.Pointer(&p.in.voice.spoken), int(unsafe.Sizeof(voice{})-unsafe.Offsetof(voice{}.spoken))+latchNear)
		bring(unsafe.Pointer(&p.in.lodger), choreNear)
	}
	if p := l.after(slot, 4); p != nil {
		bring(unsafe.Pointer(p.route.Load()), routeNear)
		bring(unsafe.Pointer(&p.level), int(unsafe.Sizeof(p.level)))
	}
	if p := l.after(slot, 2); p != nil {
		r := p.route.Load()
		bring(unsafe.Pointer(r.rec), recordingNear)
		bring(unsafe.Pointer(r.gauge), int(unsafe.Sizeof(gauge{})))
		bring(unsafe.Pointer(r.shield), int(unsafe.Sizeof(shield{})))
	}
	if p := l.after(slot, 1); p != nil && !p.in.quietly { // it is told
		r := p.route.Load()
		r.gauge.bring()
		if r.shield != nil {
			bring(unsafe.Pointer(r.shield.guard), guard.Front)
		}
	}
}

// choreNear is how many bytes of the rare part of inbound a chore needs.
const choreNear = int(unsafe.Offsetof(inbound{}.reports)-unsafe.Offsetof(inbound{}.lodger)) + int(unsafe.Offsetof(reports{}.from))

// after is the port whose chore comes so many after that of the one in a slot.
func (l *loop) after(slot, count int) *Port {
	if slot += count * turns; slot < len(l.slots) {
		return l.slots[slot]
	}
	return nil
}
