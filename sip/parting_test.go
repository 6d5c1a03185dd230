package sip

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAPhoneIsNotCalledBeforeItHasPutDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPartings()
		if p.wait("1001", time.Second, func() { t.Error("ran for a phone that is free") }) {
			t.Fatal("a free phone made somebody wait")
		}
		p.begin("1001")
		p.begin("1001")
		ran := 0
		if !p.wait("1001", time.Minute, func() { ran++ }) {
			t.Fatal("did not wait for two goodbyes")
		}
		p.end("1001")
		if ran != 0 {
			t.Error("ran with one goodbye still open")
		}
		p.end("1001")
		if ran != 1 {
			t.Errorf("ran %d times after the last goodbye, want 1", ran)
		}
		time.Sleep(2 * time.Minute) //nolint:forbidigo // the bubble's time: the limit must not run it again
		synctest.Wait()
		if ran != 1 || len(p.open) != 0 || len(p.queue) != 0 {
			t.Errorf("ran %d times, %d open, %d waiting", ran, len(p.open), len(p.queue))
		}
	})
}

func TestAGoodbyeThatIsNeverAnsweredHoldsUpNobodyForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPartings()
		p.begin("1001")
		ran := make(chan time.Time, 2)
		began := time.Now()
		p.wait("1001", 2*time.Second, func() { ran <- time.Now() })
		if waited := (<-ran).Sub(began); waited != 2*time.Second {
			t.Errorf("waited %s, want 2 s", waited)
		}
		p.end("1001")
		if len(ran) != 0 {
			t.Error("ran twice")
		}
	})
}
