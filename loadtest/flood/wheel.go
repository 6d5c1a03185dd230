package flood

// wheel is the pacing: 20 ms cut into slots, every party in one of them, so that
// packets leave evenly and not in one burst. It is pure.
type wheel struct {
	slots [][]*Leg
	next  int // where the search for a place begins
}

func newWheel(slots int) *wheel { return &wheel{slots: make([][]*Leg, slots)} }

// add gives a party a place in one of the emptiest slots. Two parties that follow
// each other, caller and agent, do not end up side by side.
func (w *wheel) add(l *Leg) {
	n := len(w.slots)
	w.next = (w.next + n*5/13 + 1) % n
	best := w.next
	for i := range n {
		at := (w.next + i) % n
		if len(w.slots[at]) < len(w.slots[best]) {
			best = at
		}
	}
	l.slot = best
	w.slots[best] = append(w.slots[best], l)
}

// remove forgets a party.
func (w *wheel) remove(l *Leg) {
	in := w.slots[l.slot]
	for i, other := range in {
		if other == l {
			in[i] = in[len(in)-1]
			in[len(in)-1] = nil
			w.slots[l.slot] = in[:len(in)-1]
			return
		}
	}
}
