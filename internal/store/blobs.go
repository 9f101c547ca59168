package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"strings"
)

// MaxBlob is the largest blob in bytes unless a driver was told otherwise. It
// leaves room for a function archive of AWS's largest size, 250 MB.
const MaxBlob = 256 << 20

// Blobs keeps byte strings under the lower-case hexadecimal SHA-256 of their
// content. A blob never changes, and putting one twice stores it once. Any
// number of goroutines may call at once.
//
// A document that needs a blob has its name in its value, as text (BlobNames):
// that is how a backup knows what belongs to it, and what is garbage. Put the
// blob first, then commit the document.
type Blobs interface {
	// Put reads r to its end and returns the name of what it read once that is
	// durable. ErrTooBig if r holds more than the driver's limit; nothing is kept
	// then, nor after an error of r.
	Put(ctx context.Context, r io.Reader) (sha256 string, err error)

	// Open returns the blob of that name, or ErrNotFound. The caller closes it.
	// The content is not hashed again.
	Open(ctx context.Context, sha256 string) (io.ReadSeekCloser, error)
}

// CheckBlobName refuses what cannot be the name of a blob. Every driver asks it
// before a name becomes a part of a path.
func CheckBlobName(name string) error {
	if _, err := hex.DecodeString(name); err != nil || len(name) != 64 || strings.ToLower(name) != name {
		return fmt.Errorf("store: blob name %.80q is not a SHA-256 in 64 lower-case hexadecimal digits", name)
	}
	return nil
}

// BlobNames yields what might be names of blobs in the value of a document: each
// run of exactly 64 lower-case hexadecimal digits. Some are sums of other things.
func BlobNames(value []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i < len(value); i++ {
			start := i
			for i < len(value) && isHex(value[i]) {
				i++
			}
			if i-start == 64 && !yield(string(value[start:i])) {
				return
			}
		}
	}
}

func isHex(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' }

// LimitBlob returns a reader of r that fails with ErrTooBig where r holds more
// than limit bytes, and with the error of ctx once that has ended. For drivers.
func LimitBlob(ctx context.Context, r io.Reader, limit int64) io.Reader {
	return &blobReader{ctx: ctx, r: r, limit: limit, left: limit}
}

type blobReader struct {
	ctx         context.Context
	r           io.Reader
	limit, left int64
}

func (b *blobReader) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	// One byte more than is left tells a blob at its limit from a longer one.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, fmt.Errorf("blob of more than %d bytes: %w", b.limit, ErrTooBig)
	}
	return n, err
}
