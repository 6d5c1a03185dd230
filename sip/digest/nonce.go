package digest

import (
	"container/list"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"
	"time"
)

// mint makes nonces that prove themselves, so that a flood of strangers leaves
// nothing in memory: 8 bytes of time, 8 of chance, 16 of HMAC over both.
type mint struct{ key []byte }

const (
	nonceBody = 16
	nonceSeal = 16
)

func (m mint) issue(now time.Time) string {
	b := make([]byte, nonceBody, nonceBody+nonceSeal)
	binary.BigEndian.PutUint64(b, uint64(now.UnixMilli()))
	_, _ = rand.Read(b[8:]) // never fails (Go 1.24)
	return base64.RawURLEncoding.EncodeToString(append(b, m.seal(b)...))
}

// read gives when a nonce was issued; false for one that is not ours.
func (m mint) read(nonce string) (issued time.Time, genuine bool) {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != nonceBody+nonceSeal || !hmac.Equal(b[nonceBody:], m.seal(b[:nonceBody])) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b))), true
}

func (m mint) seal(body []byte) []byte {
	h := hmac.New(sha256.New, m.key)
	h.Write(body)
	return h.Sum(nil)[:nonceSeal]
}

// windows remember which counts of a nonce were used, for nonces that
// authenticated at least once. Forgetting one never opens a door: everything
// issued up to the newest forgotten nonce is stale from then on.
type windows struct {
	mu    sync.Mutex
	max   int
	by    map[string]*list.Element
	order *list.List // of *window, the longest known first
	floor time.Time
}

// window is the 64 counts up to the highest seen, as RFC 7616 §3.3 suggests:
// requests may overtake each other on UDP.
type window struct {
	nonce  string
	issued time.Time
	top    uint32
	bits   uint64 // bit i: top-i was used
}

func newWindows(limit int) *windows {
	return &windows{max: limit, by: map[string]*list.Element{}, order: list.New()}
}

// use marks a count as used; false when it was before, or can no longer be known.
func (w *windows) use(now time.Time, nonce string, issued time.Time, count uint32) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e, known := w.by[nonce]; known {
		return e.Value.(*window).use(count)
	}
	if !issued.After(w.floor) {
		return false
	}
	for w.order.Len() > 0 {
		oldest := w.order.Front().Value.(*window)
		if w.order.Len() < w.max && now.Sub(oldest.issued) <= Lifetime {
			break
		}
		if now.Sub(oldest.issued) <= Lifetime && oldest.issued.After(w.floor) {
			w.floor = oldest.issued
		}
		w.order.Remove(w.order.Front())
		delete(w.by, oldest.nonce)
	}
	if !issued.After(w.floor) {
		return false
	}
	nonce = strings.Clone(nonce) // it outlives its message
	w.by[nonce] = w.order.PushBack(&window{nonce: nonce, issued: issued, top: count, bits: 1})
	return true
}

func (w *window) use(count uint32) bool {
	if count > w.top {
		if shift := count - w.top; shift < 64 {
			w.bits = w.bits<<shift | 1
		} else {
			w.bits = 1
		}
		w.top = count
		return true
	}
	behind := w.top - count
	if behind >= 64 || w.bits&(1<<behind) != 0 {
		return false
	}
	w.bits |= 1 << behind
	return true
}
