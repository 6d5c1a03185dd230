package call

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheSameIsAskedOfTheDiskOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, goOn, looked := newQuestions[int](time.Second), make(chan struct{}), 0
		look := func() (int, error) {
			looked++
			<-goOn
			return 7, errors.New("seven")
		}
		first, second := q.ask("a", look), q.ask("a", look)
		synctest.Wait()
		if first != second || looked != 1 {
			t.Errorf("looked %d times", looked)
		}
		close(goOn)
		<-second.answered
		if second.reply.value != 7 || second.reply.err == nil {
			t.Errorf("who asked second is told %+v", second.reply)
		}
		if third := q.ask("a", look); third == first {
			t.Error("an answer of before is told to who asks after it")
		} else {
			<-third.answered
		}
	})
}

func TestADiskThatOwesManyAnswersIsAskedNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, goOn := newQuestions[int](time.Second), make(chan struct{})
		look := func() (int, error) { <-goOn; return 0, nil }
		for n := range mostAsked {
			if q.ask(strconv.Itoa(n), look) == nil {
				t.Fatalf("question %d is not asked", n)
			}
		}
		if q.ask("one more", look) != nil || q.ask("0", look) == nil {
			t.Error("one more is asked, or one that is asked cannot be waited for")
		}
		close(goOn)
		synctest.Wait()
		if q.ask("one more", look) == nil {
			t.Error("a disk that has answered all is not asked")
		}
	})
}

func TestTheEndWaitsForADiskThatAnswersAndForNoneThatHangs(t *testing.T) {
	for name, c := range map[string]struct {
		takes, want time.Duration
	}{
		"it answers": {500 * time.Millisecond, 500 * time.Millisecond},
		"it hangs":   {time.Hour, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQuestions[int](time.Second)
				asked := q.ask("a", func() (int, error) { <-time.After(c.takes); return 0, nil })
				began := time.Now()
				q.settled(t.Context())
				if took := time.Since(began); took != c.want {
					t.Errorf("it took %v, want %v", took, c.want)
				}
				began = time.Now()
				ended, end := context.WithCancel(t.Context())
				end()
				if q.settled(ended); time.Since(began) != 0 {
					t.Errorf("it took %v though nobody waits any more", time.Since(began))
				}
				<-asked.answered
			})
		})
	}
}
