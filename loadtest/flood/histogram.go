package flood

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"time"
)

// Histogram counts times with an error of at most 1.6 %, from 1 µs to half an hour,
// in fixed memory. Its zero value is empty. It has no lock.
type Histogram struct {
	counts [buckets]uint64
	n      uint64
	sum    time.Duration
	most   time.Duration
}

const (
	fine    = 6 // bits: steps of a power of two
	buckets = (32 - fine) << fine
)

// Add counts one time; a negative one counts as none at all.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d/time.Microsecond))]++
	h.n++
	h.sum += d
	h.most = max(h.most, d)
}

// bucket is the first ones exactly, then 64 steps for every power of two.
func bucket(us uint64) int {
	if us < 1<<fine {
		return int(us)
	}
	power := bits.Len64(us) - 1 - fine
	return min(power<<fine+int(us>>power), buckets-1)
}

// middle is the time that stands for a bucket.
func middle(b int) time.Duration {
	if b < 1<<fine {
		return time.Duration(b) * time.Microsecond
	}
	power := b>>fine - 1
	low := uint64(b-power<<fine) << power
	return time.Duration(low+(1<<power)/2) * time.Microsecond
}

// Merge adds another one's counts.
func (h *Histogram) Merge(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.sum += o.sum
	h.most = max(h.most, o.most)
}

// Count is how many times were added.
func (h *Histogram) Count() uint64 { return h.n }

// Max is the longest one, exactly.
func (h *Histogram) Max() time.Duration { return h.most }

// Mean is exact, too; 0 of nothing.
func (h *Histogram) Mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return h.sum / time.Duration(h.n)
}

// Percentile is the nearest rank, p from 0 to 1; 0 of nothing.
func (h *Histogram) Percentile(p float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := max(uint64(p*float64(h.n)+0.999999), 1)
	seen := uint64(0)
	for b, n := range h.counts {
		if seen += n; seen >= rank {
			return min(middle(b), h.most)
		}
	}
	return h.most
}

// String is one line: n, p50, p99, p99.9 and max.
func (h *Histogram) String() string {
	if h.n == 0 {
		return "none"
	}
	return fmt.Sprintf("n %d, p50 %v, p99 %v, p99.9 %v, max %v", h.n,
		h.Percentile(0.5), h.Percentile(0.99), h.Percentile(0.999), h.most.Round(time.Microsecond))
}

// Times are the figures of a histogram, in microseconds.
type Times struct {
	N    uint64 `json:"n"`
	Mean int64  `json:"mean_us"`
	P50  int64  `json:"p50_us"`
	P99  int64  `json:"p99_us"`
	P999 int64  `json:"p999_us"`
	Max  int64  `json:"max_us"`
}

// Times gives the figures.
func (h *Histogram) Times() Times {
	return Times{
		N: h.n, Mean: h.Mean().Microseconds(), P50: h.Percentile(0.5).Microseconds(),
		P99: h.Percentile(0.99).Microseconds(), P999: h.Percentile(0.999).Microseconds(), Max: h.most.Microseconds(),
	}
}

// MarshalJSON gives the figures only.
func (h *Histogram) MarshalJSON() ([]byte, error) { return json.Marshal(h.Times()) }
