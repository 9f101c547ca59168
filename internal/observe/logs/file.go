package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"time"
)

// FileMode is the mode of a log file when it is created: it holds addresses of
// clients.
const FileMode = 0o640

// retryAfter is how long a rotation that failed is not tried again.
const retryAfter = 10 * time.Second

// maxKept bounds the renames of one rotation.
const maxKept = 1000

// A File is a log file that rotates by size: PATH is written, PATH.1 is the one
// before, PATH.2 the one before that. Its methods may be called concurrently.
//
// A file is closed before it is renamed, which Windows insists on.
type File struct {
	path string
	max  int64
	keep int

	mu     sync.Mutex
	file   *os.File // nil after Close, or when it could not be opened again
	size   int64
	later  time.Time // no rotation before this
	closed bool
}

// OpenFile opens the log file at path for appending, and creates it, but not
// its directory, where there is none. It rotates before a write that would make
// it larger than max bytes, and keeps that many old files; max 0 never rotates.
func OpenFile(path string, max int64, keep int) (*File, error) {
	if max < 0 {
		return nil, fmt.Errorf("log file %s: size %d is negative: use 0 for no rotation", path, max)
	}
	if keep < 0 || keep > maxKept {
		return nil, fmt.Errorf("log file %s: cannot keep %d old files: use 0 to %d", path, keep, maxKept)
	}
	f := &File{path: path, max: max, keep: keep}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

// Write appends b, whole in one file. A rotation that fails is tried again
// later and loses nothing: the file grows meanwhile.
func (f *File) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, fmt.Errorf("log file %s: %w", f.path, fs.ErrClosed)
	}
	var rotation error
	if f.file != nil && f.max > 0 && f.size > 0 && f.size+int64(len(b)) > f.max && !time.Now().Before(f.later) {
		if rotation = f.rotate(); rotation != nil {
			f.later = time.Now().Add(retryAfter)
		}
	}
	if f.file == nil {
		if err := f.open(); err != nil {
			return 0, errors.Join(rotation, err)
		}
	}
	n, err := f.file.Write(b)
	f.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("log file %s: %w", f.path, err)
	}
	if rotation != nil {
		// Everything is written: the caller loses no line, but hears why the
		// file grows.
		return n, rotation
	}
	return n, nil
}

// Reopen closes the file and opens its path again: after somebody else has
// renamed it (logrotate, on SIGHUP). Where that fails, the old file goes on.
func (f *File) Reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fmt.Errorf("log file %s: %w", f.path, fs.ErrClosed)
	}
	old := f.file
	if err := f.open(); err != nil {
		return err
	}
	if old == nil {
		return nil
	}
	return old.Close()
}

// Close ends the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

func (f *File) open() error {
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, FileMode)
	if err != nil {
		return fmt.Errorf("open log file: %w", err)
	}
	at, err := file.Stat()
	if err != nil {
		file.Close()
		return fmt.Errorf("log file %s: %w", f.path, err)
	}
	f.file, f.size = file, at.Size()
	return nil
}

// rotate closes the file, moves each old one a place down and the file to
// PATH.1. The oldest goes by being renamed over. The next write opens a fresh
// file, or the same one where something failed.
func (f *File) rotate() error {
	err := f.file.Close()
	f.file = nil
	if err != nil {
		return fmt.Errorf("rotate log file %s: %w", f.path, err)
	}
	if f.keep == 0 {
		if err := os.Remove(f.path); err != nil {
			return fmt.Errorf("rotate log file: %w", err)
		}
		return nil
	}
	for i := f.keep - 1; i >= 0; i-- {
		err := os.Rename(f.old(i), f.old(i+1))
		if err != nil && (i == 0 || !errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("rotate log file: %w", err)
		}
	}
	return nil
}

// old is the path of the file that is i rotations old.
func (f *File) old(i int) string {
	if i == 0 {
		return f.path
	}
	return f.path + "." + strconv.Itoa(i)
}
