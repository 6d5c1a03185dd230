package sip

import "sync"

// roster knows which legs a phone has, so that they are found when the phone can
// no longer be reached, and which phones still have to put down. mu protects what
// follows it.
type roster struct {
	partings *partings

	mu      sync.Mutex
	legs    map[string]map[*leg]struct{}
	sharing map[string]*leg // the leg of a phone that shares a port of ours with others
}

func newRoster() *roster {
	return &roster{partings: newPartings(), legs: map[string]map[*leg]struct{}{}, sharing: map[string]*leg{}}
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
	if r.sharing[l.who.Phone] == l {
		delete(r.sharing, l.who.Phone)
	}
	delete(r.legs[l.who.Phone], l)
	if len(r.legs[l.who.Phone]) == 0 {
		delete(r.legs, l.who.Phone)
	}
}

// mayShare allows one leg of a phone to share a port of ours: of two, the phone might use
// the same address for both. It is so until the leg leaves.
func (r *roster) mayShare(l *leg) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.legs[l.who.Phone] {
		if other != l {
			return false
		}
	}
	if other := r.sharing[l.who.Phone]; l.who.Phone == "" || other != nil && other != l {
		return false
	}
	r.sharing[l.who.Phone] = l
	return true
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
