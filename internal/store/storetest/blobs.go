package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"gatehouse/internal/store"
)

// RunBlobs holds a driver of store.Blobs to its contract. open returns an empty
// one that takes blobs of at most max bytes, and a function that opens the same
// one again, or nil if the driver forgets.
func RunBlobs(t *testing.T, open func(t *testing.T, max int64) (b store.Blobs, reopen func() store.Blobs)) {
	const max = 100_000
	ctx := t.Context()

	t.Run("what was put is there under its hash", func(t *testing.T) {
		b, reopen := open(t, max)
		for _, content := range []string{"", "x", strings.Repeat("long ", max/5)} {
			name := putBlob(t, b, content)
			if again := putBlob(t, b, content); again != name {
				t.Errorf("put twice it has the names %s and %s", name, again)
			}
			same(t, "content", content, readBlob(t, b, name))
			if reopen != nil {
				same(t, "content after a restart", content, readBlob(t, reopen(), name))
			}
		}
	})
	t.Run("a reader can seek", func(t *testing.T) {
		b, _ := open(t, max)
		r, err := b.Open(ctx, putBlob(t, b, "0123456789"))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if n, err := r.Seek(-3, io.SeekEnd); n != 7 || err != nil {
			t.Errorf("seek: %d, %v", n, err)
		}
		if rest, err := io.ReadAll(r); string(rest) != "789" || err != nil {
			t.Errorf("read %q, %v", rest, err)
		}
	})
	t.Run("bytes read are the reader's own", func(t *testing.T) {
		b, _ := open(t, max)
		name := putBlob(t, b, "value")
		buf := make([]byte, 5)
		r, err := b.Open(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		io.ReadFull(r, buf)
		copy(buf, "XXXXX")
		same(t, "content", "value", readBlob(t, b, name))
	})
	t.Run("one byte above the limit is too big", func(t *testing.T) {
		b, _ := open(t, max)
		content := strings.Repeat("x", max+1)
		_, err := b.Put(ctx, iotest.OneByteReader(strings.NewReader(content)))
		fails(t, "put", err, store.ErrTooBig)
		_, err = b.Open(ctx, hashOf(content))
		fails(t, "open", err, store.ErrNotFound)
	})
	t.Run("an error of the reader keeps nothing", func(t *testing.T) {
		b, _ := open(t, max)
		broke := errors.New("broke")
		_, err := b.Put(ctx, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broke)))
		fails(t, "put", err, broke)
		_, err = b.Open(ctx, hashOf("half"))
		fails(t, "open", err, store.ErrNotFound)
	})
	t.Run("a context that has ended keeps nothing", func(t *testing.T) {
		b, _ := open(t, max)
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		_, err := b.Put(ctx, strings.NewReader("x"))
		fails(t, "put", err, context.Canceled)
		name := putBlob(t, b, "y")
		_, err = b.Open(ctx, name)
		fails(t, "open", err, context.Canceled)
	})
	t.Run("what is no hash is refused", func(t *testing.T) {
		b, _ := open(t, max)
		for _, name := range []string{"", "ab", "../../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("g", 64), strings.Repeat("a", 65), strings.Repeat("../a", 16)} {
			if _, err := b.Open(ctx, name); err == nil || errors.Is(err, store.ErrNotFound) {
				t.Errorf("open %q: got error %v", name, err)
			}
		}
	})
	t.Run("many put the same and different ones at once", func(t *testing.T) {
		b, _ := open(t, max)
		parallel(t, 8, func(g int) error {
			for i := range 10 {
				content := strings.Repeat("x", i+g%2)
				name, err := b.Put(ctx, strings.NewReader(content))
				if err != nil {
					return err
				}
				r, err := b.Open(ctx, name)
				if err != nil {
					return err
				}
				got, err := io.ReadAll(r)
				if err := errors.Join(err, r.Close()); err != nil || string(got) != content {
					return errors.Join(err, errors.New("another content"))
				}
			}
			return nil
		})
	})
}

func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func putBlob(t *testing.T, b store.Blobs, content string) string {
	t.Helper()
	name, err := b.Put(t.Context(), bytes.NewReader([]byte(content)))
	if err != nil || name != hashOf(content) {
		t.Fatalf("put: name %s, want %s (error %v)", name, hashOf(content), err)
	}
	return name
}

func readBlob(t *testing.T, b store.Blobs, name string) string {
	t.Helper()
	r, err := b.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return string(content)
}
