package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// lease is our right to write. Its token is "N OWNER": N grows with every server
// that takes the name, and the owner's own word keeps two apart even when Redis has
// forgotten an N.
type lease struct {
	owner  string
	token  string
	length time.Duration
}

// outage is a time in which Redis does not answer, or does not let us write.
type outage struct {
	since   time.Time
	why     error
	overdue bool // the alarm about the lease was raised
}

func newLease(length time.Duration) lease {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	return lease{owner: fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8]), length: length}
}

// takeLease tries until it has the lease or wait is over.
func (s *Store) takeLease(ctx context.Context, wait time.Duration) error {
	began := time.Now()
	var err error
	for tries := 1; ; tries++ {
		if err = s.tryLease(ctx); err == nil || hopeless(err) {
			return err
		}
		if time.Since(began) >= wait {
			return fmt.Errorf("tried for %s (%d times): %w", time.Since(began).Round(100*time.Millisecond), tries, err)
		}
		select {
		case <-time.After(min(500*time.Millisecond, wait/4)):
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		}
	}
}

// errHeld says that another server has the lease.
var errHeld = errors.New("another server has this store open")

func (s *Store) tryLease(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	names, asked := []string{s.keys.of("fence"), s.keys.of("lease")}, time.Now()
	got, err := s.ops.acquire.Run(ctx, s.db, names, s.lease.owner, s.lease.length.Milliseconds()).StringSlice()
	if err != nil {
		return err
	}
	if got[0] != "taken" {
		return fmt.Errorf("%w: %s", errHeld, got[1])
	}
	s.lease.token = got[1]
	s.held.Store(&asked)
	return nil
}

// hopeless tells an answer that trying again does not change.
func hopeless(err error) bool {
	var refused redis.Error
	if !errors.As(err, &refused) {
		return false
	}
	word, _, _ := strings.Cut(refused.Error(), " ")
	return word == "NOAUTH" || word == "WRONGPASS" || word == "NOPERM" || word == "ERR"
}

// keepLease renews the lease and thereby knows whether Redis is there, until ctx
// ends.
func (s *Store) keepLease(ctx context.Context) {
	usual := s.lease.length / 3
	timer := time.NewTimer(usual)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.doubt:
		}
		s.renew(ctx)
		if s.away.Load() != nil {
			timer.Reset(min(usual, 250*time.Millisecond))
		} else {
			timer.Reset(usual)
		}
	}
}

// renew makes the lease last again and notes whether that was possible.
func (s *Store) renew(parent context.Context) {
	ctx, cancel := context.WithTimeout(parent, dialWithin)
	defer cancel()
	names, asked := []string{s.keys.of("fence"), s.keys.of("lease")}, time.Now()
	word, err := s.ops.renew.Run(ctx, s.db, names, s.lease.token, s.lease.owner, s.lease.length.Milliseconds()).Text()
	if parent.Err() != nil {
		return // closing
	}
	before := s.away.Load()
	switch {
	case err == nil && word == "lost":
		err = ErrFenced
		s.lose()
	case err == nil && word == "forgotten":
		s.log.Error("redis has forgotten what it had acknowledged: the floor writes its state anew, the rest is what phones and calls tell again",
			"store", s.shown)
	}
	if err == nil {
		s.held.Store(&asked)
	}
	switch {
	case err == nil && before != nil:
		s.away.Store(nil)
		s.log.Info("redis answers again", "store", s.shown, "away", time.Since(before.since).Round(time.Millisecond))
	case err != nil && before == nil:
		s.away.Store(&outage{since: time.Now(), why: err})
		s.log.Error("redis does not answer: what happens now is kept in memory and in the spill file until it does", "store", s.shown, "err", err)
	case err != nil:
		s.away.Store(&outage{since: before.since, why: err, overdue: before.overdue})
	}
	s.tellOverdue()
}

// tellOverdue raises the alarm, once an outage, that we may be replaced without knowing.
func (s *Store) tellOverdue() {
	o := s.away.Load()
	if o == nil || o.overdue || !s.Overdue() || errors.Is(o.why, ErrFenced) {
		return
	}
	s.away.Store(&outage{since: o.since, why: o.why, overdue: true})
	s.log.Error("the lease runs out: another server may take over and ring the same phones, and this one goes on until it knows",
		"store", s.shown, "lease", s.lease.length, "since", o.since, "err", o.why)
}
