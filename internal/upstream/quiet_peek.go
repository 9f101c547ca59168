//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package upstream

import (
	"net"
	"syscall"
)

// A lookout looks at the socket of an idle connection. The zero value is for
// those that have none, such as the in-memory ones of tests: all is quiet there.
// It belongs to whoever has the connection.
type lookout struct {
	raw  syscall.RawConn
	step func(fd uintptr)
	one  [1]byte
	err  error
}

// open finds the socket.
func (l *lookout) open(nc net.Conn) error {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	l.raw, l.step = raw, l.peek // one closure a connection, not one a look
	return err
}

// quiet reports whether the socket is open and has nothing to read: the backend
// has neither hung up nor sent what nobody asked for. It peeks without waiting
// and consumes nothing. Over TLS unread bytes are most likely the alert that
// comes before the end.
func (l *lookout) quiet() bool {
	if l.raw == nil {
		return true
	}
	err := l.raw.Control(l.step)
	return err == nil && (l.err == syscall.EAGAIN || l.err == syscall.EWOULDBLOCK)
}

func (l *lookout) peek(fd uintptr) {
	_, _, l.err = syscall.Recvfrom(int(fd), l.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
}
