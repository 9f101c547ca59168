//go:build linux || darwin || freebsd

package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// openFilesLimit is how many files this process may have open. The Go runtime
// has raised it as far as it may.
func openFilesLimit() (limit uint64, ok bool) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return uint64(l.Cur), true
}

// freeSpace is how many bytes this user may still write to a file system.
func freeSpace(dir string) (free uint64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}

// writable tells why this user cannot write into a directory, without trying.
func writable(dir string) error {
	err := unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK)
	if errors.Is(err, unix.EROFS) {
		return errors.New("is on a file system that is mounted read-only")
	}
	return err
}
