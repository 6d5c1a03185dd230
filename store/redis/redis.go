// Package redis is the store that several machines can reach: everything in one
// Redis 7.0 or newer, below one name.
//
// One server at a time owns the name. It holds a lease, and every write carries the
// fencing token that came with it: a script in Redis refuses the write of a server
// whose lease another has taken since, however late that write arrives. What is
// kept survives a crash of Redis as far as its own persistence goes; when Redis has
// forgotten something that it had acknowledged, the ledger says so (acd.ErrForgotten).
//
// All keys share one hash tag, so that a Redis Cluster keeps them on one node and a
// script may touch several of them.
package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"breakwater/acd"
	"breakwater/call"
)

const (
	dialWithin   = 2 * time.Second
	answerWithin = 4 * time.Second // longest silence of Redis in one answer; who asks may wait less
	connections  = 8               // a report must not hold up a call
	page         = 5000            // entries read at a time
)

// ErrFenced says that another server owns the name now: this one may not write any
// more, and will not be able to until it is started again.
var ErrFenced = errors.New("another server has taken over this store")

// errAway is what a write gets at once while Redis does not answer.
var errAway = errors.New("redis does not answer")

// Store is one name in one Redis. All methods are safe for concurrent use.
type Store struct {
	db    redis.UniversalClient
	log   *slog.Logger
	shown string // the URL without its password
	keys  keys
	lease lease
	ops   scripts
	acked atomic.Uint64 // Seq of the newest event that Redis has acknowledged

	away  atomic.Pointer[outage]    // nil = Redis answers
	held  atomic.Pointer[time.Time] // when the last renewal that Redis granted was asked for; its clock is monotonic
	taken chan struct{}             // closed when another server has the name
	lose  func()                    // closes it
	doubt chan struct{}             // capacity 1: a write failed, look at once
	stop  context.CancelFunc
	ended sync.WaitGroup
}

// keys are the names in Redis. The braces are the hash tag.
type keys struct{ prefix string }

func (k keys) of(parts ...string) string { return k.prefix + strings.Join(parts, ":") }

// name is a name as a key may hold it with more behind it: without colons. Those that
// the config allows stand as they are.
func name(of string) string { return strings.NewReplacer("%", "%25", ":", "%3A").Replace(of) }

// Open connects, takes the lease and keeps it until Close. It tries for as long as
// the URL says (wait) while Redis does not answer or another server holds the lease.
func Open(ctx context.Context, rawURL string, log *slog.Logger) (*Store, error) {
	o, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	redis.SetLogger(&logging.VoidLogger{}) // it has one for the whole process; what matters comes to us as an error
	living, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Store{
		db: o.connect(), log: log, shown: o.shown, keys: keys{"breakwater:{" + o.name + "}:"},
		ops: newScripts(), doubt: make(chan struct{}, 1), stop: stop,
	}
	s.taken = make(chan struct{})
	s.lose = sync.OnceFunc(func() { close(s.taken) })
	s.lease = newLease(o.lease)
	if err := s.takeLease(ctx, o.wait); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("store %s: %w", o.shown, err), s.db.Close())
	}
	s.lookAtSettings(ctx)
	s.ended.Go(func() { s.keepLease(living) })
	return s, nil
}

// Close gives the lease back, so that the next server need not wait for its end.
func (s *Store) Close() error {
	s.stop()
	s.ended.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), s.lease.length)
	defer cancel()
	err := s.ops.release.Run(ctx, s.db, []string{s.keys.of("lease")}, s.lease.owner).Err()
	if err != nil {
		err = fmt.Errorf("give the lease of %s back: %w", s.shown, err)
	}
	return errors.Join(err, s.db.Close())
}

// Fenced is closed when another server owns the name.
func (s *Store) Fenced() <-chan struct{} { return s.taken }

// Overdue tells whether the lease has not been renewed for two thirds of its length: from
// when it has run out on, another server may take over without us knowing
// (docs/decisions/0032).
func (s *Store) Overdue() bool {
	held := s.held.Load()
	return held != nil && time.Since(*held) >= s.lease.length*2/3
}

// Away says why nothing can be kept now; nil = it can.
func (s *Store) Away() error {
	if o := s.away.Load(); o != nil {
		return o.why
	}
	return nil
}

// write runs a script that changes something: fenced, and not tried at all while
// Redis is known to be away, so that nobody waits for what will not come.
func (s *Store) write(ctx context.Context, script *redis.Script, names []string, args ...any) error {
	if o := s.away.Load(); o != nil {
		return fmt.Errorf("%w since %s: %w", errAway, o.since.Format(time.TimeOnly), o.why)
	}
	names = append([]string{s.keys.of("fence")}, names...)
	err := script.Run(ctx, s.db, names, append([]any{s.lease.token}, args...)...).Err()
	if errors.Is(err, redis.Nil) {
		return nil // the script had nothing to say
	}
	return s.judge(err)
}

// judge puts what a script refused into the words of who asked. Anything else is a
// reason to look at once whether Redis is there.
func (s *Store) judge(err error) error {
	if err == nil {
		return nil
	}
	var refused redis.Error
	if errors.As(err, &refused) {
		switch word, rest, _ := strings.Cut(strings.TrimPrefix(refused.Error(), "ERR "), " "); word {
		case "FENCED":
			err = ErrFenced
			s.lose()
		case "SEALED":
			return call.ErrSealed
		case "APPENDED":
			return fmt.Errorf("%s: %w", rest, acd.ErrAppended)
		case "FORGOTTEN":
			return fmt.Errorf("%s: %w", rest, acd.ErrForgotten)
		}
	}
	if !errors.Is(err, context.Canceled) {
		select {
		case s.doubt <- struct{}{}:
		default:
		}
	}
	return err
}

// options are what the URL says.
type options struct {
	shown, name string
	lease, wait time.Duration
	cluster     bool
	plain       *redis.Options
	clustered   *redis.ClusterOptions
}

// parse reads redis://[user:password@]host[:port][/db][?…] and rediss:// (TLS). Ours
// of the options are name, lease, wait and cluster; the others are the client's own.
func parse(rawURL string) (*options, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("store: the redis URL cannot be read") // its error would tell the password
	}
	q := u.Query()
	o := &options{shown: u.Redacted(), name: "main", lease: 5 * time.Second, wait: 15 * time.Second, cluster: q.Get("cluster") == "true"}
	if q.Has("name") {
		o.name = q.Get("name")
	}
	for key, to := range map[string]*time.Duration{"lease": &o.lease, "wait": &o.wait} {
		if !q.Has(key) {
			continue
		}
		if *to, err = time.ParseDuration(q.Get(key)); err != nil || *to < 100*time.Millisecond {
			return nil, fmt.Errorf("store %s: %s must be a duration of 100ms or more", o.shown, key)
		}
	}
	if o.name == "" || strings.ContainsAny(o.name, "{}: ") {
		return nil, fmt.Errorf("store %s: name %q must have letters, and no braces, colons or spaces", o.shown, o.name)
	}
	for _, ours := range []string{"name", "lease", "wait", "cluster"} {
		q.Del(ours)
	}
	u.RawQuery = q.Encode()
	if o.cluster {
		o.clustered, err = redis.ParseClusterURL(u.String())
	} else {
		o.plain, err = redis.ParseURL(u.String())
	}
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", o.shown, err)
	}
	return o, nil
}

// connect makes the client. Nothing is tried twice by it: a write that may have
// arrived is not to arrive again without us knowing.
func (o *options) connect() redis.UniversalClient {
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if o.cluster {
		c := o.clustered
		c.Protocol, c.MaintNotificationsConfig, c.ContextTimeoutEnabled, c.DisableIdentity = 2, quiet, true, true
		c.MaxRetries, c.MaxRedirects = -1, 3 // following a slot that has moved is no second try
		c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.PoolSize = dialWithin, answerWithin, answerWithin, connections
		return redis.NewClusterClient(c)
	}
	c := o.plain
	c.Protocol, c.MaintNotificationsConfig, c.ContextTimeoutEnabled, c.DisableIdentity = 2, quiet, true, true
	c.MaxRetries, c.DialerRetries = -1, 1
	c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.PoolSize = dialWithin, answerWithin, answerWithin, connections
	return redis.NewClient(c)
}

// lookAtSettings warns of a Redis that would forget. A Redis that does not tell is
// trusted: hosted ones often do not.
func (s *Store) lookAtSettings(ctx context.Context) {
	info, err := s.db.Info(ctx, "persistence").Result()
	if err == nil && strings.Contains(info, "aof_enabled:0") {
		s.log.Warn("redis forgets its last writes when it crashes: set appendonly yes", "store", s.shown)
	}
	info, err = s.db.Info(ctx, "memory").Result()
	if err == nil && !strings.Contains(info, "maxmemory:0\r") && !strings.Contains(info, "maxmemory_policy:noeviction") {
		s.log.Warn("redis throws away what it is to keep when its memory is full: set maxmemory-policy noeviction", "store", s.shown)
	}
}
