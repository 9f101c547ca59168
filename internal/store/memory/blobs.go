package memory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"

	"gatehouse/internal/store"
)

// maxBlobs bounds all blobs of a Blobs together, in bytes.
const maxBlobs = 1 << 30

// Blobs keeps blobs in this process. The zero Blobs is empty and takes blobs of
// up to store.MaxBlob bytes each and 1 GiB together. See store.Blobs.
type Blobs struct {
	Max int64 // the largest blob in bytes; 0 means store.MaxBlob

	mu    sync.RWMutex
	blobs map[string][]byte
	bytes int64
}

var _ store.Blobs = (*Blobs)(nil)

// Put implements store.Blobs.
func (b *Blobs) Put(ctx context.Context, r io.Reader) (string, error) {
	limit := b.Max
	if limit == 0 {
		limit = store.MaxBlob
	}
	content, err := io.ReadAll(store.LimitBlob(ctx, r, limit))
	if err != nil {
		return "", fmt.Errorf("store: put blob: %w", err)
	}
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])

	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.blobs[name]; ok {
		return name, nil
	}
	if b.bytes+int64(len(content)) > maxBlobs {
		return "", fmt.Errorf("store: put blob of %d bytes: %d are held, at most %d in memory: %w; use a data directory",
			len(content), b.bytes, maxBlobs, store.ErrTooBig)
	}
	if b.blobs == nil {
		b.blobs = make(map[string][]byte)
	}
	b.blobs[name] = content
	b.bytes += int64(len(content))
	return name, nil
}

// Open implements store.Blobs.
func (b *Blobs) Open(ctx context.Context, sha256 string) (io.ReadSeekCloser, error) {
	if err := store.CheckBlobName(sha256); err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	content, ok := b.blobs[sha256]
	if !ok {
		return nil, fmt.Errorf("store: blob %s: %w", sha256, store.ErrNotFound)
	}
	return reader{bytes.NewReader(content)}, ctx.Err()
}

// A reader hides WriteTo and the like, through which the bytes themselves would
// be handed out.
type reader struct{ r *bytes.Reader }

func (r reader) Read(p []byte) (int, error)                { return r.r.Read(p) }
func (r reader) Seek(off int64, whence int) (int64, error) { return r.r.Seek(off, whence) }
func (r reader) Close() error                              { return nil }
