package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// bounds is the number of finite buckets of each histogram.
const bounds = 14

// A scale holds the upper bounds of a histogram's buckets.
type scale [bounds]time.Duration

// requestScale is what OpenTelemetry advises for the duration of HTTP requests
// (semantic conventions, http.server.request.duration).
var requestScale = scale{
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	75 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	750 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second,
	7500 * time.Millisecond, 10 * time.Second,
}

// workScale is for the gateway's own work, a commit or a compilation, which
// should end where requestScale begins.
var workScale = scale{
	500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond,
	5 * time.Second, 10 * time.Second,
}

// histogram counts durations. Its count is the sum of its buckets, so what is
// read is consistent without a lock; the sum may be a few counts ahead.
type histogram struct {
	sum     atomic.Int64 // nanoseconds: an integer adds in one instruction
	buckets [bounds + 1]atomic.Uint64
}

func (h *histogram) observe(s *scale, d time.Duration) {
	d = max(d, 0)
	i := 0
	for i < bounds && d > s[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

// metric is the histogram as it is exposed; ok is false while it is empty.
func (h *histogram) metric(desc *prometheus.Desc, s *scale, labels ...string) (m prometheus.Metric, ok bool) {
	sum := time.Duration(h.sum.Load())
	var count uint64
	below := make(map[float64]uint64, bounds)
	for i := range h.buckets {
		count += h.buckets[i].Load()
		if i < bounds {
			below[s[i].Seconds()] = count
		}
	}
	if count == 0 {
		return nil, false
	}
	return prometheus.MustNewConstHistogram(desc, count, sum.Seconds(), below, labels...), true
}
