package sip

import "sync"

// roster knows which legs a phone has, so that they are found when the phone can
// no longer be reached, and which phones still have to put down. mu protects legs.
type roster struct {
	partings *partings

	mu   sync.Mutex
	legs map[string]map[*leg]struct{}
}

func newRoster() *roster {
	return &roster{partings: newPartings(), legs: map[string]map[*leg]struct{}{}}
}

// enter is called once for each leg, before it can end. Legs of trunks are not kept.
func (r *roster) enter(l *leg) {
	if l.who.Phone == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.legs[l.who.Phone] == nil {
		r.legs[l.who.Phone] = map[*leg]struct{}{}
	}
	r.legs[l.who.Phone][l] = struct{}{}
}

func (r *roster) leave(l *leg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.legs[l.who.Phone], l)
	if len(r.legs[l.who.Phone]) == 0 {
		delete(r.legs, l.who.Phone)
	}
}

// of gives the legs of a phone.
func (r *roster) of(phone string) []*leg {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*leg, 0, len(r.legs[phone]))
	for l := range r.legs[phone] {
		all = append(all, l)
	}
	return all
}
