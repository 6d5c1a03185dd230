package sip

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/transaction"
)

// mute is a mailbox with what a transaction needs of a server: what it sends is counted.
func mute(t *testing.T, sent *atomic.Int64) (*mailbox, *post) {
	t.Helper()
	o := newOffice(quiet(), &tally{}, 10)
	t.Cleanup(o.close)
	p := &post{tally: o.tally, timing: transaction.Timing{T1: 500 * time.Millisecond, T2: 4 * time.Second, T4: 5 * time.Second}}
	p.send = func(sip.Message, hop) error { sent.Add(1); return nil }
	p.again = func([]byte, hop) error { sent.Add(1); return nil }
	return o.open("c1"), p
}

// TestOneTimerRingsForAll: an INVITE that nobody answers is sent at 0, 0.5, 1.5, 3.5, 7.5,
// 15.5 and 31.5 s, and given up at 32 s (RFC 3261 §17.1.1.2).
func TestOneTimerRingsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		b, p := mute(t, &sent)
		began := time.Now()
		var ended atomic.Int64 // after how many ns
		b.post(func() {
			req := request(t, anInvite)
			b.request(p, req, hop{via: &listener{network: "udp"}}, func(_ *sip.Response, err error) {
				if err != nil {
					ended.Store(int64(time.Since(began)))
				}
			})
		})
		for _, want := range []struct {
			at   time.Duration
			sent int64
		}{{0, 1}, {499, 1}, {501, 2}, {1501, 3}, {3501, 4}, {7501, 5}, {15501, 6}, {31501, 7}, {31999, 7}} {
			time.Sleep(want.at*time.Millisecond - time.Since(began)) //nolint:forbidigo // the bubble's time
			synctest.Wait()
			if sent.Load() != want.sent || ended.Load() != 0 {
				t.Errorf("after %d ms it was sent %d times, want %d; ended %v", want.at, sent.Load(), want.sent, ended.Load())
			}
		}
		time.Sleep(time.Minute) //nolint:forbidigo // the bubble's time
		synctest.Wait()
		if after := time.Duration(ended.Load()); after != 32*time.Second || sent.Load() != 7 || len(b.txs) != 0 {
			t.Errorf("ended after %v, sent %d times, %d transactions left", after, sent.Load(), len(b.txs))
		}
	})
}

// TestWhatWaitsForRepetitionsIsBytes: a transaction whose leg has left answers the same
// as before, and still tells a twin and its tag.
func TestWhatWaitsForRepetitionsIsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		b, p := mute(t, &sent)
		req := request(t, anInvite)
		req.Method = sip.BYE
		req.CSeq().MethodName = sip.BYE
		var first, second string
		p.send = func(m sip.Message, _ hop) error { first = m.String(); return nil }
		p.again = func(raw []byte, _ hop) error { second = string(raw); return nil }
		b.post(func() {
			x := b.serve(p, req, hop{via: &listener{network: "udp"}})
			x.respond(reply(req, sip.StatusOK, "b"))
			x.lighten()
			x.lighten()
			if x.req != nil || x.newest != nil || x.tag() != "b" || !b.merged(req) {
				t.Errorf("kept %v and %v, tag %q, twin known: %v", x.req, x.newest, x.tag(), b.merged(req))
			}
			x.again()
		})
		synctest.Wait()
		if first == "" || first != second {
			t.Errorf("answered\n%s\nand again\n%s", first, second)
		}
		time.Sleep(33 * time.Second) //nolint:forbidigo // the bubble's time
		synctest.Wait()
		if len(b.txs) != 0 {
			t.Error("it is never forgotten")
		}
	})
}

// TestAKeyThatIsLookedForCostsNothing: each message looks for its transaction.
func TestAKeyThatIsLookedForCostsNothing(t *testing.T) {
	req := request(t, anInvite)
	b := &mailbox{}
	x := &tx{key: string(serverKey(nil, req, sip.INVITE))}
	b.txs = []*tx{x}
	n := testing.AllocsPerRun(100, func() {
		var room keyRoom
		if b.find(serverKey(room[:0], req, sip.ACK)) != x {
			t.Fatal("not found")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestAReplySharesWhatItRepeats bounds what an answer costs: a call has three or four.
func TestAReplySharesWhatItRepeats(t *testing.T) {
	req := request(t, anInvite)
	if n := testing.AllocsPerRun(100, func() { reply(req, sip.StatusOK, "b") }); n > 6 {
		t.Errorf("%v allocations", n)
	}
	if _, tagged := req.To().Params.Get("tag"); tagged {
		t.Error("the tag of the answer is in the request")
	}
}
