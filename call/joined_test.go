package call

import (
	"errors"
	"maps"
	"sync"
	"time"

	"breakwater/media"
)

// fakeJoined is legs in a bridge: who hears whom how loud, without sound.
type fakeJoined struct {
	s    *fakeSounds
	once sync.Once

	mu    sync.Mutex // protects all following fields
	roles map[*fakeLeg]media.Role
	gains map[[2]*fakeLeg]float64 // of an ear and whom it hears
}

func (s *fakeSounds) Join(a, b Leg) (Joined, error) {
	s.mu.Lock()
	joining := s.joining
	s.mu.Unlock()
	if joining != nil {
		joining()
	}
	if s.unjoined() {
		return nil, errUnjoined
	}
	j := &fakeJoined{s: s, roles: map[*fakeLeg]media.Role{}, gains: map[[2]*fakeLeg]float64{}}
	if err := errors.Join(j.add(a, media.Talk), j.add(b, media.Talk)); err != nil {
		j.part()
		return nil, err
	}
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	return j, nil
}

func (j *fakeJoined) Add(leg Leg, r media.Role) error {
	if j.s.unjoined() {
		return errUnjoined
	}
	return j.add(leg, r)
}

func (j *fakeJoined) add(leg Leg, r media.Role) error {
	l := bare(leg)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.over && !l.lingers:
		return media.ErrClosed
	case l.bridge != nil:
		return errors.New("a leg is joined twice")
	}
	l.bridge = j
	j.mu.Lock()
	defer j.mu.Unlock()
	j.roles[l] = r
	return nil
}

func (j *fakeJoined) SetRole(leg Leg, r media.Role) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, in := j.roles[bare(leg)]; in {
		j.roles[bare(leg)] = r
	}
}

func (j *fakeJoined) SetGain(ear, from Leg, dB float64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.gains[[2]*fakeLeg{bare(ear), bare(from)}] = dB
}

func (j *fakeJoined) RelayDigits(Leg, bool) {}

func (j *fakeJoined) Remove(leg Leg) {
	l := bare(leg)
	l.mu.Lock()
	if l.bridge == j {
		l.bridge = nil
	}
	l.mu.Unlock()
	j.mu.Lock()
	delete(j.roles, l)
	j.mu.Unlock()
}

func (j *fakeJoined) Close() {
	j.once.Do(func() {
		if j.s.slowly > 0 {
			<-time.After(j.s.slowly)
		}
		j.part()
		j.s.mu.Lock()
		j.s.open--
		j.s.mu.Unlock()
	})
}

func (j *fakeJoined) part() {
	j.mu.Lock()
	all := maps.Clone(j.roles)
	j.mu.Unlock()
	for l := range all {
		j.Remove(l)
	}
}

// gain is how loud one leg is for another's ear, in dB; media.Mute when it is not heard.
func (s *fakeSounds) gain(ear, from *fakeLeg) float64 {
	from.mu.Lock()
	j := from.bridge
	from.mu.Unlock()
	if j == nil {
		return media.Mute
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	role, in := j.roles[from]
	if _, hears := j.roles[ear]; !in || !hears || role != media.Talk {
		return media.Mute
	}
	return j.gains[[2]*fakeLeg{ear, from}]
}

// hears tells whether one leg hears another unchanged.
func (s *fakeSounds) reaches(ear, from *fakeLeg) bool { return s.gain(ear, from) == 0 }

func (s *fakeSounds) bridges() int { s.mu.Lock(); defer s.mu.Unlock(); return s.open }

var errUnjoined = errors.New("the sound cannot be joined in this test")

// unjoined tells whether this join is to fail.
func (s *fakeSounds) unjoined() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unjoins == 0 {
		return false
	}
	s.unjoins--
	return true
}

// unjoinable lets the next n joins fail.
func (s *fakeSounds) unjoinable(n int) { s.mu.Lock(); defer s.mu.Unlock(); s.unjoins = n }
