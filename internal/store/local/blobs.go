package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/internal/store"
)

// Blobs keeps blobs in DIR/blobs/ab/abcdef..., one file each. See store.Blobs.
type Blobs struct {
	dir string
	max int64
}

var _ store.Blobs = (*Blobs)(nil)

// abandoned is the age at which an unfinished file is taken for that of a
// process that died.
const abandoned = 24 * time.Hour

// OpenBlobs makes DIR/blobs if there is none, and removes what a process that
// died left half written there. No blob may be larger than max bytes; 0 means
// store.MaxBlob.
func OpenBlobs(dir string, max int64) (*Blobs, error) {
	if max == 0 {
		max = store.MaxBlob
	}
	b := &Blobs{dir: filepath.Join(dir, "blobs"), max: max}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return nil, fmt.Errorf("blobs: %w; choose a data directory that can be made and written", err)
	}
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), "new-") && time.Since(info.ModTime()) > abandoned {
			os.Remove(filepath.Join(b.dir, e.Name())) // else the next start will
		}
	}
	return b, nil
}

func (b *Blobs) path(name string) string { return filepath.Join(b.dir, name[:2], name) }

// Put implements store.Blobs: a new file, fsync, its name, fsync of the directory.
func (b *Blobs) Put(ctx context.Context, r io.Reader) (string, error) {
	f, err := os.CreateTemp(b.dir, "new-*") // 0600
	if err != nil {
		return "", fmt.Errorf("store: put blob: %w", err)
	}
	defer os.Remove(f.Name()) // finds nothing once it has its name
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, sum), store.LimitBlob(ctx, r, b.max))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("store: put blob: %w", err)
	}
	name := hex.EncodeToString(sum.Sum(nil))
	if err := b.place(f.Name(), b.path(name)); err != nil {
		return "", fmt.Errorf("store: put blob %s: %w", name, err)
	}
	return name, nil
}

// place gives a file its name. If it is there already it is replaced by its
// equal, which mends one that was damaged; who reads the old one is not disturbed.
func (b *Blobs) place(from, path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Rename(from, path); err != nil {
		return err
	}
	// The upper directory too, even if dir was there: another Put may have made
	// it this moment, and not be done.
	return errors.Join(syncDir(dir), syncDir(b.dir))
}

// Open implements store.Blobs.
func (b *Blobs) Open(ctx context.Context, sha256 string) (io.ReadSeekCloser, error) {
	if err := errors.Join(store.CheckBlobName(sha256), ctx.Err()); err != nil {
		return nil, err
	}
	f, err := os.Open(b.path(sha256))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("store: blob %s: %w", sha256, store.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("store: blob: %w", err)
	}
	return f, nil
}
