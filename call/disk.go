package call

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"breakwater/media/wav"
)

const (
	roomPatience    = 2 * time.Second         // for the disk, when it is asked for room
	messagePatience = 1500 * time.Millisecond // when it is asked for a message: the floor takes an offer back after 2 s
	mostAsked       = 64                      // questions of one kind that may have no answer
)

// disk is asked by calls about the recordings on it. It may hang: then each question keeps a
// thread of this process for as long, and Go ends a process of 10,000. So the same is asked
// once at a time, whoever wants to know it, few things are asked at once, and neither a call
// nor its end waits for what does not come.
type disk struct {
	try      func(path string) error // whether it takes a recording there; tryFile
	room     questions[struct{}]
	messages questions[[]*wav.Clip]
}

func newDisk() *disk {
	return &disk{
		try:      tryFile,
		room:     newQuestions[struct{}](roomPatience),
		messages: newQuestions[[]*wav.Clip](messagePatience),
	}
}

// settled waits for answers that are on their way.
func (d *disk) settled(ctx context.Context) {
	d.room.settled(ctx)
	d.messages.settled(ctx)
}

// tryFile writes a few seconds of a recording, and takes them away: a full disk takes the
// name of a file, and nothing that is in it.
func tryFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path, make([]byte, 64<<10), 0o600), os.Remove(path))
}

// questions are those of one kind.
type questions[T any] struct {
	patience time.Duration // after which a disk hangs

	mu   sync.Mutex // protects open
	open map[string]*question[T]
}

// question has no answer yet, or is no longer open.
type question[T any] struct {
	since    time.Time
	answered chan struct{} // closed when there is an answer
	reply    reply[T]
}

// reply is the disk's. err may also say that it hangs.
type reply[T any] struct {
	value T
	err   error
}

func newQuestions[T any](patience time.Duration) questions[T] {
	return questions[T]{patience: patience, open: map[string]*question[T]{}}
}

// ask has look find the answer to a question, unless it is open already; nil = too many are.
func (q *questions[T]) ask(what string, look func() (T, error)) *question[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	if asked := q.open[what]; asked != nil || len(q.open) >= mostAsked {
		return asked
	}
	asked := &question[T]{since: time.Now(), answered: make(chan struct{})}
	q.open[what] = asked
	go func() { // settled waits for it, as long as there is sense in it
		asked.reply.value, asked.reply.err = look()
		q.mu.Lock()
		delete(q.open, what)
		q.mu.Unlock()
		close(asked.answered)
	}()
	return asked
}

// settled waits until no question is open, but for those that will stay so.
func (q *questions[T]) settled(ctx context.Context) {
	q.mu.Lock()
	var open []*question[T]
	for _, asked := range q.open {
		open = append(open, asked)
	}
	q.mu.Unlock()
	for _, asked := range open {
		hangs := time.NewTimer(q.patience - time.Since(asked.since))
		select {
		case <-asked.answered:
		case <-hangs.C:
		case <-ctx.Done():
		}
		hangs.Stop()
	}
}

// askDisk asks in the call's goroutine. ended is why the call did meanwhile.
func askDisk[T any](ctx context.Context, c *Call, q *questions[T], what string, look func() (T, error)) (a reply[T], ended error) {
	asked := q.ask(what, look)
	if asked == nil {
		a.err = fmt.Errorf("the disk owes %d answers", mostAsked)
		return a, nil
	}
	hangs := time.NewTimer(q.patience - time.Since(asked.since))
	defer hangs.Stop()
	_, _, came, err := either(ctx, c, asked.answered, hangs.C)
	switch {
	case err != nil:
		return a, err
	case !came:
		a.err = fmt.Errorf("the disk has not answered for %s", time.Since(asked.since).Round(100*time.Millisecond))
		return a, nil
	}
	return asked.reply, nil
}
