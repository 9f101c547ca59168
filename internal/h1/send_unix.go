//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package h1

import (
	"fmt"
	"syscall"
)

// A sender writes to a socket, waits for the answer without asking for it first,
// and reads it. An ordinary Write and Read cost a read that finds nothing, since no
// backend answers within the write; here the goroutine parks as soon as the
// bytes have left and wakes when there is something to read.
//
// Both happen inside one RawConn.Read: that forgets what the poller has seen
// when it begins, so an answer that comes at any time after the write is seen.
// With the write before it, an answer that came in between would be forgotten
// and waited for in vain.
type sender struct {
	raw  syscall.RawConn // nil: not a socket, or under TLS
	step func(fd uintptr) bool

	in *inflow // takes what comes back

	out  []byte
	n    int
	err  error
	left bool // the bytes have left, the wait is on
}

// open finds the socket of a connection that writes straight to one.
func (w *sender) open(in *inflow) {
	sc, ok := in.timed.Conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	w.raw, w.step, w.in = raw, w.run, in // one closure a connection, not one a request
}

// run is called by RawConn.Read until it returns true.
func (w *sender) run(fd uintptr) bool {
	if w.left {
		return w.take(int(fd))
	}
	w.n, w.err = syscall.Write(int(fd), w.out)
	w.left = w.err == nil && w.n == len(w.out)
	return !w.left
}

// take reads what the wait was for, which spares the way through another read of
// the connection. It reports whether the wait is over.
func (w *sender) take(fd int) bool {
	if w.in.buf == nil {
		w.in.renew()
		w.in.room(smallBuffer)
	}
	b := w.in.buf.b
	n, err := syscall.Read(fd, b[len(b):cap(b)])
	for err == syscall.EINTR {
		n, err = syscall.Read(fd, b[len(b):cap(b)])
	}
	switch {
	case n > 0:
		w.in.got(n)
	case err == syscall.EAGAIN:
		return false // nothing has come after all
	case err != nil:
		// The socket tells an error once only.
		w.in.late = fmt.Errorf("read of the socket: %w", err)
	default: // the end: the next read finds it too
	}
	return true
}

// send writes p and waits until something has come, which is then in the
// buffer, the read deadline has passed, or the connection is no more: whoever
// reads next finds out which. What it could not write at once, and errors, are
// left to Write.
func (w *sender) send(p []byte) (n int) {
	if w.raw == nil || len(p) == 0 || w.in.buffered() > 0 {
		return 0
	}
	t := w.in.timed
	if t.stopped.Load() {
		return 0
	}
	t.ready(&t.r)
	w.out, w.n, w.err, w.left = p, 0, nil, false
	_ = w.raw.Read(w.step)
	w.out = nil
	return max(w.n, 0)
}
