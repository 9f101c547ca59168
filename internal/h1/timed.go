package h1

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A Timed is a net.Conn with lazy deadlines. ReadBy and WriteBy only note when
// a read or write is to end; the timer of the connection below is set only
// where none is set or the one that is set would ring too late. One that rings
// too early is set again and the call goes on, so the deadlines are exact and
// a busy connection sets a timer once a timeout, not once a request.
//
// It belongs below crypto/tls, which takes a timed-out write for the end of
// the connection: TLS sees only timeouts that are due.
//
// One goroutine may read while another writes; Interrupt and the SetDeadline
// methods may be called from any.
type Timed struct {
	net.Conn
	epoch   time.Time
	stall   atomic.Int64 // nanoseconds; see WriteStall
	r, w    alarm
	stopped atomic.Bool
	dry     bool // reads bring ErrInterrupted at once; belongs to the reader
}

// alarm is one direction's timer. Times are nanoseconds since the epoch of
// the connection; 0 is never.
type alarm struct {
	want  atomic.Int64
	armed atomic.Int64
	mu    sync.Mutex // held while the connection's timer is set
}

// NewTimed wraps a connection that nobody sets deadlines on any more.
func NewTimed(nc net.Conn) *Timed { return &Timed{Conn: nc, epoch: time.Now()} }

// ErrInterrupted is what reads and writes return after Interrupt. It is a
// net.Error and a timeout, so that crypto/tls can read on after Resume.
var ErrInterrupted error = interrupted{}

type interrupted struct{}

func (interrupted) Error() string   { return "h1: interrupted" }
func (interrupted) Timeout() bool   { return true }
func (interrupted) Temporary() bool { return true }

// ReadBy notes that reads are to end by t; the zero time: never. A read that
// is already waiting is not hurried.
func (t *Timed) ReadBy(by time.Time) { t.r.want.Store(t.nanos(by)) }

// WriteBy notes that writes are to end by t; the zero time: never.
func (t *Timed) WriteBy(by time.Time) { t.w.want.Store(t.nanos(by)) }

// WriteStall makes WriteBy a limit on standing still instead of on the whole:
// a write that has moved bytes when its time is up gets d more. 0: off.
func (t *Timed) WriteStall(d time.Duration) { t.stall.Store(int64(d)) }

func (t *Timed) nanos(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return max(int64(at.Sub(t.epoch)), 1)
}

// Read reads as the connection below does, ending by the time of ReadBy.
func (t *Timed) Read(p []byte) (int, error) {
	if t.dry {
		return 0, ErrInterrupted
	}
	for {
		t.ready(&t.r)
		if t.stopped.Load() {
			return 0, ErrInterrupted
		}
		n, err := t.Conn.Read(p)
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
		if !t.early(&t.r) {
			return 0, t.due(err)
		}
	}
}

// Write writes as the connection below does, ending by the time of WriteBy.
func (t *Timed) Write(p []byte) (done int, err error) {
	for {
		t.ready(&t.w)
		if t.stopped.Load() {
			return done, ErrInterrupted
		}
		n, err := t.Conn.Write(p[done:])
		done += n
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return done, err
		}
		if stall := t.stall.Load(); n > 0 && stall > 0 {
			t.w.want.Store(int64(time.Since(t.epoch)) + stall)
		}
		if !t.early(&t.w) {
			return done, t.due(err)
		}
	}
}

// ready sets the timer where none is set or the one that is set rings too late.
func (t *Timed) ready(a *alarm) {
	if want := a.want.Load(); want != 0 {
		if armed := a.armed.Load(); armed == 0 || armed > want {
			t.arm(a)
		}
	}
}

// due is the error of a timeout that is none of the early ones.
func (t *Timed) due(err error) error {
	if t.stopped.Load() {
		return ErrInterrupted
	}
	return err
}

// early reports whether the timer rang before its time, and sets it anew.
func (t *Timed) early(a *alarm) bool {
	want := a.want.Load()
	if t.stopped.Load() || want != 0 && int64(time.Since(t.epoch)) >= want {
		return false
	}
	t.arm(a)
	return true
}

// arm sets the timer of the connection below to the wanted time.
func (t *Timed) arm(a *alarm) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t.stopped.Load() {
		return // Interrupt has set the timer to the past, and there it stays
	}
	want := a.want.Load()
	a.armed.Store(want)
	var at time.Time
	if want != 0 {
		at = t.epoch.Add(time.Duration(want))
	}
	t.set(a, at) // an error shows in the read or write that follows
}

func (t *Timed) set(a *alarm, at time.Time) error {
	if a == &t.r {
		return t.Conn.SetReadDeadline(at)
	}
	return t.Conn.SetWriteDeadline(at)
}

// Interrupt makes reads and writes, those that wait and those to come, return
// ErrInterrupted until Resume.
func (t *Timed) Interrupt() {
	t.stopped.Store(true)
	past := time.Unix(1, 0)
	for _, a := range []*alarm{&t.r, &t.w} {
		a.mu.Lock()
		a.armed.Store(1)
		t.set(a, past)
		a.mu.Unlock()
	}
}

// Resume undoes Interrupt.
func (t *Timed) Resume() {
	t.stopped.Store(false)
	t.arm(&t.r)
	t.arm(&t.w)
}

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (t *Timed) SetDeadline(at time.Time) error {
	return errors.Join(t.SetReadDeadline(at), t.SetWriteDeadline(at))
}

// SetReadDeadline has the meaning of net.Conn: unlike ReadBy it reaches a read
// that is already waiting.
func (t *Timed) SetReadDeadline(at time.Time) error { return t.setNow(&t.r, at) }

// SetWriteDeadline is SetReadDeadline for writes. It does not stop at a write
// that makes progress.
func (t *Timed) SetWriteDeadline(at time.Time) error {
	t.stall.Store(0)
	return t.setNow(&t.w, at)
}

func (t *Timed) setNow(a *alarm, at time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := t.nanos(at)
	a.want.Store(n)
	if t.stopped.Load() {
		return nil
	}
	a.armed.Store(n)
	return t.set(a, at)
}

// CloseWrite ends the sending half of the connection below where that has
// halves, and says whether it did.
func (t *Timed) CloseWrite() bool {
	h, ok := t.Conn.(interface{ CloseWrite() error })
	return ok && h.CloseWrite() == nil
}

// Abort closes the connection so that a TCP peer sees a reset: what was
// promised and not sent cannot be taken for the end of the message.
func (t *Timed) Abort() error {
	if l, ok := t.Conn.(interface{ SetLinger(int) error }); ok {
		l.SetLinger(0) // an error leaves an ordinary close
	}
	return t.Conn.Close()
}

// timedOf finds the Timed at or below a connection (a tls.Conn names the one
// that it lies on), or wraps one around it.
func timedOf(nc net.Conn) (net.Conn, *Timed) {
	for below := nc; below != nil; {
		if t, ok := below.(*Timed); ok {
			return nc, t
		}
		over, ok := below.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		below = over.NetConn()
	}
	t := NewTimed(nc)
	return t, t
}
