package sip

import (
	"context"
	"sync"

	"breakwater/call"
	"breakwater/sip/registrar"
)

// maxDebts bounds what a store that fails may owe; beyond it phones are told 500.
const maxDebts = 20000

// debts are the bindings that the store could not write: a full disk must not
// unregister a call centre. They are written when the store works again; a crash
// before that loses them, and their phones register again when they expire.
type debts struct {
	mu   sync.Mutex
	owed map[binding]struct{}
}

// binding names one in the store.
type binding struct{ aor, id string }

// owe remembers changes. first: nothing was owed before; ok is false when there
// is no room, and then nothing is remembered.
func (d *debts) owe(changes []registrar.Change) (first, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.owed)+len(changes) > maxDebts {
		return false, false
	}
	first = len(d.owed) == 0
	if first {
		d.owed = map[binding]struct{}{}
	}
	for _, c := range changes {
		d.owed[binding{c.Binding.AOR, c.Binding.ID}] = struct{}{}
	}
	return first, true
}

// list is what is owed, as changes without content: Book.Repair tells the truth
// about each.
func (d *debts) list() []registrar.Change {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []registrar.Change
	for b := range d.owed {
		all = append(all, registrar.Change{Binding: call.Binding{AOR: b.aor, ID: b.id}})
	}
	return all
}

// paid forgets one debt and tells whether it was the last.
func (d *debts) paid(c registrar.Change) (last bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.owed, binding{c.Binding.AOR, c.Binding.ID})
	return len(d.owed) == 0
}

// putOff takes changes into the book's debts when the store failed. false: there
// is no room for them.
func (s *Server) putOff(phone string, changes []registrar.Change, err error) bool {
	first, ok := s.debts.owe(changes)
	if !ok {
		return false
	}
	s.tally.unstored.Add(1)
	if first { // once per outage
		s.parts.Log.Error("registrations cannot be stored and are kept in memory until they can", "phone", phone, "error", err)
	}
	return true
}

// payDebts writes what is owed, one after the other, until the store fails again.
// What changes meanwhile is written once more, so that the newest stays.
func (s *Server) payDebts(ctx context.Context) {
	owed := s.debts.list()
	if len(owed) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	for _, c := range owed {
		truth := []registrar.Change{c}
		for range 3 {
			repairs, err := s.book.Repair(truth)
			if err != nil {
				s.parts.Log.Error("a registration cannot be written", "phone", c.Binding.AOR, "error", err)
				break // no later try would do better
			}
			if len(repairs) == 0 {
				break
			}
			if s.store(ctx, repairs) != nil {
				return
			}
			truth = repairs
		}
		if s.debts.paid(c) {
			s.parts.Log.Info("registrations are stored again")
		}
	}
}
