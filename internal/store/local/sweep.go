package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/internal/store"
)

// Swept is what a Sweep found.
type Swept struct {
	Kept, Removed           int
	KeptBytes, RemovedBytes int64
}

// Sweep removes every blob that no document of s names (store.BlobNames), and
// what a process that died left half written; or only counts them, if dry is
// set. s is the store of the same directory, and nobody may put blobs meanwhile:
// one that is put and not yet named is garbage to Sweep. So it is for a time
// when no gateway runs.
func (b *Blobs) Sweep(ctx context.Context, s store.Store, dry bool) (Swept, error) {
	named := map[string]bool{}
	_, err := s.Scan(ctx, "", func(d store.Doc) error {
		for name := range store.BlobNames(d.Value) {
			named[name] = true
		}
		return nil
	})
	var out Swept
	if err == nil {
		err = filepath.WalkDir(b.dir, func(path string, e fs.DirEntry, err error) error {
			if err = errors.Join(err, ctx.Err()); err != nil || !e.Type().IsRegular() {
				return err
			}
			return out.file(path, e, named, dry)
		})
	}
	if err != nil {
		return out, fmt.Errorf("sweep blobs: %w", err)
	}
	return out, nil
}

// file judges one file. What is neither a blob nor the begin of one was not put
// there by us, and stays.
func (o *Swept) file(path string, e fs.DirEntry, named map[string]bool, dry bool) error {
	half := strings.HasPrefix(e.Name(), "new-")
	if !half && store.CheckBlobName(e.Name()) != nil {
		return nil
	}
	info, err := e.Info()
	if err != nil {
		return err
	}
	if named[e.Name()] {
		o.Kept, o.KeptBytes = o.Kept+1, o.KeptBytes+info.Size()
		return nil
	}
	o.Removed, o.RemovedBytes = o.Removed+1, o.RemovedBytes+info.Size()
	if dry {
		return nil
	}
	return os.Remove(path)
}
