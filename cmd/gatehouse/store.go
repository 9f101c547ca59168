package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gatehouse/internal/store/local"
)

// storeCommand is what one does with a data directory that no gateway has open.
type storeCommand struct {
	GC storeGC `cmd:"" name:"gc" help:"Remove blobs that no document names any more."`
}

// storeGC collects garbage. It wants the directory for itself: a running gateway
// may just have put a blob that it is about to name.
type storeGC struct {
	Data   string `required:"" placeholder:"DIR" help:"The data directory, of a gateway that does not run."`
	DryRun bool   `help:"Remove nothing, only tell what would be."`
}

// Run sweeps the blobs.
func (c *storeGC) Run(ctx context.Context, t *terminal) (err error) {
	s, err := openOffline(c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	blobs, err := local.OpenBlobs(c.Data, 0)
	if err != nil {
		return err
	}
	got, err := blobs.Sweep(ctx, s, c.DryRun)
	if err != nil {
		return err
	}
	if t.structured() {
		return t.print(map[string]any{"dryRun": c.DryRun, "removed": got.Removed, "removedBytes": got.RemovedBytes, "kept": got.Kept, "keptBytes": got.KeptBytes})
	}
	what := "Removed"
	if c.DryRun {
		what = "Would remove"
	}
	_, err = fmt.Fprintf(t.out, "%s %d blobs of %s, kept %d of %s\n", what, got.Removed, inBytes(got.RemovedBytes), got.Kept, inBytes(got.KeptBytes))
	return err
}

// openOffline opens the store of a directory that must be there, and that no
// gateway may have open.
func openOffline(dir string) (*local.Store, error) {
	if _, err := os.Stat(filepath.Join(dir, "store.db")); err != nil {
		return nil, &failure{Exit: exitNotFound, Code: "NoStore", What: "there is no store in " + dir, Why: err.Error(),
			Do: "name the data directory of a gateway", cause: err}
	}
	s, err := local.Open(dir, local.Options{})
	if errors.Is(err, local.ErrHeld) {
		return nil, &failure{Exit: exitConflict, Code: "StoreHeld", What: "the data directory " + dir + " cannot be used", Why: err.Error(),
			Do: "end the gateway that has it open; a backup is made through the gateway: without --data, with --endpoint-url", cause: err}
	}
	if err != nil {
		return nil, storeFailure(dir, err)
	}
	return s, nil
}
