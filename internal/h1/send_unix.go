//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package h1

import (
	"syscall"
)

// A sender writes to a socket and waits for the answer without asking for it
// first. An ordinary Write and Read cost a read that finds nothing, since no
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

	out  []byte
	n    int
	err  error
	left bool // the bytes have left, the wait is on
}

// open finds the socket of a connection that writes straight to one.
func (w *sender) open(t *Timed) {
	sc, ok := t.Conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	w.raw, w.step = raw, w.run // one closure a connection, not one a request
}

// run is called by RawConn.Read until it returns true.
func (w *sender) run(fd uintptr) bool {
	if w.left {
		return true
	}
	w.n, w.err = syscall.Write(int(fd), w.out)
	w.left = w.err == nil && w.n == len(w.out)
	return !w.left
}

// send writes p and waits until there is something to read, the read deadline
// has passed, or the connection is no more: whoever reads next finds out
// which. What it could not write at once, and errors, are left to Write.
func (w *sender) send(t *Timed, p []byte) (n int) {
	if w.raw == nil || t.stopped.Load() || len(p) == 0 {
		return 0
	}
	t.ready(&t.r)
	w.out, w.n, w.err, w.left = p, 0, nil, false
	_ = w.raw.Read(w.step)
	w.out = nil
	return max(w.n, 0)
}
